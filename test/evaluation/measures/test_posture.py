# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Held postures, acceleration, pitch of the head and own reading, where the answer is known."""

from __future__ import annotations

import time

import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.averages import emotion_means
from emotion_motion.evaluation.measures.posture import (
    acceleration,
    exchanged,
    head_pitch,
    held_trunk,
    held_wrist,
    pieces,
    rank_correlation,
    slope,
)
from emotion_motion.evaluation.reference import corpus_streams
from emotion_motion.evaluation.report import emotion_section
from emotion_motion.evaluation.streams import Streams

RATE = 30.0
BODY = load_skeleton()
REST = BODY.rest * 1.70
ARMS = [BODY.index(f'{side}{part}') for side in 'LR' for part in ('Elbow', 'Wrist')]
TIME = np.arange(90) / RATE
PEOPLE = np.repeat(np.arange(7), 3)  # three people at each emotion
SPREAD = np.tile([-1.0, 0.0, 1.0], 7)  # who differ by a standard deviation of 1
REFERENCE = np.array([10.0, 12.0, 14.0, 14.5, 20.0, 5.0, 0.0])


def standing(length_s: float) -> Streams:
    points = np.tile(REST, (1, round(length_s * RATE), 1, 1))
    return Streams(points, np.zeros(points.shape[:2], dtype=int), RATE)


# Held postures


def seconds(length: float) -> np.ndarray:
    return np.arange(round(length * RATE)) / RATE


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
    height = 0.3 - np.abs(0.6 * share % 0.6 - 0.3)
    made.keypoints[:, :, ARMS, 2] += height[:, None]
    return made


@pytest.mark.parametrize(
    ('above_m', 'side', 'held_s'), [(0.25, 'L', 3.0), (0.21, 'R', 3.0), (0.19, 'L', 0.0)]
)
def test_a_wrist_held_raised_for_three_seconds(above_m: float, side: str, held_s: float) -> None:
    assert held_wrist(raised(above_m, 2.0, 5.0, side)) == pytest.approx([held_s])


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
    statues = np.tile(raised(0.25, 0.0, 10.0).keypoints, (70, 12, 1, 1))
    statues = Streams(statues, np.zeros((70, 3600), dtype=int), RATE)
    begun = time.process_time()
    assert held_wrist(pieces(statues, 60.0)) == pytest.approx(np.full(140, 60.0))
    assert time.process_time() - begun < 20.0


# What carries arousal and valence


def moving(displacement: np.ndarray, names: tuple[str, ...] = BODY.names) -> Streams:
    """Return a body at rest whose keypoints of these names are displaced [T, 3]."""
    made = standing(len(displacement) / RATE)
    made.keypoints[:, :, [BODY.index(name) for name in names]] += displacement[:, None]
    return made


def facing(pitch_deg: float, yaw_deg: float) -> Streams:
    """Return a body whose nose is 12 cm from the middle of its ears in this direction."""
    pitch, yaw = np.radians([pitch_deg, yaw_deg])
    still = standing(3.0)
    ears = still.keypoints[0, 0, [BODY.index('LEar'), BODY.index('REar')]].mean(axis=0)
    direction = [np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)]
    still.keypoints[:, :, BODY.index('Nose')] = ears + 0.12 * np.array(direction)
    return still


def test_a_parabola_has_its_acceleration_and_a_glide_has_none() -> None:
    parabola = 0.5 * TIME[:, None] ** 2 * np.array([0.0, 0.0, 1.6])
    assert acceleration(moving(parabola)) == pytest.approx([1.6])
    assert acceleration(moving(parabola, ('LWrist',))) == pytest.approx([1.6 / 25])
    assert acceleration(moving(TIME[:, None] * [1.0, 0.5, 0.0])) == pytest.approx([0.0], abs=1e-9)


def test_trembling_is_a_seventh_of_what_it_would_be() -> None:
    tremble = 0.01 * (-1.0) ** np.arange(90)[:, None] * np.array([1.0, 0.0, 0.0])
    assert acceleration(moving(tremble)) == pytest.approx([4 * 0.01 * RATE**2 / 7])


