# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Keeping arms clear on the whole of a path, not only in the poses that it leads to.

Joints are late each in its own way, so between two poses in which arms are clear there may be one
in which they are not. Here a path is looked at from its begin to its rest, before a robot is told
of it, at times as near to each other as commands.
"""

from __future__ import annotations

import math

import numpy as np

from emotion_motion.robot.collision.clearance import MISSED_M
from emotion_motion.robot.collision.distances import CapsuleKinematics
from emotion_motion.robot.collision.model import capsule_model
from emotion_motion.robot.description.config import ARMS
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.safety.jerk_phases import JerkPhases

__all__ = ['PathGuard']

# Poses that targets may lead to miss their margin by up to MISSED_M; a path may by a little more,
# or a robot that rests in such a pose could not move.
_FLOOR_M = MISSED_M + 0.002
# A pair that is nearer already comes no nearer, but for rounding.
_ROUNDING_M = 1e-6
# Between two looks at most so much time passes or, where all is slow, pairs move by so much.
# Capsules whose axes pass each other at 8 cm are (4 cm)^2 / (8 * 8 cm) = 2.5 mm nearer amid 4 cm.
_SPACING_S, _SPACING_M = 1.0 / 60.0, 0.04


class PathGuard:
    """Watches the pairs of a robot's capsules along whole paths.

    Args:
        robot: whose.
    """

    def __init__(self, robot: Robot) -> None:
        model = capsule_model(robot)
        self._capsules = CapsuleKinematics(model)
        pairs, groups = model.pairs, robot.groups()
        self._joints = np.zeros((len(pairs), len(robot)), dtype=bool)  # of the arms in each pair
        self._none = np.zeros(len(robot), dtype=bool)
        self._none.flags.writeable = False
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
        near, count = self._nearer(path, hasty=False)
        return np.asarray(self._joints[near].any(axis=0)) if count else self._none

    def lets_pass(self, path: JerkPhases) -> bool:
        """Return whether there are none."""
        return self._nearer(path, hasty=True)[1] == 0

    def _nearer(self, path: JerkPhases, *, hasty: bool) -> tuple[np.ndarray, int]:
        """Return which pairs [P] come too near and how many; in haste, some of them."""
        if path.at_rest or not len(self._joints):
            return np.zeros(len(self._joints), dtype=bool), 0
        poses = path.spread(math.ceil(path.end_s / _SPACING_S))
        return self._capsules.nearer(poses, -_FLOOR_M, _SPACING_M, more_m=_ROUNDING_M, hasty=hasty)
