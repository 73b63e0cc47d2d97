# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Conditions, decoys and targets: how often they are wrong, and what they show."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from support import random_checkpoint, seeded
import torch
from torch import Tensor
from training_support import BODY, swaying

from emotion_motion.emotion import EMOTIONS
from emotion_motion.generator import MotionGenerator
from emotion_motion.model.mixture import Target
from emotion_motion.model.network import MotionModel
from emotion_motion.training.config import ConditionConfig, TargetConfig
from emotion_motion.training.statistics import pose_basis
from emotion_motion.training.windows.conditions import (
    decoy,
    draw_condition,
    draw_targets,
    KINDS,
    TargetDraw,
    targets_of,
)

T, MORE = 20, 14
OWN, OTHER = EMOTIONS.index('anger'), EMOTIONS.index('sadness')
LIMBS = {name: BODY.groups[name] for name in ('head', 'right_arm', 'left_arm')}
LENGTH, MANY = 40, 12
EXACT = {'untold': 0.0, 'loose': 0.0}


def window(emotion: int) -> tuple[np.ndarray, np.ndarray]:
    """Return frames [T + MORE, K, D] and emotions [T, 7]; the second body stands elsewhere."""
    points = swaying(emotion, T + MORE).keypoints + np.float32(0.05 * (emotion == OTHER))
    return points, np.tile(np.eye(7, dtype=np.float32)[emotion], (T, 1))


class Scripted:
    """A random source that draws what is given; the rest from a real one."""

    def __init__(self, kind: str, shares: list[float] | None = None) -> None:
        self._random = np.random.default_rng(0)
        self._kind, self._shares = KINDS.index(kind), shares or []

    def integers(self, high: int) -> int:
        kind, self._kind = self._kind, None
        return int(self._random.integers(high)) if kind is None else kind

    def random(self) -> float:
        return self._shares.pop(0)


def made(kind: str, *, other: bool = True, shares: list[float] | None = None):
    frames, emotions = window(OWN)
    kept = frames.copy(), emotions.copy()
    decoyed = decoy(
        frames, emotions, lambda: window(OTHER) if other else None, BODY, Scripted(kind, shares)
    )
    assert np.array_equal(frames, kept[0]) and np.array_equal(emotions, kept[1]), 'it was changed'
    assert decoyed[0].shape == frames.shape and decoyed[0].dtype == frames.dtype
    assert decoyed[1].shape == emotions.shape and decoyed[1].dtype == emotions.dtype
    return decoyed


def test_conditions_are_dropped_and_swapped_as_configured():
    config, random = ConditionConfig(0.2, 0.3, decoys=0.0), np.random.default_rng(0)
    own, other = np.full((3, 7), 1.0), np.full((3, 7), 2.0)
    draws = [draw_condition(config, own, lambda: other, random) for _ in range(4000)]
    shown = np.array([condition[0, 0] for condition, _ in draws])
    right = np.array([right for _, right in draws])
    assert (shown == 0.0).mean() == pytest.approx(0.2, abs=0.03)
    assert (shown == 2.0).mean() == pytest.approx(0.3, abs=0.03)
    # Wrong ones are another clip's, the dropped are not.
    np.testing.assert_array_equal(right, shown != 2.0)


def test_a_still_pose_is_one_of_the_window_s_and_shows_nothing():
    frames, _ = window(OWN)
    still, shown = made('still')
    assert not shown.any()
    assert (still == still[:1]).all()
    assert any(np.array_equal(still[0], frame) for frame in frames)
    still[0] = 0.0  # it can be written to, as any window
    assert still[1].any()


