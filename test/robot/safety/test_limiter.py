# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The safety limiter: whatever it is asked for, no limit breaks and every path ends at rest."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from torture import PERIOD_S, Robot, torture

from emotion_motion.exceptions import ConfigError, RobotError
from emotion_motion.robot.description.limits import JointLimits
from emotion_motion.robot.safety.jerk_phases import MotionState
from emotion_motion.robot.safety.limiter import BAD_TARGETS, SafetyLimiter, STALE
from emotion_motion.robot.safety.settings import CommandSettings, LimiterSettings

NAMES = ('neck', 'shoulder', 'elbow')
LIMITS = JointLimits(
    NAMES,
    [-1.0, -2.0, 0.0],
    [1.0, 2.0, 2.5],
    [2.0, 3.0, 4.0],
    [20.0, 20.0, 30.0],
    [400.0, 500.0, 600.0],
)
START = {'neck': 0.1, 'shoulder': -0.5, 'elbow': 1.0}
AT_START = np.array([0.1, -0.5, 1.0])


def fresh(**settings: Any) -> SafetyLimiter:
    """Return a limiter that knows no state."""
    return SafetyLimiter(LIMITS, PERIOD_S, LimiterSettings(**settings))


def started(**settings: Any) -> SafetyLimiter:
    """Return a limiter that starts from START."""
    limiter = fresh(**settings)
    limiter.start(START)
    return limiter


def awake(**settings: Any) -> SafetyLimiter:
    """Return a limiter that has met its targets and may go at full speed."""
    limiter = started(approach_ramp_s=0.0, **settings)
    run(limiter, AT_START, 3)
    assert limiter.state == 'following'
    return limiter


def run(limiter: SafetyLimiter, targets: np.ndarray | None, steps: int) -> list[MotionState]:
    return [limiter.step(targets) for _ in range(steps)]


def positions(states: list[MotionState]) -> np.ndarray:
    return np.array([state.position for state in states])


def speeds(states: list[MotionState]) -> np.ndarray:
    return np.abs([state.velocity for state in states])


# Where it starts


@pytest.mark.parametrize('forgotten', [False, True])
def test_nothing_moves_while_the_state_of_the_robot_is_unknown(forgotten):
    limiter = awake() if forgotten else fresh()
    limiter.forget()
    assert limiter.state == 'unknown' and not limiter.started and not limiter.at_rest
    for act in (lambda: limiter.step(AT_START), lambda: limiter.step(None), lambda: limiter.path):
        with pytest.raises(RobotError, match="the robot's state is unknown"):
            act()


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'elbow': None}, 'no position of elbow'),
        ({'elbow': None, 'neck': None}, 'no position of neck, elbow'),
        ({'neck': np.nan}, "'neck': got nan"),
        ({'neck': -np.inf}, "'neck': got -inf"),
        ({'elbow': -0.06}, "'elbow': measured at -0.060 rad, outside of 0.000 to 2.500"),
        ({'neck': 7.0, 'shoulder': -9.0}, "'shoulder': measured at -9.000"),
    ],
)
def test_no_start_from_an_unknown_state_or_far_outside_limits(changes, words):
    limiter = started()
    measured = {name: value for name, value in {**START, **changes}.items() if value is not None}
    with pytest.raises(RobotError, match=words):
        limiter.start(measured)
    assert limiter.state == 'unknown', 'the state that it had before is as old'


def test_order_and_extra_joints_of_the_state_do_not_matter():
    limiter = fresh()
    limiter.start({'wheel': np.nan, 'elbow': 1.0, 'shoulder': -0.5, 'neck': 0.1, 'finger': 9.0})
    np.testing.assert_array_equal(limiter.step(AT_START + 1.0).position, AT_START)


def test_the_first_command_is_where_the_robot_is():
    limiter = started()
    first = limiter.step(np.array([-1.0, 2.0, 2.0]))
    np.testing.assert_allclose(first.position, AT_START, atol=1e-12)
    assert (first.velocity == 0.0).all()
    second = limiter.step(np.array([-1.0, 2.0, 2.0]))
    way = np.abs(second.position - first.position)
    assert (way <= LIMITS.jerk * PERIOD_S**3 / 6.0).all() and (way > 0.0).all()


