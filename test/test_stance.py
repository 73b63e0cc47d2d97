# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Standing feet stay, steps are left alone, and the body stays a body."""

from hypothesis import given, strategies as st
import numpy as np
import pytest
import torch

from emotion_motion.skeleton import load_skeleton
from emotion_motion.stance import StanceAnchor
from emotion_motion.training.corpus import make_clip
from emotion_motion.training.prepare import prepare

BODY = load_skeleton()
RATE_HZ = 30.0
ANCHOR = StanceAnchor(BODY, RATE_HZ)
SIDES = ('L', 'R')
FEET = [[BODY.index(side + name) for name in ('BigToe', 'SmallToe', 'Heel', 'Ankle')]
        for side in SIDES]  # fmt: skip


def bodies(*changes: np.ndarray) -> torch.Tensor:
    """Return rest poses with a change of keypoints [K, 3] each, put onto the body: [B, K, 3]."""
    return torch.from_numpy(np.stack([BODY.project(BODY.rest + one) for one in changes])).float()


def rest(count: int = 1) -> torch.Tensor:
    return torch.from_numpy(BODY.rest).float().repeat(count, 1, 1)


def random_change(seed: int, size: float) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, size, BODY.rest.shape)


def test_a_body_has_two_feet_and_one_seen_from_the_front_none():
    assert ANCHOR.feet == 2
    flat = StanceAnchor(BODY.flat(), RATE_HZ)
    assert flat.feet == 0
    points = torch.rand(2, 25, 2)
    assert flat(points, points) is points


@pytest.mark.parametrize('sway', [(0.001, 0.0, 0.0), (0.0, 0.002, 0.0), (0.0, 0.0, -0.002)])
def test_feet_stay_when_the_whole_body_glides_a_little(sway):
    last = rest()
    held = ANCHOR(bodies(np.tile(sway, (25, 1))), last)
    for foot in FEET:
        torch.testing.assert_close(held[:, foot], last[:, foot], atol=2e-5, rtol=0.0)
    neck = BODY.index('Neck')
    np.testing.assert_allclose((held - last)[0, neck], sway, atol=2e-4)


def test_thousand_glides_in_one_direction_move_no_foot():
    frame, sway = rest(), np.array([0.0, 0.0004, 0.0])
    for step in range(1000):
        way = sway if step % 200 < 100 else -sway  # to and fro: it cannot lean for ever
        frame = ANCHOR(torch.from_numpy(BODY.project(frame.numpy() + way)).float(), frame)
    for foot in FEET:
        moved = (frame - rest())[0, foot].norm(dim=-1).max()
        assert moved < 2e-3


def test_a_step_is_left_to_the_model():
    step = np.zeros((25, 3))
    step[FEET[0]] += (0.03, 0.0, 0.02)  # 1 body height a second
    meant = bodies(step)
    found = ANCHOR(meant, rest())
    torch.testing.assert_close(found[:, FEET[0]], meant[:, FEET[0]], atol=1e-3, rtol=0.0)


def test_a_lifted_foot_is_free_however_slowly_it_moves():
    lifted = np.zeros((25, 3))
    lifted[BODY.index('LKnee')] += (0.1, 0.0, 0.05)
    lifted[FEET[0]] += (0.02, 0.0, 0.10)
    last, more = bodies(lifted), bodies(lifted * 1.02)
    found = ANCHOR(more, last)
    torch.testing.assert_close(found[:, FEET[0]], more[:, FEET[0]], atol=1e-3, rtol=0.0)


def test_no_foot_sinks_into_the_ground():
    for seed in range(20):
        change = random_change(seed, 0.02) - (0.0, 0.0, 0.03)
        found = ANCHOR(bodies(change), rest())
        feet = [i for foot in FEET for i in foot[:3]]
        assert float(found[0, feet, 2].min()) > BODY.rest[feet, 2].min() - 2e-3


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.001, 0.01, 0.05, 0.3]))
def test_whatever_comes_in_a_finite_body_comes_out(seed, size):
    body, last = bodies(random_change(seed, size)), bodies(random_change(seed + 1, size))
    found = ANCHOR(body, last)
    assert torch.isfinite(found).all()
    assert BODY.bone_error(found.numpy()) < 1e-5


def test_a_straight_leg_and_a_foot_out_of_reach_are_no_trouble():
    high = np.tile((0.0, 0.0, 0.2), (25, 1))  # the body jumps 34 cm in one frame
    body = bodies(high)
    held = torch.ones(1, 2, 1)
    found = ANCHOR.hold(body, rest(), held)
    assert torch.isfinite(found).all() and BODY.bone_error(found.numpy()) < 1e-5
    for foot in FEET:  # the body comes back to its feet
        torch.testing.assert_close(found[:, foot], rest()[:, foot], atol=1e-3, rtol=0.0)


@pytest.mark.parametrize('emotion', ['neutral', 'happiness', 'surprise'])
def test_recorded_motion_is_hardly_changed(emotion):
    clip = prepare(make_clip(emotion, 20.0, seed=5, actor=2), BODY)
    points = torch.from_numpy(clip.keypoints)
    found = ANCHOR(points[1:], points[:-1])
    assert float((found - points[1:]).norm(dim=-1).max()) < 0.012
    assert float((found - points[1:]).norm(dim=-1).mean()) < 5e-4


def test_bodies_stand_elsewhere_by_the_offset_and_stay_bodies():
    clip = prepare(make_clip('neutral', 4.0, seed=5), BODY)
    points = torch.from_numpy(clip.keypoints)[None].repeat(2, 1, 1, 1)
    offsets = torch.tensor([[[0.01, 0.0], [0.0, -0.01]], [[0.0, 0.0], [0.0, 0.0]]])
    found = ANCHOR.shifted(points, offsets)
    assert BODY.bone_error(found.numpy()) < 1e-5
    moved = found - points
    for number, foot in enumerate(FEET):
        wanted = torch.cat((offsets[0, number], torch.zeros(1)))
        assert float((moved[0][:, foot] - wanted).norm(dim=-1).mean()) < 2e-3
    assert float(moved[1].norm(dim=-1).max()) < 2e-3
    head = BODY.index('Nose')
    assert float(moved[0][:, head].norm(dim=-1).mean()) < 6e-3
