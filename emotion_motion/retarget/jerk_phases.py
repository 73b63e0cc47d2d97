# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion of joints as phases of constant jerk: exact at every time, and its bounds exact too.

J joints, each with P phases of its own lengths; after its last phase a joint rests. Every path
that the limiter gives away is of this form, so that all that it promises of a path can be
computed, not sampled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ['JerkPhases', 'MotionState']

# A path ends at rest to this precision [rad/s, rad/s^2]; beyond its last phase it rests exactly.
REST = 1e-6


@dataclass(frozen=True, eq=False)
class MotionState:
    """Where joints are and how they move; arrays [J], or [T, J] for T times.

    Attributes:
        position: [rad].
        velocity: [rad/s].
        acceleration: [rad/s^2].
    """

    position: np.ndarray
    velocity: np.ndarray
    acceleration: np.ndarray

    @classmethod
    def resting(cls, position: np.ndarray) -> MotionState:
        """Return the state of joints that rest at positions [J]."""
        position = np.array(position, dtype=np.float64)
        return cls(position, np.zeros_like(position), np.zeros_like(position))

    @property
    def finite(self) -> bool:
        """Whether every number is."""
        arrays = (self.position, self.velocity, self.acceleration)
        return all(bool(np.isfinite(array).all()) for array in arrays)


