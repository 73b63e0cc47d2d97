# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Watches a motion node: a line a second of what it does, or a line of JSON at the end.

As a program it is the client of `make run` without a page: it also walks through the emotions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
import contextlib
import json
import signal
import sys
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args
from std_msgs.msg import String

from emotion_motion.emotion import dominant, emotion_weights
from emotion_motion.exceptions import EmotionError
from emotion_motion.msg import Emotion, Keypoints
from emotion_motion.viewer.panels.controls import TOUR, TOUR_S

__all__ = ['make_parser', 'NoFramesError', 'positive', 'tour_emotion', 'watch', 'Watcher']

SPIN_S, LINE_S, STALL_S, WAIT_S = 0.05, 1.0, 5.0, 30.0
NO_FRAMES, INTERRUPTED = 1, 130


class NoFramesError(Exception):
    """No keypoints came; says what is known of why."""


def tour_emotion(elapsed_s: float, emotion_s: float) -> str:
    """Return the emotion of `TOUR` at a time after the first frame; each takes `emotion_s`."""
    return TOUR[int(elapsed_s / emotion_s) % len(TOUR)]


class Watcher(Node):
    """Receives one motion node's frames, recognised emotions and diagnostics.

    Args:
        motion_node: name of the node, in this node's namespace.
        kwargs: of rclpy.node.Node.
    """

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
        """Return what the node has done since the last call, in one line."""
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
        """Return what was measured since the first frame, for the line of JSON."""
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
        """Raise NoFramesError where no frame has come within `wait_s`, or none any more [s]."""
        topic = self.resolve_topic_name('keypoints')
        reason = f'; the node says: {self.error}' if self.error else ''
        if self.frames == 0 and (self.error or waited_s > wait_s):
            raise NoFramesError(
                f'got no keypoints on {topic} within {waited_s:.0f} s'
                f'{reason or "; is motion_node running and active?"}'
            )
        if self.frames and time.monotonic() - self.last_s > STALL_S:
            raise NoFramesError(
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
    *,
    seconds: float | None,
    wait_s: float = WAIT_S,
    emotion_at: Callable[[float], str] | None = None,
    lines: bool = True,
) -> bool:
    """Watch until SIGINT or SIGTERM comes or the time is over.

    Args:
        watcher: receives what the node publishes.
        seconds: how long after the first frame [s]; None: without end.
        wait_s: how long to wait for the first frame [s].
        emotion_at: the emotion to ask for, by the time since the first frame [s]; None: none.
        lines: whether to print a line a second.

    Returns:
        Whether a signal ended it.

    Raises:
        NoFramesError: the node publishes nothing, or nothing any more.
    """
    executor = SingleThreadedExecutor()
    executor.add_node(watcher)
    begin_s = line_s = time.monotonic()
    try:
        with _stop_signals() as received:
            while not received:
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
    return bool(received)


@contextlib.contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Give a list that signals are put into, in the place of their handlers."""
    received: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    saved = {n: signal.signal(n, lambda got, _: received.append(got)) for n in numbers}
    try:
        yield received
    finally:
        for number, handler in saved.items():
            signal.signal(number, handler)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this program's options."""
    parser = argparse.ArgumentParser(prog='watch', description=__doc__)
    option = parser.add_argument
    option(
        '--emotion',
        metavar='TEXT',
        type=_emotion_text,
        help="ask for this alone, such as 'joy' or 'happiness:0.7, surprise:0.3' "
        '(default: walk through the seven)',
    )
    option(
        '--emotion-s',
        metavar='S',
        type=positive,
        help=f'time of each emotion of the walk [s] (default: {TOUR_S:g}; headless: so that all '
        'seven come)',
    )
    option('--headless', action='store_true', help='print one line of JSON at the end, no others')
    option(
        '--seconds',
        metavar='N',
        type=positive,
        help='end so long after the first frame [s] (default: when interrupted; headless: 10)',
    )
    option(
        '--wait-s',
        metavar='S',
        type=positive,
        default=WAIT_S,
        help='give up when no frame has come by then [s] (default: %(default)g)',
    )
    option(
        '--node',
        metavar='NAME',
        default='motion_node',
        help="the motion node's name, in this node's namespace (default: %(default)s)",
    )
    return parser


def _emotion_text(text: str) -> str:
    """Return a text that stands for an emotion; for argparse."""
    try:
        emotion_weights(text)
    except EmotionError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def positive(text: str) -> float:
    """Read seconds above 0; for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float('inf'):
        raise argparse.ArgumentTypeError(f'got {text!r}; expected seconds above 0')
    return value


def main(args: Sequence[str] | None = None) -> int:
    """Walk through the emotions and watch what comes.

    Returns:
        The exit status: 0 at the end, 1 without frames, 2 for wrong options, 130 when a headless
        run is interrupted.
    """
    argv = list(sys.argv if args is None else ['watch', *args])
    options = make_parser().parse_args(remove_ros_args(argv)[1:])
    seconds = options.seconds or (10.0 if options.headless else None)
    all_seven_s = seconds / len(TOUR) if options.headless and seconds else TOUR_S
    emotion_s = options.emotion_s or all_seven_s
    rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
    watcher = Watcher(options.node)
    try:
        interrupted = watch(
            watcher,
            seconds=seconds,
            wait_s=options.wait_s,
            emotion_at=lambda time_s: options.emotion or tour_emotion(time_s, emotion_s),
            lines=not options.headless,
        )
    except NoFramesError as error:
        print(f'watch: {error}', file=sys.stderr)
        return NO_FRAMES
    finally:
        watcher.destroy_node()
        rclpy.shutdown()
    if not options.headless:
        return 0
    print(json.dumps(watcher.summary()), flush=True)
    return INTERRUPTED if interrupted else 0


if __name__ == '__main__':
    sys.exit(main())
