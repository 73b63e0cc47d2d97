# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Progress: the recent pace tells the time left; lines where there is no terminal."""

import io

import pytest
from rich.console import Console

from emotion_motion.training.loop import RunProgress


class Shown:
    """A progress, its clock and what it has printed."""

    def __init__(self, steps: int, *, start: int = 0, terminal: bool = False) -> None:
        self.now, self._stream = 100.0, io.StringIO()
        console = Console(
            file=self._stream, force_terminal=terminal, width=120, legacy_windows=False
        )
        self._progress = RunProgress(steps, start=start, console=console, clock=lambda: self.now)

    def take(self, steps: range, step_s: float) -> list[str]:
        with self._progress as progress:
            for step in steps:
                self.now += step_s
                progress.update(step, {'loss': 1.0 / step, 'mse': 2.0}, 0.031)
        return self._stream.getvalue().splitlines()


def test_the_time_left_follows_the_recent_pace():
    shown = Shown(1000)
    assert '10 steps/s' in shown.take(range(1, 201), 0.1)[-1]
    assert '2 steps/s' in shown.take(range(201, 401), 0.5)[-1], 'it remembers a minute'
    line = shown.take(range(401, 422), 0.5)[-1]
    assert line.startswith('step 421/1000  ') and line.endswith('0:04:50 left')


def test_a_resumed_run_does_not_count_the_steps_of_before():
    line = Shown(200, start=100).take(range(110, 140, 10), 5.0)[-1]
    assert '2 steps/s' in line and '0:00:35 left' in line


def test_lines_come_every_few_seconds_and_at_the_end():
    lines = Shown(100).take(range(1, 101), 0.4)
    assert [line.split()[1] for line in lines] == [
        '1/100',
        '26/100',
        '51/100',
        '76/100',
        '100/100',
    ]
    assert '? left' in lines[0]
    for text in ('loss 0.03846', 'mse 2', '2.5 steps/s', 'waiting 3.1 %', '0:00:30 left'):
        assert text in lines[1]
    assert '0:00:00 left' in lines[-1]


@pytest.mark.parametrize('step_s', [0.1, 10.0])
def test_a_terminal_gets_a_bar_with_the_same_words(step_s):
    shown = '\n'.join(Shown(40, terminal=True).take(range(1, 11), step_s))
    left = f'0:{round(30 * step_s) // 60:02d}:{round(30 * step_s) % 60:02d} left'
    for text in ('10/40', 'loss 0.1', f'{1 / step_s:g} steps/s', 'waiting 3.1 %', left, '━'):
        assert text in shown
