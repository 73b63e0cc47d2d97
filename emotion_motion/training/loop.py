# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: steps, and what is shown, logged, measured, drawn and saved between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
import dataclasses
from datetime import timedelta
import math
import signal
import threading
import time
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.card import model_card
from emotion_motion.training.run.metrics import read_metrics
from emotion_motion.training.run.pictures import draw_curves, draw_strips
from emotion_motion.training.run.run_folder import RunFolder
from emotion_motion.training.run.state import newest_state, save_state
from emotion_motion.training.selection import FreeRunScore, Reference, score_checkpoint
from emotion_motion.training.start import shown, worse
from emotion_motion.training.trainer import Trainer

__all__ = ['SIGNALS', 'Interrupts', 'Stopped', 'TrainingLoop', 'RunProgress']

_LINE_S = 10.0  # between two lines where there is no terminal
_RECENT_S = 60.0  # the pace is that of the last minute: machines and batches change
SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOWN = ('total', 'mse', 'emotion', 'nll')


class RunProgress:
    """A context that shows step, loss parts, steps a second, waiting for data and time left.

    A terminal gets a bar; another console, such as a file, a line every ten seconds.
    """

    def __init__(
        self,
        steps: int,
        *,
        start: int = 0,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console or Console(stderr=True)
        self._clock, self._last_line_s = clock, -math.inf
        self._bar = Progress(
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn('{task.fields[text]}', markup=False),
            console=self._console,
            speed_estimate_period=_RECENT_S,
            get_time=clock,
            disable=not self._console.is_terminal,
        )
        self._bar.add_task('', total=steps, completed=start, text='')

    def __enter__(self) -> RunProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, step: int, values: Mapping[str, float], wait_share: float = 0.0) -> None:
        """Show that `step` steps of the run are done, and values such as parts of the loss."""
        task = self._bar.tasks[0]
        self._bar.update(task.id, completed=step)
        left_s = task.time_remaining
        parts = [f'{name} {value:.4g}' for name, value in values.items()]
        parts += [f'{task.speed or 0.0:.3g} steps/s', f'waiting {100.0 * wait_share:.1f} %']
        parts.append(f'{"?" if left_s is None else timedelta(seconds=left_s)} left')
        text = '  '.join(parts)
        self._bar.update(task.id, text=text)
        now = self._clock()
        if self._bar.disable and (task.finished or now - self._last_line_s >= _LINE_S):
            self._last_line_s = now
            # Not the console's print, which would break the line where it takes a screen to end.
            print(f'step {step}/{task.total}  {text}', file=self._console.file, flush=True)


