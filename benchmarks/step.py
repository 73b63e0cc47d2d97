# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A step of the live loop: streaming against the plain way, where the time goes, batches, memory.

Usage: python benchmarks/step.py [--model default] [--against FOLDER] [--steps 1000] [--threads 1]
    [--out FILE]

What is compared takes turns within one run, block by block, so that a busy machine slows both.
FOLDER is an older checkout of this package (`git worktree add FOLDER COMMIT`); its packaged model
steps in a process of its own, and so does this one's. Prints JSON; times in milliseconds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import json
import os
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
from emotion_motion.live.step import LiveStep

ROOT = Path(__file__).resolve().parents[1]
BLOCK, SETTLE = 50, 3  # steps that are timed in turn, and those before that are not
# Steps a model as often as each line on its standard input says; answers with the times [ms].
WORKER = """
import json, sys, time
import torch
from emotion_motion.generator import MotionGenerator

torch.set_num_threads(int(sys.argv[2]))
generator = MotionGenerator.from_pretrained(sys.argv[1], seed=0)
generator.set_emotion('happiness')
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        begin = time.perf_counter()
        generator.step()
        times.append((time.perf_counter() - begin) * 1e3)
    print(json.dumps(times), flush=True)
"""


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', default='default', help='name or folder of a checkpoint')
    parser.add_argument(
        '--against', type=Path, help='folder of an older checkout; its packaged model'
    )
    parser.add_argument('--steps', type=int, default=1000, help='streaming steps to time')
    parser.add_argument('--threads', type=int, default=1, help="torch's threads")
    parser.add_argument('--out', type=Path, help='file for the JSON; it is printed in any case')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    figures = measure(args.model, args.steps)
    if args.against:
        figures['against'] = against(args.model, args.against, args.steps, args.threads)
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
        # One frame in ten has a target to draw: the mean has it, the median has not.
        'times_faster': {
            'median': round(statistics.median(plain_ms) / statistics.median(fast_ms), 1),
            'mean': round(statistics.mean(plain_ms) / statistics.mean(fast_ms), 1),
        },
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
    """Time both in turns: a block of fast steps, ten slow ones, and again."""
    fast_ms: list[float] = []
    slow_ms: list[float] = []
    while len(fast_ms) < steps:
        fast_ms += [timed_ms(fast) for _ in range(BLOCK)]
        slow_ms += [timed_ms(slow) for _ in range(10)]  # one of them draws a target
        # The slow way pushed the fast one's weights out of the caches; a live loop has no such
        # neighbour, so its first steps after it do not count.
        warm(fast, SETTLE)
    return fast_ms, slow_ms


def against(model: str, older: Path, steps: int, threads: int) -> dict[str, Any]:
    """Return how this package's step and that of an older checkout do in turns."""
    packaged = model if Path(model).exists() else str(ROOT / 'models' / model)
    older = older.resolve()
    rivals = {
        'this': Rival(ROOT, Path(packaged).resolve(), threads),
        'older': Rival(older, older / 'models' / 'default', threads),
    }
    times_ms: dict[str, list[float]] = {name: [] for name in rivals}
    for rival in rivals.values():
        rival.step(200)
    while len(times_ms['this']) < steps:
        for name, rival in rivals.items():
            times_ms[name] += rival.step(SETTLE + BLOCK)[SETTLE:]
    for rival in rivals.values():
        rival.close()
    spreads: dict[str, Any] = {name: spread(times) for name, times in times_ms.items()}
    ratios = {
        name: round(spreads['this'][f'{name}_ms'] / spreads['older'][f'{name}_ms'], 3)
        for name in ('p50', 'p99')
    }
    return {'folder': str(older), **spreads, 'this_over_older': ratios}


class Rival:
    """A model of a checkout, which steps in a process of its own."""

    def __init__(self, root: Path, model: Path, threads: int) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, '-c', WORKER, str(model), str(threads)],
            cwd=root,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, 'PYTHONPATH': f'{root}:{os.environ.get("PYTHONPATH", "")}'},
        )

    def step(self, count: int) -> list[float]:
        """Take `count` steps; returns how long each took [ms]."""
        assert self._process.stdin and self._process.stdout
        print(count, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit('the other process ended; its error stands above')
        return json.loads(line)

    def close(self) -> None:
        """End it."""
        self._process.communicate()


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
    live = generator._live_step
    untraced = LiveStep(generator.checkpoint, 1, traced=False)
    random = torch.Generator().manual_seed(0)
    frame, emotion, settings = generator._frame, generator._emotion, generator.sampler
    with torch.inference_mode():
        made = live(frame, emotion, settings, random)
        step = live._network(live._input(frame, emotion))
        points, decay = made.body.numpy(), frame.new_tensor(settings.decay)

        def target(of: LiveStep) -> object:
            return of.chooser._drawn(step, frame, emotion, settings, 0, None)

        calls = {
            'network to body, traced': lambda: live(frame, emotion, settings, random),
            'of it the network, with the emotion and without': lambda: live._network(
                live._input(frame, emotion)
            ),
            'of it the body': lambda: live._body(made.frame, decay, made.emotion_logits),
            'of it a new target, one frame in ten': lambda: target(live),
            'output filter': lambda: generator._filter(points),
            'feet held': lambda: generator._stance(points, 1.0),
            'published frame onto the body, in metres': lambda: generator.published(points),
            'untraced: network to body': lambda: untraced(frame, emotion, settings, random),
            'untraced: network': lambda: untraced._network(untraced._input(frame, emotion)),
            'untraced: a new target': lambda: target(untraced),
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
