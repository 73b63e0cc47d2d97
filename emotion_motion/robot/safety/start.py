# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The measured state that motion starts from, and how fast joints may go then: slowly at first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
import math

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.limits import JointLimits
from emotion_motion.robot.safety.jerk_phases import MotionState
from emotion_motion.robot.safety.safe_paths import brake
from emotion_motion.robot.safety.settings import LimiterSettings

__all__ = ['Approach', 'measured_state']

_SHORTEST_S = 1e-9


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
    _check_inside(limits, settings, position)
    state = MotionState(position, velocity, np.zeros(len(limits)))
    _check_stoppable(limits, state)
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


def _check_inside(limits: JointLimits, settings: LimiterSettings, position: np.ndarray) -> None:
    excess = np.maximum(limits.lower - position, position - limits.upper)
    _refuse(
        f'joint {limits.names[j]!r}: measured at {position[j]:.3f} rad, outside of '
        f'{limits.lower[j]:.3f} to {limits.upper[j]:.3f} by more than {settings.outside_rad:g} '
        f'rad; expected inside. Move it inside by hand or with another controller'
        for j in np.flatnonzero(excess > settings.outside_rad)
    )


def _check_stoppable(limits: JointLimits, state: MotionState) -> None:
    """Refuse joints that cannot stop within limits, nor farther in where they are outside."""
    low, high, *_ = brake(state, limits.acceleration, limits.jerk).bounds()
    out = np.maximum(limits.lower - low, 0.0) > np.maximum(limits.lower - state.position, 0.0)
    out |= np.maximum(high - limits.upper, 0.0) > np.maximum(state.position - limits.upper, 0.0)
    out |= np.abs(state.velocity) > limits.velocity
    _refuse(
        f'joint {limits.names[j]!r}: measured at {state.position[j]:.3f} rad and '
        f'{state.velocity[j]:.3f} rad/s, and cannot be stopped within its limits from there; '
        f'expected a robot at rest'
        for j in np.flatnonzero(out)
    )


def _refuse(problems: Iterable[str]) -> None:
    if message := '; '.join(problems):
        raise RobotError(message)


class Approach:
    """Speeds of J joints, each from the approach's to its full one once it has reached its target.

    A target that runs ahead is reached too, when it turns: joints are limited, and so are targets.
    """

    def __init__(self, velocity: np.ndarray, settings: LimiterSettings) -> None:
        """Take the full speeds [J], in rad/s."""
        self._full = velocity
        self._slow = np.minimum(settings.approach_velocity, velocity)
        self._ramp_s, self._reached_rad = settings.approach_ramp_s, settings.reached_rad
        self._since_s = np.zeros(len(velocity))
        self._reached = np.zeros(len(velocity), dtype=bool)
        self._side = np.zeros(len(velocity))
        self._over = False  # at full speed, until it begins again

    @property
    def done(self) -> bool:
        """Whether every joint has reached its target."""
        return self._over or bool(self._reached.all())

    def begin(self, rows: Sequence[int] | None = None) -> None:
        """Begin again, for some of the joints or for all."""
        joints: Sequence[int] | slice = slice(None) if rows is None else rows
        self._reached[joints] = False
        self._since_s[joints] = 0.0
        self._side[joints] = 0.0
        self._over = False

    def velocity(self, away: np.ndarray, period_s: float) -> np.ndarray:
        """Return the speeds for one more cycle.

        Args:
            away: of the targets from the joints [J], in rad.
            period_s: length of the cycle [s].
        """
        if self._over:
            return self._full
        if not self.done:
            side = np.sign(away)
            crossed = (side * self._side) < 0.0
            self._reached |= crossed | (np.abs(away) <= self._reached_rad)
            self._side = side
        elif (self._since_s >= self._ramp_s).all():
            self._over = True
            return self._full
        self._since_s += np.where(self._reached, period_s, 0.0)
        share = np.minimum(self._since_s / max(self._ramp_s, _SHORTEST_S), 1.0)
        return self._slow + share * (self._full - self._slow)
