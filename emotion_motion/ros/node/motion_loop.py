# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loop of an active node: at each tick of a timer, one pose is computed and published."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import cast, TYPE_CHECKING

from builtin_interfaces.msg import Time
from rclpy.clock import Clock, ClockType, ROSClock
from rclpy.node import Node
from rclpy.task import Future
from rclpy.time import Time as RosTime
from rclpy.timer import Timer

from emotion_motion.ros.node.live_motion import LiveMotion

if TYPE_CHECKING:
    from emotion_motion.ros.node.robot_output import RobotOutput

__all__ = ['MotionLoop']

# A pose is published this long after its tick was due, however long its computation took. So poses
# come at even intervals, with a model step or without one, and also when a tick came late. The
# delay is longer than nearly every step takes. It is within the 5 ms beyond the model's period in
# which a new emotion has to show, and at most the given share of the publish period.
PUBLISH_DELAY_S, PUBLISH_DELAY_SHARE = 0.0035, 0.25
CLOCK_STOPPED_S = 1.0
CATCH_UP_S = 0.5  # of simulated time: what a tick makes up for at most
RATE_CHANGE_S = 1.0  # between changes of the rate, each of which makes a publisher anew
# The motion comes to rest in 0.4 s; nothing waits for it longer than this.
SETTLE_LIMIT_S, SETTLE_PERIOD_MAX_S = 0.6, 0.05
# A robot comes to rest within its limits, however low they are; nothing waits longer than this.
ROBOT_SETTLE_LIMIT_S = 5.0


