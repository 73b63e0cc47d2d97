# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""From a batch to its loss: against the model and the losses, called one after another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from training_support import BODY, config_of, swaying

from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.losses import emotion_targets
from emotion_motion.training.objective import Objective
from emotion_motion.training.trainer import Trainer
from emotion_motion.training.windows.targets import targets_of
from emotion_motion.training.windows.windows import Batch

CLEAN = {'noise': False, 'project': False, 'mirror': 0.0, 'rollout': 0}


def objective_of(**changes: Any) -> tuple[Objective, Batch]:
    """Return the objective of an untrained model, and a batch of eight windows."""
    clips = [swaying(emotion) for emotion in (0, 3, 5)]
    trainer = Trainer(MotionDataset.from_clips(clips), config_of(**{**CLEAN, **changes}))
    return trainer._measured, trainer.sampler.batch(0, 0, 8)


@torch.no_grad()
def test_the_loss_is_that_of_next_frame_pose_ahead_and_emotion():
    objective, batch = objective_of(wrong_emotion=0.0, decoys=0.0, forget=0.5)
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
    expected = parts.mse + 10.0 * parts.emotion + 0.7 * parts.nll
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
    found = objective(batch, 1.0)
    for known, learnt in ((13, True), (12, False)):
        mask = torch.ones(8, 26, 25, dtype=torch.bool)
        mask[:, 20:, known:] = False  # the poses that came after frames 6 to 11
        parts = objective(batch._replace(mask=mask), 1.0)
        torch.testing.assert_close(parts.mse, found.mse)
        moved = batch.frames.clone()
        moved[:, 20:] += 0.3
        other = objective(batch._replace(frames=moved, mask=mask), 1.0)
        assert bool((other.nll != parts.nll).all()) == learnt
        assert torch.allclose(parts.nll, found.nll) == learnt


@torch.no_grad()
def test_bodies_are_put_back_onto_their_bones_where_that_is_chosen():
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
