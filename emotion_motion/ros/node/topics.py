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
from rclpy.qos import LivelinessPolicy, QoSPolicyKind, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger
from visualization_msgs.msg import MarkerArray

from emotion_motion.emotion import emotion_weights, format_emotion
from emotion_motion.msg import Emotion, Keypoints
from emotion_motion.ros.node.conversions import (
    emotion_message,
    emotion_of_message,
    KeypointsMessage,
    MarkersMessage,
)
from emotion_motion.ros.node.emotion_input import expression_weights
from emotion_motion.ros.node.live_motion import LiveMotion
from emotion_motion.ros.survival import answering, reading
from emotion_motion.settings import LONGEST_TEXT

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

__all__ = ['MotionTopics', 'SubscriptionEventCallbacks', 'Topics']

LIMIT_BYTES = LONGEST_TEXT + 64  # of a message: a text and what is around it
LEASE_S = 1.0
INPUT_POLICIES = (
    QoSPolicyKind.HISTORY,
    QoSPolicyKind.DEPTH,
    QoSPolicyKind.RELIABILITY,
    QoSPolicyKind.DURABILITY,
)


class Topics:
    """Publishers, subscriptions and services of a node that are destroyed together."""

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._destroyers: dict[Any, Callable[[Any], object]] = {}

    def destroy(self) -> None:
        for entity in list(self._destroyers):
            self.destroy_one(entity)

    def destroy_one(self, entity: Any) -> None:
        self._destroyers.pop(entity)(entity)

    def several(self, topic: str, expected: str = 'this node alone') -> str:
        """Return who publishes a topic, where that is more than one."""
        publishers = self._node.get_publishers_info_by_topic(topic)
        if len(publishers) < 2:
            return ''
        names = sorted(f'{p.node_namespace.rstrip("/")}/{p.node_name}' for p in publishers)
        return (
            f'{len(names)} publish {topic} ({", ".join(names)}); expected {expected}: end the '
            f'others or give each a namespace'
        )

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
        limit_bytes: int = LIMIT_BYTES,
        events: SubscriptionEventCallbacks | None = None,
    ) -> None:
        """Have `take` called with each message; one that it refuses is a warning in the log."""
        read = reading(kind, topic, take, limit_bytes, self._node.get_logger())
        options = QoSOverridingOptions(INPUT_POLICIES) if overridable else None
        subscription = self._node.create_subscription(
            kind,
            topic,
            read,
            qos,
            raw=True,
            qos_overriding_options=options,
            event_callbacks=events,
        )
        self._destroyers[subscription] = self._node.destroy_subscription

    def serve(self, kind: type, name: str, answer: Callable[[Any], str]) -> None:
        """Serve requests, each with the text that `answer` returns and success."""

        def serve(request: Any, response: Any) -> Any:
            response.message, response.success = answer(request), True
            return response

        service = self._node.create_service(
            kind, name, answering(serve, name, self._node.get_logger())
        )
        self._destroyers[service] = self._node.destroy_service


class MotionTopics(Topics):
    """The topics and services of the motion; emotions are received at a time of `seconds` [s]."""

    def __init__(
        self, node: LifecycleNode, motion: LiveMotion, seconds: Callable[[], float]
    ) -> None:
        super().__init__(node)
        self._motion, self._seconds = motion, seconds
        self._keypoints_message = KeypointsMessage(motion.generator.skeleton)
        self._markers_message = MarkersMessage(motion.generator.skeleton)
        self._keypoints: LifecyclePublisher
        try:
            self._open()
        except Exception:
            self.destroy()
            raise

    def set_rate(self) -> None:
        """Offer the deadline of the motion's new publish rate; subscribers match anew."""
        active = self._keypoints.is_activated
        self.destroy_one(self._keypoints)
        self._open_keypoints()
        if active:
            self._keypoints.on_activate(None)

    @property
    def warning(self) -> str:
        """Who else publishes keypoints; '' where nobody does."""
        return self.several(self._keypoints.topic_name)

    def publish(self, stamp: Time, *, frame_id: str, markers: bool) -> None:
        """Publish the newest pose; its messages carry one stamp.

        Markers are published where they are wanted and somebody subscribes to them.
        """
        keypoints = self._motion.pose.keypoints[0]
        self._keypoints.publish(self._keypoints_message.fill(keypoints, stamp, frame_id))
        if self._recognised.get_subscription_count() > 0:
            self._recognised.publish(emotion_message(self._motion.pose.recognised[0], stamp))
        if markers and self._markers.get_subscription_count() > 0:
            height_m = self._motion.generator.body_height_m
            filled = self._markers_message.fill(keypoints, height_m, stamp, frame_id)
            self._markers.publish(filled)

    def _open_keypoints(self) -> None:
        # What a careful subscriber may ask for: a deadline and signs of life.
        qos = QoSProfile(
            depth=1,
            deadline=Duration(seconds=2.0 / self._motion.rate_hz),
            liveliness=LivelinessPolicy.AUTOMATIC,
            liveliness_lease_duration=Duration(seconds=LEASE_S),
        )
        self._keypoints = self.publisher(Keypoints, 'keypoints', qos)

    def _open(self) -> None:
        self._open_keypoints()
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
        self.serve(SetBool, '~/hold', self._on_hold)
        self.serve(Trigger, '~/reset', self._on_reset)

    def _on_hold(self, request: SetBool.Request) -> str:
        self._motion.hold('user', request.data)
        return 'coming to rest within 0.5 s' if request.data else 'going on'

    def _on_reset(self, _request: Trigger.Request) -> str:
        self._motion.reset()
        return f'in the rest pose, seed {self._motion.generator.seed}'

    def _take_emotions(self, kind: type, topic: str, read: Callable[[Any], np.ndarray]) -> None:
        def take(message: Any) -> None:
            weights = read(message)
            self._node.get_logger().debug(f'{topic}: {format_emotion(weights)}')
            self._motion.emotion.set(weights, self._seconds())

        # Reliable, volatile, newest only. A deadline is never requested: an ordinary publisher
        # offers none and would be refused.
        self.subscribe(kind, topic, take, QoSProfile(depth=1), overridable=True)


def _expression_type() -> type | None:
    """Return hri_msgs/Expression, or None where hri_msgs is not installed."""
    try:
        return importlib.import_module('hri_msgs.msg').Expression
    except (ImportError, AttributeError):
        return None
