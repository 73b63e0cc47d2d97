# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated time: a tick is one nominal period of /clock, and rest where /clock stands."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticStatus
from graph import CALM, Graph, largest_step, NodeThread, Tester
import numpy as np
from rclpy.time import Time
from rosgraph_msgs.msg import Clock

from emotion_motion.generator import MotionGenerator

STEP_NS = 10_000_000


class SimulatedClock:
    """Publishes /clock on request."""

    def __init__(self, tester: Tester, begin_s: float, step_ns: int = STEP_NS) -> None:
        self._tester, self._step_ns = tester, step_ns
        self.now_ns = round(begin_s * 1e9)
        self._publisher = tester.node.create_publisher(Clock, '/clock', 10)
        tester.wait(lambda: self._publisher.get_subscription_count() > 0, 'a listener of /clock')

    def run(self, seconds: float) -> None:
        """Let simulated seconds pass, each in one of ours."""
        for _ in range(round(seconds * 1e9 / self._step_ns)):
            self.now_ns += self._step_ns
            self._publisher.publish(Clock(clock=Time(nanoseconds=self.now_ns).to_msg()))
            self._tester.spin(self._step_ns * 1e-9)


def run_until_active(tester: Tester, clock: SimulatedClock) -> None:
    while tester.state() != 'active':
        clock.run(0.05)


def unhindered(running: NodeThread) -> float:
    """Return the largest step [m] of the same run under a clock that goes on."""
    played = running.motion.generator
    free = MotionGenerator(played.checkpoint, seed=1, body_height_m=played.body_height_m)
    free.sampler = played.sampler
    frames = np.concatenate([free.step().keypoints for _ in range(played.steps + 1)])
    return float(np.linalg.norm(np.diff(frames, axis=0), axis=-1).max())


def test_frames_follow_the_simulated_clock(graph: Graph) -> None:
    running, tester = graph.node(use_sim_time=True)
    clock = SimulatedClock(tester, 1000.0)
    run_until_active(tester, clock)
    tester.spin(0.5)
    tester.frames.clear()
    begin_steps = running.motion.generator.steps
    clock.run(4.0)
    tester.spin(0.5)
    stamps = np.array([Time.from_msg(f.header.stamp).nanoseconds for f in tester.frames]) * 1e-9
    assert stamps[0] > 1000.0 and stamps[-1] <= clock.now_ns * 1e-9
    # One frame a nominal period, for as many as the machine was quick enough to see.
    assert 0.5 * 120 < len(stamps) <= 121
    assert (np.diff(stamps) > 0.0).all()
    assert running.motion.generator.steps - begin_steps <= len(stamps) + 1


def test_motion_rests_where_the_clock_stands_and_goes_on_with_it(graph: Graph) -> None:
    running, tester = graph.node(use_sim_time=True, **CALM)
    clock = SimulatedClock(tester, 50.0)
    run_until_active(tester, clock)
    clock.run(3.0)
    tester.wait_problem('clock', DiagnosticStatus.WARN)
    tester.wait(lambda: running.motion.playback.at_rest, 'rest')
    assert largest_step(tester.frames[-20:]) <= 1.5 * unhindered(running), 'it leapt'
    count = len(tester.frames)
    tester.spin(0.5)
    assert len(tester.frames) == count, 'it published although time stands'
    clock.run(2.0)
    tester.wait(lambda: running.motion.playback.moving_at_full_speed, 'motion')
    assert largest_step(tester.frames[count - 1 :]) <= 1.5 * unhindered(running), 'it leapt'


def test_clock_that_begins_anew_is_followed(graph: Graph) -> None:
    _, tester = graph.node(use_sim_time=True)
    clock = SimulatedClock(tester, 500.0)
    run_until_active(tester, clock)
    clock.run(1.0)
    clock.now_ns = 0
    count = len(tester.frames)
    clock.run(2.0)
    tester.spin(0.3)
    assert len(tester.frames) > count + 10, 'it waits for the old time'
    assert Time.from_msg(tester.frames[-1].header.stamp).nanoseconds < 10e9


def test_nothing_moves_before_the_first_clock(graph: Graph) -> None:
    _, tester = graph.node(use_sim_time=True)
    tester.wait_state('active')
    tester.wait_problem('clock', DiagnosticStatus.WARN)
    assert not tester.frames


def stamps_ns(tester: Tester) -> np.ndarray:
    return np.array([Time.from_msg(f.header.stamp).nanoseconds for f in tester.frames])


def test_a_slow_clock_gives_coarser_not_slower_motion(graph: Graph) -> None:
    running, tester = graph.node(use_sim_time=True)
    clock = SimulatedClock(tester, 1000.0, step_ns=100_000_000)
    run_until_active(tester, clock)
    clock.run(1.0)
    begin, generator = running.motion.generator.steps, running.motion.generator
    clock.run(4.0)
    tester.spin(0.3)
    made = generator.steps - begin
    assert 0.9 * 4.0 * generator.rate < made <= 4.0 * generator.rate + 4, made
    assert len(tester.frames) <= 60, 'more frames than the clock has steps'


def test_stamps_never_step_back_across_stops(graph: Graph) -> None:
    running, tester = graph.node(use_sim_time=True)
    clock = SimulatedClock(tester, 1000.0)
    run_until_active(tester, clock)
    for _ in range(2):
        clock.run(1.0)
        tester.wait(lambda: running.motion.playback.at_rest, 'rest where the clock stands')
        clock.run(1.0)
        assert tester.change('deactivate') and tester.change('activate')
    clock.run(1.0)
    seen = stamps_ns(tester)
    assert (np.diff(seen) > 0).all(), np.diff(seen).min()
