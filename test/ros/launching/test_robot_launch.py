# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files of robots, where launch is installed; what they compose, everywhere."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import os
from pathlib import Path
import signal
import subprocess
import sys
from types import ModuleType

from graph import Graph, ROOT
from launching import ARGUMENTS as OF_MOTION, load
import pytest
import rclpy
from rclpy.context import Context
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.urdf import read_urdf
from emotion_motion.ros.launching.composition import (
    check_packages,
    controllers_of,
    controllers_text,
    Started,
)
from emotion_motion.ros.launching.description_topic import hear_description

pytest.importorskip('pinocchio', reason='Pinocchio is not installed')
pytest.importorskip('pink', reason='Pink is not installed')

CONTROLLERS = ROOT / 'config' / 'controllers.yaml'
URDF = read_urdf(ROOT / 'urdf' / 'humanoid.urdf')

# What `ros2 launch FILE NAME:=VALUE ...` does, with this work tree's files as the package's.
DRIVER = """
import sys
import ament_index_python.packages as index
find = index.get_package_share_directory
index.get_package_share_directory = (
    lambda name, *more: sys.argv[1] if name == 'emotion_motion' else find(name, *more)
)
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
source = PythonLaunchDescriptionSource(sys.argv[1] + '/launch/' + sys.argv[2])
arguments = [argument.split(':=') for argument in sys.argv[3:]]
service = LaunchService()
include = IncludeLaunchDescription(source, launch_arguments=arguments)
service.include_launch_description(LaunchDescription([include]))
sys.exit(service.run())
"""


@contextlib.contextmanager
def launched(name: str, *, well: bool = True, **arguments: str) -> Iterator[None]:
    """Keep a launch file running; end it as Ctrl-C does, and see whether it ends well."""
    given = [f'{key}:={value}' for key, value in arguments.items()]
    command = [sys.executable, '-c', DRIVER, str(ROOT), name, *given]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all that run in it
        output, _ = process.communicate(timeout=60)
    ended_well = process.returncode == 0 and b'Traceback' not in output
    assert ended_well or not well, output.decode()


@contextlib.contextmanager
def described(namespace: str, text: str) -> Iterator[None]:
    """Keep a description on the topic of a namespace, as robot_state_publisher does."""
    context = Context()
    rclpy.init(args=[], context=context)
    node = rclpy.create_node('describer', context=context, namespace=namespace)
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = node.create_publisher(String, 'robot_description', latched)
    publisher.publish(String(data=text))
    try:
        yield
    finally:
        node.destroy_node()
        rclpy.shutdown(context=context)


# What launch files do before any node runs.


def test_the_description_is_heard_however_late_one_listens() -> None:
    with described('/late', URDF.text):
        file = hear_description('/late')
    try:
        assert file.read_text(encoding='utf-8') == URDF.text
        assert read_urdf(file).joints == URDF.joints
    finally:
        file.unlink()


def test_a_description_that_nobody_publishes_is_an_error() -> None:
    with pytest.raises(RobotError, match=r'got no description on /silent/robot_description'):
        hear_description('silent', wait_s=0.3)


# What they compose, without launch.


def test_what_robot_launch_composes_shows_every_joint_without_launch(graph: Graph) -> None:
    graph.process(
        '/shown',
        '--params-file',
        str(ROOT / 'config' / 'motion.yaml'),
        '-p',
        f'model:={graph.model}',
        '-p',
        'robot:=humanoid',
        '-p',
        'output:=display',
        '-r',
        'measured_joint_states:=/joint_states',
        '-r',
        '__node:=motion_node',
    )
    tester = graph.tester('/shown')
    states = tester.listen(JointState, 'joint_states')
    tester.wait(lambda: len(states) >= 3, 'joint states')
    moving = {name for name, joint in URDF.joints.items() if joint.moves}
    assert set(states[-1].name) == moving


def test_what_gazebo_launch_composes_reaches_every_controller_without_launch(graph: Graph) -> None:
    """A robot that rests is heard, and each controller gets trajectories of its joints."""
    text = controllers_text('humanoid', CONTROLLERS)
    graph.process(
        '/',
        '--params-file',
        str(ROOT / 'config' / 'motion.yaml'),
        '-p',
        f'model:={graph.model}',
        '-p',
        'robot:=humanoid',
        '-p',
        'output:=joint_trajectory',
        '-p',
        f'controllers:="{text}"',
        '-r',
        'measured_joint_states:=/joint_states',
        '-r',
        '__node:=motion_node',
    )
    from trajectory_msgs.msg import JointTrajectory

    tester = graph.tester('/')
    heard = {
        name: tester.listen(JointTrajectory, f'/{name}/joint_trajectory')
        for name in controllers_of(CONTROLLERS)
    }
    names = [name for name, joint in URDF.joints.items() if joint.moves]
    rest = JointState(name=names, position=[0.0] * len(names), velocity=[0.0] * len(names))

    def all_heard() -> bool:
        rest.header.stamp = tester.node.get_clock().now().to_msg()
        tester.publish('/joint_states', rest)
        return all(heard.values())

    tester.wait(all_heard, 'trajectories of all controllers')
    for name, joints in controllers_of(CONTROLLERS).items():
        assert set(heard[name][0].joint_names) == set(joints)


