# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Training: frames a second, the share spent waiting for data, what data and logging cost.

Usage: python benchmarks/train.py [--steps 210] [--threads 2] [--batch-size 40] [--out FILE]

The default model trains on a small generated corpus as `emotion-motion train` does: windows from
another process, rows of metrics, checkpoints. Beside it, block by block, the same trainer steps on
one batch that stays in memory: that is all that the machine could do, and the ratio of both is
what data, logging and checkpoints cost, also on a busy machine. Prints JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
import contextlib
import dataclasses
import json
from pathlib import Path
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import torch

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.corpus.corpus import make_corpus
from emotion_motion.training.data.prepare import prepare
from emotion_motion.training.data.store import MotionDataset, write_dataset
from emotion_motion.training.run.run_folder import RunFolder
from emotion_motion.training.run.state import save_state
from emotion_motion.training.trainer import Trainer

BLOCK, SETTLE = 15, 6  # steps that are timed in turn, and those before that are not
WAIT_WANTED = 0.05
UTILISATION_EVERY_S = 0.25


class RealRun:
    """Steps with all that belongs to a run: windows from the data set, metrics, checkpoints."""

    def __init__(self, trainer: Trainer, run: RunFolder) -> None:
        self._trainer, self._run, self._config = trainer, run, trainer.config.run
        self._batches = trainer.batches()
        self.waited_s = 0.0

    def step(self) -> None:
        begin = time.perf_counter()
        batch = next(self._batches)
        self.waited_s += time.perf_counter() - begin
        values, _ = self._trainer.step(batch)
        done = self._trainer.done
        if done % self._config.log_every == 0:
            self._run.metrics.log(done, values)
        if done % self._config.save_every == 0:
            save_state(self._run.checkpoints, self._trainer.state(), keep=self._config.checkpoints)


class FixedBatch:
    """Steps of another trainer of the same sizes on one batch that is on the device."""

    def __init__(self, dataset: MotionDataset, config: TrainConfig) -> None:
        self._trainer = Trainer(dataset, config)
        batch = self._trainer.sampler.batch(0, 0, config.run.batch_size)
        self._batch = batch.to(self._trainer.device)

    def step(self) -> None:
        self._trainer.step(self._batch)


class Utilisation:
    """How busy the GPU is in percent, as its driver counts it; None where nobody tells."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._seen: list[float] = []

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Ask the driver four times a second while the block runs."""
        if self._device.type != 'cuda':
            yield
            return
        stop = threading.Event()
        thread = threading.Thread(target=self._watch, args=(stop,), daemon=True)
        thread.start()
        yield
        stop.set()
        thread.join()

    def _watch(self, stop: threading.Event) -> None:
        while not stop.wait(UTILISATION_EVERY_S):
            percent = gpu_percent()
            if percent is not None:
                self._seen.append(percent)

    @property
    def percent(self) -> float | None:
        """The mean of what was seen."""
        return round(statistics.mean(self._seen), 1) if self._seen else None


