# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What robot.launch.py and gazebo.launch.py start, worked out without launch.

It can be tested, and started by other means, where there is no launch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import os
from pathlib import Path
import shlex
import tempfile
import time
from typing import Any
import xml.etree.ElementTree as ET

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import String

from emotion_motion.exceptions import ConfigError, RobotError
from emotion_motion.files import read_yaml
from emotion_motion.robot.description.config import read_robot_config
from emotion_motion.robot.description.urdf import find_file, read_urdf, Urdf

__all__ = [
    'check_packages',
    'controllers_of',
    'controllers_text',
    'find_description',
    'FROM_TOPIC',
    'gazebo_arguments',
    'gazebo_description',
    'gazebo_nodes',
    'GAZEBO_PACKAGES',
    'node_action',
    'receive_description',
    'robot_nodes',
    'Started',
]

# As a robot's description: the topic robot_description, which somebody else publishes.
FROM_TOPIC = 'topic'
# What gazebo.launch.py starts, and what Gazebo loads for it.
GAZEBO_PACKAGES = (
    'controller_manager',
    'gz_ros2_control',
    'joint_state_broadcaster',
    'joint_trajectory_controller',
    'robot_state_publisher',
    'ros_gz_bridge',
    'ros_gz_sim',
)
_GAZEBO_HARDWARE = 'gz_ros2_control/GazeboSimSystem'
_GAZEBO_PLUGIN = {
    'filename': 'gz_ros2_control-system',
    'name': 'gz_ros2_control::GazeboSimROS2ControlPlugin',
}
_BROADCASTER = 'joint_state_broadcaster'


@dataclass(frozen=True)
class Started:
    """A process of a ROS package: its program, and the parameters of its node."""

    package: str
    executable: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    remappings: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()


def check_packages(names: tuple[str, ...] = GAZEBO_PACKAGES) -> None:
    """Raise RobotError where packages are missing, with what to install."""
    from ament_index_python.packages import get_packages_with_prefixes  # of ROS, as launch is

    installed = get_packages_with_prefixes()
    missing = [name for name in names if name not in installed]
    if missing:
        distro = os.environ.get('ROS_DISTRO') or '$ROS_DISTRO'
        debs = ' '.join(f'ros-{distro}-{name.replace("_", "-")}' for name in missing)
        raise RobotError(
            f'got no package {", ".join(missing)}; expected to find them installed and sourced: '
            f'sudo apt install {debs}'
        )


def find_description(robot: str, description: str = '', *, or_topic: bool = True) -> Urdf:
    """Read a robot's description: a URDF or xacro file, or else the one that its YAML file names.

    With `or_topic` the error says that the user may give the topic instead.

    Raises:
        RobotError: there is none, or it cannot be read.
    """
    if description:
        return read_urdf(description)
    config = read_robot_config(robot)
    path = None if config.urdf is None else find_file(config.urdf, config.folder)
    if path is None:
        topic = f', or the topic robot_description (urdf:={FROM_TOPIC})' if or_topic else ''
        raise RobotError(
            f'got the robot {robot!r}, whose URDF ({config.urdf}) is not installed; give a file '
            f'(urdf:=FILE){topic}'
        )
    return read_urdf(path)


