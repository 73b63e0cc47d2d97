# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Start motion_node and, by default, configure and activate it by lifecycle events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction, RegisterEventHandler
from launch.events import matches_action
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from lifecycle_msgs.msg import Transition

from emotion_motion.ros.node.parameters import PARAMETERS

NAME = 'motion_node'
BOOLEANS = ['true', 'false']
# Arguments that are parameters of the node; an empty one leaves the choice to the parameter file.
PARAMETER_OF = {
    'model': 'model',
    'rate': 'rate_hz',
    'robot': 'robot',
    'urdf': 'urdf',
    'output': 'output',
    'controllers': 'controllers',
    'frame_id': 'frame_id',
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the node with them."""
    return LaunchDescription([*declare_arguments(), OpaqueFunction(function=_start)])


def declare_arguments() -> list[DeclareLaunchArgument]:
    """Return the arguments, which `ros2 launch ... --show-args` lists."""
    file = Path(get_package_share_directory('emotion_motion')) / 'config' / 'motion.yaml'
    declare = DeclareLaunchArgument
    return [
        declare('namespace', default_value='', description='namespace of the node'),
        declare('params_file', default_value=str(file), description='YAML file of parameters'),
        *(
            declare(argument, default_value='', description=PARAMETERS[name].meaning)
            for argument, name in PARAMETER_OF.items()
        ),
        declare(
            'autostart',
            default_value='true',
            choices=BOOLEANS,
            description='configure and activate the node',
        ),
        declare('log_level', default_value='info', description="level of the node's log"),
        declare(
            'use_sim_time',
            default_value='',
            choices=['', *BOOLEANS],
            description='run on the time of the topic /clock',
        ),
        declare(
            'measured_joint_states',
            default_value='',
            description="topic of the robot's measured joint states",
        ),
        declare(
            'controller_topic',
            default_value='',
            description='topic of the one controller: joint_trajectory or commands go there',
        ),
    ]


def _start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    logger = '.'.join([*filter(None, value('namespace').split('/')), NAME])
    node = LifecycleNode(
        package='emotion_motion',
        executable=NAME,
        name=NAME,
        namespace=value('namespace'),
        parameters=[value('params_file'), _overrides(value)],
        remappings=_remappings(value),
        ros_arguments=['--log-level', f'{logger}:={value("log_level")}'],
        output='screen',
    )
    return [node, *(_activation(node) if value('autostart') == 'true' else [])]


def _overrides(value: Callable[[str], str]) -> dict[str, str | float | bool]:
    """Return the parameters that arguments give."""
    # The events below configure and activate; were the node to do it too, they would collide.
    parameters: dict[str, str | float | bool] = {'autostart': False}
    if value('use_sim_time'):
        parameters['use_sim_time'] = value('use_sim_time') == 'true'
    for argument, name in PARAMETER_OF.items():
        if value(argument):
            is_number = PARAMETERS[name].kind is float
            parameters[name] = _number(value, argument) if is_number else value(argument)
    return parameters


def _number(value: Callable[[str], str], name: str) -> float:
    try:
        return float(value(name))
    except ValueError:
        raise ValueError(f'got {name}:={value(name)}; expected a number') from None


def _remappings(value: Callable[[str], str]) -> list[tuple[str, str]]:
    """Return where the robot's topics are; of the two commands the node publishes one."""
    robot, controller = value('measured_joint_states'), value('controller_topic')
    return [
        *([('measured_joint_states', robot)] if robot else []),
        *([('joint_trajectory', controller), ('commands', controller)] if controller else []),
    ]


def _activation(node: LifecycleNode) -> list[LaunchDescriptionEntity]:
    """Configure the node now, and activate it when that has gone well."""

    def change(transition: int) -> EmitEvent:
        return EmitEvent(
            event=ChangeState(
                lifecycle_node_matcher=matches_action(node), transition_id=transition
            )
        )

    # Only from configuring: a node that somebody deactivates shall stay inactive.
    configured = OnStateTransition(
        target_lifecycle_node=node,
        start_state='configuring',
        goal_state='inactive',
        entities=[change(Transition.TRANSITION_ACTIVATE)],
    )
    return [RegisterEventHandler(configured), change(Transition.TRANSITION_CONFIGURE)]
