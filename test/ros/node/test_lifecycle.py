# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The managed node's states: what each transition makes, its opposite undoes."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import os
from pathlib import Path
import signal
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from graph import CALM, Graph, largest_step, points, Tester
from lifecycle_msgs.srv import ChangeState
import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import String
from visualization_msgs.msg import MarkerArray

from emotion_motion.emotion import EMOTIONS
from emotion_motion.ros.node.motion_node import MotionNode


def topics_of(tester: Tester) -> set[str]:
    """Return what the node publishes and subscribes to in its namespace."""
    node = tester.node
    by_node = (
        node.get_publisher_names_and_types_by_node,
        node.get_subscriber_names_and_types_by_node,
    )
    names = {name for list_of in by_node for name, _ in list_of('motion_node', tester.namespace)}
    prefix = f'{tester.namespace}/'
    return {n.removeprefix(prefix) for n in names if n.startswith(prefix) and '/_' not in n} - {
        'motion_node/transition_event'
    }


def services_of(tester: Tester) -> set[str]:
    services = tester.node.get_service_names_and_types_by_node('motion_node', tester.namespace)
    return {name.rsplit('/', 1)[1] for name, _ in services}


CONFIGURED_TOPICS = {
    'emotion',
    'emotion_weights',
    'keypoints',
    'keypoint_markers',
    'recognised_emotion',
}


def test_whole_chain_of_states_twice_round(graph: Graph) -> None:
    running, tester = graph.node(autostart=False)
    tester.wait_status(lambda s, v: v['lifecycle_state'] == 'unconfigured', 'unconfigured')
    assert not tester.frames and not topics_of(tester) and 'hold' not in services_of(tester)
    for _ in range(2):
        assert tester.change('configure') and tester.state() == 'inactive'
        tester.wait(lambda: topics_of(tester) >= CONFIGURED_TOPICS, 'the topics')
        tester.wait(lambda: services_of(tester) >= {'hold', 'reset'}, 'the services')
        seen = len(tester.frames)
        tester.spin(0.3)
        assert len(tester.frames) == seen, 'an inactive node published'
        assert tester.change('activate') and tester.state() == 'active'
        tester.wait_frames(20)
        assert tester.change('deactivate') and tester.state() == 'inactive'
        assert tester.change('cleanup') and tester.state() == 'unconfigured'
        assert running.motion is None, 'the model is still there'
        tester.wait(lambda: not topics_of(tester), 'an end of the topics')
        tester.wait(lambda: not services_of(tester) & {'hold', 'reset'}, 'an end of the services')
        assert tester.get('k') is None
    assert tester.change('configure') and tester.change('activate')
    tester.wait_frames(5)
    assert tester.change('shutdown') and tester.state() == 'finalized'
    assert running.motion is None


def test_configure_and_cleanup_make_and_free_the_same_things(graph: Graph) -> None:
    running, tester = graph.node(autostart=False)
    node = running.node

    def entities() -> list[int]:
        kinds = (node.publishers, node.subscriptions, node.services, node.timers, node.clients)
        return [len(list(kind)) for kind in kinds]

    before = entities()
    for _ in range(3):
        assert tester.change('configure') and tester.change('activate')
        assert tester.change('deactivate') and tester.change('cleanup')
        assert entities() == before


def test_deactivate_comes_to_rest_activate_goes_on_from_there(graph: Graph) -> None:
    _, tester = graph.node(rate_hz=60.0, **CALM)
    moving = largest_step(tester.wait_frames(90))
    assert tester.change('deactivate')
    tester.spin(0.3)
    seen = len(tester.frames)
    tester.spin(0.3)
    assert len(tester.frames) == seen, 'an inactive node published'
    assert largest_step(tester.frames[-3:]) < 0.2 * moving, 'it stopped before it was at rest'
    assert largest_step(tester.frames[-40:]) <= 1.5 * moving, 'it leapt'
    rest = points(tester.frames[-1])
    assert tester.change('activate')
    after = tester.wait_frames(4)
    assert np.abs(points(after[0]) - rest).max() < 0.5 * moving, 'it did not go on from there'


def test_hold_outlives_deactivation(graph: Graph) -> None:
    running, tester = graph.node()
    tester.wait_frames(5)
    tester.hold(True)
    tester.wait(lambda: running.motion.playback.at_rest, 'rest')
    assert tester.change('deactivate') and tester.change('activate')
    assert largest_step(tester.wait_frames(10)) == 0.0
    tester.hold(False)
    tester.wait(lambda: largest_step(tester.frames[-10:]) > 0.0, 'motion after the hold')


@pytest.mark.parametrize(
    ('parameter', 'good'), [('model', ''), ('device', 'cpu')], ids=['model', 'device']
)
def test_what_cannot_load_leaves_the_node_alive(
    graph: Graph, model: str, parameter: str, good: str
) -> None:
    _, tester = graph.node(**{parameter: '/nowhere'})
    tester.wait_problem('/nowhere')
    assert tester.state() == 'unconfigured'
    assert any('/nowhere' in log.msg for log in tester.logs)
    assert not tester.change('configure') and tester.state() == 'unconfigured'
    assert tester.set(parameter, good or model).successful
    assert tester.change('configure') and tester.change('activate')
    tester.wait_frames(3)
    tester.wait_status(lambda s, v: s.level != DiagnosticStatus.ERROR, 'no error any more')