# With launch.


def test_robot_launch_has_the_arguments(launch: ModuleType, monkeypatch) -> None:
    _use_work_tree(monkeypatch)
    description = load('robot.launch.py').generate_launch_description()
    arguments = {a.name: a for a in description.get_launch_arguments()}
    own = {'publish_description', 'rviz', 'rviz_config'}
    assert set(arguments) == OF_MOTION | own
    assert all(argument.description for argument in arguments.values())


def test_gazebo_launch_has_the_arguments(launch: ModuleType, monkeypatch) -> None:
    _use_work_tree(monkeypatch)
    description = load('gazebo.launch.py').generate_launch_description()
    arguments = {a.name: a for a in description.get_launch_arguments()}
    assert set(arguments) == {'robot', 'urdf', 'controllers_file', 'world', 'gui'}
    assert all(argument.description for argument in arguments.values())


def test_gazebo_launch_without_gazebo_says_what_to_install(
    launch: ModuleType, tmp_path: Path
) -> None:
    command = [sys.executable, '-c', DRIVER, str(ROOT), 'gazebo.launch.py']
    ended = subprocess.run(
        command,
        env={**os.environ, 'AMENT_PREFIX_PATH': str(tmp_path), 'ROS_DISTRO': 'rolling'},
        capture_output=True,
        text=True,
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1 and 'Traceback' not in said, said
    assert 'sudo apt install' in said and 'ros-rolling-ros-gz-sim' in said


@pytest.mark.parametrize('returncode', [0, 1])
def test_gazebo_launch_goes_on_only_after_a_step_that_went_well(
    launch: ModuleType, monkeypatch, returncode: int
) -> None:
    _use_work_tree(monkeypatch)
    from launch.events.process import ProcessExited

    next_step = launch.actions.LogInfo(msg='next')
    ended = load('gazebo.launch.py')._then(Started('controller_manager', 'spawner'), next_step)
    event = ProcessExited(
        action=next_step,
        name='spawner-1',
        cmd=[],
        cwd=None,
        env=None,
        pid=1,
        returncode=returncode,
    )
    assert ended(event, launch.LaunchContext()) == ([next_step] if returncode == 0 else [])


def test_gazebo_launch_moves_the_humanoid(launch: ModuleType, graph: Graph, monkeypatch) -> None:
    try:
        check_packages()
    except RobotError as error:
        pytest.skip(str(error))
    monkeypatch.setenv('GZ_PARTITION', f'test_{os.getpid()}')  # not somebody's open Gazebo
    # Where ros_gz_sim ends the launch too, launch_ros ends with an error.
    with launched('gazebo.launch.py', well=False, gui='false', model=graph.model):
        tester = graph.tester('/')
        states = tester.listen(JointState, '/joint_states')
        moving = {name for name, joint in URDF.joints.items() if joint.moves}
        tester.wait(lambda: states and set(states[-1].name) == moving, 'joint states', 120.0)
        tester.wait(lambda: max(map(abs, states[-1].position)) > 0.05, 'motion', 60.0)


def test_robot_launch_shows_the_humanoid(launch: ModuleType, graph: Graph) -> None:
    with launched(
        'robot.launch.py',
        namespace='humanoid',
        model=graph.model,
        rviz='false',
        publish_description='false',
    ):
        tester = graph.tester('/humanoid')
        states = tester.listen(JointState, 'joint_states')
        tester.wait(lambda: len(states) >= 3, 'joint states')
        assert tester.state() == 'active' and tester.get('robot') == 'humanoid'
        assert tester.get('output') == 'display'


def test_robot_launch_takes_the_description_of_the_topic(launch: ModuleType, graph: Graph) -> None:
    with (
        described('/described', URDF.text),
        launched(
            'robot.launch.py', namespace='described', model=graph.model, rviz='false', urdf='topic'
        ),
    ):
        tester = graph.tester('/described')
        states = tester.listen(JointState, 'joint_states')
        tester.wait(lambda: len(states) >= 3, 'joint states')
        file = Path(tester.get('urdf'))
        assert file.read_text(encoding='utf-8') == URDF.text
        os.unlink(file)


def _use_work_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    import ament_index_python.packages as index

    find = index.get_package_share_directory
    monkeypatch.setattr(
        index,
        'get_package_share_directory',
        lambda name, *more: str(ROOT) if name == 'emotion_motion' else find(name, *more),
    )
