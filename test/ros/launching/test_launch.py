# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files, where launch is installed; what they compose, everywhere."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
from pathlib import Path
import signal
import subprocess
import sys
from types import ModuleType

from graph import Graph, ROOT
from launching import ARGUMENTS, LAUNCH, load
import pytest
import yaml

# What `ros2 launch FILE NAME:=VALUE ...` does; a launch service wants a main thread for itself.
DRIVER = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
source = PythonLaunchDescriptionSource(sys.argv[1])
arguments = [argument.split(':=') for argument in sys.argv[2:]]
service = LaunchService(noninteractive=True)
include = IncludeLaunchDescription(source, launch_arguments=arguments)
service.include_launch_description(LaunchDescription([include]))
sys.exit(service.run())
"""


@contextlib.contextmanager
def launched(**arguments: str) -> Iterator[None]:
    """Keep motion.launch.py running; end it as Ctrl-C does."""
    given = [f'{name}:={value}' for name, value in arguments.items()]
    command = [sys.executable, '-c', DRIVER, str(LAUNCH / 'motion.launch.py'), *given]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and b'Traceback' not in output, output.decode()


@pytest.mark.parametrize('name', ['motion.launch.py', 'display.launch.py'])
def test_launch_file_has_the_arguments(launch: ModuleType, name: str) -> None:
    description = load(name).generate_launch_description()
    arguments = {a.name: a for a in description.get_launch_arguments()}
    assert set(arguments) - {'rviz_config'} == ARGUMENTS
    assert all(argument.description for argument in arguments.values())


def test_launch_configures_and_activates(launch: ModuleType, graph: Graph) -> None:
    with launched(namespace='launched', model=graph.model, rate='50', log_level='debug'):
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
    with launched(namespace='waiting', model=graph.model, autostart='false'):
        tester = graph.tester('/waiting')
        tester.wait_status(lambda s, v: v['lifecycle_state'] == 'unconfigured', 'unconfigured')
        tester.spin(1.0)
        assert tester.state() == 'unconfigured'


def test_what_the_launch_file_composes_runs_without_launch(graph: Graph, tmp_path: Path) -> None:
    """The parameter file, the overrides, the logger's level, the transitions."""
    overrides = {'/**': {'ros__parameters': {'autostart': False, 'rate_hz': 50.0}}}
    file = tmp_path / 'overrides.yaml'
    file.write_text(yaml.safe_dump(overrides))
    running = graph.process(
        '/composed',
        '--params-file',
        str(ROOT / 'config' / 'motion.yaml'),
        '--params-file',
        str(file),
        '-p',
        f'model:={graph.model}',
        '-r',
        '__node:=motion_node',
        '--log-level',
        'composed.motion_node:=debug',
    )
    tester = graph.tester('/composed')
    assert tester.change('configure') and tester.change('activate')
    tester.wait_frames(3)
    assert tester.get('rate_hz') == 50.0 and tester.get('frame_id') == 'base_footprint'
    assert running.end() == 0


def test_display_shows_a_topic_and_a_frame_that_the_node_has() -> None:
    view = yaml.safe_load((ROOT / 'rviz' / 'keypoints.rviz').read_text())['Visualization Manager']
    topics = [d['Topic']['Value'] for d in view['Displays'] if 'Topic' in d]
    assert topics == ['/keypoint_markers']
    parameters = yaml.safe_load((ROOT / 'config' / 'motion.yaml').read_text())
    frame = parameters['/**']['ros__parameters']['frame_id']
    assert view['Global Options']['Fixed Frame'] == frame
