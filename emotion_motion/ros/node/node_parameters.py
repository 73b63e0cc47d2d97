# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters as a ROS node has them: declared, checked when set, read as dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
import os
from typing import Any, get_origin, Literal

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import ParameterException, ParameterNotDeclaredException
from rclpy.node import Node
from rclpy.parameter import Parameter

from emotion_motion.robot.safety.settings import CommandSettings, LimiterSettings
from emotion_motion.ros.node.parameters import (
    COMMAND_SETTINGS,
    FORWARD,
    LIMITER_SETTINGS,
    MotionParameters,
    PARAMETERS,
    RobotParameters,
)
from emotion_motion.settings import (
    AT_START,
    OLD_NAMES,
    renamed,
    SamplerConfig,
    Setting,
    settings_of,
    UNCONFIGURED,
)

__all__ = ['NodeParameters', 'descriptor']


def descriptor(of: Setting) -> ParameterDescriptor:
    """Describe a parameter to `ros2 param describe` and rqt.

    A float is typed dynamically so that it may be unset while no model is loaded, and so that
    `ros2 param set ... 2` works as well as `2.0`; `NodeParameters` checks the type itself.
    """
    described = ParameterDescriptor(
        name=of.name,
        description=of.meaning,
        read_only=of.live == AT_START,
        dynamic_typing=of.kind is float,
    )
    limits = [f'one of {of.expected}'] if get_origin(of.kind) is Literal else []
    if of.live == UNCONFIGURED:
        limits.append('changes only while the node is unconfigured')
    described.additional_constraints = '; '.join(limits)
    if of.kind is float and of.low is not None and of.high is not None:
        described.floating_point_range = [
            FloatingPointRange(from_value=float(of.low), to_value=float(of.high))
        ]
    elif of.kind is int and of.low is not None and of.high is not None:
        described.integer_range = [IntegerRange(from_value=int(of.low), to_value=int(of.high))]
    return described


