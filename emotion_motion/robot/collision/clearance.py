# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Keeping arms clear: rows of the quadratic program that slow near pairs, and a guard of paths.

Near pairs approach no faster than a share of what is left of their distance a step (Faverjon and
Tournassoud 1987, A local based approach for path planning of manipulators, doi
10.1109/ROBOT.1987.1087982).

Joints are late each in its own way, so between two poses in which arms are clear there may be one
in which they are not. The guard checks a path from its begin to its rest, before it is sent to a
robot, at times as near to each other as commands.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from emotion_motion.robot.collision.model import capsule_model
from emotion_motion.robot.collision.path_check import PathCheck
from emotion_motion.robot.description.config import ARMS
from emotion_motion.robot.description.robot import pin, Robot
from emotion_motion.robot.safety.jerk_phases import JerkPhases

__all__ = ['MISSED_M', 'WATCHED_M', 'Clearance', 'PathGuard']

WATCHED_M = 0.06  # farther beyond its margin no pair is near
# A linear program on a curved way misses the margin a little; what a step may miss it by.
MISSED_M = 0.01
_POSE_ROUNDING_M = 1e-9
_SHARE = 0.5  # of what is left of the distance may go in one step
_HALVINGS = 4
# Poses that targets may lead to miss their margin by up to MISSED_M; a path may by a little more,
# or a robot that rests in such a pose could not move.
_FLOOR_M = MISSED_M + 0.002
# A pair that is nearer already comes no nearer, but for rounding.
_PATH_ROUNDING_M = 1e-6
# Between two looks at a path at most so much time passes.
_SPACING_S = 1.0 / 60.0


class Clearance:
    """Watches the P pairs of the capsules of a robot of J joints.

    Attributes:
        model: the capsules.
    """

    def __init__(self, robot: Robot) -> None:
        """Fit the capsules and choose the pairs."""
        self.model = capsule_model(robot)
        self._path_check = PathCheck(self.model, MISSED_M, _POSE_ROUNDING_M)
        self._geometry_data = pin.GeometryData(self.model.geometry)
        self._results = list(self._geometry_data.distanceResults)

    def rows(self, data: Any, q: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return rows [N, J] and bounds [N] with rows @ dq <= bounds, of N near pairs.

        Args:
            data: Pinocchio's, with the joints' places and Jacobian in a pose.
            q: the pose [J] in rad, which spares `hold_back` from measuring there again.
        """
        model = self.model
        pin.updateGeometryPlacements(model.robot.model, data, model.geometry, self._geometry_data)
        pin.computeDistances(model.geometry, self._geometry_data)
        distances = np.array([result.min_distance for result in self._results])
        if q is not None:
            self._path_check.begin_at(q, distances)
        left = distances - model.margins
        near = np.flatnonzero(left < WATCHED_M)
        results = [self._results[number] for number in near]
        normals = np.array([result.normal for result in results]).reshape(-1, 3)
        points = np.array(
            [result.getNearestPoint1() for result in results]
            + [result.getNearestPoint2() for result in results]
        ).reshape(-1, 3)
        # How fast each end moves along the normal: normal . (velocity + turning x point).
        moving = normals @ data.J[:3]
        across = np.cross(points, np.tile(normals, (2, 1))).reshape(2, -1, 3)
        first, second = model.moving[:, near] * (moving + across @ data.J[3:])
        return first - second, _SHARE * left[near]

    def is_clear(self, q: np.ndarray) -> bool:
        """Return whether all pairs are clear in a pose [J] in rad."""
        return bool((self.model.distances(q) >= self.model.margins - MISSED_M).all())

    def hold_back(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Return the pose [J] as far from `before` to `after` as pairs stay clear.

        A pair that is too near already may stay as near as it is.
        """
        for halving in range(_HALVINGS):
            pose = after if halving == 0 else before + 0.5**halving * (after - before)
            if self._path_check.clear(np.stack((before, pose))):
                return pose
        return before


class PathGuard:
    """Watches the P pairs of the capsules of a robot of J joints along whole paths."""

    def __init__(self, robot: Robot) -> None:
        model = capsule_model(robot)
        self._check = PathCheck(model, _FLOOR_M, _PATH_ROUNDING_M)
        moving = np.logical_or(*model.moving)
        self._joints = np.zeros_like(moving)  # of the arms of each pair [P, J]
        for chain, joints in robot.groups().items():
            if chain in ARMS:
                rows = list(joints)
                self._joints[:, rows] = moving[:, rows].any(axis=1, keepdims=True)

    def hindered(self, path: JerkPhases) -> np.ndarray:
        """Return which joints [J] are those of arms that would come too near on a path."""
        if path.at_rest:
            return np.zeros(self._joints.shape[1], dtype=bool)
        return np.asarray(self._joints[self._check.near(_poses(path))].any(axis=0))

    def lets_pass(self, path: JerkPhases) -> bool:
        """Return whether there are none."""
        return path.at_rest or self._check.clear(_poses(path))


def _poses(path: JerkPhases) -> np.ndarray:
    """Return the poses [T, J] in which a path is looked at, in rad."""
    parts = math.ceil(path.end_s / _SPACING_S)
    return path.sample(np.arange(parts + 1) * (path.end_s / parts)).position
