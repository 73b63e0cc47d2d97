# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A step of the live loop: streaming against the plain way, where the time goes, batches, memory.

Usage: python benchmarks/step.py [--model default] [--steps 1000] [--threads 1] [--out FILE]

Both ways take turns within one run, block by block, so that a busy machine slows both.
Prints JSON; times in milliseconds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import json
from pathlib import Path
import platform
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

from plain import PlainLoop

from emotion_motion.generator import MotionGenerator
from emotion_motion.live_step import LiveStepRunner
from emotion_motion.plan_step import PlanSeen


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', default='default', help='name or folder of a checkpoint')
    parser.add_argument('--steps', type=int, default=1000, help='streaming steps to time')
    parser.add_argument('--threads', type=int, default=1, help="torch's threads")
    parser.add_argument('--out', type=Path, help='file for the JSON; it is printed in any case')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    figures = measure(args.model, args.steps)
    figures['machine'] = {
        'processor': platform.processor() or platform.machine(),
        'torch': torch.__version__,
        'threads': args.threads,
    }
    text = json.dumps(figures, indent=1)
    print(text)
    if args.out:
        args.out.write_text(text + '\n')


def measure(model: str, steps: int) -> dict[str, Any]:
    """Return all figures."""
    # Memory first: nothing but the generator and torch is loaded yet.
    generator = MotionGenerator.from_pretrained(model, seed=0)
    generator.set_emotion('happiness')
    warm(generator.step, 200)
    resident_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    plain = PlainLoop(generator)
    warm(plain.step, generator.window + 5)
    fast_ms, plain_ms = side_by_side(generator.step, plain.step, steps)
    return {
        'model': {
            'name': model,
            'parameters': sum(part.numel() for part in generator._model.parameters()),
            'sha256': generator.model_sha256,
        },
        'streaming': spread(fast_ms),
        'plain': spread(plain_ms),
        'times_faster_at_the_median': round(
            statistics.median(plain_ms) / statistics.median(fast_ms), 1
        ),
        'resident_mb': round(resident_mb),
        'import_emotion_motion_ms': import_ms(),
        'where_the_time_goes_ms': parts(generator),
        'batches': [batch(model, size) for size in (1, 8, 64)],
    }


def import_ms() -> float:
    """Return how long `import emotion_motion` takes in a fresh Python, median of seven [ms]."""
    program = (
        'import time; begin = time.perf_counter(); import emotion_motion; '
        'print((time.perf_counter() - begin) * 1e3)'
    )
    command = [sys.executable, '-c', program]
    times = [
        float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(7)
    ]
    return round(statistics.median(times), 2)


def warm(step: Callable[[], object], count: int) -> None:
    """Call `step` until caches and allocators have settled."""
    for _ in range(count):
        step()


def side_by_side(
    fast: Callable[[], object], slow: Callable[[], object], steps: int
) -> tuple[list[float], list[float]]:
    """Time both in turns: 50 fast steps, 5 slow ones, and again."""
    fast_ms: list[float] = []
    slow_ms: list[float] = []
    while len(fast_ms) < steps:
        fast_ms += [timed_ms(fast) for _ in range(50)]
        slow_ms += [timed_ms(slow) for _ in range(5)]
        # The slow way pushed the fast one's weights out of the caches; a live loop has no such
        # neighbour, so its first steps after it do not count.
        warm(fast, 3)
    return fast_ms, slow_ms


def timed_ms(call: Callable[[], object]) -> float:
    """Return how long one call takes [ms]."""
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1e3


def spread(times_ms: list[float]) -> dict[str, float]:
    """Return median, p99 and maximum [ms]."""
    p50, p99 = np.percentile(times_ms, [50, 99])
    return {
        'p50_ms': round(float(p50), 3),
        'p99_ms': round(float(p99), 3),
        'max_ms': round(max(times_ms), 3),
    }


def parts(generator: MotionGenerator) -> dict[str, float]:
    """Return the median time of each part of a step [ms]."""
    model, runner = generator._model, generator._live_step
    random = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        arguments = (generator._frame, generator._emotion, generator._cache, generator.sampler)
        _, body, _ = runner(*arguments, random)
        features = torch.zeros(1, 1, model.config.channels)
        here = model.plan_place(generator._frame).unsqueeze(1)
        seen = PlanSeen(features, here, generator._frame, generator._emotion)
        noise = torch.ones(1)
        untraced = LiveStepRunner(generator._checkpoint, 1, traced=False)
        output = model.step(*arguments[:3])
        points = body.numpy()

        def new_plan() -> None:
            generator._cache.plan_left.zero_()
            runner._plans(seen, generator._cache, generator.sampler, noise)

        calls = {
            'network to body, traced': lambda: runner(*arguments, random),
            'output filter': lambda: generator._filter(points),
            'feet held, published frame onto the body': lambda: generator._stance(points, 1.0),
            'a new plan, one frame in ten': new_plan,
            'untraced: network to body': lambda: untraced(*arguments, random),
            'untraced: network': lambda: model.step(*arguments[:3]),
            'untraced: emotion of components': lambda: model.component_emotions(
                output, arguments[2]
            ),
        }
        times = {}
        for name, call in calls.items():
            warm(call, 20)
            times[name] = round(statistics.median(timed_ms(call) for _ in range(200)), 3)
    generator.reset()
    return times


def batch(model: str, size: int) -> dict[str, float]:
    """Return the speed of `size` streams in one generator."""
    generator = MotionGenerator.from_pretrained(model, batch_size=size, seed=0)
    warm(generator.step, 100)
    step_ms = statistics.median(timed_ms(generator.step) for _ in range(200))
    return {
        'streams': size,
        'step_p50_ms': round(step_ms, 3),
        'steps_a_second': round(1e3 / step_ms),
        'frames_a_second': round(1e3 / step_ms * size),
    }


if __name__ == '__main__':
    main()
