# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The way out of dead ends.

An elbow bends to one side only. An arm that was straight when its shoulder turned the wrong way
meets the limits of both, and no small step makes it better; nor does any where an arm has come to
rest on the wrong side of the body. Then a trial arm is started elsewhere; if it gets nearer to
where the person's arm points, and is clear of the body there, the real one goes there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emotion_motion.robot.description.config import ARMS
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.retarget.bones import Bones

__all__ = ['arm_escapes', 'ArmEscape']

_STUCK_DEG = 35.0  # an arm farther off than this
_STUCK_S = 0.2  # for so long
_OFF_DEG = 3.0  # or farther than this
_OFF_S = 0.5  # for so long, at a limit or at rest, and longer after each trial in vain
_MOVING = 0.25  # how much slower that time runs for an arm that moves
_LIMIT_RAD, _STILL_RAD_S = 1e-3, 0.2
_TRIED_S = 0.3  # time that a trial has to get near
_BETTER = 0.8  # share of the error at which it is worth going there, at least _OFF_DEG less
_THERE_RAD = 0.15
_LONGEST_S = 2.0
# Places in the range of each joint to start from after the rest pose, the middle first.
_STARTS = np.vstack((np.full(8, 0.5), np.random.default_rng(0).uniform(0.15, 0.85, (7, 8))))


class ArmEscape:
    """Watches one arm, and decides when a trial of it begins and what becomes of it.

    Attributes:
        bones: numbers of the arm's bones.
        joints: numbers of the arm's joints.
        guided: whether the arm is on its way to `goal`.
        goal: where the trial arm is [number of joints], while there is one [rad].
    """

    def __init__(
        self, bones: Sequence[int], joints: Sequence[int], robot: Robot, period_s: float
    ) -> None:
        """Take the numbers of an arm's bones and joints and the time of a frame."""
        self.bones, self.joints = list(bones), np.array(joints)
        self._low, self._high = (
            bound[self.joints] for bound in (robot.limits.lower, robot.limits.upper)
        )
        shares = _STARTS[:, np.arange(len(self.joints)) % _STARTS.shape[1]]
        starts = self._low + shares * (self._high - self._low)
        self._starts = np.vstack((robot.rest[self.joints], starts))
        self._q = self._starts[0]
        self._period_s = period_s
        self.goal: np.ndarray | None = None
        self.guided = False
        self._still = True
        self._trials = 0  # since the arm last pointed where it should, or came to rest
        self._since_s = 0.0

    def begin(self, error_deg: float, q: np.ndarray) -> bool:
        """Return whether a trial begins now, given the limbs' mean error and the pose [J]."""
        q, before = q[self.joints], self._q
        self._q = q
        if self.goal is not None:
            return False
        at_limit = (np.minimum(q - self._low, self._high - q) < _LIMIT_RAD).any()
        rested = self._still
        self._still = bool(np.abs(q - before).max() < _STILL_RAD_S * self._period_s)
        if error_deg < _OFF_DEG or (self._still and not rested):
            self._trials = 0
        far = error_deg > _STUCK_DEG
        stuck = far or (error_deg > _OFF_DEG and bool(at_limit or self._still))
        pace = 1.0 if far or self._still else _MOVING
        self._since_s = self._since_s + pace * self._period_s if stuck else 0.0
        if not stuck or self._since_s < (_STUCK_S if far else _OFF_S * (1 + self._trials)):
            return False
        self.goal = self._starts[self._trials % len(self._starts)]
        self._trials, self._since_s = self._trials + 1, 0.0
        return True

    def update(self, goal: np.ndarray, trial_deg: float, error_deg: float, clear: bool) -> None:
        """Decide what becomes of the trial.

        Args:
            goal: where the trial arm is by now, the arm's joints.
            trial_deg: mean error of its limbs.
            error_deg: of the real arm's.
            clear: whether the trial arm is clear of the body.
        """
        self.goal = goal
        better = trial_deg < min(_BETTER * error_deg, error_deg - _OFF_DEG)
        if self.guided:
            there = float(np.abs(self._q - goal).max()) < _THERE_RAD
            if there or error_deg < trial_deg or self._since_s > _LONGEST_S:
                self.reset()
        elif better and clear:
            self.guided, self._since_s = True, 0.0
        elif self._since_s > _TRIED_S or error_deg < _OFF_DEG:
            self.reset()
        self._since_s += self._period_s

    def reset(self) -> None:
        """End the trial."""
        self.goal, self.guided, self._since_s = None, False, 0.0


def arm_escapes(robot: Robot, bones: Bones, period_s: float) -> list[ArmEscape]:
    """Return one for each controlled arm that has bones; the period is that of a frame."""
    escapes = []
    for arm, joints in robot.groups().items():
        side = arm.split('_')[0]
        rows = [
            row
            for row, name in enumerate(bones.names)
            if arm in ARMS and name.startswith(side) and name.endswith('arm')
        ]
        if rows:
            escapes.append(ArmEscape(rows, joints, robot, period_s))
    return escapes
