# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The robot of a configured `motion_node`: frames of motion in, safe commands on its topics."""

from __future__ import annotations

from collections.abc import Mapping
import time

from builtin_interfaces.msg import Time
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from emotion_motion.exceptions import RobotError
from emotion_motion.msg import JointGroupWeights
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drive.driver import groups_of, RobotDriver
from emotion_motion.robot.drive.joint_groups import parse_controllers, parse_order, parse_weights
from emotion_motion.robot.retarget.retargeter import Retargeter
from emotion_motion.robot.safety.jerk_phases import MotionState
from emotion_motion.robot.safety.settings import CommandSettings
from emotion_motion.ros.node.conversions import (
    commands_message,
    display_message,
    group_weights_of_message,
    targets_message,
    trajectory_message,
)
from emotion_motion.ros.node.live_motion import LiveMotion
from emotion_motion.ros.node.parameters import DISPLAY, FORWARD, RobotParameters, TRAJECTORY
from emotion_motion.ros.node.topics import SubscriptionEventCallbacks, Topics

__all__ = ['RobotOutput']

JOINTS_LIMIT_BYTES = 1 << 16  # 500 joints with long names
# Two publishers of one robot are doubted so long after they have contradicted each other, and
# watched so long before the first motion.
DOUBT_S, WATCH_S = 2.0, 1.0
# How `stop` is subscribed to. What was latched is given that time before a first motion.
STOPS = {
    'ordinary': QoSProfile(depth=1),
    'latched': QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
    'best effort': QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT),
}
LATCHED_S = 0.25

MEASURED, COMMANDS, TARGETS, STATES = (
    'measured_joint_states',
    'commands',
    'joint_targets',
    'joint_states',
)


