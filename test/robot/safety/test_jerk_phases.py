# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Phases of constant jerk: exact states, exact bounds, and paths made of other paths."""

from __future__ import annotations

from hypothesis import given, strategies as st
import numpy as np
import pytest

from emotion_motion.robot.safety.jerk_phases import JerkPhases, MotionState

JOINTS, PHASES = 5, 6


def random_path(seed: int) -> JerkPhases:
    """Return a path of random phases, some of them empty; it does not end at rest."""
    random = np.random.default_rng(seed)
    durations = random.uniform(0.0, 0.4, (PHASES, JOINTS))
    durations *= random.random((PHASES, JOINTS)) < 0.7
    jerks = random.choice([-1.0, 0.0, 1.0], (PHASES, JOINTS)) * random.uniform(1.0, 300.0, JOINTS)
    state = MotionState(*random.normal(size=(3, JOINTS)))
    return JerkPhases(state, durations, jerks)


def integrated(path: JerkPhases, step_s: float) -> np.ndarray:
    """Return positions [T, J] by adding up jerk in small steps, as a plain integrator does."""
    begins = np.cumsum(path.durations, axis=0) - path.durations
    position, velocity = path.start.position.copy(), path.start.velocity.copy()
    acceleration = path.start.acceleration.copy()
    rows = [position.copy()]
    for k in range(int(path.ends_s.max() / step_s) + 1):
        middle = (k + 0.5) * step_s
        inside = (begins <= middle) & (middle < begins + path.durations)
        jerk = (path.jerks * inside).sum(axis=0)
        moving = middle < path.ends_s
        gained = acceleration / 2.0 + step_s * jerk / 6.0
        position += moving * step_s * (velocity + step_s * gained)
        velocity += step_s * (acceleration + step_s * jerk / 2.0)
        acceleration += step_s * jerk
        rows.append(position.copy())
    return np.array(rows)


@pytest.mark.parametrize('seed', range(3))
def test_states_are_those_of_a_plain_integration(seed):
    path, step_s = random_path(seed), 2e-4
    rows = integrated(path, step_s)
    states = path.sample(step_s * np.arange(len(rows)))
    scale = np.abs(rows).max()
    np.testing.assert_allclose(states.position, rows, atol=2e-3 * scale)


@given(st.integers(0, 10**6))
def test_bounds_hold_at_every_time_and_are_reached(seed):
    path = random_path(seed)
    times = np.linspace(0.0, float(path.ends_s.max()), 4001)
    inside = times[:, None] < path.ends_s
    states = path.sample(times)
    low, high, *_ = path.bounds()
    scale = 1e-9 * (1.0 + np.abs(path.last.position) + high - low)
    assert (states.position >= low - scale).all() and (states.position <= high + scale).all()
    step_s = times[1] - times[0]
    near = step_s**2 * path.bounds().acceleration + scale
    ends = path.last.position
    assert (np.minimum(states.position.min(axis=0), ends) <= low + near).all()
    assert (np.maximum(states.position.max(axis=0), ends) >= high - near).all()
    speed = np.abs(states.velocity * inside)
    peak = path.bounds().velocity
    assert (speed <= peak + 1e-9 * (1.0 + peak)).all()
    last = np.abs(path.last.velocity)
    near = step_s**2 * path.bounds().jerk + 1e-9 * (1.0 + peak)
    speeds = np.maximum(speed.max(axis=0), last)
    assert (speeds >= peak - step_s * path.bounds().acceleration).all()
    assert (np.abs(states.acceleration * inside) <= path.bounds().acceleration + 1e-9).all()
    assert (path.bounds().jerk == np.abs(path.jerks * (path.durations > 0.0)).max(axis=0)).all()


@given(st.integers(0, 10**6), st.floats(0.0, 3.0))
def test_what_is_left_after_a_time_is_the_same_path(seed, time_s):
    path = random_path(seed)
    left = path.shifted(time_s)
    times = np.linspace(0.0, 2.0, 50)
    # Not on the border of a phase, where rounding decides which side is meant.
    inside = times[:, None] + time_s < path.ends_s - 1e-9
    one, other = left.sample(times), path.sample(times + time_s)
    for name in ('position', 'velocity'):
        first, second = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(first * inside, second * inside, rtol=1e-7, atol=1e-7)


def test_one_time_and_several_times_agree():
    path = random_path(9)
    times = np.array([0.0, 0.1, 0.5, 9.0])
    several = path.sample(times)
    for row, time_s in enumerate(times.tolist()):
        one = path.at(time_s)
        assert (one.position == several.position[row]).all()
        assert (one.velocity == several.velocity[row]).all()
        assert (one.acceleration == several.acceleration[row]).all()


def test_after_its_last_phase_a_joint_rests_exactly():
    path = random_path(4)
    end = path.at(float(path.ends_s.max()) + 1.0)
    assert (end.velocity == 0.0).all() and (end.acceleration == 0.0).all()
    np.testing.assert_array_equal(end.position, path.last.position)


def test_joints_can_be_taken_from_two_paths():
    one = random_path(1)
    other = JerkPhases(one.start, np.full((2, JOINTS), 0.1), np.full((2, JOINTS), -7.0))
    mine = np.array([True, False, True, False, False])
    both = one.merge(mine, other)
    for time_s in (0.0, 0.05, 0.15, 0.6):
        merged, first, second = both.at(time_s), one.at(time_s), other.at(time_s)
        expected = np.where(mine, first.position, second.position)
        np.testing.assert_allclose(merged.position, expected, rtol=1e-12, atol=1e-12)


def test_a_path_knows_whether_it_moves_and_ends_at_rest():
    rest = MotionState.resting(np.zeros(2))
    nothing = JerkPhases(rest, np.zeros((3, 2)), np.ones((3, 2)))
    assert nothing.at_rest and nothing.ends_at_rest.all() and (nothing.bounds().jerk == 0.0).all()
    pushed = JerkPhases(rest, np.array([[0.1, 0.0]]), np.array([[5.0, 5.0]]))
    assert not pushed.at_rest
    assert pushed.ends_at_rest.tolist() == [False, True]
