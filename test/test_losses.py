# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loss against torch.distributions and against plain loops."""

from hypothesis import given, strategies as st
import pytest
from support import random_inputs, random_model, seeded
import torch
from torch import distributions as d, Tensor

from emotion_motion.model import MotionOutput
from emotion_motion.plan import Plan, plan_nll
from emotion_motion.training.losses import (
    emotion_targets,
    LossParts,
    mdn_weight,
    mixture_nll,
    motion_loss,
    window_losses,
)


def prediction(
    batch: int, time: int, components: int, keypoints: int, dims: int, *, per_keypoint: bool,
    seed: int = 0,
) -> tuple[MotionOutput, Tensor, Tensor]:  # fmt: skip
    """Return a random prediction, next frames [B, T, O] and unit [O], in double precision."""
    random, o = seeded(seed), keypoints * dims

    def normal(*sizes: int) -> Tensor:
        return torch.randn(*sizes, generator=random, dtype=torch.float64)

    mixtures = (batch, time, components, *([keypoints] if per_keypoint else []))
    output = MotionOutput(
        pi=normal(*mixtures).softmax(dim=2),
        sigma=normal(batch, time, components, o).exp(),
        mu=normal(batch, time, components, o),
        logits=normal(batch, time, o),
        emotion_logits=normal(batch, time, 7),
    )
    return output, normal(batch, time, o), normal(o).exp()


@given(
    st.tuples(*[st.integers(1, 3)] * 4), st.integers(1, 3), st.booleans(), st.integers(0, 1000)
)
def test_likelihood_is_that_of_the_mixture(sizes, dims, per_keypoint, seed):
    output, target, unit = prediction(*sizes, dims, per_keypoint=per_keypoint, seed=seed)
    outputs = target.shape[-1]
    # In displacement units, [B, T, G, O].
    normal = d.Normal(output.mu / unit, output.sigma / unit)
    place = target / unit
    if per_keypoint:
        # A mixture a keypoint: [B, T, K] mixtures of G components of D coordinates.
        mean, spread = (
            part.unflatten(-1, (-1, dims)).transpose(2, 3) for part in (normal.loc, normal.scale)
        )
        components = d.Independent(d.Normal(mean, spread), 1)
        mixture = d.MixtureSameFamily(d.Categorical(output.pi.transpose(2, 3)), components)
        log_density = mixture.log_prob(place.unflatten(-1, (-1, dims))).sum(dim=-1)
    else:
        mixture = d.MixtureSameFamily(d.Categorical(output.pi), d.Independent(normal, 1))
        log_density = mixture.log_prob(place)
    found = mixture_nll(output, target, unit, dims)
    torch.testing.assert_close(found, -log_density / outputs, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize('per_keypoint', [True, False])
def test_likelihood_stays_finite_far_off_and_with_weights_of_zero(per_keypoint):
    output, target, unit = prediction(2, 3, 4, 2, 3, per_keypoint=per_keypoint)
    output = MotionOutput(*(part.float() for part in output))
    output.pi[:, :, 0] = 0.0
    output.mu.requires_grad_()
    loss = mixture_nll(output, target.float() + 1e4, unit.float(), 3)
    assert bool(torch.isfinite(loss).all())
    loss.sum().backward()
    assert bool(torch.isfinite(output.mu.grad).all())


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
    found = emotion_targets(emotions, window)
    for b in range(batch):
        for t in range(length):
            expected = emotions[b, max(0, t + 1 - window) : t + 1].mean(dim=0)
            torch.testing.assert_close(found[b, t], expected, rtol=1e-4, atol=1e-5)


@given(st.booleans(), st.floats(0.0, 1.0), st.floats(0.0, 20.0), st.integers(0, 1000))
def test_loss_is_the_formula(per_keypoint, likelihood_weight, emotion_weight, seed):
    output, target, unit = prediction(3, 4, 2, 2, 3, per_keypoint=per_keypoint, seed=seed)
    truth = torch.rand(3, 4, 7, generator=seeded(seed), dtype=torch.float64)
    plan = torch.randn(3, 4, generator=seeded(seed), dtype=torch.float64)
    settings = {
        'keypoint_dims': 3, 'likelihood_weight': likelihood_weight,
        'emotion_weight': emotion_weight,
    }  # fmt: skip
    parts = motion_loss(output, target, truth, unit, **settings, plan=plan)
    mse = sum(
        (float(output.logits[b, t, o] - target[b, t, o]) / float(unit[o])) ** 2
        for b in range(3) for t in range(4) for o in range(6)
    ) / 72  # fmt: skip
    emotion = float((output.emotion_logits - truth).square().mean())
    nll = float(mixture_nll(output, target, unit, 3).mean())
    assert float(parts.mse) == pytest.approx(mse)
    assert float(parts.emotion) == pytest.approx(emotion)
    assert float(parts.nll) == pytest.approx(nll)
    assert float(parts.plan) == pytest.approx(float(plan.mean()))
    ahead = likelihood_weight * (nll + float(plan.mean()))
    expected = mse + emotion_weight * emotion + ahead
    assert float(parts.total) == pytest.approx(expected)


def test_the_emotion_weighs_ten_unless_told():
    output, target, unit = prediction(2, 3, 2, 2, 3, per_keypoint=True)
    truth = torch.zeros(2, 3, 7, dtype=torch.float64)
    parts = motion_loss(output, target, truth, unit, keypoint_dims=3, likelihood_weight=0.0)
    torch.testing.assert_close(parts.total, parts.mse + 10.0 * parts.emotion)


def test_windows_with_a_wrong_emotion_teach_the_head_only():
    output, target, unit = prediction(4, 3, 2, 2, 3, per_keypoint=True)
    output = MotionOutput(*(part.requires_grad_() for part in output))
    truth = torch.rand(4, 3, 7, generator=seeded(), dtype=torch.float64)
    right = torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64)
    settings = {'keypoint_dims': 3, 'likelihood_weight': 1.0}
    plan = torch.randn(4, 3, dtype=torch.float64, generator=seeded()).requires_grad_()
    parts = motion_loss(output, target, truth, unit, **settings, predictable=right, plan=plan)
    parts.total.backward()
    assert (plan.grad != 0.0).any(dim=1).tolist() == right.bool().tolist()
    for name in MotionOutput._fields:
        taught = (getattr(output, name).grad != 0.0).flatten(1).any(dim=1)
        expected = torch.ones(4) if name == 'emotion_logits' else right
        assert taught.tolist() == expected.bool().tolist(), name
    # All are means over the batch, whoever counts: so is the mean over processes.
    kept = MotionOutput(*(part.detach()[::2] for part in output))
    alone = motion_loss(kept, target[::2], truth[::2], unit, **settings)
    torch.testing.assert_close(2.0 * parts.mse, alone.mse)
    torch.testing.assert_close(2.0 * parts.nll, alone.nll)


