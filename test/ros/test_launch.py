# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files, where launch is installed; what they compose, everywhere."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from graph import Graph, ROOT
from launching import launched, load, use_work_tree
import pytest
import yaml

OF_MOTION = {
    'namespace',
    'params_file',
    'model',
    'rate',
    'autostart',
    'log_level',
    'use_sim_time',
    'robot',
    'urdf',
    'output',
    'controllers',
    'frame_id',
    'measured_joint_states',
    'controller_topic',
}


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('motion.launch.py', OF_MOTION),
        ('display.launch.py', OF_MOTION | {'rviz_config'}),
        ('robot.launch.py', OF_MOTION | {'publish_description', 'rviz', 'rviz_config'}),
        ('gazebo.launch.py', {'robot', 'urdf', 'controllers_file', 'world', 'gui'}),
    ],
)
def test_launch_file_has_the_arguments(
    launch: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str, expected: set[str]
) -> None:
    use_work_tree(monkeypatch)
    description = load(name).generate_launch_description()
    arguments = {a.name: a for a in description.get_launch_arguments()}
    assert set(arguments) == expected
    assert all(argument.description for argument in arguments.values())


def test_launch_configures_and_activates(launch: ModuleType, graph: Graph) -> None:
    given = {'namespace': 'launched', 'rate': '50', 'log_level': 'debug'}
    with launched('motion.launch.py', model=graph.model, **given):
        tester = graph.tester('/launched')
        tester.wait_frames(3)
        assert tester.state() == 'active'
        assert tester.get('rate_hz') == 50.0 and tester.get('model') == graph.model
        assert tester.get('autostart') is False
        # Somebody else's deactivation must stand.
        assert tester.change('deactivate')
        tester.spin(1.0)
        assert tester.state() == 'inactive'


def test_launch_without_autostart_waits(launch: ModuleType, graph: Graph) -> None:
    with launched('motion.launch.py', namespace='waiting', model=graph.model, autostart='false'):
        tester = graph.tester('/waiting')
        tester.wait_status(lambda s, v: v['lifecycle_state'] == 'unconfigured', 'unconfigured')
        tester.spin(1.0)
        assert tester.state() == 'unconfigured'


def test_what_is_composed_runs_without_launch(graph: Graph, tmp_path: Path) -> None:
    """The parameter file, the overrides, the logger's level, the transitions."""
    overrides = {'/**': {'ros__parameters': {'autostart': False, 'rate_hz': 50.0}}}
    file = tmp_path / 'overrides.yaml'
    file.write_text(yaml.safe_dump(overrides))
    files = ['--params-file', str(ROOT / 'config' / 'motion.yaml'), '--params-file', str(file)]
    model, name = ['-p', f'model:={graph.model}'], ['-r', '__node:=motion_node']
    level = ['--log-level', 'composed.motion_node:=debug']
    running = graph.process('/composed', *files, *model, *name, *level)
    tester = graph.tester('/composed')
    assert tester.change('configure') and tester.change('activate')
    tester.wait_frames(3)
    assert tester.get('rate_hz') == 50.0 and tester.get('frame_id') == 'base_footprint'
    assert running.end() == 0


def test_display_shows_a_topic_and_a_frame_of_the_node() -> None:
    view = yaml.safe_load((ROOT / 'rviz' / 'keypoints.rviz').read_text())['Visualization Manager']
    topics = [d['Topic']['Value'] for d in view['Displays'] if 'Topic' in d]
    assert topics == ['/keypoint_markers']
    parameters = yaml.safe_load((ROOT / 'config' / 'motion.yaml').read_text())
    frame = parameters['/**']['ros__parameters']['frame_id']
    assert view['Global Options']['Fixed Frame'] == frame