def test_the_approach_is_slow_until_targets_are_met():
    limiter = started(approach_velocity=0.4, approach_ramp_s=0.5, reached_rad=0.005)
    targets = np.array([0.9, 1.5, 0.2])
    states = run(limiter, targets, 30)
    assert limiter.state == 'approaching'
    assert speeds(states).max() <= 0.4
    states += run(limiter, targets, 400)
    assert limiter.state == 'following'
    assert speeds(states).max() <= 0.4, 'met is met only near to the target'
    np.testing.assert_allclose(states[-1].position, targets, atol=1e-6)
    fast = speeds(run(limiter, AT_START, 60)).max()
    assert fast > 1.5, 'once met, full speed'


def test_the_approach_ends_at_targets_that_keep_moving():
    limiter = started(approach_velocity=0.2)
    for k in range(600):
        limiter.step(AT_START + np.array([0.5, 0.7, 0.8]) * np.sin(4.0 * k * PERIOD_S))
    assert limiter.state == 'following'


def test_a_joint_a_little_outside_moves_inward_only():
    limiter = fresh(outside_rad=0.05)
    limiter.start({**START, 'neck': 1.04, 'elbow': -0.03})
    states = run(limiter, np.array([5.0, 0.0, -5.0]), 3)  # still asked to go out
    for target in (0.5, 2.0, -9.0, 9.0):
        states += run(limiter, np.array([target, 0.0, 1.0 + target]), 40)
    path = positions(states)
    outside = np.maximum(path - LIMITS.upper, 0.0) + np.maximum(LIMITS.lower - path, 0.0)
    assert outside[0, 0] == pytest.approx(0.04) and outside[0, 2] == pytest.approx(0.03)
    assert (np.diff(outside, axis=0) <= 1e-12).all()
    assert (outside[60:] == 0.0).all()


def test_a_joint_that_moves_is_stopped_from_its_speed():
    limiter = fresh()
    limiter.start(START, {'shoulder': 0.8, 'neck': 0.01})
    assert limiter.path.start.velocity.tolist() == [0.0, 0.8, 0.0], '0.01 rad/s is noise'
    states = run(limiter, None, 60)
    assert limiter.at_rest
    assert states[1].velocity[1] < 0.8 and positions(states)[:, 1].max() < -0.3


@pytest.mark.parametrize(
    ('measured', 'velocities'),
    [
        ({**START, 'neck': 0.99}, {'neck': 1.5}),
        ({**START, 'neck': 1.01}, {'neck': 0.3}),
        (START, {'elbow': 4.5}),
        (START, {'elbow': np.nan}),
    ],
)
def test_no_start_from_a_motion_that_cannot_be_stopped(measured, velocities):
    with pytest.raises(RobotError, match=r"'(neck|elbow)'"):
        fresh().start(measured, velocities)


# Where it goes


def test_a_target_is_reached_and_then_nothing_trembles():
    limiter = awake()
    target = np.array([-0.6, 1.1, 2.2])
    run(limiter, target, 120)
    still = positions(run(limiter, target, 60))
    np.testing.assert_allclose(still, np.broadcast_to(target, still.shape), atol=1e-6)
    assert np.abs(np.diff(still, axis=0)).max() < 1e-9


def test_a_gesture_keeps_its_shape():
    """A motion within the limits comes out as it went in, a little later."""
    limiter = awake()
    times = PERIOD_S * np.arange(900)
    sway = 0.3 * np.sin(2.0 * np.pi * 0.5 * times) + 0.1 * np.sin(2.0 * np.pi * 1.1 * times + 1.0)
    targets = AT_START + sway[:, None] * np.array([1.0, 1.5, 1.2])
    commands = positions([limiter.step(target) for target in targets])
    errors = [
        float(np.linalg.norm(commands[200:] - targets[200 - late : len(targets) - late]))
        for late in range(15)
    ]
    late = int(np.argmin(errors))
    moved = float(np.linalg.norm(targets[200:] - AT_START))
    assert late * PERIOD_S < 0.15
    assert min(errors) / moved < 0.08
    assert commands[200:].std(axis=0) / targets[200:].std(axis=0) == pytest.approx(1.0, abs=0.05)


def test_targets_beyond_the_limits_lead_to_the_limits():
    limiter = awake()
    for target, end in ((1e9, LIMITS.upper), (-1e300, LIMITS.lower)):
        states = run(limiter, np.full(3, target), 240)
        np.testing.assert_allclose(states[-1].position, end, atol=1e-4)
        assert (states[-1].position <= LIMITS.upper).all()
        assert (states[-1].position >= LIMITS.lower).all()


