# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the joints of a robot may do. J joints, in the order of `names`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emotion_motion.exceptions import RobotError

__all__ = ['JointLimits']


@dataclass(frozen=True, eq=False)
class JointLimits:
    """Limits of J joints; arrays are float64 [J] and cannot be written to.

    Attributes:
        names: of the joints, each once.
        lower: smallest position [rad].
        upper: largest position [rad], above `lower`.
        velocity: largest speed [rad/s], above 0.
        acceleration: largest acceleration, either way [rad/s^2], above 0.
        jerk: largest jerk, either way [rad/s^3], above 0.

    Raises:
        RobotError: a limit is missing, not finite or leaves no room; the message names the joint.
    """

    names: tuple[str, ...]
    lower: np.ndarray
    upper: np.ndarray
    velocity: np.ndarray
    acceleration: np.ndarray
    jerk: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, 'names', _checked_names(self.names))
        for name in ('lower', 'upper', 'velocity', 'acceleration', 'jerk'):
            object.__setattr__(self, name, self._checked(name))
        for joint, lower, upper in zip(self.names, self.lower, self.upper, strict=True):
            if not lower < upper:
                raise RobotError(
                    f'joint {joint!r}: got limits from {lower:g} to {upper:g} rad; expected lower '
                    f'below upper. Leave the joint out if it must not move'
                )
        for name in ('velocity', 'acceleration', 'jerk'):
            for joint, value in zip(self.names, getattr(self, name), strict=True):
                if not value > 0.0:
                    raise RobotError(
                        f'joint {joint!r}: got {value:g} as limit of its {name}; expected more '
                        f'than 0. Set it in the configuration of the robot, or leave the joint out'
                    )

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Return the number of a joint.

        Raises:
            RobotError: there is no joint of that name.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise RobotError(
                f'got the joint {name!r}; expected one of {", ".join(self.names)}'
            ) from None

    def subset(self, names: Sequence[str]) -> JointLimits:
        """Return the limits of some of the joints, in the order given."""
        rows = [self.index(name) for name in names]
        return JointLimits(
            tuple(names), self.lower[rows], self.upper[rows], self.velocity[rows],
            self.acceleration[rows], self.jerk[rows],
        )  # fmt: skip

    def _checked(self, name: str) -> np.ndarray:
        try:
            values = np.array(getattr(self, name), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise RobotError(f'{name}: got {getattr(self, name)!r}; expected numbers') from error
        if values.shape != (len(self.names),):
            raise RobotError(
                f'{name}: got shape {values.shape}; expected one value for each of the '
                f'{len(self.names)} joints'
            )
        for joint, value in zip(self.names, values, strict=True):
            if not np.isfinite(value):
                raise RobotError(
                    f'joint {joint!r}: got {value} as {name}; expected a finite number. A joint '
                    f'that turns without end needs limits in the configuration of the robot'
                )
        values.flags.writeable = False
        return values


def _checked_names(names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        raise RobotError(f'got the text {names!r} as names of joints; expected a list of names')
    if not names:
        raise RobotError('got no joints; expected at least one')
    for name in names:
        if not isinstance(name, str) or not name:
            raise RobotError(f'got {name!r} as name of a joint; expected a text')
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise RobotError(f'got the joints {", ".join(twice)} twice; expected each name once')
    return tuple(names)
