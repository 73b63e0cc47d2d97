# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion and emotions as messages; what is sent at every frame is made once and refilled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Point32, Vector3
import numpy as np
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.emotion import emotion_weights
from emotion_motion.msg import Emotion, Keypoints

__all__ = ['EmotionMessage', 'KeypointsMessage', 'MarkersMessage', 'weights_from_message']

# Left, middle and right as in the terminal client; told apart by colour-blind eyes too.
LEFT, MIDDLE, RIGHT = (0.22, 0.62, 0.95), (0.85, 0.85, 0.85), (0.98, 0.60, 0.20)
JOINT_RADIUS, BONE_WIDTH = 0.012, 0.012  # in body heights
MARKER_LIFETIME_S = 1.0


class KeypointsMessage:
    """A Keypoints message that is refilled for every frame."""

    def __init__(self, skeleton: Skeleton) -> None:
        """Make the message for a skeleton; it has no pose yet."""
        self.message = Keypoints(
            skeleton=skeleton.name,
            names=list(skeleton.names),
            points=[Point32() for _ in skeleton.names],
        )

    def fill(self, keypoints: np.ndarray, stamp: Any, frame_id: str) -> Keypoints:
        """Return the message with keypoints [K, D] in metres; x is 0 where D is 2."""
        self.message.header.stamp = stamp
        self.message.header.frame_id = frame_id
        _fill_points(self.message.points, keypoints)
        return self.message


class EmotionMessage:
    """An Emotion message that is refilled for every frame."""

    def __init__(self) -> None:
        """Make the message, all zero."""
        self.message = Emotion()

    def fill(self, weights: np.ndarray, stamp: Any) -> Emotion:
        """Return the message with weights [7]."""
        self.message.header.stamp = stamp
        self.message.weights = np.asarray(weights, dtype=np.float32)
        return self.message


class MarkersMessage:
    """A MarkerArray of two markers, joints and bones, that is refilled for every frame.

    The two have ids of their own, so that each frame replaces the one before, and a lifetime, so
    that the figure goes when its node has gone.
    """

    def __init__(self, skeleton: Skeleton, body_height_m: float) -> None:
        """Make the message for a skeleton; sizes go with the body's height [m]."""
        colours = [ColorRGBA(r=r, g=g, b=b, a=1.0) for r, g, b in _sides(skeleton)]
        self._points = [Point() for _ in skeleton.names]
        self._joints = _marker('joints', 0, Marker.SPHERE_LIST)
        self._joints.points = self._points
        self._joints.colors = colours
        self._bones = _marker('bones', 1, Marker.LINE_LIST)
        # The same Point objects: filling the joints fills the bones.
        self._bones.points = [self._points[i] for edge in skeleton.edges for i in edge]
        self._bones.colors = [colours[child] for _, child in skeleton.edges for _ in (0, 1)]
        self.set_body_height(body_height_m)
        self.message = MarkerArray(markers=[self._joints, self._bones])

    def set_body_height(self, body_height_m: float) -> None:
        """Fit the sizes of joints and bones to a body of that height [m]."""
        diameter = 2.0 * JOINT_RADIUS * body_height_m
        self._joints.scale = Vector3(x=diameter, y=diameter, z=diameter)
        self._bones.scale = Vector3(x=BONE_WIDTH * body_height_m)

    def fill(self, keypoints: np.ndarray, stamp: Any, frame_id: str) -> MarkerArray:
        """Return the message with keypoints [K, D] in metres; x is 0 where D is 2."""
        for marker in self.message.markers:
            marker.header.stamp = stamp
            marker.header.frame_id = frame_id
        _fill_points(self._points, keypoints)
        return self.message


def weights_from_message(message: Emotion) -> np.ndarray:
    """Return the weights [7] that an Emotion message asks for.

    Raises:
        EmotionError: a weight or the intensity is out of range; the message names it.
    """
    return emotion_weights(message.weights, float(message.intensity))


def _fill_points(points: Sequence[Any], keypoints: np.ndarray) -> None:
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
