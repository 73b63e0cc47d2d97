# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Start Gazebo with our humanoid, its controllers and the motion_node that moves it.

The robot hangs in the air: gestures do not balance. The arguments of motion.launch.py that are not
here, such as model, are taken too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
    TimerAction,
)
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration

from emotion_motion.ros.launching import (
    check_packages,
    controllers_text,
    find_description,
    gazebo_arguments,
    gazebo_nodes,
    node_action,
    Started,
)

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
            'urdf',
            default_value='',
            description="URDF or xacro of the robot; empty: its YAML file's",
        ),
        declare(
            'controllers_file',
            default_value=str(SHARE / 'config' / 'controllers.yaml'),
            description="YAML file of ros2_control's controllers",
        ),
        declare('world', default_value='empty.sdf', description='world of Gazebo'),
        declare('gui', default_value='true', choices=BOOLEANS, description="Gazebo's window"),
    ]


def _start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    check_packages()
    file = str(Path(value('controllers_file')).absolute())  # Gazebo and the spawners read it too
    urdf = find_description(value('robot'), value('urdf'), or_topic=False)
    beside, steps = gazebo_nodes(urdf, file)
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
        Path(get_package_share_directory('ros_gz_sim')),
        'gz_sim.launch.py',
        {'gz_args': gazebo_arguments(value('world'), value('gui') == 'true')},
    )
    return [
        RegisterEventHandler(OnProcessExit(on_exit=_with_gazebo)),
        gazebo,
        *(node_action(process) for process in beside),
        *_one_by_one(steps, motion),
    ]


def _included(share: Path, name: str, arguments: dict[str, str]) -> IncludeLaunchDescription:
    source = PythonLaunchDescriptionSource(str(share / 'launch' / name))
    return IncludeLaunchDescription(source, launch_arguments=list(arguments.items()))


def _with_gazebo(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """End all when Gazebo ends, so when its window is closed.

    Some releases of ros_gz_sim do that too, and two ends are an error of launch_ros: this one
    waits, and what ends first takes it back.
    """
    if context.is_shutdown or not event.process_name.startswith('gazebo-'):
        return []
    return [TimerAction(period=0.5, actions=[Shutdown(reason='Gazebo has ended')])]


def _one_by_one(
    steps: list[Started], last: LaunchDescriptionEntity
) -> list[LaunchDescriptionEntity]:
    """Start each step when the one before has gone well, and then what moves the robot.

    Earlier the motion would go on without the robot, which then would have to catch up.
    """
    nodes = [node_action(step) for step in steps]
    return [
        nodes[0],
        *(
            RegisterEventHandler(OnProcessExit(target_action=node, on_exit=_then(step, other)))
            for step, node, other in zip(steps, nodes, [*nodes[1:], last], strict=True)
        ),
    ]


def _then(
    step: Started, following: LaunchDescriptionEntity
) -> Callable[[ProcessExited, LaunchContext], list[LaunchDescriptionEntity]]:
    """Return what a step's end starts; with a robot or a controller missing, nothing may move."""

    def ended(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        if event.returncode == 0:
            return [following]
        if not context.is_shutdown:
            get_logger('gazebo.launch').error(
                f'{step.executable} {" ".join(step.arguments)} ended with {event.returncode}: '
                f'the robot stays still. What it and Gazebo said tells why; Ctrl-C ends all'
            )
        return []

    return ended