def test_targets_of_another_size_are_an_error_and_change_nothing():
    limiter = awake()
    with pytest.raises(RobotError, match=r'got shape \(2,\); expected \(3,\)'):
        limiter.step(np.zeros(2))
    assert limiter.state == 'following'


# How it stops


def moving() -> SafetyLimiter:
    """Return a limiter in full motion."""
    limiter = awake()
    run(limiter, np.array([-0.9, 1.8, 2.4]), 14)
    assert (np.abs(limiter.path.start.velocity) > 1.0).all()
    return limiter


def test_stop_brakes_at_once_and_holds_until_released():
    limiter = moving()
    before = limiter.path.start
    limiter.stop('user')
    states = run(limiter, np.array([-0.9, 1.8, 2.4]), 60)
    assert limiter.state == 'holding' and limiter.at_rest
    assert limiter.reasons == {'user'}
    braking_s = np.abs(before.velocity) / LIMITS.acceleration
    longest_s = float((braking_s + 3.0 * LIMITS.acceleration / LIMITS.jerk).max())
    still = speeds(states)[int(longest_s / PERIOD_S) + 2 :]
    assert (still == 0.0).all(), 'it took longer than braking takes'
    assert np.ptp(positions(states)[-10:], axis=0).max() == 0.0
    limiter.release('user')
    states = run(limiter, np.array([-0.9, 1.8, 2.4]), 20)
    assert limiter.state == 'approaching' and 0.0 < speeds(states).max() <= 0.5


def test_a_hold_ends_with_the_last_of_its_reasons():
    limiter = moving()
    limiter.stop('user')
    limiter.stop('clock')
    run(limiter, AT_START, 60)
    limiter.release('user')
    limiter.release('never given')
    assert speeds(run(limiter, AT_START, 10)).max() == 0.0
    limiter.release('clock')
    assert speeds(run(limiter, AT_START, 10)).max() > 0.0


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_a_non_finite_target_stops_all_joints_until_a_good_one(bad):
    limiter = moving()
    targets = np.array([-0.9, bad, 2.4])
    states = run(limiter, targets, 60)
    assert limiter.state == 'holding' and limiter.reasons == {BAD_TARGETS}
    assert np.isfinite(positions(states)).all()
    run(limiter, AT_START, 1)
    assert limiter.state == 'approaching' and not limiter.reasons


def test_silence_ends_in_a_stop_and_the_next_target_in_motion():
    limiter = moving()
    states = run(limiter, None, 10)
    assert limiter.state == 'following' and STALE not in limiter.reasons
    states = run(limiter, None, 60)
    assert limiter.reasons == {STALE} and limiter.state == 'holding'
    assert speeds(states)[-1].max() == 0.0
    run(limiter, AT_START, 1)
    assert limiter.state == 'approaching'


def test_a_target_from_before_a_halt_is_forgotten():
    limiter = moving()
    limiter.stop('user')
    run(limiter, None, 60)
    limiter.release('user')
    states = run(limiter, None, 5)
    assert speeds(states).max() == 0.0, 'it went to a target that is long gone'


# Time


def test_a_robot_that_hears_no_more_comes_to_rest():
    limiter = moving()
    path = limiter.path
    assert path.ends_at_rest.all()
    assert path.ends_s.max() < limiter.settings.plan_s + 0.5
    Robot(limiter, np.random.default_rng(0)).end()


def test_after_missed_cycles_it_continues_from_the_robot_s_state():
    limiter = moving()
    path = limiter.path
    command = limiter.step(np.array([-0.9, 1.8, 2.4]), 7.3 * PERIOD_S)
    expected = path.at(7.3 * PERIOD_S)
    np.testing.assert_array_equal(command.position, expected.position)
    np.testing.assert_array_equal(command.velocity, expected.velocity)


def test_a_robot_that_holds_commands_advances_one_period_at_most():
    limiter = moving()
    held = SafetyLimiter(LIMITS, PERIOD_S, LimiterSettings(robot_follows=False))
    held.start(START)
    run(held, AT_START + 0.5, 20)
    expected = held.path.at(PERIOD_S)
    command = held.step(AT_START + 0.5, 1000.0)
    np.testing.assert_array_equal(command.position, expected.position)
    assert limiter.settings.robot_follows


