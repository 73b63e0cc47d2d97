# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The whole chain with a robot: model, retargeting, limiter, publishing; is a cycle missed?

Usage: python benchmarks/robot.py [--robots g1 humanoid] [--rate 60] [--seconds 60] [--out FILE]

A real node in a process of its own sends trajectories to a robot that this process plays: it is
where it was sent, and reports that fifty times a second. The emotion changes every few seconds. A
cycle is missed where the stamps of two targets are more than one and a half periods apart. Prints
JSON; times in milliseconds. Wants a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
from pathlib import Path
import sys
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

sys.path.insert(0, str(Path(__file__).parent))

from processes import (
    cpu_seconds,
    LIMIT_S,
    node_command,
    percentiles,
    print_figures,
    print_table,
    resident_mb,
    rounded,
    running,
)

from emotion_motion.emotion import EMOTIONS
from emotion_motion.robot.description.robot import Robot

SETTLE_S, EMOTION_S = 5.0, 3.0
LATE = 1.5  # periods


class PlayedRobot:
    """A robot that is where it was sent, and what the node publishes besides."""

    def __init__(self, namespace: str, robot: Robot) -> None:
        self._node = Node('robot_benchmark', namespace=namespace)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self.positions = dict(zip(robot.names, robot.rest.tolist(), strict=True))
        self._states = self._node.create_publisher(JointState, 'measured_joint_states', 10)
        self._emotion = self._node.create_publisher(String, 'emotion', 1)
        self.stamps_s: list[float] = []
        self.times_s: list[float] = []
        self.trajectories = 0
        self.diagnostics: dict[str, str] = {}
        listen = self._node.create_subscription
        listen(JointState, 'joint_targets', self._follow, 100)
        listen(JointTrajectory, 'joint_trajectory', self._count, 100)
        listen(DiagnosticArray, '/diagnostics', self._keep_diagnostics, 10)
        self._node.create_timer(0.02, self._report)

    def spin(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left_s)

    def clear(self) -> None:
        self.stamps_s, self.times_s, self.trajectories = [], [], 0

    def ask(self, emotion: str) -> None:
        self._emotion.publish(String(data=emotion))

    def _report(self) -> None:
        self._states.publish(
            JointState(name=[*self.positions], position=[*self.positions.values()])
        )

    def _follow(self, message: JointState) -> None:
        self.positions |= dict(zip(message.name, message.position, strict=True))
        self.stamps_s.append(message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec)
        self.times_s.append(time.monotonic())

    def _count(self, _: JointTrajectory) -> None:
        self.trajectories += 1

    def _keep_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.startswith(self._node.get_namespace()):
                self.diagnostics = {entry.key: entry.value for entry in status.values}


def measure(name: str, model: str, rate_hz: float, seconds: float) -> dict[str, Any]:
    """Return the figures of a robot."""
    namespace, load = f'/robot_benchmark_{os.getpid()}_{name}', os.getloadavg()[0]
    parameters = {
        'model': json.dumps(model),
        'robot': name,
        'output': 'joint_trajectory',
        'rate_hz': rate_hz,
        'approach_velocity': 2.0,
        'seed': 7,
    }
    with running(node_command(namespace, parameters)) as process:
        robot = PlayedRobot(namespace, Robot.load(name))
        end_s = time.monotonic() + LIMIT_S
        while not robot.stamps_s:
            if time.monotonic() > end_s:
                sys.exit(f'got no targets of {name} within {LIMIT_S:g} s')
            robot.spin(0.1)
        gc.collect()
        gc.disable()  # pauses here are not the node's
        robot.spin(SETTLE_S)
        missed_before = int(robot.diagnostics.get('misses', 0))
        robot.clear()
        begin_s, cpu_begin_s = time.monotonic(), cpu_seconds(process.pid)
        for turn in range(max(1, round(seconds / EMOTION_S))):
            robot.ask(EMOTIONS[turn % len(EMOTIONS)])
            robot.spin(EMOTION_S)
        spent_s = time.monotonic() - begin_s
        share = (cpu_seconds(process.pid) - cpu_begin_s) / spent_s
        gaps_ms = 1e3 * np.diff(robot.stamps_s)
        received_ms = 1e3 * np.diff(robot.times_s)
        diagnostics, trajectories = robot.diagnostics, robot.trajectories
        memory_mb = resident_mb(process.pid)
        robot.spin(1.2)  # for the last second's diagnostics
        gc.enable()
    return {
        'rate_hz': rate_hz,
        'seconds': spent_s,
        'targets': len(gaps_ms) + 1,
        'trajectories': trajectories,
        'cycles_missed': int((gaps_ms > LATE * 1e3 / rate_hz).sum()),
        'cycles_late_or_left_out_as_the_node_counts': int(diagnostics['misses']) - missed_before,
        'stamps_apart_ms': percentiles(gaps_ms),
        'received_apart_ms': percentiles(received_ms),
        'step_ms': {
            'p50': float(diagnostics['step_p50_ms']),
            'p99': float(diagnostics['step_p99_ms']),
        },
        'clip_ratio': float(diagnostics['clip_ratio']),
        'cpu_share_of_one_core': share,
        'memory_mb': memory_mb,
        'load_average_at_start': load,
    }


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--robots', nargs='+', default=['g1', 'humanoid'])
    parser.add_argument('--model', default='default', help='name or folder of a checkpoint')
    parser.add_argument('--rate', type=float, default=60.0, help='commands a second')
    parser.add_argument('--seconds', type=float, default=60.0, help='time to watch each robot [s]')
    parser.add_argument('--out', type=Path, help='file for the JSON; it is printed in any case')
    args = parser.parse_args()
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    rclpy.init()
    figures: dict[str, Any] = {
        name: rounded(measure(name, args.model, args.rate, args.seconds)) for name in args.robots
    }
    print_table(
        [
            (
                f'node with {name} at {args.rate:g} Hz: cycles missed; memory',
                f'{of["cycles_missed"]} of {of["targets"]}; {of["memory_mb"]:.0f} MB',
                '0',
            )
            for name, of in figures.items()
        ]
    )
    print_figures(figures, args.out, rmw=rclpy.get_rmw_implementation_identifier())


if __name__ == '__main__':
    main()
