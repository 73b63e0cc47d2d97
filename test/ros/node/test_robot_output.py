# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot over the real middleware: nothing before its state is known, then within its limits."""

from __future__ import annotations

from collections.abc import Iterator
import itertools
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from graph import Graph, NodeThread, Tester
import numpy as np
import pytest
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float64MultiArray, String
from test_clock import SimulatedClock
from trajectory_msgs.msg import JointTrajectory

try:
    from rclpy.event_handler import PublisherEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import PublisherEventCallbacks

pytest.importorskip('pinocchio')
pytest.importorskip('pink')
pytest.importorskip('ruckig')

from emotion_motion.msg import JointGroupWeights
from emotion_motion.robot.description.robot import Robot

STOPS = {
    'latched': QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
    'ordinary': QoSProfile(depth=1),
    'best effort': QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT),
}
ROBOT = Robot.load('humanoid')
NAMES = ROBOT.names
LIMITS = ROBOT.limits
# Any rate: these tests are about what is sent, on however slow a machine.
RATE_HZ = 30.0


class RobotBody:
    """Stands in the graph as a robot does: publishes where its joints are, fifty times a second.

    In an order of its own, and with a joint that is nobody's business.
    """

    def __init__(self, tester: Tester, stamp_offset_s: float | None = None) -> None:
        self._node, self.stamp_offset_s = tester.node, stamp_offset_s
        self._publisher = self._node.create_publisher(JointState, 'measured_joint_states', 10)
        self.positions = dict(zip(NAMES, (0.9 * ROBOT.rest + 0.05).tolist(), strict=True))
        self.timer = self._node.create_timer(0.02, self._publish)

    def follow(self, message: JointState) -> None:
        """Be where the message says."""
        self.positions |= dict(zip(message.name, message.position, strict=True))

    def _publish(self) -> None:
        names = [*reversed(self.positions), 'left_wheel']
        message = JointState(name=names, position=[*reversed(self.positions.values()), 99.0])
        if self.stamp_offset_s is not None:
            stamp = self._node.get_clock().now() + Duration(seconds=self.stamp_offset_s)
            message.header.stamp = stamp.to_msg()
        self._publisher.publish(message)

    def go(self) -> None:
        """Publish nothing more."""
        self._node.destroy_timer(self.timer)
        self._node.destroy_publisher(self._publisher)


def settings(output: str, **parameters: Any) -> dict[str, Any]:
    common = {'rate_hz': RATE_HZ, 'approach_velocity': 3.0, 'hand_back_s': 0.2}
    return {'robot': 'humanoid', 'output': output, **common, **parameters}


def path_of(targets: list[JointState]) -> np.ndarray:
    """Return positions [T, J], in the order of the robot."""
    rows = [dict(zip(message.name, message.position, strict=True)) for message in targets]
    return np.array([[row[name] for name in NAMES] for row in rows]).reshape(-1, len(NAMES))


def check_limits(targets: list[JointState]) -> None:
    path = path_of(targets)
    speeds = np.array([message.velocity for message in targets])
    assert np.isfinite(path).all()
    assert (path >= LIMITS.lower).all() and (path <= LIMITS.upper).all()
    assert (np.abs(speeds) <= LIMITS.velocity).all()


def rests(targets: list[JointState]) -> bool:
    """Whether the last three say the same place and no speed."""
    last = targets[-3:]
    still = all(m.position == last[0].position for m in last)
    return len(last) == 3 and still and not np.any([m.velocity for m in last])


def moves(tester: Tester, targets: list[JointState]) -> None:
    before = len(targets)

    def moved() -> bool:
        path = path_of(targets[before:])
        return len(path) > 3 and bool(np.ptp(path, axis=0).max() > 0.01)

    tester.wait(moved, 'motion')


