# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Watches a motion node: a line a second of what it does, and what was measured at the end."""

from __future__ import annotations

import argparse
from collections.abc import Callable
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import String

from emotion_motion.emotion import dominant
from emotion_motion.msg import Emotion, Keypoints

__all__ = ['NoAnswerError', 'positive', 'WAIT_S', 'watch', 'Watcher']

SPIN_S, LINE_S, STALL_S = 0.05, 1.0, 5.0
WAIT_S = 120.0  # a first start compiles torch, on a busy machine for a minute


class NoAnswerError(Exception):
    """Nobody listens, answers or publishes; says where, and what is known of why."""


class Watcher(Node):
    """Receives one motion node's frames, recognised emotions and diagnostics, in one namespace."""

    def __init__(self, motion_node: str, **kwargs: Any) -> None:
        super().__init__('emotion_watch', **kwargs)
        self.frames = 0
        self.first_s = self.last_s = 0.0
        self.error = ''
        self._state = ''
        self._diagnostics: dict[str, str] = {}
        self._recognised = np.zeros(7)
        self._emotions_requested: list[str] = []
        self._emotions_seen: list[str] = []
        self._status_name = f'{self.get_namespace().rstrip("/")}/{motion_node}: motion'
        self._requested, self._listeners = '', 0
        # Since the last line: when it was, frames, and how far keypoints went on average [m].
        self._line_s, self._line_frames, self._path_m = time.monotonic(), 0, 0.0
        self._points: np.ndarray | None = None
        self._emotion = self.create_publisher(String, 'emotion', QoSProfile(depth=1))
        self.create_subscription(Keypoints, 'keypoints', self._on_keypoints, 60)
        self.create_subscription(Emotion, 'recognised_emotion', self._on_recognised, 10)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def ask(self, emotion: str) -> None:
        """Ask for an emotion, and again whenever a node appears that has not received it."""
        listeners = self._emotion.get_subscription_count()
        if emotion != self._requested or listeners > self._listeners:
            self._emotion.publish(String(data=emotion))
            self._requested = emotion
            if emotion not in self._emotions_requested:
                self._emotions_requested.append(emotion)
        self._listeners = listeners

    def line(self) -> str:
        now_s = time.monotonic()
        elapsed_s = max(now_s - self._line_s, 1e-6)
        rate_hz, speed = self._line_frames / elapsed_s, self._path_m / elapsed_s
        self._line_s, self._line_frames, self._path_m = now_s, 0, 0.0
        if self.frames == 0:
            topic = self.resolve_topic_name('keypoints')
            return f'waiting for {topic}; the node says: {self._state or "nothing yet"}'
        held = ', held' if self._diagnostics.get('hold') == 'True' else ''
        name = dominant(self._recognised)
        return (
            f'asked {self._diagnostics.get("emotion", "-")} | recognised {name}:'
            f'{max(self._recognised):.2f} | {speed:.2f} m/s | {rate_hz:.1f} Hz | '
            f'{self._state}{held}'
        )

    def summary(self) -> dict[str, Any]:
        """Return what was measured since the first frame."""
        span_s = self.last_s - self.first_s
        return {
            'frames': self.frames,
            'rate_hz': round((self.frames - 1) / span_s, 2) if span_s > 0.0 else 0.0,
            'step_p50_ms': self._number('step_p50_ms'),
            'step_p99_ms': self._number('step_p99_ms'),
            'misses': self._number('misses'),
            'emotions_requested': self._emotions_requested,
            'emotions_seen': self._emotions_seen,
            'model': self._diagnostics.get('model'),
        }

    def check(self, waited_s: float, wait_s: float) -> None:
        """Raise NoAnswerError where no frame has come within `wait_s`, or none any more [s]."""
        topic = self.resolve_topic_name('keypoints')
        reason = f'; the node says: {self.error}' if self.error else ''
        if self.frames == 0 and (self.error or waited_s > wait_s):
            raise NoAnswerError(
                f'got no keypoints on {topic} within {waited_s:.0f} s'
                f'{reason or "; is motion_node running and active?"}'
            )
        if self.frames and time.monotonic() - self.last_s > STALL_S:
            raise NoAnswerError(
                f'got {self.frames} keypoints on {topic}, then none for {STALL_S:g} s'
                f'{reason or "; is motion_node still active?"}'
            )

    def _number(self, key: str) -> float | int | None:
        try:
            value = float(self._diagnostics[key])
        except (KeyError, ValueError):
            return None
        return int(value) if value.is_integer() else value

    def _on_keypoints(self, message: Keypoints) -> None:
        self.last_s = time.monotonic()
        if self.frames == 0:
            self.first_s = self.last_s
        self.frames += 1
        self._line_frames += 1
        points = np.array([(p.x, p.y, p.z) for p in message.points])
        if self._points is not None and self._points.shape == points.shape:
            self._path_m += float(np.linalg.norm(points - self._points, axis=-1).mean())
        self._points = points

    def _on_recognised(self, message: Emotion) -> None:
        self._recognised = message.weights
        name = dominant(message.weights)
        if name not in self._emotions_seen:
            self._emotions_seen.append(name)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == self._status_name:
                self._diagnostics = {item.key: item.value for item in status.values}
                self._state = status.message
                self.error = status.message if status.level == DiagnosticStatus.ERROR else ''


def watch(
    watcher: Watcher,
    stopped: Callable[[], bool],
    *,
    seconds: float | None,
    wait_s: float,
    emotion_at: Callable[[float], str] | None = None,
    lines: bool = True,
) -> None:
    """Watch until `stopped`, or the time is over.

    Args:
        watcher: receives what the node publishes.
        stopped: whether to end.
        seconds: how long after the first frame [s]; None: without end.
        wait_s: how long to wait for the first frame [s].
        emotion_at: the emotion to ask for, by the time since the first frame [s]; None: none.
        lines: whether to print a line a second.

    Raises:
        NoAnswerError: the node publishes nothing, or nothing any more.
    """
    executor = SingleThreadedExecutor()
    executor.add_node(watcher)
    begin_s = line_s = time.monotonic()
    try:
        while not stopped():
            elapsed_s = time.monotonic() - watcher.first_s if watcher.frames else 0.0
            if seconds is not None and elapsed_s >= seconds:
                break
            if emotion_at is not None:
                watcher.ask(emotion_at(elapsed_s))
            executor.spin_once(timeout_sec=SPIN_S)
            watcher.check(time.monotonic() - begin_s, wait_s)
            if lines and time.monotonic() >= line_s + LINE_S:
                line_s += LINE_S
                print(watcher.line(), flush=True)
    finally:
        executor.shutdown()


def positive(text: str) -> float:
    """Read seconds above 0; for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float('inf'):
        raise argparse.ArgumentTypeError(f'got {text!r}; expected seconds above 0')
    return value
