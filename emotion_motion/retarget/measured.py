# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The state that a robot's joints were measured in, checked before anything may start from it."""

from __future__ import annotations

from collections.abc import Mapping
import math

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.retarget.braking import braking
from emotion_motion.retarget.jerk_phases import MotionState
from emotion_motion.retarget.limiter_settings import LimiterSettings
from emotion_motion.retarget.limits import JointLimits

__all__ = ['measured_state']


def measured_state(
    limits: JointLimits,
    settings: LimiterSettings,
    positions: Mapping[str, float],
    velocities: Mapping[str, float] | None = None,
) -> MotionState:
    """Return the state to start from.

    Args:
        limits: of the joints.
        settings: how far outside, and how fast, a joint may be.
        positions: measured, by the name of the joint [rad]; others than the limits' do not matter.
        velocities: measured [rad/s]; a joint without one counts as resting.

    Raises:
        RobotError: a joint is missing, not finite, too far outside of its limits, or moves so that
            it cannot be stopped within them; the message names each such joint.
    """
    missing = [name for name in limits.names if name not in positions]
    if missing:
        raise RobotError(
            f"the robot's state is unknown: got no position of {', '.join(missing)}; expected one "
            f'of every joint that is to move. Check that measured_joint_states has them'
        )
    position = _values(limits, positions, 'position')
    velocity = _values(limits, velocities or {}, 'velocity')
    velocity = np.where(np.abs(velocity) <= settings.resting_velocity, 0.0, velocity)
    _refuse(limits, _outside(limits, settings, position))
    state = MotionState(position, velocity, np.zeros(len(limits)))
    _refuse(limits, _unstoppable(limits, state))
    return state


def _values(limits: JointLimits, given: Mapping[str, float], what: str) -> np.ndarray:
    values = np.array([float(given.get(name, 0.0)) for name in limits.names])
    for name, value in zip(limits.names, values, strict=True):
        if not math.isfinite(value):
            raise RobotError(
                f"the robot's state is unknown: joint {name!r}: got {value} as measured {what}; "
                f'expected a finite number'
            )
    return values


def _outside(
    limits: JointLimits, settings: LimiterSettings, position: np.ndarray
) -> dict[int, str]:
    excess = np.maximum(limits.lower - position, position - limits.upper)
    return {
        int(j): f'measured at {position[j]:.3f} rad, outside of {limits.lower[j]:.3f} to '
        f'{limits.upper[j]:.3f} by more than {settings.outside_rad:g} rad; expected inside. Move '
        f'it inside by hand or with another controller'
        for j in np.flatnonzero(excess > settings.outside_rad)
    }


def _unstoppable(limits: JointLimits, state: MotionState) -> dict[int, str]:
    low, high, *_ = braking(state, limits.acceleration, limits.jerk).bounds()
    # A joint that is outside may stop anywhere farther in.
    out = np.maximum(limits.lower - low, 0.0) > np.maximum(limits.lower - state.position, 0.0)
    out |= np.maximum(high - limits.upper, 0.0) > np.maximum(state.position - limits.upper, 0.0)
    out |= np.abs(state.velocity) > limits.velocity
    return {
        int(j): f'measured at {state.position[j]:.3f} rad and {state.velocity[j]:.3f} rad/s, and '
        f'cannot be stopped within its limits from there; expected a robot at rest'
        for j in np.flatnonzero(out)
    }


def _refuse(limits: JointLimits, problems: dict[int, str]) -> None:
    if problems:
        raise RobotError(
            '; '.join(f'joint {limits.names[j]!r}: {what}' for j, what in problems.items())
        )
