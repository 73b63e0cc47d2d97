# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion, emotions and joints as messages; what is large is made once and refilled."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, Point32, Vector3
import numpy as np
from sensor_msgs.msg import JointState
from std_msgs.msg import ColorRGBA, Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint
from visualization_msgs.msg import Marker, MarkerArray

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.emotion import emotion_weights
from emotion_motion.exceptions import RobotError
from emotion_motion.msg import Emotion, JointGroupWeights, Keypoints

if TYPE_CHECKING:
    from emotion_motion.robot.drive.command_stream import Trajectory
    from emotion_motion.robot.safety.jerk_phases import MotionState

__all__ = [
    'KeypointsMessage',
    'MarkersMessage',
    'commands_message',
    'display_message',
    'emotion_message',
    'emotion_of_message',
    'group_weights_of_message',
    'targets_message',
    'trajectory_message',
]

# Left, middle and right of the body, for colour-blind eyes too.
LEFT, MIDDLE, RIGHT = (0.22, 0.62, 0.95), (0.85, 0.85, 0.85), (0.98, 0.60, 0.20)
JOINT_RADIUS, BONE_WIDTH = 0.012, 0.012  # in body heights
MARKER_LIFETIME_S = 1.0


class KeypointsMessage:
    """A Keypoints message that is refilled for every frame."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.message = Keypoints(
            skeleton=skeleton.name,
            names=list(skeleton.names),
            points=[Point32() for _ in skeleton.names],
        )

    def fill(self, keypoints: np.ndarray, stamp: Time, frame_id: str) -> Keypoints:
        """Return the message with keypoints [K, D] in metres; x is 0 where D is 2."""
        self.message.header.stamp = stamp
        self.message.header.frame_id = frame_id
        _fill_points(self.message.points, keypoints)
        return self.message


def emotion_message(weights: np.ndarray, stamp: Time) -> Emotion:
    message = Emotion(weights=np.asarray(weights, dtype=np.float32))
    message.header.stamp = stamp
    return message


class MarkersMessage:
    """A MarkerArray of two markers, joints and bones, that is refilled for every frame.

    The two have ids of their own, so that each frame replaces the one before, and a lifetime, so
    that the figure goes when its node has gone.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        colours = [ColorRGBA(r=r, g=g, b=b, a=1.0) for r, g, b in _sides(skeleton)]
        self._points = [Point() for _ in skeleton.names]
        self._joints = _marker('joints', 0, Marker.SPHERE_LIST)
        self._joints.points = self._points
        self._joints.colors = colours
        self._bones = _marker('bones', 1, Marker.LINE_LIST)
        # The same Point objects: filling the joints fills the bones.
        self._bones.points = [self._points[i] for edge in skeleton.edges for i in edge]
        self._bones.colors = [colours[child] for _, child in skeleton.edges for _ in (0, 1)]
        self.message = MarkerArray(markers=[self._joints, self._bones])

    def fill(
        self, keypoints: np.ndarray, body_height_m: float, stamp: Time, frame_id: str
    ) -> MarkerArray:
        """Return the message with keypoints [K, D] of a body in metres; x is 0 where D is 2."""
        diameter = 2.0 * JOINT_RADIUS * body_height_m
        self._joints.scale = Vector3(x=diameter, y=diameter, z=diameter)
        self._bones.scale = Vector3(x=BONE_WIDTH * body_height_m)
        for marker in self.message.markers:
            marker.header.stamp = stamp
            marker.header.frame_id = frame_id
        _fill_points(self._points, keypoints)
        return self.message


def emotion_of_message(message: Emotion) -> np.ndarray:
    """Return the weights [7] that an Emotion message asks for.

    Raises:
        EmotionError: a weight or the intensity is out of range; the message names it.
    """
    return emotion_weights(message.weights, float(message.intensity))


def _fill_points(points: Sequence[Point | Point32], keypoints: np.ndarray) -> None:
    """Write keypoints [K, D] into K points that exist already; twice as quick as new ones."""
    if keypoints.shape[1] == 2:  # a body seen from the front
        for point, (y, z) in zip(points, keypoints.tolist(), strict=True):
            point.x, point.y, point.z = 0.0, y, z
        return
    for point, (x, y, z) in zip(points, keypoints.tolist(), strict=True):
        point.x, point.y, point.z = x, y, z


def _marker(namespace: str, number: int, kind: int) -> Marker:
    marker = Marker(ns=namespace, id=number, type=kind, action=Marker.ADD)
    marker.pose.orientation.w = 1.0
    marker.lifetime = Duration(sec=int(MARKER_LIFETIME_S))
    return marker


def _sides(skeleton: Skeleton) -> list[tuple[float, float, float]]:
    """Return the colour of each keypoint by the side of the body that it is on."""
    middle = 1e-6
    return [LEFT if y > middle else RIGHT if y < -middle else MIDDLE for y in skeleton.rest[:, -2]]


# Joints.


def display_message(positions: Mapping[str, float], stamp: Time) -> JointState:
    message = JointState(name=list(positions), position=array('d', positions.values()))
    message.header.stamp = stamp
    return message


def targets_message(names: Sequence[str], state: MotionState, stamp: Time) -> JointState:
    """Return the commanded joints [J], with their speeds."""
    message = JointState(
        name=list(names), position=_numbers(state.position), velocity=_numbers(state.velocity)
    )
    message.header.stamp = stamp
    return message


def commands_message(positions: np.ndarray) -> Float64MultiArray:
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


def group_weights_of_message(message: JointGroupWeights) -> dict[str, float]:
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


def _numbers(values: np.ndarray) -> array[float]:
    # An array of doubles is taken as it is; a list would be looked through number by number.
    return array('d', np.ascontiguousarray(values, dtype=np.float64).tobytes())


def _duration(time_s: float) -> Duration:
    seconds, nanoseconds = divmod(round(time_s * 1e9), 10**9)
    return Duration(sec=seconds, nanosec=nanoseconds)
