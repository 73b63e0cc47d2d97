# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A model keeps poses of its training motion, mirrored as well, and how far others are."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from training_support import BODY, config_of, SIZES, swaying

from emotion_motion.checkpoint import from_pretrained, save_pretrained
from emotion_motion.emotion import EMOTIONS
from emotion_motion.io.clip import Clip
from emotion_motion.model import MotionModel
from emotion_motion.plan import NO_LEASH
from emotion_motion.plan_leash import PlanLeash
from emotion_motion.training.known_poses import known_poses, KnownPoses
from emotion_motion.training.statistics import measure
from emotion_motion.training.store import MotionDataset
from emotion_motion.training.trainer import Trainer

SHOWN, LACKING = (0, 3, 5), (1, 2, 4, 6)


def dancing(emotion: int, seed: int, frames: int = 3000, size: float = 0.03) -> Clip:
    """Return a body that never comes back to a pose, for as long as it takes."""
    random, time_s = np.random.default_rng(seed), np.arange(frames)[:, None, None] / 30.0
    rates_hz = random.uniform(0.2, 0.8, (5, 1, 25, 3))
    phases = 2.0 * np.pi * random.random((5, 1, 25, 3))
    moved = size * np.sin(2.0 * np.pi * rates_hz * time_s + phases).sum(axis=0)
    return swaying(emotion, frames, keypoints=BODY.project(BODY.rest + moved))


def model_of(datasets: list[MotionDataset], **sizes: Any) -> tuple[MotionModel, np.ndarray]:
    """Return an untrained model with what is measured of data sets, and the mean pose."""
    config = config_of(**sizes)
    normaliser, basis = measure(datasets, config)
    with torch.random.fork_rng():
        model = MotionModel(config.model).requires_grad_(False)
    for name, values in (
        ('plan_basis', basis), ('pose_std', normaliser.pose_std), ('unit', normaliser.unit)
    ):
        getattr(model, name).copy_(torch.from_numpy(values))
    return model, normaliser.mean


def places(model: MotionModel, mean: np.ndarray, points: np.ndarray) -> Tensor:
    """Return keypoints [n, K, D] in the model's principal components."""
    return model.plan_place(torch.from_numpy(points.reshape(len(points), -1) - mean).float())


def apart(model: MotionModel, poses: Tensor, others: Tensor) -> Tensor:
    """Return how far each pose [n, Z] is from the nearest of others, in body heights."""
    return PlanLeash(model).between(poses, others).amin(dim=-1)


@pytest.fixture(scope='module')
def data() -> MotionDataset:
    """A clip of each of three emotions, and one more of the first that is held out."""
    clips = [dancing(emotion, seed=emotion) for emotion in SHOWN] + [dancing(0, seed=9)]
    return MotionDataset.from_clips(clips, splits=['train'] * 3 + ['val'])


@pytest.fixture(scope='module')
def made(data) -> tuple[MotionModel, np.ndarray, KnownPoses]:
    model, mean = model_of([data], plan_known=64, plan_choices=64)
    return model, mean, known_poses([data], model, mean, seed=1)


# What is kept


def test_they_are_poses_of_the_emotion_s_training_clips_half_of_them_mirrored(data, made):
    model, mean, known = made
    assert known.poses.shape == (7, 64, SIZES.plan_size) and known.reach.shape == (7,)
    for number, emotion in enumerate(SHOWN):
        points = data.frames(number)[0]
        plain, mirrored = (
            apart(model, known.poses[emotion], places(model, mean, part)) < 1e-3
            for part in (points, BODY.mirrored(points))
        )
        assert bool((plain | mirrored).all()) and not bool((plain & mirrored).any())
        assert 20 < int(mirrored.sum()) < 44
        assert len(known.poses[emotion].unique(dim=0)) > 50


def test_nine_of_ten_other_poses_are_within_reach(data, made):
    model, mean, known = made
    for number, emotion in enumerate(SHOWN):
        points = data.frames(number)[0]
        every = np.concatenate((points, BODY.mirrored(points)))
        far = apart(model, places(model, mean, every), known.poses[emotion])
        within = float((far <= known.reach[emotion]).float().mean())
        assert within == pytest.approx(0.9, abs=0.03)
        assert 0.01 < float(known.reach[emotion]) < 0.2


def test_an_emotion_that_the_data_lacks_has_no_poses_and_no_leash(made):
    known = made[2]
    for emotion in LACKING:
        assert not known.poses[emotion].any() and float(known.reach[emotion]) == NO_LEASH


