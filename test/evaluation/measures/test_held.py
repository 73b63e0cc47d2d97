# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Held postures on motion made so that the right time is known."""

from __future__ import annotations

import time

import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.evaluation.measures.held import held_trunk, held_wrist, pieces
from emotion_motion.evaluation.streams import Streams

RATE = 30.0
BODY = load_skeleton()
REST = BODY.rest * 1.70
ARMS = [BODY.index(f'{side}{part}') for side in 'LR' for part in ('Elbow', 'Wrist')]


def seconds(length: float) -> np.ndarray:
    return np.arange(round(length * RATE)) / RATE


def standing(length: float) -> Streams:
    points = np.tile(REST, (1, len(seconds(length)), 1, 1))
    return Streams(points, np.zeros(points.shape[:2], dtype=int), RATE)


def raised(above_m: float, begin_s: float, end_s: float, side: str = 'L') -> Streams:
    """Ten seconds of a body whose wrist is so far above its hip for a while, else below it."""
    made = standing(10.0)
    wrist, hip = BODY.index(f'{side}Wrist'), BODY.index(f'{side}Hip')
    made.keypoints[:, :, wrist, 2] = REST[hip, 2] - 0.1
    up = (seconds(10.0) >= begin_s) & (seconds(10.0) < end_s)
    made.keypoints[:, up, wrist, 2] = REST[hip, 2] + above_m
    return made


def waving(made: Streams, begin_s: float, end_s: float) -> Streams:
    """Let the arms go up and down at 0.6 m/s for a while."""
    at = np.arange(made.frames) / RATE
    share = np.clip(at, begin_s, end_s) - begin_s
    way = 0.3 - np.abs(0.6 * share % 0.6 - 0.3)
    made.keypoints[:, :, ARMS, 2] += way[:, None]
    return made


@pytest.mark.parametrize('side', ['L', 'R'])
def test_a_wrist_held_raised_for_three_seconds(side: str) -> None:
    assert held_wrist(raised(0.25, 2.0, 5.0, side)) == pytest.approx([3.0])


def test_a_wrist_that_is_not_raised_is_not_held() -> None:
    assert held_wrist(raised(0.19, 2.0, 5.0)) == [0.0]
    assert held_wrist(raised(0.21, 2.0, 5.0)) == pytest.approx([3.0])


def test_a_raised_wrist_that_wanders_is_held_while_it_is_near() -> None:
    """At 4 cm/s it is 10 cm from any place after 2.5 s, from one end of the stretch on."""
    made = raised(0.25, 0.0, 10.0)
    made.keypoints[:, :, BODY.index('LWrist'), 0] += 0.04 * seconds(10.0)
    assert held_wrist(made) == pytest.approx([2.55], abs=0.06)


def test_a_drop_of_a_wrist_ends_its_hold() -> None:
    made = raised(0.25, 1.0, 9.0)
    made.keypoints[:, 120:126, BODY.index('LWrist'), 2] -= 0.3  # at 4 s, for a fifth of a second
    assert held_wrist(made) == pytest.approx([4.8])


def test_a_trunk_that_stays_is_held_while_arms_move() -> None:
    assert held_trunk(waving(standing(10.0), 3.0, 7.0)) == pytest.approx([4.0], abs=0.25)
    assert held_trunk(standing(10.0)) == [0.0]


def test_a_trunk_that_drifts_is_held_while_it_is_near() -> None:
    made = waving(standing(10.0), 0.0, 10.0)
    made.keypoints[..., 0] += 0.015 * seconds(10.0)[:, None]
    assert held_trunk(made) == pytest.approx([2.05], abs=0.06)


def test_a_nod_ends_the_hold_of_a_trunk() -> None:
    made = waving(standing(10.0), 0.0, 10.0)
    made.keypoints[:, 180:, BODY.index('Nose'), 2] -= 0.031  # from 6 s on
    assert held_trunk(made) == pytest.approx([6.0], abs=0.11)
    near = waving(standing(10.0), 0.0, 10.0)
    near.keypoints[:, 180:, BODY.index('Nose'), 2] -= 0.029
    assert held_trunk(near) == pytest.approx([10.0], abs=0.11)


def test_pieces_are_whole_and_of_one_length() -> None:
    made = raised(0.25, 2.0, 9.0)
    assert held_wrist(pieces(made, 4.0)) == pytest.approx([2.0, 4.0])
    assert pieces(made, 4.0).frames == 120 and len(pieces(made, 3.0)) == 3
    assert pieces(made, 60.0).frames == made.frames


def test_a_full_evaluation_takes_seconds() -> None:
    """Even of statues with a raised hand, which are held from every look to the end."""
    many = raised(0.25, 0.0, 10.0).chosen([0] * 70)
    many = Streams(np.tile(many.keypoints, (1, 12, 1, 1)), np.zeros((70, 3600), dtype=int), RATE)
    begun = time.process_time()
    assert held_wrist(pieces(many, 60.0)) == pytest.approx(np.full(140, 60.0))
    assert time.process_time() - begun < 20.0
