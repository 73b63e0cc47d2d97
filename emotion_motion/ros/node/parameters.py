# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of `motion_node`: one table, and the class that declares and checks them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
import textwrap
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.parameter import Parameter

from emotion_motion.settings import SamplerConfig, settings_of

__all__ = [
    'AT_START',
    'LIVE',
    'NodeParameters',
    'PARAMETERS',
    'ParameterSpec',
    'UNCONFIGURED',
    'markdown_table',
    'OUTPUTS',
    'ROBOT_PARAMETERS',
    'command_line',
]

# One row of the table of parameters: its range, how it is described, and what it refuses.

LIVE, UNCONFIGURED, AT_START = 'yes', 'while unconfigured', 'at start'


@dataclass(frozen=True)
class ParameterSpec:
    """One row of the table.

    Attributes:
        name: name of the parameter.
        kind: bool, int, float or str.
        default: the value without an override; None for the model's own value, which stands in
            the checkpoint and is filled in when the node is configured.
        meaning: what it does, with its unit.
        minimum: smallest value, of a number.
        maximum: largest value, of a number.
        live: when it can change: `LIVE` at any time and at once, `UNCONFIGURED` only while no
            model is loaded, `AT_START` only from a file, a launch file or the command line.
        may_be_empty: whether '' is a value, of a text.
        choices: the values that a text may have; none for any.
    """

    name: str
    kind: type
    default: Any
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    live: str = LIVE
    may_be_empty: bool = False
    choices: tuple[str, ...] = ()

    @property
    def default_text(self) -> str:
        """The default as the tables write it."""
        if self.default is None:
            return "the model's"
        if self.default == '':
            return 'empty'
        return str(self.default).lower() if self.kind is bool else str(self.default)

    @property
    def range_text(self) -> str:
        """The range as the tables write it."""
        if self.minimum is not None:
            form = 'd' if self.kind is int else 'g'
            return f'{self.minimum:{form}} to {self.maximum:{form}}'
        if self.kind is bool:
            return 'true, false'
        if self.choices:
            return ', '.join(self.choices)
        return 'any text' if self.may_be_empty else 'not empty'

    def error(self, value: Any) -> str:
        """Say why `value` cannot be taken; '' if it can. An int is taken for a float."""
        wanted = (int, float) if self.kind is float else (self.kind,)
        if type(value) not in wanted:
            return f'{self.name}: got {value!r}; expected {self.kind.__name__}, {self.range_text}'
        if self.kind is str and not value.strip() and not (self.may_be_empty and not value):
            return f'{self.name}: got an empty text; expected {self.meaning}'
        if self.choices and value not in self.choices:
            return f'{self.name}: got {value!r}; expected one of {self.range_text}'
        if self.minimum is not None and not self.minimum <= value <= self.maximum:
            return f'{self.name}: got {value}; expected {self.range_text}'
        return ''

    def descriptor(self) -> ParameterDescriptor:
        """Describe the parameter to `ros2 param describe` and rqt.

        A float is typed dynamically so that it may be unset while no model is loaded, and so that
        `ros2 param set ... 2` works as well as `2.0`; `NodeParameters` checks the type itself.
        """
        descriptor = ParameterDescriptor(
            name=self.name,
            description=self.meaning,
            read_only=self.live == AT_START,
            dynamic_typing=self.kind is float,
        )
        if self.live == UNCONFIGURED:
            descriptor.additional_constraints = 'changes only while the node is unconfigured'
        if self.kind is float:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(self.minimum), to_value=float(self.maximum))
            ]
        elif self.kind is int:
            descriptor.integer_range = [
                IntegerRange(from_value=self.minimum, to_value=self.maximum)
            ]
        return descriptor


# The parameters of `motion_node` that are about a robot.

DISPLAY, TRAJECTORY, FORWARD = OUTPUTS = ('display', 'joint_trajectory', 'forward_commands')

