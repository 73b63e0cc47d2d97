# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the joints of a robot may do: its URDF's limits, made narrower by its YAML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.config import JointBounds, RobotConfig
from emotion_motion.robot.description.urdf import Urdf, UrdfJoint

__all__ = ['JointLimits', 'joint_limits']

# Where neither URDF nor YAML says how fast: that of a calm robot arm.
_SPEED_RAD_S, _ACCELERATION_RAD_S2, _JERK_RAD_S3 = 2.0, 10.0, 100.0
_ARRAYS = ('lower', 'upper', 'velocity', 'acceleration', 'jerk')


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
        twice = sorted({name for name in self.names if list(self.names).count(name) > 1})
        if twice or not self.names:
            raise RobotError(
                f'got the joints {", ".join(twice)} twice; expected each once'
                if twice
                else 'got no joints; expected at least one'
            )
        object.__setattr__(self, 'names', tuple(self.names))
        for name in _ARRAYS:
            object.__setattr__(self, name, self._checked(name))
        for joint, lower, upper in zip(self.names, self.lower, self.upper, strict=True):
            if not lower < upper:
                raise RobotError(
                    f'joint {joint!r}: got limits from {lower:g} to {upper:g} rad; expected lower '
                    f'below upper. Leave the joint out if it must not move'
                )

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Return the number of a joint.

        Raises:
            RobotError: there is no joint of that name.
        """
        if name not in self.names:
            raise RobotError(f'got the joint {name!r}; expected one of {", ".join(self.names)}')
        return self.names.index(name)

    def subset(self, names: Sequence[str]) -> JointLimits:
        """Return the limits of some of the joints, in the order given."""
        rows = [self.index(name) for name in names]
        return JointLimits(tuple(names), *(getattr(self, name)[rows] for name in _ARRAYS))

    def _checked(self, name: str) -> np.ndarray:
        values = np.array(getattr(self, name), dtype=np.float64)
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
            if name not in ('lower', 'upper') and not value > 0.0:
                raise RobotError(
                    f'joint {joint!r}: got {value:g} as limit of its {name}; expected more than '
                    f'0. Set it in the configuration of the robot, or leave the joint out'
                )
        values.flags.writeable = False
        return values


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
    """Return lower, upper, speed, acceleration and jerk."""
    who = f'joint {joint.name!r}'
    own = config.limits.joints.get(joint.name, JointBounds())
    if joint.velocity is not None and joint.velocity <= 0.0 and own.velocity_rad_s is None:
        raise RobotError(
            f'{who}: got a speed limit of {joint.velocity:g} in the URDF; expected more than 0. '
            f'Give its velocity_rad_s under limits.joints, or leave it out of the chains'
        )
    speed = own.velocity_rad_s or config.limits.velocity_rad_s
    return (
        *_range(who, joint, own),
        min((each for each in (joint.velocity, speed) if each), default=_SPEED_RAD_S),
        own.acceleration_rad_s2 or config.limits.acceleration_rad_s2 or _ACCELERATION_RAD_S2,
        own.jerk_rad_s3 or config.limits.jerk_rad_s3 or _JERK_RAD_S3,
    )


def _range(who: str, joint: UrdfJoint, own: JointBounds) -> tuple[float, float]:
    """Return the position limits of a joint, where those of the URDF leave room in them."""
    problem = ''
    if joint.kind == 'continuous' or joint.lower is None or joint.upper is None:
        problem = f'a joint without position limits ({joint.kind})'
    elif not joint.lower < joint.upper:
        problem = f'URDF limits from {joint.lower:g} to {joint.upper:g}, which leave no room'
    if problem:
        if own.lower_rad is None or own.upper_rad is None:
            raise RobotError(
                f'{who}: got {problem}. Give its lower_rad and upper_rad under limits.joints, or '
                f'leave it out of the chains'
            )
        return own.lower_rad, own.upper_rad
    assert joint.lower is not None and joint.upper is not None
    lower = joint.lower if own.lower_rad is None else max(joint.lower, own.lower_rad)
    upper = joint.upper if own.upper_rad is None else min(joint.upper, own.upper_rad)
    if not lower < upper:
        raise RobotError(
            f'{who}: got limits from {own.lower_rad} to {own.upper_rad} rad, which have nothing '
            f'in common with the {joint.lower:g} to {joint.upper:g} of the URDF'
        )
    return lower, upper
