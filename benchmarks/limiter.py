# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A cycle of the safety limiter and of what is made of it, for as many joints as a robot has.

Usage: python benchmarks/limiter.py [--joints 17 28] [--cycles 3000] [--out FILE]

Prints JSON; times in milliseconds, of the wall and of the processor: on a busy machine the first
is what a robot would see, the second what the limiter takes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import json
from pathlib import Path
import platform
import sys
import time
from typing import Any

import numpy as np

from emotion_motion.robot.description.limits import JointLimits
from emotion_motion.robot.drive.command_stream import CommandSettings, CommandStream
from emotion_motion.robot.safety.settings import LimiterSettings

RATE_HZ = 60.0


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--joints', type=int, nargs='+', default=[17, 28])
    parser.add_argument('--cycles', type=int, default=3000, help='cycles to time')
    parser.add_argument('--out', type=Path, help='file for the JSON; it is printed in any case')
    args = parser.parse_args()
    figures: dict[str, Any] = {f'{n}_joints': measure(n, args.cycles) for n in args.joints}
    figures['machine'] = {'processor': platform.processor() or platform.machine()}
    text = json.dumps(figures, indent=1)
    print(text)
    if args.out:
        args.out.write_text(text + '\n')


def measure(joints: int, cycles: int) -> dict[str, Any]:
    """Return the figures of a robot of so many joints that gestures."""
    names = tuple(f'joint_{j}' for j in range(joints))
    full = np.ones(joints)
    limits = JointLimits(names, -2.0 * full, 2.0 * full, 3.0 * full, 20.0 * full, 400.0 * full)
    commands = CommandStream(
        limits,
        np.zeros(joints),
        1.0 / RATE_HZ,
        groups={'all': names},
        controllers={'all': names},
        settings=CommandSettings(LimiterSettings(approach_velocity=3.0)),
    )
    commands.start(dict.fromkeys(names, 0.0))
    random = np.random.default_rng(0)
    phase, pace = random.uniform(0.0, 6.3, joints), random.uniform(1.0, 8.0, joints)
    targets = 0.4 * np.sin(phase + pace * np.arange(cycles)[:, None] / RATE_HZ)
    row = iter(targets)
    step = timed(lambda: commands.step(next(row)), cycles)
    ahead = timed(commands.trajectories, min(cycles, 500))
    print(
        f'{joints} joints: {commands.limiter.planner_errors} errors of the planner, clip ratio '
        f'{commands.clip.ratio:.3f}, {commands.clip.lag_s * 1e3:.0f} ms late',
        file=sys.stderr,
    )
    return {'step': step, 'look_ahead': ahead}


def timed(act: Callable[[], object], times: int) -> dict[str, dict[str, float]]:
    """Return percentiles of how long something takes [ms]."""
    spent = np.empty((times, 2))
    for k in range(times):
        wall, processor = time.perf_counter(), time.thread_time()
        act()
        spent[k] = time.perf_counter() - wall, time.thread_time() - processor
    return {
        name: {f'p{p}_ms': round(1e3 * float(np.percentile(column, p)), 4) for p in (50, 99)}
        for name, column in zip(('wall', 'processor'), spent.T, strict=True)
    }


if __name__ == '__main__':
    main()
