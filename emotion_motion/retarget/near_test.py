# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Whether pairs of capsules come too near in some poses: yes or no, in microseconds a pose."""

from __future__ import annotations

import numpy as np

from emotion_motion.retarget.collisions import CapsuleModel
from emotion_motion.retarget.pinocchio_module import load_pinocchio

__all__ = ['NearTest']

_TRIMMED = 60  # calls after which pairs that are not asked for are left out again


class NearTest:
    """Asks Pinocchio of the P pairs of a robot's capsules, only those that may be near.

    Args:
        model: the capsules.
        floor_m: how much nearer than its margin a pair may come [m].
    """

    def __init__(self, model: CapsuleModel, floor_m: float) -> None:
        pin = load_pinocchio()
        self._compute, self._robot, self._geometry = (
            pin.computeCollisions, model.robot.model, model.geometry
        )  # fmt: skip
        self._data, self._found = self._robot.createData(), pin.GeometryData(model.geometry)
        for request, margin in zip(self._found.collisionRequests, model.margins, strict=True):
            request.security_margin = float(margin) - floor_m
        self._results = list(self._found.collisionResults)
        self._asked = np.ones(len(model.pairs), dtype=bool)
        self._calls = 0

    def any(self, poses: np.ndarray, rows: np.ndarray) -> bool:
        """Return whether a pair is too near in any pose [T, J].

        Args:
            poses: in rad.
            rows: numbers of the pairs that may be; others may be looked at, too.
        """
        self._ask_for(rows)
        return any(self._too_near(q, True) for q in poses)

    def which(self, poses: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the numbers of those pairs that are too near in any pose [T, J]."""
        self._ask_for(rows)
        found: set[int] = set()
        for q in poses:
            if self._too_near(q, False):
                found.update(row for row in rows.tolist() if self._results[row].isCollision())
        return np.array(sorted(found), dtype=int)

    def _too_near(self, q: np.ndarray, first: bool) -> bool:
        return bool(self._compute(
            self._robot, self._data, self._geometry, self._found, q, first
        ))  # fmt: skip

    def _ask_for(self, rows: np.ndarray) -> None:
        self._calls += 1
        if self._calls % _TRIMMED == 1:
            away = self._asked.copy()
            away[rows] = False
            for number in np.flatnonzero(away).tolist():
                self._found.deactivateCollisionPair(number)
            self._asked[away] = False
        for number in rows[~self._asked[rows]].tolist():
            self._found.activateCollisionPair(number)
            self._asked[number] = True
