# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Anchors: clusters of training poses that know nothing of emotions."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from support import seeded
import torch
from torch import Tensor
from training_support import BODY, config_of, swaying

from emotion_motion.checkpoint import from_pretrained, save_pretrained
from emotion_motion.io.clip import Clip
from emotion_motion.model.network import MotionModel
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.statistics import Anchors, anchors_of, clusters, measure
from emotion_motion.training.trainer import Trainer

FRAMES = 1200


def dancing(emotion: int, seed: int, frames: int = FRAMES, size: float = 0.03) -> Clip:
    """Return a body that never comes back to a pose, for as long as it takes."""
    random, time_s = np.random.default_rng(seed), np.arange(frames)[:, None, None] / 30.0
    rates_hz = random.uniform(0.2, 0.8, (5, 1, 25, 3))
    phases = 2.0 * np.pi * random.random((5, 1, 25, 3))
    moved = size * np.sin(2.0 * np.pi * rates_hz * time_s + phases).sum(axis=0)
    return swaying(emotion, frames, keypoints=BODY.project(BODY.rest + moved))


def model_of(datasets: list[MotionDataset], **sizes: Any) -> tuple[MotionModel, np.ndarray]:
    """Return an untrained model with what is measured of data sets, and the mean pose."""
    config = config_of(**{'anchors': 32, **sizes})
    normaliser, basis = measure(datasets, config)
    with torch.random.fork_rng():
        model = MotionModel(config.model).requires_grad_(False)
    measured = {'pose_basis': basis, 'pose_std': normaliser.pose_std, 'unit': normaliser.unit}
    for name, values in measured.items():
        getattr(model, name).copy_(torch.from_numpy(values))
    return model, normaliser.mean


def places(model: MotionModel, mean: np.ndarray, points: np.ndarray) -> Tensor:
    """Return keypoints [n, K, D] in the model's principal axes."""
    return model.in_axes(torch.from_numpy(points.reshape(len(points), -1) - mean).float())


def apart(model: MotionModel, poses: Tensor, others: Tensor) -> Tensor:
    """Return how far each pose [n, Z] is from the nearest of others, in body heights."""
    ways = (poses[:, None] - others[None]) @ model.axes()
    return ways.unflatten(-1, (25, 3)).square().sum(-1).mean(-1).sqrt().amin(dim=1)


@pytest.fixture(scope='module')
def data() -> MotionDataset:
    """Three clips to learn from, and one more that is held out."""
    clips = [dancing(emotion, seed=emotion) for emotion in (0, 3, 5)] + [dancing(0, seed=9)]
    return MotionDataset.from_clips(clips, splits=['train'] * 3 + ['val'])


@pytest.fixture(scope='module')
def made(data) -> tuple[MotionModel, np.ndarray, Anchors]:
    model, mean = model_of([data])
    return model, mean, anchors_of([data], model, mean, seed=1)


# Clusters


def test_clusters_that_lie_apart_have_weighted_means_as_centres():
    random = seeded()
    blobs = [
        torch.randn(count, 3, generator=random) + 100.0 * torch.tensor(place)
        for count, place in ((300, (1.0, 0.0, 0.0)), (80, (0.0, 1.0, 2.0)))
    ]
    weights = [torch.rand(len(blob), generator=random) + 0.01 for blob in blobs]
    centres = clusters(torch.cat(blobs), torch.cat(weights), 2, seeded(1))
    expected = torch.stack(
        [
            (blob * weight[:, None]).sum(0) / weight.sum()
            for blob, weight in zip(blobs, weights, strict=True)
        ]
    )
    centres = centres[centres[:, 0].argsort(descending=True)]
    torch.testing.assert_close(centres, expected, rtol=1e-4, atol=1e-3)


def test_more_centres_than_points_are_those_points():
    points = torch.randn(5, 3, generator=seeded())
    centres = clusters(points, torch.ones(5), 12, seeded(1))
    assert centres.shape == (12, 3)
    assert float(torch.cdist(centres, points).amin(dim=1).max()) < 1e-4


# Of motion


def test_no_label_is_looked_at(data, made):
    model, mean, anchors = made
    clips = [dancing(other, seed=own, frames=FRAMES) for own, other in ((0, 6), (3, 0), (5, 3))]
    mixed = dataclasses.replace(clips[0], emotions=np.full(7, 1.0 / 7.0))
    other = MotionDataset.from_clips([mixed, *clips[1:]])
    for one, two in zip(anchors, anchors_of([other], model, mean, seed=1), strict=True):
        assert torch.equal(one, two)


