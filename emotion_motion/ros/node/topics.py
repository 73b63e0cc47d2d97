# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The topics and services of a configured `motion_node`: all made here, all destroyed here."""

from __future__ import annotations

from collections.abc import Callable
import importlib
from typing import Any

from builtin_interfaces.msg import Time
import numpy as np
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.qos import LivelinessPolicy, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger
from visualization_msgs.msg import MarkerArray

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.emotion import emotion_weights, format_emotion
from emotion_motion.exceptions import EmotionMotionError
from emotion_motion.msg import Emotion, Keypoints
from emotion_motion.ros.node.conversions import (
    emotion_message,
    emotion_of_message,
    KeypointsMessage,
    MarkersMessage,
)
from emotion_motion.ros.node.emotion_input import expression_weights

__all__ = ['MotionTopics', 'Topics']

WARN_PERIOD_S = 5.0
LEASE_S = 1.0


class Topics:
    """Publishers, subscriptions and services of a node that are destroyed together."""

    def __init__(self, node: LifecycleNode) -> None:
        """Begin with none."""
        self._node = node
        self._destroyers: dict[Any, Callable[[Any], object]] = {}

    def destroy(self) -> None:
        """Destroy all of them."""
        for entity in list(self._destroyers):
            self.destroy_one(entity)

    def destroy_one(self, entity: Any) -> None:
        """Destroy a publisher, a subscription or a service."""
        self._destroyers.pop(entity)(entity)

    def publisher(self, kind: type, topic: str, qos: QoSProfile) -> LifecyclePublisher:
        """Return a new publisher, whose QoS parameters may change."""
        publisher = self._node.create_lifecycle_publisher(
            kind, topic, qos, qos_overriding_options=QoSOverridingOptions.with_default_policies()
        )
        self._destroyers[publisher] = self._node.destroy_lifecycle_publisher
        return publisher

    def subscribe(
        self,
        kind: type,
        topic: str,
        take: Callable[[Any], None],
        qos: QoSProfile,
        *,
        overridable: bool = False,
    ) -> None:
        """Have `take` called with each message; one that it refuses is a warning in the log."""

        def guarded(message: Any) -> None:
            try:
                take(message)
            except EmotionMotionError as error:
                self._node.get_logger().warning(
                    f'ignored a message on {topic}: {error}', throttle_duration_sec=WARN_PERIOD_S
                )

        options = QoSOverridingOptions.with_default_policies() if overridable else None
        subscription = self._node.create_subscription(
            kind, topic, guarded, qos, qos_overriding_options=options
        )
        self._destroyers[subscription] = self._node.destroy_subscription

    def serve(self, kind: type, name: str, answer: Callable[[Any], str]) -> None:
        """Serve requests, each with the text that `answer` returns and success."""

        def serve(request: Any, response: Any) -> Any:
            response.message, response.success = answer(request), True
            return response

        service = self._node.create_service(kind, name, serve)
        self._destroyers[service] = self._node.destroy_service


class MotionTopics(Topics):
    """The topics and services of the motion.

    Args:
        node: a lifecycle node.
        skeleton: of the keypoints.
        body_height_m: height of the body [m].
        rate_hz: publish rate, for the deadline that is offered [Hz].
        on_emotion: receives the weights [7] of each good emotion.
        on_hold: receives whether to hold; returns what to answer.
        on_reset: called for a reset; returns what to answer.
    """

    def __init__(
        self,
        node: LifecycleNode,
        *,
        skeleton: Skeleton,
        body_height_m: float,
        rate_hz: float,
        on_emotion: Callable[[np.ndarray], None],
        on_hold: Callable[[bool], str],
        on_reset: Callable[[], str],
    ) -> None:
        super().__init__(node)
        self._on_emotion = on_emotion
        self._keypoints_message = KeypointsMessage(skeleton)
        self._markers_message = MarkersMessage(skeleton, body_height_m)
        self._keypoints: LifecyclePublisher
        try:
            self._open(rate_hz)
            self.serve(SetBool, '~/hold', lambda request: on_hold(request.data))
            self.serve(Trigger, '~/reset', lambda _: on_reset())
        except Exception:
            self.destroy()
            raise

    def set_rate(self, rate_hz: float) -> None:
        """Offer the deadline of another publish rate [Hz]; subscribers match anew."""
        active = self._keypoints.is_activated
        self.destroy_one(self._keypoints)
        self._keypoints = self.publisher(Keypoints, 'keypoints', _keypoints_qos(rate_hz))
        if active:
            self._keypoints.on_activate(None)

    def set_body_height(self, body_height_m: float) -> None:
        """Fit the markers to a body of that height [m]."""
        self._markers_message.set_body_height(body_height_m)

    def publish(
        self,
        keypoints: np.ndarray,
        recognised: np.ndarray,
        *,
        stamp: Time,
        frame_id: str,
        markers: bool,
    ) -> None:
        """Publish one frame; its messages carry one stamp.

        Args:
            keypoints: [K, 3] in metres.
            recognised: weights [7].
            stamp: of the frame.
            frame_id: frame of the keypoints.
            markers: whether to publish markers too, where somebody subscribes to them.
        """
        self._keypoints.publish(self._keypoints_message.fill(keypoints, stamp, frame_id))
        if self._recognised.get_subscription_count() > 0:
            self._recognised.publish(emotion_message(recognised, stamp))
        if markers and self._markers.get_subscription_count() > 0:
            self._markers.publish(self._markers_message.fill(keypoints, stamp, frame_id))

    def _open(self, rate_hz: float) -> None:
        self._keypoints = self.publisher(Keypoints, 'keypoints', _keypoints_qos(rate_hz))
        self._markers = self.publisher(MarkerArray, 'keypoint_markers', QoSProfile(depth=1))
        self._recognised = self.publisher(Emotion, 'recognised_emotion', QoSProfile(depth=1))
        self._take_emotions(String, 'emotion', lambda m: emotion_weights(m.data))
        self._take_emotions(Emotion, 'emotion_weights', emotion_of_message)
        expression = _expression_type()
        if expression is not None:
            self._take_emotions(
                expression,
                'expression',
                lambda m: expression_weights(str(m.expression), m.valence, m.arousal),
            )

    def _take_emotions(self, kind: type, topic: str, read: Callable[[Any], np.ndarray]) -> None:
        def take(message: Any) -> None:
            weights = read(message)
            self._node.get_logger().debug(f'{topic}: {format_emotion(weights)}')
            self._on_emotion(weights)

        # Reliable, volatile, newest only. A deadline is never requested: an ordinary publisher
        # offers none and would be refused.
        self.subscribe(kind, topic, take, QoSProfile(depth=1), overridable=True)


def _keypoints_qos(rate_hz: float) -> QoSProfile:
    """Offer what a careful subscriber may ask for: a deadline and signs of life."""
    return QoSProfile(
        depth=1,
        deadline=Duration(seconds=2.0 / rate_hz),
        liveliness=LivelinessPolicy.AUTOMATIC,
        liveliness_lease_duration=Duration(seconds=LEASE_S),
    )


def _expression_type() -> type | None:
    """Return hri_msgs/Expression, or None where hri_msgs is not installed."""
    try:
        return importlib.import_module('hri_msgs.msg').Expression
    except (ImportError, AttributeError):
        return None
