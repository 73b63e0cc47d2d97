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

from emotion_motion.retarget.jerk_phases import JerkPhases, MotionState

__all__ = ['braking', 'braking_phases']

SMALLEST = np.finfo(np.float64).tiny


def braking(state: MotionState, acceleration: np.ndarray, jerk: np.ndarray) -> JerkPhases:
    """Return the quickest path to rest from a state.

    Args:
        state: where the joints are [J].
        acceleration: its limit [J], in rad/s^2; a joint that is beyond it goes no
            further beyond.
        jerk: its limit [J], in rad/s^3.

    Returns:
        Three phases for each joint.
    """
    return JerkPhases(state, *braking_phases(state, acceleration, jerk))


def braking_phases(
    state: MotionState, acceleration: np.ndarray, jerk: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return durations and jerks [3, J] of the phases of `braking`."""
    v, a = state.velocity, state.acceleration
    half = 0.5 * a * a
    sign = np.copysign(1.0, jerk * v + np.copysign(half, a))
    a = sign * a
    square = np.maximum(jerk * (sign * v) + half, 0.0)
    # Never below -a: there is no going back to a braking that is less hard than the present one.
    peak = np.maximum(np.minimum(np.sqrt(square), acceleration), -a)
    # The speed that is left for the middle, of rest none.
    over = np.maximum(square - peak * peak, 0.0)
    durations = np.empty((3, len(v)))
    durations[0] = (a + peak) / jerk
    durations[1] = over / np.maximum(jerk * peak, SMALLEST)
    durations[2] = peak / jerk
    jerks = np.zeros((3, len(v)))
    jerks[2] = sign * jerk
    jerks[0] = -jerks[2]
    return durations, jerks
