# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Stretches of motion: where a chain of clips can go on, how two become one, what varies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emotion_motion.training.data.store import MotionDataset

__all__ = ['ClipDraw', 'Entries', 'Stretch', 'cross_faded', 'draw_times', 'time_warp']

# A difference in speed counts as the pose that it leads to over this many frames.
_AHEAD_FRAMES = 5.0
_MOST_ENTRIES = 8192


@dataclass
class Stretch:
    """Frames of one or, later, several clips."""

    points: np.ndarray  # [n, K, D]
    confidence: np.ndarray  # [n, K]
    emotions: np.ndarray  # [n, 7]

    def __len__(self) -> int:
        return len(self.points)


class ClipDraw:
    """Draws clips of a data set by emotion and length."""

    def __init__(self, dataset: MotionDataset, clips: np.ndarray) -> None:
        """Weigh `clips`, numbers of clips of `dataset`, each by its frames of an emotion."""
        self._clips = clips
        weights = dataset.emotions[clips].astype(np.float64) * dataset.lengths[clips, None]
        self._ends = np.cumsum(weights.T, axis=1)  # [7, N]
        self.present = np.flatnonzero(self._ends[:, -1] > 0.0)
        self._by_length = self._ends[:, -1] / self._ends[:, -1].sum()

    def emotion(self, random: np.random.Generator, *, balance: bool) -> int:
        """Draw an emotion: each that is present alike, or by its frames."""
        if balance:
            return int(random.choice(self.present))
        return int(random.choice(len(self._by_length), p=self._by_length))

    def clip(self, emotion: int, random: np.random.Generator) -> int:
        """Draw a clip by its frames of an emotion."""
        ends = self._ends[emotion]
        place = int(np.searchsorted(ends, random.random() * ends[-1], side='right'))
        return int(self._clips[min(place, len(ends) - 1)])


class Entries:
    """Frames that a chain may enter at, drawn once: their poses are compared, not their files."""

    def __init__(
        self, dataset: MotionDataset, draw: ClipDraw, ahead: int, seed: int, count: int
    ) -> None:
        """Draw `count` entries, 8192 at most, that `ahead` frames follow, itself included."""
        random = np.random.default_rng((seed, 7))
        count = min(count, _MOST_ENTRIES)
        self.clips = np.empty(count, dtype=np.int64)
        self.starts = np.empty(count, dtype=np.int64)
        keypoints, dims = dataset.skeleton.rest.shape
        self._poses = np.empty((count, keypoints, 2 * dims), dtype=np.float32)
        self._measured = np.empty((count, keypoints), dtype=np.float32)
        shown = np.empty(count, dtype=np.int64)
        for n in range(count):
            clip = draw.clip(int(draw.present[n % len(draw.present)]), random)
            start = int(random.integers(dataset.lengths[clip] - ahead + 1))
            points, confidence, emotions = dataset.frames(clip, start, start + 2)
            self.clips[n], self.starts[n] = clip, start
            self._poses[n] = _pose_and_speed(points)
            self._measured[n] = confidence[0]
            shown[n] = emotions[0].argmax()
        self._of = {e: np.flatnonzero(shown == e) for e in range(dataset.emotions.shape[1])}
        self.emotions = np.array([e for e, rows in self._of.items() if len(rows)])

    def nearest(
        self,
        points: np.ndarray,
        confidence: np.ndarray,
        emotion: int,
        candidates: int,
        random: np.random.Generator,
    ) -> tuple[int, int]:
        """Return the clip and the frame, of some candidates that show an emotion, that go on best.

        That is from two frames [2, K, D], with the confidence of the first [K].
        """
        rows = self._of[emotion]
        rows = rows[random.integers(len(rows), size=candidates)]
        off = np.square(self._poses[rows] - _pose_and_speed(points)).sum(axis=-1)  # [n, K]
        weight = self._measured[rows] * confidence + 1e-6
        best = int(rows[((off * weight).sum(axis=1) / weight.sum(axis=1)).argmin()])
        return int(self.clips[best]), int(self.starts[best])


def _pose_and_speed(points: np.ndarray) -> np.ndarray:
    """Join the first of two frames and the displacement to the second, [K, 2 D]."""
    return np.concatenate((points[0], _AHEAD_FRAMES * (points[1] - points[0])), axis=-1)


def cross_faded(before: Stretch, after: Stretch, frames: int) -> Stretch:
    """Join two stretches whose last and first `frames` frames are shown at the same time.

    While they blend, a keypoint that either has not measured counts as not measured.
    """
    weight = np.arange(1, frames + 1, dtype=np.float32) / (frames + 1)
    weight = weight * weight * (3.0 - 2.0 * weight)  # as slow at both ends as the motion goes on

    def joined(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        share = weight.reshape(-1, *[1] * (one.ndim - 1))
        blend = (1.0 - share) * one[-frames:] + share * two[:frames]
        return np.concatenate((one[:-frames], blend, two[frames:]))

    confidence = np.minimum(before.confidence[-frames:], after.confidence[:frames])
    return Stretch(
        joined(before.points, after.points),
        np.concatenate((before.confidence[:-frames], confidence, after.confidence[frames:])),
        joined(before.emotions, after.emotions),
    )


def draw_times(length: int, tempo: tuple[float, float], random: np.random.Generator) -> np.ndarray:
    """Draw a tempo, and return the times [L] at which to read a window, in frames from 0 on.

    The tempo is drawn evenly in its logarithm between the slowest and the fastest, 1 for as it
    was. A source of `ceil(times[-1]) + 1` frames holds the times.
    """
    slowest, fastest = tempo
    step = np.exp(random.uniform(np.log(slowest), np.log(fastest)))
    random.random(2)  # of a wobble that is gone; a seed goes on to give the same windows
    return np.concatenate(([0.0], np.cumsum(np.full(length - 1, step))))


def time_warp(stretch: Stretch, times: np.ndarray) -> Stretch:
    """Read a stretch at other times [L], in frames within 0 to T - 1.

    Keypoints along cubic curves through the frames (Catmull and Rom), which bends bones by less
    than a thousandth at usual tempos: project where that matters. Emotions along lines; of
    confidence the lower one beside.
    """
    low, high = np.floor(times + 1e-9).astype(int), np.ceil(times - 1e-9).astype(int)
    share = np.clip(times - low, 0.0, 1.0)
    points = stretch.points.astype(np.float64)
    slopes = np.gradient(points, axis=0)
    along = share[:, None, None]
    square, cube = along**2, along**3
    curve = (
        (2 * cube - 3 * square + 1) * points[low]
        + (cube - 2 * square + along) * slopes[low]
        + (3 * square - 2 * cube) * points[high]
        + (cube - square) * slopes[high]
    )
    emotions, linear = stretch.emotions, share[:, None].astype(stretch.emotions.dtype)
    return Stretch(
        curve.astype(stretch.points.dtype),
        np.minimum(stretch.confidence[low], stretch.confidence[high]),
        (1 - linear) * emotions[low] + linear * emotions[high],
    )
