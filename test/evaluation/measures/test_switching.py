# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.on_body import measure_body
from emotion_motion.evaluation.measures.switching import (
    believe,
    read_too_soon,
    reference_p99,
    roughness,
    switch_frames,
)
from emotion_motion.evaluation.reference import corpus_streams, corpus_switches, hard_cuts
from emotion_motion.evaluation.streams import Streams

RATE = 30.0
REST = (1.70 * load_skeleton().rest).astype(np.float32)
NOSE = load_skeleton().index('Nose')


def switching(pairs):
    """Bodies whose nose is so many metres up as the number of the emotion that is asked for."""
    emotions = np.repeat(np.asarray(pairs), (120, 180), axis=1)
    points = np.tile(REST, (*emotions.shape, 1, 1))
    points[..., NOSE, 2] = 1.70 * emotions
    return Streams(points, emotions, RATE)


def judge(share):
    """Sees what the nose has been at for a share of the window."""

    def predict(windows):
        place = windows.shape[1] - round(share * windows.shape[1])
        seen = np.round(windows[:, max(0, place - 1), NOSE, 2]).astype(int)
        return np.eye(8)[seen]

    return predict


@pytest.mark.parametrize('share', [0.0, 0.25, 0.5, 1.0])
def test_the_time_is_that_of_the_judges_delay(share):
    measured = believe(switching([(0, 1), (6, 2), (3, 4)]), judge(share))
    assert measured.time_s == pytest.approx(max(0.1, 2.0 * share), abs=0.101)
    assert measured.believed.all() and measured.share == 1.0
    assert measured.median_s == measured.time_s[0]


def test_motion_that_changes_late_is_believed_late():
    streams = switching([(0, 1)])
    streams.keypoints[:, 120:180, NOSE, 2] = 0.0
    assert believe(streams, judge(0.5)).time_s[0] == pytest.approx(3.0, abs=0.101)


def test_a_switch_never_believed_takes_the_time_left():
    measured = believe(switching([(0, 1), (2, 3)]), lambda windows: np.eye(7)[[5] * len(windows)])
    assert not measured.believed.any() and measured.share == 0.0
    assert measured.time_s == pytest.approx([6.0, 6.0]) and measured.median_s == pytest.approx(6.0)


def test_a_flicker_is_not_belief():
    streams = switching([(0, 1)])
    streams.keypoints[:, 130:240, NOSE, 2] = 0.0  # ten frames of the new one, then back again
    measured = believe(streams, judge(0.0))
    assert measured.time_s[0] == pytest.approx(4.1, abs=0.101) and measured.believed[0]
    short = switching([(0, 1)])
    short.keypoints[:, 120:288, NOSE, 2] = 0.0  # comes 0.4 s before the end: it might go again
    assert not believe(short, judge(0.0)).believed[0]


def test_what_was_taken_for_the_new_emotion_before_is_not_timed():
    streams = switching([(1, 2), (3, 2), (0, 4), (0, 5)])
    measured = believe(streams, lambda windows: np.eye(7)[[2] * len(windows)])
    assert np.isnan(measured.time_s[:2]).all() and np.isfinite(measured.time_s[2:]).all()
    assert not measured.believed.any() and measured.share == 0.0
    every = believe(streams.chosen([0, 1]), lambda windows: np.eye(7)[[2] * len(windows)])
    assert np.isnan(every.median_s) and np.isnan(every.share)


def test_no_emotion_is_no_belief():
    def still(windows):
        probabilities = np.zeros((len(windows), 8))
        probabilities[:, 7], probabilities[:, 1] = 0.6, 0.4
        return probabilities

    assert not believe(switching([(0, 1)]), still).believed.any()


# What the model reads in itself


@pytest.mark.parametrize(('reads_s', 'too_soon'), [(0.0, 10), (0.5, 5), (1.0, 0), (9.0, 0)])
def test_what_is_read_before_it_is_shown_is_too_soon(reads_s, too_soon):
    """Motion changes 1 s after the switch; how late the judge is, a hard cut tells."""
    streams = switching([(0, 1), (6, 2)])
    late = believe(streams, judge(0.5)).median_s
    streams.keypoints[:, 120:150, NOSE, 2] = streams.keypoints[:, :1, NOSE, 2]
    read = np.where(
        np.arange(300) < 120 + round(30 * reads_s),
        streams.emotions[:, :1],
        streams.emotions[:, -1:],
    )
    known = dataclasses.replace(streams, recognised=np.eye(7)[read])
    measured = read_too_soon(known, judge(0.5), late)
    assert measured.tolist() == [[10, too_soon]] * 2
    # A third emotion is neither the old one nor the new one.
    other = dataclasses.replace(known, recognised=np.eye(7)[np.full_like(read, 4)])
    assert read_too_soon(other, judge(0.5), late).tolist() == [[10, 0]] * 2


