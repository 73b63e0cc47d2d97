# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Inverse kinematics: Pink's quadratic program, put together and handed to DAQP without detours.

The program is the one that Pink makes of a BoneTask, a PostureTask and a DampingTask, to the last
digit, as a test says. Three things are done here that Pink's solve_ik does otherwise: joints are
placed by a JointChain and not by Pinocchio joint by joint, the two tasks whose Jacobian is the
identity are added to the diagonal, and limits of position and speed are simple bounds, which hold
over all steps of a frame together. benchmarks/retarget.py times both.
"""

from __future__ import annotations

from collections.abc import Sequence
import math

import daqp
import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.collision.clearance import Clearance
from emotion_motion.robot.description.config import ARMS
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.retarget.bones import Bones, BoneTask
from emotion_motion.robot.retarget.joint_chain import JointChain

__all__ = ['InverseKinematics', 'ArmEscape']

# Out of dead ends: an arm whose elbow is bent the wrong way round finds the other way.
#
# An elbow bends to one side only. An arm that was straight when its shoulder turned the wrong way
# meets the limits of both, and no small step makes it better. Then a second arm, for trial only,
# is started elsewhere; if it gets much nearer to where the person's points, the real one goes
# there.

_STUCK_DEG = 35.0  # a limb farther off than this
_STUCK_S = 0.2  # for so long
_TRIED_S = 0.3  # time that a thought has to get near
_BETTER = 0.6  # share of the error at which it is worth going there
_THERE_RAD = 0.15
_LONGEST_S = 2.0
# Places in the range of each joint to start from, the middle first.
_STARTS = np.vstack((np.full(8, 0.5), np.random.default_rng(0).uniform(0.15, 0.85, (7, 8))))


class ArmEscape:
    """Watches one arm.

    Attributes:
        bones: numbers of the arm's bones.
        joints: numbers of the arm's joints.
        guided: whether the arm is on its way to `goal`.
        goal: where the arm of the thought is [number of joints], while there is one.
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
        self._start = 0
        self._since_s = 0.0

    @property
    def thinking(self) -> bool:
        """Whether a thought is to be gone on with."""
        return self.goal is not None

    def begin(self, error_deg: float) -> bool:
        """Return whether a thought begins now, given the error of the worse limb of the arm."""
        self._since_s = self._since_s + self._period_s if error_deg > _STUCK_DEG else 0.0
        if self.thinking or self._since_s < _STUCK_S:
            return False
        shares = np.resize(_STARTS[self._start % len(_STARTS)], len(self.joints))
        self.goal = self._low + shares * self._range
        self._start, self._since_s = self._start + 1, 0.0
        return True

    def go_on(self, goal: np.ndarray, error_deg: float, thought_deg: float, q: np.ndarray) -> None:
        """Decide what becomes of the thought.

        Args:
            goal: where it is by now, the arm's joints.
            error_deg: of the real arm's worse limb.
            thought_deg: of the thought's.
            q: the real pose [J].
        """
        self.goal = goal
        if self.guided:
            there = float(np.abs(q[self.joints] - goal).max()) < _THERE_RAD
            if there or error_deg < thought_deg or self._since_s > _LONGEST_S:
                self.reset()
        elif thought_deg < _BETTER * error_deg:
            self.guided, self._since_s = True, 0.0
        elif self._since_s > _TRIED_S or error_deg < _STUCK_DEG:
            self.reset()
        self._since_s += self._period_s

    def reset(self) -> None:
        """Forget the thought."""
        self.goal, self.guided, self._since_s = None, False, 0.0


_SOFT = 8  # DAQP's mark of a constraint that gives way rather than make the program infeasible
_TIKHONOV = 1e-8
_AT_ONCE_S = 100.0
_GUIDED = 0.1  # share of an arm's weights while it goes another way