# All of them change only while the node is unconfigured: what holds a robot is not exchanged
# while it moves.
ROBOT_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        'robot',
        str,
        '',
        'name of a robot of config/robots, or the path of its YAML file; empty is no robot, only '
        'keypoints',
        live=UNCONFIGURED,
        may_be_empty=True,
    ),
    ParameterSpec(
        'urdf',
        str,
        '',
        "URDF or xacro file of the robot; empty is the one that the robot's YAML file names",
        live=UNCONFIGURED,
        may_be_empty=True,
    ),
    ParameterSpec(
        'output',
        str,
        'display',
        'display: joint_states for RViz, no robot needed; joint_trajectory: for '
        'joint_trajectory_controller; forward_commands: for forward_command_controller',
        live=UNCONFIGURED,
        choices=OUTPUTS,
    ),
    ParameterSpec(
        'controllers',
        str,
        '',
        'topic and joint groups of each controller, as in head_controller/joint_trajectory: head; '
        'arms_controller/joint_trajectory: left_arm, right_arm; empty is one topic, '
        'joint_trajectory, with all joints',
        live=UNCONFIGURED,
        may_be_empty=True,
    ),
    ParameterSpec(
        'joint_order',
        str,
        '',
        'joints in the order of forward_commands, as in the parameter joints of the controller, '
        'with commas; empty is the order of the robot',
        live=UNCONFIGURED,
        may_be_empty=True,
    ),
    ParameterSpec(
        'joint_group_weights',
        str,
        '',
        'weights of joint groups to begin with, 0 to 1, as in left_arm: 0, head: 0.5; a group '
        'that is not named has 1',
        live=UNCONFIGURED,
        may_be_empty=True,
    ),
    ParameterSpec(
        'hand_back_s',
        float,
        2.0,
        'least time that a joint group takes to fade out to 0 [s]',
        0.0,
        60.0,
        live=UNCONFIGURED,
    ),
    ParameterSpec(
        'approach_velocity',
        float,
        0.5,
        'largest speed of a joint from the start, or from a halt, until it has met the motion '
        '[rad/s]',
        0.001,
        10.0,
        live=UNCONFIGURED,
    ),
    ParameterSpec(
        'outside_rad',
        float,
        0.05,
        'how far outside of its limits a joint may be measured and still start, inward only [rad]',
        0.0,
        0.5,
        live=UNCONFIGURED,
    ),
    ParameterSpec(
        'dead_band_rad',
        float,
        0.002,
        'how far the target of a joint at rest may wander before the joint follows [rad]; 0 is '
        'not at all',
        0.0,
        0.1,
        live=UNCONFIGURED,
    ),
    ParameterSpec(
        'clip_threshold',
        float,
        0.15,
        'share of the motion that limits may cost before the phrase is slowed down instead',
        0.01,
        1.0,
        live=UNCONFIGURED,
    ),
    ParameterSpec(
        'slowest_pace',
        float,
        0.4,
        'how far down a phrase is slowed, as a share of its own pace; 1 is never',
        0.1,
        1.0,
        live=UNCONFIGURED,
    ),
    ParameterSpec(
        'stamp_trajectories',
        bool,
        True,
        'give trajectories the time that they begin at; false is 0, at once, for a controller '
        'whose clock is another',
        live=UNCONFIGURED,
    ),
)

PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        'model',
        str,
        'default',
        'name of a packaged model, or the path of a checkpoint directory',
        live=UNCONFIGURED,
    ),
    ParameterSpec(
        'rate_hz',
        float,
        0.0,
        "publish rate [Hz]; 0 is the model's own; the model keeps its own rate and the frames "
        'between are interpolated, so that a higher rate is smoother, not faster',
        0.0,
        1000.0,
    ),
    ParameterSpec(
        'device',
        str,
        'cpu',
        'torch device that the model runs on, such as cpu or cuda:0',
        live=UNCONFIGURED,
    ),
    ParameterSpec(
        'seed',
        int,
        -1,
        'seed of the random draws, used at configure and at ~/reset; -1 draws a new one each time',
        -1,
        2**31 - 1,
    ),
    ParameterSpec(
        'frame_id',
        str,
        'base_footprint',
        'frame of the keypoints: origin on the ground below the standing mid-hip, REP-103 axes',
    ),
    ParameterSpec('body_height_m', float, None, 'height of the body [m]', 0.1, 10.0),
    ParameterSpec(
        'emotion_timeout_s',
        float,
        0.0,
        'time without an emotion message after which the motion returns to neutral within 1 s '
        '[s]; 0 is never',
        0.0,
        86400.0,
    ),
    *(
        ParameterSpec(name, float, None, f'sampler: {setting.meaning}', setting.low, setting.high)
        for name, setting in settings_of(SamplerConfig).items()
    ),
    ParameterSpec(
        'publish_markers',
        bool,
        True,
        'publish keypoint_markers for RViz and Foxglove while somebody subscribes to them',
    ),
    ParameterSpec(
        'replay_file',
        str,
        '',
        'file that the run is logged to, so that emotion-motion generate --replay makes it again; '
        'empty is none',
        live=UNCONFIGURED,
        may_be_empty=True,
    ),
    *ROBOT_PARAMETERS,
    ParameterSpec(
        'autostart',
        bool,
        True,
        'configure and activate without being told to; false leaves that to a lifecycle manager',
        live=AT_START,
    ),
)

_BY_NAME = {spec.name: spec for spec in PARAMETERS}


