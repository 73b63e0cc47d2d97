# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: steps, and what is logged, measured, drawn and saved between them."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import math
import signal
import threading
import time
from types import FrameType
from typing import Any, Self

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.card import model_card
from emotion_motion.training.run.curves import draw_curves
from emotion_motion.training.run.metrics import read_metrics
from emotion_motion.training.run.progress import Progress
from emotion_motion.training.run.run_folder import RunFolder
from emotion_motion.training.run.state import save_state
from emotion_motion.training.selection.reference import Reference
from emotion_motion.training.selection.selection import score_checkpoint
from emotion_motion.training.selection.strips import draw_strips
from emotion_motion.training.trainer import Trainer

__all__ = ['Stopped', 'TrainingLoop', 'Interrupts', 'SIGNALS']

# SIGTERM and Ctrl-C, heard at the end of a step.

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Notes signals instead of dying of them; use it as a context manager.

    The second of a kind acts at once, for those who cannot wait for the end of a step.

    Attributes:
        heard: for each of SIGNALS, whether it came.
    """

    def __init__(self) -> None:
        """Listen when the block begins."""
        self.heard = [False for _ in SIGNALS]
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Begin to listen; only the main thread of a process can."""
        if threading.current_thread() is threading.main_thread():
            self._before = {one: signal.signal(one, self._note) for one in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        """Leave signals as they were."""
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.heard[SIGNALS.index(signal.Signals(number))] = True
        signal.signal(number, self._before[number])


_SHOWN = ('total', 'mse', 'emotion', 'nll')


class Stopped(Exception):  # noqa: N818, it is no error
    """A signal ended the run between two steps; its state is saved.

    Attributes:
        number: of the signal.
        step: steps done.
    """

    def __init__(self, number: int, step: int) -> None:
        """Name signal and step."""
        super().__init__(f'stopped by signal {number} after {step} steps')
        self.number, self.step = number, step


class TrainingLoop:
    """Runs a trainer to its last step in a run folder."""

    def __init__(
        self, trainer: Trainer, folder: RunFolder | None, numbers: Mapping[str, Any] | None = None
    ) -> None:
        """Prepare a run, or the rest of one.

        Args:
            trainer: at the step to go on from.
            folder: where everything goes; None in all processes but the main one.
            numbers: of the state to go on from.
        """
        self._trainer, self._folder, self._run = trainer, folder, trainer.config.run
        numbers = numbers or {}
        self._best: float | None = numbers.get('best')
        # Means since the last row of the metrics: they go on too.
        self._sums: dict[str, float] = dict(numbers.get('sums', {}))
        self._counted: int = numbers.get('counted', 0)
        self._waited_s, self._since_s = 0.0, 0.0
        self._reference: Reference | None = None

    def run(self) -> None:
        """Take the steps that are left.

        Raises:
            TrainingError: loss or gradient went wrong, or something cannot be written; the
                message names the last good checkpoint.
            Stopped: SIGINT or SIGTERM came; the state is saved.
        """
        begin = self._trainer.done
        if begin == 0:
            self._save()  # a disk that cannot take it is found before any work
        batches = self._trainer.batches()
        self._since_s = time.monotonic()
        with Interrupts() as interrupts, self._progress(begin) as progress:
            while self._trainer.done < self._run.steps:
                waiting = time.monotonic()
                batch = next(batches)
                self._waited_s += time.monotonic() - waiting
                try:
                    values, stops = self._trainer.step(batch, *interrupts.heard)
                except TrainingError as error:
                    raise TrainingError(f'{error}. {self._last_good()}') from error
                self._after(values, progress)
                if any(stops):
                    self._save()
                    number = next(one for one, share in zip(SIGNALS, stops, strict=True) if share)
                    raise Stopped(int(number), self._trainer.done)

    def _progress(self, begin: int) -> Any:
        return Progress(self._run.steps, start=begin) if self._folder else _Silent()

    def _after(self, values: dict[str, float], progress: Any) -> None:
        """Do what is due after a step; only the main process has something to do."""
        if self._folder is None:
            return
        done, run = self._trainer.done, self._run
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._counted += 1
        wait_share = self._waited_s / max(time.monotonic() - self._since_s, 1e-9)
        progress.update(done, {name: values[name] for name in _SHOWN}, wait_share)
        row = self._means(wait_share) if self._due(run.log_every) else {}
        begin = time.monotonic()
        if run.val_every and self._due(run.val_every):
            found = self._trainer.validate()
            row |= {f'val/{name}': value for name, value in found.items()}
        if self._due(run.select_every):
            row |= self._select()
        if row:
            self._folder.metrics.log(done, row)
        if self._due(run.strip_every):
            self._draw()
        if self._due(run.save_every):
            self._save()
        self._since_s += time.monotonic() - begin  # that was no training

    def _due(self, every: int) -> bool:
        """Tell whether something that comes every so many steps, and at the end, is due."""
        done = self._trainer.done
        return done == self._run.steps or (every > 0 and done % every == 0)

    def _means(self, wait_share: float) -> dict[str, float]:
        """Return the means since the last row, and begin anew."""
        elapsed_s = max(time.monotonic() - self._since_s, 1e-9)
        row = {
            name if name in ('rate', 'gradient') else f'loss/{name}': value / self._counted
            for name, value in self._sums.items()
        }
        row |= {'speed/wait_share': wait_share, 'speed/steps_a_second': self._counted / elapsed_s}
        self._sums, self._counted = {}, 0
        self._waited_s, self._since_s = 0.0, time.monotonic()
        return row

    def _select(self) -> dict[str, float]:
        """Let the model run freely; keep it as the best where it is."""
        assert self._folder is not None
        checkpoint = self._trainer.checkpoint()
        if self._reference is None:
            data = self._trainer.config.data
            self._reference = Reference.measure(
                self._trainer.datasets, shares=data.shares, seed=self._run.seed
            )
        score = score_checkpoint(
            checkpoint, self._reference, seconds=self._run.select_s, seed=self._run.seed
        )
        if self._best is None or score.value < self._best:
            training = {**checkpoint.training, 'free_run': _finite(score.to_dict())}
            checkpoint = dataclasses.replace(checkpoint, training=training)
            self._keep(checkpoint)
            self._best = score.value
        return score.metrics()

    def _keep(self, checkpoint: Checkpoint) -> None:
        assert self._folder is not None
        card = model_card(checkpoint, self._folder.root.name)
        self._folder.save_best(checkpoint, card=card, half=True)

    def _draw(self) -> None:
        """Draw the model as it is, beside the data, and the curves of the run."""
        assert self._folder is not None
        done = self._trainer.done
        path = self._folder.strips / f'step_{done:08d}.png'
        draw_strips(
            self._trainer.checkpoint(),
            path,
            seed=self._run.seed,
            real=self._trainer.datasets,
            title=f'step {done}',
        )
        metrics = self._folder.root / 'metrics.csv'
        if len(read_metrics(metrics)['step']) > 1:  # one row is no curve yet
            draw_curves(metrics, metrics.with_name('curves.png'), title=self._folder.root.name)

    def _save(self) -> None:
        if self._folder is None:
            return
        numbers = {
            'best': self._best if self._best is None or math.isfinite(self._best) else None,
            'sums': self._sums,
            'counted': self._counted,
        }
        state = self._trainer.state(**numbers)
        save_state(self._folder.checkpoints, state, keep=self._run.keep)

    def _last_good(self) -> str:
        if self._folder is None:
            return ''
        path = self._folder.newest_state()
        return f'The last good checkpoint is {path}' if path else 'There is no checkpoint yet'


class _Silent:
    """The progress of a process that shows none."""

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """Return a score as JSON can hold it."""
    return values if math.isfinite(values['value']) else {**values, 'value': 1e9}
