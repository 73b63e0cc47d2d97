# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot that nobody measures, driven through keypoints: what its controllers would receive."""

from __future__ import annotations

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drive.driver import RobotDriver
from emotion_motion.robot.retarget.retargeter import Retargeter
from emotion_motion.robot.safety.jerk_phases import MotionState
from emotion_motion.robot.simulation.report import JointMotion

__all__ = ['DisplayDrive', 'follow']


class DisplayDrive:
    """Retargets and limits one pose after another, from the robot's rest pose on.

    Args:
        robot: who shall move.
        rate_hz: poses a second.
        skeleton: what the keypoints are.
    """

    def __init__(self, robot: Robot, rate_hz: float, skeleton: Skeleton) -> None:
        retargeter = Retargeter(robot, rate_hz, skeleton=skeleton)
        self._driver = RobotDriver(retargeter, display=True, controllers={'all': robot.names})
        self._rate_hz = rate_hz
        self._states: list[MotionState] = []

    @property
    def pace(self) -> float:
        """What the time of the phrase is to be multiplied with, so that the robot keeps up."""
        return self._driver.pace

    def advance(self, keypoints: np.ndarray) -> None:
        """Go on by one pose [K, 3].

        Raises:
            RobotError: no motion can start from the robot's rest pose.
        """
        state = self._driver.advance(keypoints, elapsed_s=None, now_s=0.0)
        if state is None:
            raise RobotError(f'{self._driver.robot.config.name}: {self._driver.problem}')
        self._states.append(state)

    def motion(self) -> JointMotion:
        """Return all that was commanded."""
        positions = np.stack([state.position for state in self._states])
        velocities = np.stack([state.velocity for state in self._states])
        return JointMotion(self._driver.robot.names, positions, velocities, self._rate_hz)


def follow(
    robot: Robot, keypoints: np.ndarray, rate_hz: float, skeleton: Skeleton
) -> tuple[JointMotion, np.ndarray]:
    """Let a robot follow keypoints to their end, as motion_node would drive it.

    Where its limits cost too much of the motion, it is shown more slowly.

    Args:
        robot: who shall move; it starts from its rest pose.
        keypoints: [T, K, 3] in metres.
        rate_hz: frames a second, of the keypoints and of what is commanded.
        skeleton: what the keypoints are.

    Returns:
        The robot's motion, longer than the person's where the robot is slower, and the number of
        the frame [T] that each of its points follows.

    Raises:
        RobotError: less than two frames, a flat skeleton, a rate that is none, or no motion can
            start from the robot's rest pose.
    """
    if skeleton.dims != 3 or len(keypoints) < 2:
        raise RobotError(
            f'got {len(keypoints)} frames of {skeleton.name!r}; expected at least two, of '
            f'keypoints in space, which alone a robot can copy'
        )
    drive = DisplayDrive(robot, rate_hz, skeleton)
    position, last = 0.0, len(keypoints) - 1
    frames: list[int] = []
    while not frames or position < last:
        # The same order as the node: the pace so far, then the pose.
        position = min(position + drive.pace, last) if frames else 0.0
        before = int(position)
        after, share = min(before + 1, last), position - before
        drive.advance((1.0 - share) * keypoints[before] + share * keypoints[after])
        frames.append(before)
    return drive.motion(), np.array(frames)
