# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The node of the viewer on the graph, without a page: what it receives, asks for, notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import time

from graph import Graph, LIMIT_S
import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState

from emotion_motion.emotion import emotion_weights
from emotion_motion.ros.viewer_client import ViewerClient

NAMESPACE = '/shown'


@pytest.fixture
def source() -> Iterator[ViewerClient]:
    context = Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    source = ViewerClient('motion_node', context=context, namespace=NAMESPACE)
    yield source
    source.close()
    rclpy.shutdown(context=context)


def wait(condition: Callable[[], bool], what: str) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end_s, f'got none of this: {what}'
        time.sleep(0.05)


def test_node_is_shown_and_steered_and_refusals_reported(
    graph: Graph, source: ViewerClient
) -> None:
    assert 'Waiting for keypoints on /shown/keypoints' in source.snapshot().notice
    running, tester = graph.node(NAMESPACE)
    wait(lambda: source.snapshot().number > 5 and not source.snapshot().notice, 'frames')
    (figure,) = source.snapshot().figures
    assert figure.keypoints.shape == (25, 3) and len(figure.names) == 25
    wait(lambda: set(source.values()) == {s.name for s in source.settings}, 'parameters')
    assert source.values()['temperature'] == pytest.approx(tester.get('temperature'))

    source.ask(emotion_weights('happiness:0.7, surprise:0.3'))
    wanted = emotion_weights('happiness:0.7, surprise:0.3')
    wait(lambda: np.allclose(running.motion.emotion.last, wanted, atol=0.01), 'the emotion')
    assert np.array_equal(source.snapshot().requested, wanted)

    source.set('temperature', 0.7)
    wait(lambda: tester.get('temperature') == 0.7, 'the parameter')
    tester.set('target_gain', 1.5)  # by somebody else
    wait(lambda: source.values()['target_gain'] == 1.5, 'the parameter of another')
    source.set('temperature', 99.0)
    wait(lambda: any('temperature' in text for text in source.problems()), 'a refusal')
    assert tester.get('temperature') == 0.7

    source.hold(True)
    wait(lambda: running.motion.playback.at_rest, 'rest')
    assert source.snapshot().held
    source.reset(11)
    wait(lambda: running.motion.generator.seed == 11, 'the seed')
    wait(lambda: {'step_p50_ms', 'still_s'} <= set(source.snapshot().measured), 'measurements')


def test_request_of_another_is_shown_and_ends_ours(graph: Graph, source: ViewerClient) -> None:
    from std_msgs.msg import String

    _, tester = graph.node(NAMESPACE)
    wait(lambda: source.snapshot().number > 0, 'frames')
    source.ask(emotion_weights('anger'))
    wait(lambda: source.snapshot().requested[0] == 1.0, 'our request')
    tester.publish('emotion', String(data='fear'))
    wait(lambda: source.snapshot().requested[2] == 1.0, 'the request of another')
    assert source._own_request is None


def test_measured_joints_come_before_commanded_ones(graph: Graph, source: ViewerClient) -> None:
    tester = graph.tester(NAMESPACE)
    tester.publish('joint_targets', JointState(name=['elbow'], position=[1.0]))
    wait(lambda: source.snapshot().joints.get('elbow') == 1.0, 'commanded positions')
    tester.publish('joint_states', JointState(name=['elbow'], position=[0.5]))
    wait(lambda: source.snapshot().joints.get('elbow') == 0.5, 'what is measured')


def test_request_without_a_node_is_reported(source: ViewerClient) -> None:
    source.hold(True)
    wait(lambda: any('does not answer' in text for text in source.problems()), 'a problem')