@pytest.fixture(scope='module')
def module_graph(model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    with Graph(model, Path(tmp_path_factory.mktemp('robot'))) as graph:
        yield graph


Driven = tuple[NodeThread, Tester, list[JointState], list[JointTrajectory]]


@pytest.fixture(scope='module')
def driven(module_graph: Graph) -> Driven:
    """A node that sends trajectories to a robot that is there, and what it sends."""
    running, tester = module_graph.node(**settings('joint_trajectory'))
    targets = tester.listen(JointState, 'joint_targets')
    trajectories = tester.listen(JointTrajectory, 'joint_trajectory')
    tester.wait_state('active')
    tester.wait_frames(10)
    assert not targets and not trajectories, 'it moved a robot of which it knows nothing'
    assert tester.wait_problem('state is unknown')['robot_state'] == 'unknown'
    tester.robot = RobotBody(tester)
    tester.wait(lambda: len(trajectories) > 20, 'trajectories')
    return running, tester, targets, trajectories


def test_the_first_motion_is_from_where_the_robot_is(driven: Driven) -> None:
    _, tester, targets, trajectories = driven
    start = np.array([tester.robot.positions[name] for name in NAMES])
    np.testing.assert_allclose(path_of(targets[:1])[0], start, atol=1e-6)
    first = trajectories[0].points[0]
    at = [list(trajectories[0].joint_names).index(name) for name in NAMES]
    np.testing.assert_allclose(np.array(first.positions)[at], start, atol=5e-3)


def test_no_motion_from_stamps_that_are_old_or_ahead(module_graph: Graph) -> None:
    _, tester = module_graph.node(**settings('joint_trajectory'))
    targets = tester.listen(JointState, 'joint_targets')
    body = RobotBody(tester, -100.0)
    tester.wait_state('active')
    for offset_s, words in ((-100.0, 's behind'), (-0.6, 's behind'), (3600.0, 's ahead of')):
        body.stamp_offset_s = offset_s
        tester.wait_problem(words)
        assert not targets, offset_s
    body.stamp_offset_s = None
    tester.wait(lambda: targets, 'motion where arrival counts')


def test_two_publishers_that_differ_are_refused_or_warned_of(module_graph: Graph) -> None:
    _, tester = module_graph.node(**settings('joint_trajectory'))
    targets = tester.listen(JointState, 'joint_targets')
    RobotBody(tester)
    other = RobotBody(tester)
    other.positions[NAMES[0]] += 1.0
    tester.wait_state('active')
    tester.wait_problem('expected one robot')
    assert not targets, 'it chose one of two robots'
    other.go()
    moves(tester, targets)
    other = RobotBody(tester)
    other.positions[NAMES[0]] += 1.0
    tester.wait_problem('expected one robot', DiagnosticStatus.WARN)
    moves(tester, targets)
    check_limits(targets)


def test_trajectories_look_ahead_and_end_at_rest(driven: Driven) -> None:
    _, tester, targets, trajectories = driven
    moves(tester, targets)
    check_limits(targets)
    for message in trajectories:
        assert sorted(message.joint_names) == sorted(NAMES)
        times = [p.time_from_start.sec + 1e-9 * p.time_from_start.nanosec for p in message.points]
        assert times[0] == pytest.approx(1.0 / RATE_HZ, abs=1e-6)
        assert times[-1] >= 0.3 - 1e-9 and all(a < b for a, b in itertools.pairwise(times))
        last = message.points[-1]
        assert not any(last.velocities) and not any(last.accelerations)
        for p in message.points:
            assert len(p.positions) == len(p.velocities) == len(p.accelerations) == len(NAMES)
    stamps = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in trajectories]
    assert all(one < other for one, other in itertools.pairwise(stamps)) and stamps[0] > 0


