# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The plan: training tells the model what the live loop would; draws are the mixture's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support import chi_square_p, random_checkpoint, random_inputs, random_model
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from emotion_motion.generator import MotionGenerator
from emotion_motion.model import MotionModel, MotionOutput
from emotion_motion.plan import draw_plan, Plan, plan_nll, PlanMixture, sample_plan
from emotion_motion.training.config import PlanConfig
from emotion_motion.training.plans import draw_plan_times, plan_basis, PlanDraw, plans_of

DRAWS = 20_000


def mixture(batch: int = 1, parts: int = 3, size: int = 2) -> PlanMixture:
    random = torch.Generator().manual_seed(0)
    shape = (batch, 1, parts, size)
    return PlanMixture(
        torch.randn(shape[:-1], generator=random),
        3.0 * torch.randn(shape, generator=random),
        0.1 + torch.rand(shape, generator=random),
    )


def test_likelihood_is_that_of_torch_distributions():
    made = mixture(batch=5)
    target = torch.randn(5, 1, 2, generator=torch.Generator().manual_seed(1))
    expected = MixtureSameFamily(
        Categorical(logits=made.logits), Independent(Normal(made.mean, made.sigma), 1)
    )
    torch.testing.assert_close(plan_nll(made, target), -expected.log_prob(target) / 2.0)


@pytest.mark.parametrize('temperature', [1.0, 0.5])
@pytest.mark.usefixtures('keep_global_random_state')
def test_components_and_spread_are_the_last_timestep_s(temperature):
    random = torch.Generator().manual_seed(4)
    apart = 5.0 * torch.arange(4.0)[:, None] + torch.randn(4, 3, generator=random)
    one = PlanMixture(
        torch.randn(1, 2, 4, generator=random), apart.expand(1, 2, 4, 3).clone(),
        0.1 + 0.2 * torch.rand(1, 2, 4, 3, generator=random),
    )  # fmt: skip
    one.mean[:, 0] += 1000.0  # an earlier timestep, which must not matter
    many = PlanMixture(*(part.expand(DRAWS, *part.shape[1:]) for part in one))
    drawn = sample_plan(many, draw_plan(many.mean[:, -1], random), temperature)
    normal = (drawn[:, None] - one.mean[0, -1]) / one.sigma[0, -1] / temperature**0.5
    component = (drawn[:, None] - one.mean[0, -1]).norm(dim=-1).argmin(dim=-1)
    expected = (one.logits[0, -1] / temperature).softmax(dim=-1)
    assert chi_square_p(component.bincount(minlength=4), expected) > 1e-3
    own = normal[torch.arange(DRAWS), component]
    torch.testing.assert_close(own.T @ own / DRAWS, torch.eye(3), rtol=0.0, atol=0.05)


def test_draws_are_distributed_as_the_mixture():
    made = PlanMixture(*(part.expand(DRAWS, *part.shape[1:]) for part in mixture()))
    noise = draw_plan(made.mean[:, 0], torch.Generator().manual_seed(2))
    drawn = sample_plan(made, noise)
    share = made.logits[0, 0].softmax(0)
    mean = (share[:, None] * made.mean[0, 0]).sum(0)
    second = (share[:, None] * (made.mean[0, 0].square() + made.sigma[0, 0].square())).sum(0)
    spread = (second - mean.square()).sqrt()
    assert ((drawn.mean(0) - mean).abs() < 5.0 * spread / DRAWS**0.5).all()
    torch.testing.assert_close(drawn.std(0), spread, rtol=0.03, atol=0.0)


def test_a_cold_draw_is_the_likeliest_component():
    made = PlanMixture(*(part.expand(500, *part.shape[1:]) for part in mixture()))
    drawn = sample_plan(made, draw_plan(made.mean[:, 0], torch.Generator().manual_seed(3)), 1e-6)
    best = made.mean[0, 0, made.logits[0, 0].argmax()]
    torch.testing.assert_close(drawn, best.expand(500, -1), rtol=0.0, atol=0.01)


