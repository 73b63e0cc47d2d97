# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""All that a configured node runs: motion, robot, loop and topics, made and destroyed together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import contextlib
from typing import Any, TYPE_CHECKING

from builtin_interfaces.msg import Time
from rclpy.lifecycle import LifecycleNode

from emotion_motion.emotion import format_emotion
from emotion_motion.exceptions import EmotionMotionError, RobotError
from emotion_motion.ros.node.live_motion import LiveMotion
from emotion_motion.ros.node.motion_loop import MotionLoop
from emotion_motion.ros.node.node_parameters import NodeParameters
from emotion_motion.ros.node.topics import MotionTopics

if TYPE_CHECKING:
    from emotion_motion.ros.node.robot_output import RobotOutput

__all__ = ['LiveParts']


class LiveParts:
    """What configure makes and cleanup destroys; `fail` receives an error that ends the motion.

    Raises:
        EmotionMotionError: a model, a robot or a parameter cannot be used.
    """

    def __init__(
        self, node: LifecycleNode, parameters: NodeParameters, fail: Callable[[Exception], None]
    ) -> None:
        self._parameters = parameters
        self.motion = motion = LiveMotion.load(
            parameters.motion, parameters.sampler, parameters.log_refusal
        )
        with contextlib.ExitStack() as made:
            made.callback(motion.close)
            parameters.fill(motion.model_values)
            self.robot: RobotOutput | None = None
            if parameters.robot.robot:
                self.robot = _robot_output(node, parameters, motion)
                made.callback(self.robot.destroy)
            self.loop = MotionLoop(node, motion, self.robot, show=self._show, fail=fail)
            made.callback(self.loop.halt)
            self.topics = MotionTopics(node, motion, self.loop.seconds)
            made.callback(self.topics.destroy)
            self._made = made.pop_all()

    def destroy(self) -> None:
        self._made.close()

    def start(self) -> None:
        """Begin to show the motion, from where it and the robot are."""
        if self.robot is not None:
            self.robot.begin()
        self.loop.start()

    def refusal(self, values: Mapping[str, Any]) -> str:
        """Return why new parameters, by name, cannot be taken now; '' if they can."""
        wanted_hz = values.get('rate_hz', self._parameters['rate_hz'])
        if self.robot is not None and wanted_hz != self._parameters['rate_hz']:
            return (
                f'got rate_hz = {values["rate_hz"]!r}; a robot is driven at its rate, and with '
                f'one this changes only while the node is unconfigured (deactivate and clean it '
                f'up first)'
            )
        try:
            self.motion.checked_sampler(values)
        except EmotionMotionError as error:
            return str(error)
        return ''

    def apply_parameters(self) -> None:
        self.motion.apply(self._parameters.motion, self._parameters.sampler)
        self._set_rate()

    def watch(self) -> bool:
        """Do what is due several times a second; return whether the node's clock stands."""
        stands = self.loop.watch()  # first: the others may fail
        self._set_rate()
        self.motion.watch()
        if self.robot is not None:
            self.robot.watch()
        return stands

    def _set_rate(self) -> None:
        if self.loop.set_rate(self.motion.wanted_rate_hz):
            self.topics.set_rate()

    @property
    def warning(self) -> str:
        """What is wrong with the weights and the graph around the node; '' where nothing is."""
        weights = self.motion.generator.checkpoint.warning
        robot = self.robot.warning if self.robot is not None else ''
        return '; '.join(filter(None, (weights, self.topics.warning, robot)))

    @property
    def measurements(self) -> dict[str, object]:
        motion, now_s = self.motion, self.loop.seconds()
        generator, statistics = motion.generator, motion.statistics
        age_s = motion.emotion.age_s(now_s)
        measured: dict[str, object] = {
            'rate_hz': statistics.rate_hz(now_s),
            'publish_rate_hz': motion.rate_hz,
            'model_rate_hz': generator.rate,
            'step_p50_ms': statistics.step_ms(50),
            'step_p99_ms': statistics.step_ms(99),
            'misses': statistics.misses,
            'emotion': format_emotion(motion.emotion.at(now_s)),
            'emotion_age_s': 'none yet' if age_s is None else age_s,
            'recognised_emotion': format_emotion(motion.pose.recognised[0]),
            'model': generator.model_name,
            'model_sha256': generator.model_sha256,
            'frame_id': self._parameters['frame_id'],
            'device': generator.device,
            'seed': generator.seed,
            'model_steps': generator.steps,
            'still_s': float(generator.watchdog.still_s[0]),
            'repeating': float(generator.watchdog.repeating[0]),
            'watchdog_interventions': int(generator.watchdog.interventions[0]),
            'hold': 'user' in motion.holds,
            'replay_file': motion.log_problem or self._parameters['replay_file'] or 'off',
        }
        return measured | (self.robot.measurements if self.robot is not None else {})

    def _show(self, stamp: Time) -> None:
        """Publish the newest pose; after a failure there is none, and a robot comes to rest."""
        parameters = self._parameters
        if 'failure' not in self.motion.holds:
            self.topics.publish(
                stamp, frame_id=parameters['frame_id'], markers=parameters['publish_markers']
            )
        if self.robot is not None:
            self.robot.publish(stamp)


def _robot_output(
    node: LifecycleNode, parameters: NodeParameters, motion: LiveMotion
) -> RobotOutput:
    """Return what drives the robot that the parameters name; see RobotOutput for its errors.

    Imported here: Pinocchio and Pink take seconds, and a node without a robot does without them.
    """
    try:
        from emotion_motion.ros.node.robot_output import RobotOutput
    except ModuleNotFoundError as error:
        raise RobotError(
            f'got the robot {parameters["robot"]!r}, and {error.name} is not installed; expected '
            f"what drives robots: pip install '.[robot]' in the source folder"
        ) from error
    return RobotOutput(node, parameters.robot, parameters.commands, motion)