def test_each_trajectory_goes_on_where_the_one_before_has_led(driven: Driven) -> None:
    """Whatever the time between them was: a robot that follows sees no step."""
    _, tester, _, trajectories = driven
    tester.wait(lambda: len(trajectories) > 60, 'trajectories')
    by_name = {name: k for k, name in enumerate(NAMES)}
    paths = []
    for message in trajectories[-50:]:
        order = [by_name[name] for name in message.joint_names]
        begin = message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec
        times = [
            begin + p.time_from_start.sec + 1e-9 * p.time_from_start.nanosec
            for p in message.points
        ]
        places = np.zeros((len(times), len(NAMES)))
        places[:, order] = [p.positions for p in message.points]
        paths.append((np.array(times), places))
    for (times, places), (later, next_places) in itertools.pairwise(paths):
        when = later[0]
        if when > times[-1]:
            continue
        there = np.array([np.interp(when, times, column) for column in places.T])
        # They part by what can be gained within a cycle or a few late ones.
        apart = np.abs(next_places[0] - there).max()
        assert apart < 0.1, apart


@pytest.mark.parametrize('name', ['ordinary', 'best effort', 'latched'])
def test_stop_is_a_stop_until_it_is_taken_back(driven: Driven, name: str) -> None:
    """Whatever a publisher offers; alone, it is not told that anybody refuses it."""
    _, tester, targets, _ = driven
    moves(tester, targets)
    refused: list[object] = []
    events = PublisherEventCallbacks(incompatible_qos=refused.append)
    publisher = tester.node.create_publisher(Bool, 'stop', STOPS[name], event_callbacks=events)
    tester.wait(lambda: publisher.get_subscription_count() >= 1, 'a subscriber of stop')
    publisher.publish(Bool(data=True))
    tester.wait(lambda: rests(targets), 'rest')
    still = path_of(targets[-1:])
    tester.wait_status(
        lambda s, v: v['robot_state'] == 'holding' and 'stop' in v['robot_holds'], 'a hold'
    )
    np.testing.assert_array_equal(path_of(targets[-1:]), still)
    publisher.publish(Bool(data=False))
    moves(tester, targets)
    check_limits(targets)
    assert bool(refused) == (name == 'best effort'), 'by the subscriber that loses nothing'
    tester.node.destroy_publisher(publisher)


def test_a_stop_that_was_latched_is_a_stop_where_others_publish(driven: Driven) -> None:
    """One that appears while the robot moves, and beside an ordinary one that was there first."""
    running, tester, targets, _ = driven
    ordinary = tester.node.create_publisher(Bool, 'stop', STOPS['ordinary'])
    moves(tester, targets)
    latched = tester.node.create_publisher(Bool, 'stop', STOPS['latched'])
    latched.publish(Bool(data=True))  # before anybody can have found it
    tester.wait(lambda: rests(targets), 'rest')
    ordinary.publish(Bool(data=False))
    moves(tester, targets)
    ordinary.publish(Bool(data=True))
    tester.wait(lambda: rests(targets), 'rest')
    (history,) = (
        subscription
        for subscription in running.node.subscriptions
        if subscription.topic_name.endswith('/stop')
        and subscription.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    )
    running.do(lambda: history.callback(serialize_message(Bool(data=False))))
    tester.spin(0.5)
    assert rests(targets), 'what was latched lifts no stop'
    ordinary.publish(Bool(data=False))
    moves(tester, targets)
    for publisher in (ordinary, latched):
        tester.node.destroy_publisher(publisher)


def test_a_stop_that_was_latched_before_holds_from_the_start(module_graph: Graph) -> None:
    tester = module_graph.tester('/latched_before')
    publisher = tester.node.create_publisher(Bool, 'stop', STOPS['latched'])
    publisher.publish(Bool(data=True))
    targets = tester.listen(JointState, 'joint_targets')
    RobotBody(tester)  # nothing else is there to wait for
    module_graph.node('/latched_before', **settings('joint_trajectory'))
    tester.wait(lambda: len(targets) > 20, 'targets')
    assert np.ptp(path_of(targets), axis=0).max() == 0.0