class Interrupts:
    """Notes Ctrl-C and SIGTERM instead of dying of them; use it as a context manager.

    The second of a kind acts at once, for those who cannot wait for the end of a step.
    """

    def __init__(self) -> None:
        self.received = [False for _ in SIGNALS]  # for each, whether it came
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        # Only the main thread of a process can listen.
        if threading.current_thread() is threading.main_thread():
            self._before = {one: signal.signal(one, self._note) for one in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.received[SIGNALS.index(signal.Signals(number))] = True
        signal.signal(number, self._before[number])


class Stopped(Exception):  # noqa: N818, it is no error
    """A signal ended the run after some steps; its state is saved."""

    def __init__(self, number: int, step: int) -> None:
        super().__init__(f'stopped by signal {number} after {step} steps')
        self.number, self.step = number, step


class TrainingLoop:
    """Runs a trainer to its last step in a run folder."""

    def __init__(
        self,
        trainer: Trainer,
        folder: RunFolder | None,
        numbers: Mapping[str, Any] | None = None,
        start: Checkpoint | None = None,
    ) -> None:
        """Prepare a run, or the rest of one with the numbers of its state.

        The best model's free run is laid beside that of `start`, which the run began with.
        All processes but the main one have no folder.
        """
        self._trainer, self._folder, self._run = trainer, folder, trainer.config.run
        numbers = numbers or {}
        self._best: float | None = numbers.get('best')
        # Means since the last row of the metrics: they go on too.
        self._sums: dict[str, float] = dict(numbers.get('sums', {}))
        self._counted: int = numbers.get('counted', 0)
        self._waited_s, self._since_s = 0.0, 0.0
        self._reference: Reference | None = None
        self._start, self._shown = start, dict[str, Any]()

    def run(self) -> None:
        """Take the steps that are left.

        Raises:
            TrainingError: loss or gradient went wrong; the message names the last good checkpoint.
            StorageError: something cannot be written; so does this message.
            Stopped: SIGINT or SIGTERM came; the state is saved.
        """
        trainer, folder = self._trainer, self._folder
        if trainer.done == 0:
            self._save()  # a disk that cannot take it is noticed before any work
        batches = trainer.batches()
        bar = RunProgress(self._run.steps, start=trainer.done) if folder else nullcontext()
        self._since_s = time.monotonic()
        with Interrupts() as interrupts, bar as progress:
            while trainer.done < self._run.steps:
                waiting = time.monotonic()
                batch = next(batches)
                self._waited_s += time.monotonic() - waiting
                try:
                    values, stops = trainer.step(batch, *interrupts.received)
                except TrainingError as error:
                    raise TrainingError(f'{error}. {self._last_good()}') from error
                if folder is not None:
                    self._after(folder, values, progress)
                if any(stops):
                    self._save()
                    number = next(one for one, share in zip(SIGNALS, stops, strict=True) if share)
                    raise Stopped(int(number), trainer.done)

    def _after(self, folder: RunFolder, values: dict[str, float], progress: Any) -> None:
        """Do what is due after a step, in the main process."""
        done, run = self._trainer.done, self._run
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._counted += 1
        wait_share = self._waited_s / max(time.monotonic() - self._since_s, 1e-9)
        progress.update(done, {name: values[name] for name in _SHOWN}, wait_share)
        row = self._means(wait_share) if self._due(run.log_every) else {}
        begin = time.monotonic()
        if run.val_every and self._due(run.val_every):
            losses = self._trainer.validate()
            row |= {f'val/{name}': value for name, value in losses.items()}
        if self._due(run.select_every):
            row |= self._select(folder)
        if row:
            folder.metrics.log(done, row)
        if self._due(run.strip_every):
            self._draw(folder)
        if self._due(run.save_every):
            self._save()
        self._since_s += time.monotonic() - begin  # that was no training

    def _due(self, every: int) -> bool:
        """Tell whether what comes every so many steps, and at the end, is due."""
        done = self._trainer.done
        return done == self._run.steps or (every > 0 and done % every == 0)

    def _means(self, wait_share: float) -> dict[str, float]:
        elapsed_s = max(time.monotonic() - self._since_s, 1e-9)
        row = {
            name if name in ('rate', 'gradient') else f'loss/{name}': value / self._counted
            for name, value in self._sums.items()
        }
        row |= {'speed/wait_share': wait_share, 'speed/steps_a_second': self._counted / elapsed_s}
        self._sums, self._counted = {}, 0
        self._waited_s, self._since_s = 0.0, time.monotonic()
        return row

    def _select(self, folder: RunFolder) -> dict[str, float]:
        """Let the model run freely; keep it as the best where it is."""
        checkpoint, run = self._trainer.checkpoint(), self._run
        if self._reference is None:
            datasets = self._trainer.datasets
            shares = self._trainer.config.data.mix([float(d.lengths.sum()) for d in datasets])
            self._reference = Reference.measure(datasets, shares=shares, seed=run.seed)
        score = score_checkpoint(checkpoint, self._reference, seconds=run.select_s, seed=run.seed)
        if self._best is None or score.value < self._best:
            training = {**checkpoint.training, 'free_run': score.to_dict()}
            training |= self._beside_start(checkpoint, score)
            checkpoint = dataclasses.replace(checkpoint, training=training)
            folder.save_best(checkpoint, model_card(checkpoint, folder.root.name))
            self._best = score.value
        return score.metrics()

    def _beside_start(self, checkpoint: Checkpoint, score: FreeRunScore) -> dict[str, Any]:
        """Return the free run of a model beside that of the one that the training began with."""
        if self._start is None or self._reference is None:
            return {}
        start, length_s, seed = self._start, self._run.select_s, self._run.seed
        if not self._shown:
            of_start = score_checkpoint(start, self._reference, seconds=length_s, seed=seed)
            unlike = of_start.to_dict()['value']
            self._shown = {'unlike': unlike, **shown(start, start, length_s, seed)}
        model = shown(checkpoint, start, length_s, seed)
        bad = worse(self._shown, model)
        model = {'unlike': score.to_dict()['value'], **model}
        return {'beside_start': {'start': self._shown, 'model': model, 'worse': bad}}

    def _draw(self, folder: RunFolder) -> None:
        done = self._trainer.done
        draw_strips(
            self._trainer.checkpoint(),
            folder.strips / f'step_{done:08d}.png',
            self._trainer.datasets,
            seed=self._run.seed,
            title=f'step {done}',
        )
        metrics = folder.root / 'metrics.csv'
        if len(read_metrics(metrics)['step']) > 1:  # one row is no curve yet
            draw_curves(metrics, metrics.with_name('curves.png'), title=folder.root.name)

    def _save(self) -> None:
        if self._folder is None:
            return
        numbers = {
            'best': self._best if self._best is None or math.isfinite(self._best) else None,
            'sums': self._sums,
            'counted': self._counted,
        }
        save_state(
            self._folder.checkpoints, self._trainer.state(**numbers), keep=self._run.checkpoints
        )

    def _last_good(self) -> str:
        if self._folder is None:
            return ''
        path = newest_state(self._folder.checkpoints)
        return f'The last good checkpoint is {path}' if path else 'There is no checkpoint yet'
