# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Intensities below 1 and mixtures of emotions give what lies between, in the packaged model.

One run of all of them side by side, a few streams each; what is recognised is the model's own
reading. Means of so few streams and seconds are off by what NOISE says: what should rise may fall
by as much from one step to the next. `pytest -s test/live/test_between.py` prints what is
measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from training_support import liveliness

from emotion_motion.emotion import emotion_weights, EMOTIONS, recognised_distribution
from emotion_motion.generator import MotionGenerator

STREAMS, FRAMES, RUN_IN = 4, 330, 90
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
MOODS = tuple(name for name in EMOTIONS if name != 'neutral')


class Noise(NamedTuple):
    """How far the means of a few streams are off."""

    recognised: float = 0.1  # of 1
    speed: float = 0.04  # m/s


pytestmark = pytest.mark.soak


NOISE = Noise()


class Measured(NamedTuple):
    """Means over the streams of one request."""

    recognised: np.ndarray  # [7]
    speed_m_s: float


@pytest.fixture(scope='module')
def measured(packaged_model: Path) -> dict[str, Measured]:
    """Return what is measured of every request, by its text."""
    shares = [f'{share:g}' for share in SHARES]
    asked = ['neutral:1', *(f'{mood}:{share}' for mood in MOODS for share in shares[1:])]
    asked += [f'happiness:{1 - share:g}, surprise:{share:g}' for share in SHARES[1:-1]]
    rows = [_weights(text) for text in asked]
    generator = MotionGenerator.from_pretrained(
        packaged_model, batch_size=len(rows) * STREAMS, seed=11
    )
    generator.set_emotion(np.repeat(rows, STREAMS, axis=0))
    frames = [generator.step() for _ in range(FRAMES)][RUN_IN:]
    keypoints, logits = (np.stack(part, axis=1) for part in zip(*frames, strict=True))
    recognised = recognised_distribution(logits).mean(axis=1).reshape(-1, STREAMS, 7).mean(axis=1)
    speed = np.reshape(
        [liveliness(motion, generator.rate).speed_m_s for motion in keypoints], (-1, STREAMS)
    ).mean(axis=1)
    return {
        text: Measured(*values) for text, *values in zip(asked, recognised, speed, strict=True)
    }


def _weights(text: str) -> np.ndarray:
    """Return weights of 'joy:0.5' at intensity 0.5, and of mixtures as they are."""
    name, _, share = text.partition(':')
    return emotion_weights(text) if ',' in share else emotion_weights(name, float(share))


def assert_monotone(values: list[float], noise: float) -> None:
    """Assert that values go from the first to the last without a turn beyond the noise."""
    steps = np.diff(values) * (1.0 if values[-1] >= values[0] else -1.0)
    assert steps.min() > -noise, np.round(values, 3).tolist()


def assert_one_gives_way_to_the_other(runs, first: str, second: str) -> list[list[float]]:
    """Check runs from one emotion to another; returns how much of each is recognised."""
    less, more = (
        [float(one.recognised[EMOTIONS.index(name)]) for one in runs] for name in (first, second)
    )
    speed = [one.speed_m_s for one in runs]
    print(
        f'\n{first} to {second} at {SHARES}: recognised {np.round(less, 2)}, '
        f'{np.round(more, 2)}, {np.round(speed, 3)} m/s'
    )
    assert more[-1] > more[0] + 0.4 and less[0] > less[-1] + 0.4
    for values in (less, more):
        assert_monotone(values, NOISE.recognised)
    assert_monotone(speed, NOISE.speed)
    return [less, more]


@pytest.mark.parametrize('mood', MOODS)
def test_a_stronger_emotion_is_recognised_more(measured, mood):
    runs = [measured['neutral:1'], *(measured[f'{mood}:{share:g}'] for share in SHARES[1:])]
    assert_one_gives_way_to_the_other(runs, 'neutral', mood)


def test_a_mixture_of_happiness_and_surprise_is_between_them(measured):
    mixtures = (f'happiness:{1 - share:g}, surprise:{share:g}' for share in SHARES[1:-1])
    runs = [
        measured['happiness:1'],
        *(measured[text] for text in mixtures),
        measured['surprise:1'],
    ]
    happy, surprised = assert_one_gives_way_to_the_other(runs, 'happiness', 'surprise')
    both = [one + other for one, other in zip(happy, surprised, strict=True)]
    assert min(both) > 0.5, 'between them is nothing else'