def markdown_table() -> str:
    """Return the table of parameters as Markdown, for the README."""
    rows = ['| name | default | range | live | meaning |', '|---|---|---|---|---|']
    for spec in PARAMETERS:
        cells = (f'`{spec.name}`', spec.default_text, spec.range_text, spec.live, spec.meaning)
        rows.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(rows)


class NodeParameters:
    """The parameters of one node: declared from the table, checked when set, read by name.

    Values are checked before they are set (an invalid one is refused with the reason and the old
    one stays) and handed on after they are set.

    Args:
        node: the node that gets the parameters.
        check: told the new values by name, returns why they cannot be taken, or ''.
        changed: told the new values by name once they are set.

    Raises:
        rclpy.exceptions.ParameterException: an override is invalid; the message says why.
    """

    def __init__(
        self,
        node: Any,
        *,
        check: Callable[[Mapping[str, Any]], str],
        changed: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self.configured = False
        self._node = node
        self._check = check
        self._changed = changed
        self._filled: set[str] = set()
        self._silent = True  # while this class itself sets values
        node.add_pre_set_parameters_callback(self._before_set)
        node.add_on_set_parameters_callback(self._on_set)
        node.add_post_set_parameters_callback(self._after_set)
        for spec in PARAMETERS:
            self._declare(spec)
        self._silent = False

    def __getitem__(self, name: str) -> Any:
        """Return the value of a parameter; None while it is unset."""
        return self._node.get_parameter(name).value

    def fill(self, values: Mapping[str, float]) -> None:
        """Set the model's own values wherever the user has set none, so that `get` shows them."""
        names = [name for name in values if self[name] is None]
        self._set_silently([Parameter(n, value=float(values[n])) for n in names])
        self._filled.update(names)

    def unfill(self) -> None:
        """Unset what `fill` has set and the user has not changed since: the model is gone."""
        self._silent = True
        for name in sorted(self._filled):
            self._node.undeclare_parameter(name)
            self._node.declare_parameter(
                name, None, _BY_NAME[name].descriptor(), ignore_override=True
            )
        self._silent = False
        self._filled.clear()

    def _declare(self, spec: ParameterSpec) -> None:
        value = self._node.declare_parameter(spec.name, spec.default, spec.descriptor()).value
        if spec.kind is float and type(value) is int:
            self._set_silently([Parameter(spec.name, value=float(value))])

    def _set_silently(self, parameters: list[Parameter]) -> None:
        was, self._silent = self._silent, True
        try:
            for result in self._node.set_parameters(parameters):
                if not result.successful:
                    raise ValueError(result.reason)
        finally:
            self._silent = was

    def _before_set(self, parameters: Iterable[Parameter]) -> list[Parameter]:
        return [_as_float(parameter) for parameter in parameters]

    def _on_set(self, parameters: Iterable[Parameter]) -> SetParametersResult:
        known = {p.name: p.value for p in parameters if p.name in _BY_NAME}
        reason = next(filter(None, (self._error(n, v) for n, v in known.items())), '')
        if not reason and not self._silent:
            reason = self._check(known)
        return SetParametersResult(successful=not reason, reason=reason)

    def _error(self, name: str, value: Any) -> str:
        spec = _BY_NAME[name]
        if value is None and self._silent:
            return ''
        if value is None:
            return f'{name}: cannot be unset; expected {spec.range_text}'
        if spec.live == UNCONFIGURED and self.configured:
            return (
                f'{name}: the model is loaded with {self[name]!r}; this changes only while the '
                f'node is unconfigured (deactivate and clean it up first)'
            )
        return spec.error(value)

    def _after_set(self, parameters: Iterable[Parameter]) -> None:
        known = {p.name: p.value for p in parameters if p.name in _BY_NAME}
        if known and not self._silent:
            self._filled.difference_update(known)
            self._changed(known)


def _as_float(parameter: Parameter) -> Parameter:
    """Turn an int that was given for a float into a float."""
    spec = _BY_NAME.get(parameter.name)
    if spec is not None and spec.kind is float and type(parameter.value) is int:
        return Parameter(parameter.name, value=float(parameter.value))
    return parameter


# The command line of `motion_node`: `--help` tells its parameters.


def command_line() -> argparse.ArgumentParser:
    """Return a parser that has only `--help`: all else is given in the ways of ROS."""
    rows = [f'{s.name} ({s.default_text}; {s.range_text}): {s.meaning}' for s in PARAMETERS]
    lines = [textwrap.fill(r, 99, initial_indent='  ', subsequent_indent='      ') for r in rows]
    return argparse.ArgumentParser(
        prog='motion_node',
        usage='%(prog)s [--ros-args -p NAME:=VALUE --params-file FILE -r FROM:=TO ...]',
        description='An emotion topic in, living keypoints out.',
        epilog='\n'.join(['parameters (default; range):', *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