def test_failure_in_the_loop_is_reported_and_recoverable(graph: Graph) -> None:
    running, tester = graph.node()
    tester.wait_frames(3)

    def broken(*_: object) -> None:
        raise RuntimeError('the device is gone')

    running.motion.playback.advance = broken
    tester.wait_status(
        lambda s, v: s.level == DiagnosticStatus.ERROR and 'the device is gone' in s.message,
        'the error',
    )
    assert tester.state() == 'unconfigured'
    assert tester.change('configure') and tester.change('activate')
    tester.wait_frames(3)


@contextlib.contextmanager
def own_node(model: str, **more: Any) -> Iterator[tuple[MotionNode, SingleThreadedExecutor]]:
    """A node in this thread, for programs that run one themselves."""
    context = Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = MotionNode(
        context=context, parameter_overrides=[Parameter('model', value=model)], **more
    )
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    yield node, executor
    node.trigger_shutdown()
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown(context=context)


@pytest.mark.parametrize(
    ('answers', 'state'),
    [([True], 'unconfigured'), ([False, True], 'inactive'), ([False, False], 'active')],
)
def test_a_node_that_shall_end_while_it_starts_does_not_move(
    model: str, answers: list[bool], state: str
) -> None:
    asked = iter(answers)
    with own_node(model, namespace='/ends', stopped=lambda: next(asked)) as (node, executor):
        for _ in range(5):  # the first of what is due is the start
            executor.spin_once(timeout_sec=0.1)
        assert node.state == state
        assert next(asked, None) is None, 'it was not asked so often'


def test_a_program_deactivates_a_node_only_at_rest(model: str) -> None:
    with own_node(model, namespace='/own') as (node, executor):
        for _ in range(30):
            executor.spin_once(timeout_sec=0.1)
        assert node.trigger_deactivate() == TransitionCallbackReturn.FAILURE
        assert node.state == 'active'
        executor.spin_until_future_complete(node.come_to_rest())
        assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
        assert node.come_to_rest().done()


def test_requests_are_answered_while_the_motion_comes_to_rest(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('emotion_motion.ros.node.motion_loop.SETTLE_LIMIT_S', 60.0)
    running, tester = graph.node()
    tester.wait_frames(5)
    running.motion.playback.settle_s = 3.0
    request = ChangeState.Request()
    request.transition.label = 'deactivate'
    deactivated = tester.request(ChangeState, 'change_state', request)
    seen = len(tester.frames)
    assert tester.state() == 'active' and tester.get('seed') == 1
    assert not deactivated.done()
    tester.wait(deactivated.done, 'rest')
    assert deactivated.result().success and tester.state() == 'inactive'
    assert len(tester.frames) > seen + 10


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signal_brings_the_motion_to_rest_and_ends_cleanly(graph: Graph, number: int) -> None:
    calm = [part for name, value in CALM.items() for part in ('-p', f'{name}:={value}')]
    running = graph.process('/ended', '-p', 'rate_hz:=60.0', '-p', 'seed:=1', *calm)
    tester = graph.tester('/ended')
    moving = largest_step(tester.wait_frames(90))
    assert running.end(number) == 0
    tester.spin(0.2)
    assert largest_step(tester.frames[-3:]) < 0.2 * moving
    assert 'Traceback' not in running.output


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['-p', 'rate_hz:=-5'], 'got rate_hz = -5'),
        (['-p', 'seed:=1.5'], "'seed' to '1.5'"),
        (['--params-file', '/no/such.yaml'], '/no/such.yaml'),
        (['--no-such-option'], '--no-such-option'),
    ],
)
def test_invalid_start_ends_with_one_line(graph: Graph, arguments: list[str], says: str) -> None:
    running = graph.process('/refused', *arguments)
    assert running.process.wait(30.0) == 2
    assert says in running.output and 'Traceback' not in running.output


def test_killed_and_restarted_node_is_found_again(graph: Graph) -> None:
    first = graph.process('/killed')
    tester = graph.tester('/killed')
    tester.wait_frames(5)
    first.end(signal.SIGKILL)
    tester.spin(0.5)  # what it sent before
    graph.process('/killed')
    tester.wait_frames(5)
    assert tester.state() == 'active'


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_memory_stays_flat(graph: Graph) -> None:
    """Ten minutes at 250 Hz, with emotions and markers, are more than an hour at 30 Hz."""
    running = graph.process('/soaked', '-p', 'rate_hz:=250.0')
    tester = graph.tester('/soaked')
    tester.listen(MarkerArray, 'keypoint_markers', depth=1)

    def resident_mb() -> float:
        pages = Path(f'/proc/{running.process.pid}/statm').read_text().split()[1]
        return int(pages) * os.sysconf('SC_PAGE_SIZE') / 1e6

    def live(seconds: float) -> None:
        for number in range(round(seconds)):
            tester.publish('emotion', String(data=EMOTIONS[number % len(EMOTIONS)]))
            tester.spin(1.0)
            tester.frames.clear()

    live(60.0)
    before = resident_mb()
    live(600.0)
    assert resident_mb() - before < 5.0
    assert tester.state() == 'active'


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_fifty_configurations_leave_no_memory(graph: Graph) -> None:
    given = ('-p', 'robot:=humanoid', '-p', 'autostart:=false')
    running, tester = graph.process('/cycled', *given), graph.tester('/cycled')
    pages = Path(f'/proc/{running.process.pid}/statm')

    def cycle(count: int) -> float:
        for _ in range(count):
            for transition in ('configure', 'activate', 'deactivate', 'cleanup'):
                assert tester.change(transition)
        return int(pages.read_text().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1e6

    before_mb = cycle(30)  # the heap has found its size
    grown_mb = cycle(50) - before_mb
    assert grown_mb < 5.0, f'{grown_mb:.1f} MB in 50 cycles'
