# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The progress of a run: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
import math
import sys
import time
from typing import Any, Self, TextIO

__all__ = ['Progress']

_RECENT_S = 60.0  # the pace is that of the last minute: machines and batches change


class Progress:
    """Shows step, loss parts, steps a second, the share of waiting for data and the time left.

    Use it as a context manager.
    """

    def __init__(
        self,
        steps: int,
        *,
        start: int = 0,
        stream: TextIO | None = None,
        every_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to show `steps` steps.

        Args:
            steps: the last step.
            start: the step that a resumed run goes on from.
            stream: where to show it; None: standard error. A terminal gets a bar.
            every_s: seconds between two lines where it is no terminal.
            clock: seconds, never going back.
        """
        self._steps, self._stream = steps, sys.stderr if stream is None else stream
        self._every_s, self._clock = every_s, clock
        self._recent = deque([(clock(), start)])
        self._last_line_s = -math.inf
        self._bar: Any = None
        self._task: Any = None
        self._start = start

    def __enter__(self) -> Self:
        """Show the bar where the stream is a terminal and rich is installed."""
        if self._stream.isatty():
            self._show_bar()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was; what was shown last stays."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def update(self, step: int, values: Mapping[str, float], wait_share: float = 0.0) -> None:
        """Show that `step` steps are done.

        Args:
            step: steps done, counted from the beginning of the run.
            values: parts of the loss and whatever else is worth a look, by name.
            wait_share: share of the time that was spent waiting for data.
        """
        now = self._clock()
        self._recent.append((now, step))
        while len(self._recent) > 2 and self._recent[0][0] < now - _RECENT_S:
            self._recent.popleft()
        text = self._text(values, wait_share)
        if self._bar is not None:
            self._bar.update(self._task, completed=step, values=text)
        elif now - self._last_line_s >= self._every_s or step >= self._steps:
            self._last_line_s = now
            print(f'step {step}/{self._steps}  {text}', file=self._stream, flush=True)

    def say(self, line: str) -> None:
        """Show a line of text, above the bar where there is one."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=self._stream, flush=True)

    @property
    def steps_a_second(self) -> float:
        """The recent pace; 0 before the first step."""
        (begin, first), (end, last) = self._recent[0], self._recent[-1]
        return (last - first) / (end - begin) if end > begin else 0.0

    @property
    def left_s(self) -> float:
        """Seconds to go at the recent pace; infinite before the first step."""
        left, pace = self._steps - self._recent[-1][1], self.steps_a_second
        if left <= 0:
            return 0.0
        return left / pace if pace > 0.0 else math.inf

    def _text(self, values: Mapping[str, float], wait_share: float) -> str:
        parts = [f'{name} {value:.4g}' for name, value in values.items()]
        parts.append(f'{self.steps_a_second:.3g} steps/s')
        parts.append(f'waiting {100.0 * wait_share:.1f} %')
        parts.append(f'{_duration(self.left_s)} left')
        return '  '.join(parts)

    def _show_bar(self) -> None:
        try:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bar, TextColumn
        except ImportError:  # plain lines say the same
            return
        self._bar = Bar(
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn('{task.fields[values]}', markup=False),
            console=Console(file=self._stream),
        )
        self._task = self._bar.add_task('', total=self._steps, completed=self._start, values='')
        self._bar.start()


def _duration(seconds: float) -> str:
    if not math.isfinite(seconds):
        return '?'
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f'{hours} h {minutes:02d} min'
    return f'{minutes} min {rest:02d} s' if minutes else f'{rest} s'
