# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of `motion_node`, and its --help, which is made of them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
import textwrap
from typing import Literal

from emotion_motion.robot.safety.settings import CommandSettings, LimiterSettings
from emotion_motion.settings import (
    AT_START,
    Checked,
    SamplerConfig,
    Setting,
    setting,
    settings_of,
    UNCONFIGURED,
)

__all__ = [
    'COMMAND_SETTINGS',
    'DISPLAY',
    'FORWARD',
    'LIMITER_SETTINGS',
    'TRAJECTORY',
    'MotionParameters',
    'PARAMETERS',
    'RobotParameters',
    'SECTIONS',
    'command_line',
    'default_text',
]

Output = Literal['display', 'joint_trajectory', 'forward_commands']
DISPLAY: Output = 'display'
TRAJECTORY: Output = 'joint_trajectory'
FORWARD: Output = 'forward_commands'


@dataclass(frozen=True)
class MotionParameters(Checked):
    """Parameters of the motion, whatever shows it."""

    model: str = setting(
        'default',
        'name of a packaged model, or the path of a checkpoint directory',
        live=UNCONFIGURED,
        may_be_empty=False,
    )
    rate_hz: float = setting(
        0.0,
        "publish rate [Hz]; 0 is the model's own; the model keeps its own rate and the frames "
        'between are interpolated, so that a higher rate is smoother, not faster; with a robot it '
        'changes only while the node is unconfigured, without one once a second at most',
        0.0,
        1000.0,
    )
    device: str = setting(
        'cpu',
        'torch device that the model runs on, such as cpu or cuda:0',
        live=UNCONFIGURED,
        may_be_empty=False,
    )
    seed: int = setting(
        -1,
        'seed of the random draws, used at configure and at ~/reset; -1 draws a new one each '
        'time, which /diagnostics shows',
        -1,
        2**31 - 1,
    )
    frame_id: str = setting(
        'base_footprint',
        'frame of the keypoints: origin on the ground below the standing mid-hip, REP-103 axes',
        high=256,
        may_be_empty=False,
    )
    body_height_m: float | None = setting(None, 'height of the body [m]', 0.1, 10.0)
    emotion_timeout_s: float = setting(
        0.0,
        'time without an emotion message after which the motion returns to neutral within 1 s '
        '[s]; 0 is never',
        0.0,
        86400.0,
    )
    publish_markers: bool = setting(
        True, 'publish keypoint_markers for RViz and Foxglove while somebody subscribes to them'
    )
    replay_file: str = setting(
        '',
        'file that the run is logged to, so that emotion-motion generate --replay makes it again; '
        'a run is appended; empty is none',
        live=UNCONFIGURED,
    )
    log_dir: str = setting(
        '',
        'folder below which replay_file lies, whoever sets it; empty is the folder of the '
        'replay_file that the start gives, and none where it gives none',
        live=AT_START,
    )
    autostart: bool = setting(
        True,
        'configure and activate without a request; false leaves that to a lifecycle manager, as '
        'the launch files do',
        live=AT_START,
    )


# All of them change only while the node is unconfigured: what holds a robot is not exchanged
# while it moves.
@dataclass(frozen=True)
class RobotParameters(Checked):
    """Parameters of the robot that the motion drives."""

    robot: str = setting(
        '',
        'name of a robot of config/robots, or the path of its YAML file; empty is no robot, only '
        'keypoints',
        live=UNCONFIGURED,
    )
    urdf: str = setting(
        '',
        "URDF or xacro file of the robot; empty is the one that the robot's YAML file names",
        live=UNCONFIGURED,
    )
    output: Output = setting(
        DISPLAY,
        'display: joint_states for RViz, no robot needed; joint_trajectory: for '
        'joint_trajectory_controller; forward_commands: for forward_command_controller; the last '
        'two begin from measured_joint_states, and send nothing without',
        live=UNCONFIGURED,
    )
    controllers: str = setting(
        '',
        'topic and joint groups of each controller, as in head_controller/joint_trajectory: head; '
        'arms_controller/joint_trajectory: left_arm, right_arm; empty is one topic, '
        'joint_trajectory, with all joints',
        live=UNCONFIGURED,
    )
    joint_order: str = setting(
        '',
        'joints in the order of forward_commands, as in the parameter joints of the controller, '
        'with commas; empty is the order of the robot',
        live=UNCONFIGURED,
    )
    joint_group_weights: str = setting(
        '',
        'weights of joint groups to begin with, 0 to 1, as in left_arm: 0, head: 0.5; a group '
        'that is not named has 1',
        live=UNCONFIGURED,
    )
    stamp_trajectories: bool = setting(
        True,
        'give trajectories the time that they begin at; false is 0, at once, for a controller '
        'whose clock is another',
        live=UNCONFIGURED,
    )


COMMAND_SETTINGS = ('hand_back_s', 'dead_band_rad', 'clip_threshold', 'slowest_pace')
LIMITER_SETTINGS = ('approach_velocity', 'outside_rad')
_COMMANDS = settings_of(CommandSettings) | settings_of(LimiterSettings)

# A default of None is the model's own value, which stands in its checkpoint.
SECTIONS: Mapping[str, Mapping[str, Setting]] = {
    'The motion': settings_of(MotionParameters)
    | {
        'body_height_m': dataclasses.replace(
            settings_of(MotionParameters)['body_height_m'], kind=float
        )
    },
    'The sampler': {
        name: dataclasses.replace(of, default=None)
        for name, of in settings_of(SamplerConfig).items()
    },
    'The robot': settings_of(RobotParameters)
    | {
        name: dataclasses.replace(_COMMANDS[name], live=UNCONFIGURED)
        for name in (*COMMAND_SETTINGS, *LIMITER_SETTINGS)
    },
}
PARAMETERS: Mapping[str, Setting] = {
    name: of for section in SECTIONS.values() for name, of in section.items()
}


def command_line() -> argparse.ArgumentParser:
    """Return a parser that has only `--help`: all else is given in the ways of ROS."""
    rows = [
        f'{of.name} ({default_text(of)}; {of.range_text or of.expected}): {of.meaning}'
        for of in PARAMETERS.values()
    ]
    lines = [textwrap.fill(r, 99, initial_indent='  ', subsequent_indent='      ') for r in rows]
    return argparse.ArgumentParser(
        prog='motion_node',
        usage='%(prog)s [--ros-args -p NAME:=VALUE --params-file FILE -r FROM:=TO ...]',
        description='An emotion topic in, living keypoints out.',
        epilog='\n'.join(['parameters (default; range):', *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def default_text(of: Setting) -> str:
    """Return a parameter's default as YAML writes it, or in words."""
    if of.default is None:
        return "the model's"
    if isinstance(of.default, bool):
        return str(of.default).lower()
    return 'empty' if of.default == '' else str(of.default)
