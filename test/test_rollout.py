# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Noise and rollouts: how far off the inputs are, and where the targets lead."""

import math

import numpy as np
import pytest
from support import chi_square_p, random_model, seeded
import torch

from emotion_motion.model import MotionOutput
from emotion_motion.training.config import NoiseConfig, RolloutConfig
from emotion_motion.training.noise import ar1, draw_noise, noised, NoiseDraw, pose_spread
from emotion_motion.training.rollout import draw_rollout, drawn_frames, passes_at, rolled_out

UNIT = torch.tensor([0.5, 1.0, 2.0])
# Two principal components, and each coordinate by itself.
POSES = torch.cat((torch.tensor([[3.0, 4.0, 0.0], [0.0, 1.0, 2.0]]), torch.diag(0.3 * UNIT)))
LITTLE = (1e-7, 1e-7)


def as_they_are(frames):
    return frames


def noise_of(batch, length, **changes):
    """Return how far off inputs and targets are, in units; no wandering but where asked for."""
    config = NoiseConfig(**{'wander': LITTLE, **changes})
    draws = [
        draw_noise(config, length, 3, 2, np.random.default_rng((0, b)))
        for b in range(batch)
    ]
    stacked = NoiseDraw(*(torch.stack(part) for part in zip(*draws, strict=True)))
    frames = torch.randn(batch, length + 1, 3, generator=seeded())
    inputs, target = noised(frames, stacked, UNIT, POSES, config, as_they_are)
    return (inputs - frames[:, :-1]) / UNIT, (target - frames[:, 1:]) / UNIT


# Noise


def test_noise_is_a_slow_drift_of_which_the_target_keeps_its_share():
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
        found = away[:, t].T @ away[:, t] / 3000
        torch.testing.assert_close(found, expected, rtol=0.1, atol=0.15)
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


def test_drift_and_white_noise_and_wandering_add_up():
    parts = {'drift': (1.0, 1.0), 'white': (0.5, 0.5), 'wander': (0.2, 0.2)}
    little = dict.fromkeys(parts, LITTLE)
    whole, target = noise_of(5, 30, **parts)
    alone = [noise_of(5, 30, **{**little, name: size}) for name, size in parts.items()]
    torch.testing.assert_close(whole, sum(one for one, _ in alone), rtol=0.0, atol=1e-4)
    torch.testing.assert_close(target, sum(kept for _, kept in alone), rtol=0.0, atol=1e-4)


def test_a_standard_deviation_of_wandering_is_one_of_each_principal_component():
    model = random_model(plan_dims=5)
    model.plan_basis.normal_(generator=seeded())
    along, alone = pose_spread(model).split([5, model.config.outputs])
    torch.testing.assert_close(model.plan_place(along), torch.eye(5), rtol=0.0, atol=1e-5)
    torch.testing.assert_close(alone, torch.diag(0.3 * model.pose_std))


def test_the_size_of_the_wandering_is_even_on_a_logarithmic_scale():
    config = NoiseConfig(wander=(0.01, 1.0))
    draws = [
        draw_noise(config, 1, 3, 2, np.random.default_rng(b)) for b in range(4000)
    ]
    assert draws[0].wander.shape == (1, 5)
    share = 1.0 + torch.stack([draw.scales for draw in draws])[:, 2].log10() / 2.0
    boxes = (share * 8).long().bincount(minlength=8)
    assert len(boxes) == 8 and chi_square_p(boxes, torch.full((8,), 1 / 8)) > 1e-3


def test_the_size_of_the_noise_is_even_on_a_logarithmic_scale():
    drift, _ = noise_of(600, 40, drift=(0.01, 1.0), white=(1e-6, 1e-6))
    spread = drift.std(dim=(1, 2)).log()
    assert float(spread.median()) == pytest.approx(math.log(0.1), abs=0.4)
    assert float((spread < math.log(0.03)).float().mean()) == pytest.approx(0.24, abs=0.08)


def test_noise_is_a_switch():
    drift, kept = noise_of(4, 12, noise=False, wander=(1.0, 1.0))
    assert not drift.any() and not kept.any()


# Rollouts


