# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Playback: the model at its own rate, smooth motion at any, a hold without a jump."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
from support import malformed, one_hot

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import ConfigError, ModelError
from emotion_motion.generator import LiveFrame, MotionGenerator
from emotion_motion.playback import Playback

BODY = load_skeleton()
SETTLE_S = 0.4


class SmoothMotion:
    """Stands in for a MotionGenerator: a known body that moves smoothly, and no network."""

    def __init__(self, batch_size: int = 1, rate: float = 30.0) -> None:
        self.batch_size, self.rate, self.body_height_m = batch_size, rate, 1.7
        self.skeleton, self.rest_pose = BODY, BODY.rest.astype(np.float32)
        self.fail_at = None
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        self.seed, self.steps = seed, 0

    def body(self, frame: int) -> np.ndarray:
        """Return frame number `frame` [B, K, 3], of height 1; 0 is the rest pose."""
        time_s = frame / self.rate
        frequencies = 0.4 + 0.05 * np.arange(75).reshape(25, 3) % 0.6
        stream = np.arange(1, self.batch_size + 1)[:, None, None]
        swing = np.sin(2.0 * np.pi * frequencies * time_s) * 0.004 * stream
        return BODY.project((BODY.rest + swing).astype(np.float32))

    def advance(self) -> LiveFrame:
        self.steps += 1
        if self.steps == self.fail_at:
            raise ModelError('a frame that is not finite')
        logits = np.tile(one_hot('fear'), (self.batch_size, 1))
        return LiveFrame(self.body(self.steps), logits)

    def published(self, points: np.ndarray) -> np.ndarray:
        return BODY.project(points) * np.float32(self.body_height_m)


def played(playback: Playback, poses: int) -> np.ndarray:
    """Return the keypoints [n, B, K, 3] of the next `poses` poses."""
    return np.stack([playback.advance().keypoints for _ in range(poses)])


def largest_move(poses: np.ndarray) -> np.ndarray:
    """Return how far the fastest keypoint goes from each pose to the next [m]."""
    return np.linalg.norm(np.diff(poses, axis=0), axis=-1).reshape(len(poses) - 1, -1).max(-1)


# Rates


@pytest.mark.parametrize('rate_hz', [1.0, 10.0, 29.97, 30.0, 47.3, 60.0, 100.0, 120.0, 1000.0])
def test_the_model_steps_at_its_own_rate(rate_hz):
    motion = SmoothMotion()
    playback = Playback(motion, rate_hz)
    stepped = 0
    for pose in range(min(int(20 * rate_hz), 2000)):
        stepped += playback.advance().stepped
        assert abs(stepped - (pose + 1) / rate_hz * 30.0) <= 1.0 + 1e-3
    assert stepped == motion.steps


@given(st.lists(st.floats(0.0, 0.3), max_size=40))
def test_uneven_periods_add_up(periods):
    playback = Playback(SmoothMotion())
    stepped = sum(playback.advance(period_s).stepped for period_s in periods)
    assert abs(stepped - sum(periods) * 30.0) <= 1.0 + 1e-3


@pytest.mark.parametrize('factor', [1, 2, 3, 4])
def test_higher_rates_pass_through_the_model_s_frames(checkpoint, factor):
    playback = Playback(MotionGenerator(checkpoint, seed=0), 30.0 * factor)
    twin = MotionGenerator(checkpoint, seed=0)
    for _ in range(30):
        poses = [playback.advance() for _ in range(factor)]
        assert [pose.stepped for pose in poses] == [1] + [0] * (factor - 1)
        np.testing.assert_allclose(poses[-1].keypoints, twin.step().keypoints, atol=1e-5)


def test_the_path_has_no_kinks():
    """The velocity has no jump at a frame, where straight lines between frames have one."""
    rate_hz = 1200.0
    playback = Playback(SmoothMotion(), rate_hz)
    poses = played(playback, 1200)[120:, 0]
    frames = poses[(np.arange(len(poses)) + 1) % 40 == 0]
    kinks_of_lines = np.abs(np.diff(frames, n=2, axis=0)).max() * 30.0
    jumps = np.abs(np.diff(poses, n=2, axis=0)).max() * rate_hz
    assert jumps < 0.25 * kinks_of_lines


@pytest.mark.parametrize('rate_hz', [45.0, 60.0, 250.0])
def test_every_pose_is_a_body(checkpoint, rate_hz):
    playback = Playback(MotionGenerator(checkpoint, batch_size=2, seed=0), rate_hz)
    poses = played(playback, 120)
    assert BODY.bone_error(poses / 1.7) * 1.7 < 1e-5
    playback.hold()
    assert BODY.bone_error(played(playback, 120) / 1.7) * 1.7 < 1e-5


