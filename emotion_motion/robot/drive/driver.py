# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Drives one robot: keypoints and its measured state in, safe commands out, cycle by cycle."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
import math

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.collision.clearance import PathGuard
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drive.command_stream import CommandSettings, CommandStream
from emotion_motion.robot.retarget.retargeter import Retargeter
from emotion_motion.robot.safety.jerk_phases import MotionState
from emotion_motion.robot.safety.limiter import BAD_TARGETS, STALE

__all__ = ['MeasuredJoints', 'RobotDriver', 'groups_of']

# An arm whose path to its target leads through the body finds another one from where it is, once
# it has been hindered for so long.
_HINDERED_S = 0.3
# A state that is older than this is not where the robot is.
_FRESH_S = 0.5
# A stamp may be ahead by this, as between machines whose clocks are kept alike.
_AHEAD_S = 0.1
# Two messages of one joint contradict each other where they are farther apart than it can go.
_APART_RAD, _APART_RAD_S = 0.02, 1.0


class MeasuredJoints:
    """The latest position and velocity of each joint, and when it was there.

    Joints come in whatever order and in however many messages.

    Attributes:
        ahead_s: how far the clock of the last message that had a stamp was ahead of ours [s].
        leap: the last joint that two messages gave so differently that it cannot have moved there,
            in words, and when that was [s].
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Wait for joints of those names; others do not matter."""
        self._names = frozenset(names)
        self._received: dict[str, tuple[float, float, float]] = {}
        self.ahead_s = 0.0
        self.leap = ('', -math.inf)

    def update(
        self,
        names: Sequence[str],
        positions: Sequence[float],
        velocities: Sequence[float],
        now_s: float,
        age_s: float = 0.0,
    ) -> None:
        """Take a message; what is older than what is known already does not count.

        Args:
            names: of joints.
            positions: as many [rad].
            velocities: as many, or none [rad/s].
            now_s: the time [s].
            age_s: how old its stamp is, below 0 one that is ahead; 0 where it has none [s].

        Raises:
            RobotError: the stamp is ahead by more than clocks that are kept alike, or numbers and
                names do not go together; then nothing is taken.
        """
        if self._names.isdisjoint(names):
            return
        if age_s:
            self.ahead_s = -age_s
        if not age_s >= -_AHEAD_S:
            raise RobotError(
                f'measured joints: got a stamp {-age_s:.3f} s ahead of the clock here; expected '
                f'at most {_AHEAD_S} s: set both clocks alike (chrony, PTP, use_sim_time)'
            )
        if len(positions) != len(names) or len(velocities) not in (0, len(names)):
            raise RobotError(
                f'measured joints: got {len(names)} names, {len(positions)} positions and '
                f'{len(velocities)} velocities; expected as many of each, or no velocities'
            )
        if len(set(names)) != len(names):
            raise RobotError(f'measured joints: got a name twice in {list(names)}; expected once')
        speeds = velocities if len(velocities) else [0.0] * len(names)
        was_s = now_s - max(0.0, age_s)
        for name, position, velocity in zip(names, positions, speeds, strict=True):
            if name in self._names:
                self._take(name, (float(position), float(velocity), was_s), now_s)

    def _take(self, name: str, row: tuple[float, float, float], now_s: float) -> None:
        old = self._received.get(name, row)
        passed_s = row[2] - old[2]
        # What is older may still contradict: the real robot beside a faster, false publisher.
        reach = _APART_RAD + abs(passed_s) * (_APART_RAD_S + 2.0 * max(abs(old[1]), abs(row[1])))
        if abs(row[0] - old[0]) > reach:
            self.leap = (f'{name} at {old[0]:.3f} and at {row[0]:.3f} rad', now_s)
        if passed_s >= 0.0:
            self._received[name] = row

    def forget(self) -> None:
        """Wait for everything anew."""
        self._received.clear()
        self.leap = ('', -math.inf)

    def positions(self, now_s: float) -> dict[str, float]:
        """Return the positions that are fresh, by name [rad]."""
        return self._fresh(0, now_s)

    def velocities(self, now_s: float) -> dict[str, float]:
        """Return the velocities that are fresh, by name [rad/s]."""
        return self._fresh(1, now_s)

    def _fresh(self, column: int, now_s: float) -> dict[str, float]:
        return {
            name: row[column]
            for name, row in self._received.items()
            if 0.0 <= now_s - row[2] <= _FRESH_S
        }


class RobotDriver:
    """Retargeter, measured state and command stream of a robot.

    Nothing is commanded before the robot's state is known. For a display, where there is no robot,
    it is known to be the rest pose. Nor is anything commanded first while its caller has a `doubt`
    about what is measured, in words; later such a doubt stops nothing.

    Args:
        retargeter: of the robot; its rate is that of the cycles.
        display: whether there is no robot that is measured.
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
        self.doubt = ''

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
        self.commands.limiter.forget()
        self.problem = ''

    def fade(self, weights: Mapping[str, float], fade_s: float, now_s: float) -> None:
        """Fade groups to weights.

        Raises:
            RobotError: as CommandStream.fade; or a group that was lent is to be taken back while
                it is in doubt what is measured.
        """
        if self.doubt and not self.display and self.commands.taken_back(weights):
            raise RobotError(self.doubt)
        measured = self._commanded() if self.display else self.measured.positions(now_s)
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
            keypoints: [K, 3] in metres; None where there are none now.
            elapsed_s: time since the last cycle; None for one period.
            now_s: the time, from which the age of measured states follows [s].
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
        """Return the position of every joint, driven or held, for a display, by name."""
        return self.robot.held | self._commanded()

    def _commanded(self) -> dict[str, float]:
        limiter = self.commands.limiter
        position = limiter.path.start.position if limiter.started else self.robot.rest
        return dict(zip(self.robot.names, position.tolist(), strict=True))

    def _start(self, now_s: float) -> bool:
        positions = self._commanded() if self.display else self.measured.positions(now_s)
        velocities = {} if self.display else self.measured.velocities(now_s)
        try:
            if self.doubt:
                raise RobotError(self.doubt)
            self.commands.start(positions, velocities)
        except RobotError as error:
            self.problem = '; '.join(filter(None, (str(error), self.clocks)))
            return False
        self._retargeter.reset(self.commands.position)
        self.problem = ''
        return True

    @property
    def clocks(self) -> str:
        """How far the clock of the measured joints is from ours, in words; '' if they agree."""
        ahead_s = self.measured.ahead_s
        if -_FRESH_S <= ahead_s <= _AHEAD_S:
            return ''
        which = 'ahead of' if ahead_s > 0.0 else 'behind'
        return f'the last stamp of measured joints is {abs(ahead_s):.1f} s {which} the clock here'

    def _hold(self, holds: Collection[str]) -> None:
        limiter = self.commands.limiter
        current = limiter.reasons - {STALE, BAD_TARGETS}
        for reason in set(holds) - current:
            limiter.stop(reason)
        for reason in current - set(holds):
            limiter.release(reason)

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
