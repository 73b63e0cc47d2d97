# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the node measures of itself, on /diagnostics once a second in every state (REP-107)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
import time
from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from emotion_motion.ros.survival import reading, shortened

if TYPE_CHECKING:
    from emotion_motion.ros.node.live_parts import LiveParts

__all__ = ['HealthReport', 'LoopStatistics']

WINDOW_S = 2.0
# A longer gap is a clock that was set or a machine that slept: one miss, not thousands.
LEAP_S = 10.0
STEPS_KEPT = 512

PERIOD_S = 1.0
# Asked a little early, the report is on time; else rounding would leave one out now and then.
MARGIN_S = 0.125
TOPIC, SUBJECT = '/diagnostics', ': motion'
OTHERS_BYTES = 1 << 14  # far above what a motion node sends
SHARED_S = 3.0  # without news of it a node is gone
SLOW_SHARE = 0.9
LOG_PERIOD_S = 5.0


class LoopStatistics:
    """Rate, misses and step times of a loop that should tick at a fixed period.

    Times are seconds of the clock that the loop runs on; memory is bounded.
    """

    def __init__(self) -> None:
        self.misses = 0
        self._ticks: deque[float] = deque()
        self._step_times_s: deque[float] = deque(maxlen=STEPS_KEPT)

    def restart(self) -> None:
        """Forget the last tick: a pause that is meant is no miss."""
        self._ticks.clear()

    def tick(self, now_s: float, period_s: float) -> None:
        """Count a tick at `now_s`, and a miss for each one that came late or not at all."""
        ticks = self._ticks
        if ticks and now_s < ticks[-1]:
            ticks.clear()  # the clock was set back, as by a simulation that starts anew
        gap_s = now_s - ticks[-1] if ticks else 0.0
        if gap_s > 1.5 * period_s:
            self.misses += max(1, round(gap_s / period_s) - 1) if gap_s < LEAP_S else 1
        ticks.append(now_s)
        while ticks[0] < now_s - max(WINDOW_S, 4.0 * period_s):
            ticks.popleft()

    def step(self, step_times_s: Sequence[float]) -> None:
        self._step_times_s.extend(step_times_s)

    def rate_hz(self, now_s: float) -> float:
        """Return the ticks a second of late; 0 once they have stopped."""
        ticks = self._ticks
        if len(ticks) < 2 or ticks[-1] == ticks[0]:
            return 0.0
        span_s = ticks[-1] - ticks[0]
        mean_s = span_s / (len(ticks) - 1)
        return 0.0 if now_s - ticks[-1] > max(1.0, 3.0 * mean_s) else 1.0 / mean_s

    def step_ms(self, percentile: float) -> float:
        """Return a percentile of the latest step times [ms]; NaN before the first step."""
        if not self._step_times_s:
            return float('nan')
        return float(np.percentile(self._step_times_s, percentile)) * 1e3


