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

from emotion_motion.robot.compiled import plain
from emotion_motion.robot.safety import jerk_loops
from emotion_motion.robot.safety.jerk_phases import JerkPhases, MotionState

__all__ = ['braking']


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
    path = jerk_loops.braked(*state.arrays, plain(acceleration), plain(jerk))
    return JerkPhases.of(state, *path)
