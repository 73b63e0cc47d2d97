# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the node measures of itself, and the message on /diagnostics that tells it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import numpy as np

__all__ = ['LoopStatistics', 'diagnostic_array']

WINDOW_S = 2.0
# A longer gap is a clock that was set or a machine that slept: one miss, not thousands.
LEAP_S = 10.0
STEPS_KEPT = 512


class LoopStatistics:
    """Rate, misses and step times of a loop that should tick at a fixed period.

    Times are seconds of the clock that the loop runs on; memory is bounded.
    """

    def __init__(self) -> None:
        """Begin with nothing measured."""
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
        """Add how long model steps took [s]."""
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


def diagnostic_array(
    name: str,
    level: bytes,
    message: str,
    values: Mapping[str, object],
    *,
    hardware_id: str,
    stamp: object,
) -> DiagnosticArray:
    """Make the message of one status (REP-107).

    Args:
        name: `<node>: <part>`.
        level: one of DiagnosticStatus.OK, WARN, ERROR.
        message: the state in a few words.
        values: what was measured; floats are written with three decimals.
        hardware_id: what the status is about.
        stamp: builtin_interfaces/Time.
    """
    status = DiagnosticStatus(level=level, name=name, message=message, hardware_id=hardware_id)
    status.values = [KeyValue(key=key, value=_text(value)) for key, value in values.items()]
    array = DiagnosticArray(status=[status])
    array.header.stamp = stamp
    return array


def _text(value: object) -> str:
    return f'{value:.3f}' if isinstance(value, float) else str(value)
