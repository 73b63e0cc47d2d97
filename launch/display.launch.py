# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Start motion_node as motion.launch.py does, with its arguments, and show it in RViz."""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node


def generate_launch_description() -> LaunchDescription:
    """Return motion.launch.py, whose arguments are this file's too, and RViz."""
    share = Path(get_package_share_directory('emotion_motion'))
    motion = PythonLaunchDescriptionSource(str(share / 'launch' / 'motion.launch.py'))
    rviz = Node(
        package='rviz2',
        executable='rviz2',
        namespace=LaunchConfiguration('namespace'),
        arguments=['-d', LaunchConfiguration('rviz_config')],
        # The file names the topic from the root, so that it opens by hand too.
        remappings=[('/keypoint_markers', 'keypoint_markers')],
        output='log',
    )
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'rviz_config',
                default_value=str(share / 'rviz' / 'keypoints.rviz'),
                description='what RViz shows',
            ),
            IncludeLaunchDescription(motion),
            rviz,
        ]
    )
