# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""From a batch to its loss: against the model and the losses, called one after another."""

from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st
import numpy as np
import pytest
from support import random_inputs, random_model, seeded
import torch
from torch import Tensor
from training_support import BODY, config_of, swaying

from emotion_motion.model.mixture import Target
from emotion_motion.training.config import LossConfig
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.objective import (
    emotion_targets,
    LossParts,
    mdn_weight,
    motion_loss,
    Objective,
    Prediction,
    Truth,
)
from emotion_motion.training.trainer import Trainer
from emotion_motion.training.windows.conditions import targets_of
from emotion_motion.training.windows.windows import Batch

CLEAN = {'noise': False, 'project': False, 'mirror': 0.0, 'rollout': 0}


def objective_of(**changes: Any) -> tuple[Objective, Batch]:
    """Return the objective of an untrained model, and a batch of eight windows."""
    clips = [swaying(emotion) for emotion in (0, 3, 5)]
    trainer = Trainer(MotionDataset.from_clips(clips), config_of(**{**CLEAN, **changes}))
    return trainer._measured, trainer.sampler.batch(0, 0, 8)


@torch.no_grad()
def test_the_loss_is_that_of_next_frame_pose_ahead_and_emotion():
    objective, batch = objective_of(wrong_emotion=0.0, decoys=0.0, forget=0.5, emotion_weight=3.0)
    model, length, horizon = objective.model, 12, 14
    clean = batch.frames - objective.mean
    assert clean.shape == (8, length + horizon, 75) and batch.since.any()
    targets, came = targets_of(clean, model, batch.target)
    step = model.whole(clean[:, :length], batch.condition, targets, batch.since)
    mixture = model.mdn(step.features, step.pose)
    parts = objective(batch, 0.7)
    off = (step.logits - clean[:, 1 : length + 1]) / model.unit
    torch.testing.assert_close(parts.mse, off.square().mean(dim=(1, 2)))
    truth = emotion_targets(batch.emotions, model.config.window)
    wrong = (step.emotion_logits - truth).square().mean(dim=(1, 2))
    torch.testing.assert_close(parts.emotion, wrong)
    for b in range(8):
        total = 0.0
        for t in range(length):
            torch.testing.assert_close(came[b, t], model.in_axes(clean[b, t + horizon]))
            ways = (model.mdn.anchors - came[b, t]) @ model.axes()
            apart = ways.unflatten(-1, (25, 3)).square().sum(dim=(1, 2))
            nearest = apart.argmin().expand(*came.shape[:2])
            total += float(model.mdn.nll(mixture, came, nearest)[b, t])
        assert float(parts.nll[b]) == pytest.approx(total / length, rel=1e-4)
    expected = parts.mse + 3.0 * parts.emotion + 0.7 * parts.nll
    torch.testing.assert_close(parts.total, expected)


@torch.no_grad()
def test_what_is_wrong_or_a_decoy_teaches_the_emotion_head_alone():
    objective, batch = objective_of(wrong_emotion=0.3, decoys=0.4, drop_emotion=0.2)
    parts = objective(batch, 1.0)
    right = batch.right.bool()
    assert right.any() and not right.all()
    for part in (parts.mse, parts.nll):
        assert bool((part[~right] == 0.0).all()) and bool((part[right] != 0.0).all())
    assert bool((parts.emotion > 0.0).all())
    # Those that count weigh as much more as there are fewer of them.
    alike = objective(batch._replace(right=torch.ones(8)), 1.0)
    torch.testing.assert_close(parts.mse[right], alike.mse[right])
    conditions = objective.config.conditions
    share = 1.0 - conditions.wrong_emotion - conditions.decoys
    clean = batch.frames - objective.mean
    targets, _ = targets_of(clean, objective.model, batch.target)
    step = objective.model.whole(clean[:, :12], batch.condition, targets, batch.since)
    off = ((step.logits - clean[:, 1:13]) / objective.model.unit).square().mean(dim=(1, 2))
    torch.testing.assert_close(parts.mse[right], off[right] / share)