def robot_nodes(
    urdf: Urdf,
    *,
    output: str = 'display',
    measured_joint_states: str = '/joint_states',
    publish_description: str = 'auto',
    rviz_config: str = '',
    use_sim_time: bool = False,
) -> list[Started]:
    """Return what shows a robot beside motion_node: robot_state_publisher and RViz.

    Args:
        urdf: the robot's description.
        output: of motion_node: `display` is its own joint_states, anything else the robot's.
        measured_joint_states: topic of the robot's joint states.
        publish_description: 'true' or 'false' whether robot_state_publisher shall run; 'auto' is
            for display only, since a robot brings its own.
        rviz_config: what RViz shows; empty: no RViz.
        use_sim_time: whether they run on the topic /clock.
    """
    display, time = output == 'display', {'use_sim_time': use_sim_time}
    started = []
    if publish_description == 'true' or (publish_description == 'auto' and display):
        started.append(
            Started(
                'robot_state_publisher',
                'robot_state_publisher',
                {'robot_description': urdf.text, **time},
                () if display else (('joint_states', measured_joint_states),),
            )
        )
    if rviz_config:
        # The file names the topics from the root, so that it opens by hand too. The frame is the
        # one that does not move: a robot without base_footprint stands by its root.
        topics = ('robot_description', 'keypoint_markers')
        started.append(
            Started(
                'rviz2',
                'rviz2',
                time,
                tuple((f'/{topic}', topic) for topic in topics),
                ('-d', rviz_config, '-f', urdf.root),
            )
        )
    return started


def controllers_of(file: str | Path) -> dict[str, tuple[str, ...]]:
    """Return the joint trajectory controllers of a YAML file, each with its joints.

    Raises:
        RobotError: it is no file of controllers, or has none of that type.
    """
    try:
        data = read_yaml(file)
        manager = data['controller_manager']['ros__parameters']
        controllers = {
            name: tuple(data[name]['ros__parameters']['joints'])
            for name, settings in manager.items()
            if isinstance(settings, Mapping)
            and settings['type'] == 'joint_trajectory_controller/JointTrajectoryController'
        }
    except (ConfigError, LookupError, TypeError, AttributeError) as error:
        raise RobotError(
            f'got {file}, which is no file of controllers ({type(error).__name__}: {error}); '
            f'expected one as config/controllers.yaml'
        ) from error
    if not controllers:
        raise RobotError(
            f'got {file} without a joint trajectory controller; expected one as '
            f'config/controllers.yaml'
        )
    return controllers


def controllers_text(robot: str, controllers_file: str | Path) -> str:
    """Return which topic gets which groups of joints, as motion_node's parameter says it.

    The groups are the driven chains of the robot.

    Raises:
        RobotError: a controller has only a part of a group, which cannot be sent to it.
    """
    config = read_robot_config(robot)
    groups = {chain: set(config.chains.get(chain, ())) for chain in config.controlled}
    parts = []
    for name, joints in controllers_of(controllers_file).items():
        whole = [group for group, members in groups.items() if members and members <= set(joints)]
        rest = set(joints).difference(*(groups[group] for group in whole))
        if rest:
            raise RobotError(
                f'got the controller {name!r} of {controllers_file} with the joints '
                f'{", ".join(sorted(rest))}, which are no whole group of {config.name!r}; '
                f'expected the joints of some of {", ".join(groups)}'
            )
        parts.append(f'/{name}/joint_trajectory: {", ".join(whole)}')
    return '; '.join(parts)


def gazebo_description(urdf: Urdf, controllers_file: str | Path) -> str:
    """Return a description for Gazebo: hung up in the world, driven by gz_ros2_control.

    Gestures do not balance, so what the robot stands by is fixed to the world.

    Raises:
        RobotError: the URDF has no ros2_control block, or a controller has joints that it lacks.
    """
    root = ET.fromstring(urdf.text.encode())
    block = root.find('ros2_control')
    plugin = None if block is None else block.find('hardware/plugin')
    if block is None or plugin is None:
        raise RobotError(
            f'got {urdf.path} without <ros2_control> and its <hardware><plugin>; expected them, '
            f'since Gazebo moves what they list'
        )
    driven = {
        joint.get('name')
        for joint in block.findall('joint')
        if 'position' in {element.get('name') for element in joint.findall('command_interface')}
    }
    for name, joints in controllers_of(controllers_file).items():
        missing = [joint for joint in joints if joint not in driven]
        if missing:
            raise RobotError(
                f'got the controller {name!r} of {controllers_file} with the joints '
                f'{", ".join(missing)}, which have no position command in {urdf.path}'
            )
    plugin.text = _GAZEBO_HARDWARE
    if 'world' not in urdf.links:
        ET.SubElement(root, 'link', name='world')
        joint = ET.SubElement(root, 'joint', name='world_to_robot', type='fixed')
        ET.SubElement(joint, 'parent', link='world')
        ET.SubElement(joint, 'child', link=urdf.root)
    system = ET.SubElement(ET.SubElement(root, 'gazebo'), 'plugin', _GAZEBO_PLUGIN)
    ET.SubElement(system, 'parameters').text = str(controllers_file)
    return ET.tostring(root, encoding='unicode')


