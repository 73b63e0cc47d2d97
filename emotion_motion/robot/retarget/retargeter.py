# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Retargeting: keypoints of a person in, joint targets of a robot out, frame by frame.

Inverse kinematics is the quadratic program that Pink makes of a BoneTask, a PostureTask and a
DampingTask, a Gauss-Newton step a frame, solved by DAQP. Limits of position and speed are simple
bounds, and pairs of capsules that are near each other have a row each that gives way rather than
make the program infeasible: both are handed to DAQP itself, since Pink's solve_ik has no place for
them.

An elbow bends to one side only. An arm that was straight when its shoulder turned the wrong way
meets the limits of both, and no small step makes it better. Then a trial arm is started elsewhere;
if it gets much nearer to where the person's arm points, the real one goes there.
"""

from __future__ import annotations

from collections.abc import Sequence
import math

import daqp
import numpy as np
import pink
from pink.tasks import DampingTask, PostureTask

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import RobotError
from emotion_motion.robot.collision.clearance import Clearance
from emotion_motion.robot.description.config import ARMS
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.retarget.bones import Bones, BoneTask
from emotion_motion.robot.retarget.directions import BodyDirections

__all__ = ['ArmEscape', 'InverseKinematics', 'Retargeter']

_STUCK_DEG = 35.0  # a limb farther off than this
_STUCK_S = 0.2  # for so long
_TRIED_S = 0.3  # time that a trial has to get near
_BETTER = 0.6  # share of the error at which it is worth going there
_THERE_RAD = 0.15
_LONGEST_S = 2.0
# Places in the range of each joint to start from, the middle first.
_STARTS = np.vstack((np.full(8, 0.5), np.random.default_rng(0).uniform(0.15, 0.85, (7, 8))))
_SOFT = 8  # DAQP's mark of a constraint that gives way rather than make the program infeasible
_NO_BOUND = -1e30
_TIKHONOV = 1e-8
_AT_ONCE_S = 100.0
_GUIDED = 0.1  # share of an arm's weights while it goes another way


class ArmEscape:
    """Watches one arm, and decides when a trial of it begins and what becomes of it.

    Attributes:
        bones: numbers of the arm's bones.
        joints: numbers of the arm's joints.
        guided: whether the arm is on its way to `goal`.
        goal: where the trial arm is [number of joints], while there is one [rad].
    """

    def __init__(
        self,
        bones: Sequence[int],
        joints: Sequence[int],
        lower: np.ndarray,
        upper: np.ndarray,
        period_s: float,
    ) -> None:
        """Take the numbers of an arm's bones and joints, limits [J] and the time of a frame."""
        self.bones, self.joints = list(bones), np.array(joints)
        self._low, self._range = lower[self.joints], (upper - lower)[self.joints]
        self._period_s = period_s
        self.goal: np.ndarray | None = None
        self.guided = False
        self._trials = 0
        self._since_s = 0.0

    def begin(self, error_deg: float) -> bool:
        """Return whether a trial begins now, given the error of the worse limb of the arm."""
        self._since_s = self._since_s + self._period_s if error_deg > _STUCK_DEG else 0.0
        if self.goal is not None or self._since_s < _STUCK_S:
            return False
        shares = np.resize(_STARTS[self._trials % len(_STARTS)], len(self.joints))
        self.goal = self._low + shares * self._range
        self._trials, self._since_s = self._trials + 1, 0.0
        return True

    def update(self, goal: np.ndarray, trial_deg: float, error_deg: float, q: np.ndarray) -> None:
        """Decide what becomes of the trial.

        Args:
            goal: where the trial arm is by now, the arm's joints.
            trial_deg: error of its worse limb.
            error_deg: of the real arm's.
            q: the real pose [J].
        """
        self.goal = goal
        if self.guided:
            there = float(np.abs(q[self.joints] - goal).max()) < _THERE_RAD
            if there or error_deg < trial_deg or self._since_s > _LONGEST_S:
                self.reset()
        elif trial_deg < _BETTER * error_deg:
            self.guided, self._since_s = True, 0.0
        elif self._since_s > _TRIED_S or error_deg < _STUCK_DEG:
            self.reset()
        self._since_s += self._period_s

    def reset(self) -> None:
        """End the trial."""
        self.goal, self.guided, self._since_s = None, False, 0.0


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
        self._configuration = self.bones.configuration(robot.rest)
        self._clearance = Clearance(robot) if clearance else None
        self._lower, self._upper = robot.limits.lower, robot.limits.upper
        self._farthest = robot.limits.velocity * period_s  # in a frame
        self.q = robot.rest.copy()
        self._escapes = _escapes(robot, self.bones, period_s) if escape else []
        # The trial arms, both in one: without speed limits or obstacles.
        self._trial = (
            InverseKinematics(robot, _AT_ONCE_S, clearance=False, escape=False) if escape else None
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
        if self._clearance is not None:
            q = self._clearance.hold_back(self.q, q)
        self.q = q
        if self._trial is not None:
            self._escape(self._trial, directions)
        return q.copy()

    def _escape(self, trial: InverseKinematics, directions: np.ndarray) -> None:
        """Begin trials of arms in a dead end, and go on with those that there are."""
        errors = self._errors_deg(self._escapes)
        begun = [arm.begin(error) for arm, error in zip(self._escapes, errors, strict=True)]
        pose = self.q.copy()
        for arm in self._escapes:
            if arm.goal is not None:
                pose[arm.joints] = arm.goal
        if any(arm.goal is not None for arm in self._escapes):
            trial.start(pose)
            pose = trial(directions)
            rows = zip(self._escapes, errors, trial._errors_deg(self._escapes), begun, strict=True)
            for arm, error, trial_error, begins in rows:
                if begins:
                    arm.goal = pose[arm.joints]
                elif arm.goal is not None:
                    arm.update(pose[arm.joints], trial_error, error, self.q)
        for arm in self._escapes:
            self._bone_task.shares[arm.bones] = _GUIDED if arm.guided else 1.0

    def _errors_deg(self, arms: Sequence[ArmEscape]) -> list[float]:
        angles = self._bone_task.angles
        return [math.degrees(angles[arm.bones].max()) for arm in arms]

    def _step(self, q: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Return the displacement [J] that one quadratic program finds."""
        hessian, linear = self._objective(q)
        rows, limits = np.zeros((0, len(q))), np.zeros(0)
        if self._clearance is not None:
            rows, limits = self._clearance.rows(self._configuration.data)
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
        problem = pink.build_ik(
            self._configuration, self._tasks, 1.0, damping=_TIKHONOV, limits=[]
        )
        hessian, linear = problem.P, problem.q
        for arm in self._escapes:
            if arm.guided and arm.goal is not None:
                hessian[arm.joints, arm.joints] += 1.0
                linear[arm.joints] += q[arm.joints] - arm.goal
        return hessian, linear


def _escapes(robot: Robot, bones: Bones, period_s: float) -> list[ArmEscape]:
    limits, escapes = robot.limits, []
    for arm, joints in robot.groups().items():
        side = arm.split('_')[0]
        rows = [
            row
            for row, name in enumerate(bones.names)
            if arm in ARMS and name.startswith(side) and name.endswith('arm')
        ]
        if rows:
            escapes.append(ArmEscape(rows, joints, limits.lower, limits.upper, period_s))
    return escapes


class Retargeter:
    """Turns keypoints into joint targets; each frame starts from the last one's.

    Attributes:
        robot: whose targets.
        rate_hz: frames a second.
        clearance: whether arms keep clear.
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

    def __call__(self, keypoints: np.ndarray) -> np.ndarray:
        """Return joint targets [J] in the order of `robot.names` [rad].

        Args:
            keypoints: [K, 3] in metres or body heights, x forward, y left, z up.

        Raises:
            RobotError: keypoints of another shape or not finite; nothing moves then.
        """
        return self._kinematics(self._directions(keypoints))

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
        self._kinematics.start(q)

    def take_up(self, q: np.ndarray, joints: np.ndarray) -> None:
        """Go on from where some joints [J, bool] really are, which could not follow [J] in rad."""
        self._kinematics.start(np.where(joints, q, self._kinematics.q))
