# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Ruckig's plans as phases: the same motion, and one joint's failure stays its own."""

from __future__ import annotations

import itertools

import numpy as np
import ruckig

from emotion_motion.robot.safety.jerk_phases import JerkPhases, MotionState
from emotion_motion.robot.safety.planner import GIVES, RuckigPlanner

JOINTS = 6
VELOCITY, ACCELERATION = np.linspace(0.5, 3.0, JOINTS), np.linspace(5.0, 30.0, JOINTS)
JERK = np.linspace(50.0, 800.0, JOINTS)


def random_state(random: np.random.Generator) -> MotionState:
    return MotionState(
        random.uniform(-1.0, 1.0, JOINTS),
        0.6 * VELOCITY * random.uniform(-1.0, 1.0, JOINTS),
        0.2 * ACCELERATION * random.uniform(-1.0, 1.0, JOINTS),
    )


def test_phases_are_ruckig_s_motion_and_rest_at_the_target():
    random = np.random.default_rng(3)
    planner = RuckigPlanner(VELOCITY, ACCELERATION, JERK)
    for _ in range(200):
        state, target = random_state(random), random.uniform(-1.0, 1.0, JOINTS)
        slower = VELOCITY * random.uniform(0.2, 1.0)  # it may be too fast for that now
        durations, jerks, good = planner.plan(state, target, slower)
        path = JerkPhases(state, durations, jerks)
        assert good.all() and path.ends_at_rest.all()
        np.testing.assert_allclose(path.last.position, target, atol=1e-8)
        assert (path.bounds().acceleration <= ACCELERATION * (1.0 + 1e-9)).all()
        assert (path.bounds().jerk <= JERK * (1.0 + 1e-9)).all()
        assert (path.bounds().velocity <= VELOCITY * (1.0 + 1e-9)).all()
        asked, planned = ruckig.InputParameter(JOINTS), ruckig.Trajectory(JOINTS)
        asked.synchronization = ruckig.Synchronization.No
        asked.current_position = state.position.tolist()
        asked.current_velocity = state.velocity.tolist()
        asked.current_acceleration = state.acceleration.tolist()
        asked.target_position = target.tolist()
        asked.max_velocity, asked.max_jerk = ((1.0 - GIVES) * slower).tolist(), JERK.tolist()
        asked.max_acceleration = ACCELERATION.tolist()
        assert ruckig.Ruckig(JOINTS).calculate(asked, planned) == ruckig.Result.Working
        for time_s in (0.0, 0.05, 0.3, 1.0):
            position, velocity, _ = planned.at_time(time_s)
            np.testing.assert_allclose(path.at(time_s).position, position, atol=1e-8)
            np.testing.assert_allclose(path.at(time_s).velocity, velocity, atol=1e-8)
    assert planner.errors == 0


def test_a_joint_at_its_speed_limit_is_not_braked_for_rounding():
    """Its speed is at the limit, or a little beyond, once its acceleration is gone."""
    planner = RuckigPlanner(VELOCITY, ACCELERATION, JERK)
    lower = (1.0 - GIVES) * VELOCITY  # what Ruckig is given
    for share, beyond in itertools.product((0.0, 0.05, 0.2, 0.6), (0.0, 1e-12, 5e-7)):
        acceleration = share * ACCELERATION
        faster = lower * (1.0 + beyond) - 0.5 * acceleration**2 / JERK
        for sign in (1.0, -1.0):
            state = MotionState(np.zeros(JOINTS), sign * faster, sign * acceleration)
            path = JerkPhases(state, *planner.plan(state, sign * np.full(JOINTS, 9.0))[:2])
            speed = sign * path.sample(np.linspace(0.0, 1.0, 200)).velocity
            assert (np.diff(speed, axis=0) > -1e-6 * VELOCITY).all()
            assert (path.bounds().velocity <= VELOCITY).all()
    # One that is too fast by more is.
    state = MotionState(np.zeros(JOINTS), 1.01 * VELOCITY, np.zeros(JOINTS))
    path = JerkPhases(state, *planner.plan(state, np.full(JOINTS, 9.0))[:2])
    np.testing.assert_allclose(path.at(1.0).velocity, lower, rtol=1e-9)


def test_a_joint_that_ruckig_refuses_leaves_other_plans_valid():
    planner = RuckigPlanner(VELOCITY, ACCELERATION, JERK)
    state = MotionState.resting(np.zeros(JOINTS))
    target = np.full(JOINTS, 0.4)
    target[2] = np.nan
    durations, jerks, good = planner.plan(state, target)
    assert good.tolist() == [True, True, False, True, True, True]
    assert planner.errors == 1
    path = JerkPhases(state, durations, jerks)
    assert path.ends_s[2] == 0.0
    np.testing.assert_allclose(np.delete(path.last.position, 2), 0.4, atol=1e-8)


def test_what_cannot_be_planned_is_no_exception(capfd):
    planner = RuckigPlanner(VELOCITY, ACCELERATION, JERK)
    state = MotionState(np.full(JOINTS, np.inf), np.zeros(JOINTS), np.zeros(JOINTS))
    durations, _, good = planner.plan(state, np.zeros(JOINTS))
    assert not good.any() and (durations == 0.0).all()
    # A limit of zero is refused by Ruckig itself.
    rest = MotionState.resting(np.zeros(JOINTS))
    _, _, good = planner.plan(rest, np.ones(JOINTS), 0.0 * VELOCITY - 1.0)
    assert not good.any() and planner.errors == 2
    capfd.readouterr()
