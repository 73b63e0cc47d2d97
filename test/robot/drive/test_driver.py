# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot is driven from where it is measured, and only where that is known."""

from __future__ import annotations

from collections import Counter
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
from emotion_motion.exceptions import ModelError, RobotError
from emotion_motion.generator import MotionGenerator
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drive.command_stream import CommandSettings
from emotion_motion.robot.drive.driver import groups_of, MeasuredJoints, RobotDriver
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


def driver_of(retargeter: Retargeter, **options: Any) -> RobotDriver:
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


def receive(driver: RobotDriver, now_s: float = 10.0, **changes: float) -> None:
    """Tell the driver that the robot is at rest, with its joints a little off its rest pose."""
    positions = dict(zip(driver.robot.names, at(driver).tolist(), strict=True)) | changes
    names = list(reversed(positions))
    driver.measured.update(names, [positions[name] for name in names], [], now_s)


def at(driver: RobotDriver) -> np.ndarray:
    limits = driver.robot.limits
    return np.clip(driver.robot.rest + 0.1, limits.lower, limits.upper)


def test_nothing_is_commanded_in_an_unknown_state(retargeter, robot):
    driver = driver_of(retargeter)
    assert run(driver, 0.1) == [None] * 6
    assert "the robot's state is unknown" in driver.problem
    assert driver.at_rest
    driver.measured.update(robot.names[:-1], at(driver)[:-1], [], 10.0)
    assert run(driver, 0.1) == [None] * 6 and robot.names[-1] in driver.problem


def test_it_begins_where_the_robot_is_and_moves_as_the_person(retargeter, robot):
    driver = driver_of(retargeter)
    receive(driver, extra_wheel=7.0)
    states = run(driver, 8.0)
    np.testing.assert_allclose(states[0].position, at(driver), atol=1e-6)
    path = np.array([state.position for state in states])
    limits = robot.limits
    assert (path >= limits.lower).all() and (path <= limits.upper).all()
    assert (np.abs(np.diff(path, axis=0)) <= limits.velocity * PERIOD_S + 1e-9).all()
    elbows = [k for k, name in enumerate(robot.names) if 'elbow' in name]
    assert elbows and (np.ptp(path[240:, elbows], axis=0).max() > 1.0)
    assert driver.problem == '' and driver.commands.limiter.state == 'following'


def test_a_robot_too_far_out_is_not_moved_until_it_is_inside(retargeter, robot):
    driver = driver_of(retargeter)
    name = robot.names[0]
    receive(driver, **{name: float(robot.limits.upper[0]) + 0.2})
    assert run(driver, 0.1) == [None] * 6 and name in driver.problem
    receive(driver)
    assert run(driver, 0.1)[-1] is not None and driver.problem == ''


def test_reasons_to_hold_come_and_go(retargeter):
    driver = driver_of(retargeter)
    receive(driver)
    run(driver, 4.0)
    run(driver, 1.5, holds={'user', 'clock'})
    assert driver.at_rest and driver.commands.limiter.reasons == {'user', 'clock'}
    run(driver, 0.5, holds={'clock'})
    assert driver.at_rest
    run(driver, 0.3)
    assert not driver.at_rest


def test_keypoints_that_are_no_numbers_stop_the_robot(retargeter):
    driver = driver_of(retargeter)
    receive(driver)
    run(driver, 4.0)
    bad = np.full_like(wave(0.0), np.nan)
    for _ in range(90):
        state = driver.advance(bad, elapsed_s=PERIOD_S, now_s=20.0)
        assert np.isfinite(state.position).all()
    assert driver.at_rest and driver.commands.limiter.reasons == {BAD_TARGETS}
    assert 'no targets' in driver.problem
    run(driver, 0.5)
    assert driver.problem == '' and not driver.at_rest


def test_a_display_needs_no_robot_and_shows_every_joint(retargeter, robot):
    driver = driver_of(retargeter, display=True)
    states = run(driver, 2.0)
    np.testing.assert_allclose(states[0].position, robot.rest, atol=1e-6)
    shown = driver.displayed()
    assert set(shown) == set(robot.names) | set(robot.held)
    assert shown[robot.names[3]] == states[-1].position[3]


def test_what_was_received_before_is_forgotten(retargeter):
    driver = driver_of(retargeter)
    receive(driver)
    run(driver, 0.2)
    driver.forget()
    assert run(driver, 0.1) == [None] * 6


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


def drive_wildly(retargeter: Retargeter, seed: int, cycles: int) -> Counter[str]:
    """Return in which states the limiter was how often; fails where a limit breaks."""
    random, driver = np.random.default_rng(seed), driver_of(retargeter, display=True)
    driver.advance(None, elapsed_s=None, now_s=0.0)
    holds: set[str] = set()
    body = torture.Robot(
        driver.commands.limiter,
        random,
        act=lambda keypoints, elapsed_s: driver.advance(
            keypoints, elapsed_s=elapsed_s, now_s=0.0, holds=holds
        ),
    )
    states: Counter[str] = Counter()
    groups, keypoints = list(groups_of(driver.robot)), wild_keypoints(random)
    for _ in range(cycles):
        if random.random() < 0.02:
            holds = {'user'} if random.random() < 0.3 else set()
        if random.random() < 0.03:
            weight = float(random.choice([0.0, 1.0, random.random()]))
            driver.fade({str(random.choice(groups)): weight}, float(random.uniform(0.0, 1.0)), 0.0)
        body.step(next(keypoints), torture.wild_time(random))
        states[driver.commands.limiter.state] += 1
    body.end()
    return states