def test_hold_and_deactivate_end_at_rest_activate_asks_anew(driven: Driven) -> None:
    _, tester, targets, trajectories = driven
    moves(tester, targets)
    tester.hold(True)
    tester.wait(lambda: rests(targets), 'rest')
    tester.hold(False)
    moves(tester, targets)
    assert tester.change('deactivate')
    tester.spin(0.3)
    assert not any(targets[-1].velocity), 'it left a robot that moves'
    assert not any(trajectories[-1].points[0].velocities)
    check_limits(targets)
    seen = len(trajectories)
    name = NAMES[0]
    tester.robot.positions[name] += 0.2  # somebody moves it
    tester.spin(0.3)
    assert tester.change('activate')
    tester.wait(lambda: len(trajectories) > seen, 'a trajectory')
    k = list(trajectories[seen].joint_names).index(name)
    position = trajectories[seen].points[0].positions[k]
    assert position == pytest.approx(tester.robot.positions[name], abs=2e-2)


def test_neither_emotions_nor_a_reset_make_a_joint_leap(driven: Driven) -> None:
    _, tester, targets, _ = driven
    moves(tester, targets)
    begin = len(targets)
    for emotion in ('anger', 'sadness', 'surprise', 'fear'):
        tester.publish('emotion', String(data=emotion))
        tester.spin(0.4)
        tester.reset()
        tester.spin(0.4)
    check_limits(targets)
    since = targets[begin:]
    steps = np.abs(np.diff(path_of(since), axis=0))
    stamps = np.array([m.header.stamp.sec + 1e-9 * m.header.stamp.nanosec for m in since])
    assert (steps <= LIMITS.velocity * np.diff(stamps)[:, None] + 1e-6).all()
    assert steps.max() > 0.0


def test_a_rate_is_not_changed_under_a_robot(driven: Driven) -> None:
    _, tester, _, _ = driven
    result = tester.set('rate_hz', 90.0)
    assert not result.successful and 'robot' in result.reason
    assert tester.set('rate_hz', RATE_HZ).successful, 'it refused what it has'


def test_arms_are_lent_and_taken_back(driven: Driven) -> None:
    _, tester, targets, trajectories = driven
    arm = set(NAMES) & set(ROBOT.config.chains['left_arm'])
    moves(tester, targets)
    tester.publish('joint_group_weights', JointGroupWeights(groups=['wings'], weights=[1.0]))
    tester.publish('joint_group_weights', JointGroupWeights(groups=['left_arm'], weights=[]))
    message = JointGroupWeights(groups=['left_arm'], weights=[0.0], fade_s=0.0)
    tester.publish('joint_group_weights', message)
    tester.wait(lambda: not arm & set(trajectories[-1].joint_names), 'the arm left alone')
    assert set(trajectories[-1].joint_names) == set(NAMES) - arm
    tester.wait_status(lambda s, v: v['lent_groups'] == 'left_arm', 'what is lent')
    message = JointGroupWeights(groups=['left_arm'], weights=[1.0], fade_s=0.1)
    tester.publish('joint_group_weights', message)
    tester.wait(lambda: arm <= set(trajectories[-1].joint_names), 'the arm again')
    tester.wait(lambda: any('wings' in log.msg for log in tester.logs), 'a warning')


@pytest.mark.parametrize('end', ['failure', 'shutdown'])
def test_forward_commands_have_their_order_and_end_at_rest(graph: Graph, end: str) -> None:
    order = [NAMES[5], NAMES[0], NAMES[3]]
    running, tester = graph.node(**settings('forward_commands', joint_order=', '.join(order)))
    commands = tester.listen(Float64MultiArray, 'commands')
    targets = tester.listen(JointState, 'joint_targets')
    tester.wait_state('active')
    RobotBody(tester)
    moves(tester, targets)
    rows = [NAMES.index(name) for name in order]
    both = min(len(commands), len(targets))
    sent = np.array([message.data for message in commands[:both]])
    np.testing.assert_array_equal(sent, path_of(targets)[:both, rows])

    def fail(*_: Any) -> None:
        raise RuntimeError('the model is gone')

    if end == 'failure':
        running.motion.advance = fail
        tester.wait_state('unconfigured')
    else:  # by the program that the node runs in, which has not waited for rest
        running.do(running.node.trigger_shutdown)
        tester.wait_state('finalized')
    tester.spin(0.2)
    assert not any(targets[-1].velocity), 'it left a robot that moves'
    check_limits(targets)
    steps = np.abs(np.diff(path_of(targets), axis=0)).max(axis=0)
    assert (steps <= LIMITS.velocity / RATE_HZ + 1e-6).all()


