# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The watchdog of the live loop: it sees streams stand still or repeat themselves, and frees them.

It measures what the loop itself has made and answers with the sampler's own means (temperature,
movement, spread, a new target), never with a reset or a jump. A stream that is alive is left
alone, bit for bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ['Release', 'Watchdog']

# Speeds and distances are those of a body of height 1. The study that the loop comes from calls a
# third of a second below 0.05 m/s still, and a window that lies within 4.8 cm of an earlier one a
# repetition, of a body of 1.7 m.
_STILL = 0.05 / 1.7
_SAME = 0.048 / 1.7
_SPEED_OVER_S = 0.5
# People stand for a while: when they are sad or neutral 2 to 4 s in the corpus, in fear up to 8.
_PATIENCE_S, _URGENT_S = 5.0, 8.0
_SAMPLED_HZ = 10.0
_WINDOW_S, _SHORTEST_LAG_S, _LONGEST_LAG_S = 1.0, 2.0, 20.0
_SMOOTHED_S = 3.0  # of the share of windows that repeat
_LOOPING = 0.75
_KICK_S = 0.7
# What a stream in full need gets.
_MORE_MOVEMENT, _MORE_TEMPERATURE, _MORE_SPREAD = 3.0, 1.0, 1.0


class Release(NamedTuple):
    """What the sampler is to do beyond its settings, for each of B streams.

    Attributes:
        movement: added to movement_weight [B].
        temperature_scale: multiplies the temperature of the mixture and of its choice [B].
        spread: multiplies the standard deviations [B].
        new_target: booleans, whether the target is to be drawn anew [B].
    """

    movement: np.ndarray
    temperature_scale: np.ndarray
    spread: np.ndarray
    new_target: np.ndarray


class Watchdog:
    """Watches B streams of bodies of height 1.

    Attributes:
        still_s: how long each stream has stood still [B] in s.
        repeating: share of its last windows that repeat one of the 20 s before [B], 0 to 1.
        interventions: how often each stream was freed since the last reset [B].
    """

    def __init__(self, rate_hz: float, batch_size: int) -> None:
        """Begin to watch; times are in frames of `rate_hz`."""
        self._rate_hz, self._batch_size = rate_hz, batch_size
        self._every = max(1, round(rate_hz / _SAMPLED_HZ))
        sampled_hz = rate_hz / self._every
        self._window = max(2, round(_WINDOW_S * sampled_hz))
        self._lags = round(_SHORTEST_LAG_S * sampled_hz), round(_LONGEST_LAG_S * sampled_hz)
        self._speed_share = 1.0 / (_SPEED_OVER_S * rate_hz)
        self._repeat_share = 1.0 / (_SMOOTHED_S * sampled_hz)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        size = self._batch_size
        self._last: np.ndarray | None = None
        self._velocity: np.ndarray | None = None
        # Rings, infinitely far from anything where nothing was seen yet.
        self._poses: np.ndarray | None = None  # [longest lag + 1, B, F]
        lags = self._lags[1] - self._lags[0] + 1
        self._distances = np.full((self._window, lags, size), np.inf, dtype=np.float32)
        self._frames = self._sampled = 0
        self._kick = np.zeros(size, dtype=np.int64)
        self._freed = np.zeros(size, dtype=bool)
        self.still_s = np.zeros(size)
        self.repeating = np.zeros(size)
        self.interventions = np.zeros(size, dtype=np.int64)

    def __call__(self, bodies: np.ndarray) -> None:
        """Look at the next frame of every stream, [B, K, D] of a body of height 1."""
        self._frames += 1
        if self._last is None or self._velocity is None:
            self._velocity = np.zeros_like(bodies)
        else:
            step = (bodies - self._last) * np.float32(self._rate_hz)
            self._velocity += np.float32(self._speed_share) * (step - self._velocity)
            # The mean velocity, so that trembling in place is no movement.
            speed = np.sqrt(np.square(self._velocity).sum(axis=-1)).mean(axis=-1)
            self.still_s = np.where(speed < _STILL, self.still_s + 1.0 / self._rate_hz, 0.0)
        self._last = bodies
        if self._frames % self._every == 0:
            self._compare(bodies)

    def release(self, strength: float = 1.0) -> Release | None:
        """Return what the streams need now, or None where none needs anything.

        Args:
            strength: multiplies it; 0 switches the watchdog off.
        """
        calm = self.still_s.max() <= _PATIENCE_S and self.repeating.max() <= _LOOPING
        if not strength or (calm and not self._freed.any()):
            return None
        begins = (self.repeating > _LOOPING) & (self._kick == 0)
        whole = round(_KICK_S * self._rate_hz)
        self._kick = np.where(begins, whole, np.maximum(self._kick - 1, 0))
        self.repeating = np.where(begins, 0.0, self.repeating)
        # From standing: 0 to 1.
        stuck = np.clip((self.still_s - _PATIENCE_S) / (_URGENT_S - _PATIENCE_S), 0.0, 1.0)
        freed = (stuck > 0.0) | (self._kick > 0)
        new = freed & ~self._freed
        self.interventions = self.interventions + new
        self._freed = freed
        if not freed.any():
            return None
        need = strength * np.maximum(stuck, self._kick > 0)
        return Release(
            _MORE_MOVEMENT * strength * stuck,
            1.0 + _MORE_TEMPERATURE * need,
            1.0 + _MORE_SPREAD * need,
            new,
        )

    def _compare(self, bodies: np.ndarray) -> None:
        """Compare the last second with each second that began 2 to 20 s before."""
        shortest, longest = self._lags
        pose = bodies.reshape(self._batch_size, -1)
        if self._poses is None:
            self._poses = np.full((longest + 1, *pose.shape), np.inf, dtype=np.float32)
        size = longest + 1
        self._poses[self._sampled % size] = pose
        distances = np.square(self._poses - pose).sum(axis=-1) / bodies.shape[-2]  # [size, B]
        lags = np.arange(shortest, longest + 1)
        self._distances[self._sampled % self._window] = distances[(self._sampled - lags) % size]
        self._sampled += 1
        nearest = self._distances.mean(axis=0).min(axis=0)
        repeats = (self.still_s == 0.0) & (nearest < _SAME**2)
        self.repeating = self.repeating + self._repeat_share * (repeats - self.repeating)
