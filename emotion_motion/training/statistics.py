# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a model has to know of its data: mean, spread, displacement, range, principal axes.

Measured on the training clips of each data set, on an even sample of them where there are many,
and on what was measured of a body alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from emotion_motion.checkpoint import Normaliser
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.data.shards import Frames
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.windows.targets import pose_basis

__all__ = ['Statistics', 'even_sample', 'measure']

_MOST_FRAMES = 200_000  # of a data set; the standard deviations are then known to a thousandth
_MOST_POSES = 20_000  # for the principal axes
_SLICE = 600  # frames that are read of a clip at most, once it must be a sample


class Statistics(NamedTuple):
    """What `measure` found."""

    normaliser: Normaliser
    pose_basis: np.ndarray  # [Z, O] float32


def measure(datasets: Sequence[MotionDataset], config: TrainConfig) -> Statistics:
    """Measure the training clips; data sets weigh by their shares, or by their length.

    Coordinates that hardly move (a planted foot) get a floor, or their noise would fill the model.

    Raises:
        TrainingError: nothing moves.
    """
    frames = [float(data.lengths[data.splits == 'train'].sum()) for data in datasets]
    shares = np.array(config.data.shares or frames, dtype=np.float64) * (np.array(frames) > 0)
    sets = [
        (share, _Moments(data, config.data.measured))
        for share, data in zip(shares / shares.sum(), datasets, strict=True)
        if share > 0.0
    ]
    mean, spread = _pooled(sets, 'poses')
    _, unit = _pooled(sets, 'moved')
    if not unit.any():
        raise TrainingError(
            f'got {sum(len(data) for data in datasets)} clips that do not move; expected motion'
        )
    if config.loss.unit == 'shared':
        unit = np.full_like(unit, np.sqrt(np.mean(unit**2)))
    low = np.min([moments.low for _, moments in sets], axis=0)
    high = np.max([moments.high for _, moments in sets], axis=0)
    margin = 0.01 * (high - low) + 0.001  # wider ones let live loops out of what bodies do
    parts = {
        'mean': mean,
        'pose_std': np.maximum(spread, 0.1 * np.sqrt(np.mean(spread**2))),
        'unit': np.maximum(unit, 0.1 * np.sqrt(np.mean(unit**2))),
        'low': low - margin - mean,
        'high': high + margin - mean,
    }
    normaliser = Normaliser(**{key: value.astype(np.float32) for key, value in parts.items()})
    poses = np.concatenate([moments.sample(share) for share, moments in sets])
    basis = pose_basis(poses - normaliser.mean, normaliser.pose_std, config.model.pose_axes)
    return Statistics(normaliser, basis.astype(np.float32))


class _Moments:
    """Sums over the training frames of a data set, those measured."""

    def __init__(self, dataset: MotionDataset, measured: float) -> None:
        self._skeleton = dataset.skeleton
        outputs = dataset.skeleton.rest.size
        self.poses, self.moved = np.zeros((3, outputs)), np.zeros((3, outputs))
        self._filled = {'poses': np.zeros((3, outputs)), 'moved': np.zeros((3, outputs))}
        self.low, self.high = np.full(outputs, np.inf), np.full(outputs, -np.inf)
        self._sample: list[np.ndarray] = []
        for points, confidence, _ in even_sample(dataset):
            flat = points.reshape(len(points), -1).astype(np.float64)
            known = np.repeat(confidence >= measured, dataset.dims, axis=1)
            self._add('poses', flat, known)
            self._add('moved', np.diff(flat, axis=0), known[1:] & known[:-1])
            self.low = np.minimum(self.low, flat.min(axis=0))
            self.high = np.maximum(self.high, flat.max(axis=0))
            self._sample.append(points[::10])

    def _add(self, name: str, values: np.ndarray, known: np.ndarray) -> None:
        for sums, weight in ((getattr(self, name), known), (self._filled[name], 1.0 + 0 * known)):
            sums += [weight.sum(0), (values * weight).sum(0), (values**2 * weight).sum(0)]

    def means(self, name: str) -> np.ndarray:
        """Return mean and mean square [2, O]; of built values where none was ever measured."""
        sums = getattr(self, name)
        sums = np.where(sums[0] > 0, sums, self._filled[name])
        return sums[1:] / np.maximum(sums[0], 1.0)

    def sample(self, share: float) -> np.ndarray:
        """Return up to a share of 20,000 poses [N, O], and as many mirrored."""
        points = np.concatenate(self._sample)
        points = points[:: max(1, int(len(points) / max(1.0, share * _MOST_POSES)))]
        both = np.concatenate((points, self._skeleton.mirrored(points)))
        return both.reshape(len(both), -1).astype(np.float64)


def _pooled(sets: Sequence[tuple[float, _Moments]], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation [O] over data sets that weigh by their shares."""
    mean, square = np.sum([share * moments.means(name) for share, moments in sets], axis=0)
    return mean, np.sqrt(np.maximum(square - mean**2, 0.0))


def even_sample(dataset: MotionDataset) -> Iterator[Frames]:
    """Read the training clips, or an even sample of them."""
    clips = np.flatnonzero(dataset.splits == 'train')
    total = int(dataset.lengths[clips].sum())
    if total <= _MOST_FRAMES:
        for clip in clips:
            yield dataset.frames(int(clip))
        return
    lengths = dataset.lengths[clips]
    ends, size = np.cumsum(lengths), int(min(_SLICE, lengths.mean()))
    for place in np.linspace(0, total - 1, _MOST_FRAMES // size, dtype=np.int64):
        number = int(np.searchsorted(ends, place, side='right'))
        start = int(place - (ends[number] - lengths[number]))
        start = max(0, min(start, int(lengths[number]) - size))
        yield dataset.frames(int(clips[number]), start, start + size)
