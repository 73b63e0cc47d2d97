# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Targets that only tremble are held still, so that motors are quiet while the motion rests."""

from __future__ import annotations

import math

import numpy as np

from emotion_motion.exceptions import ConfigError
from emotion_motion.robot.compiled import plain
from emotion_motion.robot.drive import command_loops

__all__ = ['DeadBand']

# A target that stays within the band for this long rests.
STILL_S = 0.5


class DeadBand:
    """Holds each of J targets that has not left a band for half a second.

    It acts on targets, before the limiter: what it does to them, at most a step of the band, comes
    out as smooth as everything else.

    Args:
        width_rad: how far a target that rests may wander [rad]; 0 switches it off.
        period_s: time between two targets [s].
    """

    def __init__(self, width_rad: float, period_s: float) -> None:
        if not (math.isfinite(width_rad) and width_rad >= 0.0):
            raise ConfigError(f'dead_band_rad: got {width_rad!r}; expected 0 or more')
        self.width_rad, self._period_s = width_rad, period_s
        self.reset()

    def reset(self) -> None:
        """Forget the targets."""
        self._held: np.ndarray | None = None

    def __call__(self, targets: np.ndarray) -> np.ndarray:
        """Return the next targets [J] in rad, those at rest held; not finite ones as they are."""
        if not self.width_rad or not np.isfinite(targets).all():
            return targets
        if self._held is None:
            self._held, self._still_s = targets, np.zeros(len(targets))
        found, self._held, self._still_s = command_loops.held(
            plain(targets),
            plain(self._held),
            self._still_s,
            self.width_rad,
            self._period_s,
            STILL_S,
        )
        return np.asarray(found)
