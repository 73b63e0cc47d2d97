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

from emotion_motion.robot.compiled import plain
from emotion_motion.robot.safety import jerk_loops

__all__ = ['JerkPhases', 'MotionState', 'PathBounds']

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
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position, velocity and acceleration, as jerk_loops take them."""
        return plain(self.position), plain(self.velocity), plain(self.acceleration)

    @property
    def finite(self) -> bool:
        """Whether every number is."""
        return all(bool(np.isfinite(array).all()) for array in self.arrays)


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
        end_s: when the last joint is at rest, in seconds from the begin.

    Args:
        start: the state at its begin, arrays [J].
        durations: of the phases [P, J], in seconds, 0 for a phase that a joint has not.
        jerks: in the phases [P, J], in rad/s^3.
    """

    def __init__(self, start: MotionState, durations: np.ndarray, jerks: np.ndarray) -> None:
        phases = np.array((durations, jerks), dtype=np.float64)
        self._set(start, phases, *jerk_loops.integrated(*start.arrays, phases))

    @classmethod
    def of(
        cls, start: MotionState, phases: np.ndarray, met: np.ndarray, end_s: float
    ) -> JerkPhases:
        """Return the path from a state that a function of jerk_loops has worked out."""
        path = cls.__new__(cls)
        path._set(start, phases, met, end_s)
        return path

    def _set(self, start: MotionState, phases: np.ndarray, met: np.ndarray, end_s: float) -> None:
        # As jerk_loops has them: durations and jerks [2, P, J], and where the phases meet: times,
        # positions, velocities and accelerations [4, P + 1, J].
        self._phases, self._met = phases, met
        self.start, self.end_s = start, end_s

    @property
    def durations(self) -> np.ndarray:
        """How long the phases are [P, J], in seconds; 0 for one that a joint has not."""
        return self._phases[0]

    @property
    def jerks(self) -> np.ndarray:
        """The jerks in the phases [P, J], in rad/s^3."""
        return self._phases[1]

    @property
    def ends_s(self) -> np.ndarray:
        """When each joint is at rest [J], in seconds from the begin."""
        return self._met[0, -1]

    @property
    def ends_at_rest(self) -> np.ndarray:
        """Which joints [J] have neither speed nor acceleration at the end."""
        return np.asarray((np.abs(self._met[2:, -1]) < REST).all(axis=0))

    @property
    def at_rest(self) -> bool:
        """Whether nothing moves from the begin on."""
        return self.end_s <= 0.0

    def at(self, time_s: float) -> MotionState:
        """Return the state [J] at a time from the begin, 0 or later."""
        return MotionState(*jerk_loops.sampled(np.array([time_s]), self._phases, self._met)[:, 0])

    def sample(self, times_s: np.ndarray) -> MotionState:
        """Return the states [T, J] at times [T] from the begin, 0 or later."""
        return MotionState(*jerk_loops.sampled(plain(times_s), self._phases, self._met))

    def spread(self, parts: int) -> np.ndarray:
        """Return positions [parts + 1, J] in rad, at equal distances of time from begin to end."""
        return np.asarray(jerk_loops.spread(self._phases, self._met, self.end_s, parts))

    def shifted(self, time_s: float) -> JerkPhases:
        """Return what is left of the path after a time."""
        left = np.clip(self._met[0, 1:] - time_s, 0.0, self.durations)
        return JerkPhases(self.at(time_s), left, self.jerks)

    @property
    def last(self) -> MotionState:
        """The state [J] in which the last phase ends, not made exact."""
        return MotionState(*self._met[1:, -1])

    def choose(self, mine: np.ndarray, other: JerkPhases) -> JerkPhases:
        """Return the path in which joints `mine` [J] go as here and the others as there.

        Both have the same start, but for rounding.
        """
        start = self.start
        if other.start is not start:
            start = MotionState(*np.where(mine, start.arrays, other.start.arrays))
        return JerkPhases.of(
            start, *jerk_loops.chosen(mine, *start.arrays, self._phases, other._phases)
        )

    def bounds(self) -> PathBounds:
        """Return how far and how fast joints go on the whole path, exactly."""
        return PathBounds(*jerk_loops.bounds(self._phases, self._met))

    def keeps(self, limits: PathBounds) -> np.ndarray:
        """Return which joints [J] keep to limits on the whole path, exactly, and end at rest.

        A path of numbers that are not finite, or of a phase that lasts less than nothing, does
        not.
        """
        return np.asarray(jerk_loops.keeps(self._phases, self._met, *limits, REST))