def gazebo_arguments(world: str, gui: bool) -> str:
    """Return Gazebo's command line, for a shell: run at once, with its window or without."""
    return f'-r {"" if gui else "-s "}{shlex.quote(os.path.expanduser(world))}'


def gazebo_nodes(urdf: Urdf, controllers_file: str | Path) -> tuple[list[Started], list[Started]]:
    """Return what runs beside Gazebo, and what brings the robot in, each after the last one.

    The latter are the robot and then its controllers, that of the joint states first.

    Raises:
        RobotError: the robot cannot be driven by those controllers.
    """
    text = gazebo_description(urdf, controllers_file)
    beside = [
        Started(
            'robot_state_publisher',
            'robot_state_publisher',
            {'robot_description': text, 'use_sim_time': True},
        ),
        Started(
            'ros_gz_bridge',
            'parameter_bridge',
            arguments=('/clock@rosgraph_msgs/msg/Clock[gz.msgs.Clock',),
        ),
    ]
    steps = [
        Started(
            'ros_gz_sim',
            'create',
            # A little above the ground, on which fixed soles would press.
            arguments=('-topic', 'robot_description', '-name', urdf.name, '-z', '0.05'),
        ),
        *(
            Started(
                'controller_manager',
                'spawner',
                arguments=(name, '--param-file', str(controllers_file)),
            )
            for name in (_BROADCASTER, *controllers_of(controllers_file))
        ),
    ]
    return beside, steps


def node_action(started: Started, namespace: str | None = None, output: str = 'screen') -> Any:
    """Return launch's action; with namespace None it is in that of the launch file."""
    from launch_ros.actions import Node  # all else here does without launch
    from launch_ros.parameter_descriptions import ParameterValue

    # A text that looks like YAML, as a URDF may, is a text all the same.
    parameters = {
        name: ParameterValue(value, value_type=type(value))
        for name, value in started.parameters.items()
    }
    return Node(
        package=started.package,
        executable=started.executable,
        namespace=namespace,
        parameters=[parameters] if parameters else [],
        remappings=list(started.remappings),
        arguments=list(started.arguments),
        output=output,
    )


def receive_description(namespace: str = '', wait_s: float = 10.0) -> Path:
    """Wait for a robot's description and write it to a new file, a URDF.

    Raises:
        RobotError: nobody has published one within `wait_s` [s].
    """
    context = Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    received: list[str] = []

    def receive(message: String) -> None:
        received.append(message.data)

    try:
        node = rclpy.create_node('description_reader', context=context, namespace=namespace or '/')
        # robot_state_publisher publishes it once, and keeps it for those who come later.
        node.create_subscription(
            String,
            'robot_description',
            receive,
            QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
        )
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        end = time.monotonic() + wait_s
        while not received and time.monotonic() < end:
            executor.spin_once(timeout_sec=0.1)
        executor.shutdown()
        topic = node.resolve_topic_name('robot_description')
        node.destroy_node()
    finally:
        rclpy.try_shutdown(context=context)
    if not received:
        raise RobotError(
            f'got no description on {topic} within {wait_s:g} s; expected one there from '
            f"robot_state_publisher. Start the robot first, or give the robot's URDF as a file"
        )
    with tempfile.NamedTemporaryFile(
        'w', prefix='robot_description_', suffix='.urdf', delete=False, encoding='utf-8'
    ) as file:
        file.write(received[-1])
    return Path(file.name)
