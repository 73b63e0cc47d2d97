# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The quickest way to rest within limits of acceleration and jerk, in closed form.

With the sign of the motion taken out, a joint that would still go forward once its acceleration
has been led to zero (velocity + acceleration |acceleration| / (2 jerk) > 0) brakes in three
phases: full jerk against the motion down to an acceleration of -peak, that held, full jerk back to
zero. Speed is gone exactly at the end where peak^2 = jerk * velocity + acceleration^2 / 2; where
that is above the acceleration limit, peak is the limit and it is held for what is left of the
speed.

No path to rest that keeps the direction ends nearer, so a joint that can stop at all before its
limit does. Nothing here can fail: it is what every other failure ends in.
"""

from __future__ import annotations

import numpy as np

from emotion_motion.robot.safety.jerk_phases import JerkPhases, MotionState

__all__ = ['brake', 'lead_then_brake']

_SMALLEST = np.finfo(np.float64).tiny


def brake(state: MotionState, acceleration: np.ndarray, jerk: np.ndarray) -> JerkPhases:
    """Return the quickest path to rest from a state: three phases for each joint.

    Args:
        state: where the joints are [J].
        acceleration: its limit [J], in rad/s^2; a joint that is beyond it goes no further beyond.
        jerk: its limit [J], in rad/s^3.
    """
    return JerkPhases(state, *_braking_phases(state, acceleration, jerk))


def lead_then_brake(
    state: MotionState,
    plan: tuple[np.ndarray, np.ndarray],
    lead_s: float,
    acceleration: np.ndarray,
    jerk: np.ndarray,
) -> JerkPhases:
    """Return a path that follows a plan for a time and then brakes.

    Args:
        state: where the joints are [J].
        plan: durations and jerks of its phases [P, J].
        lead_s: how long the plan is followed [s].
        acceleration: its limit [J]; see `brake`.
        jerk: its limit [J], in rad/s^3.
    """
    durations, jerks = plan
    with np.errstate(all='ignore'):
        # What is left of the lead when each phase begins. Phases are not cut below nothing, but
        # one that is negative stays so: it passes no check.
        left = np.cumsum(
            np.concatenate((np.full((1, len(jerk)), lead_s), -durations[:-1])), axis=0
        )
        durations = np.minimum(durations, np.maximum(left, 0.0))
    last = JerkPhases(state, durations, jerks).last
    braking, braking_jerks = _braking_phases(last, acceleration, jerk)
    return JerkPhases(
        state, np.concatenate((durations, braking)), np.concatenate((jerks, braking_jerks))
    )


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