@pytest.mark.filterwarnings('ignore::RuntimeWarning')
@pytest.mark.parametrize('seed', range(2))
def test_no_keypoints_weights_or_times_break_a_limit(retargeter, seed):
    states = drive_wildly(retargeter, seed, 500)
    assert states['holding'] > 20 and states['approaching'] + states['following'] > 100


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize('part', range(10))
def test_a_million_cycles_of_networks_break_no_limit(part):
    """All ten parts are a million; in two of them arms keep clear of the body as well."""
    robot, states = Robot.load('humanoid'), Counter()
    retargeter = Retargeter(robot, RATE_HZ, skeleton=SKELETON, clearance=part % 5 == 0)
    for number in range(20):
        states += drive_wildly(retargeter, 1000 * part + number + 100, 5000)
    print(f'part {part}: {states}')
    assert states.total() == 100_000 and states['following'] > 1000


def test_arms_are_lent_and_taken_up_where_they_were_left(retargeter, robot):
    driver = driver_of(retargeter, settings=CommandSettings(hand_back_s=0.2))
    receive(driver)
    run(driver, 3.0)
    driver.fade({'left_arm': 0.0}, 0.2, 13.0)
    run(driver, 4.0)
    arm = groups_of(robot)['left_arm']
    assert not set(arm) & set(driver.commands.trajectories()['joint_trajectory'].names)
    moved = {name: float(robot.rest[robot.names.index(name)]) for name in arm}
    receive(driver, now_s=17.0, **moved)
    driver.fade({'left_arm': 1.0}, 0.5, 17.0)
    state = driver.advance(wave(0.0), elapsed_s=PERIOD_S, now_s=17.0)
    for name, value in moved.items():
        assert state.position[robot.names.index(name)] == pytest.approx(value, abs=1e-3)


# Measured joints


def test_parts_in_any_order_make_a_whole():
    measured = MeasuredJoints(['neck', 'elbow', 'waist'])
    measured.update(['elbow', 'wheel', 'neck'], [1.0, 9.0, 2.0], [0.1, 0.2, 0.3], 5.0)
    measured.update(['waist'], [3.0], [], 5.2)
    assert measured.positions(5.3) == {'elbow': 1.0, 'neck': 2.0, 'waist': 3.0}
    assert measured.velocities(5.3) == {'elbow': 0.1, 'neck': 0.3, 'waist': 0.0}


def test_what_is_old_or_from_the_future_is_not_known():
    measured = MeasuredJoints(['neck', 'elbow'])
    measured.update(['neck'], [1.0], [], 5.0)
    measured.update(['elbow'], [2.0], [], 5.4)
    assert measured.positions(5.6) == {'elbow': 2.0}
    assert measured.positions(4.0) == {}
    measured.forget()
    assert measured.positions(5.4) == {}


def test_a_stamp_is_the_age_and_what_is_older_does_not_count():
    measured = MeasuredJoints(['neck'])
    measured.update(['neck'], [1.0], [], 5.0, 0.3)
    assert measured.positions(5.1) == {'neck': 1.0} and not measured.positions(5.3)
    measured.update(['neck'], [2.0], [], 5.1, 0.45)
    assert measured.positions(5.1) == {'neck': 1.0} and measured.ahead_s == -0.45
    measured.update(['neck'], [3.0], [], 5.1, -0.05)
    assert measured.positions(5.1) == {'neck': 3.0}
    for age_s in (-0.2, -3600.0, float('nan')):
        with pytest.raises(RobotError, match='set both clocks alike'):
            measured.update(['neck'], [4.0], [], 5.2, age_s)
    assert measured.positions(5.2) == {'neck': 3.0}


def test_a_joint_in_two_places_at_once_is_noticed():
    measured = MeasuredJoints(['neck'])
    for number in range(50):  # fast, and where its speed leads
        measured.update(['neck'], [0.1 * number], [5.0], 0.02 * number)
    assert not measured.leap[0]
    measured.update(['neck'], [5.2], [0.0], 0.985)
    assert 'neck' in measured.leap[0] and measured.leap[1] == 0.985


def test_older_stamps_that_contradict_are_noticed_too():
    measured = MeasuredJoints(['neck'])
    for number in range(20):  # a false publisher without stamps, and the real joint 40 ms later
        now_s = 0.01 * number
        measured.update(['neck'], [0.0], [], now_s)
        measured.update(['neck'], [1.0], [], now_s, 0.04)
    assert measured.positions(0.2) == {'neck': 0.0}
    assert 'neck' in measured.leap[0] and measured.leap[1] == pytest.approx(0.19)


def test_joints_of_others_say_nothing_of_our_clocks():
    measured = MeasuredJoints(['neck'])
    measured.update(['neck'], [0.0], [], 1.0, 0.3)
    measured.update(['wheel'], [0.0], [], 1.0, -7.0)
    measured.update(['neck'], [0.0], [], 1.0)
    assert measured.ahead_s == -0.3


@pytest.mark.parametrize(
    ('names', 'positions', 'velocities'),
    [
        (['neck', 'elbow'], [1.0], []),
        (['neck'], [], []),
        (['neck', 'elbow'], [1.0, 2.0], [0.0]),
        (['neck', 'neck'], [1.0, 2.0], []),
    ],
)
def test_a_message_that_does_not_add_up_is_refused(names, positions, velocities):
    measured = MeasuredJoints(['neck', 'elbow'])
    with pytest.raises(RobotError, match='measured joints: got'):
        measured.update(names, positions, velocities, 0.0)
    assert measured.positions(0.0) == {}
