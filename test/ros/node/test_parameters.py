# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The table of parameters against the node and against the files that are made of it."""

from __future__ import annotations

import dataclasses
import re
import sys
import time
from typing import Any

from graph import Graph, points, ROOT
import numpy as np
import pytest
from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.time import Time
from settings import generated
from std_msgs.msg import String
from support import malformed
from visualization_msgs.msg import MarkerArray
import yaml

from emotion_motion.ros.node.parameters import command_line, PARAMETERS
from emotion_motion.settings import (
    AT_START,
    LIVE,
    OLD_NAMES,
    SamplerConfig,
    Setting,
    settings_of,
    UNCONFIGURED,
)

# How each live parameter shows that it has changed: a new value, and what is then seen of it.
CHANGES: dict[str, Any] = {
    'rate_hz': 90.0,
    'seed': 77,
    'frame_id': 'elsewhere',
    'body_height_m': 0.58,
    'emotion_timeout_s': 9.0,
    'k': 3.0,
    'emotion_weight': 5.0,
    'movement_weight': -1.0,
    'guidance': 2.0,
    'individual': 1.5,
    'variance_div': 20.0,
    'temperature': 0.7,
    'mixture_temperature': 0.8,
    'target_gain': 1.2,
    'pose_radius': 2.0,
    'decay': 0.1,
    'stance': 0.0,
    'watchdog': 0.5,
    'publish_markers': False,
}


def wrong_values(of: Setting) -> list[Any]:
    """Return bad values of a parameter."""
    bounds = [] if of.low is None or of.high is None else [of.low - 1, of.high + 1]
    by_kind: dict[type, list[Any]] = {
        float: [float('nan'), float('inf'), '2', None, True],
        int: [0.5],
        bool: [1],
        str: ['', '  ', 3],
    }
    return bounds + by_kind[of.kind]


# The files.


def test_files_are_those_that_the_table_makes() -> None:
    for path, text in generated().items():
        same = path.read_text(encoding='utf-8') == text
        assert same, f'{path} is not what the table makes: run python scripts/settings.py'


def test_yaml_file_offers_every_parameter() -> None:
    text = (ROOT / 'config' / 'motion.yaml').read_text()
    given = yaml.safe_load(text)['/**']['ros__parameters']
    own = {name: of.default for name, of in PARAMETERS.items() if of.default is not None}
    assert given == own
    # What the checkpoint decides is commented out, with a value that would be taken.
    offered = dict(re.findall(r'^ {4}# (\w+): (\S+)$', text, flags=re.MULTILINE))
    assert set(offered) == set(PARAMETERS) - set(own)
    for name, value in offered.items():
        assert not PARAMETERS[name].error(float(value))


def test_help_explains_every_parameter() -> None:
    text = ' '.join(command_line().format_help().split())
    for of in PARAMETERS.values():
        assert f'{of.name} (' in text and of.meaning in text and of.range_text in text


# The node.


def test_node_declares_the_table(graph: Graph) -> None:
    _, tester = graph.node(autostart=False)
    for of, described in zip(PARAMETERS.values(), tester.describe(list(PARAMETERS)), strict=True):
        assert described.name == of.name and described.description == of.meaning
        assert described.read_only == (of.live == AT_START)
        ranges = [*described.integer_range, *described.floating_point_range]
        assert [(r.from_value, r.to_value) for r in ranges] == (
            [] if of.low is None else [(of.low, of.high)]
        )
        if of.name not in ('model', 'seed', 'autostart'):  # the tests have their own
            assert tester.get(of.name) == of.default


def test_get_shows_the_model_s_own_values(graph: Graph) -> None:
    running, tester = graph.node(k=4)
    tester.wait_frames(1)
    sampler = running.motion.generator.sampler
    assert tester.get('k') == 4.0 == sampler.k
    for name, value in dataclasses.asdict(sampler).items():
        assert tester.get(name) == value
    assert tester.get('body_height_m') == pytest.approx(1.7)
    tester.set('temperature', 2.0)
    assert tester.change('deactivate') and tester.change('cleanup')
    assert tester.get('variance_div') is None, "the model's value outlived the model"
    assert tester.get('temperature') == 2.0 and tester.get('k') == 4.0, "the user's did not"
    assert tester.change('configure')
    assert running.motion.generator.sampler.temperature == 2.0