class MotionLoop:
    """Ticks a LiveMotion at its publish rate, and brings it, and a robot, to rest.

    A tick is one nominal period of the motion. One that comes late is counted as a miss and not
    made up for: the motion then runs a little behind, it never leaps. Under simulated time, whose
    steps may be longer than a period, a tick is as many periods as have passed since the last.

    While it settles, ticks come from a timer on a steady clock, for the node's clock may stand,
    and stamps go on by nominal periods; afterwards ticks wait until the clock is past those.

    `show` publishes the newest pose with a stamp; `fail` receives the error that a frame could not
    be made for.
    """

    def __init__(
        self,
        node: Node,
        motion: LiveMotion,
        robot: RobotOutput | None,
        *,
        show: Callable[[Time], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._node = node
        self._clock = cast(ROSClock, node.get_clock())
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._motion = motion
        self._robot = robot
        self._show = show
        self._fail = fail
        self._timer: Timer | None = None
        self._settle_timer: Timer | None = None
        self._rested: Future | None = None
        self._settle_begin_ns = 0
        self._settle_shown_s = self._settle_period_s = 0.0
        # The last change of the node's clock: its time, and when that was by the monotonic clock.
        self._seen_ns, self._seen_s = -1, 0.0
        self._rate_set_s = -RATE_CHANGE_S
        self._ticked_ns = self._shown_ns = -1  # the clock at the last tick, the last stamp

    @property
    def running(self) -> bool:
        """Whether it ticks on the node's clock."""
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
        self._look()
        self._seen_s, self._ticked_ns = time.monotonic(), -1
        self._timer = self._node.create_timer(1.0 / self._motion.rate_hz, self._tick)

    def halt(self) -> None:
        """Stop ticking and settling, as it is."""
        self._stop_timer()
        self._end_settling()

    def set_rate(self, rate_hz: float) -> bool:
        """Take up another rate, once a second at most; return whether it did."""
        now_s = time.monotonic()
        if rate_hz == self._motion.rate_hz or now_s - self._rate_set_s < RATE_CHANGE_S:
            return False
        self._rate_set_s, self._motion.playback.rate_hz = now_s, rate_hz
        if self._timer is not None:
            self._timer.timer_period_ns = round(1e9 / rate_hz)
            self._timer.reset()
            self._motion.statistics.restart()
        return True

    def settle(self, reason: str) -> Future:
        """Hold the motion for `reason` and show it until it is at rest.

        Args:
            reason: `inactive` and `failure` end the ticks on the node's clock; `clock` lets them
                go on as soon as the clock does. After a failure there are no new frames; a robot
                comes to rest all the same.

        Returns:
            A future that completes when all is at rest or the time for that is over.
        """
        self._motion.hold(reason, True)
        if reason != 'clock':
            self._stop_timer()
        if self._rested is None:
            self._rested = Future()
            self._settle_begin_ns = max(self._look(), self._shown_ns)
            self._settle_shown_s = 0.0
            self._settle_period_s = min(1.0 / self._motion.rate_hz, SETTLE_PERIOD_MAX_S)
            self._settle_timer = self._node.create_timer(
                self._settle_period_s, self._settle_tick, clock=self._steady
            )
        rested = self._rested
        if self._rests():
            self._end_settling()
        return rested

    def rest_now(self) -> None:
        """Bring what moves to rest before this returns, for a node that is shut down meanwhile."""
        if self._timer is None and self._rested is None:
            return
        rested = self.settle('inactive')
        while not rested.done():
            time.sleep(self._settle_period_s)
            self._settle_tick()

    def watch(self) -> bool:
        """Bring the motion to rest if the node's clock stands, and return whether it does."""
        self._look()
        stands = time.monotonic() - self._seen_s > CLOCK_STOPPED_S
        if stands and self.running and 'clock' not in self._motion.holds:
            self._node.get_logger().warning(
                f'the clock has stood for {CLOCK_STOPPED_S:g} s (use_sim_time without /clock?); '
                f'the motion rests until it runs'
            )
            self.settle('clock')
        return stands

    def _look(self) -> int:
        """Return the time of the node's clock [ns], and notice whether it moves."""
        now_ns = self._clock.now().nanoseconds
        if now_ns < self._seen_ns:  # it was set back, as by a simulation that begins anew
            self._ticked_ns = self._shown_ns = -1
            self._settle_begin_ns = now_ns - round(self._settle_shown_s * 1e9)
            if self._timer is not None:
                self._timer.reset()  # or it would wait until the clock is back at its old time
        if now_ns != self._seen_ns:
            self._seen_ns, self._seen_s = now_ns, time.monotonic()
        return now_ns

    def _tick(self) -> None:
        try:
            now_ns = self._look()
            if now_ns <= self._shown_ns:
                self._ticked_ns = now_ns
                return  # while the clock stood, more was shown: stamps never step back
            motion, now_s = self._motion, self.seconds()
            self._end_settling()
            motion.hold('clock', False)
            period_s = self._periods(now_ns) / motion.rate_hz
            motion.statistics.tick(now_s, period_s)
            self._advance(period_s, now_s)
            self._await_publish_time(period_s)
            self._publish(self._clock.now().nanoseconds)
        except Exception as error:  # a bug or a lost GPU must not take the node with it
            self._fail(error)

    def _periods(self, now_ns: int) -> int:
        """Return how many periods a tick is: one, or as many as simulated time has gone on."""
        if not self._clock.ros_time_is_active:
            return 1
        period_ns = 1e9 / self._motion.rate_hz
        if self._ticked_ns < 0:
            self._ticked_ns = now_ns - round(period_ns)
        periods = max(1, int((now_ns - self._ticked_ns) / period_ns + 1e-6))
        most = max(1, int(CATCH_UP_S * 1e9 / period_ns))
        # What is left of a period counts with the next tick, but a leap of the clock does not.
        self._ticked_ns = (
            self._ticked_ns + round(periods * period_ns) if periods <= most else now_ns
        )
        return min(periods, most)

    def _publish(self, stamp_ns: int) -> None:
        self._shown_ns = stamp_ns
        self._show(RosTime(nanoseconds=stamp_ns).to_msg())

    def _settle_tick(self) -> None:
        self._settle_shown_s += self._settle_period_s
        try:
            if 'failure' not in self._motion.holds:
                self._advance(self._settle_period_s, self.seconds())
            self._publish(self._settle_begin_ns + round(self._settle_shown_s * 1e9))
        except Exception as error:
            self._fail(error)
            return
        if self._rests():
            self._end_settling()

    def _advance(self, period_s: float, now_s: float) -> None:
        """Make the next pose; a robot that cannot keep up slows the motion down."""
        pace = self._robot.driver.commands.pace if self._robot is not None else 1.0
        self._motion.advance(period_s * pace, now_s)

    def _rests(self) -> bool:
        """Whether all is at rest, or has been given its time to come to rest."""
        moves = 'failure' not in self._motion.holds and not self._motion.playback.at_rest
        if moves and self._settle_shown_s < SETTLE_LIMIT_S:
            return False
        late = self._settle_shown_s >= ROBOT_SETTLE_LIMIT_S
        return self._robot is None or self._robot.driver.at_rest or late

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
            self._timer = None

    def _end_settling(self) -> None:
        if self._settle_timer is not None and self._rested is not None:
            self._node.destroy_timer(self._settle_timer)
            rested, self._settle_timer, self._rested = self._rested, None, None
            rested.set_result(None)

    def _await_publish_time(self, period_s: float) -> None:
        if self._timer is None or self._clock.ros_time_is_active:
            return  # the clock moves in the simulation's steps; there is nothing to even out
        delay_s = min(PUBLISH_DELAY_S, PUBLISH_DELAY_SHARE * period_s)
        wait_s = self._timer.time_until_next_call() * 1e-9 - period_s + delay_s
        if 0.0 < wait_s <= delay_s:
            time.sleep(wait_s)
