# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot that goes along what the limiter says and looks whether a limit breaks, and bad company.

The robot knows nothing of how the limiter works: it samples its path, as a controller does,
and compares samples with one another and with the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import math
from typing import Any

import numpy as np

from emotion_motion.robot.description.limits import JointLimits
from emotion_motion.robot.safety.limiter import SafetyLimiter
from emotion_motion.robot.safety.settings import LimiterSettings

PERIOD_S = 1.0 / 60.0
# Of rounding in what is compared here: differences of samples, that is.
ROUNDING = 1e-9


def random_limits(random: np.random.Generator, joints: int) -> JointLimits:
    """Return limits from those of a toy to those of a hummingbird."""
    lower = random.uniform(-3.0, 2.0, joints)
    return JointLimits(
        tuple(f'joint_{j}' for j in range(joints)),
        lower,
        lower + 10.0 ** random.uniform(-2.0, 0.8, joints),
        10.0 ** random.uniform(-1.0, 1.0, joints),
        10.0 ** random.uniform(-0.3, 2.0, joints),
        10.0 ** random.uniform(0.7, 3.7, joints),
    )


class Robot:
    """Follows the limiter's path between its steps, and fails a test where a limit breaks.

    Args:
        limiter: a started one.
        random: where between two steps to look.
        limits: of this robot; None for those that the limiter has.
        act: what a step is, of what is wanted and the time since the last; None for the limiter's.
    """

    def __init__(
        self,
        limiter: SafetyLimiter,
        random: np.random.Generator,
        limits: JointLimits | None = None,
        act: Callable[[Any, float], Any] | None = None,
    ) -> None:
        self.limiter, self._random = limiter, random
        self._act = act or limiter.step
        self._limits = limits or limiter.limits
        self.samples = 0
        self.worst = dict.fromkeys(('velocity', 'acceleration'), 0.0)
        self.begin()

    def begin(self) -> None:
        """Be where the limiter was started."""
        self._path = self.limiter.path
        self._last = self._row(self._path.at(0.0))
        # Where it is outside of its limits it may be, and go in.
        self._low = np.minimum(self._limits.lower, self._last[0])
        self._high = np.maximum(self._limits.upper, self._last[0])

    def step(self, wanted: Any, elapsed_s: float) -> Any:
        """Go along the path for the time, at most until it ends, then take the next step."""
        true_s = elapsed_s if math.isfinite(elapsed_s) and elapsed_s >= 0.0 else PERIOD_S
        if not self.limiter.settings.robot_follows:
            true_s = min(true_s, PERIOD_S)
        # Beyond the end nothing changes; looking there is a waste.
        until_s = min(true_s, float(self._path.ends_s.max()) + PERIOD_S)
        times = np.sort(self._random.uniform(0.0, until_s, 3))
        times[-1] = until_s
        self._look(times)
        command = self._act(wanted, elapsed_s)
        self._path = self.limiter.path
        self._compare(self._row(command), 0.0)
        return command

    def end(self) -> None:
        """Hear nothing more: go along the path to its end, where there is rest."""
        end_s = float(self._path.ends_s.max())
        self._look(np.linspace(0.0, end_s + PERIOD_S, 40)[1:])
        assert (self._last[1:] == 0.0).all(), 'the path does not end at rest'

    def _look(self, times: np.ndarray) -> None:
        states = self._path.sample(times)
        rows = np.stack([states.position, states.velocity, states.acceleration], axis=1)
        before = 0.0
        for time, row in zip(times.tolist(), rows, strict=True):
            self._compare(row, time - before)
            before = time

    @staticmethod
    def _row(state: Any) -> np.ndarray:
        return np.stack([state.position, state.velocity, state.acceleration])

    def _compare(self, row: np.ndarray, span_s: float) -> None:
        """Compare a sample with the limits, and with the one that was `span_s` before."""
        limits = self._limits
        self.samples += 1
        assert np.isfinite(row).all(), row
        position, velocity, acceleration = row
        assert (position >= self._low - ROUNDING).all(), (self._low - position).max()
        assert (position <= self._high + ROUNDING).all(), (position - self._high).max()
        assert (np.abs(velocity) <= limits.velocity).all(), velocity
        assert (np.abs(acceleration) <= limits.acceleration).all(), acceleration
        change = np.abs(row - self._last)
        steps = span_s * np.stack([limits.velocity, limits.acceleration, limits.jerk])
        assert (change <= steps + ROUNDING * (1.0 + np.abs(row))).all(), (change - steps).max()
        self._low = np.maximum(self._low, np.minimum(limits.lower, position))
        self._high = np.minimum(self._high, np.maximum(limits.upper, position))
        self._last = row
        for name, values in (('velocity', velocity), ('acceleration', acceleration)):
            share = float((np.abs(values) / getattr(limits, name)).max())
            self.worst[name] = max(self.worst[name], share)


