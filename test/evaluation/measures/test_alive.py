# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Measures of life on motion made so that the right answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.alive import Alive, drift, measure_alive, speed
from emotion_motion.evaluation.measures.repetition import (
    Gestures,
    halves,
    moving_windows,
    nearest_across,
    nearest_repeats,
    Thresholds,
)
from emotion_motion.evaluation.reference import corpus_streams
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError

RATE = 30.0
REST = load_skeleton().rest.astype(np.float32) * np.float32(1.70)
WRIST = load_skeleton().index('LWrist')


def times(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE)) / RATE


def streams(*motions: np.ndarray, emotion: int = 0) -> Streams:
    points = np.stack(motions).astype(np.float32)
    return Streams(points, np.full(points.shape[:2], emotion), RATE)


def body_at(offset: np.ndarray) -> np.ndarray:
    """Return the rest pose [T, K, 3] displaced by [T, 3]."""
    return REST + offset[:, None]


def glide(seconds: float, speed_m_s: float) -> np.ndarray:
    return body_at(times(seconds)[:, None] * [speed_m_s, 0.0, 0.0])


def waving(seconds: float, period_s: float, size_m: float = 0.4) -> np.ndarray:
    """Both arms and the head go up and down, all keypoints above the hips by size_m."""
    motion = np.repeat(REST[None], len(times(seconds)), axis=0)
    upper = REST[:, 2] > REST[load_skeleton().root, 2] + 0.01
    height = size_m * np.sin(2.0 * np.pi * times(seconds) / period_s)
    motion[:, upper, 2] += height[:, None].astype(np.float32)
    return motion


def wandering(seconds: float, seed: int) -> np.ndarray:
    """Every keypoint wanders about its place, slowly enough not to tremble."""
    rng = np.random.default_rng(seed)
    knots = rng.normal(0.0, 0.15, (round(seconds * 2) + 2, *REST.shape))
    at = times(seconds) * 2.0
    first, share = at.astype(int), (at % 1.0)[:, None, None]
    return REST + (1.0 - share) * knots[first] + share * knots[first + 1]


@pytest.fixture(scope='module')
def reference() -> Streams:
    return corpus_streams(people=3, seconds=60.0, seed=9)


@pytest.fixture(scope='module')
def thresholds(reference: Streams) -> Thresholds:
    return Thresholds.measure(reference)


@pytest.fixture(scope='module')
def measured(reference: Streams, thresholds: Thresholds) -> Alive:
    return measure_alive(reference, thresholds)


@pytest.mark.parametrize('metres', [0.03, 0.2, 1.0])
def test_a_glide_has_its_speed(metres: float, thresholds: Thresholds) -> None:
    made = streams(glide(6.0, metres))
    assert speed(made) == pytest.approx([metres], rel=1e-4)
    alive = measure_alive(made, thresholds)
    assert alive.speed_m_s[0] == pytest.approx([metres], rel=1e-4)
    assert alive.rest_speed_m_s == pytest.approx([metres], rel=1e-4)
    assert alive.freeze[0, 0] == (1.0 if metres < 0.05 else 0.0)


def test_trembling_is_not_speed(thresholds: Thresholds) -> None:
    rng = np.random.default_rng(0)
    tremble = REST + rng.normal(0.0, 0.003, (600, *REST.shape))
    raw = np.linalg.norm(np.diff(tremble, axis=0), axis=-1).mean() * RATE
    assert raw > 0.15 > 0.05 > speed(streams(tremble))[0]
    assert measure_alive(streams(tremble), thresholds).freeze[0, 0] == 1.0


def test_a_frozen_body_is_still_from_end_to_end(thresholds: Thresholds) -> None:
    alive = measure_alive(streams(np.repeat(REST[None], 5400, axis=0)), thresholds)
    assert alive.freeze.tolist() == [[1.0, 1.0, 1.0]]
    assert alive.longest_still_s[0] == pytest.approx([60.0] * 3, abs=0.5)
    assert alive.longest_run_s == pytest.approx([180.0], abs=0.5)
    assert alive.gestures.tolist() == [[0.0, 0.0, 0.0]]
    assert np.isnan(alive.near_duplicate).all(), 'nothing moves, so nothing repeats'
    assert np.isnan(alive.drift_speed).all() and alive.drift_pose_m.tolist() == [0.0]


def test_a_still_run_has_its_length_also_across_minutes(thresholds: Thresholds) -> None:
    offset = np.cumsum(np.where((times(120.0) < 52.0) | (times(120.0) >= 65.0), 0.01, 0.0))
    alive = measure_alive(streams(body_at(offset[:, None] * [0.0, 1.0, 0.0])), thresholds)
    assert alive.longest_run_s == pytest.approx([13.0], abs=0.7)
    assert alive.longest_still_s[0] == pytest.approx([8.0, 5.0], abs=0.7)
    assert alive.freeze[0] == pytest.approx([8.0 / 60.0, 5.0 / 60.0], abs=0.01)
    assert alive.of_stream('longest_still_s') == pytest.approx([8.0], abs=0.7)
    assert alive.of_stream('freeze') == pytest.approx([6.5 / 60.0], abs=0.01)


