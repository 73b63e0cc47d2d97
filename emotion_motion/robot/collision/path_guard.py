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
from emotion_motion.robot.collision.model import capsule_model, joints_that_move
from emotion_motion.robot.collision.path_check import PathCheck
from emotion_motion.robot.description.config import ARMS
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.safety.jerk_phases import JerkPhases

__all__ = ['PathGuard']

# Poses that targets may lead to miss their margin by up to MISSED_M; a path may by a little more,
# or a robot that rests in such a pose could not move.
_FLOOR_M = MISSED_M + 0.002
# A pair that is nearer already comes no nearer, but for rounding.
_ROUNDING_M = 1e-6
# Between two looks at a path at most so much time passes.
_SPACING_S = 1.0 / 60.0


class PathGuard:
    """Watches the P pairs of the capsules of a robot of J joints along whole paths."""

    def __init__(self, robot: Robot) -> None:
        model = capsule_model(robot)
        self._check = PathCheck(model, _FLOOR_M, _ROUNDING_M)
        self._joints = np.zeros((len(model.pairs), len(robot)), dtype=bool)  # of the pairs' arms
        groups = robot.groups()
        for number, pair in enumerate(model.pairs):
            moving = [
                joints_that_move(robot, robot.place(x)[0]) for x in (pair.first, pair.second)
            ]
            for arm in ARMS:
                rows = list(groups.get(arm, ()))
                self._joints[number, rows] = (moving[0] | moving[1])[rows].any()

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