@torch.no_grad()
def test_a_pose_ahead_that_was_mostly_not_measured_is_not_learnt():
    """Of a body of which 12 keypoints in 25 are known the pose ahead is no use; of 13 it is."""
    objective, batch = objective_of(wrong_emotion=0.0, decoys=0.0, untold=1.0)
    everything = objective(batch, 1.0)
    for known, learnt in ((13, True), (12, False)):
        mask = torch.ones(8, 26, 25, dtype=torch.bool)
        mask[:, 20:, known:] = False  # the poses that came after frames 6 to 11
        parts = objective(batch._replace(mask=mask), 1.0)
        torch.testing.assert_close(parts.mse, everything.mse)
        moved = batch.frames.clone()
        moved[:, 20:] += 0.3
        other = objective(batch._replace(frames=moved, mask=mask), 1.0)
        assert bool((other.nll != parts.nll).all()) == learnt
        assert torch.allclose(parts.nll, everything.nll) == learnt


@torch.no_grad()
def test_bodies_are_projected_onto_bones_where_configured():
    objective, batch = objective_of(project=True, noise=True)
    inputs, following, _, _ = objective._shown(batch)
    for frames in (inputs, following):
        points = (frames + objective.mean).unflatten(-1, (25, 3)).numpy()
        assert BODY.bone_error(points) < 1e-5
    loose, batch = objective_of(project=False, noise=True)
    inputs, _, _, _ = loose._shown(batch)
    points = (inputs + loose.mean).unflatten(-1, (25, 3)).numpy()
    assert BODY.bone_error(points) > 1e-4
    assert np.isfinite(points).all()


# The loss, against plain loops; the likelihood itself is test_mixture.py's

Case = tuple[Prediction, Truth, Tensor]


def case(batch: int = 2, time: int = 3, keypoints: int = 2, dims: int = 3, seed: int = 0) -> Case:
    """Return a random prediction, a truth and unit [O], in double precision."""
    random, o = seeded(seed), keypoints * dims

    def normal(*sizes: int) -> Tensor:
        return torch.randn(*sizes, generator=random, dtype=torch.float64)

    said = Prediction(normal(batch, time, o), normal(batch, time, 7), normal(batch, time))
    right, every = torch.ones(batch, dtype=torch.float64), torch.ones(batch, time, keypoints)
    emotion = normal(batch, time, 7).softmax(-1)
    truth = Truth(normal(batch, time, o), emotion, right, every, every[..., 0])
    return said, truth, normal(o).exp()


def loss(said: Prediction, truth: Truth, unit: Tensor, w: float = 1.0, **weights: float):
    return motion_loss(said, truth, unit, LossConfig(**weights), w)


def same(one: LossParts, other: LossParts) -> None:
    for name in LossParts._fields:
        torch.testing.assert_close(getattr(one, name), getattr(other, name))


def test_weight_of_the_likelihood_ramps_from_a_tenth_to_one():
    assert mdn_weight(0.0) == pytest.approx(0.1)
    assert mdn_weight(0.15) == pytest.approx(0.55)
    assert mdn_weight(0.3) == mdn_weight(0.9) == mdn_weight(1.0) == 1.0
    assert mdn_weight(0.5, ramp=1.0, first=0.0) == pytest.approx(0.5)
    assert mdn_weight(0.0, ramp=0.0) == 1.0 and mdn_weight(0.9, last=0.4) == pytest.approx(0.4)
    ramp = [mdn_weight(step / 100) for step in range(101)]
    assert ramp == sorted(ramp)


@given(st.integers(1, 3), st.integers(1, 20), st.integers(1, 25), st.integers(0, 1000))
def test_emotion_targets_are_the_mean_label_of_the_window(batch, length, window, seed):
    emotions = torch.rand(batch, length, 7, generator=seeded(seed))
    targets = emotion_targets(emotions, window)
    for b in range(batch):
        for t in range(length):
            expected = emotions[b, max(0, t + 1 - window) : t + 1].mean(dim=0)
            torch.testing.assert_close(targets[b, t], expected, rtol=1e-4, atol=1e-5)


