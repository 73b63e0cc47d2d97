# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Limits of a robot's joints: those of its URDF, made narrower by its YAML file."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.retarget.limits import JointLimits
from emotion_motion.retarget.robot_config import JointBounds, RobotConfig
from emotion_motion.retarget.urdf import Urdf, UrdfJoint

__all__ = ['joint_limits']

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
        lower, upper, min(speeds, default=_SPEED_RAD_S),
        _either(own, config.limits, 'acceleration_rad_s2', _ACCELERATION_RAD_S2),
        _either(own, config.limits, 'jerk_rad_s3', _JERK_RAD_S3),
    )  # fmt: skip


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
