# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Drives one robot: keypoints and its measured state in, safe commands out, cycle by cycle."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.collision.path_guard import PathGuard
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drive.command_stream import CommandSettings, CommandStream
from emotion_motion.robot.drive.measured_joints import MeasuredJoints
from emotion_motion.robot.retarget.retargeter import Retargeter
from emotion_motion.robot.safety.jerk_phases import MotionState
from emotion_motion.robot.safety.limiter import BAD_TARGETS, STALE

__all__ = ['RobotDriver']

# An arm whose way to its target leads through the body finds another way from where it is, when it
# has been hindered for so long.
_HINDERED_S = 0.3


class RobotDriver:
    """Retargeter and command stream of a robot, and what was heard of it.

    Nothing is commanded before the robot's state is known. For a display, where there is no robot,
    it is known to be the rest pose.

    Args:
        retargeter: of the robot; its rate is that of the cycles.
        display: whether there is no robot to hear of.
        controllers: joints of each controller.
        settings: of the commands.

    Raises:
        EmotionMotionError: something does not fit; the message says what.
    """

    def __init__(
        self,
        retargeter: Retargeter,
        *,
        display: bool,
        controllers: Mapping[str, Sequence[str]],
        settings: CommandSettings | None = None,
    ) -> None:
        robot = retargeter.robot
        self.robot, self.display = robot, display
        self.period_s = 1.0 / retargeter.rate_hz
        self._retargeter = retargeter
        self.measured = MeasuredJoints(robot.names)
        self.commands = CommandStream(
            robot.limits,
            robot.rest,
            self.period_s,
            groups=groups_of(robot),
            controllers=controllers,
            settings=settings,
            guard=PathGuard(robot) if retargeter.clearance else None,
        )
        self.problem = ''

    @property
    def at_rest(self) -> bool:
        """Whether nothing that was commanded moves."""
        return not self.commands.limiter.started or self.commands.limiter.at_rest

    @property
    def pace(self) -> float:
        """What the time of the phrase is to be multiplied with."""
        return self.commands.pace

    def forget(self) -> None:
        """Wait for the robot's state anew, as before a first motion."""
        self.measured.forget()
        self.commands.forget()
        self.problem = ''

    def fade(self, weights: Mapping[str, float], fade_s: float, now_s: float) -> None:
        """Fade groups to weights; see CommandStream.fade.

        Raises:
            RobotError: a weight, or the state of a group that was lent, is not one.
        """
        measured = self.measured.positions(now_s)
        if self.display:
            measured = dict(zip(self.robot.names, self._position(), strict=True))
        self.commands.fade(weights, fade_s, measured)

    def advance(
        self,
        keypoints: np.ndarray | None,
        *,
        elapsed_s: float | None,
        now_s: float,
        holds: Collection[str] = (),
    ) -> MotionState | None:
        """Go on by one cycle.

        Args:
            keypoints: [K, 3] in metres; None where there is no news.
            elapsed_s: time since the last cycle; None for one period.
            now_s: the time, of which the age of measured states is told [s].
            holds: the reasons why the robot shall come to rest and hold now.

        Returns:
            What is commanded, or None where nothing may be; `problem` says why.
        """
        if not self.commands.limiter.started and not self._start(now_s):
            return None
        self._hold(holds)
        targets = None if keypoints is None else self._targets(keypoints)
        return self.commands.step(targets, elapsed_s)

    def displayed(self) -> dict[str, float]:
        """Return the position of every joint of the robot for a display, by name.

        Those that are not driven are where they are held.
        """
        return {**self.robot.held, **dict(zip(self.robot.names, self._position(), strict=True))}

    def _position(self) -> list[float]:
        limiter = self.commands.limiter
        return (limiter.path.start.position if limiter.started else self.robot.rest).tolist()

    def _start(self, now_s: float) -> bool:
        rest = dict(zip(self.robot.names, self.robot.rest.tolist(), strict=True))
        positions = rest if self.display else self.measured.positions(now_s)
        velocities = {} if self.display else self.measured.velocities(now_s)
        try:
            self.commands.start(positions, velocities)
        except RobotError as error:
            self.problem = str(error)
            return False
        self._retargeter.reset(self.commands.position)
        self.problem = ''
        return True

    def _hold(self, holds: Collection[str]) -> None:
        mine = self.commands.limiter.reasons - {STALE, BAD_TARGETS}
        for reason in set(holds) - mine:
            self.commands.stop(reason)
        for reason in mine - set(holds):
            self.commands.release(reason)

    def _targets(self, keypoints: np.ndarray) -> np.ndarray:
        hindered = self.commands.limiter.hindered_s > _HINDERED_S
        if hindered.any():
            self._retargeter.take_up(self.commands.position, hindered)
            self.commands.limiter.hindered_s[hindered] = 0.0
        try:
            targets = self._retargeter(keypoints)
        except RobotError as error:
            self.problem = f'no targets: {error}'
            return np.full(len(self.robot), np.nan)
        self.problem = ''
        return targets


def groups_of(robot: Robot) -> dict[str, tuple[str, ...]]:
    """Return the names of the controlled joints of each chain, the groups of a robot."""
    return {
        chain: tuple(robot.names[row] for row in rows) for chain, rows in robot.groups().items()
    }
