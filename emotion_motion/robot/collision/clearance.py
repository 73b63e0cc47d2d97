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

from emotion_motion.robot.collision.model import capsule_model, joints_that_move
from emotion_motion.robot.collision.path_check import PathCheck
from emotion_motion.robot.description.pinocchio_module import load_pinocchio
from emotion_motion.robot.description.robot import Robot

__all__ = ['Clearance', 'MISSED_M', 'WATCHED_M']

WATCHED_M = 0.06  # farther beyond its margin no pair is near
# A linear program on a curved way misses the margin a little; what a step may miss it by.
MISSED_M = 0.01
_ROUNDING_M = 1e-9
_SHARE = 0.5  # of what is left of the distance may go in one step
_HALVINGS = 4


class Clearance:
    """Watches the P pairs of the capsules of a robot of J joints.

    Attributes:
        model: the capsules.
    """

    def __init__(self, robot: Robot) -> None:
        """Fit the capsules and choose the pairs."""
        self.model = capsule_model(robot)
        self._path_check = PathCheck(self.model, MISSED_M, _ROUNDING_M)
        self._found = load_pinocchio().GeometryData(self.model.geometry)
        self._results = list(self._found.distanceResults)
        # Which joints move the capsules of each pair [P, J].
        moved = [
            joints_that_move(robot, shape.parentJoint)
            for shape in self.model.geometry.geometryObjects
        ]
        pairs = self.model.geometry.collisionPairs
        shape = (len(pairs), len(robot))
        self._first = np.array([moved[pair.first] for pair in pairs]).reshape(shape)
        self._second = np.array([moved[pair.second] for pair in pairs]).reshape(shape)

    def rows(self, data: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return rows [N, J] and bounds [N] with rows @ dq <= bounds, of N near pairs.

        Args:
            data: Pinocchio's, with the joints' places and Jacobian in a pose.
        """
        pin, model = load_pinocchio(), self.model
        pin.updateGeometryPlacements(model.robot.model, data, model.geometry, self._found)
        pin.computeDistances(model.geometry, self._found)
        left = np.array([result.min_distance for result in self._results]) - model.margins
        near = np.flatnonzero(left < WATCHED_M)
        results = [self._results[number] for number in near]
        normals = np.array([result.normal for result in results]).reshape(-1, 3)
        ends = (
            (self._first[near], [result.getNearestPoint1() for result in results]),
            (self._second[near], [result.getNearestPoint2() for result in results]),
        )
        # How fast each end moves along the normal: normal . (velocity + turning x point).
        speeds = [
            joints
            * (normals @ data.J[:3] + np.cross(np.reshape(points, (-1, 3)), normals) @ data.J[3:])
            for joints, points in ends
        ]
        return speeds[0] - speeds[1], _SHARE * left[near]

    def hold_back(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Return the pose [J] as far from `before` to `after` as pairs stay clear.

        A pair that is too near already may stay as near as it is.
        """
        for halving in range(_HALVINGS):
            pose = after if halving == 0 else before + 0.5**halving * (after - before)
            if self._path_check.clear(np.stack((before, pose))):
                return pose
        return before
