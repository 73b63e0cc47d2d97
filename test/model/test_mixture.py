# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The mixture of poses ahead: what its numbers are, written out once more without a batch."""

from __future__ import annotations

from hypothesis import given, strategies as st
import pytest
from support import random_inputs, random_model, seeded
import torch
from torch import distributions as d, Tensor

from emotion_motion.model.mixture import Mixture
from emotion_motion.model.network import MotionModel


def outlook(model: MotionModel, batch: int = 2, length: int = 3, seed: int = 0) -> Mixture:
    """Return what a model says of random features of bodies somewhere."""
    c, random = model.config, seeded(seed)
    features = torch.randn(batch, length, c.channels + c.emotions, generator=random)
    here = torch.randn(batch, length, c.pose_axes, generator=random)
    return model.mdn(features.to(model.unit), here.to(model.unit))


def component(model: MotionModel, mixture: Mixture, place: tuple[int, int], number: int):
    """Return mean and standard deviation [Z] of one component at (b, t), layer by layer."""
    mdn = model.mdn
    hidden, here, anchor = mixture.hidden[place], mixture.pose[place], mdn.anchors[number]
    seen = torch.cat((hidden, anchor, here - anchor))
    inner = mdn.near.weight @ seen + mdn.near.bias
    inner = inner * torch.sigmoid(inner)
    stays, moves, spread = (mdn.out.weight @ inner + mdn.out.bias).chunk(3)
    mean = anchor + torch.sigmoid(stays) * (here - anchor) + mdn.horizon_unit * moves
    return mean, mdn.horizon_unit * ((1.0 + spread.exp()).log() + 0.02)


def everything(model: MotionModel, mixture: Mixture) -> tuple[Tensor, Tensor]:
    """Return means and standard deviations of all components, [B, T, G, Z]."""
    anchors = torch.arange(model.config.anchors).expand(*mixture.log_pi.shape[:2], -1)
    return model.mdn.components(mixture, anchors)


@pytest.mark.parametrize('sizes', [{}, {'anchors': 1}, {'horizon': 1, 'target_every': 1}])
def test_pi_sums_to_one_and_is_what_the_model_says(sizes):
    model = random_model(**sizes)
    mixture = outlook(model)
    assert mixture.log_pi.shape == (2, 3, model.config.anchors)
    torch.testing.assert_close(mixture.log_pi.exp().sum(dim=-1), torch.ones(2, 3))
    frames, emotions = random_inputs(model, 2, 5)
    step = model.whole(frames, emotions, None)
    mixture = model.mdn(step.features, step.pose)
    assert torch.equal(model(frames, emotions).pi, mixture.log_pi.exp())
    torch.testing.assert_close(mixture.pose, model.in_axes(frames))
    again = model.mdn(step.features, step.pose)
    assert torch.equal(again.log_pi, mixture.log_pi)


@given(st.integers(0, 1000))
def test_components_are_the_formula_whichever_are_asked_for(seed):
    model = random_model(seed % 7).double()
    mixture = outlook(model, seed=seed)
    chosen = torch.randint(model.config.anchors, (2, 3, 4), generator=seeded(seed))
    means, sigmas = model.mdn.components(mixture, chosen)
    for b, t, n in torch.cartesian_prod(*map(torch.arange, chosen.shape)).tolist():
        mean, sigma = component(model, mixture, (b, t), int(chosen[b, t, n]))
        torch.testing.assert_close(means[b, t, n], mean)
        torch.testing.assert_close(sigmas[b, t, n], sigma)


def test_a_spread_never_vanishes():
    model = random_model()
    model.mdn.out.bias[-model.config.pose_axes :] = -1e4
    _, sigma = everything(model, outlook(model))
    torch.testing.assert_close(sigma, (0.02 * model.mdn.horizon_unit).expand_as(sigma))


