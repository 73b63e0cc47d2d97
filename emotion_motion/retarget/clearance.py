# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Keeping clear: rows of the quadratic program that slow near pairs, and a check of what came out.

Near pairs approach no faster than a share of what is left of their distance a step (Faverjon and
Tournassoud 1987, A local based approach for path planning of manipulators, doi
10.1109/ROBOT.1987.1087982).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.retarget.collisions import CapsuleModel
from emotion_motion.retarget.pair_distances import MISSED_M, PairDistances, WATCHED_M
from emotion_motion.retarget.robot import Robot

__all__ = ['Clearance']

_SHARE = 0.5  # of what is left of the distance may go in one step
_HALVINGS = 4
# [3, 9]: a vector times it is the matrix of the cross product with it, row by row.
_CROSS = np.array([np.cross(np.eye(3), axis).ravel() for axis in np.eye(3)])


class Clearance:
    """Watches the pairs of a robot's capsules.

    Attributes:
        model: the capsules.
    """

    def __init__(self, robot: Robot) -> None:
        """Fit the capsules and choose the pairs."""
        self._distances = PairDistances(robot)
        self.model: CapsuleModel = self._distances.model

    def rows(self, data: Any, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return rows [N, J] and bounds [N] with rows @ dq <= bounds, of N near pairs.

        Args:
            data: Pinocchio's, with the joint Jacobians of the pose.
            q: pose [J].
        """
        left = self._distances.left(q, ends=True)
        near = np.flatnonzero(left < WATCHED_M)
        if not len(near):
            return np.zeros((0, len(q))), np.zeros(0)
        results = [self._distances.results[i] for i in near]
        normal = np.array([result.normal for result in results])  # from the first to the second
        ends = np.array(
            [(result.getNearestPoint1(), result.getNearestPoint2()) for result in results]
        )  # [N, 2, 3]
        # How fast the ends move along the normal: normal . (linear + angular x end).
        screws = np.empty((*ends.shape[:2], 6))  # [N, 2, 6]
        screws[..., :3] = normal[:, None]
        turned = ends @ _CROSS  # [N, 2, 9], the matrices of the cross product with an end
        screws[..., 3:] = (turned.reshape(-1, 2, 3, 3) @ normal[:, None, :, None])[..., 0]
        speeds = (screws @ data.J) * self._distances.support[near]  # [N, 2, J]
        return np.ascontiguousarray(speeds[:, 0] - speeds[:, 1]), _SHARE * left[near]

    def held_back(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Return the pose [J] as far from `before` to `after` as pairs stay clear.

        A pair that is too near already may stay as near as it is.
        """
        if not len(self.model.pairs):
            return after
        allowed = np.minimum(self._distances.left(before), -MISSED_M)
        for halving in range(_HALVINGS + 1):
            pose = before + 0.5**halving * (after - before) if halving < _HALVINGS else before
            if (self._distances.left(pose) >= allowed).all():
                return pose
        return before