def test_principal_components_have_unit_spread():
    random = np.random.default_rng(0)
    frames = random.normal(size=(5000, 3)) @ random.normal(size=(3, 12))
    spread = frames.std(axis=0)
    basis = plan_basis(frames, spread, 3)
    found = (frames / spread) @ basis.T
    np.testing.assert_allclose(np.cov(found, rowvar=False), np.eye(3), atol=1e-6)


@pytest.fixture
def model():
    return random_checkpoint().model


def planned(frames, model, seed, sizes=None, **settings):
    """Return what windows are told, and what they should plan, with plans drawn for each."""
    config, random = PlanConfig(**settings), np.random.default_rng(seed)
    length = frames.shape[1] - 1 - model.config.plan_horizon
    draws = [draw_plan_times(config, sizes or model.config, length, random) for _ in frames]
    draw = PlanDraw(*(torch.stack(part) for part in zip(*draws, strict=True)))
    return plans_of(frames, model, draw)


def test_training_is_told_the_clean_pose_that_came(model):
    horizon, length = model.config.plan_horizon, 40
    frames = torch.randn(6, length + 1 + horizon, model.config.outputs)
    plan, meant = planned(frames, model, 0, loose=0.0, planless=0.0)
    places = model.plan_place(frames)
    for b in range(6):
        for t in range(length):
            due = t + round(float(plan.left[b, t]) * horizon)
            torch.testing.assert_close(plan.target[b, t], places[b, due])
            torch.testing.assert_close(meant[b, t], places[b, t + 1 + horizon])
    # A plan is new at its full horizon, and is kept for a while.
    assert float(plan.left.max()) == 1.0
    assert float(plan.left.min()) >= 1.0 - 1.5 * model.config.plan_every / horizon


def test_a_tenth_of_the_windows_has_no_plan(model):
    frames = torch.randn(1000, 2 + model.config.plan_horizon, model.config.outputs)
    plan, _ = planned(frames, model, 0)
    assert float((plan.left == 0.0).float().mean()) == pytest.approx(0.1, abs=0.03)
    nowhere, _ = planned(frames, model, 0, replace(model.config, plan=False))
    assert not nowhere.left.any()


def test_a_silent_head_means_the_pose_that_is():
    model = random_model()
    model.plan_head.out.weight.zero_()
    model.plan_head.out.bias.zero_()
    frames, emotions = random_inputs(model, 2, 5)
    _, ahead = model.forward_with_plan(frames, emotions, None)
    expected = model.plan_place(frames).unsqueeze(2).expand_as(ahead.mean)
    torch.testing.assert_close(ahead.mean, expected)


def test_a_plan_is_what_the_head_drew_a_frame_ago():
    """A new plan at frame t is the pose at t + horizon; the head at t - 1 means that one."""
    model = random_checkpoint().model
    frames = torch.randn(1, 61, model.config.outputs)
    plan, meant = planned(frames, model, 5, planless=0.0)
    new = (plan.left[0, 1:, 0] == 1.0).nonzero()[:, 0] + 1
    assert len(new)
    loose = (plan.target[0, new] - meant[0, new - 1]).abs().max()
    assert float(loose) < 5.0 * 0.5 + 1e-4  # apart from the looseness of drawn plans


