# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The anchors of the mixture: centres of clusters of all training poses, with no label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from emotion_motion.model.network import MotionModel
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.statistics import even_sample

__all__ = ['Anchors', 'anchors_of', 'clusters']

_RADIUS = 0.9  # of the poses that are no part of the clustering, how many are within the radius
_SAMPLE = 60_000  # poses to cluster, and as many to measure with
_EVERY = 5  # frames; poses nearer in time are nearly the same
_STRETCH = 90  # frames of a clip that take turns: to cluster, to measure with
_LEAST_RADIUS = 0.015  # body heights: where little motion is known, targets still may move
_LEAST_UNIT = 1e-3
_ROUNDS = 15
_STILL = 0.25  # weight of a pose that stands, where one of mean speed has 1.25


class Anchors(NamedTuple):
    """Buffers of MixtureDensityNetwork."""

    anchors: Tensor  # [G, Z]
    radius: Tensor  # []
    horizon_unit: Tensor  # [Z]


def anchors_of(
    datasets: Sequence[MotionDataset],
    model: MotionModel,
    mean: np.ndarray,
    metric: Tensor,
    *,
    shares: Sequence[float] = (),
    seed: int = 0,
) -> Anchors:
    """Cluster the poses of the training clips, half of them mirrored.

    There are more anchors where motion is fast: gestures have to be distinguished.

    Args:
        datasets: of the model's skeleton.
        model: gives the number of anchors, the principal axes and the horizon.
        mean: [O], of the normaliser.
        metric: [Z, Z], of `target.pose_metric`.
        shares: of the data sets, where they have more poses than are sampled; none: by the
            frames that they have.
        seed: of the choice.
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
    first, others = place[turn == 0], place[turn == 1]
    weight = _STILL + speed[turn == 0] / speed.mean().clamp_min(1e-9)
    generator = torch.Generator().manual_seed(seed)
    centres = clusters(first @ metric, weight, model.config.anchors, generator)
    far = _nearest((others if len(others) else first) @ metric, centres)[0]
    radius = far.quantile(_RADIUS).clamp_min(_LEAST_RADIUS) if len(far) else far.new_ones(())
    anchors = torch.linalg.solve(metric.T, centres.T).T
    return Anchors(anchors.contiguous(), radius, unit)


def clusters(places: Tensor, weight: Tensor, count: int, random: torch.Generator) -> Tensor:
    """Return `count` centres [count, Z] of weighted k-means of places [N, Z] (Lloyd 1982)."""
    begin = torch.multinomial(weight, count, replacement=len(places) < count, generator=random)
    centres = places[begin]
    for _ in range(_ROUNDS):
        nearest = _nearest(places, centres)[1]
        total = weight.new_zeros(count).index_add_(0, nearest, weight)
        sums = torch.zeros_like(centres).index_add_(0, nearest, places * weight[:, None])
        filled = total > 0.0
        centres = torch.where(filled[:, None], sums / total.clamp_min(1e-9)[:, None], centres)
    return centres


def _nearest(places: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
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
        clips.append(
            (
                axes[chosen],
                moved[chosen].astype(np.float32),
                (chosen // _STRETCH) % 2,
                (axes[horizon:] - axes[:-horizon])[::_EVERY],
            )
        )
    place, speed, turn, way = (np.concatenate(x) for x in zip(*clips, strict=True))
    return place, speed, turn, way if len(way) else np.zeros((1, place.shape[1]), np.float32)
