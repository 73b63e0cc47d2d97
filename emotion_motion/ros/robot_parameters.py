# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of `motion_node` that are about a robot."""

from __future__ import annotations

from emotion_motion.ros.parameter_spec import ParameterSpec, UNCONFIGURED

__all__ = ['OUTPUTS', 'ROBOT_PARAMETERS']

DISPLAY, TRAJECTORY, FORWARD = OUTPUTS = ('display', 'joint_trajectory', 'forward_commands')

# All of them change only while the node is unconfigured: what holds a robot is not exchanged
# while it moves.
ROBOT_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        'robot', str, '',
        'name of a robot of config/robots, or the path of its YAML file; empty is no robot, only '
        'keypoints',
        live=UNCONFIGURED, may_be_empty=True,
    ),
    ParameterSpec(
        'urdf', str, '',
        "URDF or xacro file of the robot; empty is the one that the robot's YAML file names",
        live=UNCONFIGURED, may_be_empty=True,
    ),
    ParameterSpec(
        'output', str, 'display',
        'display: joint_states for RViz, no robot needed; joint_trajectory: for '
        'joint_trajectory_controller; forward_commands: for forward_command_controller',
        live=UNCONFIGURED, choices=OUTPUTS,
    ),
    ParameterSpec(
        'controllers', str, '',
        'topic and joint groups of each controller, as in head_controller/joint_trajectory: head; '
        'arms_controller/joint_trajectory: left_arm, right_arm; empty is one topic, '
        'joint_trajectory, with all joints',
        live=UNCONFIGURED, may_be_empty=True,
    ),
    ParameterSpec(
        'joint_order', str, '',
        'joints in the order of forward_commands, as in the parameter joints of the controller, '
        'with commas; empty is the order of the robot',
        live=UNCONFIGURED, may_be_empty=True,
    ),
    ParameterSpec(
        'joint_group_weights', str, '',
        'weights of joint groups to begin with, 0 to 1, as in left_arm: 0, head: 0.5; a group '
        'that is not named has 1',
        live=UNCONFIGURED, may_be_empty=True,
    ),
    ParameterSpec(
        'hand_back_s', float, 2.0, 'least time that a joint group takes to fade out to 0 [s]',
        0.0, 60.0, live=UNCONFIGURED,
    ),
    ParameterSpec(
        'approach_velocity', float, 0.5,
        'largest speed of a joint from the start, or from a halt, until it has met the motion '
        '[rad/s]',
        0.001, 10.0, live=UNCONFIGURED,
    ),
    ParameterSpec(
        'outside_rad', float, 0.05,
        'how far outside of its limits a joint may be measured and still start, inward only [rad]',
        0.0, 0.5, live=UNCONFIGURED,
    ),
    ParameterSpec(
        'dead_band_rad', float, 0.002,
        'how far the target of a joint at rest may wander before the joint follows [rad]; 0 is '
        'not at all',
        0.0, 0.1, live=UNCONFIGURED,
    ),
    ParameterSpec(
        'clip_threshold', float, 0.15,
        'share of the motion that limits may cost before the phrase is slowed down instead',
        0.01, 1.0, live=UNCONFIGURED,
    ),
    ParameterSpec(
        'slowest_pace', float, 0.4,
        'how far down a phrase is slowed, as a share of its own pace; 1 is never',
        0.1, 1.0, live=UNCONFIGURED,
    ),
    ParameterSpec(
        'stamp_trajectories', bool, True,
        'give trajectories the time that they begin at; false is 0, at once, for a controller '
        'whose clock is another',
        live=UNCONFIGURED,
    ),
)  # fmt: skip
