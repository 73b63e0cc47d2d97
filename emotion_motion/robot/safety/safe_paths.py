# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Paths of joints that end at rest, and the check of a whole path that all safety rests on.

The quickest way to rest within limits of acceleration and jerk is known in closed form. With the
sign of the motion taken out, a joint that would still go forward once its acceleration has been
led to zero (velocity + acceleration |acceleration| / (2 jerk) > 0) brakes in three phases: full
jerk against the motion down to an acceleration of -peak, that held, full jerk back to zero. Speed
is gone exactly at the end where peak^2 = jerk * velocity + acceleration^2 / 2; where that is above
the acceleration limit, peak is the limit and it is held for what is left of the speed.

No path to rest that keeps the direction ends nearer, so a joint that can stop at all before its
limit does. Braking cannot fail: it is what every other failure ends in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from emotion_motion.robot.description.limits import JointLimits
from emotion_motion.robot.safety.jerk_phases import JerkPhases, MotionState, PathBounds

__all__ = ['Guard', 'SafePaths', 'brake']

# Plans stay inside of the limits by these shares of them and this angle, checks by half of it: for
# rounding, and for what a controller's quintic between two points adds, measured at up to 0.1 % of
# the speed and 3 % of the acceleration.
SPEED_MARGIN, ACCELERATION_MARGIN, JERK_MARGIN, MARGIN_RAD = 2e-3, 4e-2, 1e-4, 1e-5
_SMALLEST = np.finfo(np.float64).tiny


class Guard(Protocol):
    """Knows what joints must not do together."""

    def hindered(self, path: JerkPhases) -> np.ndarray:
        """Return which joints [J] must not go along a path; none where all of them may."""

    def lets_pass(self, path: JerkPhases) -> bool:
        """Return whether there are none."""


class SafePaths:
    """Makes paths of J joints and tells which of them keep their limits.

    A joint that begins outside of its limits may be there, comes inside and does not go out again.

    Attributes:
        velocity: that plans stay below [J], in rad/s.
        acceleration: the same [J], in rad/s^2.
        jerk: the same [J], in rad/s^3.
        lower: where targets lie [J], in rad.
        upper: the same, in rad.
    """

    def __init__(self, limits: JointLimits, period_s: float) -> None:
        """Take the limits of the joints, and the time between two commands [s]."""
        self.velocity = (1.0 - SPEED_MARGIN) * limits.velocity
        self.acceleration = (1.0 - ACCELERATION_MARGIN) * limits.acceleration
        # A jerk that takes an acceleration from nothing to its limit within a period is lost
        # between two commands; with more, what a controller makes of them leaves the limits.
        jerk = np.minimum(limits.jerk, limits.acceleration / period_s)
        self.jerk = (1.0 - JERK_MARGIN) * jerk
        inside = np.minimum(MARGIN_RAD, 0.01 * (limits.upper - limits.lower))
        self.lower, self.upper = limits.lower + inside, limits.upper - inside
        self._tolerance = 0.5 * inside
        self._limits = PathBounds(
            self.lower,
            self.upper,
            (1.0 - 0.5 * SPEED_MARGIN) * limits.velocity,
            (1.0 - 0.5 * ACCELERATION_MARGIN) * limits.acceleration,
            (1.0 - 0.5 * JERK_MARGIN) * limits.jerk,
        )
        self._allow(self.lower, self.upper)

    def begin(self, path: JerkPhases, rows: Sequence[int] | None = None) -> None:
        """Let joints, some of them or all, be where a path that they begin with goes."""
        bounds = path.bounds()
        low, high = np.minimum(self.lower, bounds.low), np.maximum(self.upper, bounds.high)
        if rows is not None:
            chosen = np.isin(np.arange(len(low)), rows)
            low, high = np.where(chosen, low, self._low), np.where(chosen, high, self._high)
        self._allow(low, high)

    def come_inside(self, position: np.ndarray) -> None:
        """Let joints that are outside go out no farther than where they are now [J]."""
        if self._outside:
            self._allow(
                np.minimum(self.lower, np.maximum(self._low, position)),
                np.maximum(self.upper, np.minimum(self._high, position)),
            )

    def _allow(self, low: np.ndarray, high: np.ndarray) -> None:
        """Let joints be between these positions [J], in rad."""
        self._low, self._high = low, high
        self._outside = bool((low < self.lower).any() or (high > self.upper).any())
        self._limits = self._limits._replace(
            low=low - self._tolerance, high=high + self._tolerance
        )

    def brake(self, state: MotionState) -> JerkPhases:
        """Return the quickest path to rest."""
        return brake(state, self.acceleration, self.jerk)

    def lead_then_brake(
        self, state: MotionState, plan: tuple[np.ndarray, np.ndarray, np.ndarray], lead_s: float
    ) -> tuple[JerkPhases, np.ndarray]:
        """Return a path that follows a plan for a time and then brakes, and where [J] it is good.

        Args:
            state: where the joints are.
            plan: durations and jerks [9, J] and for which joints [J] there are any.
            lead_s: how long the plan is followed [s].
        """
        durations, jerks, planned = plan
        with np.errstate(all='ignore'):
            # What is left of the lead when each phase begins. Phases are not cut below nothing,
            # but one that is negative stays so: it passes no check.
            leads = np.full((1, len(self.jerk)), lead_s)
            left = np.cumsum(np.concatenate((leads, -durations[:-1])), axis=0)
            durations = np.minimum(durations, np.maximum(left, 0.0))
        last = JerkPhases(state, durations, jerks).last
        braking, braking_jerks = _braking_phases(last, self.acceleration, self.jerk)
        path = JerkPhases(
            state, np.concatenate((durations, braking)), np.concatenate((jerks, braking_jerks))
        )
        return path, planned & self.within_limits(path)

    def within_limits(self, path: JerkPhases) -> np.ndarray:
        """Return for which joints [J] a whole path is within the limits and ends at rest."""
        return path.within_limits(self._limits)


def brake(state: MotionState, acceleration: np.ndarray, jerk: np.ndarray) -> JerkPhases:
    """Return the quickest path to rest from a state: three phases for each joint.

    Args:
        state: where the joints are [J].
        acceleration: its limit [J], in rad/s^2; a joint that is beyond it goes no further beyond.
        jerk: its limit [J], in rad/s^3.
    """
    return JerkPhases(state, *_braking_phases(state, acceleration, jerk))


@np.errstate(all='ignore')
def _braking_phases(
    state: MotionState, limit: np.ndarray, jerk: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return durations and jerks of the three phases [3, J]."""
    half = 0.5 * state.acceleration * state.acceleration
    sign = np.copysign(1.0, jerk * state.velocity + np.copysign(half, state.acceleration))
    acceleration = sign * state.acceleration
    square = np.maximum(jerk * (sign * state.velocity) + half, 0.0)
    # Never below -acceleration: it does not go back to a braking that is less hard than now.
    peak = np.maximum(np.minimum(np.sqrt(square), limit), -acceleration)
    left = np.maximum(square - peak * peak, 0.0)  # of the speed, for the middle phase
    held = left / np.maximum(jerk * peak, _SMALLEST)
    durations = np.stack(((acceleration + peak) / jerk, held, peak / jerk))
    return durations, np.stack((-sign * jerk, np.zeros_like(jerk), sign * jerk))
