# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A frame from keypoints to commands: retargeting and safety limiter, for real robots.

Usage: python benchmarks/retarget.py [--robots g1 talos humanoid] [--seconds 60] [--rate 60]
                                     [--out FILE]

The procedural corpus moves through all seven emotions. Prints JSON; times in milliseconds, of the
wall and of the processor: on a busy machine the first is what a robot would see, the second what
the code takes. The motion is gone through three times; `frame_undisturbed` has the least of the
three times that each frame took, for the code's own slow frames and not the machine's. `pink_step`
is the step that Pink's own solve_ik takes for the same tasks, without keeping clear of anything,
`step` ours for it. Wants one core of its own; one thread is used.
"""

from __future__ import annotations

import os

os.environ.setdefault('OMP_NUM_THREADS', '1')

import argparse
from collections.abc import Callable
import gc
from pathlib import Path
import sys
import time
from typing import Any

import numpy as np
import pink

sys.path.insert(0, str(Path(__file__).parent))

from processes import print_figures

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import RobotError
from emotion_motion.robot.collision.clearance import PathGuard
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drive.command_stream import CommandSettings, CommandStream
from emotion_motion.robot.retarget.retargeter import Retargeter
from emotion_motion.robot.safety.settings import LimiterSettings
from emotion_motion.training.corpus.corpus import make_clip

WANTED_P99_MS = 4.0
ROUNDS = 3


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--robots', nargs='+', default=['g1', 'talos', 'humanoid'])
    parser.add_argument('--seconds', type=float, default=60.0, help='of motion')
    parser.add_argument('--rate', type=float, default=60.0, help='frames a second')
    parser.add_argument('--out', type=Path, help='file for the JSON; it is printed in any case')
    args = parser.parse_args()
    keypoints = motion(args.seconds, args.rate)
    figures: dict[str, Any] = {'wanted_p99_ms': WANTED_P99_MS}
    for name in args.robots:
        try:
            figures[name] = measure(Robot.load(name), keypoints, args.rate)
        except RobotError as error:
            print(f'{name}: left out, {error}', file=sys.stderr)
    print_figures(figures, args.out, load=f'{os.getloadavg()[0]:.2f}')


def motion(seconds: float, rate_hz: float) -> np.ndarray:
    """Return keypoints [T, 25, 3] that go through all emotions."""
    each = seconds / len(EMOTIONS)
    clips = [make_clip(name, each, seed=1, rate_hz=rate_hz).keypoints for name in EMOTIONS]
    return np.concatenate(clips).astype(np.float64)


def measure(robot: Robot, keypoints: np.ndarray, rate_hz: float) -> dict[str, Any]:
    """Return the figures of a robot that follows keypoints."""
    began = time.perf_counter()
    Retargeter(robot, rate_hz)
    set_up_s = time.perf_counter() - began
    rounds = np.array([spent(robot, keypoints, rate_hz) for _ in range(ROUNDS)])  # [R, T, 2, 2]
    figures: dict[str, Any] = {'joints': len(robot), 'set_up_s': round(set_up_s, 2)}
    for number, name in enumerate(('retarget', 'limiter')):
        figures[name] = percentiles(rounds[0, :, number])
    frames = rounds.sum(axis=2)
    figures['frame'] = percentiles(frames[0])
    figures['frame_undisturbed'] = percentiles(frames.min(axis=0))
    return figures | solvers(robot, keypoints[len(keypoints) // 2])


def spent(robot: Robot, keypoints: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the times of wall and processor of retargeting and limiter [T, 2, 2], in seconds."""
    retargeter = Retargeter(robot, rate_hz)
    commands = CommandStream(
        robot.limits,
        robot.rest,
        1.0 / rate_hz,
        groups={'all': robot.names},
        controllers={'all': robot.names},
        settings=CommandSettings(LimiterSettings(approach_velocity=3.0)),
        guard=PathGuard(robot),
    )
    commands.start(dict(zip(robot.names, robot.rest, strict=True)))
    gc.collect()
    gc.freeze()  # as the node does before its first cycle
    times_s = np.empty((len(keypoints), 2, 2))
    for number, frame in enumerate(keypoints):
        before = time.perf_counter(), time.thread_time()
        target = retargeter(frame)
        between = time.perf_counter(), time.thread_time()
        commands.step(target)
        after = time.perf_counter(), time.thread_time()
        times_s[number] = np.subtract(between, before), np.subtract(after, between)
    gc.unfreeze()
    return times_s


def solvers(robot: Robot, keypoints: np.ndarray) -> dict[str, Any]:
    """Return how long a step takes here and by Pink's solve_ik, for the same tasks."""
    retargeter = Retargeter(robot, 60.0, clearance=False)
    retargeter(keypoints)
    kinematics = retargeter._kinematics
    q, configuration = robot.rest, kinematics.bones.configuration(robot.rest)
    lower, upper = robot.limits.lower - q, robot.limits.upper - q

    def by_pink() -> None:
        configuration.update(q)
        pink.solve_ik(
            configuration, kinematics._tasks, 1.0 / 60.0, solver='daqp', safety_break=False
        )

    return {'step': timed(lambda: kinematics._step(q, lower, upper)), 'pink_step': timed(by_pink)}


def timed(act: Callable[[], object], times: int = 1000) -> dict[str, dict[str, float]]:
    """Return percentiles of how long something takes [ms]."""
    spent = np.empty((times, 2))
    for number in range(times):
        before = time.perf_counter(), time.thread_time()
        act()
        spent[number] = np.subtract((time.perf_counter(), time.thread_time()), before)
    return percentiles(spent)


def percentiles(spent: np.ndarray) -> dict[str, dict[str, float]]:
    """Return percentiles of times [N, 2] of wall and processor [ms]."""
    return {
        name: {f'p{p}_ms': round(1e3 * float(np.percentile(column, p)), 3) for p in (50, 99)}
        for name, column in zip(('wall', 'processor'), spent.T, strict=True)
    }


if __name__ == '__main__':
    main()
