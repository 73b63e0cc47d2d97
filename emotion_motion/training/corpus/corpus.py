# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The expressive corpus: standing people who gesture, pause and sway at seven emotions.

Without carriers no recorded motion is in it. Everything is drawn from one seed: the bodies, the
emotions and their times, the gestures, every variation; so the same call gives the same corpus,
and a longer one starts with the shorter.
"""

from __future__ import annotations

from dataclasses import replace
import functools
from typing import Any, TYPE_CHECKING

import numpy as np

from emotion_motion.emotion import emotion_weights, EMOTIONS, NEUTRAL_INDEX
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.training.corpus.body import Body
from emotion_motion.training.corpus.people import Proportions
from emotion_motion.training.corpus.performance import Actor, Performance, Segment
from emotion_motion.training.corpus.phrase import Family

if TYPE_CHECKING:
    from emotion_motion.training.corpus.carriers import Carriers

__all__ = ['make_corpus', 'make_clip', 'corpus_proportions', 'LICENCE']

LICENCE = 'Apache-2.0'
_CLIPS_OF_ACTOR = 4  # somebody is seen for four to five minutes
# Share of clips that switch the emotion every few seconds. Where the past tells the emotion, a
# model has no use for its input, and ignores what it is asked for.
_RESTLESS = 0.5


def make_corpus(
    minutes: float, seed: int, rate_hz: float = 30.0, *, carriers: Carriers | None = None
) -> list[Clip]:
    """Make clips of 40 to 90 s until they last `minutes` together.

    Half of the clips switch the emotion every few seconds, a fifth one to four times, about 20
    % carry mixtures or weaker intensities as soft labels, about 35 % start in the rest pose.
    The seven emotions get equal shares. Every four clips another person moves (`Clip.actor`).

    Args:
        minutes: how long all clips are together.
        seed: of every draw.
        rate_hz: frames per second.
        carriers: real idle movement and animators' poses to use besides.

    Returns:
        Clips in metres, not prepared, bit for bit the same for the same arguments.

    Raises:
        TrainingError: minutes or rate are not above 0.
    """
    if not (0.0 < minutes < float('inf') and 0.0 < rate_hz < float('inf')):
        raise TrainingError(
            f'got {minutes} minutes at {rate_hz} Hz; expected both above 0 and finite'
        )
    deck = _Deck(np.random.default_rng((seed, 0)))
    clips: list[Clip] = []
    left_s = minutes * 60.0
    while left_s > 0.5 / rate_hz:
        number = len(clips)
        if number % _CLIPS_OF_ACTOR == 0:
            person = corpus_proportions(seed, number // _CLIPS_OF_ACTOR)
            actor = Actor(Body(person.skeleton()), carriers)
        rng = np.random.default_rng((seed, 1, number))
        seconds = rng.uniform(40.0, 90.0)
        segments = _draw_segments(rng, deck, seconds)
        performance = Performance(segments, rng, actor, from_rest=rng.random() < 0.35)
        clip = replace(
            _clip(performance, min(seconds, left_s), rate_hz, person.height_m),
            source=f'corpus:{seed}:{number}',
            actor=f'corpus-{seed}-{number // _CLIPS_OF_ACTOR:04d}',
        )
        clips.append(clip)
        left_s -= clip.duration_s
    return clips


def make_clip(
    emotion: Any,
    seconds: float,
    seed: int,
    *,
    rate_hz: float = 30.0,
    from_rest: bool = False,
    family: Family | None = None,
    height_m: float = 1.0,
    actor: int | None = None,
    carriers: Carriers | None = None,
) -> Clip:
    """Make one clip at one emotion, for pictures, judges and tests.

    By default the mean body of height 1 moves, whose keypoints are those of `load_skeleton()`:
    what a model of that skeleton knows. Give an `actor` for a person of another build.

    Args:
        emotion: anything that `emotion_weights` reads.
        seconds: how long.
        seed: of every draw.
        rate_hz: frames per second.
        from_rest: start in the rest pose.
        family: play only this gesture, over and over.
        height_m: of the mean body; an actor has a height of its own.
        actor: number of a person, with the build of actor `actor` of the corpus of seed 0.
        carriers: real idle movement and animators' poses to use besides.
    """
    weights = emotion_weights(emotion).astype(np.float64)
    rng = np.random.default_rng((seed, 2))
    segments = _in_modes([Segment(weights / weights.sum(), 0.0, seconds)], rng)
    person = Proportions(height_m) if actor is None else corpus_proportions(0, actor)
    if actor is None and carriers is None:
        performer = _mean_actor()
    else:
        performer = Actor(Body(None if actor is None else person.skeleton()), carriers)
    performance = Performance(segments, rng, performer, from_rest=from_rest, family=family)
    return replace(
        _clip(performance, seconds, rate_hz, person.height_m),
        source=f'corpus-clip:{seed}',
        actor='corpus-mean' if actor is None else f'corpus-0-{actor:04d}',
    )


def corpus_proportions(seed: int, number: int) -> Proportions:
    """Return the build of actor `number` of the corpus of a seed."""
    return Proportions.draw(np.random.default_rng((seed, 3, number)))


@functools.cache
def _mean_actor() -> Actor:
    return Actor(Body())  # to solve its poses takes longer than a short clip


def _clip(performance: Performance, seconds: float, rate_hz: float, height_m: float) -> Clip:
    """Return the frames of a performance with what they express."""
    times = np.arange(max(1, round(seconds * rate_hz))) / rate_hz
    emotions = np.zeros((len(times), len(EMOTIONS)))
    for segment in performance.segments:
        emotions[times >= segment.start_s] = segment.weights
    carriers = performance.actor.carriers
    return Clip(
        keypoints=performance.keypoints(times, rate_hz) * height_m,
        rate_hz=rate_hz,
        emotions=emotions,
        content=', '.join(performance.names),
        licence=' AND '.join([LICENCE, *(carriers.licences if carriers else ())]),
    )


class _Deck:
    """Deals emotions so that each gets about the same time, in random order."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._seconds = np.zeros(len(EMOTIONS))

    def deal(self, seconds: float, other_than: int | None = None) -> int:
        """Return an emotion for `seconds` that had little time so far."""
        due = self._seconds + self._rng.uniform(0.0, 60.0, len(EMOTIONS))
        if other_than is not None:
            due[other_than] = np.inf
        emotion = int(np.argmin(due))
        self._seconds[emotion] += seconds
        return emotion


