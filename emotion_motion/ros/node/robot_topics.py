# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The topics of a robot: all made here, all destroyed here."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from builtin_interfaces.msg import Duration, Time
import numpy as np
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from emotion_motion.exceptions import RobotError
from emotion_motion.msg import JointGroupWeights
from emotion_motion.robot.drive.driver import RobotDriver
from emotion_motion.robot.drive.trajectory import Trajectory
from emotion_motion.robot.safety.jerk_phases import MotionState
from emotion_motion.ros.node.parameters import DISPLAY, FORWARD

__all__ = [
    'RobotTopics',
    'commands_message',
    'display_message',
    'targets_message',
    'trajectory_message',
    'weights_from_message',
]

# Joints as messages: states, trajectories and commands.


def display_message(positions: Mapping[str, float], stamp: Time) -> JointState:
    """Return the state of every joint of a robot, for robot_state_publisher."""
    message = JointState(name=list(positions), position=array('d', positions.values()))
    message.header.stamp = stamp
    return message


def targets_message(names: Sequence[str], state: MotionState, stamp: Time) -> JointState:
    """Return what the joints [J] are told, with their speeds."""
    message = JointState(
        name=list(names), position=_numbers(state.position), velocity=_numbers(state.velocity)
    )
    message.header.stamp = stamp
    return message


def commands_message(positions: np.ndarray) -> Float64MultiArray:
    """Return positions [N] for a forward_command_controller."""
    return Float64MultiArray(data=_numbers(positions))


def trajectory_message(trajectory: Trajectory, stamp: Time | None) -> JointTrajectory:
    """Return a trajectory that begins at `stamp`, or at once where that is None."""
    message = JointTrajectory(joint_names=list(trajectory.names))
    if stamp is not None:
        message.header.stamp = stamp
    message.points = [
        JointTrajectoryPoint(
            positions=_numbers(trajectory.positions[row]),
            velocities=_numbers(trajectory.velocities[row]),
            accelerations=_numbers(trajectory.accelerations[row]),
            time_from_start=_duration(time_s),
        )
        for row, time_s in enumerate(trajectory.times_s.tolist())
    ]
    return message


def weights_from_message(message: JointGroupWeights) -> dict[str, float]:
    """Return the weights that a message asks for, by the name of the group.

    Raises:
        RobotError: names and weights do not go together.
    """
    groups, weights = list(message.groups), list(message.weights)
    if len(groups) != len(weights) or len(set(groups)) != len(groups) or not groups:
        raise RobotError(
            f'joint_group_weights: got the groups {groups} and the weights {weights}; expected '
            f'one weight for each, and each group once'
        )
    return dict(zip(groups, weights, strict=True))


def _numbers(values: np.ndarray) -> Any:
    # An array of doubles is taken as it is; a list would be looked through number by number.
    return array('d', np.ascontiguousarray(values, dtype=np.float64).tobytes())


def _duration(time_s: float) -> Duration:
    seconds, nanoseconds = divmod(round(time_s * 1e9), 10**9)
    return Duration(sec=seconds, nanosec=nanoseconds)


WARN_PERIOD_S = 5.0
MEASURED, COMMANDS, TARGETS, STATES = (
    'measured_joint_states',
    'commands',
    'joint_targets',
    'joint_states',
)


class RobotTopics:
    """Publishers and subscriptions of a robot, and what goes through them.

    Args:
        node: a lifecycle node.
        driver: of the robot.
        output: one of OUTPUTS.
        order: of the joints in forward commands.
        stamped: whether trajectories carry the time that they begin at.
        seconds: tells the time that the age of measured states is told of [s].
        on_stop: told whether to stop.

    Raises:
        RobotError: the robot's measured states come from a topic that this node publishes on.
    """

    def __init__(
        self,
        node: Any,
        driver: RobotDriver,
        *,
        output: str,
        order: Sequence[str],
        stamped: bool,
        seconds: Callable[[], float],
        on_stop: Callable[[bool], None],
    ) -> None:
        self._node, self._driver, self._output = node, driver, output
        self._order, self._stamped, self._seconds = order, stamped, seconds
        self._on_stop = on_stop
        self._publishers: dict[str, Any] = {}
        self._subscriptions: list[Any] = []
        try:
            self._open()
        except Exception:
            self.destroy()
            raise

    def destroy(self) -> None:
        """Destroy every publisher and subscription."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._publishers, self._subscriptions = {}, []

    def publish(self, state: MotionState | None, stamp: Any) -> None:
        """Publish what is commanded; without a state nothing, but to a display.

        Args:
            state: what is commanded for now [J].
            stamp: builtin_interfaces/Time.
        """
        if self._output == DISPLAY:
            self._publishers[STATES].publish(display_message(self._driver.displayed(), stamp))
        elif state is not None:
            targets = targets_message(self._driver.robot.names, state, stamp)
            self._publishers[TARGETS].publish(targets)
            if self._output == FORWARD:
                positions = self._driver.commands.forward(self._order)
                self._publishers[COMMANDS].publish(commands_message(positions))
                return
            begin = stamp if self._stamped else None
            for topic, trajectory in self._driver.commands.trajectories().items():
                self._publishers[topic].publish(trajectory_message(trajectory, begin))

    def _open(self) -> None:
        for topic, kind in self._outputs().items():
            self._publishers[topic] = self._node.create_lifecycle_publisher(
                kind,
                topic,
                QoSProfile(depth=1),
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
        if self._output != DISPLAY:
            self._refuse_own_output()
            # Best effort takes from reliable publishers too, and never waits for a lost message.
            self._subscribe(
                JointState,
                MEASURED,
                self._hear,
                QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT),
            )
        self._subscribe(JointGroupWeights, 'joint_group_weights', self._fade, QoSProfile(depth=10))
        # A subscriber that asks for what was latched is refused ordinary publishers: one of each.
        for durability in (DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL):
            self._subscribe(
                Bool,
                'stop',
                lambda message: self._on_stop(message.data),
                QoSProfile(depth=1, durability=durability),
            )

    def _outputs(self) -> Mapping[str, type]:
        if self._output == DISPLAY:
            return {STATES: JointState}
        if self._output == FORWARD:
            return {TARGETS: JointState, COMMANDS: Float64MultiArray}
        topics = self._driver.commands.controllers.names
        return {TARGETS: JointState, **dict.fromkeys(topics, JointTrajectory)}

    def _refuse_own_output(self) -> None:
        measured = self._node.resolve_topic_name(MEASURED)
        for topic, publisher in self._publishers.items():
            if publisher.topic_name == measured:
                raise RobotError(
                    f'got {measured} for {MEASURED} and for {topic}, which this node publishes; '
                    f"expected the robot's own joint states. Remap {MEASURED} to them"
                )

    def _subscribe(
        self, kind: type, topic: str, take: Callable[[Any], None], qos: QoSProfile
    ) -> None:
        def guarded(message: Any) -> None:
            try:
                take(message)
            except RobotError as error:
                self._node.get_logger().warning(
                    f'ignored a message on {topic}: {error}', throttle_duration_sec=WARN_PERIOD_S
                )

        self._subscriptions.append(self._node.create_subscription(kind, topic, guarded, qos))

    def _hear(self, message: JointState) -> None:
        self._driver.measured.hear(
            message.name, message.position, message.velocity, self._seconds()
        )

    def _fade(self, message: JointGroupWeights) -> None:
        weights = weights_from_message(message)
        self._driver.fade(weights, message.fade_s, self._seconds())
