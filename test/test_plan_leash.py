# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The leash draws back a plan that goes too far from known poses, and touches no other."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from support import random_model, seeded
import torch
from torch import Tensor

from emotion_motion.checkpoint import from_pretrained, SamplerConfig
from emotion_motion.emotion import EMOTIONS
from emotion_motion.generator import MotionGenerator
from emotion_motion.model import MotionModel
from emotion_motion.plan import NO_LEASH, PlanAhead
from emotion_motion.plan_leash import PlanLeash
from emotion_motion.plan_sampler import PlanSampler

EACH = torch.eye(len(EMOTIONS))


def knowing(**sizes: int) -> MotionModel:
    """Return a model that knows a cloud of poses of each emotion, the clouds far apart."""
    model = random_model(**{'plan_dims': 5, 'plan_known': 30, **sizes})
    random = seeded(3)
    model.plan_basis.normal_(generator=random)
    apart = 4.0 * torch.randn(7, 1, model.config.plan_size, generator=random)
    model.plan_known.normal_(generator=random).add_(apart)
    model.plan_reach.copy_(torch.linspace(0.15, 0.35, 7))
    return model


def around(model: MotionModel, count: int, spread: float) -> Tensor:
    """Return plans about the known poses of each emotion, [7, N, Z]."""
    random = seeded(4)
    which = torch.randint(model.config.plan_known, (7, count), generator=random)
    known = model.plan_known.gather(1, which.unsqueeze(-1).expand(-1, -1, model.config.plan_size))
    return known + spread * torch.randn(known.shape, generator=random)


def how_far(model: MotionModel, plans: Tensor) -> tuple[Tensor, Tensor]:
    """Return distance and number of the known pose next to plans [E, N, Z], each [E, N]."""
    far, nearest = PlanLeash(model).between(plans, model.plan_known).min(dim=-1)
    return far, nearest


# The distance


def test_distance_is_that_of_the_bodies():
    """Where the components say all of a pose; the root mean square over keypoints."""
    model = random_model()
    model.plan_basis.normal_(generator=seeded(5))
    assert model.config.plan_size == model.config.outputs
    frames = torch.randn(2, 8, model.config.outputs, generator=seeded(6))
    one, other = frames.unflatten(-1, (4, 3))
    bones = (one.unsqueeze(1) - other).norm(dim=-1)  # [8, 8, K]
    found = PlanLeash(model).between(*model.plan_place(frames))
    torch.testing.assert_close(found, bones.square().mean(dim=-1).sqrt(), rtol=1e-3, atol=1e-4)


# One emotion


@pytest.mark.parametrize('length', [0.5, 1.0, 3.0])
def test_a_plan_within_reach_is_untouched_bit_for_bit(length):
    model = knowing()
    plans = around(model, 3000, 0.3)
    inside = how_far(model, plans)[0] < 0.99 * length * model.plan_reach[:, None]
    assert int(inside.sum()) > 1000
    found = PlanLeash(model)(plans, EACH, length)
    assert torch.equal(found[inside], plans[inside])


@pytest.mark.parametrize('length', [0.5, 1.0, 3.0])
def test_a_plan_beyond_is_drawn_back_along_the_straight_line_as_far_as_it_must(length):
    model = knowing()
    plans = around(model, 200, 3.0)
    far, nearest = how_far(model, plans)
    allowed = (length * model.plan_reach)[:, None].expand_as(far)
    beyond = far > 1.01 * allowed
    assert int(beyond.sum()) > 500
    found = PlanLeash(model)(plans, EACH, length)
    after, still = how_far(model, found)
    torch.testing.assert_close(after[beyond], allowed[beyond], rtol=1e-3, atol=1e-4)
    assert torch.equal(still[beyond], nearest[beyond])
    index = nearest.unsqueeze(-1).expand_as(plans)
    known = model.plan_known.gather(1, index)
    way, left = (plans - known)[beyond], (found - known)[beyond]
    share = (allowed / far)[beyond].unsqueeze(-1)
    torch.testing.assert_close(left, share * way, rtol=1e-3, atol=1e-3)


def test_what_was_drawn_back_stays_where_it_is():
    model = knowing()
    leash = PlanLeash(model)
    once = leash(around(model, 50, 3.0), EACH, 1.0)
    torch.testing.assert_close(leash(once, EACH, 1.0), once, rtol=1e-3, atol=1e-3)
    wider = leash(once, EACH, 1.1)
    assert torch.equal(wider, once), 'a longer leash does nothing to it'


def test_a_leash_of_no_length_is_none():
    model = knowing()
    plans = 1e6 * around(model, 50, 3.0)
    assert torch.equal(PlanLeash(model)(plans, EACH, 0.0), plans)


def test_an_emotion_that_the_data_lacks_has_no_leash():
    model = knowing()
    model.plan_known[2], model.plan_reach[2] = 0.0, NO_LEASH
    plans = around(model, 50, 30.0)
    found = PlanLeash(model)(plans, EACH, 1.0)
    for emotion in range(7):
        assert torch.equal(found[emotion], plans[emotion]) == (emotion == 2)
    fresh = random_model()  # knows nothing yet
    plans = 50.0 * torch.randn(7, 9, fresh.config.plan_size, generator=seeded())
    assert torch.equal(PlanLeash(fresh)(plans, EACH, 1.0), plans)


# Several emotions


def mixed(**weights: float) -> Tensor:
    """Return weights [1, 7]."""
    emotion = torch.zeros(1, 7)
    for name, weight in weights.items():
        emotion[0, EMOTIONS.index(name)] = weight
    return emotion