def test_anchors_are_near_training_poses_or_their_mirrors(data, made):
    model, mean, anchors = made
    assert anchors.anchors.shape == (32, model.config.pose_axes)
    points = np.concatenate([data.frames(i)[0] for i in range(3)])
    every = places(model, mean, np.concatenate((points, BODY.mirrored(points))))
    away = apart(model, anchors.anchors, every)
    assert float(away.max()) < 2.0 * float(anchors.radius)
    random = torch.randn(32, model.config.pose_axes, generator=seeded())
    assert float(apart(model, random, every).median()) > float(away.median())


def test_radius_and_unit_come_from_poses_not_in_the_clustering(data, made):
    """Stretches of 90 frames take turns; of each clip itself or its mirror, as it was drawn."""
    model, mean, anchors = made
    horizon, radii = model.config.horizon, []
    for sides in itertools.product((False, True), repeat=3):
        others, ways = [], []
        for number, mirrored in enumerate(sides):
            points = data.frames(number)[0]
            axes = places(model, mean, BODY.mirrored(points) if mirrored else points)
            others += [axes[i] for i in range(0, FRAMES, 5) if i // 90 % 2 == 1]
            ways += [axes[i + horizon] - axes[i] for i in range(0, FRAMES - horizon, 5)]
        # The axes are those of bodies and their mirrors: a way is as long in either.
        unit = torch.stack(ways).square().mean(dim=0).sqrt()
        torch.testing.assert_close(anchors.horizon_unit, unit, rtol=1e-4, atol=0.0)
        radii.append(float(apart(model, torch.stack(others), anchors.anchors).quantile(0.9)))
    assert sum(radius == pytest.approx(float(anchors.radius), rel=1e-5) for radius in radii) == 1


def test_anchors_are_where_motion_is_fast():
    still, lively = dancing(0, seed=1, size=0.003), dancing(0, seed=2, size=0.05)
    data = MotionDataset.from_clips([still, lively])
    model, mean = model_of([data])
    anchors = anchors_of([data], model, mean)
    near = [
        apart(model, anchors.anchors, places(model, mean, np.concatenate((points, mirrored))))
        for points in (still.keypoints, lively.keypoints)
        for mirrored in (BODY.mirrored(points),)
    ]
    assert float((near[1] < near[0]).float().mean()) > 0.8


def test_a_body_that_stands_has_a_radius_and_a_unit_all_the_same():
    still = swaying(4, 300, keypoints=np.repeat(BODY.rest[None], 300, axis=0))
    moving = MotionDataset.from_clips([dancing(0, seed=0)])
    model, mean = model_of([moving])
    anchors = anchors_of([MotionDataset.from_clips([still])], model, mean)
    assert float(anchors.radius) == pytest.approx(0.015)
    torch.testing.assert_close(anchors.horizon_unit, torch.full_like(anchors.horizon_unit, 1e-3))
    assert bool(torch.isfinite(anchors.anchors).all())


def test_a_data_set_too_short_for_a_way_is_clustered_too():
    short = MotionDataset.from_clips([dancing(0, seed=1, frames=12)])
    model, mean = model_of([MotionDataset.from_clips([dancing(0, seed=0)])])
    anchors = anchors_of([short], model, mean)
    assert all(bool(torch.isfinite(part).all()) for part in anchors)
    assert float(anchors.radius) > 0.0


def test_data_sets_weigh_by_share_where_they_have_the_poses(monkeypatch):
    monkeypatch.setattr('emotion_motion.training.statistics._SAMPLE', 100)
    one, two = (MotionDataset.from_clips([dancing(0, seed=seed)]) for seed in (1, 2))
    model, mean = model_of([one, two], anchors=400)  # as many as poses to cluster, or more
    points = two.frames(0)[0]
    every = places(model, mean, np.concatenate((points, BODY.mirrored(points))))
    for shares, expected in (((), 0.5), ((3.0, 1.0), 0.25)):
        anchors = anchors_of([one, two], model, mean, shares=shares)
        second = apart(model, anchors.anchors, every) < 1e-3
        assert float(second.float().mean()) == pytest.approx(expected, abs=0.1)


def test_a_trained_model_has_them_and_its_checkpoint_keeps_them(data, tmp_path):
    trainer = Trainer(data, config_of(seed=3))
    mean = measure([data], trainer.config)[0].mean
    anchors = anchors_of([data], trainer.model, mean, seed=3)
    trainer.step(trainer.sampler.batch(0, 0, 4))
    checkpoint = trainer.checkpoint()
    loaded = from_pretrained(save_pretrained(tmp_path / 'trained', checkpoint))
    gone_on = Trainer(data, config_of(seed=3), state=trainer.state())
    for model in (checkpoint.model, loaded.model, gone_on.model, gone_on.checkpoint().model):
        for name, values in anchors._asdict().items():
            assert torch.equal(getattr(model.mdn, name), values), name
