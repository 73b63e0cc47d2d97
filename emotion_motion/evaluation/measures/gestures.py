# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Distinct gestures: which of the typical windows of an emotion a motion visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.repetition import moving_windows
from emotion_motion.evaluation.streams import Streams

__all__ = ['Gestures']

_KINDS = 64  # more than a minute visits (some 40), so that there is room above the reference
_PASSES = 15
_EVERY_S = 1.0 / 3.0


@dataclass(frozen=True, eq=False)
class Gestures:
    """Kinds of gestures of each emotion: the middles of 64 clusters of moving one-second windows.

    The study counted the distinct nearest clips a minute. The corpus has no clips of one gesture
    each, so that clusters of its windows take their place. In ten people's corpus motion a minute
    visits some 40 of them, the same for people the clusters were made of and for others; a loop of
    10 s visits 12.

    Attributes:
        middles: by the emotion's index, [n, D] the middles of its clusters.
        rate_hz: frames a second of the motion that they were made of.
    """

    middles: Mapping[int, np.ndarray]
    rate_hz: float

    @classmethod
    def measure(cls, reference: Streams, seed: int = 0) -> Gestures:
        """Cluster the moving windows of each emotion of reference motion (k-means, Lloyd 1982).

        Args:
            reference: streams at one emotion each; those of an emotion without movement are out.
            seed: of the windows that the clusters begin with.
        """
        middles = {}
        for emotion in range(len(EMOTIONS)):
            parts = [
                _rows(points, reference.rate_hz) for points in reference.of(emotion).keypoints
            ]
            rows = np.concatenate(parts) if parts else np.empty((0, 0))
            if len(rows):
                middles[emotion] = _clustered(rows, np.random.default_rng((seed, emotion)))
        return cls(middles, reference.rate_hz)

    def visited(self, keypoints: np.ndarray, emotion: int) -> int | None:
        """Return how many kinds the moving windows of motion [T, K, 3] are nearest to.

        None where no gestures of this emotion are known.
        """
        if emotion not in self.middles:
            return None
        rows = _rows(keypoints, self.rate_hz)
        return len(np.unique(_nearest(rows, self.middles[emotion]))) if len(rows) else 0


def _rows(keypoints: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return moving windows [N, D], three a second."""
    windows, _ = moving_windows(keypoints, rate_hz, _EVERY_S)
    return windows.reshape(len(windows), int(np.prod(windows.shape[1:])))


def _clustered(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the middles [n, D] of clusters of rows [N, D], n at most a quarter of N."""
    count = min(_KINDS, max(1, len(rows) // 4))
    middles = rows[np.sort(rng.choice(len(rows), count, replace=False))]
    for _ in range(_PASSES):
        nearest = _nearest(rows, middles)
        sums, sizes = np.zeros_like(middles), np.bincount(nearest, minlength=count)
        np.add.at(sums, nearest, rows)
        there = sizes > 0  # an empty cluster stays where it was
        middles[there] = sums[there] / sizes[there, None]
    return middles


def _nearest(rows: np.ndarray, middles: np.ndarray) -> np.ndarray:
    """Return the index [N] of the middle nearest to each row."""
    # The row's own square is the same for all middles.
    return (np.square(middles).sum(axis=1) - 2.0 * (rows @ middles.T)).argmin(axis=1)
