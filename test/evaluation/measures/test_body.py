# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
import dataclasses

from moving import AT, rotated, swaying, walking
import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.averages import interval
from emotion_motion.evaluation.measures.neighbours import about_hips, Neighbours
from emotion_motion.evaluation.measures.on_body import (
    Bounds,
    jerk_by_frame,
    jerk_ratio,
    Manifold,
    measure_body,
    measure_feet,
)
from emotion_motion.evaluation.streams import Streams
from emotion_motion.training.corpus.corpus import make_clip
from emotion_motion.training.data.prepare import prepare

BODY = load_skeleton()
RATE = 30.0
REST = (1.70 * BODY.rest).astype(np.float32)
LEFT_FOOT = [AT['L' + name] for name in ('Ankle', 'BigToe', 'SmallToe', 'Heel')]
RIGHT_FOOT = [AT['R' + name] for name in ('Ankle', 'BigToe', 'SmallToe', 'Heel')]


def streams_of(*motions, emotion=4):
    points = np.stack(motions).astype(np.float32)
    return Streams(points, np.full(points.shape[:2], emotion), RATE)


def standing(seconds=2.0):
    return np.repeat(REST[None].astype(np.float64), round(seconds * RATE), axis=0)


def acting(emotion, seed, seconds=4.0):
    clip = make_clip(emotion, seconds, 900_000 + seed, actor=900_000 + seed)
    return 1.70 * prepare(clip, BODY).keypoints


def feet_of(motion):
    measured = measure_feet(motion[None], RATE)
    return {name: float(values[0]) for name, values in vars(measured).items()}


# Feet


def test_who_stands_neither_slides_nor_sinks():
    measured = feet_of(standing())
    assert measured['slide_m_s'] == measured['drag_m_s'] == 0.0
    assert measured['sunk'] == measured['penetration'] == 0.0
    assert measured['depth_m'] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize('above_m', [0.0, 0.3])
def test_a_body_that_glides_or_floats_slides_with_that_speed(above_m):
    glide = np.arange(60)[:, None, None] / RATE * np.array([0.06, 0.08, 0.0])
    measured = feet_of(standing() + glide + [0.0, 0.0, above_m])
    for name in ('slide_m_s', 'drag_m_s'):
        assert measured[name] == pytest.approx(0.1, rel=1e-3)


def test_one_foot_dragged_beside_a_planted_one_is_seen_by_drag():
    motion = standing()
    motion[:, LEFT_FOOT, 0] += np.linspace(0.0, 0.03, 60)[:, None]
    motion[:, LEFT_FOOT, 2] += 0.002  # so that the other one is the lower
    measured = feet_of(motion)
    assert measured['slide_m_s'] == 0.0
    assert measured['drag_m_s'] == pytest.approx(0.5 * 0.03 / (59 / RATE), rel=1e-3)


def test_a_foot_that_is_lifted_to_step_does_not_slide():
    motion = standing()
    share = np.linspace(0.0, 1.0, 20)
    motion[20:40, LEFT_FOOT, 0] += 0.20 * share[:, None]
    motion[20:40, LEFT_FOOT, 2] += 0.06
    motion[40:, LEFT_FOOT, 0] += 0.20
    measured = feet_of(motion)
    assert measured['slide_m_s'] == measured['drag_m_s'] == 0.0
    walked = feet_of(walking(rest=REST.astype(np.float64)))
    assert walked['slide_m_s'] < 0.02  # at 1 m/s


def test_turning_on_the_ball_of_the_foot_is_no_slide():
    motion = standing()
    ball = motion[0, AT['LBigToe']].copy()
    angle = np.linspace(0.0, 0.5, 60)
    motion[:, LEFT_FOOT] = rotated(motion[:, LEFT_FOOT] - ball, angle) + ball
    motion[:, RIGHT_FOOT, 2] += 0.1
    assert feet_of(motion)['slide_m_s'] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ('down_m', 'sunk', 'penetration'), [(0.004, 0, 0), (0.02, 0.5, 0), (0.03, 0.5, 0.5)]
)
def test_a_body_sunk_half_of_the_time_is_half_in_the_ground(down_m, sunk, penetration):
    motion = standing()
    motion[30:, :, 2] -= down_m
    measured = feet_of(motion)
    assert (measured['sunk'], measured['penetration']) == (sunk, penetration)
    assert measured['depth_m'] == pytest.approx(down_m, abs=1e-5)


