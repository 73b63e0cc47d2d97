# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How the node is, on /diagnostics once a second in every state (REP-107)."""

from __future__ import annotations

import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from emotion_motion.emotion import format_emotion
from emotion_motion.ros.node.statistics import diagnostic_array

__all__ = ['HealthReport']

PERIOD_S = 1.0
# Asked a little early, the report is on time; else rounding would leave one out now and then.
MARGIN_S = 0.125
SLOW_SHARE = 0.9


class HealthReport:
    """Publishes what the node is doing and what it measures of itself."""

    def __init__(self, node: Any) -> None:
        """Make the publisher; it is there in every lifecycle state."""
        self._node = node
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._published_s = time.monotonic()
        self._misses = 0

    def watch(
        self, state: str, error: str, motion: Any, loop: Any, clock_stands: bool, robot: Any = None
    ) -> None:
        """Publish if it is time; call it several times a second.

        Args:
            state: the lifecycle state.
            error: what went wrong last; '' for nothing.
            motion: LiveMotion, or None while there is no model.
            loop: its MotionLoop, or None.
            clock_stands: whether the node's clock does not move.
            robot: its RobotOutput, or None.
        """
        now_s = time.monotonic()
        if now_s - self._published_s < PERIOD_S - MARGIN_S:
            return
        self._published_s = now_s
        level, message = self._level(state, error, motion, loop, clock_stands, robot)
        measured = self._measurements(motion, loop) if motion else self._requested()
        measured |= robot.measurements if robot else {}
        self._publisher.publish(
            diagnostic_array(
                f'{self._node.get_fully_qualified_name()}: motion',
                level,
                message,
                {'lifecycle_state': state} | measured,
                hardware_id=str(measured['model']),
                stamp=self._node.get_clock().now().to_msg(),
            )
        )

    def _level(
        self, state: str, error: str, motion: Any, loop: Any, clock_stands: bool, robot: Any
    ) -> tuple[bytes, str]:
        """Return the level and the state in a few words."""
        if error:
            return DiagnosticStatus.ERROR, error
        if loop is None or not loop.running:
            return DiagnosticStatus.OK, state
        if clock_stands:
            return DiagnosticStatus.WARN, 'the clock stands, the motion rests'
        if robot is not None and robot.problem:
            return DiagnosticStatus.ERROR, robot.problem
        late = max(0, motion.statistics.misses - self._misses)  # fewer: another model
        self._misses = motion.statistics.misses
        rate_hz = motion.statistics.rate_hz(loop.seconds())
        if rate_hz < SLOW_SHARE * motion.rate_hz:
            return DiagnosticStatus.WARN, f'only {rate_hz:.1f} of {motion.rate_hz:g} Hz'
        if late:
            return DiagnosticStatus.WARN, f'{late} frames late or left out in the last second'
        if motion.log_problem:
            return DiagnosticStatus.WARN, motion.log_problem
        return DiagnosticStatus.OK, 'holding' if motion.is_held('user') else 'moving'

    def _requested(self) -> dict[str, object]:
        """Return what is known without a model."""
        return {name: self._parameter(name) for name in ('model', 'device')}

    def _parameter(self, name: str) -> Any:
        return self._node.get_parameter(name).value

    def _measurements(self, motion: Any, loop: Any) -> dict[str, object]:
        generator, statistics, now_s = motion.generator, motion.statistics, loop.seconds()
        age_s = motion.emotion.age_s(now_s)
        return {
            'rate_hz': statistics.rate_hz(now_s),
            'publish_rate_hz': motion.rate_hz,
            'model_rate_hz': generator.rate,
            'step_p50_ms': statistics.step_ms(50),
            'step_p99_ms': statistics.step_ms(99),
            'misses': statistics.misses,
            'emotion': format_emotion(motion.emotion.at(now_s)),
            'emotion_age_s': 'none yet' if age_s is None else age_s,
            'recognised_emotion': format_emotion(motion.pose.recognised[0]),
            'model': generator.model_name,
            'model_sha256': generator.model_sha256,
            'device': generator.device,
            'seed': generator.seed,
            'model_steps': generator.steps,
            'still_s': float(generator.watchdog.still_s[0]),
            'repeating': float(generator.watchdog.repeating[0]),
            'watchdog_interventions': int(generator.watchdog.interventions[0]),
            'hold': motion.is_held('user'),
            'replay_file': motion.log_problem or self._parameter('replay_file') or 'off',
        }
