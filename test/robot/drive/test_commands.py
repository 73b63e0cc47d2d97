# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What controllers are sent: their joints, in their order, lent groups left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.limits import JointLimits
from emotion_motion.robot.drive.command_stream import CommandSettings, CommandStream, DeadBand
from emotion_motion.robot.safety.settings import LimiterSettings

PERIOD_S = 1.0 / 60.0
NAMES = ('neck', 'left_elbow', 'right_elbow', 'waist')
LIMITS = JointLimits(NAMES, [-1.5] * 4, [1.5] * 4, [2.0] * 4, [20.0] * 4, [400.0] * 4)
START = {'neck': 0.3, 'left_elbow': 0.4, 'right_elbow': -0.2, 'waist': 0.0}
AT_START = np.array([0.3, 0.4, -0.2, 0.0])
GROUPS = {'head': ['neck'], 'arms': ['left_elbow', 'right_elbow']}
CONTROLLERS = {'upper': ['right_elbow', 'left_elbow', 'neck'], 'torso': ['waist']}


def stream(**settings: Any) -> CommandStream:
    """Return commands of a robot at START."""
    limiter = LimiterSettings(approach_velocity=5.0, approach_ramp_s=0.0)
    commands = CommandStream(
        LIMITS,
        np.zeros(4),
        PERIOD_S,
        groups=GROUPS,
        controllers=CONTROLLERS,
        settings=CommandSettings(**{'limiter': limiter, **settings}),
    )
    commands.start(START)
    return commands


def run(commands: CommandStream, targets: np.ndarray | None, time_s: float) -> np.ndarray:
    """Return positions [T, J]."""
    steps = round(time_s / PERIOD_S)
    return np.array([commands.step(targets).position for _ in range(steps)])


def largest_step(path: np.ndarray) -> float:
    return float(np.abs(np.diff(path, axis=0)).max())


def test_each_controller_is_sent_its_joints_in_its_order():
    commands = stream()
    run(commands, AT_START + 0.5, 0.2)
    sent = commands.trajectories()
    assert sent['upper'].names == ('right_elbow', 'left_elbow', 'neck')
    assert sent['torso'].names == ('waist',)
    state = commands.limiter.path.at(PERIOD_S)
    np.testing.assert_array_equal(sent['upper'].positions[0], state.position[[2, 1, 0]])
    np.testing.assert_array_equal(sent['torso'].velocities[0], state.velocity[[3]])


def test_forward_commands_have_the_order_that_is_asked_for():
    commands = stream()
    now = run(commands, AT_START + 0.5, 0.2)[-1]
    order = ['waist', 'neck', 'right_elbow']
    np.testing.assert_array_equal(commands.forward(order), now[[3, 0, 2]])
    with pytest.raises(RobotError, match="'knee'; expected one of neck"):
        commands.forward(['neck', 'knee'])


def test_a_weight_is_the_share_of_the_motion_from_the_start():
    commands = stream(dead_band_rad=0.0)
    commands.fade({'arms': 0.25}, 0.5)
    end = run(commands, AT_START + 0.8, 3.0)[-1]
    np.testing.assert_allclose(end - AT_START, [0.8, 0.2, 0.2, 0.8], atol=1e-6)


def test_a_group_is_handed_back_slowly_and_then_left_alone():
    commands = stream(hand_back_s=1.0)
    targets = AT_START + 0.8
    run(commands, targets, 2.0)
    commands.fade({'arms': 0.0}, 0.0)
    path = run(commands, targets, 0.9)
    assert commands.lent == frozenset() and 'left_elbow' in commands.trajectories()['upper'].names
    assert np.abs(path[20, 1] - targets[1]) < 0.3, 'it dropped to nothing at once'
    path = np.concatenate([path, run(commands, targets, 1.0)])
    assert largest_step(path[:, 1:3]) < 1.6 * 0.8 * PERIOD_S, 'faster than the fade'
    np.testing.assert_allclose(path[-1], [1.1, 0.4, -0.2, 0.8], atol=1e-2)
    assert commands.lent == {'arms'}
    sent = commands.trajectories()
    assert sent['upper'].names == ('neck',) and 'torso' in sent


def test_a_controller_of_lent_joints_is_sent_nothing():
    commands = stream(hand_back_s=0.1)
    commands.fade({'arms': 0.0, 'head': 0.0}, 0.1)
    run(commands, AT_START, 1.0)
    assert list(commands.trajectories()) == ['torso']


def test_a_lent_group_is_taken_up_from_where_it_is_by_then():
    commands = stream(hand_back_s=0.1)
    commands.fade({'arms': 0.0}, 0.1)
    run(commands, AT_START, 1.0)
    moved = {**START, 'left_elbow': 1.2, 'right_elbow': -1.0}
    with pytest.raises(RobotError, match='no position of left_elbow, right_elbow'):
        commands.fade({'arms': 1.0}, 1.0)
    assert commands.lent == {'arms'}
    with pytest.raises(RobotError, match="'legs'"):
        commands.fade({'arms': 1.0, 'legs': 1.0}, 1.0, moved)
    assert commands.lent == {'arms'}
    commands.fade({'arms': 1.0}, 1.0, moved)
    path = run(commands, AT_START, 3.0)
    np.testing.assert_allclose(path[0, 1:3], [1.2, -1.0], atol=2e-3)
    assert largest_step(path) < 2.0 * PERIOD_S
    np.testing.assert_allclose(path[-1], AT_START, atol=3e-3)
    assert commands.trajectories()['upper'].names == ('right_elbow', 'left_elbow', 'neck')


