# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot is driven from where it is measured, and only where that is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from support import random_checkpoint
import torture

pytest.importorskip('pinocchio')
pytest.importorskip('pink')

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ModelError
from emotion_motion.generator import MotionGenerator
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drive.command_stream import CommandSettings
from emotion_motion.robot.drive.driver import groups_of, RobotDriver
from emotion_motion.robot.retarget.retargeter import Retargeter
from emotion_motion.robot.safety.limiter import BAD_TARGETS

RATE_HZ = 60.0
PERIOD_S = 1.0 / RATE_HZ
SKELETON = load_skeleton('body_25')


@pytest.fixture(scope='module')
def retargeter() -> Retargeter:
    """Our own humanoid's, without the clearance of its arms, which takes seconds to set up."""
    return Retargeter(Robot.load('humanoid'), RATE_HZ, skeleton=SKELETON, clearance=False)


@pytest.fixture
def robot(retargeter: Retargeter) -> Robot:
    return retargeter.robot


def driver(retargeter: Retargeter, **options: Any) -> RobotDriver:
    retargeter.reset()
    controllers = {'joint_trajectory': retargeter.robot.names}
    return RobotDriver(retargeter, **{'display': False, 'controllers': controllers, **options})


def wave(time_s: float) -> np.ndarray:
    """Return keypoints [K, 3] of somebody who lifts both forearms up and down."""
    keypoints = np.array(SKELETON.rest, dtype=np.float64)
    for side in 'LR':
        elbow, wrist = (SKELETON.names.index(side + part) for part in ('Elbow', 'Wrist'))
        length = np.linalg.norm(keypoints[wrist] - keypoints[elbow])
        angle = 1.2 + 0.9 * np.sin(3.0 * time_s)
        keypoints[wrist] = keypoints[elbow] + length * np.array(
            [np.sin(angle), 0.0, -np.cos(angle)]
        )
    return keypoints


def run(driver: RobotDriver, time_s: float, **options: Any) -> list[Any]:
    """Return what is commanded over a time."""
    times = PERIOD_S * np.arange(round(time_s * RATE_HZ))
    return [
        driver.advance(wave(now), elapsed_s=PERIOD_S, now_s=10.0 + now, **options)
        for now in times.tolist()
    ]


def hear(driver: RobotDriver, now_s: float = 10.0, **changes: float) -> None:
    """Tell the driver that the robot is at rest, with its joints a little off its rest pose."""
    positions = dict(zip(driver.robot.names, at(driver).tolist(), strict=True)) | changes
    names = list(reversed(positions))
    driver.measured.hear(names, [positions[name] for name in names], [], now_s)


def at(driver: RobotDriver) -> np.ndarray:
    limits = driver.robot.limits
    return np.clip(driver.robot.rest + 0.1, limits.lower, limits.upper)


def test_nothing_is_commanded_while_the_robot_s_state_is_unknown(retargeter, robot):
    found = driver(retargeter)
    assert run(found, 0.1) == [None] * 6
    assert "the robot's state is unknown" in found.problem
    assert found.at_rest
    found.measured.hear(robot.names[:-1], at(found)[:-1], [], 10.0)
    assert run(found, 0.1) == [None] * 6 and robot.names[-1] in found.problem


def test_an_old_state_is_unknown(retargeter):
    found = driver(retargeter)
    hear(found, now_s=8.0)
    assert run(found, 0.1) == [None] * 6


def test_it_begins_where_the_robot_is_and_moves_as_the_person_does(retargeter, robot):
    found = driver(retargeter)
    hear(found, extra_wheel=7.0)
    states = run(found, 8.0)
    np.testing.assert_allclose(states[0].position, at(found), atol=1e-6)
    path = np.array([state.position for state in states])
    limits = robot.limits
    assert (path >= limits.lower).all() and (path <= limits.upper).all()
    assert (np.abs(np.diff(path, axis=0)) <= limits.velocity * PERIOD_S + 1e-9).all()
    elbows = [k for k, name in enumerate(robot.names) if 'elbow' in name]
    assert elbows and (np.ptp(path[240:, elbows], axis=0).max() > 1.0)
    assert found.problem == '' and found.commands.limiter.state == 'following'


def test_a_robot_that_is_too_far_out_is_not_moved_until_it_is_inside(retargeter, robot):
    found = driver(retargeter)
    name = robot.names[0]
    hear(found, **{name: float(robot.limits.upper[0]) + 0.2})
    assert run(found, 0.1) == [None] * 6 and name in found.problem
    hear(found)
    assert run(found, 0.1)[-1] is not None and found.problem == ''


def test_reasons_to_hold_come_and_go(retargeter):
    found = driver(retargeter)
    hear(found)
    run(found, 4.0)
    run(found, 1.5, holds={'user', 'clock'})
    assert found.at_rest and found.commands.limiter.reasons == {'user', 'clock'}
    run(found, 0.5, holds={'clock'})
    assert found.at_rest
    run(found, 0.3)
    assert not found.at_rest


def test_keypoints_that_are_no_numbers_stop_the_robot(retargeter):
    found = driver(retargeter)
    hear(found)
    run(found, 4.0)
    bad = np.full_like(wave(0.0), np.nan)
    for _ in range(90):
        state = found.advance(bad, elapsed_s=PERIOD_S, now_s=20.0)
        assert np.isfinite(state.position).all()
    assert found.at_rest and found.commands.limiter.reasons == {BAD_TARGETS}
    assert 'no targets' in found.problem
    run(found, 0.5)
    assert found.problem == '' and not found.at_rest


