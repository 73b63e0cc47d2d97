# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot's description from the topic robot_description, for what starts before any node."""

from __future__ import annotations

from pathlib import Path
import tempfile
import time

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import String

from emotion_motion.exceptions import RobotError

__all__ = ['receive_description']

TOPIC = 'robot_description'


def receive_description(namespace: str = '', wait_s: float = 10.0) -> Path:
    """Wait for a robot's description and write it to a temporary file.

    Args:
        namespace: of the topic.
        wait_s: for so long [s].

    Returns:
        The URDF, in a new file.

    Raises:
        RobotError: nobody has published one in that time.
    """
    context = Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    received: list[str] = []

    def receive(message: String) -> None:
        received.append(message.data)

    try:
        node = rclpy.create_node('description_reader', context=context, namespace=namespace or '/')
        # robot_state_publisher publishes it once, and keeps it for those who come later.
        node.create_subscription(
            String,
            TOPIC,
            receive,
            QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
        )
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        end = time.monotonic() + wait_s
        while not received and time.monotonic() < end:
            executor.spin_once(timeout_sec=0.1)
        executor.shutdown()
        topic = node.resolve_topic_name(TOPIC)
        node.destroy_node()
    finally:
        rclpy.try_shutdown(context=context)
    if not received:
        raise RobotError(
            f'got no description on {topic} within {wait_s:g} s; expected one there from '
            f"robot_state_publisher. Start the robot first, or give the robot's URDF as a file"
        )
    with tempfile.NamedTemporaryFile(
        'w', prefix='robot_description_', suffix='.urdf', delete=False, encoding='utf-8'
    ) as file:
        file.write(received[-1])
    return Path(file.name)
