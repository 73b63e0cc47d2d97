# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Where a robot's joints are, in a microsecond or two a pose.

Pinocchio says the same, one pose at a time and joint by joint through Python, which in a cycle is
most of the time; so its model is read once, and poses are placed in one compiled loop. A test
compares the two.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.robot.description.pinocchio_module import load_pinocchio
from emotion_motion.robot.retarget import chain_loops

__all__ = ['JointChain']


class JointChain:
    """The joints of a Pinocchio model of J revolute joints, and its base, number 0: N = J + 1.

    Attributes:
        parents: of the joints [N], parents before children.
        axes: that joints turn about, in their own frames [N, 3]; 0 for the base.
        supports: which joints [J] move what is on a joint [N, J].

    Args:
        model: Pinocchio's.
    """

    def __init__(self, model: Any) -> None:
        pin = load_pinocchio()
        data, neutral = model.createData(), pin.neutral(model)
        count = model.njoints
        self.parents = np.array(list(model.parents), dtype=np.int64)
        self.axes = np.zeros((count, 3))
        self.supports = np.zeros((count, count - 1), dtype=bool)
        self._turns = np.zeros((count, 30))
        for number in range(count):
            place = model.jointPlacements[number]
            if number > 0:
                jacobian = pin.computeJointJacobian(model, data, neutral, number)
                self.axes[number] = jacobian[3:, number - 1]
                self.supports[number] = self.supports[self.parents[number]]
                self.supports[number, number - 1] = True
            # Rodrigues' formula: n n^T + cos (1 - n n^T) + sin [n]x, behind the joint's place.
            axis = self.axes[number]
            along = np.outer(axis, axis)
            parts = along, np.eye(3) - along, np.cross(np.eye(3), axis)
            turns = [(place.rotation @ part).ravel() for part in parts]
            self._turns[number] = np.concatenate((*turns, place.translation))

    def frames(self, poses: np.ndarray) -> np.ndarray:
        """Return the frames of all joints in the world [T, N, 12] of poses [T, J] in rad.

        Twelve numbers each: rotations row by row, then translations [m].
        """
        return chain_loops.placed(poses, self.parents, self._turns)
