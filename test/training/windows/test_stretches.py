# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Augmentation: what there and back gives, what a size means, what a seed fixes."""

from hypothesis import given, strategies as st
from moving import clip_of, SKELETON, swaying
import numpy as np
import pytest

from emotion_motion.training.data.prepare import prepare
from emotion_motion.training.windows.stretches import draw_times, Stretch, time_warp

FRAMES = prepare(clip_of(swaying(4.0)), SKELETON).keypoints
SURE = np.random.default_rng(0).random(FRAMES.shape[:2]).astype(np.float32)
EMOTIONS = np.repeat(np.eye(7, dtype=np.float32)[[3, 5]], 60, axis=0)
STRETCH = Stretch(FRAMES, SURE, EMOTIONS)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    'times', [np.arange(120.0), np.arange(0.0, 119.0, 2.0), np.full(5, 119.0), np.array([17.0])]
)
def test_a_warp_by_whole_frames_is_those_frames(times):
    for name, part in vars(time_warp(STRETCH, times)).items():
        np.testing.assert_array_equal(part, getattr(STRETCH, name)[times.astype(int)])


def test_a_warped_body_is_nearly_one():
    assert SKELETON.bone_error(time_warp(STRETCH, 1.13 * np.arange(100)).points) < 1e-3


def test_between_frames_the_lower_confidence_counts():
    warped = time_warp(STRETCH, np.array([10.5]))
    np.testing.assert_array_equal(warped.confidence[0], np.minimum(SURE[10], SURE[11]))


@given(st.integers(0, 2**32), st.floats(0.5, 1.0), st.floats(1.0, 2.0), st.integers(1, 50))
def test_drawn_times_rise_steadily_within_the_tempo(seed, low, high, length):
    times = draw_times(length, (low, high), rng(seed))
    assert len(times) == length and times[0] == 0.0
    steps = np.diff(times)
    np.testing.assert_allclose(steps, times[-1] / max(length - 1, 1))
    assert (steps >= low - 1e-9).all() and (steps <= high + 1e-9).all()
    np.testing.assert_array_equal(times, draw_times(length, (low, high), rng(seed)))
