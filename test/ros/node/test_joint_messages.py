# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Joints as messages: numbers, names and times come out as they went in."""

from __future__ import annotations

from builtin_interfaces.msg import Time
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from emotion_motion.exceptions import RobotError
from emotion_motion.msg import JointGroupWeights
from emotion_motion.robot.drive.command_stream import Trajectory
from emotion_motion.robot.safety.jerk_phases import MotionState
from emotion_motion.ros.node.conversions import (
    commands_message,
    display_message,
    group_weights_of_message,
    targets_message,
    trajectory_message,
)

STAMP = Time(sec=7, nanosec=5)
RANDOM = np.random.default_rng(0)


def trajectory() -> Trajectory:
    """Return four points of two joints, whose arrays are views with strides."""
    arrays = RANDOM.normal(size=(3, 4, 4))[:, :, ::2]
    times = np.array([0.0166666667, 0.3, 0.9999999996, 12.5])
    return Trajectory(('neck', 'elbow'), times, *arrays)


def test_a_trajectory_arrives_as_it_was():
    given = trajectory()
    sent = serialize_message(trajectory_message(given, STAMP))
    received = deserialize_message(sent, JointTrajectory)
    assert received.joint_names == ['neck', 'elbow'] and received.header.stamp == STAMP
    times = [(p.time_from_start.sec, p.time_from_start.nanosec) for p in received.points]
    assert times == [(0, 16666667), (0, 300000000), (1, 0), (12, 500000000)]
    for name in ('positions', 'velocities', 'accelerations'):
        rows = np.array([getattr(point, name) for point in received.points])
        np.testing.assert_array_equal(rows, getattr(given, name))


def test_a_trajectory_without_a_stamp_begins_at_once():
    assert trajectory_message(trajectory(), None).header.stamp == Time()


def test_states_and_commands_arrive_as_they_were():
    state = MotionState(*RANDOM.normal(size=(3, 2)))
    sent = serialize_message(targets_message(('neck', 'elbow'), state, STAMP))
    received = deserialize_message(sent, JointState)
    assert received.name == ['neck', 'elbow'] and received.header.stamp == STAMP
    np.testing.assert_array_equal(received.position, state.position)
    np.testing.assert_array_equal(received.velocity, state.velocity)
    shown = display_message({'neck': 0.5, 'wheel': -1.0}, STAMP)
    assert shown.name == ['neck', 'wheel'] and list(shown.position) == [0.5, -1.0]
    assert list(commands_message(np.array([1.0, -2.0])).data) == [1.0, -2.0]


def test_weights_are_read_by_the_name_of_their_group():
    message = JointGroupWeights(groups=['head', 'left_arm'], weights=[1.0, 0.25])
    assert group_weights_of_message(message) == {'head': 1.0, 'left_arm': 0.25}
    assert JointGroupWeights().fade_s == 1.0


@pytest.mark.parametrize(
    ('groups', 'weights'), [([], []), (['head'], []), ([], [1.0]), (['head', 'head'], [1.0, 0.0])]
)
def test_weights_that_do_not_add_up_are_refused(groups, weights):
    with pytest.raises(RobotError, match='joint_group_weights: got'):
        group_weights_of_message(JointGroupWeights(groups=groups, weights=weights))
