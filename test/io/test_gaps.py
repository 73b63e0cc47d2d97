# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gaps are filled in time and per keypoint; what no body can be is cut out."""

from hypothesis import given, strategies as st
import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.io.gaps import clean, fill_gaps

SKELETON = load_skeleton()


@st.composite
def motions(draw):
    """Points [T, K, D] and confidence [T, K] with holes of all lengths."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frames, keypoints = draw(st.integers(1, 60)), draw(st.integers(1, 5))
    dims = draw(st.sampled_from([2, 3]))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    points = random.normal(200.0, 50.0, (frames, keypoints, dims)).astype(dtype)
    confidence = random.uniform(0.0, 1.0, (frames, keypoints)).astype(dtype)
    for _ in range(draw(st.integers(0, 6))):
        start = random.integers(frames)
        confidence[start : start + random.integers(1, 25), random.integers(keypoints)] = 0.0
    return points, confidence


@given(motions(), st.sampled_from([10.0, 25.0, 30.0]))
def test_measured_values_stay_bit_by_bit_and_the_rest_is_finite(motion, rate_hz):
    points, confidence = motion
    filled, sure = fill_gaps(points, confidence, rate_hz)
    measured = confidence >= 0.1
    np.testing.assert_array_equal(filled[measured], points[measured])
    np.testing.assert_array_equal(sure[measured], confidence[measured])
    assert filled.dtype == points.dtype
    assert np.isfinite(filled).all()
    assert ((sure >= 0.0) & (sure <= 1.0)).all()


@given(motions(), st.sampled_from([10.0, 25.0, 30.0]))
def test_filling_twice_is_filling_once(motion, rate_hz):
    once = fill_gaps(*motion, rate_hz)
    twice = fill_gaps(*once, rate_hz)
    np.testing.assert_array_equal(twice[0], once[0])
    np.testing.assert_array_equal(twice[1], once[1])


@given(motions(), st.data())
def test_a_keypoint_never_depends_on_another(motion, data):
    points, confidence = motion
    changed = data.draw(st.integers(0, points.shape[1] - 1))
    other, unsure = points.copy(), confidence.copy()
    other[:, changed] += 1000.0
    unsure[:, changed] = data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    rest = np.arange(points.shape[1]) != changed
    before, after = fill_gaps(points, confidence, 30.0), fill_gaps(other, unsure, 30.0)
    for first, second in zip(before, after, strict=True):
        np.testing.assert_array_equal(first[:, rest], second[:, rest])


@given(motions())
def test_linear_motion_is_recovered_in_gaps_up_to_half_a_second(motion):
    points, confidence = motion
    frames = np.arange(len(points), dtype=float)[:, None, None]
    line = points[:1].astype(float) + 3.0 * frames * np.sign(points[:1] - 200.0)
    broken = np.where(confidence[..., None] >= 0.1, line, 0.0)
    filled, sure = fill_gaps(broken, confidence, 30.0)
    np.testing.assert_allclose(filled[sure > 0.0], line[sure > 0.0], atol=1e-9)


@pytest.mark.parametrize(('missing', 'is_filled'), [(1, True), (15, True), (16, False)])
def test_gaps_longer_than_half_a_second_are_held_and_masked(missing, is_filled):
    points = np.zeros((40, 1, 2))
    points[:, 0] = np.arange(40)[:, None]
    confidence = np.ones((40, 1))
    gap = slice(10, 10 + missing)
    confidence[gap] = 0.0
    filled, sure = fill_gaps(points, confidence, 30.0)
    if is_filled:
        np.testing.assert_allclose(filled, points, atol=1e-12)
        assert (sure[gap] == 0.5).all()
    else:
        assert (filled[gap] == 9.0).all()
        assert (sure[gap] == 0.0).all()


def test_ends_hold_the_nearest_measured_value_and_are_masked():
    points = np.arange(10.0).reshape(10, 1, 1).repeat(2, axis=2)
    confidence = np.array([0, 0, 1, 1, 1, 1, 1, 0, 0, 0.05])[:, None]
    filled, sure = fill_gaps(points, confidence, 30.0)
    assert filled[:, 0, 0].tolist() == [2, 2, 2, 3, 4, 5, 6, 6, 6, 6]
    assert sure[:, 0].tolist() == [0, 0, 1, 1, 1, 1, 1, 0, 0, 0]


def test_filled_confidence_is_half_the_lower_or_the_threshold():
    points = np.zeros((5, 2, 2))
    confidence = np.array([[0.8, 0.15], [0, 0], [0.6, 0.9], [1, 1], [1, 1]])
    _, sure = fill_gaps(points, confidence, 30.0)
    np.testing.assert_allclose(sure[1], [0.3, 0.1])


def test_a_value_that_is_not_finite_is_a_gap():
    points = np.arange(5.0).reshape(5, 1, 1).repeat(3, axis=2)
    points[2] = np.nan
    filled, sure = fill_gaps(points, np.ones((5, 1)), 30.0)
    assert filled[2, 0].tolist() == [2.0, 2.0, 2.0]
    assert sure[2, 0] == 0.5


def person(frames=20, height=400.0):
    """A standing body in pixels, [T, 25, 2], that sways; confidence [T, 25] of 0.9."""
    body = np.stack((SKELETON.rest[:, 1], -SKELETON.rest[:, 2]), axis=-1) * height + 500.0
    sway = 5.0 * np.sin(np.arange(frames) / 5.0)[:, None, None]
    return body + sway, np.full((frames, 25), 0.9)


def test_a_whole_body_passes_untouched():
    points, confidence = person()
    cleaned, sure, counts = clean(points, confidence, SKELETON)
    np.testing.assert_array_equal(cleaned, points)
    np.testing.assert_array_equal(sure, confidence)
    assert (counts.filled, counts.masked, counts.implausible, counts.frames_cut) == (0, 0, 0, 0)


def test_arms_overhead_and_a_bow_are_plausible():
    points, confidence = person()
    neck = points[:, [1]]
    arms = [SKELETON.index(name) for name in ('RElbow', 'RWrist', 'LElbow', 'LWrist')]
    points[:, arms] = neck + (neck - points[:, arms])
    upper = [i for i, name in enumerate(SKELETON.names) if not name.endswith(('Hip', 'Knee'))]
    points[:10, upper] = points[:10, [SKELETON.index('MidHip')]] + 0.3 * (
        points[:10, upper] - points[:10, [SKELETON.index('MidHip')]]
    )
    assert clean(points, confidence, SKELETON)[2].implausible == 0


@pytest.mark.parametrize('name', ['RWrist', 'Neck', 'LEar', 'MidHip'])
def test_one_joint_beyond_the_body_s_length_is_cut_and_filled(name):
    points, confidence = person()
    k = SKELETON.index(name)
    broken = points.copy()
    broken[7, k] += (450.0, 0.0)
    cleaned, sure, counts = clean(broken, confidence, SKELETON)
    assert (counts.implausible, counts.filled, counts.frames_cut) == (1, 1, 0)
    np.testing.assert_allclose(cleaned[7, k], points[[6, 8], k].mean(axis=0))
    assert 0.0 < sure[7, k] < 0.9
    assert (sure == 0.9).sum() == sure.size - 1


def test_a_frame_of_mostly_implausible_joints_is_cut_out_whole():
    points, confidence = person()
    broken = points.copy()
    broken[7] += np.random.default_rng(0).normal(0.0, 3000.0, (25, 2))
    cleaned, sure, counts = clean(broken, confidence, SKELETON)
    assert (counts.implausible, counts.frames_cut, counts.filled) == (25, 1, 25)
    np.testing.assert_allclose(cleaned[7], points[[6, 8]].mean(axis=0))
    assert (sure[7] < 0.9).all()


def test_zero_coordinates_are_unmeasured_at_any_confidence():
    points, confidence = person()
    points[5, 4] = 0.0
    points[:, 21] = 0.0
    _, sure, counts = clean(points, confidence, SKELETON)
    assert (counts.filled, counts.masked, counts.implausible) == (1, 20, 0)
    assert (sure[:, 21] == 0.0).all()


def test_nothing_is_implausible_where_no_long_bone_is_seen():
    points, confidence = person()
    confidence[:, [i for i in range(25) if i not in (0, 15, 16)]] = 0.0
    points[3, 0] += 5000.0
    assert clean(points, confidence, SKELETON)[2].implausible == 0
