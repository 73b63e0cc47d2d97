# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Retargeting: keypoints of a person in, joint targets of a robot out, frame by frame."""

from __future__ import annotations

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.retarget.directions import BodyDirections
from emotion_motion.robot.retarget.inverse_kinematics import InverseKinematics

__all__ = ['Retargeter']


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

    @property
    def bones(self) -> tuple[str, ...]:
        """Names of what the robot copies."""
        return self._directions.names

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
