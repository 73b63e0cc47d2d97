# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Start motion_node for a robot, and show it in RViz; with no argument, the humanoid that ships.

motion.launch.py's arguments are this file's too.
"""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetLaunchConfiguration,
)
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from emotion_motion.ros.launching import (
    find_description,
    FROM_TOPIC,
    node_action,
    receive_description,
    robot_nodes,
)

SHARE = Path(get_package_share_directory('emotion_motion'))
BOOLEANS = ['true', 'false']


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start everything with them."""
    motion = PythonLaunchDescriptionSource(str(SHARE / 'launch' / 'motion.launch.py'))
    return LaunchDescription(
        [
            *declare_arguments(),
            OpaqueFunction(function=_start),
            IncludeLaunchDescription(
                motion,
                launch_arguments=[
                    (name, LaunchConfiguration(name))
                    for name in ('robot', 'urdf', 'output', 'measured_joint_states')
                ],
            ),
        ]
    )


def declare_arguments() -> list[DeclareLaunchArgument]:
    """Return the arguments that motion.launch.py lacks or has other defaults for."""
    declare = DeclareLaunchArgument
    return [
        declare('robot', default_value='humanoid', description='name or YAML file of the robot'),
        declare(
            'urdf',
            default_value='',
            description="URDF or xacro of the robot; empty: its YAML file's; "
            f'{FROM_TOPIC}: the topic robot_description',
        ),
        declare(
            'output',
            default_value='display',
            choices=['display', 'joint_trajectory', 'forward_commands'],
            description='what is sent: joint states to look at, or commands for controllers',
        ),
        declare(
            'measured_joint_states',
            default_value='/joint_states',
            description="topic of the robot's measured joint states",
        ),
        declare(
            'publish_description',
            default_value='auto',
            choices=['auto', *BOOLEANS],
            description='run robot_state_publisher; auto: for output:=display only',
        ),
        declare('rviz', default_value='true', choices=BOOLEANS, description='show it in RViz'),
        declare(
            'rviz_config',
            default_value=str(SHARE / 'rviz' / 'robot.rviz'),
            description='what RViz shows',
        ),
    ]


def _start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    def value(name: str) -> str:
        return LaunchConfiguration(name, default='').perform(context)

    from_topic = value('urdf') == FROM_TOPIC
    file = str(receive_description(value('namespace'))) if from_topic else value('urdf')
    nodes = robot_nodes(
        find_description(value('robot'), file),
        output=value('output'),
        measured_joint_states=value('measured_joint_states'),
        publish_description='false' if from_topic else value('publish_description'),
        rviz_config=value('rviz_config') if value('rviz') == 'true' else '',
        use_sim_time=value('use_sim_time') == 'true',
    )
    # motion_node, which comes next, takes it from the same file.
    return [
        SetLaunchConfiguration('urdf', file),
        *(node_action(process, value('namespace'), output='log') for process in nodes),
    ]
