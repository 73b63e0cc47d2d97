# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion of joints as phases of constant jerk: exact at every time, and its bounds exact too.

J joints, each with P phases of its own lengths; after its last phase a joint rests. Every path
that the limiter gives away is of this form, so that all that it promises of a path can be
computed, not sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

__all__ = ['JerkPhases', 'MotionState', 'PathBounds']

# A path ends at rest to this precision [rad/s, rad/s^2]; beyond its last phase it rests exactly.
REST = 1e-6

_Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


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
    def arrays(self) -> _Arrays:
        """Position, velocity and acceleration."""
        return self.position, self.velocity, self.acceleration


class PathBounds(NamedTuple):
    """How far and how fast each of J joints goes on a whole path.

    Attributes:
        low: smallest position [J], in rad.
        high: largest position [J], in rad.
        velocity: largest speed [J], in rad/s.
        acceleration: largest acceleration [J], either way, in rad/s^2.
        jerk: largest jerk [J], either way, in rad/s^3.
    """

    low: np.ndarray
    high: np.ndarray
    velocity: np.ndarray
    acceleration: np.ndarray
    jerk: np.ndarray


class JerkPhases:
    """A path of J joints that begins in a state and ends at rest.

    Attributes:
        start: that state, arrays [J].
        durations: of the phases [P, J], in seconds, 0 for a phase that a joint has not.
        jerks: in the phases [P, J], in rad/s^3.
        end_s: when the last joint is at rest, in seconds from the begin; never, where a time is
            not a number.
    """

    def __init__(self, start: MotionState, durations: np.ndarray, jerks: np.ndarray) -> None:
        self.start, self.durations, self.jerks = start, durations, jerks
        # Where phases meet: times, positions, velocities and accelerations [4, P + 1, J].
        self._knots = np.empty((4, len(jerks) + 1, jerks.shape[1]))
        times, position, velocity, acceleration = self._knots
        times[0], times[1:] = 0.0, durations
        position[0], velocity[0], acceleration[0] = start.arrays
        with np.errstate(all='ignore'):
            np.add.accumulate(times, axis=0, out=times)
            change = durations * jerks
            acceleration[1:] = change
            np.add.accumulate(acceleration, axis=0, out=acceleration)
            velocity[1:] = durations * (acceleration[:-1] + 0.5 * change)
            np.add.accumulate(velocity, axis=0, out=velocity)
            turned = 0.5 * acceleration[:-1] + change / 6.0
            position[1:] = durations * (velocity[:-1] + durations * turned)
            np.add.accumulate(position, axis=0, out=position)
        end = float(times[-1].max())
        self.end_s = np.inf if np.isnan(end) else max(end, 0.0)

    @property
    def ends_s(self) -> np.ndarray:
        """When each joint is at rest [J], in seconds from the begin."""
        return self._knots[0, -1]

    @property
    def ends_at_rest(self) -> np.ndarray:
        """Which joints [J] have neither speed nor acceleration at the end."""
        return np.asarray((np.abs(self._knots[2:, -1]) < REST).all(axis=0))

    @property
    def at_rest(self) -> bool:
        """Whether nothing moves from the begin on."""
        return self.end_s <= 0.0

    @property
    def last(self) -> MotionState:
        """The state [J] in which the last phase ends, not made exact."""
        return MotionState(*self._knots[1:, -1])

    def at(self, time_s: float) -> MotionState:
        """Return the state [J] at a time from the begin, 0 or later."""
        return MotionState(*(array[0] for array in self.sample(np.array([time_s])).arrays))

    def sample(self, times_s: np.ndarray) -> MotionState:
        """Return the states [T, J] at times [T] from the begin, 0 or later."""
        count, joints = self.jerks.shape
        phase = (self._knots[0, 1:] <= times_s[:, None, None]).sum(axis=1)
        resting = phase == count
        row, column = np.minimum(phase, count - 1), np.arange(joints)
        begin, position, velocity, acceleration = self._knots[:, row, column]
        position, velocity, acceleration = _after(
            times_s[:, None] - begin, position, velocity, acceleration, self.jerks[row, column]
        )
        return MotionState(
            np.where(resting, self._knots[1, -1], position),
            np.where(resting, 0.0, velocity),
            np.where(resting, 0.0, acceleration),
        )

    def shifted(self, time_s: float) -> JerkPhases:
        """Return what is left of the path after a time."""
        left = np.clip(self._knots[0, 1:] - time_s, 0.0, self.durations)
        return JerkPhases(self.at(time_s), left, self.jerks)

    def merge(self, mine: np.ndarray, other: JerkPhases) -> JerkPhases:
        """Return the path in which joints `mine` [J] go as here and the others as there.

        Both have the same start, but for rounding. The shorter path gets empty phases at its
        begin.
        """
        start = self.start
        if other.start is not start:
            pairs = zip(start.arrays, other.start.arrays, strict=True)
            start = MotionState(*(np.where(mine, one, two) for one, two in pairs))
        count = max(len(self.jerks), len(other.jerks))
        phases = [
            np.where(mine, _padded(one, count), _padded(two, count))
            for one, two in ((self.durations, other.durations), (self.jerks, other.jerks))
        ]
        return JerkPhases(start, *phases)

    def bounds(self) -> PathBounds:
        """Return how far and how fast joints go on the whole path, exactly.

        Of numbers that are not finite, what no limit allows.
        """
        position, velocity, acceleration = self._knots[1:, :-1]
        with np.errstate(all='ignore'):
            times = _extreme_times(velocity, acceleration, self.jerks)
            times = np.where((times > 0.0) & (times < self.durations), times, 0.0)
            fastest, turning = times[0], times[1:]
            half = 0.5 * acceleration
            fast = velocity + fastest * (acceleration + 0.5 * fastest * self.jerks)
            turned = position + turning * (
                velocity + turning * (half + turning * self.jerks / 6.0)
            )
            finite = np.isfinite(self._knots.sum(axis=(0, 1)) + self.jerks.sum(axis=0))
        positions = np.concatenate((self._knots[1], *turned))
        velocities = np.concatenate((self._knots[2], fast))
        return PathBounds(
            np.where(finite, positions.min(axis=0), -np.inf),
            *(
                np.where(finite, array, np.inf)
                for array in (
                    positions.max(axis=0),
                    np.abs(velocities).max(axis=0),
                    np.abs(self._knots[3]).max(axis=0),
                    np.where(self.durations > 0.0, np.abs(self.jerks), 0.0).max(axis=0),
                )
            ),
        )

    def within_limits(self, limits: PathBounds) -> np.ndarray:
        """Return which joints [J] keep to limits on the whole path, exactly, and end at rest.

        A path of numbers that are not finite, or of a phase that lasts less than nothing, does
        not.
        """
        bounds = self.bounds()
        inside = (bounds.low >= limits.low) & (bounds.high <= limits.high)
        for most, limit in zip(bounds[2:], limits[2:], strict=True):
            inside &= most <= limit
        return np.asarray(inside & self.ends_at_rest & (self.durations >= 0.0).all(axis=0))