def test_a_group_that_a_hold_caught_is_lent_where_it_rests():
    """It stays there when the hold ends, for nobody follows what it is sent."""
    commands = stream(hand_back_s=0.3)
    run(commands, AT_START + 0.8, 2.0)
    commands.fade({'arms': 0.0}, 0.3)
    run(commands, AT_START + 0.8, 0.2)
    commands.limiter.stop('user')
    still = run(commands, AT_START + 0.8, 1.0)[-1]
    assert commands.lent == {'arms'} and abs(still[1] - START['left_elbow']) > 0.1
    commands.limiter.release('user')
    for _ in range(5):
        path = run(commands, AT_START + 0.5, 0.1)
        np.testing.assert_array_equal(path[:, 1:3], np.broadcast_to(still[1:3], (6, 2)))
        moved = {**START, 'left_elbow': 0.9, 'right_elbow': -0.7}
        commands.fade({'arms': 1.0}, 0.1, moved)  # not refused
        commands.fade({'arms': 0.0}, 0.3)
        run(commands, AT_START + 0.5, 1.5)
        still = commands.limiter.path.start.position.copy()
        assert commands.lent == {'arms'}


def test_at_rest_commands_do_not_tremble():
    commands = stream(dead_band_rad=0.002)
    tremble = 5e-4 * np.random.default_rng(0).uniform(-1.0, 1.0, (240, 4))
    path = np.array([commands.step(AT_START + each).position for each in tremble])
    assert np.ptp(path[60:], axis=0).max() == 0.0
    assert commands.limiter.at_rest


def test_a_phrase_beyond_the_limits_is_asked_to_run_slower():
    commands = stream()
    assert commands.pace == 1.0
    time_s = 0.0
    for _ in range(1200):
        time_s += PERIOD_S * commands.pace
        commands.step(np.full(4, 0.8 * np.sin(8.0 * time_s)))
    assert 0.3 < commands.pace < 0.8
    assert commands.clip.ratio < 0.25
    commands.limiter.stop('user')
    run(commands, AT_START, 0.5)
    assert commands.clip.ratio == 0.0, 'a halt is no cost of the limits'


def test_nothing_is_sent_before_the_robot_s_state_is_known():
    commands = CommandStream(LIMITS, np.zeros(4), PERIOD_S, groups=GROUPS, controllers=CONTROLLERS)
    acts = (commands.trajectories, lambda: commands.forward(NAMES), lambda: commands.step(None))
    for act in acts:
        with pytest.raises(RobotError, match='unknown'):
            act()


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'rest': np.zeros(3)}, r'rest: got shape \(3,\)'),
        ({'groups': {'arms': ['wing']}}, "'wing'"),
        ({'controllers': {'a': ['neck'], 'b': ['neck']}}, "in 'a' and in 'b'"),
    ],
)
def test_what_does_not_fit_is_refused(changes, words):
    given = {'rest': np.zeros(4), 'groups': GROUPS, 'controllers': CONTROLLERS, **changes}
    with pytest.raises(RobotError, match=words):
        CommandStream(LIMITS, given.pop('rest'), PERIOD_S, **given)


# The dead-band

WIDTH = 1e-3


def put_through(targets: np.ndarray, width: float = WIDTH) -> np.ndarray:
    band = DeadBand(width, PERIOD_S)
    return np.array([band(target) for target in targets])


def test_a_moving_target_is_untouched():
    targets = 0.3 * np.sin(3.0 * PERIOD_S * np.arange(300))[:, None] * np.array([1.0, -2.0])
    held = put_through(targets)
    assert (held == targets).mean() > 0.95
    assert np.abs(held - targets).max() <= WIDTH, 'at the turns it may rest, within the band'


def test_a_trembling_target_comes_to_rest_within_half_a_second():
    tremble = 0.4 * WIDTH * np.random.default_rng(0).uniform(-1.0, 1.0, (200, 3))
    held = put_through(1.0 + tremble)
    assert np.ptp(held[32:], axis=0).max() == 0.0
    assert np.ptp(tremble[32:], axis=0).min() > 0.0


def test_it_goes_on_with_the_target_that_leaves_the_band():
    rest, away = np.full((60, 1), 0.5), 0.5 + 0.01 * np.arange(60)[:, None]
    held = put_through(np.concatenate([rest, away]))
    np.testing.assert_array_equal(held[62:], away[2:])
    assert np.abs(np.diff(held, axis=0)).max() <= 0.01 + 2.0 * WIDTH


def test_joints_rest_on_their_own():
    targets = np.stack([np.full(120, 0.2), 0.01 * np.arange(120)], axis=1)
    targets[:, 0] += 0.3 * WIDTH * np.sin(np.arange(120))
    held = put_through(targets)
    assert np.ptp(held[60:, 0]) == 0.0
    np.testing.assert_array_equal(held[:, 1], targets[:, 1])


def test_no_width_is_no_band():
    targets = 1e-9 * np.arange(100.0)[:, None]
    np.testing.assert_array_equal(put_through(targets, 0.0), targets)
