#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A ROS node that asks for emotions, one after another, and says what the motion shows.

For example:

    python examples/publish_emotions.py --each-s 5 --ros-args -r __ns:=/my_robot
"""

from __future__ import annotations

import argparse
import sys
import time

import rclpy
from rclpy.node import Node
from rclpy.utilities import remove_ros_args
from std_msgs.msg import String

from emotion_motion.emotion import dominant, EMOTIONS
from emotion_motion.msg import Emotion


class EmotionSource(Node):
    """Publishes on the two emotion topics and receives what the model recognises in its motion."""

    def __init__(self) -> None:
        super().__init__('emotion_source')
        self.recognised = 'nothing'
        # Reliable, depth 1: what the motion node asks for. A name or a mixture as text ...
        self._text = self.create_publisher(String, 'emotion', 1)
        # ... or seven weights in the order of EMOTIONS, and an intensity.
        self._weights = self.create_publisher(Emotion, 'emotion_weights', 1)
        self.create_subscription(Emotion, 'recognised_emotion', self._on_recognised, 1)

    def wait_for_motion_node(self, limit_s: float) -> bool:
        """Wait until a node listens: what is published before that is lost."""
        end_s = time.monotonic() + limit_s
        while not self._text.get_subscription_count():
            if time.monotonic() > end_s:
                return False
            rclpy.spin_once(self, timeout_sec=0.1)
        return True

    def ask(self, emotion: str) -> None:
        self._text.publish(String(data=emotion))

    def ask_weights(self, weights: dict[str, float], intensity: float = 1.0) -> None:
        message = Emotion(intensity=intensity)
        message.weights = [float(weights.get(name, 0.0)) for name in EMOTIONS]
        self._weights.publish(message)

    def _on_recognised(self, message: Emotion) -> None:
        self.recognised = dominant(message.weights)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--each-s', type=float, default=5.0, help='time for each emotion [s]')
    parser.add_argument('--wait-s', type=float, default=20.0, help='for a motion node [s]')
    options = parser.parse_args(remove_ros_args(sys.argv)[1:])

    rclpy.init()
    source = EmotionSource()
    if not source.wait_for_motion_node(options.wait_s):
        topic = source.resolve_topic_name('emotion')
        print(f'no motion node listens to {topic}; is one running there?', file=sys.stderr)
        return 1
    for name, ask in {
        'happiness': lambda: source.ask('happiness'),
        'a little anger with surprise': lambda: source.ask('anger:0.4, surprise:0.3'),
        'sadness at 0.7': lambda: source.ask_weights({'sadness': 1.0}, intensity=0.7),
    }.items():
        ask()
        end_s = time.monotonic() + options.each_s
        while time.monotonic() < end_s:
            rclpy.spin_once(source, timeout_sec=0.1)
        print(f'asked for {name}; the motion shows {source.recognised}', flush=True)
    source.destroy_node()
    rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