class WildTargets:
    """Targets as no model should give them, and now and then as one does."""

    def __init__(self, random: np.random.Generator, limits: JointLimits) -> None:
        self._random, self._limits, self._joints = random, limits, len(limits)
        self._middle = 0.5 * (limits.lower + limits.upper)
        self._half = 0.5 * (limits.upper - limits.lower)
        self._last = self._middle.copy()
        kinds = (
            self.gesture,
            self.leap,
            self.ends,
            self.still,
            self.tremble,
            self.far,
            self.no_number,
            self.silence,
            self.to_and_fro,
            self.stroll,
        )
        self._kinds: tuple[Callable[[int], np.ndarray | None], ...] = kinds

    def __iter__(self) -> Iterator[np.ndarray | None]:
        """Yield [J] or None, of one kind for up to a second, then of another."""
        random = self._random
        while True:
            kind = self._kinds[random.integers(len(self._kinds))]
            self._phase = random.uniform(0.0, 6.3, self._joints)
            self._pace = 6.3 * 10.0 ** random.uniform(-1.5, 1.0)
            for k in range(int(random.integers(1, 60))):
                target = kind(k)
                if target is not None and np.isfinite(target).all():
                    self._last = target
                yield target

    def gesture(self, k: int) -> np.ndarray:
        sine = np.sin(self._phase + self._pace * k * PERIOD_S)
        return self._middle + 1.2 * self._half * sine

    def leap(self, _: int) -> np.ndarray:
        return self._middle + self._random.uniform(-2.0, 2.0, self._joints) * self._half

    def ends(self, _: int) -> np.ndarray:
        up = self._random.random(self._joints) < 0.5
        return np.where(up, self._limits.upper, self._limits.lower)

    def still(self, k: int) -> np.ndarray:
        return self._last if k else self.leap(k)

    def tremble(self, _: int) -> np.ndarray:
        return self._last + 1e-3 * self._half * self._random.standard_normal(self._joints)

    def far(self, _: int) -> np.ndarray:
        return self._random.choice([-1e9, 1e9, -1e300, 1e300, 1e-300], self._joints)

    def no_number(self, _: int) -> np.ndarray:
        bad = self._last.copy()
        bad[self._random.integers(self._joints)] = self._random.choice([np.nan, np.inf, -np.inf])
        return bad

    def silence(self, _: int) -> None:
        return None

    def to_and_fro(self, k: int) -> np.ndarray:
        out = (k // int(self._random.integers(1, 8))) % 2
        return self._limits.upper if out else self._middle

    def stroll(self, _: int) -> np.ndarray:
        return self._last + 0.02 * self._half * self._random.standard_normal(self._joints)


def wild_time(random: np.random.Generator) -> float:
    """Return a time between two steps as no timer should keep it, mostly as one does."""
    if random.random() < 0.7:
        return PERIOD_S
    return float(
        random.choice(
            [
                random.uniform(0.0, 2.0) * PERIOD_S,
                1e-6,
                0.0,
                0.3 * PERIOD_S,
                3.0 * PERIOD_S,
                12.0 * PERIOD_S,
                4.0,
                1e9,
                -1.0,
                np.nan,
                np.inf,
                -np.inf,
            ]
        )
    )


def torture(seed: int, cycles: int, joints: int = 3) -> dict[str, int]:
    """Drive one limiter with one set of limits through so many cycles; return what happened."""
    random = np.random.default_rng(seed)
    limits = random_limits(random, joints)
    settings = LimiterSettings(
        approach_velocity=float(10.0 ** random.uniform(-2.0, 1.0)),
        approach_ramp_s=float(random.choice([0.0, 0.3, 1.0])),
        plan_s=float(random.choice([0.0, 0.1, 0.5])),
        stale_s=float(random.choice([0.0, 0.1, 1.0])),
        robot_follows=bool(random.random() < 0.7),
    )
    limiter = SafetyLimiter(limits, PERIOD_S, settings)
    start(limiter, random)
    robot = Robot(limiter, random)
    states: dict[str, int] = {}
    targets = iter(WildTargets(random, limits))
    for cycle in range(cycles):
        event = random.random()
        if event < 0.004:
            limiter.stop('user')
        elif event < 0.02:
            limiter.release('user')
        elif event < 0.0205:
            robot.end()
            start(limiter, random)
            robot.begin()
        robot.step(next(targets), wild_time(random))
        states[limiter.state] = states.get(limiter.state, 0) + 1
        if cycle % 97 == 0:
            np.testing.assert_array_less(limiter.path.ends_s, 1e4)
    robot.end()
    states['samples'] = robot.samples
    states['kept'] = limiter.kept_paths
    states['errors'] = limiter.planner_errors
    return states


def start(limiter: SafetyLimiter, random: np.random.Generator) -> None:
    """Start where a robot may be: inside its limits, at an end, or a little outside."""
    limits = limiter.limits
    share = random.choice([0.0, 1.0, random.random()], len(limits))
    position = limits.lower + share * (limits.upper - limits.lower)
    if random.random() < 0.3:
        position += random.uniform(-1.0, 1.0, len(limits)) * limiter.settings.outside_rad
    limiter.start(dict(zip(limits.names, position.tolist(), strict=True)))
