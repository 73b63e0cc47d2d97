# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loop of an active node: a timer on the node's clock that shows one frame a tick."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Any

from rclpy.duration import Duration

from emotion_motion.ros.node.live_motion import LiveMotion

__all__ = ['MotionLoop']

# A frame is published this long after its tick was due, whatever its computing took: frames with a
# model step and frames without one, and ticks that woke late, come at even distances then. It is
# more than nearly every step takes, and less than the 5 ms that an emotion may need beyond the
# model's period. Always short against the publish period.
PUBLISH_DELAY_S, PUBLISH_DELAY_SHARE = 0.0035, 0.25
CLOCK_STOPPED_S = 1.0
# The motion comes to rest in 0.4 s; nothing waits for it longer than this.
SETTLE_LIMIT_S, SETTLE_PERIOD_MAX_S = 0.6, 0.05
# A robot comes to rest within its limits, however low they are; nothing waits longer than this.
ROBOT_SETTLE_LIMIT_S = 5.0


class MotionLoop:
    """Ticks a LiveMotion at its publish rate.

    A tick is one nominal period of the motion, on whatever clock. One that comes late is counted
    as a miss and not made up for: the motion then runs a little behind, it never leaps.

    Args:
        node: gives the clock and the timer.
        motion: what is shown.
        show: publishes `motion.pose` with a stamp, builtin_interfaces/Time.
        fail: told the error that a frame could not be made for.
        settled: whether everything else that moves with the motion is at rest too.
    """

    def __init__(
        self,
        node: Any,
        motion: LiveMotion,
        *,
        show: Callable[[Any], None],
        fail: Callable[[Exception], None],
        settled: Callable[[], bool] = lambda: True,
    ) -> None:
        self._node = node
        self._clock = node.get_clock()
        self._motion = motion
        self._show = show
        self._fail = fail
        self._settled = settled
        self._timer: Any = None
        self._seen_ns, self._seen_s = -1, 0.0

    @property
    def running(self) -> bool:
        """Whether it ticks."""
        return self._timer is not None

    def seconds(self) -> float:
        """Return the time that periods and ages are measured in [s].

        That is the monotonic clock; under simulated time it is the simulation's, whose seconds
        may be longer or shorter than ours.
        """
        if self._clock.ros_time_is_active:
            return self._clock.now().nanoseconds * 1e-9
        return time.monotonic()

    def start(self) -> None:
        """Begin to tick; the motion goes on from where it stands, gently."""
        self._motion.hold('inactive', False)
        self._motion.statistics.restart()
        self._seen_ns, self._seen_s = self._clock.now().nanoseconds, time.monotonic()
        self._timer = self._node.create_timer(1.0 / self._motion.rate_hz, self._tick)

    def stop(self) -> None:
        """Stop ticking, with the motion brought to rest first: `settle`."""
        if self.running:
            self.halt()
            self.settle('inactive')

    def halt(self) -> None:
        """Stop ticking, as it is."""
        if self.running:
            self._node.destroy_timer(self._timer)
            self._timer = None

    def set_rate(self) -> None:
        """Tick at the motion's new publish rate."""
        if self.running:
            self._timer.timer_period_ns = round(1e9 / self._motion.rate_hz)
            self._timer.reset()
            self._motion.statistics.restart()

    def settle(self, reason: str) -> None:
        """Hold the motion for `reason` and show it, here and now, until it is at rest.

        The timer cannot do it: the transition that asks for rest must not end before it, or the
        timer's clock stands. Stamps go on by nominal periods, for the same reason.
        """
        motion = self._motion
        motion.hold(reason, True)
        if self._rests(0.0):
            return
        period_s = min(1.0 / motion.rate_hz, SETTLE_PERIOD_MAX_S)
        begin, begin_s, shown_s = self._clock.now(), time.monotonic(), 0.0
        while not self._rests(shown_s):
            shown_s += period_s
            time.sleep(max(0.0, begin_s + shown_s - time.monotonic()))
            motion.advance(period_s, self.seconds())
            self._show((begin + Duration(seconds=shown_s)).to_msg())

    def _rests(self, shown_s: float) -> bool:
        """Whether all is at rest, or has been given its time of `shown_s` to come to rest."""
        motion_rests = self._motion.playback.at_rest or shown_s >= SETTLE_LIMIT_S
        return motion_rests and (self._settled() or shown_s >= ROBOT_SETTLE_LIMIT_S)

    def watch(self) -> bool:
        """Bring the motion to rest if the node's clock stands; call it on a steady clock.

        Returns:
            Whether the clock stands.
        """
        now_ns, now_s = self._clock.now().nanoseconds, time.monotonic()
        if now_ns != self._seen_ns:
            if now_ns < self._seen_ns and self.running:
                self._timer.reset()  # else it would wait for the clock to be there again
            self._seen_ns, self._seen_s = now_ns, now_s
            return False
        stands = now_s - self._seen_s > CLOCK_STOPPED_S
        if stands and self.running and not self._motion.is_held('clock'):
            self._node.get_logger().warning(
                f'the clock has stood for {CLOCK_STOPPED_S:g} s (use_sim_time without /clock?); '
                f'the motion rests until it runs'
            )
            try:
                self.settle('clock')
            except Exception as error:
                self._fail(error)
        return stands

    def _tick(self) -> None:
        motion, period_s, now_s = self._motion, 1.0 / self._motion.rate_hz, self.seconds()
        motion.hold('clock', False)
        motion.statistics.tick(now_s, period_s)
        try:
            motion.advance(period_s, now_s)
            self._await_publish_time(period_s)
            self._show(self._clock.now().to_msg())
        except Exception as error:  # a bug or a lost GPU must not take the node with it
            self._fail(error)

    def _await_publish_time(self, period_s: float) -> None:
        if self._clock.ros_time_is_active:
            return  # the clock moves in the simulation's steps; there is nothing to even out
        delay_s = min(PUBLISH_DELAY_S, PUBLISH_DELAY_SHARE * period_s)
        wait_s = self._timer.time_until_next_call() * 1e-9 - period_s + delay_s
        if 0.0 < wait_s <= delay_s:
            time.sleep(wait_s)
