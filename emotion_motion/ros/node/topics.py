# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The topics and services of a configured `motion_node`: all made here, all destroyed here."""

from __future__ import annotations

from collections.abc import Callable
import importlib
from typing import Any

import numpy as np
from rclpy.duration import Duration
from rclpy.qos import LivelinessPolicy, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger
from visualization_msgs.msg import MarkerArray

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.emotion import emotion_weights, format_emotion
from emotion_motion.exceptions import EmotionError
from emotion_motion.msg import Emotion, Keypoints
from emotion_motion.ros.node.conversions import (
    EmotionMessage,
    KeypointsMessage,
    MarkersMessage,
    weights_from_message,
)
from emotion_motion.ros.node.emotion_input import expression_weights

__all__ = ['MotionTopics']

WARN_PERIOD_S = 5.0
LEASE_S = 1.0


class MotionTopics:
    """Publishers, subscriptions and services, and what goes through them.

    Args:
        node: a lifecycle node.
        skeleton: of the keypoints.
        body_height_m: height of the body [m].
        rate_hz: publish rate, for the deadline that is offered [Hz].
        on_emotion: told the weights [7] of each good emotion.
        on_hold: told whether to hold; returns what to answer.
        on_reset: called for a reset; returns what to answer.
    """

    def __init__(
        self,
        node: Any,
        *,
        skeleton: Skeleton,
        body_height_m: float,
        rate_hz: float,
        on_emotion: Callable[[np.ndarray], None],
        on_hold: Callable[[bool], str],
        on_reset: Callable[[], str],
    ) -> None:
        self._node = node
        self._on_emotion = on_emotion
        self._on_hold = on_hold
        self._on_reset = on_reset
        self._keypoints_message = KeypointsMessage(skeleton)
        self._markers_message = MarkersMessage(skeleton, body_height_m)
        self._emotion_message = EmotionMessage()
        self._publishers: list[Any] = []
        self._subscriptions: list[Any] = []
        self._services: list[Any] = []
        try:
            self._open(rate_hz)
        except Exception:
            self.destroy()
            raise

    def destroy(self) -> None:
        """Destroy every publisher, subscription and service."""
        for publisher in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        for service in self._services:
            self._node.destroy_service(service)
        self._publishers, self._subscriptions, self._services = [], [], []

    def set_rate(self, rate_hz: float) -> None:
        """Offer the deadline of another publish rate [Hz]; subscribers match anew."""
        active = self._keypoints.is_activated
        self._publishers.remove(self._keypoints)
        self._node.destroy_lifecycle_publisher(self._keypoints)
        self._keypoints = self._publish(Keypoints, 'keypoints', _keypoints_qos(rate_hz))
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
        stamp: Any,
        frame_id: str,
        markers: bool,
    ) -> None:
        """Publish one frame; its messages carry one stamp.

        Args:
            keypoints: [K, 3] in metres.
            recognised: weights [7].
            stamp: builtin_interfaces/Time.
            frame_id: frame of the keypoints.
            markers: whether to publish markers too, where somebody subscribes to them.
        """
        self._keypoints.publish(self._keypoints_message.fill(keypoints, stamp, frame_id))
        if self._recognised.get_subscription_count() > 0:
            self._recognised.publish(self._emotion_message.fill(recognised, stamp))
        if markers and self._markers.get_subscription_count() > 0:
            self._markers.publish(self._markers_message.fill(keypoints, stamp, frame_id))

    def _open(self, rate_hz: float) -> None:
        self._keypoints = self._publish(Keypoints, 'keypoints', _keypoints_qos(rate_hz))
        self._markers = self._publish(MarkerArray, 'keypoint_markers', QoSProfile(depth=1))
        self._recognised = self._publish(Emotion, 'recognised_emotion', QoSProfile(depth=1))
        self._subscribe(String, 'emotion', lambda m: emotion_weights(m.data))
        self._subscribe(Emotion, 'emotion_weights', weights_from_message)
        expression = _expression_type()
        if expression is not None:
            self._subscribe(
                expression,
                'expression',
                lambda m: expression_weights(str(m.expression), m.valence, m.arousal),
            )
        serve = self._node.create_service
        self._services.append(serve(SetBool, '~/hold', self._hold))
        self._services.append(serve(Trigger, '~/reset', self._reset))

    def _publish(self, kind: type, topic: str, qos: QoSProfile) -> Any:
        publisher = self._node.create_lifecycle_publisher(
            kind, topic, qos, qos_overriding_options=QoSOverridingOptions.with_default_policies()
        )
        self._publishers.append(publisher)
        return publisher

    def _subscribe(self, kind: type, topic: str, read: Callable[[Any], np.ndarray]) -> None:
        # Reliable, volatile, newest only. A deadline is never requested: an ordinary publisher
        # offers none and would be refused.
        subscription = self._node.create_subscription(
            kind,
            topic,
            lambda message: self._take(topic, message, read),
            QoSProfile(depth=1),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self._subscriptions.append(subscription)

    def _take(self, topic: str, message: Any, read: Callable[[Any], np.ndarray]) -> None:
        logger = self._node.get_logger()
        try:
            weights = read(message)
        except EmotionError as error:
            logger.warning(
                f'ignored a message on {topic}: {error}', throttle_duration_sec=WARN_PERIOD_S
            )
            return
        logger.debug(f'{topic}: {format_emotion(weights)}')
        self._on_emotion(weights)

    def _hold(self, request: Any, response: Any) -> Any:
        response.message = self._on_hold(request.data)
        response.success = True
        return response

    def _reset(self, _request: Any, response: Any) -> Any:
        response.message = self._on_reset()
        response.success = True
        return response


def _keypoints_qos(rate_hz: float) -> QoSProfile:
    """Offer what a careful subscriber may ask for: a deadline and signs of life."""
    return QoSProfile(
        depth=1,
        deadline=Duration(seconds=2.0 / rate_hz),
        liveliness=LivelinessPolicy.AUTOMATIC,
        liveliness_lease_duration=Duration(seconds=LEASE_S),
    )


def _expression_type() -> Any:
    """Return hri_msgs/Expression, or None where hri_msgs is not installed."""
    try:
        return importlib.import_module('hri_msgs.msg').Expression
    except (ImportError, AttributeError):
        return None