class InverseKinematics:
    """Follows the wanted directions of a robot's bones, from the pose of the last frame.

    Attributes:
        bones: what follows, in the order of the targets.
        q: pose [J] of the last frame [rad].
    """

    def __init__(
        self,
        robot: Robot,
        period_s: float,
        *,
        steps: int = 1,
        clearance: bool = True,
        escape: bool = True,
    ) -> None:
        """Start in the rest pose.

        Args:
            robot: what to move.
            period_s: time from frame to frame, over which the speed limits hold.
            steps: quadratic programs a frame; each is a Gauss-Newton step.
            clearance: whether arms keep clear of the body.
            escape: whether arms look for another way out of a dead end.
        """
        self._robot, self._steps = robot, steps
        self._chain = JointChain(robot.model)
        self.bones = Bones(robot, self._chain)
        self._bone_task = BoneTask(self.bones)
        weights = robot.config.weights
        self._posture = weights.posture**2
        self._diagonal = (weights.posture**2 + weights.damping**2 + _TIKHONOV) * np.eye(len(robot))
        self._clearance = Clearance(robot, self._chain) if clearance else None
        self._lower, self._upper = robot.limits.lower, robot.limits.upper
        self._reach = robot.limits.velocity * period_s
        self._nothing = np.zeros((0, len(robot)))
        pairs = len(self._clearance.model.pairs) if self._clearance is not None else 0
        self._below = np.full(pairs, -1e30)
        self._sense = np.repeat(np.array([0, _SOFT], dtype=np.int32), (len(robot), pairs))
        self.q = robot.rest.copy()
        self._escapes = _escapes(robot, self.bones, period_s) if escape else []
        # The thoughts of both arms: without speed limits or obstacles.
        self._thought = (
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
        self._bone_task.set_target(directions)
        lower = np.maximum(self._lower, self.q - self._reach)
        upper = np.minimum(self._upper, self.q + self._reach)
        q = self.q
        for _ in range(self._steps):
            q = np.minimum(np.maximum(q + self._step(q, lower - q, upper - q), lower), upper)
        if self._clearance is not None:
            q = self._clearance.held_back(self.q, q)
        self.q = q
        if self._thought is not None:
            self._think(self._thought, directions)
        return q.copy()

    def _think(self, thought: InverseKinematics, directions: np.ndarray) -> None:
        """Go on with the thoughts of arms in a dead end, and begin such."""
        errors = self._bone_task.angles.tolist()
        worst = [math.degrees(max(errors[bone] for bone in arm.bones)) for arm in self._escapes]
        begun = [arm.begin(error) for arm, error in zip(self._escapes, worst, strict=True)]
        pose = self.q.copy()
        for arm in self._escapes:
            if arm.goal is not None:
                pose[arm.joints] = arm.goal
        if any(arm.thinking for arm in self._escapes):
            thought.start(pose)
            found = thought(directions)
            there = thought._bone_task.angles.tolist()
            for arm, error, begins in zip(self._escapes, worst, begun, strict=True):
                if arm.thinking and not begins:
                    least = math.degrees(max(there[bone] for bone in arm.bones))
                    arm.go_on(found[arm.joints], error, least, self.q)
                elif arm.thinking:
                    arm.goal = found[arm.joints]
        for arm in self._escapes:
            self._bone_task.shares[arm.bones] = _GUIDED if arm.guided else 1.0

    def _step(self, q: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Return the displacement [J] that one quadratic program finds."""
        frames = self._chain.frames(q[None])[0]
        hessian, linear = self._objective(q, frames)
        rows, limits = self._nothing, upper[:0]
        if self._clearance is not None:
            rows, limits = self._clearance.rows(frames)
        # Pairs too near each other already only give way, never bounds of position and speed.
        many = len(lower) + len(rows)
        x, _, flag, _ = daqp.solve(
            hessian,
            linear,
            rows,
            np.concatenate((upper, limits)),
            np.concatenate((lower, self._below[: len(rows)])),
            self._sense[:many],
        )
        if flag <= 0:
            raise RobotError(
                f'robot {self._robot.config.name!r}: got no solution of the inverse kinematics '
                f'(DAQP says {flag}) at {np.round(q, 3).tolist()} rad; expected one. Is every '
                f'weight above 0 and the pose within the limits?'
            )
        return np.asarray(x)

    def _objective(self, q: np.ndarray, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Hessian [J, J] and linear term [J] of all tasks together, in a pose."""
        hessian, linear = self._bone_task.objective(frames)
        hessian += self._diagonal
        linear += self._posture * (q - self._robot.rest)
        for arm in self._escapes:
            if arm.guided and arm.goal is not None:
                hessian[arm.joints, arm.joints] += 1.0
                linear[arm.joints] += q[arm.joints] - arm.goal
        return hessian, linear


def _escapes(robot: Robot, bones: Bones, period_s: float) -> list[ArmEscape]:
    found = []
    for arm, joints in robot.groups().items():
        rows = [
            row
            for row, name in enumerate(bones.names)
            if arm in ARMS and name.startswith(arm.split('_')[0]) and name.endswith('arm')
        ]
        if rows:
            limits = robot.limits
            found.append(ArmEscape(rows, joints, limits.lower, limits.upper, period_s))
    return found
