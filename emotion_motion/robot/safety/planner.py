# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Ruckig's paths from a state to rest at a target, as phases of constant jerk.

Joints are not synchronised: synchronisation failed now and then in trials, and a gesture whose
joints wait for one another is a slower gesture. What Ruckig cannot do for one joint it is asked
for the other joints alone, so that one bad joint does not stop all.

A joint that comes to its speed limit is, by rounding, now and then a little faster than that, and
Ruckig would brake it by a whole cycle's jerk and speed it up again: dips of one or two per cent.
So the limit that Ruckig is told is lower by a millionth, and gives way by that.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import ruckig

from emotion_motion.robot.safety.jerk_phases import MotionState

__all__ = ['GIVES', 'RuckigPlanner']

# Two phases that bring a state back within limits, then seven.
PHASES = 9
NONE = [0.0, 0.0]
# How far the speed limit gives way in all and how far above the speed of now, as shares of them.
GIVES, STEP = 1e-6, 1e-9


class RuckigPlanner:
    """Plans the quickest path of each of J joints to rest at a target.

    Args:
        velocity: limits [J], in rad/s.
        acceleration: limits [J], in rad/s^2.
        jerk: limits [J], in rad/s^3.
    """

    def __init__(self, velocity: np.ndarray, acceleration: np.ndarray, jerk: np.ndarray) -> None:
        self.errors = 0
        self._velocity, self._jerk = velocity, jerk
        self._all = _Group(acceleration, jerk)
        self._each = [_Group(acceleration[[j]], jerk[[j]]) for j in range(len(velocity))]

    def plan(
        self, state: MotionState, target: np.ndarray, velocity: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return durations and jerks [9, J] of paths, and for which joints [J] there is one.

        `errors` counts what Ruckig refused or failed at. A path is what Ruckig says, and is to be
        checked before use.

        Args:
            state: where the joints are [J].
            target: where they shall rest [J], in rad.
            velocity: to stay below [J], in rad/s; None for the limits.
        """
        velocity = self._allowed(state, self._velocity if velocity is None else velocity)
        plan = self._all.plan(state, target, velocity)
        if plan is not None:
            return *plan, np.ones(len(target), dtype=bool)
        self.errors += 1
        durations, jerks = np.zeros((2, PHASES, len(target)))
        planned = np.zeros(len(target), dtype=bool)
        for j, alone in enumerate(self._each):
            rows = slice(j, j + 1)
            one = MotionState(state.position[rows], state.velocity[rows], state.acceleration[rows])
            plan = alone.plan(one, target[rows], velocity[rows])
            if plan is not None:
                durations[:, rows], jerks[:, rows] = plan
                planned[j] = True
        return durations, jerks, planned

    def _allowed(self, state: MotionState, limit: np.ndarray) -> np.ndarray:
        """Return speed limits [J] that are lower by a millionth, but for joints that are faster.

        Theirs is the speed at which their acceleration will be gone, and a share of it, up to the
        limit.
        """
        lower = limit * (1.0 - GIVES)
        acceleration = state.acceleration
        later = state.velocity + 0.5 * acceleration * np.abs(acceleration) / self._jerk
        speed = np.maximum(np.abs(state.velocity), np.abs(later)) * (1.0 + STEP)
        return np.where((lower < speed) & (speed <= limit), speed, lower)


class _Group:
    """Some joints that one instance of Ruckig plans for."""

    def __init__(self, acceleration: np.ndarray, jerk: np.ndarray) -> None:
        count = len(jerk)
        self._ruckig = ruckig.Ruckig(count)
        self._trajectory = ruckig.Trajectory(count)
        self._input = ruckig.InputParameter(count)
        self._input.synchronization = ruckig.Synchronization.No
        self._input.max_acceleration = acceleration.tolist()
        self._input.max_jerk = jerk.tolist()

    def plan(
        self, state: MotionState, target: np.ndarray, velocity: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return durations and jerks [9, J] of the phases, or None where Ruckig fails."""
        asked = self._input
        numbers = [
            array.tolist()
            for array in (state.position, state.velocity, state.acceleration, target)
        ]
        # Checked before, for on an input that it refuses Ruckig also writes to the terminal.
        if not all(map(math.isfinite, itertools.chain(*numbers))):
            return None
        asked.current_position, asked.current_velocity = numbers[:2]
        asked.current_acceleration, asked.target_position = numbers[2:]
        asked.max_velocity = velocity.tolist()
        try:
            if self._ruckig.calculate(asked, self._trajectory) < 0:
                return None
        except ruckig.RuckigError:
            return None
        (profiles,) = self._trajectory.profiles
        lengths: list[float] = []
        jerks: list[float] = []
        for profile in profiles:
            brake = profile.brake
            if brake.duration > 0.0:
                lengths += brake.t
                jerks += brake.j
            else:
                lengths += NONE
                jerks += NONE
            lengths += profile.t
            jerks += profile.j
        return _by_phase(lengths), _by_phase(jerks)


def _by_phase(numbers: list[float]) -> np.ndarray:
    """Return numbers [9, J], of the phases of one joint after the other."""
    return np.fromiter(numbers, np.float64, len(numbers)).reshape(-1, PHASES).T