@pytest.mark.parametrize('elapsed_s', [-1.0, np.nan, np.inf, -np.inf, None])
def test_what_is_no_time_counts_as_one_period(elapsed_s):
    limiter = moving()
    expected = limiter.path.at(PERIOD_S).position
    np.testing.assert_array_equal(limiter.step(AT_START, elapsed_s).position, expected)


@pytest.mark.parametrize('period_s', [0.0, -0.1, np.nan, np.inf])
def test_a_period_that_is_no_time_is_refused(period_s):
    with pytest.raises(ConfigError, match='period_s'):
        SafetyLimiter(LIMITS, period_s)


# Joints that were lent


def test_joints_moved_by_others_are_retaken_where_they_are():
    limiter = awake()
    limiter = started(approach_ramp_s=1.0, reached_rad=0.005)
    run(limiter, AT_START, 90)
    limiter.retake({'neck': -0.7, 'elbow': 9.0}, ['neck'])
    states = run(limiter, AT_START, 200)
    np.testing.assert_allclose(states[0].position, [-0.7, -0.5, 1.0], atol=1e-6)
    assert speeds(states)[:, 0].max() <= 0.5, 'that is an approach'
    np.testing.assert_allclose(states[-1].position, AT_START, atol=1e-6)


def test_joints_in_motion_or_outside_limits_are_not_retaken():
    limiter = moving()
    with pytest.raises(RobotError, match='expected joints at rest'):
        limiter.retake({'neck': 0.0}, ['neck'])
    limiter = awake()
    before = limiter.path.start.position
    with pytest.raises(RobotError, match='outside of'):
        limiter.retake({'neck': 3.0}, ['neck'])
    with pytest.raises(RobotError, match='no position of neck'):
        limiter.retake({'elbow': 0.5}, ['neck'])
    np.testing.assert_array_equal(limiter.path.start.position, before)


# Settings


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('approach_velocity', 0.0),
        ('approach_velocity', np.nan),
        ('approach_ramp_s', -1.0),
        ('reached_rad', 0.0),
        ('outside_rad', 0.6),
        ('outside_rad', True),
        ('plan_s', 9.0),
        ('stale_s', '1'),
        ('resting_velocity', np.inf),
        ('robot_follows', 1),
        ('dead_band_rad', -1.0),
        ('hand_back_s', np.inf),
        ('clip_threshold', 1.1),
        ('slowest_pace', 0.0),
    ],
)
def test_settings_out_of_range_are_refused(name, value):
    kinds = (LimiterSettings, CommandSettings)
    kind = next(kind for kind in kinds if name in kind.__dataclass_fields__)
    with pytest.raises(ConfigError, match=f'got {name} = '):
        kind(**{name: value})


# Everything at once


@pytest.mark.parametrize('seed', range(8))
def test_no_limit_breaks_in_bad_company(seed):
    """Random limits, adversarial targets, random timing; the soak does it a million times."""
    seen = torture(seed, 700)
    assert seen['samples'] > 2000
    assert seen.get('holding', 0) > 0
    assert seen.get('following', 0) + seen.get('approaching', 0) > 100


@pytest.mark.parametrize('name', ['lower', 'upper', 'velocity', 'acceleration', 'jerk'])
def test_the_robot_of_these_tests_notices_a_limit_that_breaks(name):
    """The limiter is given wider limits than the robot has, by a tenth, in one of the five."""
    change = 0.1 * (LIMITS.upper - LIMITS.lower) * (1.0 if name == 'upper' else -1.0)
    wider = (
        getattr(LIMITS, name) + change
        if name in ('lower', 'upper')
        else (1.1 * getattr(LIMITS, name))
    )
    limiter = SafetyLimiter(
        dataclasses.replace(LIMITS, **{name: wider}),
        PERIOD_S,
        LimiterSettings(approach_velocity=10.0),
    )
    limiter.start(START)
    robot = Robot(limiter, np.random.default_rng(0), LIMITS)
    with pytest.raises(AssertionError):
        for k in range(400):
            robot.step(np.full(3, 9.0 if k % 200 < 100 else -9.0), PERIOD_S)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_million_cycles_break_no_limit():
    cycles = 0
    while cycles < 1_000_000:
        torture(1000 + cycles, 5000, joints=4)
        cycles += 5000
