# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How near the capsules of a robot are to each other, measured only where they may be near."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.retarget.collisions import capsule_model, CapsuleModel
from emotion_motion.retarget.pinocchio_module import load_pinocchio
from emotion_motion.retarget.robot import Robot

__all__ = ['MISSED_M', 'PairDistances', 'WATCHED_M']

WATCHED_M = 0.06  # farther beyond its margin no pair is near
# A linear program on a curved way misses the margin a little; what a step may miss it by.
MISSED_M = 0.01


class PairDistances:
    """Measures the P pairs of a robot's capsules in poses that follow each other.

    Attributes:
        model: the capsules.
        levers: how far a pair comes nearer at most while a joint turns by 1 rad [P, J] [m].
        support: which joints move the first and the second of a pair [P, 2, J], 0 or 1.
        results: Pinocchio's distance results; those of near pairs are of the last pose measured.
    """

    def __init__(self, robot: Robot) -> None:
        """Fit the capsules and choose the pairs; the first measurement is of the rest pose."""
        pin = load_pinocchio()
        self.model: CapsuleModel = capsule_model(robot)
        geometry, arms = self.model.geometry, robot.model
        self._pin, self._robot = pin, arms
        self._data, self._found = arms.createData(), pin.GeometryData(geometry)
        self.results = list(self._found.distanceResults)
        levers = np.array([_levers(arms, each) for each in geometry.geometryObjects])
        pairs = [(pair.first, pair.second) for pair in geometry.collisionPairs]
        both = levers.reshape(-1, arms.nv)[np.array(pairs, dtype=int).reshape(-1, 2)]  # [P, 2, J]
        self.support = (both > 0.0).astype(float)
        # A joint that moves both changes nothing between them.
        self.levers = np.where((both > 0.0).all(axis=1), 0.0, both.sum(axis=1))
        # When each pair was measured last, and by how much it was farther apart than its margin.
        self._measured_at = np.tile(robot.rest, (len(pairs), 1))  # [P, J]
        self._measured = self.model.distances(robot.rest) - self.model.margins
        self._placed_at = np.full(len(robot), np.nan)
        self._ones = np.ones(len(robot))
        self._known: list[tuple[np.ndarray, np.ndarray]] = []  # of the last two poses

    def left(self, q: np.ndarray, ends: bool = False) -> np.ndarray:
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
        left = self._measured - np.einsum('pj,pj->p', moved, self.levers)
        stale = np.flatnonzero((left < WATCHED_M) & (moved @ self._ones > 0.0))
        if len(stale):
            geometry = self.model.geometry
            if not np.array_equal(q, self._placed_at):
                self._pin.updateGeometryPlacements(
                    self._robot, self._data, geometry, self._found, q
                )
                self._placed_at = q.copy()
            for number in stale.tolist():
                self._pin.computeDistance(geometry, self._found, number)
            found = np.array([self.results[number].min_distance for number in stale.tolist()])
            self._measured_at[stale] = q
            self._measured[stale] = left[stale] = found - self.model.margins[stale]
        self._known = [*self._known[-1:], (q.copy(), left)]
        return left

    def measured(self, q: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return by how much some pairs [N], by their numbers, are farther apart than margins [m].

        Args:
            q: pose [J].
            rows: numbers of the pairs [N].
        """
        geometry, numbers = self.model.geometry, rows.tolist()
        self._pin.updateGeometryPlacements(self._robot, self._data, geometry, self._found, q)
        self._placed_at = q
        measure, found = self._pin.computeDistance, self._found
        return np.array(
            [measure(geometry, found, number).min_distance for number in numbers]
        ) - self.model.margins[rows]


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
