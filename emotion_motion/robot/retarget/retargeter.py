# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Retargeting: keypoints of a person in, joint targets of a robot out, frame by frame.

Inverse kinematics is the quadratic program that Pink makes of a BoneTask, a PostureTask and a
DampingTask, a Gauss-Newton step a frame, solved by DAQP. Limits of position and speed are simple
bounds, and pairs of capsules that are near each other have a row each that gives way rather than
make the program infeasible: both are handed to DAQP itself, since Pink's solve_ik has no place for
them.
"""

from __future__ import annotations

from collections.abc import Sequence
import logging
import math

import daqp
import numpy as np
from pink.tasks import DampingTask, PostureTask

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import RobotError
from emotion_motion.robot.collision.clearance import Clearance
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.retarget.arm_escape import arm_escapes, ArmEscape
from emotion_motion.robot.retarget.bones import Bones, BoneTask
from emotion_motion.robot.retarget.directions import BodyDirections

__all__ = ['InverseKinematics', 'Retargeter']

_SOFT = 8  # DAQP's mark of a constraint that gives way rather than make the program infeasible
_NO_BOUND = -1e30
_TIKHONOV = 1e-8
_TRIAL_RATE = 10.0  # how much faster than the real arm a trial arm may go
_GUIDED = 0.1  # share of an arm's weights while it goes another way
_AWAY = 0.5  # cosine of how far a person faces backwards to be turned round, or forwards again
_ROUND = np.array((-1.0, -1.0, 1.0))
_log = logging.getLogger(__name__)


class InverseKinematics:
    """Follows the wanted directions of a robot's bones, from the pose of the last frame.

    Attributes:
        bones: what follows, in the order of the targets.
        q: pose [J] of the last frame [rad].
    """

    def __init__(
        self, robot: Robot, period_s: float, *, clearance: bool = True, escape: bool = True
    ) -> None:
        """Start in the rest pose.

        Args:
            robot: what to move.
            period_s: time from frame to frame, over which the speed limits hold.
            clearance: whether arms keep clear of the body.
            escape: whether arms look for another way out of a dead end.
        """
        self._robot = robot
        self.bones = Bones(robot)
        self._bone_task = BoneTask(self.bones)
        weights = robot.config.weights
        posture = PostureTask(cost=weights.posture)
        posture.set_target(robot.rest)
        self._tasks = (self._bone_task, posture, DampingTask(cost=weights.damping))
        self._tikhonov = _TIKHONOV * np.eye(len(robot))
        self._configuration = self.bones.configuration(robot.rest)
        self._clearance = Clearance(robot) if clearance else None
        self._lower, self._upper = robot.limits.lower, robot.limits.upper
        self._farthest = robot.limits.velocity * period_s  # in a frame
        self._passes = not escape  # obstacles that only its last pose must be clear of
        self.q = robot.rest.copy()
        self._escapes = arm_escapes(robot, self.bones, period_s) if escape else []
        # The trial arms, both in one: faster, and stopped by no obstacle that they pass.
        self._trial = (
            InverseKinematics(robot, _TRIAL_RATE * period_s, clearance=clearance, escape=False)
            if escape
            else None
        )

    def start(self, q: np.ndarray) -> None:
        """Go on from another pose [J] in rad."""
        self.q = np.clip(np.asarray(q, dtype=np.float64), self._lower, self._upper)
        for arm in self._escapes:
            arm.reset()

    def __call__(self, directions: np.ndarray) -> np.ndarray:
        """Return the pose [J] of this frame, no farther from the last than the speed limits allow.

        Args:
            directions: unit vectors [B, 3] seen from the base, in the order of `bones.names`.

        Raises:
            RobotError: the quadratic program has no solution; the pose stays what it was.
        """
        self._bone_task.target = directions
        lower = np.maximum(self._lower, self.q - self._farthest)
        upper = np.minimum(self._upper, self.q + self._farthest)
        step = self._step(self.q, lower - self.q, upper - self.q)
        q = np.minimum(np.maximum(self.q + step, lower), upper)
        if self._clearance is not None and not self._passes:
            q = self._clearance.hold_back(self.q, q)
        self.q = q
        if self._trial is not None:
            self._escape(self._trial, directions)
        return q.copy()

    def _escape(self, trial: InverseKinematics, directions: np.ndarray) -> None:
        """Begin trials of arms in a dead end, and go on with those that there are."""
        errors = self._errors_deg(self._escapes)
        begun = [
            arm.begin(error, self.q) for arm, error in zip(self._escapes, errors, strict=True)
        ]
        pose = self.q.copy()
        for arm in self._escapes:
            if arm.goal is not None:
                pose[arm.joints] = arm.goal
        if any(arm.goal is not None for arm in self._escapes):
            trial.start(pose)
            pose = trial(directions)
            clear = trial._clearance is None or trial._clearance.is_clear(pose)
            rows = zip(self._escapes, errors, trial._errors_deg(self._escapes), begun, strict=True)
            for arm, error, trial_error, begins in rows:
                if begins:
                    arm.goal = pose[arm.joints]
                elif arm.goal is not None:
                    arm.update(pose[arm.joints], trial_error, error, clear)
        for arm in self._escapes:
            self._bone_task.shares[arm.bones] = _GUIDED if arm.guided else 1.0

    def _errors_deg(self, arms: Sequence[ArmEscape]) -> list[float]:
        angles = self._bone_task.angles
        return [math.degrees(angles[arm.bones].mean()) for arm in arms]

    def _step(self, q: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Return the displacement [J] that one quadratic program finds."""
        hessian, linear = self._objective(q)
        rows, limits = np.zeros((0, len(q))), np.zeros(0)
        if self._clearance is not None:
            rows, limits = self._clearance.rows(self._configuration.data, q)
        # Pairs too near each other already only give way, never bounds of position and speed.
        sense = np.repeat(np.array([0, _SOFT], dtype=np.int32), (len(q), len(rows)))
        x, _, flag, _ = daqp.solve(
            hessian,
            linear,
            rows,
            np.concatenate((upper, limits)),
            np.concatenate((lower, np.full(len(rows), _NO_BOUND))),
            sense,
        )
        if flag <= 0:
            raise RobotError(
                f'robot {self._robot.config.name!r}: got no solution of the inverse kinematics '
                f'(DAQP says {flag}) at {np.round(q, 3).tolist()} rad; expected one. Is every '
                f'weight above 0 and the pose within the limits?'
            )
        return np.asarray(x)

    def _objective(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Hessian [J, J] and linear term [J] of all tasks together, in a pose."""
        self._configuration.update(q)
        hessian, linear = self._tikhonov.copy(), np.zeros(len(q))
        for task in self._tasks:
            task_hessian, task_linear = task.compute_qp_objective(self._configuration)
            hessian += task_hessian
            linear += task_linear
        for arm in self._escapes:
            if arm.guided and arm.goal is not None:
                hessian[arm.joints, arm.joints] += 1.0
                linear[arm.joints] += q[arm.joints] - arm.goal
        return hessian, linear


class Retargeter:
    """Turns keypoints into joint targets; each frame starts from the last one's.

    Attributes:
        robot: whose targets.
        rate_hz: frames a second.
        clearance: whether arms keep clear.
        turned_round: whether the person faces away and is copied as one who faces ahead.
    """

    def __init__(
        self,
        robot: Robot,
        rate_hz: float,
        *,
        skeleton: Skeleton | None = None,
        clearance: bool = True,
    ) -> None:
        """Start in the robot's rest pose.

        Args:
            robot: what to move.
            rate_hz: frames a second, over whose period the speed limits hold.
            skeleton: what the keypoints are; default BODY_25.
            clearance: whether arms keep clear of the body and of each other.

        Raises:
            RobotError: the rate is not above 0, or the skeleton lacks what a robot copies.
        """
        if not 0.0 < rate_hz < float('inf'):
            raise RobotError(f'got a rate of {rate_hz} Hz; expected one above 0 and finite')
        self.robot, self.rate_hz, self.clearance = robot, rate_hz, clearance
        self._kinematics = InverseKinematics(robot, 1.0 / rate_hz, clearance=clearance)
        self._directions = BodyDirections(self._kinematics.bones.names, skeleton)
        self.turned_round = False

    def __call__(self, keypoints: np.ndarray) -> np.ndarray:
        """Return joint targets [J] in the order of `robot.names` [rad].

        A person who faces away is turned round, with a warning: no arm reaches behind the back.

        Args:
            keypoints: [K, 3] in metres or body heights, x forward, y left, z up.

        Raises:
            RobotError: keypoints of another shape or not finite; nothing moves then.
        """
        directions = self._directions(keypoints)
        ahead = float(self._directions.forward[0])
        if ahead > _AWAY:
            self.turned_round = False
        elif ahead < -_AWAY and not self.turned_round:
            self.turned_round = True
            _log.warning(
                'robot %s: got a person who faces %.0f degrees away from x; expected forward to '
                'be x. The person is copied as if turned round by 180 degrees',
                self.robot.config.name,
                math.degrees(math.acos(max(ahead, -1.0))),
            )
        return self._kinematics(_ROUND * directions if self.turned_round else directions)

    def reset(self, q: np.ndarray | None = None) -> None:
        """Go on from a pose [J], the rest pose by default [rad].

        Raises:
            RobotError: the pose has another shape or is not finite.
        """
        q = self.robot.rest if q is None else np.asarray(q, dtype=np.float64)
        if q.shape != (len(self.robot),) or not np.isfinite(q).all():
            raise RobotError(
                f'got the pose {np.round(q, 3).tolist()}; expected {len(self.robot)} finite '
                f'positions, of {", ".join(self.robot.names)}'
            )
        self.turned_round = False
        self._kinematics.start(q)

    def take_up(self, q: np.ndarray, joints: np.ndarray) -> None:
        """Go on from where some joints [J, bool] really are, which could not follow [J] in rad."""
        self._kinematics.start(np.where(joints, q, self._kinematics.q))
