# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Augmentation: what there and back gives, what a size means, what a seed fixes."""

from hypothesis import given, strategies as st
from moving import clip_of, SKELETON, swaying
import numpy as np
import pytest

from emotion_motion.exceptions import TrainingError
from emotion_motion.training.data.prepare import prepare
from emotion_motion.training.windows.augment import draw_times, jitter, mirror, time_warp

FRAMES = prepare(clip_of(swaying(4.0)), SKELETON).keypoints
SURE = np.random.default_rng(0).random(FRAMES.shape[:2]).astype(np.float32)
EMOTIONS = np.repeat(np.eye(7, dtype=np.float32)[[3, 5]], 60, axis=0)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize('flat', [False, True])
def test_mirroring_twice_is_nothing_bit_for_bit(flat):
    frames, skeleton = (FRAMES[..., 1:], SKELETON.flat()) if flat else (FRAMES, SKELETON)
    once = mirror(frames, SURE, skeleton)
    twice = mirror(*once, skeleton)
    assert twice[0].tobytes() == np.ascontiguousarray(frames).tobytes()
    assert twice[1].tobytes() == SURE.tobytes()
    left, right = SKELETON.index('LWrist'), SKELETON.index('RWrist')
    np.testing.assert_array_equal(once[0][:, left, -1], frames[:, right, -1])
    np.testing.assert_array_equal(once[0][:, left, -2], -frames[:, right, -2])
    np.testing.assert_array_equal(once[1][:, left], SURE[:, right])
    assert once[0].dtype == np.float32


def test_mirrored_bodies_are_bodies():
    assert SKELETON.bone_error(mirror(FRAMES, SURE, SKELETON)[0]) < 1e-6


def test_a_warp_by_whole_frames_is_those_frames():
    for times in (np.arange(120.0), np.arange(0.0, 119.0, 2.0), np.full(5, 119.0), [17.0]):
        warped = time_warp(FRAMES, EMOTIONS, SURE, np.asarray(times))
        rows = np.asarray(times).astype(int)
        np.testing.assert_array_equal(warped.frames, FRAMES[rows])
        np.testing.assert_array_equal(warped.emotions, EMOTIONS[rows])
        np.testing.assert_array_equal(warped.confidence, SURE[rows])


@given(st.floats(0.7, 1.4))
def test_faster_and_back_is_the_same_motion(factor):
    length = int(119 / max(factor, 1.0)) - 1
    warped = time_warp(FRAMES, EMOTIONS, SURE, factor * np.arange(length))
    back = np.arange(0.0, length - 1, 1.0 / factor)
    again = time_warp(warped.frames, warped.emotions, warped.confidence, back)
    np.testing.assert_allclose(again.frames, FRAMES[: len(back)], atol=1e-3)
    np.testing.assert_allclose(again.emotions.sum(-1), 1.0, atol=1e-6)


def test_a_warped_body_is_nearly_one():
    warped = time_warp(FRAMES, EMOTIONS, SURE, 1.13 * np.arange(100))
    assert SKELETON.bone_error(warped.frames) < 1e-3


def test_between_frames_the_lower_confidence_counts():
    warped = time_warp(FRAMES, EMOTIONS, SURE, np.array([10.5]))
    np.testing.assert_array_equal(warped.confidence[0], np.minimum(SURE[10], SURE[11]))


@given(st.integers(0, 2**32), st.floats(0.5, 1.0), st.floats(1.0, 2.0), st.floats(0.0, 0.9))
def test_drawn_times_rise_within_the_tempo(seed, low, high, wobble):
    times = draw_times(50, rng(seed), factor=(low, high), wobble=wobble)
    steps = np.diff(times)
    assert len(times) == 50
    assert times[0] == 0.0
    assert steps.min() >= low * (1.0 - wobble) - 1e-9
    assert steps.max() <= high * (1.0 + wobble) + 1e-9
    np.testing.assert_array_equal(
        times, draw_times(50, rng(seed), factor=(low, high), wobble=wobble)
    )
    if wobble == 0.0:
        np.testing.assert_allclose(steps, steps[0])


@pytest.mark.parametrize('length', [0, 1, 2])
def test_short_windows_have_times_too(length):
    assert len(draw_times(length, rng())) == length


def test_jitter_of_size_zero_is_nothing_and_yours():
    result = jitter(FRAMES, rng(), size=0.0)
    assert result.tobytes() == FRAMES.tobytes()
    result += 1.0
    assert np.abs(FRAMES).max() < 1.5


@pytest.mark.parametrize('smooth_frames', [0.0, 1.0, 4.0])
def test_jitter_has_its_size_and_is_smooth(smooth_frames):
    still = np.zeros((2000, 5, 3), np.float32)
    noise = jitter(still, rng(), size=0.01, smooth_frames=smooth_frames)
    assert noise.std() == pytest.approx(0.01, rel=0.1)
    step = np.diff(noise, axis=0).std() / noise.std()
    wanted = np.sqrt(2.0) if smooth_frames == 0.0 else 1.0 / (np.sqrt(2.0) * smooth_frames)
    assert step == pytest.approx(wanted, rel=0.1)
    assert noise.dtype == np.float32


def test_the_same_seed_gives_the_same_and_another_another():
    first, same, other = (jitter(FRAMES, rng(seed), size=0.003) for seed in (1, 1, 2))
    assert first.tobytes() == same.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize(
    'call',
    [
        lambda: jitter(FRAMES, rng(), size=-1.0),
        lambda: jitter(FRAMES, rng(), size=1.0, smooth_frames=float('nan')),
        lambda: draw_times(9, rng(), factor=(0.0, 1.0)),
        lambda: draw_times(9, rng(), factor=(1.2, 0.8)),
        lambda: draw_times(9, rng(), wobble=1.0),
        lambda: time_warp(FRAMES, EMOTIONS, SURE, np.array([-0.5])),
        lambda: time_warp(FRAMES, EMOTIONS, SURE, np.array([119.5])),
    ],
)
def test_settings_that_cannot_be_are_refused(call):
    with pytest.raises(TrainingError, match='got'):
        call()