def test_a_frame_s_emotion_is_its_heaviest():
    weights = np.zeros((3000, 7))
    weights[:, 1], weights[:, 4] = 0.6, 0.4
    weights[1500:] = weights[1500:, ::-1]  # 0.6 of number 5, 0.4 of number 2
    clip = dataclasses.replace(dancing(0, seed=2), emotions=weights)
    data = MotionDataset.from_clips([clip])
    model, mean = model_of([data])
    known = known_poses([data], model, mean)
    assert (known.reach < NO_LEASH).nonzero().flatten().tolist() == [1, 5]
    for emotion, part in ((1, slice(0, 1500)), (5, slice(1500, None))):
        points = clip.keypoints[part]
        every = np.concatenate((points, BODY.mirrored(points)))
        assert float(apart(model, known.poses[emotion], places(model, mean, every)).max()) < 1e-3


def test_a_body_that_stands_has_a_reach_all_the_same():
    still = swaying(4, 500, keypoints=np.repeat(BODY.rest[None], 500, axis=0))
    data = MotionDataset.from_clips([still, dancing(0, seed=0)])
    model, mean = model_of([data])
    known = known_poses([data], model, mean)
    assert float(known.reach[4]) == pytest.approx(0.015)


# Several data sets


@pytest.mark.parametrize(('shares', 'expected'), [
    ((), 1500 / 4500), ((0.5, 0.5), 0.5), ((3.0, 1.0), 0.25)
])  # fmt: skip
def test_data_sets_give_poses_by_their_shares_and_without_them_by_their_frames(shares, expected):
    one = MotionDataset.from_clips([dancing(0, seed=1)])
    two = MotionDataset.from_clips([dancing(0, seed=2, frames=1500), dancing(3, seed=3)])
    model, mean = model_of([one, two])
    known = known_poses([one, two], model, mean, shares=shares)
    points = two.frames(0)[0]
    every = np.concatenate((points, BODY.mirrored(points)))
    second = apart(model, known.poses[0], places(model, mean, every)) < 1e-3
    assert float(second.float().mean()) == pytest.approx(expected, abs=0.07)
    # What only one of them has, that one gives.
    points = two.frames(1)[0]
    every = np.concatenate((points, BODY.mirrored(points)))
    assert float(apart(model, known.poses[3], places(model, mean, every)).max()) < 1e-3


# The choice


@pytest.mark.usefixtures('keep_global_random_state')
def test_the_seed_decides_which(data, made):
    model, mean, known = made
    again, other = (known_poses([data], model, mean, seed=seed) for seed in (1, 2))
    for one, two in zip(known, again, strict=True):
        assert torch.equal(one, two)
    for emotion in SHOWN:
        assert not torch.equal(known.poses[emotion], other.poses[emotion])
        assert float(other.reach[emotion]) == pytest.approx(float(known.reach[emotion]), rel=0.2)


# A model's


def test_a_trained_model_has_them_and_its_checkpoint_keeps_them(data, tmp_path):
    trainer = Trainer(data, config_of(seed=3))
    normaliser, _ = measure([data], trainer.config)
    known = known_poses([data], trainer.model, normaliser.mean, seed=3)
    trainer.step(trainer.sampler.batch(0, 0, 4))
    checkpoint = trainer.checkpoint()
    loaded = from_pretrained(save_pretrained(tmp_path / 'trained', checkpoint))
    gone_on = Trainer(data, config_of(seed=3), state=trainer.state())
    for model in (checkpoint.model, loaded.model, gone_on.model, gone_on.checkpoint().model):
        assert torch.equal(model.plan_known, known.poses)
        assert torch.equal(model.plan_reach, known.reach)


def test_a_model_to_begin_with_takes_the_new_data_s_poses(data):
    start = Trainer(data, config_of()).checkpoint()
    other = MotionDataset.from_clips([dancing(emotion, seed=20 + emotion) for emotion in (2, 3)])
    model = Trainer(other, config_of(), start=start).checkpoint().model
    assert torch.equal(model.plan_basis, start.model.plan_basis)
    known = known_poses([other], start.model, start.normaliser.mean)
    assert torch.equal(model.plan_known, known.poses)
    assert torch.equal(model.plan_reach, known.reach)
    assert not torch.equal(model.plan_known[3], start.model.plan_known[3])
    shown = [EMOTIONS[i] for i in (model.plan_reach < NO_LEASH).nonzero().flatten().tolist()]
    assert shown == ['fear', 'happiness']
