# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Does it recombine or replay? How near a window is to the nearest one of the training motion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from emotion_motion.evaluation.measures.neighbours import Neighbours
from emotion_motion.evaluation.measures.repetition import moving_windows
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError

__all__ = ['Novelty', 'Replayed']

_COMPONENTS = 48


@dataclass(frozen=True, eq=False)
class Replayed:
    """How near B streams come to known motion; each value [B], NaN where nothing moves.

    Attributes:
        median_m: median over a stream's windows of the distance to the nearest known window [m].
        low_m: 5th percentile of the same: how near the nearest ones are.
    """

    median_m: np.ndarray
    low_m: np.ndarray


class Novelty:
    """Known motion, cut into windows of a second, that other motion is compared with.

    Windows that stand still are left out on both sides: standing is near to standing. The distance
    of two windows is the root mean square over frames and keypoints of the distance of a keypoint;
    the mean of the mid-hip's x and y over each window is taken out.

    For what a model made, the known motion is that of its training. How near unseen reference
    motion comes to the same known motion is the reference's own distance: people who never met.
    """

    def __init__(self, known: Iterable[Streams], *, every_s: float = 0.1) -> None:
        """Cut known motion into windows.

        Args:
            known: training motion, of one rate; an hour of it takes some 150 MB.
            every_s: how far one window begins after the other; a replay is off by at most half of
                it.

        Raises:
            TrainingError: no window that moves.
        """
        parts = [
            moving_windows(points, part.rate_hz, every_s)[0]
            for part in known
            for points in part.keypoints
        ]
        parts = [part for part in parts if len(part)]
        if not parts:
            raise TrainingError(
                'got no known motion that moves for a second; give longer clips of training motion'
            )
        self._known = Neighbours(np.concatenate(parts), components=_COMPONENTS)

    def __len__(self) -> int:
        """Return how many windows are known."""
        return len(self._known)

    def measure(self, streams: Streams, *, every_s: float = 1.0) -> Replayed:
        """Return how near streams come to the known motion, taking a window every so often."""
        median, low = np.full((2, len(streams)), np.nan)
        for number, points in enumerate(streams.keypoints):
            windows = moving_windows(points, streams.rate_hz, every_s)[0]
            if len(windows):
                away = self._known.distances(windows)
                median[number], low[number] = np.median(away), np.percentile(away, 5.0)
        return Replayed(median, low)
