# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Ruckig's plans from a state to rest at a target, as phases of constant jerk.

Joints are not synchronised: synchronisation failed now and then in trials, and a gesture whose
joints wait for one another is a slower gesture. When Ruckig fails for all joints together, it
plans for each joint alone, so that one bad joint does not stop the others.

A joint at its speed limit is now and then slightly faster than the limit, by rounding. Ruckig
would brake it by a whole cycle's jerk and then speed it up again, so that its speed dips by one or
two per cent. So Ruckig gets a limit that is lower by a millionth. A joint that is faster than this
lower limit, but not than its own, gets its present speed as the limit.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import ruckig

from emotion_motion.robot.safety.jerk_phases import MotionState

__all__ = ['GIVES', 'RuckigPlanner']

# Ruckig's two phases that bring a state back within its limits, then seven to the target.
PHASES = 9
NO_BRAKE = [0.0, 0.0]
# Share by which Ruckig's speed limit is lower than the real one. For a joint between the two it is
# the speed of the joint, higher by the second share.
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

        `errors` counts how often Ruckig refused or failed to plan for all joints together. Plans
        are not checked here; check a path before it is used.

        Args:
            state: where the joints are [J].
            target: where they shall rest [J], in rad.
            velocity: speed limits for this plan [J], in rad/s; None for those of the joints.
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
        """Return the speed limits [J] for Ruckig: lower by a millionth, except for faster joints.

        A joint counts with its present speed or the speed that it will have when its acceleration
        has come to zero, whichever is larger. If that is between the lower limit and the real one,
        it is the limit, raised by the share STEP.
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
        # Checked here, since Ruckig also writes to the terminal when it refuses an input.
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
                lengths += NO_BRAKE
                jerks += NO_BRAKE
            lengths += profile.t
            jerks += profile.j
        return _by_phase(lengths), _by_phase(jerks)


def _by_phase(numbers: list[float]) -> np.ndarray:
    """Return numbers that are listed joint by joint as an array [9, J]."""
    return np.fromiter(numbers, np.float64, len(numbers)).reshape(-1, PHASES).T
