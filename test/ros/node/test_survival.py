# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a peer sends is refused and survived; the soak fuzzes all there is, a minute each."""

from __future__ import annotations

from collections.abc import Callable
import os
import random
import time
from typing import Any

from fuzz import bad_bytes, random_message, type_named
from graph import Graph, NodeProcess, Tester
from lifecycle_msgs.srv import ChangeState
import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import ListParameters, SetParameters, SetParametersAtomically
import rclpy
from rclpy.context import Context
from rclpy.serialization import serialize_message
from rclpy.signals import SignalHandlerOptions
from rclpy.time import Time
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from test_robot_output import check_limits, RobotBody

from emotion_motion.emotion import EMOTIONS
from emotion_motion.ros import survival
from emotion_motion.ros.node.motion_node import MotionNode

# Of each service, topic and parameter in the soak.
FUZZ_S = float(os.environ.get('EMOTION_MOTION_FUZZ_S', '60'))
NO_UTF8 = serialize_message(String(data='ab')).replace(b'ab', b'\xff\xfe')


def lives(running: NodeProcess, tester: Tester) -> None:
    """Check that the node runs, answers, moves, and takes what is good."""
    tester.wait_frames(3)
    assert running.process.poll() is None, running.output[-2000:]
    assert tester.state() == 'active' and tester.set('k', 2.0).successful


def unknown(kind: int) -> list[Parameter]:
    return [Parameter(name='k', value=ParameterValue(type=kind, double_value=1.0))]


def test_what_peers_ask_and_send_in_error_is_refused(graph: Graph) -> None:
    running, tester = graph.process('/survives'), graph.tester('/survives')
    tester.wait_state('active')
    for label in ('configure', 'activate', 'cleanup', 'create', 'destroy', 'no such'):
        assert not tester.change(label), label
    for number in (1, 2, 3, 5, 6, 10, 99, 255):
        request = ChangeState.Request()
        request.transition.id = number
        assert not tester.call(ChangeState, 'change_state', request).success, number
    for kind in (10, 99, 255):
        request = SetParameters.Request(parameters=unknown(kind))
        (result,) = tester.call(SetParameters, 'set_parameters', request).results
        assert not result.successful and str(kind) in result.reason
        request = SetParametersAtomically.Request(parameters=unknown(kind))
        name = 'set_parameters_atomically'
        assert not tester.call(SetParametersAtomically, name, request).result.successful
    tester.publish('emotion', String(data='joy'))
    for content in (NO_UTF8, b'', b'\0\1\0\0', b'\0\1\0\0\xff\xff\xff\x7fx'):
        tester.publish_bytes('emotion', content)
    lives(running, tester)


@pytest.fixture
def executor(model: str) -> Any:
    context = Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    overrides = [rclpy.parameter.Parameter('model', value=model)]
    node = MotionNode(context=context, namespace='/spun', parameter_overrides=overrides)
    yield survival.Executor(node), node
    node.trigger_shutdown()
    node.destroy_node()
    rclpy.shutdown(context=context)


def test_what_leaves_a_callback_is_survived(executor: Any) -> None:
    spun, node = executor
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise RuntimeError('a bug')

    node.create_timer(0.01, fail)
    assert spun.spin_until(lambda: len(calls) >= 3 and node.state == 'active')


def test_what_only_fails_ends_at_rest(executor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spun, node = executor
    assert spun.spin_until(lambda: node.state == 'active')

    def broken(*_: object) -> None:
        raise RuntimeError('the middleware is gone')

    monkeypatch.setattr(survival, 'BROKEN_S', 0.05)
    monkeypatch.setattr(spun, 'spin_once', broken)
    assert not spun.spin_until(lambda: False)
    node.rest_now()
    assert node._live.motion.playback.at_rest and node.come_to_rest().done()


# The soak.


class Fuzzed:
    """A moving robot's node that is fuzzed, in a process; a peer may ask it to shut down."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._draw = graph, random.Random(17)
        self.tester = graph.tester('/fuzzed')
        self._body = RobotBody(self.tester)
        self._targets: list[JointState] = []
        self.tester.node.create_subscription(JointState, 'joint_targets', self._follow, 5000)
        self.moved = 0  # targets at speed
        self._start()

    def _follow(self, message: JointState) -> None:
        self._body.follow(message)
        self._targets.append(message)

    def _start(self) -> None:
        given = ('-p', 'robot:=humanoid', '-p', 'output:=forward_commands')
        self.running = self._graph.process('/fuzzed', *given)
        self.tester.wait_state('active')

    def fuzz(self, send: Callable[[random.Random], object], what: str) -> None:
        """Send for FUZZ_S; then the node must run, answer and take an emotion."""
        end_s = time.monotonic() + FUZZ_S
        while time.monotonic() < end_s:
            send(self._draw)
            self.tester.spin(0.002)
            self.tester.frames.clear()
            assert self.running.process.poll() is None, (what, self.running.output[-3000:])
        if self.tester.state() == 'finalized':
            self.running.stop()
            self._start()
        for transition in ('configure', 'activate'):
            self.tester.change(transition)
        self._check_targets(what)
        assert self.tester.state() == 'active', what
        self.tester.publish('emotion', String(data=self._draw.choice(EMOTIONS)))
        self.tester.wait_frames(2)

    def _check_targets(self, what: str) -> None:
        """Whatever was sent: within the limits, and no stop out of motion."""
        targets, self._targets = self._targets, []
        if not targets:
            return
        check_limits(targets)
        seconds = [Time.from_msg(message.header.stamp).nanoseconds / 1e9 for message in targets]
        speeds = np.array([message.velocity for message in targets])
        self.moved += int((np.abs(speeds) > 0.1).any(axis=1).sum())
        # After a pause of the machine motion goes on; after a stop it begins from rest.
        rested = np.abs(speeds).max(axis=1) < 1e-3
        for row in np.flatnonzero(np.diff(seconds) > 0.5):
            assert rested[row] or not rested[row + 1], (what, seconds[row : row + 2], speeds[row])


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
def test_fuzz_of_every_service_topic_and_parameter(graph: Graph) -> None:
    fuzzed = Fuzzed(graph)
    tester, node = fuzzed.tester, fuzzed.tester.node
    of = ('motion_node', '/fuzzed')
    services = node.get_service_names_and_types_by_node(*of)
    topics = dict(node.get_subscriber_names_and_types_by_node(*of))
    request = ListParameters.Request()
    names = tester.call(ListParameters, 'list_parameters', request).result.names
    assert len(services) > 10 and len(topics) >= 5 and len(names) > 40
    for name, (kind,) in services:
        client = node.create_client(type_named(kind), name)

        def call(draw: random.Random, client: Any = client) -> None:
            pending = client.call_async(random_message(client.srv_type.Request, draw))
            tester.spin(0.01)
            client.remove_pending_request(pending)

        fuzzed.fuzz(call, name)
    for name, (kind,) in topics.items():
        publisher = node.create_publisher(type_named(kind), name, 10)

        def publish(draw: random.Random, publisher: Any = publisher) -> None:
            make = bad_bytes if draw.random() < 0.5 else random_message
            publisher.publish(make(publisher.msg_type, draw))

        fuzzed.fuzz(publish, name)
    for name in names:

        def put(draw: random.Random, name: str = name) -> None:
            value = random_message(ParameterValue, draw)
            value.type = draw.randrange(12)
            parameters = [Parameter(name=name, value=value)]
            tester.request(
                SetParameters, 'set_parameters', SetParameters.Request(parameters=parameters)
            )

        fuzzed.fuzz(put, name)
    assert fuzzed.moved > 0