def test_motion_that_changes_at_once_is_not_read_too_soon():
    streams = switching([(0, 1)])
    known = dataclasses.replace(streams, recognised=np.eye(7)[streams.emotions])
    for late in (believe(streams, judge(0.5)).median_s, 7.0):  # 7 s: nothing to look at
        assert read_too_soon(known, judge(0.5), late).tolist() == [[0, 0]]


# Jerk


def leaping(at):
    streams = switching([(0, 1)])
    points = np.tile(REST, (1, 300, 1, 1))
    points[:, at:, :, 0] += 0.01
    return Streams(points, streams.emotions, RATE)


def test_a_leap_at_the_switch_has_its_jerk():
    wanted = 2 * 0.01 * RATE**3  # third differences of a step: 1, -2, 1
    measured = roughness(leaping(120), wanted / 4.0)
    assert measured.ratio[0] == pytest.approx(4.0, rel=1e-3) and measured.calm_ratio[0] == 0.0


@pytest.mark.parametrize(
    ('at', 'peak', 'calm'), [(149, 1, 0), (151, 0, 0), (116, 0, 0), (75, 0, 1), (55, 0, 0)]
)
def test_only_the_second_after_the_switch_counts(at, peak, calm):
    measured = roughness(leaping(at), 1.0)
    assert (measured.ratio[0] > 0, measured.calm_ratio[0] > 0) == (peak, calm)


def test_the_reference_is_the_99th_percentile_of_its_frames():
    points = np.tile(REST, (1, 300 + 3, 1, 1))
    time = np.arange(303) / RATE
    points = points + (time**3)[None, :, None, None] * np.array([0.0, 0.0, 0.5])
    streams = Streams(points, np.zeros((1, 303), dtype=int), RATE)
    assert reference_p99(streams) == pytest.approx(3.0)


# The reference's switches


@pytest.fixture(scope='module')
def reference():
    return corpus_streams(people=2, seconds=8.0, seed=4)


@pytest.fixture(scope='module')
def switches():
    return corpus_switches(count=12, seed=1)


def test_hard_cuts_are_of_the_reference(reference):
    cuts = hard_cuts(reference, count=9, seed=2)
    assert cuts.keypoints.shape == (9, 300, 25, 3)
    assert list(switch_frames(cuts)) == [120] * 9
    again = hard_cuts(reference, count=9, seed=2)
    assert np.array_equal(cuts.keypoints, again.keypoints)
    first = cuts.keypoints[0, 119]
    assert (np.abs(reference.keypoints - first).max(axis=(2, 3)) == 0.0).any()


def test_corpus_people_switch_smoothly_and_stay_bodies(switches, reference):
    assert list(switch_frames(switches)) == [120] * 12
    assert len({tuple(pair) for pair in switches.emotions[:, [0, -1]]}) > 6
    measured = measure_body(switches)
    assert measured.bone_after.max() < 1e-5 and measured.sunk.max() == 0.0
    limit = reference_p99(reference)
    cuts = roughness(hard_cuts(reference, count=12, seed=2), limit)
    assert np.median(roughness(switches, limit).ratio) < 0.05 * np.median(cuts.ratio)


def test_corpus_switches_are_repeated_in_longer_lists(switches):
    some = corpus_switches(count=2, seed=1)
    assert np.array_equal(some.keypoints, switches.keypoints[:2])
    assert not np.array_equal(some.keypoints, corpus_switches(count=2, seed=2).keypoints)


def test_people_who_switch_are_seen_to(switches):
    """The posture of the new emotion is there: heads are lower while people are sad."""
    head = switches.prepared()[:, :, NOSE, 2]
    height = np.stack((head[:, 60:115].mean(axis=1), head[:, 200:].mean(axis=1)), axis=1)
    sad = switches.emotions[:, [0, -1]] == EMOTIONS.index('sadness')
    assert sad.any(axis=0).all()
    changing = sad.any(axis=1)
    low, high = (height[changing][part[changing]].mean() for part in (sad, ~sad))
    assert low < high - 0.01
