# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The robot of a configured `motion_node`: frames of motion in, safe commands on its topics."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
import time
from typing import Any

import numpy as np
from rclpy.duration import Duration

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drive.command_stream import CommandSettings
from emotion_motion.robot.drive.driver import groups_of, RobotDriver
from emotion_motion.robot.drive.joint_groups import parse_controllers, parse_order, parse_weights
from emotion_motion.robot.retarget.retargeter import Retargeter
from emotion_motion.robot.safety.settings import LimiterSettings
from emotion_motion.ros.node.motion_loop import ROBOT_SETTLE_LIMIT_S
from emotion_motion.ros.node.parameters import DISPLAY, FORWARD, TRAJECTORY
from emotion_motion.ros.node.robot_topics import RobotTopics

__all__ = ['RobotOutput']


class RobotOutput:
    """Drives a robot with the frames that the node shows.

    Args:
        node: a lifecycle node.
        values: its parameters by name.
        skeleton: of the frames.
        rate_hz: frames a second [Hz]; it stays what it is.
        on_stop: told what comes on the topic `stop`.

    Raises:
        EmotionMotionError: robot, description or a parameter cannot be used; the message says why.
    """

    def __init__(
        self,
        node: Any,
        values: Mapping[str, Any],
        *,
        skeleton: Skeleton,
        rate_hz: float,
        on_stop: Callable[[bool], None],
    ) -> None:
        robot = Robot.load(values['robot'], values['urdf'] or None)
        groups, self.output = groups_of(robot), values['output']
        # What may be refused first; the retargeter takes seconds.
        controllers = parse_controllers(values['controllers'], groups, TRAJECTORY)
        order = parse_order(values['joint_order'], robot.names)
        weights = parse_weights(values['joint_group_weights'], groups)
        self.driver = RobotDriver(
            Retargeter(robot, rate_hz, skeleton=skeleton),
            display=self.output == DISPLAY,
            controllers=controllers,
            settings=_settings(values),
        )
        self.driver.commands.weights.begin(weights)
        self._last_ns: int | None = None
        self._topics = RobotTopics(
            node,
            self.driver,
            output=self.output,
            order=order,
            stamped=values['stamp_trajectories'],
            seconds=time.monotonic,
            on_stop=on_stop,
        )

    @property
    def problem(self) -> str:
        """Why the robot is not driven; '' where it is."""
        return self.driver.problem

    @property
    def pace(self) -> float:
        """What the time of the motion is to be multiplied with."""
        return self.driver.pace

    @property
    def at_rest(self) -> bool:
        """Whether nothing that was commanded moves."""
        return self.driver.at_rest

    @property
    def measurements(self) -> dict[str, object]:
        """What is measured, for the diagnostics."""
        commands = self.driver.commands
        limiter = commands.limiter
        return {
            'robot': self.driver.robot.config.name,
            'robot_output': self.output,
            'robot_state': limiter.state,
            'robot_holds': ', '.join(sorted(limiter.reasons)) or 'none',
            'clip_ratio': commands.clip.ratio,
            'lag_s': commands.clip.lag_s,
            'pace': commands.pace,
            'lent_groups': ', '.join(sorted(commands.lent)) or 'none',
            'planner_errors': limiter.planner_errors,
        }

    def begin(self) -> None:
        """Wait for the robot's state before a first motion; others may have moved it."""
        self.driver.forget()
        self._last_ns = None

    def advance(self, keypoints: np.ndarray | None, stamp: Any, holds: Collection[str]) -> None:
        """Command one cycle.

        Args:
            keypoints: [K, 3] in metres; None where there is no news.
            stamp: builtin_interfaces/Time of the frame; trajectories begin there.
            holds: the reasons to be at rest.
        """
        now_ns = stamp.sec * 10**9 + stamp.nanosec
        # By the clock that controllers have too: when it leaps, so do they along their paths.
        elapsed_s = None if self._last_ns is None else (now_ns - self._last_ns) * 1e-9
        self._last_ns = now_ns
        state = self.driver.advance(
            keypoints, elapsed_s=elapsed_s, now_s=time.monotonic(), holds=holds
        )
        self._topics.publish(state, stamp)

    def settle(self, begin: Any, period_s: float) -> None:
        """Come to rest here and now, without frames; stamps go on by nominal periods.

        Args:
            begin: rclpy.time.Time of now.
            period_s: of the frames [s].
        """
        begin_s, shown_s = time.monotonic(), 0.0
        while not self.at_rest and shown_s < ROBOT_SETTLE_LIMIT_S:
            shown_s += period_s
            time.sleep(max(0.0, begin_s + shown_s - time.monotonic()))
            stamp = (begin + Duration(seconds=shown_s)).to_msg()
            self.advance(None, stamp, {'failure'})

    def destroy(self) -> None:
        """Destroy the topics."""
        self._topics.destroy()


def _settings(values: Mapping[str, Any]) -> CommandSettings:
    limiter = LimiterSettings(
        approach_velocity=values['approach_velocity'],
        outside_rad=values['outside_rad'],
        robot_follows=values['output'] != FORWARD,
    )
    return CommandSettings(
        limiter,
        dead_band_rad=values['dead_band_rad'],
        hand_back_s=values['hand_back_s'],
        clip_threshold=values['clip_threshold'],
        slowest_pace=values['slowest_pace'],
    )