def test_steps_roll_out_as_often_as_each_other_and_never_before_their_time():
    config = RolloutConfig(rollout=2, rollout_after=0.15)
    passes = [passes_at(config, step, 0.5, seed=0) for step in range(3000)]
    counts = torch.bincount(torch.tensor(passes), minlength=3)
    assert chi_square_p(counts, torch.full((3,), 1 / 3)) > 0.001
    assert not any(passes_at(config, step, 0.1, seed=0) for step in range(50))
    assert not any(passes_at(RolloutConfig(), step, 0.5, seed=0) for step in range(50))
    assert [passes_at(config, step, 0.5, seed=0) for step in range(3000)] == passes


@pytest.mark.parametrize('per_keypoint', [True, False])
def test_frames_are_drawn_from_the_mixture(per_keypoint):
    count, weights = 6000, torch.tensor([0.2, 0.5, 0.3])
    shape = (1, count, 3, 2) if per_keypoint else (1, count, 3)
    pi = weights.view(1, 1, 3, *[1] * per_keypoint).expand(shape)
    mu = torch.tensor([0.0, 10.0, 20.0]).view(1, 1, 3, 1).expand(1, count, 3, 4)
    output = MotionOutput(pi, torch.full_like(mu, 0.5), mu, mu[:, :, 0], torch.zeros(1, count, 7))
    race = torch.empty(1, count, 3, 2 if per_keypoint else 1).exponential_(generator=seeded(1))
    drawn = drawn_frames(output, race, torch.randn(1, count, 4, generator=seeded(2)))[0]
    chosen = (drawn / 10.0).round().long()
    assert chi_square_p(torch.bincount(chosen[:, 0], minlength=3), weights) > 0.001
    assert float((drawn - 10.0 * chosen).std()) == pytest.approx(0.5, rel=0.05)
    # The coordinates of a keypoint stay together; keypoints do where there is one mixture.
    assert torch.equal(chosen[:, 0], chosen[:, 1])
    together = float((chosen[:, 0] == chosen[:, 2]).float().mean())
    expected = float(weights.square().sum()) if per_keypoint else 1.0
    assert together == pytest.approx(expected, abs=0.03)


def rolled(passes, decay=0.8, share=1.0):
    """Roll a model out that predicts, without a spread, its input plus 1."""
    config = RolloutConfig(rollout=passes, rollout_share=share)
    sizes = random_model().config
    draws = [draw_rollout(config, sizes, passes, 6, np.random.default_rng(b)) for b in range(40)]
    draw = type(draws[0])(*(torch.stack(part) for part in zip(*draws, strict=True)))
    clean = torch.randn(40, 7, sizes.outputs, generator=seeded())
    inputs, target = clean[:, :-1] + 0.1, clean[:, 1:] + 0.05

    def predict(frames):
        mu = (frames + 1.0).unsqueeze(2).expand(-1, -1, sizes.gaussians, -1)
        pi = torch.full((*frames.shape[:2], sizes.gaussians, sizes.keypoints), 1.0)
        return MotionOutput(pi / sizes.gaussians, torch.zeros_like(mu), mu, mu[:, :, 0], pi)

    found = rolled_out(inputs, target, clean, draw, decay, predict, as_they_are)
    return clean, inputs, target, draw, *found


def test_a_pass_shows_the_model_its_own_next_frame():
    clean, inputs, _, _, own, back = rolled(passes=1)
    torch.testing.assert_close(own[:, 0], inputs[:, 0])
    torch.testing.assert_close(own[:, 1:], inputs[:, :-1] + 1.0)
    # The target keeps four fifths of how far the input is off.
    torch.testing.assert_close(back, clean[:, 1:] + 0.8 * (own - clean[:, :-1]))


def test_a_second_pass_goes_on_from_the_first():
    _, inputs, _, _, own, _ = rolled(passes=2)
    torch.testing.assert_close(own[:, 2:], inputs[:, :-2] + 2.0)
    torch.testing.assert_close(own[:, 1], inputs[:, 0] + 1.0)


def test_hard_targets_are_the_clean_motion():
    clean, *_, back = rolled(passes=1, decay=0.0)
    torch.testing.assert_close(back, clean[:, 1:])


def test_only_the_windows_that_take_part_are_changed():
    _, inputs, target, draw, own, back = rolled(passes=1, share=0.5)
    assert 8 < int(draw.taken.sum()) < 32
    torch.testing.assert_close(own[~draw.taken], inputs[~draw.taken])
    torch.testing.assert_close(back[~draw.taken], target[~draw.taken])
    assert bool((own[draw.taken] != inputs[draw.taken]).flatten(1).any(dim=1).all())
