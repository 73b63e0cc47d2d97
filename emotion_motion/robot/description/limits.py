# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the joints of a robot may do. J joints, in the order of `names`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.config import JointBounds, RobotConfig
from emotion_motion.robot.description.urdf import Urdf, UrdfJoint

__all__ = ['JointLimits', 'joint_limits']

# Limits of a robot's joints: those of its URDF, made narrower by its YAML file.

# Where neither URDF nor YAML says how fast: that of a calm robot arm.
_SPEED_RAD_S, _ACCELERATION_RAD_S2, _JERK_RAD_S3 = 2.0, 10.0, 100.0


def joint_limits(config: RobotConfig, urdf: Urdf) -> JointLimits:
    """Return the limits of the controlled joints, chain by chain.

    Positions and speeds are the narrower of the two; what the URDF leaves open or at 0 comes from
    the YAML file.

    Raises:
        RobotError: a joint has no limits, or ones that leave no room; the message names it.
    """
    rows = [_joint_limits(config, urdf.joints[name]) for name in config.joints]
    return JointLimits(config.joints, *np.array(rows).T)


def _joint_limits(config: RobotConfig, joint: UrdfJoint) -> tuple[float, ...]:
    """Return lower, upper, speed, acceleration and jerk: the URDF's, made narrower by the YAML."""
    who = f'robot {config.name!r}: joint {joint.name!r}'
    own = config.joint_limits.get(joint.name, JointBounds())
    lower, upper = _range(who, joint, own)
    speed = joint.velocity
    if speed is not None and speed <= 0.0 and own.velocity_rad_s is None:
        raise RobotError(
            f'{who}: got a speed limit of {speed:g} in the URDF; expected more than 0. Give its '
            f'velocity_rad_s under limits.joints, or leave it out of the chains'
        )
    speeds = [s for s in (speed, _either(own, config.limits, 'velocity_rad_s', None)) if s]
    return (
        lower,
        upper,
        min(speeds, default=_SPEED_RAD_S),
        _either(own, config.limits, 'acceleration_rad_s2', _ACCELERATION_RAD_S2),
        _either(own, config.limits, 'jerk_rad_s3', _JERK_RAD_S3),
    )


def _range(who: str, joint: UrdfJoint, own: JointBounds) -> tuple[float, float]:
    given = own.lower_rad is not None and own.upper_rad is not None
    if joint.kind == 'continuous' or joint.lower is None or joint.upper is None:
        if own.lower_rad is None or own.upper_rad is None:
            raise RobotError(
                f'{who}: got a joint without position limits ({joint.kind}); expected some. Give '
                f'its lower_rad and upper_rad under limits.joints, or leave it out of the chains'
            )
        return own.lower_rad, own.upper_rad
    if not joint.lower < joint.upper and not given:
        raise RobotError(
            f'{who}: got position limits from {joint.lower:g} to {joint.upper:g} in the URDF, '
            f'which leave no room. Give its lower_rad and upper_rad under limits.joints, or leave '
            f'it out of the chains'
        )
    if not joint.lower < joint.upper:
        return float(own.lower_rad or 0.0), float(own.upper_rad or 0.0)
    lower = joint.lower if own.lower_rad is None else max(joint.lower, own.lower_rad)
    upper = joint.upper if own.upper_rad is None else min(joint.upper, own.upper_rad)
    if not lower < upper:
        raise RobotError(
            f'{who}: got limits from {own.lower_rad} to {own.upper_rad} rad, which have nothing '
            f'in common with the {joint.lower:g} to {joint.upper:g} of the URDF'
        )
    return lower, upper


def _either(own: JointBounds, common: JointBounds, name: str, default: Any) -> Any:
    for bounds in (own, common):
        if getattr(bounds, name) is not None:
            return getattr(bounds, name)
    return default


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
            tuple(names),
            self.lower[rows],
            self.upper[rows],
            self.velocity[rows],
            self.acceleration[rows],
            self.jerk[rows],
        )

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