class JerkPhases:
    """A path of J joints that begins in a state and ends at rest.

    Args:
        start: the state at its begin, arrays [J].
        durations: of the phases [P, J], in seconds, 0 for a phase that a joint has not.
        jerks: in the phases [P, J], in rad/s^3.
    """

    def __init__(self, start: MotionState, durations: np.ndarray, jerks: np.ndarray) -> None:
        self.start, self.durations, self.jerks = start, durations, jerks
        count, joints = durations.shape
        # At the begins of the phases and at the end, each [P + 1, J].
        begins = np.empty((count + 1, joints))
        acceleration = np.empty((count + 1, joints))
        velocity, position = np.empty((count + 1, joints)), np.empty((count + 1, joints))
        begins[0], acceleration[0] = 0.0, start.acceleration
        velocity[0], position[0] = start.velocity, start.position
        begins[1:] = durations
        np.cumsum(begins, axis=0, out=begins)
        gains = jerks * durations
        acceleration[1:] = gains
        np.cumsum(acceleration, axis=0, out=acceleration)
        velocity[1:] = durations * (acceleration[:-1] + 0.5 * gains)
        np.cumsum(velocity, axis=0, out=velocity)
        gains *= 1.0 / 6.0
        gains += 0.5 * acceleration[:-1]
        position[1:] = durations * (velocity[:-1] + durations * gains)
        np.cumsum(position, axis=0, out=position)
        self._begins, self._states = begins, (position, velocity, acceleration)

    @property
    def ends_s(self) -> np.ndarray:
        """When each joint is at rest [J], in seconds from the begin."""
        return self._begins[-1]

    @property
    def ends_at_rest(self) -> np.ndarray:
        """Which joints [J] have neither speed nor acceleration at the end."""
        _, velocity, acceleration = self._states
        return (np.abs(velocity[-1]) < REST) & (np.abs(acceleration[-1]) < REST)

    @property
    def at_rest(self) -> bool:
        """Whether nothing moves from the begin on."""
        return bool((self._begins[-1] <= 0.0).all())

    def at(self, time_s: float) -> MotionState:
        """Return the state [J] at a time from the begin, 0 or later."""
        return self._states_in((self._begins[1:] <= time_s).sum(axis=0), time_s)

    def sample(self, times_s: np.ndarray) -> MotionState:
        """Return the states [T, J] at times [T] from the begin, 0 or later."""
        times = times_s[:, None]
        return self._states_in((self._begins[1:, None] <= times).sum(axis=0), times)

    def _states_in(self, phase: np.ndarray, time_s: np.ndarray | float) -> MotionState:
        """Return the states at times in phases of those numbers, which are P at the end."""
        count, joints = self.durations.shape
        row = phase * joints + np.arange(joints)
        p, v, a = (array.take(row) for array in self._states)
        # The end is rest but for rounding; there it is made exact.
        moves = phase < count
        v, a = v * moves, a * moves
        s = time_s - self._begins.take(row)
        sj = s * self.jerks.take(row, mode='clip') * moves
        return MotionState(
            p + s * (v + s * (0.5 * a + sj * (1.0 / 6.0))), v + s * (a + 0.5 * sj), a + sj
        )

    def shifted(self, time_s: float) -> JerkPhases:
        """Return what is left of the path after a time."""
        left = np.clip(self._begins[1:] - time_s, 0.0, self.durations)
        return JerkPhases(self.at(time_s), left, self.jerks)

    @property
    def last(self) -> MotionState:
        """The state [J] in which the last phase ends, not made exact."""
        return MotionState(*(array[-1] for array in self._states))

    def choose(self, mine: np.ndarray, other: JerkPhases) -> JerkPhases:
        """Return the path in which joints `mine` [J] go as here and the others as there.

        Both have the same start, but for rounding.
        """
        count = max(len(self.durations), len(other.durations))
        start = MotionState(*(
            np.where(mine, getattr(self.start, name), getattr(other.start, name))
            for name in ('position', 'velocity', 'acceleration')
        ))
        return JerkPhases(
            start,
            np.where(mine, _padded(self.durations, count), _padded(other.durations, count)),
            np.where(mine, _padded(self.jerks, count), _padded(other.jerks, count)),
        )

    def range(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the smallest and the largest position [J] on the whole path, exactly."""
        position, velocity, acceleration = self._states
        p, v, a = position[:-1], velocity[:-1], acceleration[:-1]
        j = self.jerks
        # Where a phase's velocity v + a s + j s^2 / 2 is zero, in the form that loses no digits.
        turns = np.empty((2, *j.shape))
        with np.errstate(all='ignore'):
            q = -(a + np.copysign(np.sqrt(a * a - 2.0 * j * v), a))
            np.divide(q, j, out=turns[0])
            np.divide(2.0 * v, q, out=turns[1])
            s = turns * ((turns > 0.0) & (turns < self.durations))
        s[~np.isfinite(s)] = 0.0
        at_turns = p + s * (v + s * (0.5 * a + s * (j / 6.0)))
        low = np.minimum(position.min(axis=0), at_turns.min(axis=(0, 1)))
        high = np.maximum(position.max(axis=0), at_turns.max(axis=(0, 1)))
        return low, high

    def peak_velocity(self) -> np.ndarray:
        """Return the largest speed [J] on the whole path, exactly."""
        _, velocity, acceleration = self._states
        v, a, j = velocity[:-1], acceleration[:-1], self.jerks
        with np.errstate(divide='ignore', invalid='ignore'):
            s = -a / j
        s = np.where((s > 0.0) & (s < self.durations), s, 0.0)
        inside = np.abs(v + s * (a + 0.5 * s * j)).max(axis=0)
        return np.maximum(inside, np.abs(velocity).max(axis=0))

    def peak_acceleration(self) -> np.ndarray:
        """Return the largest acceleration [J], either way, on the whole path, exactly."""
        return np.abs(self._states[2]).max(axis=0)

    def peak_jerk(self) -> np.ndarray:
        """Return the largest jerk [J], either way, on the whole path."""
        return np.abs(np.where(self.durations > 0.0, self.jerks, 0.0)).max(axis=0)


def _padded(phases: np.ndarray, count: int) -> np.ndarray:
    """Return phases [count, J] with empty ones in front of [P, J]."""
    missing = count - len(phases)
    if not missing:
        return phases
    return np.concatenate([np.zeros((missing, phases.shape[1])), phases])
