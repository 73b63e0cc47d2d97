#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Two robots, each with a motion node and an emotion of its own, each in a namespace of its own.

    python examples/two_robots.py --seconds 5

Both are our humanoid, shown only (`output: display`). On a machine with `ros2`, a launch file does
the part of `start`: see docs/tutorials/many_robots.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

import rclpy
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

ROBOTS = {'/left': 'happiness', '/right': 'sadness'}


def start(namespace: str, model: str) -> subprocess.Popen[bytes]:
    """Start the motion node of one robot: every name that it has follows the namespace."""
    return subprocess.Popen(
        [
            sys.executable,
            '-m',
            'emotion_motion.ros.node.motion_node',
            '--ros-args',
            '-r',
            f'__ns:={namespace}',
            '-p',
            f'model:={model}',
            '-p',
            'robot:=humanoid',
            '-p',
            'output:=display',
            '-p',
            f'frame_id:={namespace[1:]}/base_footprint',
            '--log-level',
            'warn',
        ]
    )


class Director(Node):
    """Asks each robot for its emotion and watches its joints."""

    def __init__(self) -> None:
        super().__init__('director')
        self.joints: dict[str, list[JointState]] = {name: [] for name in ROBOTS}
        self._emotion = {}
        for name in ROBOTS:
            self._emotion[name] = self.create_publisher(String, f'{name}/emotion', 1)
            self.create_subscription(
                JointState, f'{name}/joint_states', self.joints[name].append, 10
            )

    def ask(self) -> None:
        for name, emotion in ROBOTS.items():
            self._emotion[name].publish(String(data=emotion))

    def all_move(self) -> bool:
        return all(self.joints.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=5.0)
    parser.add_argument('--wait-s', type=float, default=60.0, help='for both robots [s]')
    parser.add_argument('--model', default='default')
    options = parser.parse_args()

    processes = [start(name, options.model) for name in ROBOTS]
    rclpy.init()
    director = Director()
    try:
        end_s = time.monotonic() + options.wait_s
        while not director.all_move():
            rclpy.spin_once(director, timeout_sec=0.1)
            if time.monotonic() > end_s or any(p.poll() is not None for p in processes):
                print('not both robots move', file=sys.stderr)
                return 1
        director.ask()
        end_s = time.monotonic() + options.seconds
        while time.monotonic() < end_s:
            rclpy.spin_once(director, timeout_sec=0.1)
        for name, emotion in ROBOTS.items():
            states = director.joints[name]
            print(f'{name}: {emotion}, {len(states)} states of {len(states[-1].name)} joints')
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
        director.destroy_node()
        rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
