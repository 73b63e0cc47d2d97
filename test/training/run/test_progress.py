# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Progress: the recent pace tells the time left; lines where there is no terminal."""

import io
import math

import pytest

from emotion_motion.training.run.progress import Progress


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_time_left_follows_the_recent_pace(clock):
    with Progress(1000, stream=io.StringIO(), clock=clock) as progress:
        assert progress.steps_a_second == 0.0 and progress.left_s == math.inf
        for step in range(1, 101):  # 10 steps a second
            clock.now += 0.1
            progress.update(step, {})
        assert progress.steps_a_second == pytest.approx(10.0)
        assert progress.left_s == pytest.approx(90.0)
        for step in range(101, 301):  # then 2 a second, for longer than it remembers
            clock.now += 0.5
            progress.update(step, {})
        assert progress.steps_a_second == pytest.approx(2.0)
        assert progress.left_s == pytest.approx(350.0)
        clock.now += 1.0
        progress.update(1000, {})
        assert progress.left_s == 0.0


def test_a_resumed_run_does_not_count_the_steps_of_before(clock):
    progress = Progress(200, start=100, stream=io.StringIO(), clock=clock)
    clock.now += 5.0
    progress.update(110, {})
    assert progress.steps_a_second == pytest.approx(2.0)
    assert progress.left_s == pytest.approx(45.0)


def test_lines_come_every_few_seconds_and_at_the_end(clock):
    stream = io.StringIO()
    with Progress(100, stream=stream, every_s=10.0, clock=clock) as progress:
        for step in range(1, 101):
            clock.now += 0.4
            progress.update(step, {'loss': 1.0 / step, 'mse': 2.0}, 0.031)
    lines = stream.getvalue().splitlines()
    told = [line.split()[1] for line in lines]
    assert told == ['1/100', '26/100', '51/100', '76/100', '100/100']
    assert 'loss 0.03846' in lines[1] and 'mse 2' in lines[1]
    assert '2.5 steps/s' in lines[1] and 'waiting 3.1 %' in lines[1] and '30 s left' in lines[1]
    assert '0 s left' in lines[-1]


@pytest.mark.parametrize(
    ('steps', 'text'), [(45, '45 s'), (150, '2 min 30 s'), (7260, '2 h 01 min')]
)
def test_the_time_left_is_told_as_people_tell_it(clock, steps, text):
    stream = io.StringIO()
    progress = Progress(steps + 1, stream=stream, clock=clock)
    clock.now += 1.0
    progress.update(1, {})
    assert f'{text} left' in stream.getvalue()


def test_a_terminal_gets_a_bar_with_the_same_words(clock, monkeypatch):
    pytest.importorskip('rich')
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setenv('COLUMNS', '120')
    stream = Terminal()
    with Progress(40, stream=stream, clock=clock) as progress:
        clock.now += 10.0
        progress.update(10, {'loss': 0.5}, 0.02)
        progress.say('wrote [best]')
    shown = stream.getvalue()
    for words in ('10/40', 'loss 0.5', '1 steps/s', 'waiting 2.0 %', '30 s left', 'wrote [best]'):
        assert words in shown
    assert '━' in shown


def test_other_words_come_as_lines_of_their_own(clock):
    stream = io.StringIO()
    with Progress(40, stream=stream, clock=clock) as progress:
        progress.say('wrote best/')
    assert stream.getvalue() == 'wrote best/\n'