def test_a_display_needs_no_robot_and_shows_every_joint(retargeter, robot):
    found = driver(retargeter, display=True)
    states = run(found, 2.0)
    np.testing.assert_allclose(states[0].position, robot.rest, atol=1e-6)
    shown = found.displayed()
    assert set(shown) == set(robot.names) | set(robot.held)
    assert shown[robot.names[3]] == states[-1].position[3]


def test_what_was_heard_before_is_forgotten(retargeter):
    found = driver(retargeter)
    hear(found)
    run(found, 0.2)
    found.forget()
    assert run(found, 0.1) == [None] * 6


def random_networks(random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield keypoints [K, 3] of networks with random weights, small to absurd, for ever."""
    while True:
        checkpoint = random_checkpoint(int(random.integers(2**31)))
        scale = 10.0 ** random.uniform(-1.0, 3.0)
        for parameter in checkpoint.model.parameters():
            parameter.data.mul_(scale)
        generator = MotionGenerator(checkpoint, batch_size=32, seed=int(random.integers(2**31)))
        for stream in range(32):
            generator.set_emotion(str(random.choice(EMOTIONS)), index=stream)
        frames = []
        try:
            for _ in range(40):
                frames.append(generator.step().keypoints)
                frames.append(generator.unprojected)  # nothing put it back onto a body
        except ModelError:
            frames.append(np.full_like(generator.unprojected, np.nan))
        for stream in random.permutation(32):
            yield from (
                frame[stream].astype(np.float64) for frame in frames[:: random.choice([1, 2])]
            )


def wild_keypoints(random: np.random.Generator) -> Iterator[np.ndarray | None]:
    """Yield keypoints [K, 3] as no model should give them, and of models of any weights."""
    rest = np.array(SKELETON.rest, dtype=np.float64)
    networks = random_networks(random)
    kinds = [
        lambda k: wave(k * PERIOD_S),
        lambda k: rest + 0.1 * random.standard_normal(rest.shape),
        lambda k: random.standard_normal(rest.shape),
        lambda k: rest * random.choice([-1.0, 1.0, 0.0, 1e-12, 1e9, -1e300], 3),
        lambda k: np.where(random.random(rest.shape) < 0.02, np.nan, rest),
        lambda k: np.where(random.random(rest.shape) < 0.02, np.inf, rest),
        lambda k: rest[random.permutation(len(rest))],
        lambda k: np.zeros_like(rest),
        lambda k: None,
        *[lambda k: next(networks)] * 4,
    ]
    while True:
        kind = kinds[random.integers(len(kinds))]
        for k in range(int(random.integers(1, 40))):
            yield kind(k)


def drive_wildly(retargeter: Retargeter, seed: int, cycles: int) -> dict[str, int]:
    """Return in which states the limiter was how often; fails where a limit breaks."""
    random, found = np.random.default_rng(seed), driver(retargeter, display=True)
    found.advance(None, elapsed_s=None, now_s=0.0)
    holds: set[str] = set()
    body = torture.Robot(
        found.commands.limiter,
        random,
        act=lambda keypoints, elapsed_s: found.advance(
            keypoints, elapsed_s=elapsed_s, now_s=0.0, holds=holds
        ),
    )
    states: dict[str, int] = {}
    groups, keypoints = list(groups_of(found.robot)), wild_keypoints(random)
    for _ in range(cycles):
        if random.random() < 0.02:
            holds = {'user'} if random.random() < 0.3 else set()
        if random.random() < 0.03:
            weight = float(random.choice([0.0, 1.0, random.random()]))
            found.fade({str(random.choice(groups)): weight}, float(random.uniform(0.0, 1.0)), 0.0)
        body.step(next(keypoints), torture.wild_time(random))
        state = found.commands.limiter.state
        states[state] = states.get(state, 0) + 1
    body.end()
    return states


@pytest.mark.filterwarnings('ignore::RuntimeWarning')
@pytest.mark.parametrize('seed', range(2))
def test_whatever_keypoints_and_weights_and_times_come_no_limit_breaks(retargeter, seed):
    states = drive_wildly(retargeter, seed, 500)
    assert states.get('holding', 0) > 20
    assert states.get('approaching', 0) + states.get('following', 0) > 100


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize('part', range(10))
def test_a_million_cycles_from_networks_to_commands_break_no_limit(part):
    """All ten parts are a million; in two of them arms keep clear of the body as well."""
    robot, states = Robot.load('humanoid'), {}
    retargeter = Retargeter(robot, RATE_HZ, skeleton=SKELETON, clearance=part % 5 == 0)
    for number in range(20):
        seen = drive_wildly(retargeter, 1000 * part + number + 100, 5000)
        states = {state: states.get(state, 0) + seen.get(state, 0) for state in {*states, *seen}}
    print(f'part {part}: {states}')
    assert sum(states.values()) == 100_000 and states['following'] > 1000


def test_arms_are_lent_and_taken_up_where_they_were_left(retargeter, robot):
    found = driver(retargeter, settings=CommandSettings(hand_back_s=0.2))
    hear(found)
    run(found, 3.0)
    found.fade({'left_arm': 0.0}, 0.2, 13.0)
    run(found, 4.0)
    arm = groups_of(robot)['left_arm']
    assert not set(arm) & set(found.commands.trajectories()['joint_trajectory'].names)
    moved = {name: float(robot.rest[robot.names.index(name)]) for name in arm}
    hear(found, now_s=17.0, **moved)
    found.fade({'left_arm': 1.0}, 0.5, 17.0)
    state = found.advance(wave(0.0), elapsed_s=PERIOD_S, now_s=17.0)
    for name, value in moved.items():
        assert state.position[robot.names.index(name)] == pytest.approx(value, abs=1e-3)