def test_a_fault_in_the_robot_s_part_leaves_the_node_alive(graph: Graph) -> None:
    running, tester = graph.node(**settings('joint_trajectory'))
    trajectories = tester.listen(JointTrajectory, 'joint_trajectory')
    tester.wait_state('active')
    RobotBody(tester)
    tester.wait(lambda: len(trajectories) > 5, 'trajectories')

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError('a bug')

    running.node._live.robot.driver.advance = fail
    tester.wait_state('unconfigured')
    tester.wait_status(lambda s, v: s.level == DiagnosticStatus.ERROR and 'a bug' in s.message, '')
    assert not any(trajectories[-1].points[-1].velocities)
    assert tester.change('configure') and tester.change('activate')
    seen = len(trajectories)
    tester.wait(lambda: len(trajectories) > seen, 'trajectories again')


def test_two_robots_in_one_graph_move_each_by_its_own_state(graph: Graph) -> None:
    """Each in its namespace: one that is not there does not move, and a stop is for one."""
    _, one = graph.node('/two/one', **settings('joint_trajectory'))
    _, other = graph.node('/two/other', **settings('joint_trajectory'))
    targets = {tester: tester.listen(JointState, 'joint_targets') for tester in (one, other)}
    for tester in (one, other):
        tester.wait_state('active')
    RobotBody(one)
    moves(one, targets[one])
    other.spin(0.2)
    assert not targets[other], 'it took the state of the other robot'
    body = RobotBody(other)
    body.positions[NAMES[0]] += 0.15
    moves(other, targets[other])
    assert path_of(targets[other][:1])[0, 0] == pytest.approx(body.positions[NAMES[0]], abs=1e-6)
    one.publish('stop', Bool(data=True))
    one.wait(lambda: rests(targets[one]), 'rest of one')
    moves(other, targets[other])
    assert rests(targets[one])
    for tester in (one, other):
        check_limits(targets[tester])


def test_a_display_needs_no_robot_and_has_every_joint(graph: Graph) -> None:
    _, tester = graph.node(**settings('display'))
    states = tester.listen(JointState, 'joint_states')
    tester.wait(lambda: len(states) > 5, 'joint states')
    assert set(states[0].name) == set(NAMES) | set(ROBOT.held)
    topics = {name for name, _ in tester.node.get_topic_names_and_types()}
    assert f'{tester.namespace}/measured_joint_states' not in topics


def test_a_clock_that_leaps_or_stands_breaks_no_limit(graph: Graph) -> None:
    _, tester = graph.node(use_sim_time=True, **settings('joint_trajectory'))
    clock = SimulatedClock(tester, 500.0)
    while tester.state() != 'active':
        clock.run(0.05)
    targets = tester.listen(JointState, 'joint_targets')
    RobotBody(tester)
    for leap_s in (0.0, 5.0, -3.0, 1000.0, -1200.0):
        clock.now_ns += round(leap_s * 1e9)
        # The watch notices a clock that was set back within a quarter of a second.
        tester.spin(0.3)
        before, runs = len(targets), 0
        while len(targets) <= before + 3 and runs < 5:  # stamps that were shown are passed first
            clock.run(1.5)
            runs += 1
        assert len(targets) > before + 3, leap_s
        check_limits(targets)
    tester.wait_status(
        lambda s, v: 'clock' in v['robot_holds'] and v['robot_state'] == 'holding', 'a hold'
    )
    assert not any(targets[-1].velocity)
    still = path_of(targets[-1:])
    clock.run(3.0)
    assert np.abs(path_of(targets[-1:]) - still).max() > 0.0, 'it does not go on'
    check_limits(targets)
