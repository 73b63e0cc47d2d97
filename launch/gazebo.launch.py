# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Start Gazebo with our humanoid, its controllers and the motion_node that moves it.

The robot hangs in the air: gestures do not balance. The arguments of motion.launch.py that are not
here, such as model, are taken too.
"""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from emotion_motion.ros.composition import (
    controllers_text,
    find_description,
    gazebo_arguments,
    gazebo_nodes,
    Started,
)
from emotion_motion.ros.launch_action import node_action

SHARE = Path(get_package_share_directory('emotion_motion'))
BOOLEANS = ['true', 'false']


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start everything with them."""
    return LaunchDescription([*declare_arguments(), OpaqueFunction(function=_start)])


def declare_arguments() -> list[DeclareLaunchArgument]:
    """Return the arguments that motion.launch.py lacks or has other defaults for."""
    declare = DeclareLaunchArgument
    return [
        declare('robot', default_value='humanoid', description='name or YAML file of the robot'),
        declare(
            'urdf', default_value='',
            description="URDF or xacro of the robot; empty: its YAML file's",
        ),
        declare(
            'controllers_file', default_value=str(SHARE / 'config' / 'controllers.yaml'),
            description="YAML file of ros2_control's controllers",
        ),
        declare('world', default_value='empty.sdf', description='world of Gazebo'),
        declare('gui', default_value='true', choices=BOOLEANS, description="Gazebo's window"),
    ]  # fmt: skip


def _start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    file = value('controllers_file')
    beside, spawners = gazebo_nodes(find_description(value('robot'), value('urdf')), file)
    arguments = {
        'robot': value('robot'),
        'urdf': value('urdf'),
        'output': 'joint_trajectory',
        'controllers': controllers_text(value('robot'), file),
        'measured_joint_states': '/joint_states',
        'use_sim_time': 'true',
    }
    motion = _included(SHARE, 'motion.launch.py', arguments)
    gazebo = _included(
        Path(get_package_share_directory('ros_gz_sim')), 'gz_sim.launch.py',
        {'gz_args': gazebo_arguments(value('world'), value('gui') == 'true')},
    )  # fmt: skip
    return [gazebo, *(node_action(each) for each in beside), *_one_by_one(spawners, motion)]


def _included(share: Path, name: str, arguments: dict[str, str]) -> IncludeLaunchDescription:
    source = PythonLaunchDescriptionSource(str(share / 'launch' / name))
    return IncludeLaunchDescription(source, launch_arguments=list(arguments.items()))


def _one_by_one(
    spawners: list[Started], last: LaunchDescriptionEntity
) -> list[LaunchDescriptionEntity]:
    """Start each spawner when the one before is done, and then what moves the robot.

    Earlier the motion would go on without the robot, which then would have to catch up.
    """
    nodes = [node_action(each) for each in spawners]
    return [
        nodes[0],
        *(
            RegisterEventHandler(OnProcessExit(target_action=one, on_exit=[other]))
            for one, other in zip(nodes, [*nodes[1:], last], strict=True)
        ),
    ]
