# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The look-ahead ends at rest, is the path itself, and keeps the limits between its points too."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from torture import PERIOD_S, WildTargets

from emotion_motion.robot.description.limits import JointLimits
from emotion_motion.robot.drive.command_stream import look_ahead, Trajectory
from emotion_motion.robot.safety.limiter import SafetyLimiter
from emotion_motion.robot.safety.settings import LimiterSettings

NAMES = ('neck', 'shoulder', 'elbow')


def dancing(jerk: float, period_s: float = PERIOD_S) -> tuple[SafetyLimiter, WildTargets]:
    limits = JointLimits(
        NAMES, [-2.0] * 3, [2.0] * 3, [1.5, 3.0, 6.0], [10.0, 20.0, 30.0], [jerk] * 3
    )
    limiter = SafetyLimiter(limits, period_s, LimiterSettings(approach_velocity=10.0))
    limiter.start(dict.fromkeys(NAMES, 0.0))
    return limiter, WildTargets(np.random.default_rng(1), limits)


def quintic(one: np.ndarray, other: np.ndarray, span_s: float, time_s: float) -> np.ndarray:
    """Return position, velocity and acceleration [3, J] between two such states.

    As a joint trajectory controller joins points that have all three.
    """
    powers = np.arange(6)

    def row(s: float, order: int) -> np.ndarray:
        factor = np.prod([powers - k for k in range(order)], axis=0) if order else np.ones(6)
        return factor * np.where(powers >= order, s ** np.maximum(powers - order, 0), 0.0)

    ends = np.array([row(s, order) for s in (0.0, span_s) for order in range(3)])
    coefficients = np.linalg.solve(ends, np.concatenate([one, other]))
    return np.array([row(time_s, order) for order in range(3)]) @ coefficients


def states_of(trajectory: Trajectory) -> np.ndarray:
    """Return [T, 3, J]."""
    arrays = (trajectory.positions, trajectory.velocities, trajectory.accelerations)
    return np.stack(arrays, axis=1)


@pytest.mark.parametrize('period_s', [1.0 / 200.0, PERIOD_S, 0.1])
def test_it_is_the_path_from_one_period_on_and_ends_at_rest(period_s):
    limiter, targets = dancing(400.0, period_s)
    for target in itertools.islice(targets, 120):
        limiter.step(target)
        sent = look_ahead(limiter.path, NAMES, period_s)
        assert sent.times_s[0] == pytest.approx(period_s)
        assert (np.diff(sent.times_s) > 0.0).all()
        assert sent.times_s[-1] >= 0.3 - 1e-12
        assert len(sent.times_s) < 100
        assert (sent.velocities[-1] == 0.0).all() and (sent.accelerations[-1] == 0.0).all()
        expected = limiter.path.sample(sent.times_s)
        np.testing.assert_array_equal(sent.positions, expected.position)


def test_at_rest_it_says_so_for_all_of_its_time():
    limiter, _ = dancing(400.0)
    limiter.step(None)
    sent = look_ahead(limiter.path, NAMES, PERIOD_S)
    assert sent.times_s[-1] == pytest.approx(0.3)
    assert (sent.velocities == 0.0).all() and np.ptp(sent.positions, axis=0).max() == 0.0


@pytest.mark.parametrize('jerk', [60.0, 400.0, 1e5])
def test_limits_hold_between_the_points_too(jerk):
    """Of position, velocity and acceleration, as the controller's quintics have them."""
    limiter, targets = dancing(jerk)
    limits = limiter.limits
    for k, target in enumerate(itertools.islice(targets, 250)):
        limiter.step(target)
        if k % 5:
            continue
        state = limiter.path.start
        begin = np.stack([state.position, state.velocity, state.acceleration])
        sent = look_ahead(limiter.path, NAMES, PERIOD_S)
        states, times = [begin, *states_of(sent)], [0.0, *sent.times_s]
        for (one, other), (t0, t1) in zip(
            itertools.pairwise(states[:9]), itertools.pairwise(times[:9]), strict=True
        ):
            for share in (0.2, 0.5, 0.8):
                between = quintic(one, other, t1 - t0, share * (t1 - t0))
                assert (np.abs(between[0]) <= limits.upper).all()
                assert (np.abs(between[1]) <= limits.velocity).all()
                assert (np.abs(between[2]) <= limits.acceleration).all()
                exact = limiter.path.at(t0 + share * (t1 - t0)).position
                np.testing.assert_allclose(between[0], exact, atol=1e-4)