@pytest.mark.parametrize('period_s', [2.0, 3.7, 11.3])
def test_a_loop_is_all_repetition_whatever_its_period(
    period_s: float, thresholds: Thresholds
) -> None:
    part = wandering(60.0, 3)[: round(period_s * RATE)]
    loop = np.concatenate([part] * 31)[: round(60.0 * RATE)]
    alive = measure_alive(streams(loop), thresholds)
    assert alive.near_duplicate[0, 0] == 1.0 and alive.repeat_m[0, 0] < 1e-3


def test_only_what_comes_back_repeats(thresholds: Thresholds) -> None:
    half = wandering(60.0, 5)
    half[900:] = np.concatenate([half[900:1000]] * 9)
    alive = measure_alive(streams(wandering(60.0, 4), half), thresholds)
    assert alive.near_duplicate[:, 0] == pytest.approx([0.0, 0.5], abs=0.03)
    assert alive.repeat_m[0, 0] > 2.0 * thresholds.near_duplicate_m


def test_a_repeat_nearer_in_time_than_two_seconds_is_none() -> None:
    shaken = np.concatenate([wandering(3.0, 6)[:45]] * 2)  # 1.5 s, twice
    assert nearest_repeats(shaken, RATE).min() > 0.05
    assert nearest_repeats(shaken, RATE, lag_s=1.5)[0] < 1e-3
    assert not np.isfinite(nearest_repeats(shaken, RATE, lag_s=3.0)).any()


def test_distance_of_windows_is_a_mean_square_over_keypoints() -> None:
    one = waving(6.0, 2.0)
    other = one.copy()
    other[:, WRIST, 1] += 0.10  # one of 25 keypoints is 10 cm aside
    away = nearest_across([one, other], RATE)
    assert len(away) == 6 and away == pytest.approx(0.10 / 5.0, rel=1e-4)
    assert nearest_across([one, one + np.float32([0, 0, 0.1])], RATE) == pytest.approx(0.1)
    elsewhere = one + np.float32([1.0, -2.0, 0.0])
    assert nearest_across([one, elsewhere], RATE).max() < 1e-4, 'where it stands'


def test_windows_that_stand_still_are_left_out() -> None:
    motion = np.concatenate([waving(4.0, 2.0), np.repeat(REST[None], 120, axis=0)])
    assert moving_windows(motion, RATE, 0.5).shape == (8, 10, 25, 3)
    assert len(nearest_repeats(motion, RATE)) == 8
    assert len(nearest_repeats(motion[120:], RATE)) == 0


def test_a_loop_visits_fewer_gestures_than_the_reference(
    reference: Streams, thresholds: Thresholds, measured: Alive
) -> None:
    loops = dataclasses.replace(
        reference, keypoints=np.concatenate([reference.keypoints[:, 300:450]] * 12, axis=1)
    )
    few = measure_alive(loops, thresholds)
    assert (few.against(measured, 'gestures') < 0.5).all()
    # A stream that plays its gestures backwards visits as many.
    backward = dataclasses.replace(reference, keypoints=reference.keypoints[:, ::-1])
    as_many = measure_alive(backward, thresholds)
    assert np.nanmean(as_many.against(measured, 'gestures')) == pytest.approx(1.0, abs=0.2)


def test_each_kind_of_gesture_is_counted_once() -> None:
    places = [REST + np.float32([0, 0, 2.0 * n]) for n in range(3)]  # three far apart
    shake = waving(10.0, 1.0, 0.2) - REST
    known = Gestures.measure(streams(*(place + shake for place in places)))
    # The middles are of 1 s windows at one height each.
    heights = {round(float(middle.reshape(-1, 3)[:, 2].mean())) for middle in known.middles[0]}
    assert len(heights) == 3 and list(known.middles) == [0]
    one = known.visited(places[0] + shake, 0)
    both = known.visited(np.concatenate([places[0] + shake, places[2] + shake]), 0)
    again = known.visited(np.concatenate([places[0] + shake] * 2), 0)
    assert 0 < one < both and again <= one + 1
    assert np.isnan(known.visited(places[0] + shake, 5))
    assert known.visited(np.repeat(places[0][None], 90, axis=0), 0) == 0


