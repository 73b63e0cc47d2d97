# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""One row of the table of parameters: its range, how it is described, and what it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

__all__ = ['AT_START', 'LIVE', 'ParameterSpec', 'UNCONFIGURED']

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
