# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The progress of a run: a bar of rich on a terminal, a line of text now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
import math
import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

__all__ = ['RunProgress']

_RECENT_S = 60.0  # the pace is that of the last minute: machines and batches change


class RunProgress:
    """Shows step, loss parts, steps a second, the share of waiting for data and the time left.

    Use it as a context manager.
    """

    def __init__(
        self,
        steps: int,
        *,
        start: int = 0,
        console: Console | None = None,
        every_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to show `steps` steps.

        Args:
            steps: the last step.
            start: the step that a resumed run goes on from.
            console: where to show it; None: standard error. A terminal gets a bar.
            every_s: seconds between two lines where it is no terminal.
            clock: seconds, never going back.
        """
        self._console = console or Console(stderr=True)
        self._every_s, self._clock, self._last_line_s = every_s, clock, -math.inf
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

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was; what was shown last stays."""
        self._bar.stop()

    def update(self, step: int, values: Mapping[str, float], wait_share: float = 0.0) -> None:
        """Show that `step` steps are done.

        Args:
            step: steps done, counted from the beginning of the run.
            values: parts of the loss and whatever else is worth a look, by name.
            wait_share: share of the time that was spent waiting for data.
        """
        task = self._bar.tasks[0]
        self._bar.update(task.id, completed=step)
        left_s = task.time_remaining
        text = '  '.join(
            [
                *(f'{name} {value:.4g}' for name, value in values.items()),
                f'{task.speed or 0.0:.3g} steps/s',
                f'waiting {100.0 * wait_share:.1f} %',
                f'{"?" if left_s is None else timedelta(seconds=left_s)} left',
            ]
        )
        self._bar.update(task.id, text=text)
        now = self._clock()
        if self._bar.disable and (task.finished or now - self._last_line_s >= self._every_s):
            self._last_line_s = now
            # Not the console's print, which would break the line where it takes a screen to end.
            print(f'step {step}/{task.total}  {text}', file=self._console.file, flush=True)
