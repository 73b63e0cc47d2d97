# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The table of parameters against the node, the YAML file and the README."""

from __future__ import annotations

import re
from typing import Any

from graph import Graph, points, ROOT
import numpy as np
import pytest
from rclpy.parameter import Parameter
from rclpy.time import Time
from std_srvs.srv import Trigger
from support import malformed
from visualization_msgs.msg import MarkerArray
import yaml

from emotion_motion.ros.node.parameters import (
    AT_START,
    LIVE,
    markdown_table,
    PARAMETERS,
    UNCONFIGURED,
)
from emotion_motion.settings import SamplerConfig, settings_of

SPECS = {spec.name: spec for spec in PARAMETERS}


def wrong_values() -> list[Any]:
    """Return bad values of every parameter that can change while the node is active."""
    cases: list[tuple[str, Any]] = []
    for spec in PARAMETERS:
        if spec.live != LIVE:
            continue
        if spec.minimum is not None:
            cases += [(spec.name, spec.minimum - 1), (spec.name, spec.maximum + 1)]
        if spec.kind is float:
            cases += [(spec.name, float('nan')), (spec.name, float('inf')), (spec.name, '2')]
            cases += [(spec.name, None), (spec.name, True)]
        if spec.kind is int:
            cases += [(spec.name, 0.5)]
        if spec.kind is bool:
            cases += [(spec.name, 1)]
        if spec.kind is str:
            cases += [(spec.name, ''), (spec.name, '  '), (spec.name, 3)]
    return cases


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
    'fade': 0.1,
    'stance': 0.0,
    'watchdog': 0.5,
    'publish_markers': False,
}


def test_names_are_those_of_the_design() -> None:
    assert list(SPECS) == [
        'model',
        'rate_hz',
        'device',
        'seed',
        'frame_id',
        'body_height_m',
        'emotion_timeout_s',
        'k',
        'emotion_weight',
        'movement_weight',
        'guidance',
        'individual',
        'variance_div',
        'temperature',
        'mixture_temperature',
        'target_gain',
        'pose_radius',
        'fade',
        'stance',
        'watchdog',
        'publish_markers',
        'replay_file',
        'robot',
        'urdf',
        'output',
        'controllers',
        'joint_order',
        'joint_group_weights',
        'hand_back_s',
        'approach_velocity',
        'outside_rad',
        'dead_band_rad',
        'clip_threshold',
        'slowest_pace',
        'stamp_trajectories',
        'autostart',
    ]


def test_ranges_of_the_sampler_are_the_core_s() -> None:
    for name, of in settings_of(SamplerConfig).items():
        assert (SPECS[name].minimum, SPECS[name].maximum) == (of.low, of.high), name
        assert of.meaning in SPECS[name].meaning


def test_yaml_file_is_the_table() -> None:
    text = (ROOT / 'config' / 'motion.yaml').read_text()
    given = yaml.safe_load(text)['/**']['ros__parameters']
    assert given == {s.name: s.default for s in PARAMETERS if s.default is not None}
    # What the checkpoint decides is commented out, with a value that would be taken.
    offered = dict(re.findall(r'^ {4}# (\w+): (\S+)$', text, flags=re.MULTILINE))
    assert set(offered) == {s.name for s in PARAMETERS if s.default is None}
    for name, value in offered.items():
        assert not SPECS[name].error(float(value))
    order = re.findall(r'^ {4}(?:# )?(\w+): \S+$', text, flags=re.MULTILINE)
    assert order == list(SPECS)
    for name, spec in SPECS.items():
        comment = text.split(f'{name}: ')[0].rsplit('\n\n', 1)[-1]
        assert '#' in comment, f'{name} has no comment'
        if spec.minimum is not None and spec.name != 'seed':
            assert f'{spec.maximum:g}' in comment, f'the range of {name} is missing'


def test_readme_has_the_table() -> None:
    readme = ROOT / 'README.md'
    marked = re.search(
        r'<!-- parameters -->\n(.*?)<!-- /parameters -->',
        readme.read_text() if readme.is_file() else '',
        flags=re.DOTALL,
    )
    if marked is None:
        pytest.skip('README.md has no table of parameters')
    assert marked[1].strip() == markdown_table(), 'paste parameters.markdown_table() there'


def test_node_declares_the_table_with_descriptions_and_ranges(graph: Graph) -> None:
    _, tester = graph.node(autostart=False)
    for spec, found in zip(PARAMETERS, tester.describe(list(SPECS)), strict=True):
        assert found.name == spec.name and found.description == spec.meaning
        assert found.read_only == (spec.live == AT_START)
        ranges = [*found.integer_range, *found.floating_point_range]
        assert [(r.from_value, r.to_value) for r in ranges] == (
            [] if spec.minimum is None else [(spec.minimum, spec.maximum)]
        )
        if spec.name not in ('model', 'seed', 'autostart'):  # the tests have their own
            assert tester.get(spec.name) == spec.default


def test_get_shows_the_model_s_own_values(graph: Graph) -> None:
    running, tester = graph.node(k=4)
    tester.wait_frames(1)
    assert tester.get('k') == 4.0 and running.motion.generator.sampler.k == 4.0
    sampler = running.motion.generator.sampler
    for name in settings_of(SamplerConfig):
        assert tester.get(name) == getattr(sampler, name)
    assert tester.get('body_height_m') == pytest.approx(1.7)
    tester.set('temperature', 2.0)
    assert tester.change('deactivate') and tester.change('cleanup')
    assert tester.get('variance_div') is None, "the model's value outlived the model"
    assert tester.get('temperature') == 2.0 and tester.get('k') == 4.0, "the user's did not"
    assert tester.change('configure')
    assert running.motion.generator.sampler.temperature == 2.0


def test_every_live_parameter_has_a_test() -> None:
    assert set(CHANGES) == {spec.name for spec in PARAMETERS if spec.live == LIVE}


@pytest.mark.parametrize('state', ['active', 'unconfigured'])
def test_live_parameters_change_at_once(graph: Graph, state: str) -> None:
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
    answer = tester.call(Trigger, 'reset', Trigger.Request())
    assert '77' in answer.message
    assert not arrays, 'markers came although they are off'


def test_refused_values_leave_the_old_ones(graph: Graph) -> None:
    running, tester = graph.node()
    tester.wait_frames(1)
    before = {name: tester.get(name) for name in SPECS}
    for name, value in wrong_values():
        result = tester.set(name, value)
        assert not result.successful and result.reason, (name, value)
        # rclpy words some refusals itself.
        assert name in result.reason or 'type' in result.reason, (name, value, result.reason)
        assert tester.get(name) == before[name]
    for case in malformed('sampler'):
        ((name, value),) = case.values[0]['value'].items()
        assert not tester.set(name, value).successful, (name, value)
    assert {name: tester.get(name) for name in SPECS} == before
    assert running.motion.model_values == {n: before[n] for n in running.motion.model_values}


def test_what_the_model_is_loaded_with_changes_only_without_it(graph: Graph, model: str) -> None:
    _, tester = graph.node()
    tester.wait_state('active')
    for spec in PARAMETERS:
        if spec.live == UNCONFIGURED:
            other = not spec.default if spec.kind is bool else 'other'
            result = tester.set(spec.name, other)
            assert not result.successful and 'unconfigured' in result.reason
    assert not tester.set('autostart', False).successful
    assert tester.change('deactivate') and tester.change('cleanup')
    for spec in PARAMETERS:
        if spec.live == UNCONFIGURED:
            value = {'model': model}.get(spec.name, spec.default)
            assert tester.set(spec.name, value).successful
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