class HealthReport:
    """Publishes what the node is doing and what it measures of itself, in every state."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._name = f'{node.get_fully_qualified_name()}{SUBJECT}'
        self._publisher = node.create_publisher(DiagnosticArray, TOPIC, 10)
        self._read = reading(DiagnosticArray, TOPIC, self._take, OTHERS_BYTES, node.get_logger())
        # Best effort takes from everybody; an old status is no loss.
        qos = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
        node.create_subscription(DiagnosticArray, TOPIC, self._on_diagnostics, qos, raw=True)
        # Who else shows a body in our frame, in which, and when it said so.
        self._other, self._shared_frame, self._said_s = '', '', -SHARED_S
        self._published_s = time.monotonic()
        self._misses = 0
        self._log_problem = self._robot_problem = self._warning = ''

    def watch(self, state: str, error: str, live: LiveParts | None, clock_stands: bool) -> None:
        """Log new problems, and publish once a second; call it several times a second.

        `error` is what went wrong last; there is no `live` without a model.
        """
        self._log_problems(live)
        now_s = time.monotonic()
        if now_s - self._published_s < PERIOD_S - MARGIN_S:
            return
        self._published_s = now_s
        self._look_around(live)
        values = {'lifecycle_state': state} | self._values(live)
        status = DiagnosticStatus(name=self._name, hardware_id=values['model'])
        status.level, status.message = self._level(state, error, live, clock_stands)
        status.values = [KeyValue(key=key, value=value) for key, value in values.items()]
        message = DiagnosticArray(status=[status])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)

    def _log_problems(self, live: LiveParts | None) -> None:
        """Log a problem when it begins, at most every few seconds."""
        log_problem = live.motion.log_problem if live else ''
        robot_problem = live.robot.driver.problem if live and live.robot else ''
        logger = self._node.get_logger()
        if log_problem and log_problem != self._log_problem:
            logger.warning(f'{log_problem}; the motion goes on without')
        if robot_problem and robot_problem != self._robot_problem:
            text = f'the robot is not driven: {robot_problem}'
            logger.error(text, throttle_duration_sec=LOG_PERIOD_S)
        self._log_problem, self._robot_problem = log_problem, robot_problem

    def _look_around(self, live: LiveParts | None) -> None:
        """Log what is wrong with the graph around the node when that begins."""
        warning = ''
        if live and live.loop.running:
            warning = '; '.join(filter(None, (live.warning, self._other_body())))
        if warning and warning != self._warning:
            self._node.get_logger().warning(warning, throttle_duration_sec=LOG_PERIOD_S)
        self._warning = warning

    def _level(
        self, state: str, error: str, live: LiveParts | None, clock_stands: bool
    ) -> tuple[bytes, str]:
        late = self._newly_late(live)
        if error:
            return DiagnosticStatus.ERROR, error
        if state == 'finalized':
            return DiagnosticStatus.WARN, 'finalized: it was shut down; start the process again'
        if live is None or not live.loop.running:
            return DiagnosticStatus.OK, state
        if clock_stands:
            return DiagnosticStatus.WARN, 'the clock stands, the motion rests'
        if live.robot is not None and live.robot.driver.problem:
            return DiagnosticStatus.ERROR, live.robot.driver.problem
        motion = live.motion
        rate_hz = motion.statistics.rate_hz(live.loop.seconds())
        slow = ''
        if rate_hz < SLOW_SHARE * motion.rate_hz:
            slow = f'only {rate_hz:.1f} of {motion.rate_hz:g} Hz'
        elif late:
            slow = f'{late} frames late or left out in the last second'
        warnings = '; '.join(filter(None, (self._warning, slow, motion.log_problem)))
        if warnings:
            return DiagnosticStatus.WARN, warnings
        return DiagnosticStatus.OK, 'holding' if 'user' in motion.holds else 'moving'

    def _on_diagnostics(self, content: bytes) -> None:
        """Read what other motion nodes say; of all the rest nothing is read."""
        if SUBJECT.encode() in content and len(content) <= OTHERS_BYTES:
            self._read(content)

    def _take(self, message: DiagnosticArray) -> None:
        frame = self._node.get_parameter('frame_id').value
        for status in message.status:
            values = {item.key: item.value for item in status.values}
            shows = values.get('lifecycle_state') == 'active' and values.get('frame_id') == frame
            if shows and status.name.endswith(SUBJECT) and status.name != self._name:
                other = shortened(status.name.removesuffix(SUBJECT))
                if other == self._other or not self._other_body():  # of several the first
                    self._other, self._shared_frame = other, frame
                    self._said_s = time.monotonic()

    def _other_body(self) -> str:
        """Return which node shows another body in our frame; '' where none does."""
        frame = self._node.get_parameter('frame_id').value
        if frame != self._shared_frame or time.monotonic() - self._said_s > SHARED_S:
            return ''
        return (
            f'{self._other} shows a body in the frame {frame} too, in the same place; give each '
            f'node a frame_id of its own'
        )

    def _newly_late(self, live: LiveParts | None) -> int:
        """Return how many frames were late since the last status."""
        before = self._misses
        self._misses = before if live is None else live.motion.statistics.misses
        return max(0, self._misses - before)  # fewer: another model

    def _values(self, live: LiveParts | None) -> dict[str, str]:
        """Return what is known, floats with three decimals; without a model that is little."""
        if live is None:
            values = {n: self._node.get_parameter(n).value for n in ('model', 'device')}
        else:
            values = live.measurements
        return {n: f'{v:.3f}' if isinstance(v, float) else str(v) for n, v in values.items()}
