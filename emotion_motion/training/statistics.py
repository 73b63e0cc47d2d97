# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a model has to know of its data: mean, spread, displacement, range, axes, anchors.

Measured on the training clips of each data set, on an even sample of them where there are many,
and on what was measured of a body alone. The anchors of the mixture are the centres of clusters of
all training poses, with no label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from emotion_motion.checkpoint import Normaliser
from emotion_motion.exceptions import TrainingError
from emotion_motion.live.target import pose_metric
from emotion_motion.model.network import MotionModel
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.data.shards import Frames
from emotion_motion.training.data.store import MotionDataset

__all__ = ['Anchors', 'anchors_of', 'clusters', 'even_sample', 'measure', 'nearest', 'pose_basis']

_MOST_FRAMES = 200_000  # of a data set; the standard deviations are then known to a thousandth
_MOST_POSES = 20_000  # for the principal axes
_SLICE = 600  # frames that are read of a clip at most, once it must be a sample
_RADIUS = 0.9  # of the poses that are no part of the clustering, how many are within the radius
_SAMPLE = 60_000  # poses to cluster, and as many to measure with
_EVERY = 5  # frames; poses nearer in time are nearly the same
_STRETCH = 90  # frames of a clip that take turns: to cluster, to measure with
_LEAST_RADIUS = 0.015  # body heights: where little motion is known, targets still may move
_LEAST_UNIT = 1e-3
_LEAST_VARIANCE = 1e-8  # body heights squared; for motion that varies along fewer than Z axes
_ROUNDS = 15
_STILL = 0.25  # weight of a pose that stands, where one of mean speed has 1.25


def measure(
    datasets: Sequence[MotionDataset], config: TrainConfig
) -> tuple[Normaliser, np.ndarray]:
    """Return the normaliser and the principal axes [Z, O] float32 of the training clips.

    Data sets weigh by their shares, or by their length. Coordinates that hardly move (a planted
    foot) get a floor, or their noise would fill the model.

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
    return normaliser, basis.astype(np.float32)


def pose_basis(frames: np.ndarray, pose_std: np.ndarray, size: int) -> np.ndarray:
    """Return the principal axes of poses [N, O], scaled to a standard deviation of 1.

    They are the axes of positions in space, not of positions in units of pose_std. In those units
    planted feet, which hardly move, count as much as arms, and the same number of axes describes
    a pose half as well: 12 of them miss 5.0 cm of a corpus pose, where 12 of these miss 2.6 cm.

    There are `size` of them, the largest first; they apply to frames / pose_std [O].
    """
    variance, directions = np.linalg.eigh(np.cov(frames, rowvar=False))
    largest = np.argsort(variance)[::-1][:size]
    scale = np.sqrt(np.maximum(variance[largest], _LEAST_VARIANCE))
    return (directions[:, largest] / scale).T * pose_std


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


class Anchors(NamedTuple):
    """Buffers of MixtureDensityNetwork."""

    anchors: Tensor  # [G, Z]
    radius: Tensor  # []
    horizon_unit: Tensor  # [Z]


def anchors_of(
    datasets: Sequence[MotionDataset],
    model: MotionModel,
    mean: np.ndarray,
    *,
    shares: Sequence[float] = (),
    seed: int = 0,
) -> Anchors:
    """Cluster the poses of the training clips, half of them mirrored.

    There are more anchors where motion is fast: gestures have to be distinguished.

    `mean` [O] is the normaliser's; `shares` are those of the data sets where they have more poses
    than are sampled, none: by the frames that they have.
    """
    random = np.random.default_rng(seed)
    parts = [_poses(data, model, mean, random) for data in datasets]
    wanted = shares or [float(len(part[0])) for part in parts]
    samples = []
    for share, part in zip(wanted, parts, strict=True):
        count = min(len(part[0]), round(2 * _SAMPLE * share / sum(wanted)))
        chosen = random.permutation(len(part[0]))[:count]
        samples.append([values[chosen] for values in part[:3]])
    place, speed, turn = (torch.from_numpy(np.concatenate(x)) for x in zip(*samples, strict=True))
    moved = torch.from_numpy(np.concatenate([part[3] for part in parts]))
    unit = moved.square().mean(0).sqrt().clamp_min(_LEAST_UNIT)
    first, others, metric = place[turn == 0], place[turn == 1], pose_metric(model)
    weight = _STILL + speed[turn == 0] / speed.mean().clamp_min(1e-9)
    generator = torch.Generator().manual_seed(seed)
    centres = clusters(first @ metric, weight, model.config.anchors, generator)
    far = nearest((others if len(others) else first) @ metric, centres)[0]
    radius = far.quantile(_RADIUS).clamp_min(_LEAST_RADIUS) if len(far) else far.new_ones(())
    anchors = torch.linalg.solve(metric.T, centres.T).T
    return Anchors(anchors.contiguous(), radius, unit)


def clusters(places: Tensor, weight: Tensor, count: int, random: torch.Generator) -> Tensor:
    """Return `count` centres [count, Z] of weighted k-means of places [N, Z] (Lloyd 1982)."""
    begin = torch.multinomial(weight, count, replacement=len(places) < count, generator=random)
    centres = places[begin]
    for _ in range(_ROUNDS):
        belongs = nearest(places, centres)[1]
        total = weight.new_zeros(count).index_add_(0, belongs, weight)
        sums = torch.zeros_like(centres).index_add_(0, belongs, places * weight[:, None])
        filled = total > 0.0
        centres = torch.where(filled[:, None], sums / total.clamp_min(1e-9)[:, None], centres)
    return centres


def nearest(places: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Return distance and index [N] of the centre nearest to each place."""
    parts = [torch.cdist(part, centres).min(dim=1) for part in places.split(8192)]
    return torch.cat([part.values for part in parts]), torch.cat([part.indices for part in parts])


def _poses(
    data: MotionDataset, model: MotionModel, mean: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return poses [N, Z] in principal axes, their speeds, their turns [N], and displacements.

    Poses of turn 0 are clustered, those of turn 1 measured with. The displacements [M, Z] are
    those of a body in `horizon` frames.
    """
    clips = []
    horizon = model.config.horizon
    for keypoints, _, _ in even_sample(data):
        if random.random() < 0.5:
            keypoints = data.skeleton.mirrored(keypoints)
        flat = torch.from_numpy(keypoints.reshape(len(keypoints), -1) - mean).float()
        axes = model.in_axes(flat.to(model.pose_std.device)).cpu().numpy()
        moved = np.linalg.norm(np.gradient(keypoints, axis=0), axis=-1).mean(-1)
        chosen = np.arange(0, len(axes), _EVERY)
        turn, way = (chosen // _STRETCH) % 2, (axes[horizon:] - axes[:-horizon])[::_EVERY]
        clips.append((axes[chosen], moved[chosen].astype(np.float32), turn, way))
    place, speed, turn, way = (np.concatenate(x) for x in zip(*clips, strict=True))
    return place, speed, turn, way if len(way) else np.zeros((1, place.shape[1]), np.float32)