def gpu_percent() -> float | None:
    """Ask the driver, through torch where it can and through nvidia-smi elsewhere."""
    with contextlib.suppress(ImportError, RuntimeError):
        return float(torch.cuda.utilization())
    command = ['nvidia-smi', '--query-gpu=utilization.gpu', '--format=csv,noheader,nounits']
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
        return float(answer.stdout.split()[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def corpus(folder: Path, minutes: float) -> MotionDataset:
    """Generate a corpus into a data set on disk."""
    skeleton = load_skeleton()
    clips = (prepare(clip, skeleton) for clip in make_corpus(minutes, 0))
    return write_dataset(folder, clips, skeleton=skeleton, rate_hz=30.0)


def timed(call: Any, steps: int, device: torch.device) -> float:
    """Return how long `steps` calls take [s], the device's work included."""
    synchronise(device)
    begin = time.perf_counter()
    for _ in range(steps):
        call()
    synchronise(device)
    return time.perf_counter() - begin


def synchronise(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def measure(config: TrainConfig, minutes: float, steps: int) -> dict[str, Any]:
    """Return all figures."""
    with tempfile.TemporaryDirectory() as name:
        begin = time.perf_counter()
        dataset = corpus(Path(name) / 'data', minutes)
        corpus_s = time.perf_counter() - begin
        trainer = Trainer(dataset, config)
        run = RunFolder.create(Path(name) / 'run', config)
        real, held = RealRun(trainer, run), FixedBatch(dataset, config)
        busy = Utilisation(trainer.device)
        blocks = [block(real, held, trainer.device, busy) for _ in range(steps // BLOCK)]
        save_s = timed(lambda: save_state(run.checkpoints, trainer.state()), 3, trainer.device) / 3
        run.close()
    return {
        'model': {
            'parameters': sum(part.numel() for part in trainer.model.parameters()),
            'window_frames': config.windows.length,
            'batch_size': config.run.batch_size,
        },
        'corpus': {'minutes': minutes, 'seconds_to_make': round(corpus_s, 1)},
        **figures(blocks, config, busy.percent),
        'checkpoint_ms': round(save_s * 1e3, 1),
        'device': str(trainer.device),
    }


def block(
    real: RealRun, held: FixedBatch, device: torch.device, busy: Utilisation
) -> tuple[float, float, float]:
    """Time both in turn; returns seconds of the run, of them waiting, and on the held batch."""
    # Each settles first: while the other runs, windows are made ahead.
    timed(real.step, SETTLE, device)
    waited_s = real.waited_s
    with busy.watching():
        real_s = timed(real.step, BLOCK, device)
    waited_s = real.waited_s - waited_s
    timed(held.step, SETTLE, device)
    return real_s, waited_s, timed(held.step, BLOCK, device)


def figures(
    blocks: list[tuple[float, float, float]], config: TrainConfig, percent: float | None
) -> dict[str, Any]:
    """Return speeds and shares of all blocks; ratios are those of blocks side by side."""
    real_s, waited_s, held_s = (sum(part) for part in zip(*blocks, strict=True))
    steps = BLOCK * len(blocks)
    frames = config.run.batch_size * config.windows.length
    ratios = sorted(held / real for real, _, held in blocks)
    share = waited_s / real_s
    return {
        'steps': steps,
        'training': {
            'frames_a_second': round(frames * steps / real_s),
            'steps_a_second': round(steps / real_s, 2),
            'share_waiting_for_data': round(share, 4),
            'gpu_percent': percent,
        },
        'held_batch': {
            'frames_a_second': round(frames * steps / held_s),
            'steps_a_second': round(steps / held_s, 2),
        },
        'speed_as_a_share_of_the_held_batch': {
            'median': round(statistics.median(ratios), 3),
            'lowest_block': round(ratios[0], 3),
            'highest_block': round(ratios[-1], 3),
        },
        'wanted': {'share_waiting_for_data': WAIT_WANTED},
        'met': {'share_waiting_for_data': share < WAIT_WANTED},
    }


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--steps', type=int, default=210, help='training steps to time')
    parser.add_argument('--minutes', type=float, default=5.0, help='length of the corpus [min]')
    parser.add_argument('--threads', type=int, default=2, help="torch's threads on a CPU")
    parser.add_argument('--batch-size', type=int, help='windows a step; default that of training')
    parser.add_argument('--workers', type=int, help='processes that prepare windows')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    parser.add_argument('--out', type=Path, help='file for the JSON; it is printed in any case')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    default = TrainConfig()
    run = dataclasses.replace(
        default.run,
        # Enough steps for the blocks and for what settles before each.
        steps=max(default.run.steps, 4 * args.steps + 100),
        batch_size=args.batch_size or default.run.batch_size,
        workers=args.workers,
        device=args.device,
    )
    config = dataclasses.replace(default, run=run)
    measured = measure(config, args.minutes, max(args.steps, BLOCK))
    measured['machine'] = {
        'processor': platform.processor() or platform.machine(),
        'torch': torch.__version__,
        'threads': args.threads,
        'gpu': torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }
    text = json.dumps(measured, indent=1)
    print(text)
    if args.out:
        args.out.write_text(text + '\n')


if __name__ == '__main__':
    sys.exit(main())