def test_speeding_up_and_leaving_the_place_are_drift() -> None:
    slow, fast = glide(10.0, 0.1), glide(10.0, 0.3)
    stream = streams(np.concatenate([slow, fast + slow[-1, 0] - fast[0, 0]]))
    ratio, moved = drift(stream)
    assert ratio == pytest.approx([3.0], rel=1e-3)
    # The middles of the first and last 4 s lie 8 s of 0.1 m/s and 8 s of 0.3 m/s apart.
    assert moved == pytest.approx([3.2], rel=0.01)
    ratio, moved = drift(stream, (0.0, 2.0), (5.0, 7.0))
    assert ratio == pytest.approx([1.0], rel=1e-3) and moved == pytest.approx([0.5], rel=1e-3)
    for span in ((18.0, 22.0), (19.5, 20.0)):
        assert np.isnan(drift(stream, (0.0, 2.0), span)).all()


def test_the_reference_is_as_alive_as_itself(reference: Streams, measured: Alive) -> None:
    assert np.nanmean(measured.against(measured, 'speed_m_s')) == pytest.approx(1.0)
    lively, quiet = (EMOTIONS.index(name) for name in ('happiness', 'sadness'))
    by_speed, by_freeze = measured.by_emotion('speed_m_s'), measured.by_emotion('freeze')
    assert by_speed[lively] > 1.5 * by_speed[quiet] and by_freeze[lively] < by_freeze[quiet]
    assert np.nanmax(measured.near_duplicate) < 0.4 and measured.longest_run_s.max() < 15.0
    assert measured.speed_m_s.shape == (21, 1) and np.isfinite(measured.drift_speed).all()


def test_thresholds_are_quantiles_of_the_reference(
    reference: Streams, thresholds: Thresholds
) -> None:
    near = np.concatenate(
        [nearest_across(list(reference.of(e).keypoints), RATE) for e in range(len(EMOTIONS))]
    )
    assert (near <= thresholds.near_duplicate_m).mean() == pytest.approx(0.05, abs=0.005)
    assert thresholds.numbers()['still_m_s'] == 0.05
    assert 0.02 < thresholds.near_duplicate_m < thresholds.off_body_m < 0.25
    again = Thresholds.measure(reference)
    assert again.numbers() == thresholds.numbers()
    assert all(
        np.array_equal(again.gestures.middles[e], thresholds.gestures.middles[e]) for e in range(7)
    )


def test_halves_of_a_reference_share_nobody(reference: Streams) -> None:
    first, second = halves(reference)
    assert len(first) == 14 and len(second) == 7
    assert not {p.tobytes() for p in first.keypoints} & {p.tobytes() for p in second.keypoints}
    assert set(first.emotions[:, 0]) == set(second.emotions[:, 0]) == set(range(7))
    with pytest.raises(TrainingError, match='at least two people'):
        Thresholds.measure(reference.chosen([0, 3, 6]))


def test_streams_shorter_than_a_minute_have_no_repetition(thresholds: Thresholds) -> None:
    alive = measure_alive(streams(waving(30.0, 2.0)), thresholds)
    assert np.isnan(alive.near_duplicate).all() and np.isnan(alive.gestures).all()
    assert np.isfinite(alive.speed_m_s).all() and alive.speed_m_s.shape == (1, 1)


def test_streams_of_different_length_are_measured_together(thresholds: Thresholds) -> None:
    long, short = streams(wandering(125.0, 1)), streams(wandering(20.0, 2), emotion=3)
    alone = measure_alive(long, thresholds)
    both = Alive.joined([alone, measure_alive(short, thresholds)])
    assert both.speed_m_s.shape == (2, 2) and np.isnan(both.speed_m_s[1, 1])
    for name in ('speed_m_s', 'near_duplicate', 'gestures', 'drift_pose_m'):
        assert both.of_stream(name)[0] == pytest.approx(alone.of_stream(name)[0])
    assert both.by_emotion('speed_m_s')[3] == pytest.approx(speed(short)[0])
    assert np.isnan(both.by_emotion('speed_m_s')[[1, 2, 4, 5, 6]]).all()


def test_streams_that_switch_are_compared_with_no_emotion(
    thresholds: Thresholds, measured: Alive
) -> None:
    made = streams(waving(60.0, 2.0))
    made.emotions[0, 900:] = 3
    alive = measure_alive(made, thresholds)
    assert alive.emotions.tolist() == [-1]
    assert np.isnan(alive.against(measured, 'speed_m_s')).all() and np.isnan(alive.gestures).all()
    assert np.isfinite(alive.speed_m_s).all()


def test_the_start_is_held_against_the_whole_reference(
    thresholds: Thresholds, measured: Alive
) -> None:
    usual = measured.by_emotion('speed_m_s')[0]
    late = np.concatenate([np.repeat(REST[None], 75, axis=0), glide(60.0, 2.0 * usual)])
    alive = measure_alive(streams(late), thresholds)
    assert alive.against(measured, 'rest_speed_m_s') == pytest.approx([1.0], abs=0.05)
    assert alive.against(measured, 'speed_m_s') == pytest.approx([1.9], abs=0.1)