def test_other_movement_keeps_the_own_mean_and_shows_nothing():
    (frames, _), (other, _) = window(OWN), window(OTHER)
    moved, shown = made('other movement')
    assert not shown.any()
    np.testing.assert_allclose(moved.mean(axis=0), frames.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(np.diff(moved, axis=0), np.diff(other, axis=0), atol=1e-5)


@pytest.mark.parametrize(
    'chosen', [('head',), ('left_arm',), ('head', 'right_arm'), ('head', 'right_arm', 'left_arm')]
)
def test_other_limbs_move_as_the_other_s_where_they_hang_on(chosen):
    (frames, emotions), (theirs, strange) = window(OWN), window(OTHER)
    exchanged, shown = made('other limbs', shares=[0.2 if n in chosen else 0.8 for n in LIMBS])
    for name, members in LIMBS.items():
        members = list(members)
        if name not in chosen:
            np.testing.assert_array_equal(exchanged[:, members], frames[:, members])
            continue
        root = {'head': 'Neck', 'right_arm': 'RShoulder', 'left_arm': 'LShoulder'}[name]
        root = BODY.index(root)
        np.testing.assert_allclose(
            exchanged[:, members] - exchanged[:, [root]],
            theirs[:, members] - theirs[:, [root]],
            atol=1e-5,
        )
    rest = [i for i in range(25) if not any(i in members for members in LIMBS.values())]
    np.testing.assert_array_equal(exchanged[:, rest], frames[:, rest])
    # Trunk and legs are a quarter, and each of three limbs.
    share = len(chosen) / 4
    np.testing.assert_allclose(shown, (1.0 - share) * emotions + share * strange, atol=1e-6)


def test_where_no_limb_is_drawn_one_arm_is_exchanged():
    frames, _ = window(OWN)
    exchanged, shown = made('other limbs', shares=[0.9, 0.9, 0.9])
    moved = (exchanged != frames).any(axis=(0, 2))
    assert set(np.flatnonzero(moved)) == set(LIMBS['right_arm'])
    np.testing.assert_allclose(shown[:, [OWN, OTHER]], [[0.75, 0.25]] * T)


@pytest.mark.parametrize('kind', ['other movement', 'other limbs'])
def test_where_there_is_no_other_emotion_a_pose_stands_still(kind):
    still, shown = made(kind, other=False)
    assert (still == still[:1]).all() and not shown.any()


def test_all_kinds_are_as_frequent_as_each_other():
    frames, emotions = window(OWN)
    random, counts = np.random.default_rng(1), dict.fromkeys(KINDS, 0)
    for _ in range(600):
        points, shown = decoy(frames, emotions, lambda: window(OTHER), BODY, random)
        still = (points == points[:1]).all()
        counts['still' if still else 'other limbs' if shown.any() else 'other movement'] += 1
    for kind, count in counts.items():
        assert count / 600 == pytest.approx(1 / 3, abs=0.07), kind


def test_a_body_without_limbs_keeps_its_own_motion():
    """Nothing can be exchanged; what is said to be shown must not be another's."""
    frames, emotions = window(OWN)
    bare = dataclasses.replace(BODY, groups={})
    points, shown = decoy(frames, emotions, lambda: window(OTHER), bare, Scripted('other limbs'))
    np.testing.assert_array_equal(points, frames)
    np.testing.assert_array_equal(shown, emotions)


# Targets


@pytest.fixture(scope='module')
def model() -> MotionModel:
    return random_checkpoint().model


def targeted(
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
    frames, _, target, came = targeted(model, **EXACT)
    places = model.in_axes(frames)
    assert target.place.shape == (MANY, LENGTH, 10) and target.remaining.shape == (MANY, LENGTH, 1)
    for b in range(MANY):
        for t in range(LENGTH):
            since = round((1.0 - float(target.remaining[b, t])) * horizon)
            assert since >= 1, 'the frame that a target is chosen at does not have it yet'
            assert torch.equal(target.place[b, t], places[b, t - since + horizon])
            assert torch.equal(came[b, t], places[b, t + horizon])


def test_targets_are_kept_as_long_as_live_and_come_nearer(model):
    every, horizon = model.config.target_every, model.config.horizon
    _, _, target, _ = targeted(model, 600, **EXACT)
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
    _, draw, target, _ = targeted(model, 1500, untold=0.2, loose=0.0)
    without = ~(target.remaining > 0.0).any(dim=1).squeeze(-1)
    assert torch.equal(without, draw.untold)
    assert float(without.float().mean()) == pytest.approx(0.2, abs=0.03)
    _, _, target, came = targeted(model, 50, untold=1.0, loose=0.0)
    assert not target.remaining.any() and bool(came.any()), 'they teach the mixture all the same'


def test_a_loose_target_is_off_and_stays_so_while_it_is_kept(model):
    exact = targeted(model, 200, **EXACT)
    loose = targeted(model, 200, untold=0.0, loose=0.4)
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
    frames, _, target, came = targeted(model, **EXACT)
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
    _, draw, target, _ = targeted(checkpoint.model, 300, **EXACT)
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
