# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How fast joints may go after a start or a halt: slowly until they have met their targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emotion_motion.retarget.limiter_settings import LimiterSettings

__all__ = ['Approach']

SHORTEST_S = 1e-9


class Approach:
    """Speeds of J joints, each from the approach's to its full one once it has met its target.

    A target that runs ahead is met too, when it turns: joints are limited, and so are targets.
    """

    def __init__(self, velocity: np.ndarray, settings: LimiterSettings) -> None:
        """Take the full speeds [J], in rad/s."""
        self._full = velocity
        self._slow = np.minimum(settings.approach_velocity, velocity)
        self._ramp_s, self._reached_rad = settings.approach_ramp_s, settings.reached_rad
        self._since_s = np.zeros(len(velocity))
        self._met = np.zeros(len(velocity), dtype=bool)
        self._side = np.zeros(len(velocity))
        self._over = False  # at full speed, until it begins again

    @property
    def done(self) -> bool:
        """Whether every joint has met its target."""
        return self._over or bool(self._met.all())

    def begin(self, rows: Sequence[int] | None = None) -> None:
        """Begin again, for some of the joints or for all."""
        chosen: Sequence[int] | slice = slice(None) if rows is None else rows
        self._met[chosen] = False
        self._since_s[chosen] = 0.0
        self._side[chosen] = 0.0
        self._over = False

    def velocity(self, away: np.ndarray, period_s: float) -> np.ndarray:
        """Return the speeds for one more cycle.

        Args:
            away: of the targets from the joints [J], in rad.
            period_s: length of the cycle [s].
        """
        if self._over:
            return self._full
        if not self.done:
            side = np.sign(away)
            crossed = (side * self._side) < 0.0
            self._met |= crossed | (np.abs(away) <= self._reached_rad)
            self._side = side
        elif (self._since_s >= self._ramp_s).all():
            self._over = True
            return self._full
        self._since_s += np.where(self._met, period_s, 0.0)
        share = np.minimum(self._since_s / max(self._ramp_s, SHORTEST_S), 1.0)
        return self._slow + share * (self._full - self._slow)
