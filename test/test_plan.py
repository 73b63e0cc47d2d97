# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The plan: training tells the model what the live loop would; draws are what the head says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support import chi_square_p, random_checkpoint, random_inputs, random_model, seeded
import torch
from torch.distributions import Categorical, Independent, Normal

from emotion_motion.generator import MotionGenerator
from emotion_motion.model import MotionModel, MotionOutput
from emotion_motion.plan import Plan, plan_nll, PlanAhead, PlanHead, sample_plan
from emotion_motion.plan_sampler import PlanSampler
from emotion_motion.sampler_config import SamplerConfig
from emotion_motion.training.config import PlanConfig
from emotion_motion.training.plans import draw_plan_times, plan_basis, PlanDraw, plans_of

DRAWS = 20_000


HIDDEN = 16


def outlook(batch: int = 1, length: int = 1) -> tuple[PlanHead, PlanAhead, torch.Tensor]:
    """Return a plan head with random weights, what it says, and the poses it chooses from."""
    model, random = random_model(plan_dims=2, plan_choices=1, plan_known=1), seeded()
    model.plan_known.normal_(0.0, 3.0, generator=random)
    ahead = PlanAhead(
        torch.randn(batch, length, 7, generator=random),
        torch.randn(batch, length, HIDDEN, generator=random),
        torch.randn(batch, length, 2, generator=random),
    )
    return model.plan_head, ahead, model.plan_poses()


def spread_of(head: PlanHead, ahead: PlanAhead, poses: torch.Tensor) -> list[torch.Tensor]:
    """Return mean and standard deviation [M, Z] around each pose, of the last timestep."""
    hidden, here = (part[0, -1].expand(len(poses), -1) for part in (ahead.hidden, ahead.here))
    return list(head.around(hidden, here, poses))


def test_likelihood_is_that_of_torch_distributions():
    head, ahead, poses = outlook(batch=5)
    target = torch.randn(5, 1, 2, generator=seeded(1))
    nearest = torch.randint(7, (5, 1), generator=seeded(2))
    found = plan_nll(head, ahead, target, poses, nearest)
    choice = Categorical(logits=ahead.logits).log_prob(nearest)
    around = Independent(Normal(*head.around(ahead.hidden, ahead.here, poses[nearest])), 1)
    torch.testing.assert_close(found, -(choice + around.log_prob(target)) / 2.0)


def drawn_from(
    head: PlanHead, ahead: PlanAhead, poses: torch.Tensor, temperature: float, count: int = DRAWS
) -> torch.Tensor:
    noise = (
        torch.rand(1, count, generator=seeded(4)), torch.randn(1, count, 2, generator=seeded(5))
    )
    return sample_plan(head, ahead, poses, noise, temperature)[0]


@pytest.mark.parametrize('temperature', [1.0, 0.5])
def test_poses_and_spread_are_the_last_timestep_s(temperature):
    head, ahead, _ = outlook(length=2)
    ahead.logits[:, 0] = torch.randn(1, 7, generator=seeded(3))  # earlier: must not matter
    poses = 100.0 * torch.arange(7.0)[:, None] + torch.zeros(7, 2)
    head.near.weight.zero_()  # clouds of one size, far apart
    head.out.bias[:2] = -40.0  # nobody stays where the body is
    mean, sigma = spread_of(head, ahead, poses)
    drawn = drawn_from(head, ahead, poses, temperature)
    which = (drawn[:, None] - mean).norm(dim=-1).argmin(dim=-1)
    expected = (ahead.logits[0, -1] / temperature).softmax(dim=-1)
    assert chi_square_p(which.bincount(minlength=7), expected) > 1e-3
    own = (drawn - mean[which]) / sigma[which] / temperature**0.5
    torch.testing.assert_close(own.T @ own / DRAWS, torch.eye(2), rtol=0.0, atol=0.05)


def test_a_cold_draw_is_the_likeliest_pose():
    head, ahead, poses = outlook()
    drawn = drawn_from(head, ahead, poses, 1e-6, 500)
    mean, _ = spread_of(head, ahead, poses)
    best = mean[ahead.logits[0, 0].argmax()]
    torch.testing.assert_close(drawn, best.expand(500, -1), rtol=0.0, atol=0.02)


