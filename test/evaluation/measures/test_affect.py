# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Acceleration, pitch of the head, own reading: how emotions compare with the reference's."""

from __future__ import annotations

import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.averages import emotion_means
from emotion_motion.evaluation.measures.correlates import (
    acceleration,
    exchanged,
    head_pitch,
    rank_correlation,
    slope,
)
from emotion_motion.evaluation.reference.motion import corpus_streams
from emotion_motion.evaluation.report import emotion_section
from emotion_motion.evaluation.streams import Streams

RATE = 30.0
BODY = load_skeleton()
REST = BODY.rest * 1.70
TIME = np.arange(90) / RATE
PEOPLE = np.repeat(np.arange(7), 3)  # three people at each emotion
SPREAD = np.tile([-1.0, 0.0, 1.0], 7)  # who differ by a standard deviation of 1
REFERENCE = np.array([10.0, 12.0, 14.0, 14.5, 20.0, 5.0, 0.0])


def moving(way: np.ndarray, names: tuple[str, ...] = BODY.names) -> Streams:
    """Return a body at rest whose keypoints of these names are displaced by way [T, 3]."""
    points = np.tile(REST, (len(way), 1, 1))
    points[:, [BODY.index(name) for name in names]] += way[:, None]
    return Streams(points[None], np.zeros((1, len(way)), dtype=int), RATE)


def facing(pitch_deg: float, yaw_deg: float) -> Streams:
    """Return a body whose nose is 12 cm from the middle of its ears in this direction."""
    pitch, yaw = np.radians([pitch_deg, yaw_deg])
    still = moving(np.zeros((90, 3)))
    ears = still.keypoints[0, 0, [BODY.index('LEar'), BODY.index('REar')]].mean(axis=0)
    way = [np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)]
    still.keypoints[:, :, BODY.index('Nose')] = ears + 0.12 * np.array(way)
    return still


def test_a_parabola_has_its_acceleration_and_a_glide_has_none() -> None:
    parabola = 0.5 * TIME[:, None] ** 2 * np.array([0.0, 0.0, 1.6])
    assert acceleration(moving(parabola)) == pytest.approx([1.6])
    assert acceleration(moving(parabola, ('LWrist',))) == pytest.approx([1.6 / 25])
    assert acceleration(moving(TIME[:, None] * [1.0, 0.5, 0.0])) == pytest.approx([0.0], abs=1e-9)


def test_trembling_is_a_seventh_of_what_it_would_be() -> None:
    """The average over 7 frames of +1, -1, +1, ... cm is 1/7 cm of one sign or the other."""
    tremble = 0.01 * (-1.0) ** np.arange(90)[:, None] * np.array([1.0, 0.0, 0.0])
    assert acceleration(moving(tremble)) == pytest.approx([4 * 0.01 * RATE**2 / 7])


@pytest.mark.parametrize(('pitch_deg', 'yaw_deg'), [(20.0, 0.0), (-35.0, 70.0), (0.0, 180.0)])
def test_the_pitch_is_that_of_the_face_wherever_it_looks(pitch_deg: float, yaw_deg: float) -> None:
    assert head_pitch(facing(pitch_deg, yaw_deg)) == pytest.approx([pitch_deg], abs=1e-6)


def test_means_are_of_each_emotion() -> None:
    found = emotion_means(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 6]))
    np.testing.assert_allclose(found, [2.0, *[np.nan] * 5, 5.0])


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
