# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled joints are where Pinocchio says that they are, and turn what it says that they turn."""

from __future__ import annotations

import numpy as np
import pytest
from robot_support import robot

from emotion_motion.robot.retarget.joint_chain import JointChain

ROBOTS = ('humanoid', 'g1', 'talos', 'pepper')


@pytest.mark.parametrize('name', ROBOTS)
def test_frames_and_axes_are_those_of_pinocchio(name):
    import pinocchio

    model, limits = robot(name).model, robot(name).limits
    chain, data = JointChain(model), model.createData()
    random = np.random.default_rng(4)
    poses = random.uniform(limits.lower, limits.upper, (50, len(limits)))
    for q, frames in zip(poses, chain.frames(poses), strict=True):
        jacobians = pinocchio.computeJointJacobians(model, data, q)
        for number in range(1, model.njoints):
            rotation, place = frames[number, :9].reshape(3, 3), frames[number, 9:]
            np.testing.assert_allclose(rotation, data.oMi[number].rotation, atol=1e-12)
            np.testing.assert_allclose(place, data.oMi[number].translation, atol=1e-12)
            # In the world a joint turns about its axis, through its place.
            axis = rotation @ chain.axes[number]
            expected = np.concatenate((np.cross(place, axis), axis))
            np.testing.assert_allclose(jacobians[:, number - 1], expected, atol=1e-12)


@pytest.mark.parametrize('name', ROBOTS)
def test_what_a_joint_supports_moves_with_it_and_nothing_else_does(name):
    chain, rest = JointChain(robot(name).model), robot(name).rest
    still = chain.frames(rest[None])[0]
    for joint in range(len(rest)):
        pose = rest.copy()
        pose[joint] += 0.3
        moved = np.abs(chain.frames(pose[None])[0] - still).max(axis=1) > 1e-9
        np.testing.assert_array_equal(moved, chain.supports[:, joint])
