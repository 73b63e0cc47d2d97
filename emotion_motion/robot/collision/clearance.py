# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Keeping clear: rows of the quadratic program that slow near pairs, and a check of what came out.

Near pairs approach no faster than a share of what is left of their distance a step (Faverjon and
Tournassoud 1987, A local based approach for path planning of manipulators, doi
10.1109/ROBOT.1987.1087982).
"""

from __future__ import annotations

import numpy as np

from emotion_motion.robot.collision.distances import CapsuleKinematics
from emotion_motion.robot.collision.model import capsule_model, CapsuleModel
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.retarget.joint_chain import JointChain

__all__ = ['Clearance', 'MISSED_M', 'WATCHED_M']

WATCHED_M = 0.06  # farther beyond its margin no pair is near
# A linear program on a curved way misses the margin a little; what a step may miss it by.
MISSED_M = 0.01
_SHARE = 0.5  # of what is left of the distance may go in one step
_HALVINGS = 4


class Clearance:
    """Watches the pairs of a robot's capsules.

    Attributes:
        model: the capsules.
    """

    def __init__(self, robot: Robot, chain: JointChain | None = None) -> None:
        """Fit the capsules and choose the pairs.

        Args:
            robot: whose.
            chain: its joints; None to read them.
        """
        self.model: CapsuleModel = capsule_model(robot)
        self._capsules = CapsuleKinematics(self.model, chain)
        self._ends = np.empty((2, len(robot)))

    def rows(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return rows [N, J] and bounds [N] with rows @ dq <= bounds, of N near pairs.

        Args:
            frames: of the joints in a pose [J + 1, 12]; see JointChain.
        """
        left, rows = self._capsules.nearing(frames, WATCHED_M)
        return rows, _SHARE * left

    def held_back(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Return the pose [J] as far from `before` to `after` as pairs stay clear.

        A pair that is too near already may stay as near as it is.
        """
        if not len(self.model.pairs):
            return after
        self._ends[0] = before
        for halving in range(_HALVINGS):
            pose = after if halving == 0 else before + 0.5**halving * (after - before)
            self._ends[1] = pose
            if self._capsules.nearer(self._ends, -MISSED_M, hasty=True)[1] == 0:
                return pose
        return before
