# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Keeping arms clear on the whole of a path, not only in the poses that it leads to.

Joints are late each in its own way, so between two poses in which arms are clear there may be one
in which they are not. Here a path is looked at from its begin to its rest, before a robot is told
of it. What is not near is not measured: no pair comes nearer than its joints turn, times their
levers, and where that cannot be told it is measured in the middle, and so on down to times that
are as near to each other as commands.
"""

from __future__ import annotations

import numpy as np

from emotion_motion.retarget.jerk_phases import JerkPhases
from emotion_motion.retarget.pair_distances import MISSED_M, PairDistances
from emotion_motion.retarget.robot import Robot
from emotion_motion.retarget.robot_config import ARMS

__all__ = ['PathGuard']

# Poses that targets may lead to miss their margin by up to MISSED_M; a path may by a little more,
# or a robot that rests in such a pose could not move.
_FLOOR_M = MISSED_M + 0.002
# A pair that is nearer already comes no nearer, but for rounding.
_ROUNDING_M = 1e-6
# Measured no denser than this. An arm that passes another at 2 m/s is 2 mm nearer in between.
_SPACING_S = 1.0 / 60.0


class PathGuard:
    """Watches the pairs of a robot's capsules along paths that follow each other.

    Args:
        robot: whose.
    """

    def __init__(self, robot: Robot) -> None:
        self._distances = PairDistances(robot)
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
        turned = np.zeros_like(q)
        np.cumsum(np.abs(np.diff(q, axis=0)), axis=0, out=turned[1:])
        nearer = turned @ self._distances.levers.T  # [T, P]
        left = self._distances.left(q[0])
        allowed = np.minimum(-_FLOOR_M, left - _ROUNDING_M)
        if (nearer[-1] <= left - allowed).all():
            return np.zeros(q.shape[1], dtype=bool)
        return self._joints[self._too_near(q, nearer, left, allowed)].any(axis=0)

    def _too_near(
        self, q: np.ndarray, nearer: np.ndarray, left: np.ndarray, allowed: np.ndarray
    ) -> np.ndarray:
        """Return which pairs [P] come nearer than allowed in the poses [T, J].

        Args:
            q: the poses.
            nearer: by how much each pair can have come nearer by then [T, P] [m].
            left: how much farther than its margin each pair is in the first pose [P] [m].
            allowed: the least of that [P] [m].
        """
        last = len(q) - 1
        measured = {0: left, last: self._distances.left(q[last])}
        bad = measured[last] < allowed
        spans = [(0, last)]
        while spans:
            begin, end = spans.pop()
            # Half of the way at most is there and half of it is back.
            least = 0.5 * (measured[begin] + measured[end] - nearer[end] + nearer[begin])
            if end - begin < 2 or (bad | (least >= allowed)).all():
                continue
            middle = (begin + end) // 2
            measured[middle] = self._distances.left(q[middle])
            bad |= measured[middle] < allowed
            spans += [(begin, middle), (middle, end)]
        return np.asarray(bad)
