# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Standing feet stay, steps are left alone, and the body stays a body."""

from hypothesis import given, strategies as st
import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.live.stance import Stance
from emotion_motion.training.corpus.corpus import make_clip
from emotion_motion.training.data.prepare import prepare

BODY = load_skeleton()
RATE_HZ = 30.0
SIDES = ('L', 'R')
FEET = [
    [BODY.index(side + name) for name in ('BigToe', 'SmallToe', 'Heel', 'Ankle')] for side in SIDES
]


def bodies(*changes: np.ndarray) -> np.ndarray:
    """Return rest poses with a change of keypoints [K, 3] each, put onto the body: [B, K, 3]."""
    return np.stack([BODY.project(BODY.rest + one) for one in changes]).astype(np.float32)


def rest(count: int = 1) -> np.ndarray:
    return np.repeat(BODY.rest[None].astype(np.float32), count, axis=0)


def streams(count: int = 1) -> Stance:
    return Stance(BODY, RATE_HZ, BODY.rest, count)


def stood(body: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return how `body` [1, K, 3] stands on the body in the frame after `last`."""
    stance = Stance(BODY, RATE_HZ, last[0], 1)
    return BODY.project(stance(body, 1.0))


def shifted(x: float, y: float) -> np.ndarray:
    """Return the rest pose elsewhere, [1, K, 3]."""
    return BODY.project(BODY.rest + np.array((x, y, 0.0)))[None].astype(np.float32)


def random_change(seed: int, size: float) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, size, BODY.rest.shape)


def test_a_body_has_two_feet_and_one_seen_from_the_front_none():
    assert streams().feet == 2
    flat = Stance(BODY.flat(), RATE_HZ, BODY.flat().rest, 2)
    assert flat.feet == 0
    points = np.random.default_rng(0).random((2, 25, 2), dtype=np.float32)
    assert flat(points, 1.0) is points


@pytest.mark.parametrize('sway', [(0.001, 0.0, 0.0), (0.0, 0.002, 0.0), (0.0, 0.0, -0.002)])
def test_feet_stay_when_the_whole_body_glides_a_little(sway):
    last = rest()
    held = stood(bodies(np.tile(sway, (25, 1))), last)
    for foot in FEET:
        np.testing.assert_allclose(held[:, foot], last[:, foot], atol=2e-5, rtol=0.0)
    neck = BODY.index('Neck')
    np.testing.assert_allclose((held - last)[0, neck], sway, atol=2e-4)


def test_thousand_frames_that_glide_to_and_fro_move_no_foot():
    stance = streams()
    for step in range(1000):
        place = 0.011 * np.sin(2.0 * np.pi * step / 200)
        body = stance(shifted(0.0, place), 1.0)
        for foot in FEET:
            assert np.abs(body[0, foot] - BODY.rest[foot]).max() < 2e-3
        assert BODY.bone_error(body) < 1e-5


def test_feet_that_are_meant_elsewhere_get_there_in_the_end():
    """A body that is held for ever far from where the model has it would lean over."""
    stance = streams()
    for step in range(300):
        place = min(step / 150, 1.0) * 0.12
        body = stance(shifted(place, 0.0), 1.0)
    left = np.linalg.norm(body[0] - BODY.rest - np.array((0.12, 0.0, 0.0)), axis=-1)
    for foot in FEET:
        assert 0.008 < left[foot].max() < 0.03


def test_a_step_is_left_to_the_model():
    step = np.zeros((25, 3))
    step[FEET[0]] += (0.03, 0.0, 0.02)  # 1 body height a second
    meant = bodies(step)
    body = stood(meant, rest())
    np.testing.assert_allclose(body[:, FEET[0]], meant[:, FEET[0]], atol=1e-3, rtol=0.0)


def test_a_lifted_foot_is_free_however_slowly_it_moves():
    lifted = np.zeros((25, 3))
    lifted[BODY.index('LKnee')] += (0.1, 0.0, 0.05)
    lifted[FEET[0]] += (0.02, 0.0, 0.10)
    last, more = bodies(lifted), bodies(lifted * 1.02)
    body = stood(more, last)
    np.testing.assert_allclose(body[:, FEET[0]], more[:, FEET[0]], atol=1e-3, rtol=0.0)


def test_no_foot_sinks_into_the_ground():
    for seed in range(20):
        change = random_change(seed, 0.02) - (0.0, 0.0, 0.03)
        body = stood(bodies(change), rest())
        feet = [i for foot in FEET for i in foot[:3]]
        assert float(body[0, feet, 2].min()) > BODY.rest[feet, 2].min() - 2e-3


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.001, 0.01, 0.05, 0.3]))
def test_whatever_comes_in_a_finite_body_comes_out(seed, size):
    body, last = bodies(random_change(seed, size)), bodies(random_change(seed + 1, size))
    output = stood(body, last)
    assert np.isfinite(output).all()
    assert BODY.bone_error(output) < 1e-5


def test_a_straight_leg_and_a_foot_out_of_reach_are_no_trouble():
    high = np.tile((0.0, 0.0, 0.2), (25, 1))  # the body jumps 34 cm in one frame
    body = bodies(high)
    held = np.ones((1, 2, 1), dtype=np.float32)
    output = streams().hold(body, rest(), held)
    assert np.isfinite(output).all() and BODY.bone_error(output) < 1e-5
    for foot in FEET:  # the body comes back to its feet
        np.testing.assert_allclose(output[:, foot], rest()[:, foot], atol=1e-3, rtol=0.0)


@pytest.mark.parametrize('emotion', ['neutral', 'happiness', 'surprise'])
def test_recorded_motion_is_hardly_changed(emotion):
    clip = prepare(make_clip(emotion, 20.0, seed=5, actor=2), BODY)
    stance = streams()
    output = np.stack([stance(points[None].astype('f4'), 1.0)[0] for points in clip.keypoints])
    away = np.linalg.norm(output - clip.keypoints, axis=-1)
    # A foot that begins a step slowly is held for a while, in part: up to 10 cm at the knee of a
    # body of 1.7 m.
    assert away.max() < 0.065 and away.mean() < 4e-3


def test_streams_do_not_see_each_other():
    stance, other = streams(2), streams(2)
    random = np.random.default_rng(3)
    for _ in range(20):
        both = np.stack([BODY.project(BODY.rest + random.normal(0.0, 0.01, (25, 3)))] * 2)
        changed = both.copy()
        changed[1, :, 0] += 0.01
        one, two = (
            part(points.astype('f4'), 1.0) for part, points in ((stance, both), (other, changed))
        )
        np.testing.assert_array_equal(one[0], two[0])
    assert np.abs(one[1] - two[1]).max() > 1e-3


def test_feet_let_go_and_are_held_again_without_a_jump():
    def glides(shares: list[float]) -> np.ndarray:
        stance, frames = streams(), []
        for step, share in enumerate(shares):
            frames.append(stance(shifted(0.0, 0.005 * np.sin(step / 20.0)), share)[0])
        return np.stack(frames)

    frames = glides([1.0] * 30 + [0.0] * 60 + [1.0] * 60)
    steps = np.linalg.norm(np.diff(frames, axis=0), axis=-1).max(axis=-1)
    assert steps.max() < 0.002, 'the path meant has steps of 0.00025'
    np.testing.assert_array_equal(frames[60:90], glides([0.0] * 90)[60:])
    held = np.linalg.norm(np.diff(frames[110:], axis=0), axis=-1)[:, FEET[0] + FEET[1]]
    assert held.max() < 1e-4


def test_after_a_reset_nothing_of_the_past_is_left():
    stance, points = streams(), shifted(0.01, 0.0)
    first = stance(points, 1.0)
    for _ in range(5):
        stance(points + np.float32(0.01), 0.0)
    stance.reset()
    np.testing.assert_array_equal(stance(points, 1.0), first)