@pytest.mark.parametrize(('emotion', 'free', 'drawn'), [
    (mixed(anger=0.6, fear=0.4), {'anger', 'fear'}, {'sadness', 'neutral'}),
    (mixed(anger=0.88, fear=0.12), {'anger', 'fear'}, {'sadness', 'neutral'}),
    (mixed(anger=0.92, fear=0.08), {'anger'}, {'fear', 'sadness', 'neutral'}),
    (mixed(anger=0.3, fear=0.45, neutral=0.25), {'anger', 'fear'}, {'sadness', 'neutral'}),
])  # fmt: skip
def test_poses_count_of_the_two_strongest_emotions_that_have_a_share(emotion, free, drawn):
    model = knowing()
    leash = PlanLeash(model)
    for name in free | drawn:
        plans = model.plan_known[EMOTIONS.index(name)].unsqueeze(0)
        found = leash(plans, emotion, 1.0)
        if name in free:
            torch.testing.assert_close(found, plans)
            continue
        strong = [EMOTIONS.index(other) for other in free]
        far = leash.between(found, model.plan_known[strong]) / model.plan_reach[strong, None, None]
        # On the edge of what the one reaches to which it is nearest, and beyond the other's.
        torch.testing.assert_close(
            far.amin(dim=(0, 2)), torch.ones(30), rtol=2e-3, atol=0.0
        )


def test_the_emotion_whose_reach_is_least_exceeded_draws_back():
    """Of two poses, the nearer one may be the one to which it is too far."""
    model = random_model(plan_dims=5, plan_known=1, plan_choices=1)
    model.plan_known.zero_()
    model.plan_reach.fill_(0.01)
    anger, fear = EMOTIONS.index('anger'), EMOTIONS.index('fear')
    model.plan_known[fear, :, 0] = 3.0
    leash = PlanLeash(model)
    plan = torch.zeros(1, 1, 5)
    plan[..., 0] = 1.0
    to_fear = float(leash.between(plan[0], model.plan_known[fear]))
    model.plan_reach[fear] = 0.9 * to_fear
    emotion = mixed(anger=0.7, fear=0.3)
    found = leash(plan, emotion, 1.0)
    assert float(leash.between(found[0], model.plan_known[anger])) > 1.01 * float(
        leash.between(plan[0], model.plan_known[anger])
    )
    assert float(leash.between(found[0], model.plan_known[fear])) == pytest.approx(
        0.9 * to_fear, rel=1e-3
    )


def test_streams_have_leashes_of_their_own():
    model = knowing()
    leash, plans = PlanLeash(model), around(model, 40, 3.0)
    together = leash(plans, EACH, 1.0)
    for emotion in range(7):
        alone = leash(plans[[emotion]], EACH[[emotion]], 1.0)
        torch.testing.assert_close(together[[emotion]], alone, rtol=1e-3, atol=1e-3)
    mixtures = EACH.clone()
    mixtures[0] = mixed(anger=0.6, fear=0.4)
    others = leash(plans, mixtures, 1.0)
    assert torch.equal(others[1:], together[1:]), 'what one stream asks for is nothing to others'
    assert not torch.equal(others[0], together[0])


# The live loop


def test_the_sampler_s_plans_are_on_its_leash():
    model = knowing()
    sampler, size = PlanSampler(model), model.config.plan_size
    model.plan_head.out.bias[-size:] = 30.0  # plans go anywhere
    ahead = PlanAhead(
        torch.zeros(7, 1, len(model.plan_poses())), torch.zeros(7, 1, model.config.mdn_channels),
        torch.zeros(7, 1, size),
    )  # fmt: skip
    noise = sampler.draw(7, seeded(1))
    frame = torch.zeros(7, model.config.outputs)
    found = {
        length: how_far(
            model, sampler(ahead, frame, EACH, SamplerConfig(leash=length), noise)[:, None]
        )[0][:, 0] / model.plan_reach
        for length in (0.0, 0.5, 2.0)
    }  # fmt: skip
    assert bool((found[0.0] > 2.1).all()), 'this test shall have something to draw back'
    for length in (0.5, 2.0):
        torch.testing.assert_close(found[length], torch.full((7,), length), rtol=2e-3, atol=0.0)


@pytest.fixture(scope='module')
def packaged_plans(packaged_model: Path) -> dict[float, Tensor]:
    """Return how far the packaged model's plans go, in reaches [N], with each leash."""
    model, found = from_pretrained(packaged_model).model, {}
    for length in (0.0, 1.0):
        generator = MotionGenerator.from_pretrained(packaged_model, batch_size=7, seed=5)
        generator.sampler = dataclasses.replace(generator.sampler, leash=length)
        generator.set_emotion(np.eye(7, dtype=np.float32))
        far = []
        for _ in range(600):
            generator.step()
            drawn = generator._cache.plan_left[:, 0] == 1.0
            away, _ = how_far(model, generator._cache.plan.unsqueeze(1))
            far.append((away[:, 0] / model.plan_reach)[drawn])
        found[length] = torch.cat(far)
    return found


def test_the_packaged_model_knows_poses_of_every_emotion(packaged_model):
    model = from_pretrained(packaged_model).model
    assert bool((model.plan_reach < 0.2).all()) and bool((model.plan_reach > 1e-3).all())
    assert model.plan_known.flatten(1).unique(dim=0).shape[0] == 7
    assert all(len(poses.unique(dim=0)) > 400 for poses in model.plan_known)


def test_in_the_live_loop_no_plan_gets_off_the_leash_and_without_one_many_do(packaged_plans):
    on, off = packaged_plans[1.0], packaged_plans[0.0]
    assert min(len(on), len(off)) > 400
    assert float(on.max()) < 1.01
    assert float((off > 1.01).float().mean()) > 0.05
    assert float(on.mean()) < 0.9 * float(off.mean())
