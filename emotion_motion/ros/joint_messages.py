# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Joints as messages: states, trajectories and commands."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from builtin_interfaces.msg import Duration, Time
import numpy as np
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from emotion_motion.exceptions import RobotError
from emotion_motion.msg import JointGroupWeights
from emotion_motion.retarget.jerk_phases import MotionState
from emotion_motion.retarget.trajectory import Trajectory

__all__ = [
    'commands_message', 'display_message', 'targets_message', 'trajectory_message',
    'weights_from_message',
]  # fmt: skip


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
