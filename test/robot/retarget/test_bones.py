# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot's bones: true derivatives, and a Pink task like any other."""

from __future__ import annotations

import numpy as np
import pytest
from robot_support import robot

from emotion_motion.robot.retarget.bones import Bones, BoneTask

ROBOTS = ('humanoid', 'g1', 'talos', 'pepper')


def poses(name: str, count: int = 5) -> np.ndarray:
    limits = robot(name).limits
    return np.random.default_rng(1).uniform(limits.lower, limits.upper, (count, len(limits)))


@pytest.mark.parametrize('name', ROBOTS)
def test_in_the_rest_pose_trunk_and_head_are_upright(name):
    bones = Bones(robot(name))
    at = bones.directions(robot(name).rest)
    at = dict(zip(bones.names, at, strict=True))
    np.testing.assert_allclose(at['trunk_up'], (0, 0, 1), atol=1e-9)
    np.testing.assert_allclose(at['trunk_left'], (0, 1, 0), atol=1e-9)
    np.testing.assert_allclose(at['head_forward'], (1, 0, 0), atol=1e-9)
    assert {'left_upper_arm', 'left_forearm', 'right_upper_arm', 'right_forearm'} <= set(at)


@pytest.mark.parametrize('name', ROBOTS)
def test_jacobian_is_the_derivative_of_directions(name):
    """Pepper's base moves as its trunk turns, which counts as well."""
    bones, step = Bones(robot(name)), 1e-6
    for q in poses(name):
        units, jacobian = bones.motion(bones.configuration(q).data)
        for joint in range(len(q)):
            there = q.copy()
            there[joint] += step
            moved = bones.directions(there)
            np.testing.assert_allclose(jacobian[:, :, joint], (moved - units) / step, atol=2e-5)


def test_a_whole_step_takes_away_an_angle_of_any_size():
    """The error is the rotation vector, so that one joint alone gets there at once."""
    name = 'humanoid'
    bones = Bones(robot(name))
    task, row = BoneTask(bones), bones.names.index('left_forearm')
    q = robot(name).rest.copy()
    elbow = robot(name).names.index('l_elbow')
    task.target = bones.directions(q)
    for angle in (-0.1, -1.0, -2.0):
        there = q.copy()
        there[elbow] += angle
        at = bones.configuration(there)
        error = task.compute_error(at).reshape(-1, 3)[row]
        along = task.compute_jacobian(at).reshape(-1, 3, len(q))[row][:, elbow]
        assert float(along @ -error) == pytest.approx(-angle, rel=1e-6)
