# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of `motion_node`: one table, and the class that declares and checks them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter

from emotion_motion.ros.parameter_spec import AT_START, LIVE, ParameterSpec, UNCONFIGURED
from emotion_motion.ros.robot_parameters import ROBOT_PARAMETERS
from emotion_motion.sampler_config import SAMPLER_SETTINGS

__all__ = [
    'AT_START', 'LIVE', 'NodeParameters', 'PARAMETERS', 'ParameterSpec', 'UNCONFIGURED',
    'markdown_table',
]  # fmt: skip

PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        'model', str, 'default',
        'name of a packaged model, or the path of a checkpoint directory',
        live=UNCONFIGURED,
    ),
    ParameterSpec(
        'rate_hz', float, 0.0,
        "publish rate [Hz]; 0 is the model's own; the model keeps its own rate and the frames "
        'between are interpolated, so that a higher rate is smoother, not faster',
        0.0, 1000.0,
    ),
    ParameterSpec(
        'device', str, 'cpu', 'torch device that the model runs on, such as cpu or cuda:0',
        live=UNCONFIGURED,
    ),
    ParameterSpec(
        'seed', int, -1,
        'seed of the random draws, used at configure and at ~/reset; -1 draws a new one each time',
        -1, 2**31 - 1,
    ),
    ParameterSpec(
        'frame_id', str, 'base_footprint',
        'frame of the keypoints: origin on the ground below the standing mid-hip, REP-103 axes',
    ),
    ParameterSpec('body_height_m', float, None, 'height of the body [m]', 0.1, 10.0),
    ParameterSpec(
        'emotion_timeout_s', float, 0.0,
        'time without an emotion message after which the motion returns to neutral within 1 s '
        '[s]; 0 is never',
        0.0, 86400.0,
    ),
    *(
        ParameterSpec(name, float, None, f'sampler: {setting.meaning}', setting.low, setting.high)
        for name, setting in SAMPLER_SETTINGS.items()
    ),
    ParameterSpec(
        'publish_markers', bool, True,
        'publish keypoint_markers for RViz and Foxglove while somebody subscribes to them',
    ),
    ParameterSpec(
        'replay_file', str, '',
        'file that the run is logged to, so that emotion-motion generate --replay makes it again; '
        'empty is none',
        live=UNCONFIGURED, may_be_empty=True,
    ),
    *ROBOT_PARAMETERS,
    ParameterSpec(
        'autostart', bool, True,
        'configure and activate without being told to; false leaves that to a lifecycle manager',
        live=AT_START,
    ),
)  # fmt: skip

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
