# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Thresholds: from where on motion is still, a repeat, off the body, all taken on a reference."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.on_body import Manifold
from emotion_motion.evaluation.measures.repetition import Gestures, nearest_across
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.selection.free_run import STILL_M_S

__all__ = ['Thresholds', 'halves']

_NEAR_SHARE, _KEPT_SHARE = 0.05, 0.995


@dataclass(frozen=True, eq=False)
class Thresholds:
    """What motion is held against.

    Attributes:
        still_m_s: mean keypoint speed below which a third of a second is still; that of the study
            behind the method, not measured [m/s].
        near_duplicate_m: a window of one second nearer than this to another one is its repeat: 5 %
            of the reference's moving windows are as near to a window of somebody else at the same
            emotion, see `nearest_across` [m].
        off_body_m: a pose farther than this from every known one is off the body: 99.5 % of the
            poses of one half of the reference's people are as near to one of the other half,
            see `Manifold` [m].
        gestures: kinds of gestures of each emotion.
    """

    near_duplicate_m: float
    off_body_m: float
    gestures: Gestures = field(repr=False)
    still_m_s: float = STILL_M_S

    @classmethod
    def measure(cls, reference: Streams, *, seed: int = 0) -> Thresholds:
        """Measure a reference.

        With more people in it, somebody else's window and the other half's poses come nearer, and
        the thresholds get a little smaller (near_duplicate_m 3.9 cm and off_body_m 9 cm with ten
        people for 120 s of the corpus): compare models on thresholds of one reference.

        Args:
            reference: at least two people at some emotion, one emotion a stream.
            seed: of the clusters of gestures.
        """
        known, unseen = halves(reference)
        parts = [reference.of(emotion) for emotion in range(len(EMOTIONS))]
        near = np.concatenate(
            [nearest_across(list(part.keypoints), part.rate_hz) for part in parts if len(part) > 1]
        )
        if not len(near):
            raise TrainingError('got a reference that stands still; give one that moves')
        return cls(
            near_duplicate_m=float(np.quantile(near, _NEAR_SHARE)),
            off_body_m=Manifold.of(known, unseen, _KEPT_SHARE).off_body_m,
            gestures=Gestures.measure(reference, seed),
        )

    def numbers(self) -> dict[str, float]:
        """Return the thresholds that are numbers, by name."""
        names = ('still_m_s', 'near_duplicate_m', 'off_body_m')
        return {name: float(getattr(self, name)) for name in names}


def halves(reference: Streams) -> tuple[Streams, Streams]:
    """Cut a reference into two halves of different people, each with every emotion.

    The streams of each emotion are dealt in turn. Where they are the same people in the same
    order at each emotion, as `corpus_streams` makes them, nobody is in both.
    """
    first, second = [], []
    for emotion in range(len(EMOTIONS)):
        numbers = np.flatnonzero((reference.emotions == emotion).all(axis=1))
        first += numbers[::2].tolist()
        second += numbers[1::2].tolist()
    if not second:
        raise TrainingError(
            f'got a reference of {len(reference)} streams; expected at least two people at one '
            f'emotion, with one emotion a stream'
        )
    return reference.chosen(first), reference.chosen(second)