def test_the_live_loop_keeps_a_plan_and_makes_one_for_a_new_emotion():
    checkpoint = random_checkpoint()
    config = checkpoint.model.config
    generator = MotionGenerator(checkpoint, batch_size=2, seed=0)
    assert not generator._cache.plan_left.any()

    def plans(steps: int) -> list[torch.Tensor]:
        made = []
        for _ in range(steps):
            generator.step()
            made.append(generator._cache.plan.clone())
        return made

    kept = plans(2 * config.plan_every)
    for index, plan in enumerate(kept):
        first = kept[index // config.plan_every * config.plan_every]
        assert torch.equal(plan, first)
    assert not torch.equal(kept[0], kept[-1])
    plans(3)
    before = generator._cache.plan.clone()
    generator.set_emotion('anger', index=1)
    after = plans(1)[0]
    assert torch.equal(before[0], after[0]), 'the other stream keeps its plan'
    assert not torch.equal(before[1], after[1])


def random_plan(model: MotionModel, batch: int, length: int) -> Plan:
    random = torch.Generator().manual_seed(2)
    target = torch.randn(batch, length, model.config.plan_size, generator=random)
    return Plan(target, torch.rand(batch, length, 1, generator=random) + 0.1)


def test_a_plan_shows_from_its_frame_on_and_not_before():
    model = random_model()
    frames, emotions = random_inputs(model, 2, 10)
    plan = random_plan(model, 2, 10)
    before, ahead = model.forward_with_plan(frames, emotions, plan)
    for t in range(9):
        for part in range(2):
            other = Plan(*(values.clone() for values in plan))
            other[part][:, t + 1 :] += 0.5
            after, further = model.forward_with_plan(frames, emotions, other)
            for one, two in zip((*before, *ahead), (*after, *further), strict=True):
                assert torch.equal(one[:, : t + 1], two[:, : t + 1])
            assert not torch.equal(before.logits[:, t + 1], after.logits[:, t + 1])


def test_the_future_does_not_show_in_what_is_planned():
    model = random_model()
    frames, emotions = random_inputs(model, 2, 10)
    _, before = model.forward_with_plan(frames, emotions, None)
    for t in range(9):
        other = frames.clone()
        other[:, t + 1 :] += 1.0
        _, after = model.forward_with_plan(other, emotions, None)
        for one, two in zip(before, after, strict=True):
            assert torch.equal(one[:, : t + 1], two[:, : t + 1])


def test_no_plan_is_one_with_nothing_left():
    model = random_model()
    frames, emotions = random_inputs(model, 2, 6)
    plan = random_plan(model, 2, 6)
    none = Plan(plan.target, torch.zeros_like(plan.left))
    for one, other in zip(
        model(frames, emotions), model(frames, emotions, plan=none), strict=True
    ):
        assert torch.equal(one, other)


def test_a_plan_leaves_the_recognised_emotion_alone_where_logits_stay():
    model = random_model()
    model.displacement.weight.zero_()
    model.gates.weight.zero_()
    frames, emotions = random_inputs(model, 2, 6)
    one = model(frames, emotions)
    other = model(frames, emotions, plan=random_plan(model, 2, 6))
    assert torch.equal(one.logits, other.logits)
    assert torch.equal(one.emotion_logits, other.emotion_logits)
    assert not torch.equal(one.sigma, other.sigma)


def test_streaming_with_plans_is_the_whole_pass():
    model = random_model(window=8)
    frames, emotions = random_inputs(model, 2, 200)
    plan = random_plan(model, 2, 200)
    whole, cache = model(frames, emotions, plan=plan), model.stream(2)
    for t in range(200):
        cache.plan, cache.plan_left = plan.target[:, t], plan.left[:, t]
        output = model.step(frames[:, t], emotions[:, t], cache)
        for name in MotionOutput._fields:
            torch.testing.assert_close(
                getattr(output, name)[:, 0], getattr(whole, name)[:, t], rtol=0.0, atol=1e-4
            )


def test_fading_between_emotions_keeps_the_plan():
    checkpoint = random_checkpoint(plan_horizon=40, plan_every=40)
    generator = MotionGenerator(checkpoint, seed=0)
    generator.step()
    generator.set_emotion('anger')
    generator.step()
    for share in np.linspace(0.0, 1.0, 15):
        generator.set_emotion({'anger': 1.0 - share, 'fear': share})
        generator.step()
        assert float(generator._cache.plan_left[0]) < 1.0
    generator.reset()
    assert not bool(generator._cache.plan_left.any())