def test_likelihood_in_horizon_units_is_that_of_torch():
    model = random_model().double()
    mixture = outlook(model, 5, 4)
    pose = torch.randn(5, 4, model.config.pose_axes, generator=seeded(1), dtype=torch.float64)
    nearest = torch.randint(model.config.anchors, (5, 4), generator=seeded(2))
    nll = model.mdn.nll(mixture, pose, nearest)
    unit = model.mdn.horizon_unit
    for b, t in torch.cartesian_prod(torch.arange(5), torch.arange(4)).tolist():
        mean, sigma = component(model, mixture, (b, t), int(nearest[b, t]))
        around = d.Normal(mean / unit, sigma / unit).log_prob(pose[b, t] / unit).sum()
        expected = -(mixture.log_pi[b, t, nearest[b, t]] + around) / model.config.pose_axes
        torch.testing.assert_close(nll[b, t], expected)


@given(st.integers(0, 1000))
def test_likelihood_is_an_upper_bound_of_the_whole_mixture_s(seed):
    """Whichever component answers, all of them together can only make a pose likelier."""
    model = random_model(seed % 5).double()
    mixture = outlook(model, 4, 3, seed)
    size = model.config.pose_axes
    pose = torch.randn(4, 3, size, generator=seeded(seed), dtype=torch.float64)
    mean, sigma = (part / model.mdn.horizon_unit for part in everything(model, mixture))
    whole = d.MixtureSameFamily(
        d.Categorical(logits=mixture.log_pi), d.Independent(d.Normal(mean, sigma), 1)
    )
    exact = -whole.log_prob(pose / model.mdn.horizon_unit) / size
    each = [
        model.mdn.nll(mixture, pose, torch.full((4, 3), number))
        for number in range(model.config.anchors)
    ]
    assert bool((torch.stack(each).amin(dim=0) >= exact - 1e-9).all())
    # And of one component it is the likelihood itself.
    alone = random_model(anchors=1).double()
    mixture = outlook(alone, 4, 3, seed)
    mean, sigma = (part[:, :, 0] / alone.mdn.horizon_unit for part in everything(alone, mixture))
    place = pose / alone.mdn.horizon_unit
    exact = -d.Normal(mean, sigma).log_prob(place).sum(dim=-1) / size
    torch.testing.assert_close(
        alone.mdn.nll(mixture, pose, torch.zeros(4, 3, dtype=torch.int64)), exact
    )


def test_a_mixture_learns_where_bodies_go():
    """Two ways on from one place, one in four times the other: shares, means and spreads."""
    model = random_model(anchors=2, pose_dims=2).requires_grad_(True)
    model.mdn.anchors.copy_(torch.tensor([[2.0, 0.0], [-2.0, 0.0]]))
    random = seeded(3)
    count = 800
    nearest = (torch.arange(count) % 4 == 0).long()[None]
    centre = torch.tensor([[2.5, 1.0], [-2.0, -1.0]])[nearest]
    pose = centre + 0.3 * torch.randn(1, count, 2, generator=random)
    features = torch.ones(1, count, model.config.channels + 7)
    here = torch.zeros(1, count, 2)
    learner = torch.optim.Adam(model.mdn.parameters(), lr=0.02)
    for _ in range(150):
        loss = model.mdn.nll(model.mdn(features, here), pose, nearest).mean()
        learner.zero_grad()
        loss.backward()
        learner.step()
    mixture = model.mdn(features[:, :1], here[:, :1])
    mean, sigma = everything(model, mixture)
    torch.testing.assert_close(
        mixture.log_pi.exp()[0, 0], torch.tensor([0.75, 0.25]), rtol=0.0, atol=0.03
    )
    expected = torch.tensor([[2.5, 1.0], [-2.0, -1.0]])
    torch.testing.assert_close(mean[0, 0], expected, rtol=0.0, atol=0.1)
    torch.testing.assert_close(sigma[0, 0], torch.full((2, 2), 0.3), rtol=0.2, atol=0.0)
