# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Keeping arms clear on the whole of a path, not only in the poses that it leads to.

Joints are late each in its own way, so between two poses in which arms are clear there may be one
in which they are not. Here a path is looked at from its begin to its rest, before a robot is told
of it, at times as near to each other as commands. Only those pairs are looked at that may be near:
none comes nearer than its joints turn, times their levers.
"""

from __future__ import annotations

import numpy as np

from emotion_motion.retarget.jerk_phases import JerkPhases
from emotion_motion.retarget.near_test import NearTest
from emotion_motion.retarget.pair_distances import MISSED_M, PairDistances
from emotion_motion.retarget.robot import Robot
from emotion_motion.retarget.robot_config import ARMS

__all__ = ['PathGuard']

# Poses that targets may lead to miss their margin by up to MISSED_M; a path may by a little more,
# or a robot that rests in such a pose could not move.
_FLOOR_M = MISSED_M + 0.002
# A pair that is nearer already comes no nearer, but for rounding.
_ROUNDING_M = 1e-6
# Between two looks at most so much time passes or, where all is slow, pairs move by so much. Capsules
# whose axes pass each other at 8 cm are (4 cm)^2 / (8 * 8 cm) = 2.5 mm nearer in the middle of 4 cm.
_SPACING_S, _SPACING_M = 1.0 / 60.0, 0.04
# When joints have turned by so much, all pairs are measured anew [rad].
_TURNED_RAD = 0.25


class PathGuard:
    """Watches the pairs of a robot's capsules along paths that follow each other.

    Args:
        robot: whose.
    """

    def __init__(self, robot: Robot) -> None:
        self._distances = PairDistances(robot)
        self._near = NearTest(self._distances.model, _FLOOR_M)
        # A pose, and by how much each pair is farther apart than its margin there [P] [m].
        self._at, self._left = robot.rest, self._measured(robot.rest)
        pairs, groups = self._distances.model.pairs, robot.groups()
        self._joints = np.zeros((len(pairs), len(robot)), dtype=bool)  # of the arms in each pair
        for arm in ARMS:
            rows = list(groups.get(arm, ()))
            moving = {robot.names[row] for row in rows}
            for number, pair in enumerate(pairs):
                links = (pair.first, pair.second)
                ways = [{joint.name for joint in robot.urdf.way(link)} for link in links]
                if any(way & moving for way in ways):
                    self._joints[number, rows] = True

    def hindered(self, path: JerkPhases) -> np.ndarray:
        """Return which joints [J] are those of arms that would come too near on a path."""
        if path.at_rest or not len(self._joints):
            return np.zeros(path.durations.shape[1], dtype=bool)
        end_s = float(path.ends_s.max())
        count = 1 + max(1, int(np.ceil(end_s / _SPACING_S)))
        q = path.sample(np.linspace(0.0, end_s, count)).position  # [T, J]
        if np.abs(q[0] - self._at).max() > _TURNED_RAD:
            self._at, self._left = q[0], self._measured(q[0])
        turned, levers = np.abs(q[1:] - q[:-1]), self._distances.levers
        away = levers @ (turned.sum(axis=0) + np.abs(q[0] - self._at))
        rows = np.flatnonzero(self._left - away < -_FLOOR_M)
        if not len(rows):
            return np.zeros(q.shape[1], dtype=bool)
        moved = (turned @ levers[rows].T).max(axis=1).cumsum()
        looks = np.flatnonzero(np.diff(np.floor(moved / _SPACING_M), append=np.inf) > 0.0) + 1
        q = q[[0, *looks.tolist()]]
        if not self._near.any(q, rows):
            return np.zeros(q.shape[1], dtype=bool)
        return self._joints[self._too_near(q, rows)].any(axis=0)

    def _too_near(self, q: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the numbers of pairs that come too near in the poses [T, J], of N that may."""
        if not self._near.any(q[:1], rows):
            return self._near.which(q, rows)
        left = np.array([self._distances.measured(pose, rows) for pose in q])
        allowed = np.minimum(-_FLOOR_M, left[0] - _ROUNDING_M)
        return rows[(left < allowed).any(axis=0)]

    def _measured(self, q: np.ndarray) -> np.ndarray:
        model = self._distances.model
        return model.distances(q) - model.margins
