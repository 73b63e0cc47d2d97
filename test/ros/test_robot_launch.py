# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files of robots, where launch is installed; what they compose, everywhere."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import os
from pathlib import Path
import subprocess
import sys
from types import ModuleType

from graph import Graph, ROOT
from launching import DRIVER, launched, load, use_work_tree
import pytest
import rclpy
from rclpy.context import Context
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.urdf import read_urdf
from emotion_motion.ros.launching import (
    check_packages,
    controllers_of,
    controllers_text,
    receive_description,
    Started,
)

pytest.importorskip('pinocchio', reason='Pinocchio is not installed')
pytest.importorskip('pink', reason='Pink is not installed')

CONTROLLERS = ROOT / 'config' / 'controllers.yaml'
URDF = read_urdf(ROOT / 'urdf' / 'humanoid.urdf')


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


def test_a_description_is_received_however_late_one_subscribes() -> None:
    with described('/late', URDF.text):
        file = receive_description('/late')
    try:
        assert file.read_text(encoding='utf-8') == URDF.text
        assert read_urdf(file).joints == URDF.joints
    finally:
        file.unlink()


def test_a_description_that_nobody_publishes_is_an_error() -> None:
    with pytest.raises(RobotError, match=r'got no description on /silent/robot_description'):
        receive_description('silent', wait_s=0.3)


# What they compose, without launch.


def composed(graph: Graph, namespace: str, *parameters: str) -> None:
    """Run the node as the launch files of robots do."""
    file = str(ROOT / 'config' / 'motion.yaml')
    given = [part for text in parameters for part in ('-p', text)]
    remappings = ['-r', 'measured_joint_states:=/joint_states', '-r', '__node:=motion_node']
    graph.process(namespace, '--params-file', file, '-p', 'robot:=humanoid', *given, *remappings)


@pytest.mark.soak
def test_what_robot_launch_composes_shows_every_joint(graph: Graph) -> None:
    composed(graph, '/shown', f'model:={graph.model}', 'output:=display')
    tester = graph.tester('/shown')
    states = tester.listen(JointState, 'joint_states')
    tester.wait(lambda: len(states) >= 3, 'joint states')
    moving = {name for name, joint in URDF.joints.items() if joint.moves}
    assert set(states[-1].name) == moving


@pytest.mark.soak
def test_what_gazebo_launch_composes_reaches_every_controller(graph: Graph) -> None:
    """The state of a robot that rests is received, and each controller gets its joints."""
    text = controllers_text('humanoid', CONTROLLERS)
    output = ['output:=joint_trajectory', f'controllers:="{text}"']
    composed(graph, '/', f'model:={graph.model}', *output)
    tester = graph.tester('/')
    received = {
        name: tester.listen(JointTrajectory, f'/{name}/joint_trajectory')
        for name in controllers_of(CONTROLLERS)
    }
    names = [name for name, joint in URDF.joints.items() if joint.moves]
    rest = JointState(name=names, position=[0.0] * len(names), velocity=[0.0] * len(names))

    def all_received() -> bool:
        rest.header.stamp = tester.node.get_clock().now().to_msg()
        tester.publish('/joint_states', rest)
        return all(received.values())

    tester.wait(all_received, 'trajectories of all controllers')
    for name, joints in controllers_of(CONTROLLERS).items():
        assert set(received[name][0].joint_names) == set(joints)


# With launch.


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
    use_work_tree(monkeypatch)
    from launch.events.process import ProcessExited

    next_step = launch.actions.LogInfo(msg='next')
    ended = load('gazebo.launch.py')._then(Started('controller_manager', 'spawner'), next_step)
    of_process = {'name': 'spawner-1', 'cmd': [], 'cwd': None, 'env': None, 'pid': 1}
    event = ProcessExited(action=next_step, returncode=returncode, **of_process)
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
