# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Conditions and decoys: how often they are wrong, and what decoys show."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from training_support import BODY, swaying

from emotion_motion.emotion import EMOTIONS
from emotion_motion.training.config import ConditionConfig
from emotion_motion.training.windows.conditions import decoy, draw_condition, KINDS

T, MORE = 20, 14
OWN, OTHER = EMOTIONS.index('anger'), EMOTIONS.index('sadness')
LIMBS = {name: BODY.groups[name] for name in ('head', 'right_arm', 'left_arm')}


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


def test_conditions_are_dropped_and_exchanged_as_often_as_configured():
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


def test_other_movement_is_about_the_own_mean_pose_and_shows_nothing():
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