def _draw_segments(rng: np.random.Generator, deck: _Deck, seconds: float) -> list[Segment]:
    """Draw the emotions of a clip and when they switch."""
    kind = rng.random()
    if kind < _RESTLESS:
        switches = int(seconds / rng.uniform(2.5, 6.0))
    else:
        switches = int(rng.integers(1, 5)) if kind < _RESTLESS + 0.2 else 0
    soft = rng.random() < 0.2
    shares = rng.dirichlet(np.full(switches + 1, 4.0)) * (seconds - 1.5 * (switches + 1))
    ends = np.cumsum(shares + 1.5)  # at least 1.5 s each
    segments, emotion, start = [], None, 0.0
    for end in ends:
        emotion = deck.deal(end - start, emotion)
        weights = np.eye(len(EMOTIONS))[emotion]
        segments.append(Segment(_softened(weights, rng) if soft else weights, start, float(end)))
        start = float(end)
    return _in_modes(segments, rng)


def _in_modes(segments: list[Segment], rng: np.random.Generator) -> list[Segment]:
    """Give each segment of fear a mode, and long ones several in turn."""
    result = []
    for segment in segments:
        start, mode = segment.start_s, int(rng.integers(2))
        while segment.weights[EMOTIONS.index('fear')] > 0.3 and segment.end_s - start > 12.0:
            end = start + rng.uniform(5.0, 11.0)
            result.append(replace(segment, start_s=start, end_s=end, mode=mode))
            start, mode = end, 1 - mode
        result.append(replace(segment, start_s=start, mode=mode))
    return result


def _softened(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mix a pure emotion with neutral (an intensity) or with another one."""
    other = NEUTRAL_INDEX if rng.random() < 0.6 else int(rng.integers(len(EMOTIONS)))
    share = rng.uniform(0.1, 0.6)
    return (1.0 - share) * weights + share * np.eye(len(EMOTIONS))[other]
