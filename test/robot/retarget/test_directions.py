# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Directions of a body: unit vectors that turn with it and do not change with its size."""

from __future__ import annotations

from hypothesis import given, strategies as st
import numpy as np
import pytest
from robot_support import motion, RobotError

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.robot.retarget.directions import AXES, BodyDirections, LIMBS

ALL = (*AXES, *LIMBS)
REST = load_skeleton('body_25').rest


def turned(angle: float, axis: int) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    matrix = np.eye(3)
    a, b = [i for i in range(3) if i != axis]
    matrix[a, a], matrix[a, b], matrix[b, a], matrix[b, b] = c, -s, s, c
    return matrix if axis != 1 else matrix.T


def test_a_standing_body_is_upright_and_looks_ahead():
    at = dict(zip(ALL, BodyDirections(ALL)(REST), strict=True))
    np.testing.assert_allclose(at['trunk_up'], (0, 0, 1), atol=1e-12)
    np.testing.assert_allclose(at['trunk_left'], (0, 1, 0), atol=1e-12)
    np.testing.assert_allclose(at['head_forward'], (1, 0, 0), atol=1e-12)
    np.testing.assert_allclose(at['head_left'], (0, 1, 0), atol=1e-12)
    assert at['left_upper_arm'][2] < -0.99


@given(st.floats(-3.0, 3.0), st.integers(0, 2), st.floats(0.1, 10.0), st.integers(0, 100))
def test_directions_follow_rotation_but_not_size_or_place(angle, axis, size, frame):
    read, body = BodyDirections(ALL), motion('happiness')[frame]
    rotation = turned(angle, axis)
    there = size * body @ rotation.T + [1.0, -2.0, 0.5]
    np.testing.assert_allclose(read(there), read(body) @ rotation.T, atol=1e-9)


@pytest.mark.parametrize('emotion', ['anger', 'fear'])
def test_all_are_of_length_one(emotion):
    directions = np.stack([BodyDirections(ALL)(frame) for frame in motion(emotion)])
    np.testing.assert_allclose(np.linalg.norm(directions, axis=2), 1.0, atol=1e-12)


def test_a_nod_turns_the_head_and_not_the_trunk():
    body, neck = REST.copy(), REST[1]
    face = [0, 15, 16, 17, 18]
    body[face] = (body[face] - neck) @ turned(np.radians(20), 1).T + neck  # y: forwards is down
    at = dict(zip(ALL, BodyDirections(ALL)(body), strict=True))
    assert np.degrees(np.arcsin(-at['head_forward'][2])) == pytest.approx(20.0)
    np.testing.assert_allclose(at['trunk_up'], (0, 0, 1), atol=1e-12)


@pytest.mark.parametrize(
    'bad',
    [
        REST[:24],
        REST[None],
        REST[:, :2],
        np.full_like(REST, np.nan),
        np.full_like(REST, np.inf),
        np.zeros_like(REST),
        1e200 * REST,
    ],
)
def test_what_gives_no_direction_is_refused(bad):
    with pytest.raises(RobotError):
        BodyDirections(ALL)(bad)


def test_one_bad_keypoint_is_named_by_what_it_spoils():
    body = REST.copy()
    body[4, 1] = np.nan  # RWrist
    with pytest.raises(RobotError, match='right_forearm'):
        BodyDirections(ALL)(body)


def test_a_flat_skeleton_is_refused():
    with pytest.raises(RobotError, match='dimensions'):
        BodyDirections(ALL, load_skeleton('body_25').flat())
