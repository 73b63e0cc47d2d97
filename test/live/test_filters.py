# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The causal filter calms still keypoints and does not delay fast ones."""

from hypothesis import given, strategies as st
import numpy as np
import pytest

from emotion_motion.live.filters import KeypointFilter

RATE_HZ = 30.0


def filtered(frames: np.ndarray) -> np.ndarray:
    """Run frames [T, ..., K, D] through a new filter."""
    smooth = KeypointFilter(RATE_HZ)
    return np.stack([np.array(smooth(frame)) for frame in frames])


def wander(seed: int, shape: tuple[int, ...] = (40, 2, 5, 3)) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(size=shape) * 0.02
    return steps.cumsum(axis=0).astype(np.float32)


def test_the_first_frame_passes_and_the_type_stays():
    frames = wander(0)
    smooth = filtered(frames)
    np.testing.assert_array_equal(smooth[0], frames[0])
    assert smooth.dtype == np.float32 and smooth.shape == frames.shape


def test_what_stands_still_stays_bit_for_bit():
    frames = np.repeat(wander(1)[-1:], 30, axis=0)
    np.testing.assert_array_equal(filtered(frames), frames)


@given(st.integers(0, 1000), st.integers(1, 39))
def test_it_is_causal(seed, changed):
    frames = wander(seed)
    other = frames.copy()
    other[changed:] += 1.0
    before, after = filtered(frames), filtered(other)
    np.testing.assert_array_equal(after[:changed], before[:changed])
    assert (after[changed] != before[changed]).all()


def test_jitter_of_a_still_keypoint_goes():
    noise = 0.002 * np.random.default_rng(0).normal(size=(300, 1, 4, 3)).astype(np.float32)
    before, after = (np.diff(part[30:], axis=0).std() for part in (noise, filtered(noise)))
    assert after < 0.4 * before


@pytest.mark.parametrize(('speed', 'frames_late'), [(0.05, 1.2), (0.5, 0.4), (1.5, 0.2)])
def test_the_faster_the_less_delay(speed, frames_late):
    """A path at constant speed, in body heights a second, is followed this many frames late."""
    step = speed / RATE_HZ
    path = np.zeros((90, 1, 1, 3), dtype=np.float32)
    path[:, 0, 0, 0] = step * np.arange(90)
    late = (path - filtered(path))[-1, 0, 0, 0] / step
    assert 0.0 <= late < frames_late


def test_a_step_is_reached_without_overshoot():
    frames = np.zeros((60, 1, 1, 3), dtype=np.float32)
    frames[10:, ..., 2] = 0.3
    smooth = filtered(frames)[..., 0, 0, 2]
    assert (np.diff(smooth) >= 0.0).all() and smooth.max() <= 0.3 + 1e-6
    assert smooth[20] > 0.25


@given(st.integers(0, 1000))
def test_paths_keep_their_shape_when_turned_and_shifted(seed):
    frames = wander(seed).astype(np.float64)
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    np.testing.assert_allclose(
        filtered(frames @ turn + 0.3), filtered(frames) @ turn + 0.3, atol=1e-6
    )


def test_streams_and_keypoints_do_not_touch_each_other():
    frames = wander(2)
    other = frames.copy()
    other[5:, 0, 3] += 0.5
    changed = (filtered(other) != filtered(frames)).any(axis=(0, 3))
    assert changed[0, 3] and changed.sum() == 1


def test_reset_forgets():
    frames = wander(3)
    smooth = KeypointFilter(RATE_HZ)
    for frame in frames:
        smooth(frame)
    smooth.reset()
    again = np.stack([np.array(smooth(frame)) for frame in frames])
    np.testing.assert_array_equal(again, filtered(frames))