def test_the_rate_may_change_on_the_way():
    motion = SmoothMotion()
    playback = Playback(motion, 60.0)
    free = largest_move(played(Playback(SmoothMotion(), 60.0), 120)).max()
    poses = [played(playback, 31)]
    playback.rate_hz = 120.0
    poses.append(played(playback, 63))
    assert largest_move(np.concatenate(poses)).max() < 1.2 * free
    assert abs(motion.steps - 30.0 * (31 / 60 + 63 / 120)) <= 1.0


# The emotion


@pytest.mark.parametrize('before', range(1, 9))
def test_an_emotion_shows_within_one_model_period(checkpoint, before):
    rate_hz = 120.0
    playbacks = [Playback(MotionGenerator(checkpoint, seed=0), rate_hz) for _ in range(2)]
    steady, changed = (played(playback, before) for playback in playbacks)
    np.testing.assert_array_equal(steady, changed)
    playbacks[1].generator.set_emotion('anger')
    steady, changed = (played(playback, 4) for playback in playbacks)
    assert (steady != changed).any()


def test_what_is_recognised_is_shown_as_weights():
    playback = Playback(SmoothMotion(batch_size=2), 60.0)
    np.testing.assert_array_equal(playback.advance(0.0).recognised, [one_hot('neutral')] * 2)
    pose = playback.advance()
    np.testing.assert_array_equal(pose.recognised, [one_hot('fear')] * 2)
    assert playback.advance().recognised is not None


# Hold


@pytest.mark.parametrize('rate_hz', [30.0, 60.0, 100.0])
@pytest.mark.parametrize('poses_before', [1, 7, 50])
def test_a_hold_comes_to_rest_in_time_and_stays_bit_for_bit(rate_hz, poses_before):
    motion = SmoothMotion(batch_size=2)
    playback = Playback(motion, rate_hz)
    played(playback, poses_before)
    playback.hold()
    assert playback.held and not playback.at_rest
    slowing = played(playback, round(SETTLE_S * rate_hz))
    assert playback.at_rest
    steps = motion.steps
    still = played(playback, 200)
    np.testing.assert_array_equal(still, np.broadcast_to(slowing[-1], still.shape))
    assert motion.steps == steps and playback.advance().stepped == 0


class Glide(SmoothMotion):
    """A body that glides forward at 1 m/s: how far it goes is how far the clock goes."""

    def body(self, frame: int) -> np.ndarray:
        ahead = np.array([frame / self.rate / self.body_height_m, 0.0, 0.0])
        return (BODY.rest + ahead).astype(np.float32)[None]


def test_slowing_down_and_speeding_up_are_steady():
    rate_hz = 240.0
    playback = Playback(Glide(), rate_hz)
    before = played(playback, 60)
    playback.hold()
    stopping = played(playback, 96)
    playback.hold(False)
    assert not playback.held and not playback.moving_at_full_speed
    starting = played(playback, 96)
    assert playback.moving_at_full_speed
    step, noise = 1.0 / rate_hz, 2e-6
    slower = largest_move(np.concatenate((before[-1:], stopping)))
    faster = largest_move(np.concatenate((stopping[-1:], starting)))
    for moves in (slower, faster[::-1]):
        assert (np.diff(moves) < noise).all()
        # Gentle at both ends, and half as far as free motion on the whole.
        assert moves[0] == pytest.approx(step, rel=0.01) and moves[-1] < 0.01 * step
        changes = np.abs(np.diff(moves)) * 96 / step
        assert changes.max() < 1.6 and changes[[0, -1]].max() < 0.3
        assert moves.sum() == pytest.approx(0.5 * SETTLE_S, abs=1e-4)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 30)), min_size=1, max_size=8),
    st.sampled_from([30.0, 60.0]),
)
@settings(max_examples=12)
def test_no_jump_however_it_is_held_and_released(toggles, rate_hz):
    free = largest_move(played(Playback(SmoothMotion(), rate_hz), 400)).max()
    playback = Playback(SmoothMotion(), rate_hz)
    poses = [played(playback, 1)]
    for held, count in toggles:
        playback.hold(held)
        poses.append(played(playback, count))
    assert largest_move(np.concatenate(poses)).max() < 1.1 * free


def test_the_history_stands_still_while_held(checkpoint):
    """After a hold the model makes the frames that it would have made without one."""
    held, free = (Playback(MotionGenerator(checkpoint, seed=0), 30.0) for _ in range(2))
    played(held, 20)
    held.hold()
    played(held, 100)
    held.hold(False)
    played(held, 40)
    steps = held.generator.steps
    for _ in range(steps):
        free.advance()
    np.testing.assert_array_equal(held.generator.step().keypoints, free.generator.step().keypoints)