def _after(
    time: np.ndarray,
    position: np.ndarray,
    velocity: np.ndarray,
    acceleration: np.ndarray,
    jerk: np.ndarray,
) -> _Arrays:
    """Return position, velocity and acceleration after a time of constant jerk."""
    turned = 0.5 * acceleration + time * jerk / 6.0
    return (
        position + time * (velocity + time * turned),
        velocity + time * (acceleration + 0.5 * time * jerk),
        acceleration + time * jerk,
    )


def _extreme_times(velocity: np.ndarray, acceleration: np.ndarray, jerk: np.ndarray) -> np.ndarray:
    """Return when in a phase speed is most and when positions turn [3, P, J].

    Speed is most where a + j s is zero; positions turn where v + a s + j s^2 / 2 is, in the form
    that loses no digits. A time that there is not is no number, infinite or outside of the phase.
    """
    root = np.sqrt(acceleration * acceleration - 2.0 * jerk * velocity)
    q = -(acceleration + np.copysign(root, acceleration))
    return np.stack((-acceleration / jerk, q / jerk, 2.0 * velocity / q))


def _padded(phases: np.ndarray, count: int) -> np.ndarray:
    """Return phases [count, J] with empty ones before them."""
    return np.concatenate((np.zeros((count - len(phases), phases.shape[1])), phases))
