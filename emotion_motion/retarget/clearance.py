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

from emotion_motion.retarget.collisions import capsule_model, CapsuleModel
from emotion_motion.retarget.pinocchio_module import load_pinocchio
from emotion_motion.retarget.robot import Robot

__all__ = ['Clearance']

_WATCHED_M = 0.06  # farther beyond its margin no pair is near
_SHARE = 0.5  # of what is left of the distance may go in one step
# A linear program on a curved way misses the margin a little; what a step may miss it by.
_MISSED_M = 0.01
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
        pin = load_pinocchio()
        self.model: CapsuleModel = capsule_model(robot)
        geometry, arms = self.model.geometry, robot.model
        self._pin, self._robot = pin, arms
        self._data, self._found = arms.createData(), pin.GeometryData(geometry)
        self._results = list(self._found.distanceResults)
        levers = np.array([_levers(arms, each) for each in geometry.geometryObjects])
        pairs = [(pair.first, pair.second) for pair in geometry.collisionPairs]
        both = levers[np.array(pairs, dtype=int).reshape(-1, 2)]  # [P, 2, J]
        self._support = (both > 0.0).astype(float)
        # A joint that moves both changes nothing between them.
        self._lever = np.where((both > 0.0).all(axis=1), 0.0, both.sum(axis=1))  # [P, J]
        # When each pair was measured last, and by how much it was farther apart than its margin.
        self._measured_at = np.tile(robot.rest, (len(pairs), 1))  # [P, J]
        self._measured = self.model.distances(robot.rest) - self.model.margins
        self._placed_at = np.full(len(robot), np.nan)
        self._ones = np.ones(len(robot))
        self._known: list[tuple[np.ndarray, np.ndarray]] = []  # of the last two poses

    def rows(self, data: Any, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return rows [N, J] and bounds [N] with rows @ dq <= bounds, of N near pairs.

        Args:
            data: Pinocchio's, with the joint Jacobians of the pose.
            q: pose [J].
        """
        left = self._left(q, ends=True)
        near = np.flatnonzero(left < _WATCHED_M)
        if not len(near):
            return np.zeros((0, len(q))), np.zeros(0)
        results = [self._results[i] for i in near]
        normal = np.array([result.normal for result in results])  # from the first to the second
        ends = np.array(
            [(result.getNearestPoint1(), result.getNearestPoint2()) for result in results]
        )  # [N, 2, 3]
        # How fast the ends move along the normal: normal . (linear + angular x end).
        screws = np.empty((*ends.shape[:2], 6))  # [N, 2, 6]
        screws[..., :3] = normal[:, None]
        turned = ends @ _CROSS  # [N, 2, 9], the matrices of the cross product with an end
        screws[..., 3:] = (turned.reshape(-1, 2, 3, 3) @ normal[:, None, :, None])[..., 0]
        speeds = (screws @ data.J) * self._support[near]  # [N, 2, J]
        return np.ascontiguousarray(speeds[:, 0] - speeds[:, 1]), _SHARE * left[near]

    def held_back(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Return the pose [J] as far from `before` to `after` as pairs stay clear.

        A pair that is too near already may stay as near as it is.
        """
        if not len(self.model.pairs):
            return after
        allowed = np.minimum(self._left(before), 0.0) - _MISSED_M
        for halving in range(_HALVINGS + 1):
            pose = before + 0.5**halving * (after - before) if halving < _HALVINGS else before
            if (self._left(pose) >= allowed).all():
                return pose
        return before

    def _left(self, q: np.ndarray, ends: bool = False) -> np.ndarray:
        """Return by how much each pair [P] is farther apart than its margin, at least [m].

        Exact for near pairs. Of the others it is known how fast they can come near: as fast as
        the joints between them turn, times their levers. Only those are measured that may be near.

        Args:
            q: pose [J].
            ends: whether the nearest points of near pairs shall be those of this pose, too.
        """
        for before, known in self._known[-1:] if ends else self._known:
            if np.array_equal(q, before):
                return known
        moved = np.abs(q - self._measured_at)
        left = self._measured - np.einsum('pj,pj->p', moved, self._lever)
        stale = np.flatnonzero((left < _WATCHED_M) & (moved @ self._ones > 0.0))
        if len(stale):
            geometry = self.model.geometry
            if not np.array_equal(q, self._placed_at):
                self._pin.updateGeometryPlacements(
                    self._robot, self._data, geometry, self._found, q
                )
                self._placed_at = q.copy()
            for number in stale.tolist():
                self._pin.computeDistance(geometry, self._found, number)
            found = np.array([self._results[number].min_distance for number in stale.tolist()])
            self._measured_at[stale] = q
            self._measured[stale] = left[stale] = found - self.model.margins[stale]
        self._known = [*self._known[-1:], (q.copy(), left)]
        return left


def _levers(model: Any, shape: Any) -> np.ndarray:
    """Return how far from each joint's axis a shape reaches at most [J]; 0: unmoved by it."""
    found = np.zeros(model.nv)
    place = shape.placement.translation
    reach = float(np.linalg.norm(place)) + shape.geometry.radius + shape.geometry.halfLength
    joint = shape.parentJoint
    while joint > 0:
        found[model.joints[joint].idx_v] = reach
        reach += float(np.linalg.norm(model.jointPlacements[joint].translation))
        joint = model.parents[joint]
    return found
