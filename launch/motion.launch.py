# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Start motion_node and, unless told not to, configure and activate it by lifecycle events."""

from __future__ import annotations

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

NAME = 'motion_node'
BOOLEANS = ['true', 'false']
OUTPUTS = ['display', 'joint_trajectory', 'forward_commands']


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the node with them."""
    return LaunchDescription([*declare_arguments(), OpaqueFunction(function=_start)])


def declare_arguments() -> list[DeclareLaunchArgument]:
    """Return the arguments; `ros2 launch emotion_motion motion.launch.py --show-args` lists them.

    An empty one leaves the choice to the parameter file.
    """
    file = Path(get_package_share_directory('emotion_motion')) / 'config' / 'motion.yaml'
    declare = DeclareLaunchArgument
    return [
        declare('namespace', default_value='', description='namespace of the node'),
        declare('params_file', default_value=str(file), description='YAML file of parameters'),
        declare('model', default_value='', description='name or directory of the model'),
        declare('rate', default_value='', description="publish rate [Hz]; 0 is the model's own"),
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
        declare('robot', default_value='', description='name or YAML file of a robot to drive'),
        declare('urdf', default_value='', description="the robot's URDF or xacro"),
        declare(
            'output',
            default_value='',
            choices=['', *OUTPUTS],
            description='what the robot is sent',
        ),
        declare(
            'controllers',
            default_value='',
            description='TOPIC: GROUP, GROUP; TOPIC: GROUP: who gets which joints',
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


def _overrides(value) -> dict[str, str | float | bool]:
    """Return the parameters that arguments give."""
    # The events below configure and activate; were the node to do it too, they would collide.
    parameters: dict[str, str | float | bool] = {'autostart': False}
    if value('model'):
        parameters['model'] = value('model')
    if value('rate'):
        parameters['rate_hz'] = _number(value, 'rate')
    if value('use_sim_time'):
        parameters['use_sim_time'] = value('use_sim_time') == 'true'
    for name in ('robot', 'urdf', 'output', 'controllers'):
        if value(name):
            parameters[name] = value(name)
    return parameters


def _number(value, name: str) -> float:
    try:
        return float(value(name))
    except ValueError:
        raise ValueError(f'got {name}:={value(name)}; expected a number') from None


def _remappings(value) -> list[tuple[str, str]]:
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