def test_streams_have_temperatures_of_their_own():
    head, ahead, poses = outlook(batch=2)
    noise = (torch.rand(2, 5, generator=seeded(4)), torch.randn(2, 5, 2, generator=seeded(5)))
    together = sample_plan(head, ahead, poses, noise, torch.tensor([[0.3], [2.0]]))
    for number, temperature in enumerate((0.3, 2.0)):
        one = slice(number, number + 1)
        alone = sample_plan(
            head, PlanAhead(*(part[one] for part in ahead)), poses,
            (noise[0][one], noise[1][one]), temperature,
        )  # fmt: skip
        torch.testing.assert_close(together[one], alone)


def test_every_known_pose_can_be_drawn_and_none_beyond():
    head, ahead, poses = outlook()
    ends = torch.tensor([[0.0, 1.0 - 2.0**-24]])
    assert ends.max() < 1.0
    found = sample_plan(head, ahead, poses, (ends, torch.zeros(1, 2, 2)))
    mean, _ = spread_of(head, ahead, poses)
    torch.testing.assert_close(found[0], mean[[0, -1]])


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


def test_a_silent_head_means_halfway_from_any_pose_to_where_the_body_is():
    head, ahead, poses = outlook()
    for part in head.out.parameters():
        part.zero_()
    mean, _ = spread_of(head, ahead, poses)
    torch.testing.assert_close(mean, (poses + ahead.here[0, 0]) / 2.0)
    assert not ahead.logits.softmax(-1).allclose(torch.full((1, 1, 7), 1.0 / 7.0))


def test_plans_choose_from_known_poses_of_every_emotion():
    model = random_model(plan_known=5, plan_choices=3)
    model.plan_known.normal_(generator=seeded())
    poses = model.plan_poses()
    assert poses.shape == (21, model.config.plan_size)
    for emotion in range(7):
        assert torch.equal(
            poses[3 * emotion : 3 * emotion + 3], model.plan_known[emotion, :3]
        )


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


def test_a_new_emotion_is_asked_for_more_of_plans_and_soon_is_no_news():
    checkpoint = random_checkpoint()
    model, config = checkpoint.model, checkpoint.model.config
    plans, many = PlanSampler(model), 200
    frame = 0.05 * torch.randn(many, config.outputs, generator=seeded(1))
    ahead = PlanAhead(
        torch.zeros(many, 1, 7 * config.plan_choices),
        torch.randn(many, 1, config.mdn_channels, generator=seeded(2)),
        model.plan_place(frame).unsqueeze(1),
    )
    emotion = torch.eye(7)[torch.zeros(many, dtype=torch.int64)]
    shown = {}
    for news in (0.0, 1.0):
        sampler = SamplerConfig(emotion_weight=0.02, leash=0.0)  # else the best is taken anyway
        chosen = plans(ahead, frame, emotion, sampler, plans.draw(many, seeded(3)), news=news)
        place = (frame / model.pose_std)[:, None] + (
            (chosen - model.plan_place(frame)) @ model.plan_rise() / model.pose_std
        )[:, None]
        moved = place[:, 0] - frame / model.pose_std
        speed = (moved * model.pose_std / model.unit / config.plan_horizon).unflatten(-1, (-1, 3))
        seen = torch.cat((place[:, 0], speed.norm(dim=-1)), dim=-1)
        logits = model.emotion_fc2(seen)
        shown[news] = float((logits[:, 0] * (1.0 - logits[:, 4])).mean())
    assert shown[1.0] > shown[0.0]

    generator = MotionGenerator(checkpoint, seed=0)
    generator.step()
    assert not generator._cache.news.any(), 'nothing was asked for before'
    generator.set_emotion('anger')
    news = []
    for _ in range(50):
        generator.step()
        news.append(float(generator._cache.news[0, 0]))
    assert news[0] > 0.9 and news == sorted(news, reverse=True)
    assert news[-1] == 0.0 < news[40]
