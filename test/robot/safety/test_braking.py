# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Braking ends at rest within limits, from any state; nothing that may go wrong is left behind."""

from __future__ import annotations

from hypothesis import given, strategies as st
import numpy as np
import pytest
import ruckig

from emotion_motion.robot.safety.jerk_phases import JerkPhases, MotionState
from emotion_motion.robot.safety.safe_paths import brake


def braked(velocity, acceleration, limit, jerk) -> JerkPhases:
    """Return the braking of joints at position 0."""
    velocity, acceleration = np.atleast_1d(np.float64(velocity), np.float64(acceleration))
    state = MotionState(np.zeros(len(velocity)), velocity, acceleration)
    full = np.ones(len(velocity))
    return brake(state, limit * full, jerk * full)


LIMIT = st.floats(0.01, 100.0)
JERK = st.floats(0.1, 1e4)


@given(st.floats(-50.0, 50.0), st.floats(-1.0, 1.0), LIMIT, JERK)
def test_it_ends_at_rest_within_its_limits(velocity, share, limit, jerk):
    path = braked(velocity, share * limit, limit, jerk)
    assert path.ends_at_rest.all()
    assert np.isfinite(path.last.arrays).all()
    assert path.bounds().acceleration[0] <= limit * (1.0 + 1e-12)
    assert path.bounds().jerk[0] <= jerk


@given(st.floats(-50.0, 50.0), st.floats(-1.0, 1.0), LIMIT, JERK, st.floats(0.0, 1.0))
def test_braking_anew_from_on_its_way_is_the_same_way(velocity, share, limit, jerk, when):
    path = braked(velocity, share * limit, limit, jerk)
    later = path.at(when * float(path.ends_s[0]))
    anew = brake(later, np.array([limit]), np.array([jerk]))
    near = 1e-6 * (1.0 + abs(velocity)) * (1.0 + float(path.ends_s[0]))
    assert anew.last.position[0] == pytest.approx(path.last.position[0], abs=near)


def test_it_is_as_quick_as_ruckig_s():
    """Time to rest, against Ruckig's time-optimal velocity control."""
    random = np.random.default_rng(1)
    for _ in range(300):
        limit, jerk = random.uniform(0.5, 30.0), random.uniform(5.0, 2000.0)
        velocity, acceleration = random.uniform(-5.0, 5.0), limit * random.uniform(-1.0, 1.0)
        asked, planned = ruckig.InputParameter(1), ruckig.Trajectory(1)
        asked.control_interface = ruckig.ControlInterface.Velocity
        asked.current_velocity, asked.current_acceleration = [velocity], [acceleration]
        asked.target_velocity = [0.0]
        asked.max_acceleration, asked.max_jerk = [limit], [jerk]
        assert ruckig.Ruckig(1).calculate(asked, planned) == ruckig.Result.Working
        path = braked(velocity, acceleration, limit, jerk)
        assert path.ends_s[0] == pytest.approx(planned.duration, rel=1e-6, abs=1e-6)
        (end,), _, _ = planned.at_time(planned.duration)
        assert path.last.position[0] == pytest.approx(end, abs=1e-6)


def test_no_way_to_rest_that_keeps_the_direction_ends_nearer():
    random = np.random.default_rng(2)
    for _ in range(200):
        limit, jerk = random.uniform(1.0, 20.0), random.uniform(10.0, 500.0)
        velocity = random.uniform(0.05, 3.0)
        acceleration = random.uniform(-min(limit, np.sqrt(2.0 * jerk * velocity)), limit)
        nearest = braked(velocity, acceleration, limit, jerk).last.position[0]
        softer = braked(
            velocity, acceleration, max(abs(acceleration), limit * random.uniform(0.3, 1.0)), jerk
        )
        assert softer.last.position[0] >= nearest - 1e-9


def test_a_joint_at_rest_stays():
    path = braked([0.0, -0.0], [0.0, 0.0], 5.0, 50.0)
    assert path.at_rest and (path.last.position == 0.0).all()


def test_excess_acceleration_never_grows_and_the_joint_stops():
    accelerations = [8.0, -8.0, 9.0, -9.0, 5.0 + 1e-12]
    path = braked([1.0, -1.0, 0.0, 2.0, 0.1], accelerations, 5.0, 50.0)
    assert path.ends_at_rest.all()
    assert (path.bounds().acceleration <= np.abs(accelerations)).all()