@pytest.mark.parametrize('state', ['active', 'unconfigured'])
def test_live_parameters_change_at_once(graph: Graph, state: str) -> None:
    assert set(CHANGES) == {name for name, of in PARAMETERS.items() if of.live == LIVE}
    running, tester = graph.node(autostart=state == 'active')
    tester.wait_state(state)
    for name, value in CHANGES.items():
        result = tester.set(name, value)
        assert result.successful, (name, result.reason)
        assert tester.get(name) == value
    if state == 'unconfigured':
        assert tester.change('configure') and tester.change('activate')
    arrays = tester.listen(MarkerArray, 'keypoint_markers')
    sampler = running.motion.generator.sampler
    for name in settings_of(SamplerConfig):
        assert getattr(sampler, name) == CHANGES[name]
    assert running.motion.emotion.timeout_s == 9.0
    tester.frames.clear()
    frames = tester.wait_frames(60)[30:]
    assert all(frame.header.frame_id == 'elsewhere' for frame in frames)
    head = running.motion.generator.skeleton.rest[0, 2] * 0.58
    assert points(frames[-1])[0, 2] < 1.5 * head, 'the body is not smaller'
    stamps = np.array([Time.from_msg(f.header.stamp).nanoseconds for f in frames]) * 1e-9
    assert np.median(np.diff(stamps)) < 0.02, 'the rate is not higher'
    assert '77' in tester.reset()
    assert not arrays, 'markers came although they are off'


def test_refused_values_leave_the_old_ones(graph: Graph) -> None:
    running, tester = graph.node()
    tester.wait_frames(1)
    before = {name: tester.get(name) for name in PARAMETERS}
    for name in CHANGES:
        for value in wrong_values(PARAMETERS[name]):
            result = tester.set(name, value)
            assert not result.successful, (name, value)
            # rclpy words some refusals itself.
            assert name in result.reason or 'type' in result.reason, (name, value, result.reason)
    for case in malformed('sampler'):
        ((name, value),) = case.values[0]['value'].items()
        assert not tester.set(name, value).successful, (name, value)
    assert {name: tester.get(name) for name in PARAMETERS} == before
    assert running.motion.model_values == {n: before[n] for n in running.motion.model_values}


@pytest.mark.skipif(
    not hasattr(Node, 'add_pre_set_parameters_callback'), reason='Humble refuses in its own words'
)
def test_old_names_are_refused_with_the_new_ones(graph: Graph) -> None:
    _, tester = graph.node()
    for old, new in OLD_NAMES.items():
        result = tester.set(old, 1.0)
        assert not result.successful and f'{old} is called {new} now' in result.reason
    running = graph.process('/old_names', '-p', 'leash:=1.0')
    assert running.process.wait(90.0) == 2
    assert 'leash is called pose_radius now' in running.output


def test_what_is_loaded_changes_only_while_unconfigured(graph: Graph, model: str) -> None:
    _, tester = graph.node()
    tester.wait_state('active')
    fixed = [of for of in PARAMETERS.values() if of.live == UNCONFIGURED]
    for of in fixed:
        result = tester.set(of.name, not of.default if of.kind is bool else 'other')
        assert not result.successful and 'unconfigured' in result.reason
    assert not tester.set('autostart', False).successful
    assert tester.change('deactivate') and tester.change('cleanup')
    for of in fixed:
        assert tester.set(of.name, {'model': model}.get(of.name, of.default)).successful
    assert tester.change('configure')


def test_whole_numbers_are_taken_for_floats(graph: Graph) -> None:
    running, tester = graph.node(rate_hz=60, emotion_timeout_s=2)
    tester.wait_frames(1)
    assert running.motion.rate_hz == 60.0
    assert tester.set('temperature', 2).successful
    assert type(tester.get('temperature')) is float and tester.get('rate_hz') == 60.0