class RobotOutput(Topics):
    """Drives a robot with the frames of a motion, whose rate then stays what it is.

    Raises:
        EmotionMotionError: robot, description or a parameter cannot be used; the message says why.
    """

    def __init__(
        self,
        node: LifecycleNode,
        parameters: RobotParameters,
        commands: CommandSettings,
        motion: LiveMotion,
    ) -> None:
        super().__init__(node)
        self._parameters, self._motion = parameters, motion
        robot = Robot.load(parameters.robot, parameters.urdf or None)
        groups = groups_of(robot)
        # What may be refused first; the retargeter takes seconds.
        controllers = parse_controllers(parameters.controllers, groups, TRAJECTORY)
        self._order = parse_order(parameters.joint_order, robot.names)
        weights = parse_weights(parameters.joint_group_weights, groups)
        self.driver = RobotDriver(
            Retargeter(robot, motion.rate_hz, skeleton=motion.generator.skeleton),
            display=parameters.output == DISPLAY,
            controllers=controllers,
            settings=commands,
        )
        self.driver.commands.weights.begin(weights)
        self._last_ns: int | None = None
        self._measured_s: float | None = None  # when joints were first measured
        self._stops: set[str] = set()  # of STOPS, those that are subscribed to
        self._latched_s = -LATCHED_S  # since when the latched one is
        self._publishers: dict[str, LifecyclePublisher] = {}
        try:
            self._open()
        except Exception:
            self.destroy()
            raise

    @property
    def measurements(self) -> dict[str, object]:
        commands = self.driver.commands
        limiter = commands.limiter
        return {
            'robot': self.driver.robot.config.name,
            'robot_output': self._parameters.output,
            'robot_state': limiter.state,
            'robot_holds': ', '.join(sorted(limiter.reasons)) or 'none',
            'clip_ratio': commands.clip.ratio,
            'lag_s': commands.clip.lag_s,
            'pace': commands.pace,
            'lent_groups': ', '.join(sorted(commands.lent)) or 'none',
            'planner_errors': limiter.planner_errors,
            'joint_stamps_ahead_s': self.driver.measured.ahead_s,
        }

    @property
    def warning(self) -> str:
        """What is wrong with the graph around the robot; '' where nothing is."""
        others = (self.several(publisher.topic_name) for publisher in self._publishers.values())
        # Before the first motion these are the driver's problem.
        measured = self.driver.doubt or self.driver.clocks
        if measured and self.driver.commands.limiter.started:
            return measured
        return next(filter(None, others), '')

    def _doubt(self, now_s: float) -> str:
        """Return why what is measured is not to be trusted; '' where it is."""
        joint, when_s = self.driver.measured.leap
        leapt = now_s - when_s <= DOUBT_S
        new = self._measured_s is not None and now_s - self._measured_s < WATCH_S
        if not leapt and (not new or self.driver.commands.limiter.started):
            return ''
        topic = self._node.resolve_topic_name(MEASURED)
        others = self.several(topic, 'one robot')
        return others and f'got {joint if leapt else "joints"} where {others}'

    def watch(self) -> None:
        """Subscribe to `stop` as each publisher offers it; call it several times a second.

        A subscriber that asks for what was latched refuses ordinary publishers, who are then
        warned of it; one that does not ask gets nothing that was latched before.
        """
        topic = self._node.resolve_topic_name('stop')
        for publisher in self._node.get_publishers_info_by_topic(topic):
            self._subscribe_stop(_offered(publisher.qos_profile))

    def begin(self) -> None:
        """Wait for the robot's state before a first motion; others may have moved it."""
        self.driver.forget()
        self._last_ns = self._measured_s = None

    def publish(self, stamp: Time) -> None:
        """Command one cycle, which begins at `stamp`; nothing while the robot's state is unknown.

        After a failure there are no frames, and the robot comes to rest.
        """
        holds = self._motion.holds
        keypoints = None if 'failure' in holds else self._motion.pose.keypoints[0]
        now_ns = stamp.sec * 10**9 + stamp.nanosec
        # By the clock that controllers have too: when it leaps, so do they along their paths.
        elapsed_s = None if self._last_ns is None else (now_ns - self._last_ns) * 1e-9
        self._last_ns = now_ns
        now_s = time.monotonic()
        if not self.driver.commands.limiter.started:
            self.watch()
            if now_s - self._latched_s < LATCHED_S:
                return
        self.driver.doubt = self._doubt(now_s)
        state = self.driver.advance(keypoints, elapsed_s=elapsed_s, now_s=now_s, holds=holds)
        if self._parameters.output == DISPLAY:
            self._publishers[STATES].publish(display_message(self.driver.displayed(), stamp))
        elif state is not None:
            self._publish_commands(state, stamp)

    def _publish_commands(self, state: MotionState, stamp: Time) -> None:
        targets = targets_message(self.driver.robot.names, state, stamp)
        self._publishers[TARGETS].publish(targets)
        if self._parameters.output == FORWARD:
            positions = self.driver.commands.forward(self._order)
            self._publishers[COMMANDS].publish(commands_message(positions))
            return
        begin = stamp if self._parameters.stamp_trajectories else None
        for topic, trajectory in self.driver.commands.trajectories().items():
            self._publishers[topic].publish(trajectory_message(trajectory, begin))

    def _open(self) -> None:
        for topic, kind in self._outputs().items():
            self._publishers[topic] = self.publisher(kind, topic, QoSProfile(depth=1))
        if self._parameters.output != DISPLAY:
            self._refuse_own_output()
            # Best effort takes from reliable publishers too, and never waits for a lost message.
            qos = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
            self.subscribe(
                JointState, MEASURED, self._on_measured, qos, limit_bytes=JOINTS_LIMIT_BYTES
            )
        self.subscribe(
            JointGroupWeights, 'joint_group_weights', self._on_weights, QoSProfile(depth=10)
        )
        self._subscribe_stop('ordinary')
        self.watch()

    def _subscribe_stop(self, offered: str) -> None:
        if offered in self._stops:
            return
        self._stops.add(offered)
        latched = offered == 'latched'
        if latched:
            self._latched_s = time.monotonic()

        def take(message: Bool) -> None:
            # What is published now, the ordinary subscription hears too. Of what was latched
            # before, a false may be older than a true of somebody else: it lifts nothing.
            if message.data or not latched:
                self._motion.hold('stop', message.data)

        # rclpy would warn of publishers that one subscription refuses and another one hears.
        events = SubscriptionEventCallbacks(use_default_callbacks=False)
        self.subscribe(Bool, 'stop', take, STOPS[offered], events=events)

    def _outputs(self) -> Mapping[str, type]:
        if self._parameters.output == DISPLAY:
            return {STATES: JointState}
        if self._parameters.output == FORWARD:
            return {TARGETS: JointState, COMMANDS: Float64MultiArray}
        topics = self.driver.commands.controllers.members
        return {TARGETS: JointState, **dict.fromkeys(topics, JointTrajectory)}

    def _refuse_own_output(self) -> None:
        measured = self._node.resolve_topic_name(MEASURED)
        for topic, publisher in self._publishers.items():
            if publisher.topic_name == measured:
                raise RobotError(
                    f'got {measured} for {MEASURED} and for {topic}, which this node publishes; '
                    f"expected the robot's own joint states. Remap {MEASURED} to them"
                )

    def _on_measured(self, message: JointState) -> None:
        stamp = message.header.stamp
        stamp_ns = stamp.sec * 10**9 + stamp.nanosec
        now_ns = self._node.get_clock().now().nanoseconds
        # Arrival counts where no stamp is given.
        age_s = (now_ns - stamp_ns) * 1e-9 if stamp_ns else 0.0
        now_s = time.monotonic()
        self.driver.measured.update(message.name, message.position, message.velocity, now_s, age_s)
        self._measured_s = now_s if self._measured_s is None else self._measured_s

    def _on_weights(self, message: JointGroupWeights) -> None:
        weights = group_weights_of_message(message)
        self.driver.fade(weights, message.fade_s, time.monotonic())


def _offered(qos: QoSProfile) -> str:
    """Return which of STOPS hears all of a publisher; best effort keeps nothing that was."""
    if qos.reliability == ReliabilityPolicy.BEST_EFFORT:
        return 'best effort'
    return 'ordinary' if qos.durability == DurabilityPolicy.VOLATILE else 'latched'
