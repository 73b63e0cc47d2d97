# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Noise and rollouts: how far off the inputs are, and where the targets lead."""

import math

import numpy as np
import pytest
from support import chi_square_p, random_model, seeded
import torch
from training_support import config_of, swaying

from emotion_motion.training.config import NoiseConfig, RolloutConfig
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.trainer import Trainer
from emotion_motion.training.windows.noise import (
    ar1,
    draw_noise,
    leading_back,
    noised,
    NoiseDraw,
    passes_at,
    pose_spread,
    rolled_out,
)

UNIT = torch.tensor([0.5, 1.0, 2.0])
# Two principal components, and each coordinate by itself.
POSES = torch.cat((torch.tensor([[3.0, 4.0, 0.0], [0.0, 1.0, 2.0]]), torch.diag(0.3 * UNIT)))
LITTLE = (1e-7, 1e-7)


def as_they_are(frames):
    return frames


def noise_of(batch, length, **changes):
    """Return how far off inputs and targets are, in units; no wandering but where asked for."""
    config = NoiseConfig(**{'wander': LITTLE, **changes})
    draws = [draw_noise(config, length, 3, 2, np.random.default_rng((0, b))) for b in range(batch)]
    stacked = NoiseDraw(*(torch.stack(part) for part in zip(*draws, strict=True)))
    frames = torch.randn(batch, length + 1, 3, generator=seeded())
    inputs, target = noised(frames, stacked, UNIT, POSES, config, as_they_are)
    return (inputs - frames[:, :-1]) / UNIT, (target - frames[:, 1:]) / UNIT


# Noise


def test_noise_drifts_slowly_and_the_target_keeps_its_share():
    drift, kept = noise_of(1500, 30, drift=(1.0, 1.0), white=(1e-6, 1e-6))
    torch.testing.assert_close(kept, 0.9 * drift, rtol=0.0, atol=1e-4)
    # An AR(1) process with a standard deviation of 1 at every frame.
    torch.testing.assert_close(drift.std(dim=(0, 2)), torch.ones(30), rtol=0.0, atol=0.08)
    for lag in (1, 3, 10):
        product = (drift[:, lag:] * drift[:, :-lag]).mean()
        assert float(product) == pytest.approx(0.9**lag, abs=0.04)


def test_one_product_is_the_recursion():
    steps = torch.randn(2, 40, 3, generator=seeded())
    expected = [steps[:, 0]]
    for t in range(1, 40):
        expected.append(0.8 * expected[-1] + math.sqrt(1.0 - 0.8**2) * steps[:, t])
    torch.testing.assert_close(ar1(steps, 0.8), torch.stack(expected, dim=1))


def test_white_noise_is_to_be_undone_at_once():
    white, kept = noise_of(400, 12, drift=(1e-6, 1e-6), white=(0.5, 0.5))
    assert float(white.std()) == pytest.approx(0.5, rel=0.05)
    assert abs(float((white[:, 1:] * white[:, :-1]).mean())) < 0.01
    torch.testing.assert_close(kept, torch.zeros_like(kept), rtol=0, atol=1e-5)


def test_wandering_is_as_large_as_poses_differ_at_every_frame():
    wander, kept = noise_of(3000, 40, drift=LITTLE, white=LITTLE, wander=(0.5, 0.5))
    away = wander * UNIT
    expected = 0.25 * POSES.T @ POSES  # coordinates go together as in poses
    for t in (0, 1, 10, 39):
        covariance = away[:, t].T @ away[:, t] / 3000
        torch.testing.assert_close(covariance, expected, rtol=0.1, atol=0.15)
    torch.testing.assert_close(kept, 0.95 * wander, rtol=0.0, atol=1e-4)
    other, less = noise_of(
        50, 40, drift=LITTLE, white=LITTLE, wander=(0.5, 0.5), wander_memory=0.8
    )
    torch.testing.assert_close(less, 0.8 * other, rtol=0.0, atol=1e-4)


def test_wandering_comes_and_goes_without_a_jump():
    """A drift of the same memory and size goes six times as far from frame to frame."""
    wander, _ = noise_of(1000, 60, drift=LITTLE, white=LITTLE, wander=(1.0, 1.0))
    drift, _ = noise_of(1000, 60, drift=(1.0, 1.0), white=LITTLE, drift_memory=0.95)
    steps = [float(part.diff(dim=1).std() / part.std()) for part in (wander, drift)]
    assert steps[1] == pytest.approx((2.0 * (1.0 - 0.95)) ** 0.5, rel=0.05)
    assert steps[0] < steps[1] / 3.0
    # In a second or two it is elsewhere.
    away = (wander[:, 59] * wander[:, 0]).mean() / wander.square().mean()
    assert float(away) < 0.5


