# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The terminal client's node: asks for emotions over the real topic and keeps what comes back."""

from __future__ import annotations

import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger

from emotion_motion.emotion import dominant
from emotion_motion.msg import Emotion, Keypoints

__all__ = ['TerminalClient', 'EmotionWalk', 'WALK']

# In this order neighbours differ most, so that a change shows.
WALK = ('happiness', 'sadness', 'surprise', 'neutral', 'anger', 'fear', 'disgust')


class EmotionWalk:
    """What to ask for when: the seven emotions in turn, or one for good."""

    def __init__(self, emotion: str | None, emotion_s: float) -> None:
        """Walk through `WALK`, `emotion_s` seconds each, or stay with `emotion`."""
        self.fixed = emotion
        self._emotion_s = emotion_s

    def at(self, elapsed_s: float) -> str:
        """Return the emotion to ask for `elapsed_s` after the first frame."""
        if self.fixed is not None:
            return self.fixed
        return WALK[int(elapsed_s / self._emotion_s) % len(WALK)]


class TerminalClient(Node):
    """Subscribes to one motion node's frames, recognised emotions and diagnostics.

    Args:
        motion_node: name of the node, in this node's namespace.
    """

    def __init__(self, motion_node: str) -> None:
        super().__init__('emotion_terminal')
        self.frames = 0
        self.first_s = self.last_s = 0.0
        self.keypoints: Keypoints | None = None
        self.recognised = np.zeros(7)
        self.emotions_requested: list[str] = []
        self.emotions_seen: list[str] = []
        self.diagnostics: dict[str, str] = {}
        self.error = ''
        self.health = 'waiting for keypoints'
        namespace = self.get_namespace().rstrip('/')
        self._status_name = f'{namespace}/{motion_node}: motion'
        self._requested = ''
        self._listeners = 0
        self._emotion = self.create_publisher(String, 'emotion', QoSProfile(depth=1))
        # A short queue, so that drawing costs no frames of the count.
        self.create_subscription(Keypoints, 'keypoints', self._on_keypoints, QoSProfile(depth=60))
        self.create_subscription(Emotion, 'recognised_emotion', self._on_recognised, 10)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        self._hold = self.create_client(SetBool, f'{motion_node}/hold')
        self._reset = self.create_client(Trigger, f'{motion_node}/reset')

    @property
    def requested(self) -> str:
        """What was asked for last."""
        return self._requested

    @property
    def rate_hz(self) -> float:
        """Frames a second that have come, since the first."""
        span_s = self.last_s - self.first_s
        return (self.frames - 1) / span_s if span_s > 0.0 else 0.0

    @property
    def keypoints_topic(self) -> str:
        """Full name of the topic of frames."""
        return self.resolve_topic_name('keypoints')

    @property
    def emotion_topic(self) -> str:
        """Full name of the topic that emotions are asked for on."""
        return self.resolve_topic_name('emotion')

    def ask(self, emotion: str) -> None:
        """Ask for an emotion; said again whenever a node has appeared that did not hear it."""
        listeners = self._emotion.get_subscription_count()
        if emotion != self._requested or listeners > self._listeners:
            self._emotion.publish(String(data=emotion))
            self._requested = emotion
            if emotion not in self.emotions_requested:
                self.emotions_requested.append(emotion)
        self._listeners = listeners

    def hold(self, held: bool) -> None:
        """Let the motion come to rest, or go on."""
        self._hold.call_async(SetBool.Request(data=held))

    def reset(self) -> None:
        """Let the motion begin again."""
        self._reset.call_async(Trigger.Request())

    def summary(self) -> dict[str, Any]:
        """Return what was measured, for the one line of JSON."""
        return {
            'frames': self.frames,
            'rate_hz': round(self.rate_hz, 2),
            'step_p50_ms': self._number('step_p50_ms'),
            'step_p99_ms': self._number('step_p99_ms'),
            'misses': self._number('misses'),
            'emotions_requested': self.emotions_requested,
            'emotions_seen': self.emotions_seen,
            'model': self.diagnostics.get('model'),
        }

    def _number(self, key: str) -> float | int | None:
        try:
            value = float(self.diagnostics[key])
        except (KeyError, ValueError):
            return None
        return int(value) if value.is_integer() else value

    def _on_keypoints(self, message: Keypoints) -> None:
        self.last_s = time.monotonic()
        if self.frames == 0:
            self.first_s = self.last_s
        self.frames += 1
        self.keypoints = message

    def _on_recognised(self, message: Emotion) -> None:
        self.recognised = message.weights
        name = dominant(message.weights)
        if name not in self.emotions_seen:
            self.emotions_seen.append(name)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == self._status_name:
                self.diagnostics = {item.key: item.value for item in status.values}
                self.health = status.message
                self.error = status.message if status.level == DiagnosticStatus.ERROR else ''
