# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Inverse kinematics: Pink's quadratic program, put together and handed to DAQP without detours.

The program is the one that Pink makes of a BoneTask, a PostureTask and a DampingTask, to the last
digit, as a test says. Two things are done here that Pink's solve_ik does otherwise: the two tasks
whose Jacobian is the identity are added to the diagonal, and limits of position and speed are
simple bounds, which hold over all steps of a frame together. benchmarks/retarget.py times both.
"""

from __future__ import annotations

import daqp
import numpy as np
from pink import Configuration

from emotion_motion.exceptions import RobotError
from emotion_motion.retarget.bones import Bones, BoneTask
from emotion_motion.retarget.clearance import Clearance
from emotion_motion.retarget.robot import Robot

__all__ = ['InverseKinematics']

_SOFT = 8  # DAQP's mark of a constraint that gives way rather than make the program infeasible
_TIKHONOV = 1e-8


class InverseKinematics:
    """Follows the wanted directions of a robot's bones, from the pose of the last frame.

    Attributes:
        bones: what follows, in the order of the targets.
        q: pose [J] of the last frame [rad].
    """

    def __init__(
        self, robot: Robot, period_s: float, *, steps: int = 1, clearance: bool = True
    ) -> None:
        """Start in the rest pose.

        Args:
            robot: what to move.
            period_s: time from frame to frame, over which the speed limits hold.
            steps: quadratic programs a frame; each is a Gauss-Newton step.
            clearance: whether arms keep clear of the body.
        """
        self._robot, self._steps = robot, steps
        self.bones = Bones(robot)
        self._bone_task = BoneTask(self.bones)
        weights = robot.config.weights
        self._posture = weights.posture**2
        self._diagonal = (weights.posture**2 + weights.damping**2 + _TIKHONOV) * np.eye(len(robot))
        self._clearance = Clearance(robot) if clearance else None
        self._configuration = Configuration(robot.model, robot.model.createData(), robot.rest)
        self._lower, self._upper = robot.limits.lower, robot.limits.upper
        self._reach = robot.limits.velocity * period_s
        self._nothing = np.zeros((0, len(robot)))
        self.q = robot.rest.copy()

    def start(self, q: np.ndarray) -> None:
        """Go on from another pose [J] [rad]."""
        self.q = np.clip(np.asarray(q, dtype=np.float64), self._lower, self._upper)

    def __call__(self, directions: np.ndarray) -> np.ndarray:
        """Return the pose [J] of this frame, no farther from the last than the speed limits allow.

        Args:
            directions: unit vectors [B, 3] seen from the base, in the order of `bones.names`.

        Raises:
            RobotError: the quadratic program has no solution; the pose stays what it was.
        """
        self._bone_task.set_target(directions)
        lower = np.maximum(self._lower, self.q - self._reach)
        upper = np.minimum(self._upper, self.q + self._reach)
        q = self.q
        for _ in range(self._steps):
            q = np.clip(q + self._step(q, lower - q, upper - q), lower, upper)
        if self._clearance is not None:
            q = self._clearance.held_back(self.q, q)
        self.q = q
        return q.copy()

    def _step(self, q: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Return the displacement [J] that one quadratic program finds."""
        self._configuration.update(q)
        hessian, linear = self._objective()
        rows, limits = self._nothing, upper[:0]
        if self._clearance is not None:
            rows, limits = self._clearance.rows(self._configuration.data, q)
        sense = np.zeros(len(lower) + len(rows), dtype=np.int32)
        sense[len(lower) :] = _SOFT
        # Pairs too near each other already only give way, never bounds of position and speed.
        x, _, flag, _ = daqp.solve(
            hessian, linear, rows, np.concatenate((upper, limits)),
            np.concatenate((lower, np.full(len(rows), -1e30))), sense,
        )  # fmt: skip
        if flag <= 0:
            raise RobotError(
                f'robot {self._robot.config.name!r}: got no solution of the inverse kinematics '
                f'(DAQP says {flag}) at {np.round(q, 3).tolist()} rad; expected one. Is every '
                f'weight above 0 and the pose within the limits?'
            )
        return np.asarray(x)

    def _objective(self) -> tuple[np.ndarray, np.ndarray]:
        """Return Hessian [J, J] and linear term [J] of all tasks together."""
        hessian, linear = self._bone_task.compute_qp_objective(self._configuration)
        away = self._configuration.q - self._robot.rest
        return hessian + self._diagonal, linear + self._posture * away