@pytest.mark.parametrize(('pitch_deg', 'yaw_deg'), [(20.0, 0.0), (-35.0, 70.0), (0.0, 180.0)])
def test_the_pitch_is_that_of_the_face_wherever_it_looks(pitch_deg: float, yaw_deg: float) -> None:
    assert head_pitch(facing(pitch_deg, yaw_deg)) == pytest.approx([pitch_deg], abs=1e-6)


def test_only_pairs_that_differ_in_the_reference_are_exchanged() -> None:
    """Fear and happiness (14 and 14.5) are nearer than people are to one another (1)."""
    values = REFERENCE[PEOPLE] + SPREAD
    own = REFERENCE.copy()
    assert exchanged(own, values, PEOPLE) == 0.0
    own[[2, 3]] = own[[3, 2]]
    assert exchanged(own, values, PEOPLE) == 0.0
    own[[0, 1]] = own[[1, 0]]
    assert exchanged(own, values, PEOPLE) == 1.0
    assert exchanged(-REFERENCE, values, PEOPLE) == 20.0  # all 21 but that one
    assert exchanged(np.zeros(7), values, PEOPLE) == 20.0  # all alike is no order
    assert np.isnan(exchanged(np.full(7, np.nan), values, PEOPLE))


def test_people_who_differ_more_tell_less_apart() -> None:
    own = REFERENCE[[1, 0, 2, 3, 4, 5, 6]]  # anger and disgust, 2 apart, exchanged
    for spread, pairs in ((1.9, 1.0), (2.1, 0.0)):
        assert exchanged(own, REFERENCE[PEOPLE] + spread * SPREAD, PEOPLE) == pairs


def test_ranks_and_slope_are_those_of_the_formulas() -> None:
    own = REFERENCE.copy()
    assert rank_correlation(own, REFERENCE) == pytest.approx(1.0)
    assert rank_correlation(-own, REFERENCE) == pytest.approx(-1.0)
    own[[0, 1]] = own[[1, 0]]
    assert rank_correlation(own, REFERENCE) == pytest.approx(1.0 - 6 * 2 / (7 * 48))
    assert slope(0.8 * REFERENCE - 5.0, REFERENCE) == pytest.approx(0.8)
    lacking = np.where(np.arange(7) == 4, np.nan, 1.25 * REFERENCE)
    assert slope(lacking, REFERENCE) == pytest.approx(1.25)
    assert np.isnan(rank_correlation(lacking, REFERENCE))
    assert np.isnan(slope(np.full(7, np.nan), REFERENCE))


@pytest.mark.soak
def test_people_of_the_corpus_hold_what_is_wanted_of_models() -> None:
    first, second = (corpus_streams(people=6, seconds=20.0, seed=seed) for seed in (0, 1))
    shown = first.emotions[:, 0]
    for measure in (acceleration, head_pitch):
        own, theirs = (emotion_means(measure(part), shown) for part in (second, first))
        assert exchanged(own, measure(first), shown) <= 1.0  # six people for 20 s are few
        assert rank_correlation(own, theirs) > 0.9
        assert 0.8 < slope(own, theirs) < 1.25
    sad, happy = (EMOTIONS.index(name) for name in ('sadness', 'happiness'))
    assert own[sad] < own[happy] - 10.0


def test_the_reading_gap_is_that_of_the_worst_emotion() -> None:
    """The judge sees 0.72 of anger's windows, 0.8 of its ceiling; the model reads half of them."""
    asked = np.repeat(np.arange(7), 10).reshape(7, 10)
    read = asked.copy()
    read[0, :5] = 4
    streams = Streams(np.zeros((7, 10, 25, 3)), asked, RATE, recognised=np.eye(7)[read])
    own, ceiling = (
        emotion_section._Seen(np.diag(shares)[:, :7], shares[:7])
        for shares in (np.array([0.72, *[0.9] * 6]), np.full(7, 0.9))
    )
    gap = emotion_section._gap(own, ceiling, streams)
    assert gap.value == pytest.approx(0.3) and gap.verdict == 'missed'
    assert gap.by_emotion['anger'] == pytest.approx(0.3)
    assert gap.by_emotion['fear'] == pytest.approx(0.0)