def test_the_loss_of_a_window_hangs_on_itself_alone():
    said, truth, unit = case(4)
    mask = torch.rand(4, 3, 2, generator=seeded()) < 0.7
    right = torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.float64)
    truth = truth._replace(predictable=right, measured=mask, ahead=mask[..., 0])
    whole = loss(said, truth, unit, 0.7)
    for b in range(4):
        own = (type(part)(*(value[b : b + 1] for value in part)) for part in (said, truth))
        same(loss(*own, unit, 0.7), LossParts(*(part[b : b + 1] for part in whole)))


# What was not measured


@given(seed=st.integers(0, 1000))
def test_masked_keypoints_change_no_loss_and_teach_nothing(seed):
    said, truth, unit = case(2, 4, 3, 2, seed=seed)
    mask = torch.rand(2, 4, 3, generator=seeded(seed)) < 0.5
    hidden = ~mask.repeat_interleave(2, dim=-1)
    said = Prediction(*(part.requires_grad_() for part in said))
    truth = truth._replace(measured=mask, following=truth.following.requires_grad_())
    parts = loss(said, truth, unit)
    parts.total.mean().backward()
    grad = truth.following.grad
    assert bool((grad[hidden] == 0.0).all()) and bool((grad[~hidden] != 0.0).all())
    assert bool((said.logits.grad[hidden] == 0.0).all())
    with torch.no_grad():
        for value in (1e3, float('nan')):
            other = truth._replace(following=truth.following.masked_fill(hidden, value))
            same(loss(said, other, unit), parts)


def test_a_loss_with_a_mask_is_that_of_the_measured_keypoints():
    said, truth, unit = case(2, 4, 3, 2)
    mask, seen = torch.tensor([True, False, True]).expand(2, 4, 3), [0, 1, 4, 5]
    alone = said._replace(logits=said.logits[..., seen])
    masked = loss(said, truth._replace(measured=mask), unit)
    following, every = truth.following[..., seen], mask[..., [0, 2]]
    same(masked, loss(alone, truth._replace(following=following, measured=every), unit[seen]))
    assert not torch.isclose(masked.mse, loss(said, truth, unit).mse).any()


def test_an_unmeasured_window_has_only_the_emotion_loss():
    said, truth, unit = case()
    mask = torch.ones(2, 3, 2, dtype=torch.bool)
    mask[1] = False
    parts = loss(said, truth._replace(measured=mask, ahead=mask.any(dim=-1)), unit)
    assert float(parts.mse[1]) == float(parts.nll[1]) == 0.0
    assert float(parts.mse[0]) > 0.0 and float(parts.emotion[1]) > 0.0


def test_gradients_reach_every_weight_of_the_model():
    model = random_model().requires_grad_(True)
    frames, emotions = random_inputs(model, 2, 9)
    places = model.in_axes(frames)[:, 1:]
    targets = Target(places, torch.full_like(places[..., :1], 0.5))
    step = model.whole(frames[:, :-1], emotions[:, 1:], targets)
    mixture = model.mdn(step.features, step.pose)
    nearest = torch.zeros(places.shape[:2], dtype=torch.int64)
    nll = model.mdn.nll(mixture, places, nearest)
    every = torch.ones(2, 8, model.config.keypoints)
    truth = Truth(frames[:, 1:], emotions[:, 1:], torch.ones(2), every, every[..., 0])
    said = Prediction(step.logits, step.emotion_logits, nll)
    loss(said, truth, model.unit).total.mean().backward()
    for name, parameter in model.named_parameters():
        # A constant added to every score changes no softmax.
        if name != 'pooling.score.bias':
            assert parameter.grad is not None and bool((parameter.grad != 0.0).any()), name