@pytest.mark.parametrize('per_keypoint', [True, False])
def test_the_loss_of_a_batch_is_the_mean_of_those_of_its_parts(per_keypoint):
    output, target, unit = prediction(4, 3, 2, 2, 3, per_keypoint=per_keypoint)
    truth = torch.rand(4, 3, 7, generator=seeded(), dtype=torch.float64)
    mask = torch.rand(4, 3, 2, generator=seeded()) < 0.7
    plan = torch.randn(4, 3, dtype=torch.float64, generator=seeded())
    right = torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.float64)

    def loss(part: slice) -> LossParts:
        return motion_loss(
            MotionOutput(*(value[part] for value in output)), target[part], truth[part], unit,
            keypoint_dims=3, likelihood_weight=0.7, mask=mask[part], plan=plan[part],
            predictable=right[part], planned=mask[part, :, 0],
        )  # fmt: skip

    for whole, first, second in zip(
        loss(slice(4)), loss(slice(2)), loss(slice(2, 4)), strict=True
    ):
        torch.testing.assert_close(whole, (first + second) / 2.0)


# What was not measured


@pytest.mark.parametrize('per_keypoint', [True, False])
@given(seed=st.integers(0, 1000))
def test_masked_keypoints_change_no_loss_and_teach_nothing(per_keypoint, seed):
    output, target, unit = prediction(2, 4, 3, 3, 2, per_keypoint=per_keypoint, seed=seed)
    truth = torch.zeros(2, 4, 7, dtype=torch.float64)
    mask = torch.rand(2, 4, 3, generator=seeded(seed)) < 0.5
    hidden = ~mask.repeat_interleave(2, dim=-1)
    settings = {'keypoint_dims': 2, 'likelihood_weight': 1.0, 'mask': mask}
    output = MotionOutput(*(part.requires_grad_() for part in output))
    target.requires_grad_()
    parts = motion_loss(output, target, truth, unit, **settings)
    parts.total.backward()
    assert bool((target.grad[hidden] == 0.0).all()) and bool((target.grad[~hidden] != 0.0).all())
    assert bool((output.logits.grad[hidden] == 0.0).all())
    everywhere = hidden.unsqueeze(2).expand_as(output.mu)
    assert bool((output.mu.grad[everywhere] == 0.0).all())
    assert bool((output.sigma.grad[everywhere] == 0.0).all())
    with torch.no_grad():
        for value in (1e3, float('nan')):
            other = target.masked_fill(hidden, value)
            changed = motion_loss(output, other, truth, unit, **settings)
            for name in LossParts._fields:
                torch.testing.assert_close(getattr(changed, name), getattr(parts, name))