# Bones, range, jerk


def test_a_stretched_bone_has_the_error_of_its_stretch():
    stretched = standing()
    bone = stretched[:, AT['LWrist']] - stretched[:, AT['LElbow']]
    stretched[:, AT['LWrist']] += 0.24 * bone
    measured = measure_body(streams_of(standing(), stretched))
    assert measured.bone_after[0] < 1e-6
    assert measured.bone_after[1] == pytest.approx(0.24 / 24, rel=1e-4)  # one of 24 bones
    assert np.isnan(measured.bone_before).all()
    errors = np.linspace(0.0, 0.1, 60, dtype=np.float32)[None]
    before = dataclasses.replace(streams_of(standing()), bone_error=errors)
    assert measure_body(before).bone_before[0] == pytest.approx(0.05, rel=1e-5)


def test_beyond_the_range_and_a_tenth_of_it_is_out_of_range():
    sway = np.sin(np.arange(60) / 5.0)[:, None, None] * np.array([0.0, 0.3, 0.0])
    bounds = Bounds.measure([streams_of(standing() + sway)])
    inside, outside = standing(), standing()
    inside[:30] += [0.0, 0.35, 0.0]  # the range is 0.6 wide
    outside[:30, AT['Nose']] += [0.0, 0.37, 0.0]
    measured = measure_body(streams_of(inside, outside), bounds=bounds)
    assert list(measured.out_of_range) == [0.0, 0.5]
    outside[0] = np.nan
    assert bounds.outside(streams_of(outside)) == [0.5]


def test_bounds_hold_mirrored_and_leave_three_centimetres():
    motion = standing()
    motion[:30, AT['LWrist'], 1] += 0.5
    bounds, mirrored = Bounds.measure([streams_of(motion)]), motion.copy()
    mirrored[:30] = BODY.mirrored(motion[:30])
    assert bounds.outside(streams_of(mirrored)) == [0.0]
    motion[:30, AT['LWrist'], 1] += 0.1
    assert bounds.outside(streams_of(motion)) == [0.5]
    for lower, out in ((0.029, 0.0), (0.031, 1.0)):
        assert bounds.outside(streams_of(standing() - [0.0, 0.0, lower])) == [out]


def test_jerk_is_the_third_derivative():
    time = np.arange(120) / RATE
    cubic = standing(4.0) + (time**3)[:, None, None] * np.array([0.0, 0.0, 0.5])
    assert np.allclose(jerk_by_frame(cubic, RATE), 3.0)
    steady = standing(4.0) + (time**2)[:, None, None] * np.array([0.3, 0.4, 0.0])
    assert np.abs(jerk_by_frame(steady, RATE)).max() < 1e-6


def test_jerk_ratio_is_by_emotion():
    time = np.arange(120) / RATE
    waves = [
        standing(4.0) + np.sin(6.0 * time)[:, None, None] * np.array([size, 0.0, 0.0])
        for size in (0.1, 0.2)
    ]
    reference = Streams.joined([streams_of(waves[0], emotion=0), streams_of(waves[1], emotion=1)])
    measured = jerk_ratio(Streams.joined([reference, streams_of(waves[0], emotion=2)]), reference)
    assert measured[:2] == pytest.approx([1.0, 1.0]) and np.isnan(measured[2])
    assert jerk_ratio(streams_of(waves[1], emotion=0), reference) == pytest.approx(2.0, rel=1e-3)


# The manifold