def test_one_bad_value_of_several_refuses_them_all(graph: Graph) -> None:
    running, tester = graph.node()
    tester.wait_frames(1)
    before = tester.get('k')
    result = running.node.set_parameters_atomically(
        [Parameter('k', value=5.0), Parameter('temperature', value=99.0)]
    )
    assert not result.successful and tester.get('k') == before != 5.0


def test_a_set_that_somebody_else_refuses_changes_nothing(graph: Graph) -> None:
    running, tester = graph.node()
    tester.wait_frames(1)
    ours, sampler = running.node._settings._on_set, running.motion.generator.sampler
    running.node.remove_on_set_parameters_callback(ours)
    running.node.add_on_set_parameters_callback(lambda _: SetParametersResult(reason='mine'))
    running.node.add_on_set_parameters_callback(ours)  # the newest is asked first
    assert tester.set('k', 5.0).reason == 'mine'
    tester.wait_frames(5)
    assert running.motion.generator.sampler == sampler and tester.get('k') == sampler.k != 5.0


def test_a_rate_makes_no_publishers_faster_than_once_a_second(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, tester = graph.node(rate_hz=30.0)
    tester.wait_frames(1)
    topics = running.node._live.topics
    first = topics._keypoints
    for _ in range(20):
        assert tester.set('rate_hz', 30.0).successful
    assert topics._keypoints is first, 'an unchanged value made a publisher'
    loop = 'emotion_motion.ros.node.motion_loop.RATE_CHANGE_S'
    monkeypatch.setattr(loop, 1e9)
    running.node._live.loop._rate_set_s = time.monotonic()
    for rate_hz in (60.0, 90.0) * 10:
        assert tester.set('rate_hz', rate_hz).successful
    assert topics._keypoints is first and running.motion.rate_hz == 30.0
    monkeypatch.setattr(loop, 0.0)
    tester.wait(lambda: running.motion.rate_hz == 90.0, 'the last rate that was asked for')


def test_texts_are_limited_in_length(graph: Graph) -> None:
    _, tester = graph.node()
    tester.wait_frames(1)
    for name, most in (('frame_id', 256), ('replay_file', 4096)):
        reason = PARAMETERS[name].error('x' * (most + 1))
        assert f'expected at most {most}' in reason and len(reason) < 200
    assert not tester.set('frame_id', 'x' * 1_000_000).successful
    assert tester.set('frame_id', 'x' * 256).successful
    tester.publish('emotion', String(data='x' * 1_000_000))
    tester.wait(lambda: any('expected at most' in log.msg for log in tester.logs), 'a warning')


@pytest.mark.parametrize(
    ('parameters', 'words'),
    [
        ({'robot': 'centaur'}, 'centaur'),
        ({'controllers': 'a: wings'}, 'wings'),
        ({'controllers': 'measured_joint_states: trunk'}, 'which this node publishes'),
        ({'output': 'forward_commands', 'joint_order': 'wing'}, 'wing'),
        ({'joint_group_weights': 'head: 2'}, 'head: 2'),
        ({'urdf': '/nowhere/robot.urdf'}, '/nowhere/robot.urdf'),
    ],
)
def test_what_cannot_be_driven_leaves_the_node_unconfigured(
    graph: Graph, parameters: dict[str, Any], words: str
) -> None:
    pytest.importorskip('pink')
    given = {'robot': 'humanoid', 'output': 'joint_trajectory'} | parameters
    _, tester = graph.node(autostart=False, **given)
    refused = tester.set('output', 'telepathy')
    assert not refused.successful and 'display' in refused.reason
    assert not tester.change('configure')
    assert tester.state() == 'unconfigured'
    tester.wait_problem(words)


def test_without_robot_libraries_it_says_what_to_install(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'emotion_motion.ros.node.robot_output', None)
    _, tester = graph.node(autostart=False, robot='humanoid')
    assert not tester.change('configure')
    tester.wait_status(lambda s, v: "pip install '.[robot]'" in s.message, 'what to install')
