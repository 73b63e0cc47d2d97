# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The model's frames as continuous motion at any rate, with a hold that comes to rest gently."""

from __future__ import annotations

import math
import time
from typing import NamedTuple

import numpy as np

from emotion_motion.emotion import recognised_distribution
from emotion_motion.exceptions import ConfigError
from emotion_motion.generator import MotionGenerator


class Pose(NamedTuple):
    """What is shown at one instant.

    Attributes:
        keypoints: [B, K, D] float32 in metres.
        recognised: [B, E] weights of the emotion that the model sees in its own motion.
        stepped: number of frames that the model made for it.
        step_times_s: how long each of them took, by the monotonic clock [s].
    """

    keypoints: np.ndarray
    recognised: np.ndarray
    stepped: int
    step_times_s: list[float]


class Playback:
    """Plays a MotionGenerator at a publish rate of its own.

    The model always steps at its own rate. Between two of its frames the path is a cubic with
    continuous velocity, put onto the body; so a higher rate is smoother motion, not faster motion.
    A segment's model step is made just before the first pose of the segment is shown, so an
    emotion shows within one model period.

    Holding slows the motion's own clock to a stop along the path that it is on, and releasing
    starts it again: no jump, whatever the motion was doing. While it stands, the model and its
    history stand too.
    """

    def __init__(
        self, generator: MotionGenerator, rate_hz: float | None = None, *, settle_s: float = 0.4
    ) -> None:
        """Begin in the rest pose, or with the next frame of a generator that runs already.

        Args:
            generator: what to play; nothing else may step it meanwhile.
            rate_hz: poses a second [Hz]; None: the model's own.
            settle_s: time from motion to rest and from rest to motion [s].

        Raises:
            ConfigError: rate_hz or settle_s is out of range.
        """
        self.generator = generator
        self.rate_hz = generator.rate if rate_hz is None else rate_hz
        self.settle_s = _seconds('settle_s', settle_s)
        self._start()

    @property
    def rate_hz(self) -> float:
        """Poses a second [Hz]; may be set at any time."""
        return self._rate_hz

    @rate_hz.setter
    def rate_hz(self, value: float) -> None:
        if not _is_number(value) or not 0.0 < value <= 10000.0:
            raise ConfigError(f'got rate_hz = {value!r}; expected above 0, at most 10000')
        self._rate_hz = float(value)

    @property
    def held(self) -> bool:
        """Whether the motion was asked to come to rest."""
        return self._held

    @property
    def at_rest(self) -> bool:
        """Whether it stands."""
        return self._held and self._ramp == 0.0

    @property
    def moving_at_full_speed(self) -> bool:
        """Whether a release has run its course."""
        return not self._held and self._ramp == 1.0

    def hold(self, held: bool = True) -> None:
        """Come to rest within `settle_s` and stay (True), or go on from there (False)."""
        self._held = bool(held)

    def settle(self) -> None:
        """Stand at once; a release then starts gently. For a motion that is not being shown."""
        self._ramp = 0.0

    def reset(self, seed: int | None = None) -> None:
        """Return to the rest pose and begin a new run; a hold stays a hold."""
        self.generator.reset(seed)
        held, ramp = self._held, self._ramp
        self._start()
        self._held, self._ramp = held, ramp

    def advance(self, period_s: float | None = None) -> Pose:
        """Go on by one publish period.

        Args:
            period_s: how far to go [s]; None: one period of `rate_hz`.

        Returns:
            The pose then shown.

        Raises:
            ConfigError: period_s is negative or not finite.
            ModelError: the model gave a frame that is not finite.
        """
        period_s = 1.0 / self._rate_hz if period_s is None else _seconds('period_s', period_s)
        self._phase += self._clock(period_s) * self.generator.rate
        step_times_s = []
        # Phases run in (0, 1]; the margin keeps rounding from costing a step too early.
        while self._phase > 1.0 + 1e-6:
            begin = time.perf_counter()
            frame = self.generator.advance()
            step_times_s.append(time.perf_counter() - begin)
            self._phase -= 1.0
            self._append(frame.points)
            self._recognised = recognised_distribution(frame.emotion_logits)
        return Pose(self._shown(), self._recognised, len(step_times_s), step_times_s)

    def _start(self) -> None:
        """Stand in the rest pose, or in the next frame of a run, about to step."""
        generator = self.generator
        self._recognised = recognised_distribution(np.zeros((generator.batch_size, 7)))
        if generator.steps:
            frame = generator.advance()
            points = frame.points
            self._recognised = recognised_distribution(frame.emotion_logits)
        else:
            rest = np.asarray(generator.rest_pose, dtype=np.float32)
            points = np.repeat(rest[None], generator.batch_size, axis=0)
        self._from = self._to = points
        self._tangent = self._arrival = np.zeros_like(points)
        self._phase: float = 1.0
        self._held, self._ramp = False, 1.0

    def _append(self, points: np.ndarray) -> None:
        """Begin the segment from the newest frame to `points` [B, K, D] of height 1."""
        self._from, self._to = self._to, points
        self._tangent, self._arrival = self._arrival, self._to - self._from

    def _clock(self, period_s: float) -> float:
        """Return how far the motion's own clock goes in `period_s` and ramp its speed.

        The ramp r goes from 1 (free) to 0 (at rest) or back in `settle_s`, the speed along it is
        the smoothstep 3 r^2 - 2 r^3, which leaves and arrives without a jump in acceleration.
        """
        goal = 0.0 if self._held else 1.0
        before, left = self._ramp, abs(goal - self._ramp)
        change = period_s / self.settle_s if self.settle_s > 0.0 else math.inf
        if change > left - 1e-9:
            change, self._ramp = left, goal
        else:
            self._ramp += change if goal else -change
        gone = abs(_smoothstep_integral(self._ramp) - _smoothstep_integral(before))
        return self.settle_s * gone + goal * max(0.0, period_s - self.settle_s * change)

    def _shown(self) -> np.ndarray:
        """Return the keypoints [B, K, D] in metres at the present phase."""
        t = np.float32(min(self._phase, 1.0))
        if t == 1.0:
            return self.generator.published(self._to)
        # Cubic Hermite from the last frame to the newest; the tangent at a frame is the step
        # that led to it, so that no frame of the future is needed.
        t2, t3 = t * t, t * t * t
        path = (
            (2 * t3 - 3 * t2 + 1) * self._from
            + (t3 - 2 * t2 + t) * self._tangent
            + (3 * t2 - 2 * t3) * self._to
            + (t3 - t2) * self._arrival
        )
        return self.generator.published(path)


def _smoothstep_integral(ramp: float) -> float:
    """Return the integral of 3 r^2 - 2 r^3 from 0 to `ramp`."""
    return ramp**3 * (1.0 - 0.5 * ramp)


def _seconds(name: str, value: float) -> float:
    if not _is_number(value) or not 0.0 <= value < math.inf:
        raise ConfigError(f'got {name} = {value!r}; expected seconds, 0 or more')
    return float(value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