@pytest.fixture(scope='module')
def manifold():
    known = streams_of(*(acting(name, n) for name in EMOTIONS[:3] for n in range(4)))
    unseen = streams_of(*(acting(name, n) for name in EMOTIONS[:3] for n in range(10, 14)))
    return Manifold.of(known, unseen), known, unseen


def test_known_poses_and_unseen_people_lie_on_the_manifold(manifold):
    fitted, known, unseen = manifold
    assert fitted.off(known).max() == 0.0
    assert fitted.off(unseen).mean() <= 0.005 + 1.0 / (len(unseen) * 20)
    moved = known.keypoints + np.float32([3.0, 1.0, 0.0])
    assert fitted.off(dataclasses.replace(known, keypoints=moved)).max() == 0.0, 'where it stands'


def test_broken_poses_are_off_the_manifold(manifold):
    fitted, known, _ = manifold
    noise = np.random.default_rng(3).normal(0.0, 0.2, known.keypoints.shape)
    lying = known.keypoints[..., [2, 1, 0]]
    for broken in (known.keypoints + noise.astype(np.float32), lying):
        assert fitted.off(dataclasses.replace(known, keypoints=broken)).min() == 1.0


# Nearest neighbours


def test_neighbours_are_those_of_a_search_through_all():
    rng = np.random.default_rng(0)
    library = rng.normal(size=(300, 25, 3)) * np.geomspace(1.0, 0.01, 75).reshape(25, 3)
    queries = library[::7] + 0.1 * rng.normal(size=(43, 25, 3))
    gaps = np.sqrt(np.square(queries[:, None] - library).sum((2, 3)) / 25)
    every, away = Neighbours(library, components=75).nearest(queries)
    assert (every == gaps.argmin(axis=1)).all()
    assert np.allclose(away, gaps.min(axis=1), rtol=1e-4)
    fewer = Neighbours(library, components=12).distances(queries)
    assert (fewer >= gaps.min(axis=1) - 1e-5).all()
    assert fewer.mean() < 1.05 * gaps.min(axis=1).mean()


def test_a_neighbour_of_the_same_label_does_not_count():
    library = np.arange(6.0).reshape(6, 1, 1) * np.ones((6, 2, 3))
    labels = np.array([0, 0, 1, 1, 2, 2])
    nearest, away = Neighbours(library).nearest(library, (labels, labels))
    assert (labels[nearest] != labels).all()
    assert away == pytest.approx(np.sqrt(3.0) * np.array([2, 1, 1, 1, 1, 2]))
    alone = np.zeros(6, dtype=int)
    assert np.isinf(Neighbours(library).nearest(library, (alone, alone))[1]).all()


def test_windows_keep_their_sway_and_lose_their_place():
    window = swaying(1.0)[None]
    elsewhere = about_hips(window + np.array([2.0, 3.0, 0.0]), 8)
    assert np.allclose(elsewhere, about_hips(window, 8), atol=1e-6)
    assert elsewhere[0, :, 8, 1].std() > 0.001
    assert np.abs(about_hips(window[0], 8)[:, 8, :2]).max() < 1e-8  # each pose its own


# Bootstrap


def test_the_interval_of_a_mean_has_the_width_that_theory_gives():
    values = np.random.default_rng(1).normal(5.0, 2.0, 400)
    low, high = interval(values)
    error = values.std() / 20.0
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)
    assert (low, high) == interval(values)


def test_other_statistics_and_pairs():
    pairs = np.random.default_rng(4).normal((2.0, 1.0), 0.1, (50, 2))
    low, high = interval(pairs, lambda rows: rows[:, 0].mean() / rows[:, 1].mean())
    assert low < 2.0 < high and high - low < 0.3
    low, high = interval(pairs[:, 0], np.median)
    assert low < np.median(pairs[:, 0]) < high


def test_one_stream_has_no_interval_and_gaps_are_left_out():
    assert np.isnan(interval([3.0])).all() and np.isnan(interval([])).all()
    assert interval([1.0, 2.0, 3.0, np.nan, np.inf]) == interval([1.0, 2.0, 3.0])