def test_wandering_spreads_equally_along_principal_components():
    model = random_model(pose_dims=5)
    model.pose_basis.normal_(generator=seeded())
    along, alone = pose_spread(model).split([5, model.config.outputs])
    torch.testing.assert_close(model.in_axes(along), torch.eye(5), rtol=0.0, atol=1e-5)
    torch.testing.assert_close(alone, torch.diag(0.3 * model.pose_std))


@pytest.mark.parametrize(('part', 'name'), enumerate(('drift', 'white', 'wander')))
def test_the_size_of_noise_is_even_on_a_logarithmic_scale(part, name):
    config = NoiseConfig(**{name: (0.01, 1.0)})
    draws = [draw_noise(config, 1, 3, 2, np.random.default_rng(b)) for b in range(4000)]
    assert draws[0].wander.shape == (1, 5)
    share = 1.0 + torch.stack([draw.scales for draw in draws])[:, part].log10() / 2.0
    boxes = (share * 8).long().bincount(minlength=8)
    assert len(boxes) == 8 and chi_square_p(boxes, torch.full((8,), 1 / 8)) > 1e-3


# Rollouts


def test_steps_roll_out_evenly_and_never_before_their_time():
    config = RolloutConfig(rollout=2, rollout_after=0.15)
    passes = [passes_at(config, step, 0.5, seed=0) for step in range(3000)]
    counts = torch.bincount(torch.tensor(passes), minlength=3)
    assert chi_square_p(counts, torch.full((3,), 1 / 3)) > 0.001
    assert not any(passes_at(config, step, 0.1, seed=0) for step in range(50))
    assert not any(passes_at(RolloutConfig(rollout=0), step, 0.5, seed=0) for step in range(50))
    assert [passes_at(config, step, 0.5, seed=0) for step in range(3000)] == passes


def rolled(passes, decay=0.8, bodies=as_they_are):
    """Roll a model out that says that the next frame is the last one plus 1."""
    clean = torch.randn(40, 7, 12, generator=seeded())
    inputs = clean[:, :-1] + 0.1
    own = rolled_out(inputs, passes, lambda frames: frames + 1.0, bodies)
    return clean, inputs, own, leading_back(own, clean, decay, bodies)


def test_a_pass_shows_the_model_its_own_next_frame():
    clean, inputs, own, back = rolled(passes=1)
    torch.testing.assert_close(own[:, 0], inputs[:, 0])
    torch.testing.assert_close(own[:, 1:], inputs[:, :-1] + 1.0)
    # The target keeps four fifths of how far the input is off.
    torch.testing.assert_close(back, clean[:, 1:] + 0.8 * (own - clean[:, :-1]))
    _, _, own, _ = rolled(passes=2)
    torch.testing.assert_close(own[:, 2:], inputs[:, :-2] + 2.0)
    torch.testing.assert_close(own[:, 1], inputs[:, 0] + 1.0)


def test_what_a_pass_makes_is_put_onto_the_body_and_nothing_else():
    """Inputs are the model's own frames as the live loop would feed them back."""
    clean, inputs, own, back = rolled(passes=1, decay=0.5, bodies=torch.round)
    assert torch.equal(own[:, 0], inputs[:, 0])
    assert torch.equal(own[:, 1:], (inputs[:, :-1] + 1.0).round())
    assert torch.equal(back, (clean[:, 1:] + 0.5 * (own - clean[:, :-1])).round())


def test_what_is_rolled_out_is_the_next_frame_of_the_network():
    """The objective's passes: with the window's condition, target and forgotten history."""
    config = config_of(
        rollout=1,
        rollout_after=0.0,
        rollout_decay=0.0,
        noise=False,
        project=False,
        forget=0.9,
        untold=0.0,
        loose=0.0,
    )
    trainer = Trainer(MotionDataset.from_clips([swaying(e) for e in (0, 3)]), config)
    step = next(n for n in range(20) if trainer.sampler.batch(n, 0, 1).passes)
    batch, objective = trainer.sampler.batch(step, 0, 40), trainer._measured
    part = batch.rollout
    assert batch.since.any() and 8 < int(part.sum()) < 32
    with torch.no_grad():
        inputs, following, targets, _ = objective._shown(batch)
        clean = batch.frames - objective.mean
        shown = clean[:, : batch.emotions.shape[1]]
        expected = trainer._average.whole(shown, batch.condition, targets, batch.since).logits
    torch.testing.assert_close(inputs[part, 1:], expected[part, :-1])
    torch.testing.assert_close(inputs[:, 0], clean[:, 0])
    assert torch.equal(inputs[~part], shown[~part]), 'only windows that take part are changed'
    torch.testing.assert_close(following, clean[:, 1 : shown.shape[1] + 1])