@pytest.mark.parametrize('per_keypoint', [True, False])
def test_a_loss_with_a_mask_is_that_of_the_measured_keypoints(per_keypoint):
    output, target, unit = prediction(2, 4, 3, 3, 2, per_keypoint=per_keypoint)
    truth = torch.zeros(2, 4, 7, dtype=torch.float64)
    settings = {'keypoint_dims': 2, 'likelihood_weight': 1.0}
    mask = torch.tensor([True, False, True]).expand(2, 4, 3)
    seen = [0, 1, 4, 5]
    alone = MotionOutput(
        output.pi[..., [0, 2]] if per_keypoint else output.pi, output.sigma[..., seen],
        output.mu[..., seen], output.logits[..., seen], output.emotion_logits,
    )  # fmt: skip
    found = motion_loss(output, target, truth, unit, **settings, mask=mask)
    expected = motion_loss(alone, target[..., seen], truth, unit[seen], **settings)
    everything = motion_loss(output, target, truth, unit, **settings)
    with_all = motion_loss(output, target, truth, unit, **settings, mask=torch.ones_like(mask))
    for name in LossParts._fields:
        torch.testing.assert_close(getattr(found, name), getattr(expected, name))
        torch.testing.assert_close(getattr(with_all, name), getattr(everything, name))
    assert not torch.isclose(found.mse, everything.mse)


def test_a_window_without_anything_measured_has_no_loss_but_the_emotion():
    output, target, unit = prediction(2, 3, 2, 2, 3, per_keypoint=False)
    mask = torch.ones(2, 3, 2, dtype=torch.bool)
    mask[1] = False
    parts = window_losses(
        output, target, torch.zeros(2, 3, 7), unit, keypoint_dims=3, likelihood_weight=1.0,
        mask=mask,
    )  # fmt: skip
    assert float(parts.mse[1]) == float(parts.nll[1]) == 0.0
    assert float(parts.mse[0]) > 0.0 and float(parts.emotion[1]) > 0.0


def test_plans_count_only_where_the_pose_ahead_was_measured():
    output, target, unit = prediction(1, 4, 2, 2, 3, per_keypoint=True)
    plan = torch.tensor([[1.0, 2.0, 30.0, 40.0]], dtype=torch.float64)
    planned = torch.tensor([[True, True, False, False]])
    settings = {'keypoint_dims': 3, 'likelihood_weight': 1.0, 'plan': plan}
    truth = torch.zeros(1, 4, 7)
    parts = motion_loss(output, target, truth, unit, **settings, planned=planned)
    assert float(parts.plan) == pytest.approx(1.5)
    nothing = motion_loss(output, target, truth, unit, **settings, planned=planned & False)
    assert float(nothing.plan) == 0.0


def test_every_weight_is_its_own():
    output, target, unit = prediction(2, 3, 2, 2, 3, per_keypoint=True)
    plan = torch.ones(2, 3, dtype=torch.float64)
    weights = {'mse_weight': 2.0, 'emotion_weight': 3.0, 'likelihood_weight': 5.0,
               'plan_weight': 7.0}  # fmt: skip
    parts = motion_loss(
        output, target, torch.zeros(2, 3, 7), unit, keypoint_dims=3, plan=plan, **weights
    )
    expected = 2.0 * parts.mse + 3.0 * parts.emotion + 5.0 * parts.nll + 7.0 * parts.plan
    torch.testing.assert_close(parts.total, expected)


def test_a_batch_of_wrong_emotions_has_a_loss():
    output, target, unit = prediction(2, 3, 2, 2, 3, per_keypoint=True)
    parts = motion_loss(
        output, target, torch.zeros(2, 3, 7), unit, keypoint_dims=3, likelihood_weight=1.0,
        predictable=torch.zeros(2),
    )  # fmt: skip
    assert float(parts.mse) == float(parts.nll) == 0.0
    torch.testing.assert_close(parts.total, 10.0 * parts.emotion)


def test_gradients_reach_every_weight_of_the_model():
    model = random_model().requires_grad_(True)
    frames, emotions = random_inputs(model, 2, 9)
    places = model.plan_place(frames)[:, 1:]
    plan = Plan(places, torch.full_like(places[..., :1], 0.5))
    output, ahead = model.forward_with_plan(frames[:, :-1], emotions[:, 1:], plan)
    nearest = torch.zeros(places.shape[:2], dtype=torch.int64)
    plan_loss = plan_nll(model.plan_head, ahead, places, model.plan_poses(), nearest)
    parts = motion_loss(
        output, frames[:, 1:], emotions[:, 1:], model.unit,
        keypoint_dims=3, likelihood_weight=1.0, plan=plan_loss,
    )  # fmt: skip
    parts.total.backward()
    for name, parameter in model.named_parameters():
        # A constant added to every score changes no softmax.
        if name != 'pooling.score.bias':
            assert parameter.grad is not None and bool((parameter.grad != 0.0).any()), name