class NodeParameters:
    """The parameters of one node, declared from the table.

    A new value is checked before it is set, at last by `check`, which says why values cannot be
    taken: an invalid one is refused with the reason and the old one stays. After a good one
    `changed` is called.

    Raises:
        rclpy.exceptions.ParameterException: an override is invalid; the message says why.
    """

    def __init__(
        self, node: Node, *, check: Callable[[Mapping[str, Any]], str], changed: Callable[[], None]
    ) -> None:
        self.configured = False
        self._node = node
        self._check = check
        self._changed = changed
        self._filled: set[str] = set()
        self._silent = True  # while this class itself sets values
        self._refuse_old_names()
        self._tells_after = hasattr(node, 'add_post_set_parameters_callback')  # not in Humble
        if self._tells_after:
            node.add_pre_set_parameters_callback(self._before_set)
            node.add_post_set_parameters_callback(self._after_set)
        node.add_on_set_parameters_callback(self._on_set)
        for of in PARAMETERS.values():
            value = node.declare_parameter(of.name, of.default, descriptor(of)).value
            if of.kind is float and type(value) is int:
                self._set_silently([Parameter(of.name, value=float(value))])
        # Peers set parameters; where files are written is for who starts the node to say.
        at_start = self['replay_file']
        self._log_dir = self['log_dir'] or (
            os.path.dirname(_absolute(at_start)) if at_start else ''
        )
        self._silent = False
        if reason := self._misplaced(at_start):
            raise ParameterException(reason, 'replay_file')

    def _misplaced(self, file: str) -> str:
        """Return why runs are not logged to `file`; '' where they may be."""
        folder = _absolute(self._log_dir) if self._log_dir else ''
        if not file or (folder and _absolute(file).startswith(os.path.join(folder, ''))):
            return ''
        return (
            f'got replay_file = {file[:200]!r}; expected a file below '
            f'{folder or "the folder that log_dir names at the start, and it names none"}'
        )

    def __getitem__(self, name: str) -> Any:
        """Return the value of a parameter; None while it is unset."""
        return self._node.get_parameter(name).value

    @property
    def log_refusal(self) -> str:
        """Why runs are not logged to where replay_file leads by now; '' where they may be."""
        return self._misplaced(self['replay_file'])

    @property
    def motion(self) -> MotionParameters:
        return MotionParameters(**{name: self[name] for name in settings_of(MotionParameters)})

    @property
    def robot(self) -> RobotParameters:
        return RobotParameters(**{name: self[name] for name in settings_of(RobotParameters)})

    @property
    def commands(self) -> CommandSettings:
        follows = self['output'] != FORWARD
        limiter = LimiterSettings(
            **{name: self[name] for name in LIMITER_SETTINGS}, robot_follows=follows
        )
        return CommandSettings(limiter, **{name: self[name] for name in COMMAND_SETTINGS})

    @property
    def sampler(self) -> dict[str, float]:
        """The sampler's settings by name, without those that are left to the model."""
        values = {name: self[name] for name in settings_of(SamplerConfig)}
        return {name: value for name, value in values.items() if value is not None}

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
                name, None, descriptor(PARAMETERS[name]), ignore_override=True
            )
        self._silent = False
        self._filled.clear()

    def _refuse_old_names(self) -> None:
        # An override of a parameter that is never declared would be ignored without a word.
        for name in OLD_NAMES:
            given = self._node.declare_parameter(
                name, None, ParameterDescriptor(dynamic_typing=True)
            )
            self._node.undeclare_parameter(name)
            if given.value is not None:
                raise ParameterException(f'got a parameter of an old name{renamed([name])}', name)

    def _set_silently(self, parameters: list[Parameter]) -> None:
        was, self._silent = self._silent, True
        try:
            for result in self._node.set_parameters(parameters):
                if not result.successful:
                    raise ValueError(result.reason)
        finally:
            self._silent = was

    def _before_set(self, parameters: Iterable[Parameter]) -> list[Parameter]:
        parameters = list(parameters)
        if renamed(p.name for p in parameters):
            raise _OldNameError(parameters)
        return [_as_float(parameter) for parameter in parameters]

    def _on_set(self, parameters: Iterable[Parameter]) -> SetParametersResult:
        parameters = list(parameters)
        known = {p.name: p.value for p in parameters if p.name in PARAMETERS}
        reason = next(filter(None, (self._error(n, v) for n, v in known.items())), '')
        if not reason and not self._silent:
            reason = self._check(known)
        if known and not (reason or self._silent or self._tells_after):
            self._look_after_set([p for p in parameters if p.name in known])
        return SetParametersResult(successful=not reason, reason=reason)

    def _look_after_set(self, parameters: list[Parameter]) -> None:
        """Have `_after_set` called once the callbacks of others have agreed too, if they do."""

        def look() -> None:
            self._node.destroy_timer(timer)
            given = [p for p in parameters if p.value == self._node.get_parameter(p.name).value]
            self._set_silently([_as_float(p) for p in given if _as_float(p) is not p])
            self._after_set(given)

        timer = self._node.create_timer(0.0, look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _error(self, name: str, value: Any) -> str:
        of = PARAMETERS[name]
        if value is None:
            unset = f'got {name} unset; expected {of.expected}'
            return '' if self._silent else unset
        if of.live == UNCONFIGURED and self.configured:
            return (
                f'got {name} = {value!r}; the model is loaded with {self[name]!r}, and this '
                f'changes only while the node is unconfigured (deactivate and clean it up first)'
            )
        misplaced = name == 'replay_file' and not self._silent and isinstance(value, str)
        return of.error(value) or (self._misplaced(value) if misplaced else '')

    def _after_set(self, parameters: Iterable[Parameter]) -> None:
        known = [p.name for p in parameters if p.name in PARAMETERS]
        if known and not self._silent:
            self._filled.difference_update(known)
            self._changed()


class _OldNameError(ParameterNotDeclaredException):
    """Parameters are set by names of earlier releases."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        names = [parameter.name for parameter in parameters]
        ParameterException.__init__(self, f'Undeclared parameters{renamed(names)}', names)


def _absolute(path: str) -> str:
    return os.path.realpath(os.path.expanduser(path))


def _as_float(parameter: Parameter) -> Parameter:
    """Turn an int that was given for a float into a float."""
    of = PARAMETERS.get(parameter.name)
    if of is not None and of.kind is float and type(parameter.value) is int:
        return Parameter(parameter.name, value=float(parameter.value))
    return parameter