@pytest.mark.parametrize('settle_s', [0.0, 0.1, 2.0])
def test_settle_time_is_a_setting(settle_s):
    playback = Playback(SmoothMotion(), 60.0, settle_s=settle_s)
    played(playback, 10)
    playback.hold()
    slow = max(1, round(settle_s * 60))
    if slow > 1:
        played(playback, slow - 1)
        assert not playback.at_rest
    playback.advance()
    assert playback.at_rest


def test_a_late_pose_goes_no_farther_than_the_settling_does():
    motion = SmoothMotion()
    playback = Playback(motion, 60.0)
    played(playback, 10)
    steps = motion.steps
    playback.hold()
    playback.advance(10.0)
    assert playback.at_rest and motion.steps - steps <= 0.5 * SETTLE_S * 30.0 + 1.0
    playback.hold(False)
    steps = motion.steps
    playback.advance(1.0)
    assert motion.steps - steps == pytest.approx(30.0 * (1.0 - 0.5 * SETTLE_S), abs=1.0)


def test_settle_stands_at_once():
    playback = Playback(SmoothMotion(), 60.0)
    played(playback, 10)
    playback.hold()
    playback.settle()
    assert playback.at_rest
    first, later = played(playback, 2)
    np.testing.assert_array_equal(first, later)


# Start, reset, settings


def test_it_begins_in_the_rest_pose_and_returns_there():
    motion = SmoothMotion(batch_size=2)
    playback = Playback(motion, 60.0)
    rest = np.broadcast_to(BODY.rest * 1.7, (2, 25, 3))
    np.testing.assert_allclose(playback.advance(0.0).keypoints, rest, atol=1e-6)
    assert motion.steps == 0
    played(playback, 50)
    playback.hold()
    played(playback, 50)
    playback.reset(seed=9)
    assert motion.seed == 9 and playback.held and playback.at_rest
    np.testing.assert_allclose(playback.advance().keypoints, rest, atol=1e-6)
    playback.hold(False)
    again = played(playback, 60)
    assert largest_move(again).max() > 0.0


def test_a_generator_that_runs_already_is_joined_where_it_is():
    motion = SmoothMotion()
    for _ in range(20):
        motion.advance()
    playback = Playback(motion, 60.0)
    now = motion.steps
    np.testing.assert_allclose(playback.advance(0.0).keypoints, motion.body(now) * 1.7, atol=1e-6)
    free = largest_move(played(Playback(SmoothMotion(), 60.0), 200)).max()
    assert largest_move(played(playback, 60)).max() < 1.5 * free


def test_the_body_height_acts_at_once():
    motion = SmoothMotion()
    playback = Playback(motion, 60.0)
    first = played(playback, 11)[-1]
    motion.body_height_m = 0.85
    np.testing.assert_allclose(playback.advance(0.0).keypoints, 0.5 * first, atol=1e-6)


def test_poses_are_the_caller_s():
    one, other = Playback(SmoothMotion(), 60.0), Playback(SmoothMotion(), 60.0)
    for _ in range(20):
        pose = one.advance()
        np.testing.assert_array_equal(pose.keypoints, other.advance().keypoints)
        pose.keypoints.fill(np.nan)


def test_an_error_of_the_model_passes_and_a_reset_heals():
    motion = SmoothMotion()
    motion.fail_at = 10
    playback = Playback(motion, 60.0)
    with pytest.raises(ModelError):
        played(playback, 100)
    motion.fail_at = None
    playback.reset()
    np.testing.assert_array_equal(played(playback, 30), played(Playback(SmoothMotion(), 60.0), 30))


@pytest.mark.parametrize('case', malformed('playback'))
def test_bad_arguments_are_refused_by_name(case):
    with pytest.raises(ConfigError) as error:
        Playback(SmoothMotion(), **case['value'])
    assert case['says'] in str(error.value)
    playback = Playback(SmoothMotion())
    if 'rate_hz' in case['value']:
        with pytest.raises(ConfigError):
            playback.rate_hz = case['value']['rate_hz']
        assert playback.rate_hz == 30.0


@pytest.mark.parametrize('period_s', [-0.1, float('nan'), float('inf'), 'long'])
def test_a_bad_period_changes_nothing(period_s):
    playback, other = Playback(SmoothMotion()), Playback(SmoothMotion())
    with pytest.raises(ConfigError, match='period_s'):
        playback.advance(period_s)
    np.testing.assert_array_equal(played(playback, 5), played(other, 5))
