# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The emotion that is asked for at a time: the last good one, and neutral after a timeout."""

from __future__ import annotations

import numpy as np

from emotion_motion.emotion import mix

__all__ = ['EmotionInput']

FADE_S = 1.0


class EmotionInput:
    """Keeps the last emotion and lets it fade to neutral once nobody renews it.

    Times are seconds of any one clock that the caller keeps to.
    """

    def __init__(self, neutral: np.ndarray) -> None:
        """Begin with neutral, weights [7]."""
        self.timeout_s = 0.0
        self._neutral = neutral
        self._weights = neutral
        self._received_s: float | None = None

    @property
    def last(self) -> np.ndarray:
        """The last emotion that was set, weights [7]."""
        return self._weights

    def set(self, weights: np.ndarray, now_s: float) -> None:
        """Take an emotion [7], as `emotion_weights` returns it, received at `now_s`."""
        self._weights = weights
        self._received_s = now_s

    def age_s(self, now_s: float) -> float | None:
        """Return the time since the last emotion; None before the first one."""
        # A clock that was set back must not make an emotion younger than new.
        return None if self._received_s is None else max(0.0, now_s - self._received_s)

    def at(self, now_s: float) -> np.ndarray:
        """Return the emotion [7] to show at `now_s`.

        With `timeout_s` above 0 it goes to neutral within `FADE_S` after that time, smoothly, and
        stays there until the next emotion.
        """
        age_s = self.age_s(now_s)
        if age_s is None or self.timeout_s <= 0.0 or age_s <= self.timeout_s:
            return self._weights
        share = min(1.0, (age_s - self.timeout_s) / FADE_S)
        return mix(self._weights, self._neutral, share * share * (3.0 - 2.0 * share))
