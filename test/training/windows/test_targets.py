# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Targets of training: what the live loop would have given the model had it chosen what came."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import random_checkpoint, seeded
import torch
from torch import Tensor

from emotion_motion.generator import MotionGenerator
from emotion_motion.model.mixture import Target
from emotion_motion.model.network import MotionModel
from emotion_motion.training.config import TargetConfig
from emotion_motion.training.windows.targets import (
    draw_targets,
    pose_basis,
    TargetDraw,
    targets_of,
)

LENGTH, MANY = 40, 12
EXACT = {'untold': 0.0, 'loose': 0.0}


@pytest.fixture(scope='module')
def model() -> MotionModel:
    return random_checkpoint().model


def made(
    model: MotionModel, batch: int = MANY, seed: int = 0, **settings: Any
) -> tuple[Tensor, TargetDraw, Target, Tensor]:
    """Return motion [B, T + horizon, O], what was drawn, targets and the poses that came."""
    config, random = TargetConfig(**settings), np.random.default_rng(seed)
    shape = (batch, LENGTH + model.config.horizon, model.config.outputs)
    frames = torch.randn(shape, generator=seeded(seed))
    draws = [draw_targets(config, model.config, LENGTH, random) for _ in range(batch)]
    draw = TargetDraw(*(torch.stack(part) for part in zip(*draws, strict=True)))
    return frames, draw, *targets_of(frames, model, draw)


def choices(target: Target) -> list[Tensor]:
    """Return for each window the frames that are the first to have a target."""
    left = target.remaining[..., 0]
    return [(row[1:] > row[:-1]).nonzero()[:, 0] + 1 for row in left]


def test_a_target_is_the_pose_a_horizon_after_it_was_chosen(model):
    horizon = model.config.horizon
    frames, _, target, came = made(model, **EXACT)
    places = model.in_axes(frames)
    assert target.place.shape == (MANY, LENGTH, 10) and target.remaining.shape == (MANY, LENGTH, 1)
    for b in range(MANY):
        for t in range(LENGTH):
            since = round((1.0 - float(target.remaining[b, t])) * horizon)
            assert since >= 1, 'the frame that a target is chosen at does not have it yet'
            assert torch.equal(target.place[b, t], places[b, t - since + horizon])
            assert torch.equal(came[b, t], places[b, t + horizon])


def test_a_target_is_what_the_mixture_was_taught_then(model):
    """A new target at frame t was drawn at t - 1: the pose that came `horizon` frames after."""
    _, _, target, came = made(model, **EXACT)
    for b, new in enumerate(choices(target)):
        assert len(new)
        assert torch.equal(target.place[b, new], came[b, new - 1])


def test_targets_are_kept_as_long_as_live_and_come_nearer(model):
    every, horizon = model.config.target_every, model.config.horizon
    _, _, target, _ = made(model, 600, **EXACT)
    kept = set()
    for b, new in enumerate(choices(target)):
        left = target.remaining[b, :, 0]
        torch.testing.assert_close(left[new], torch.full((len(new),), 1.0 - 1.0 / horizon))
        falls = left[:-1] - left[1:]
        goes_on = torch.ones(LENGTH - 1, dtype=torch.bool)
        goes_on[new - 1] = False
        torch.testing.assert_close(
            falls[goes_on], torch.full((int(goes_on.sum()),), 1.0 / horizon)
        )
        assert torch.equal(target.place[b, 1:][goes_on], target.place[b, :-1][goes_on])
        lengths = new.diff().unique().tolist()
        assert len(lengths) <= 1, 'one length a window'
        kept |= set(lengths)
    assert kept == set(range((every + 1) // 2, horizon + 1))
    assert float(target.remaining.min()) >= 0.0
    first = target.remaining[:, 0, 0].unique()
    assert len(first) == horizon, 'a window begins anywhere within a target'


def test_the_share_of_windows_without_a_target_is_configured(model):
    _, draw, target, _ = made(model, 1500, untold=0.2, loose=0.0)
    without = ~(target.remaining > 0.0).any(dim=1).squeeze(-1)
    assert torch.equal(without, draw.untold)
    assert float(without.float().mean()) == pytest.approx(0.2, abs=0.03)
    _, _, target, came = made(model, 50, untold=1.0, loose=0.0)
    assert not target.remaining.any() and bool(came.any()), 'they teach the mixture all the same'


def test_a_loose_target_is_off_and_stays_so_while_it_is_kept(model):
    exact = made(model, 200, **EXACT)
    loose = made(model, 200, untold=0.0, loose=0.4)
    assert torch.equal(exact[0], loose[0]) and torch.equal(exact[3], loose[3])
    off = loose[2].place - exact[2].place
    torch.testing.assert_close(loose[2].remaining, exact[2].remaining)
    for b, new in enumerate(choices(loose[2])):
        last = off[b, new[0] : new[0] + int(loose[1].times[b, 0])]
        # Sums and differences of places round.
        torch.testing.assert_close(last, last[:1].expand_as(last), rtol=0.0, atol=1e-5)
    spread = torch.stack([row[new].std() for row, new in zip(off, choices(loose[2]), strict=True)])
    assert float(spread.max()) < 0.55
    # A share drawn evenly of the largest.
    assert float(spread.mean()) == pytest.approx(0.2, abs=0.03)


def test_at_horizon_1_there_is_no_target():
    model = random_checkpoint(horizon=1, target_every=1).model
    frames, _, target, came = made(model, **EXACT)
    assert not target.remaining.any()
    assert torch.equal(came, model.in_axes(frames)[:, 1:]), 'the pose that comes is the next'


def test_the_live_loop_gives_targets_as_training_did():
    """Shares of the horizon left, from one choice to the next."""
    checkpoint = random_checkpoint()
    config = checkpoint.model.config
    generator, live = MotionGenerator(checkpoint, seed=0), []
    for _ in range(3 * config.target_every):
        generator.step()
        live.append(float(generator._live_step.chooser.target.remaining))
    _, draw, target, _ = made(checkpoint.model, 300, **EXACT)
    alike = (draw.times[:, 0] == config.target_every).nonzero()[0, 0]
    begin = int(choices(target)[alike][0])
    taught = target.remaining[alike, begin : begin + len(live), 0]
    torch.testing.assert_close(torch.tensor(live)[: len(taught)], taught)


def test_principal_axes_have_unit_spread_and_are_the_largest():
    random = np.random.default_rng(0)
    frames = random.normal(size=(5000, 5)) @ random.normal(size=(5, 12))
    spread = frames.std(axis=0)
    basis = pose_basis(frames, spread, 3)
    places = (frames / spread) @ basis.T
    np.testing.assert_allclose(np.cov(places, rowvar=False), np.eye(3), atol=1e-6)
    # What three axes do not say is what the two smallest of five would.
    centred = frames - frames.mean(axis=0)
    rest = centred - centred @ np.linalg.pinv(basis / spread) @ (basis / spread)
    smallest = np.sort(np.linalg.eigvalsh(np.cov(frames, rowvar=False)))[-5:-3]
    assert np.trace(np.cov(rest, rowvar=False)) == pytest.approx(smallest.sum())
