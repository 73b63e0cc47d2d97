# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How much expression the limits cost, and the pace at which they cost less.

The clip ratio is |limited - raw| / |raw - rest| over the last seconds, with Euclidean norms over
joints and time: 0 where the robot does what was asked for, 1 where it stays in its rest pose. Of a
late motion nothing is lost, so the raw motion is compared as it was some cycles ago, as many as
make the ratio least.

Where limits cost too much, a phrase that is slowed down keeps its shape, and one that is not is
flattened. `Pace` says how fast the phrase shall run.
"""

from __future__ import annotations

import numpy as np

__all__ = ['ClipRatio', 'Pace']

# The ratio is over this time.
WINDOW_S = 2.0
# A lag is looked for up to this.
LONGEST_LAG_S = 0.5
# Where a second of motion is no more than this from rest, there is nothing to lose [rad].
QUIET_RAD = 0.02
# Targets may be anything; more than this from rest is no expression [rad].
FARTHEST_RAD = 10.0


class ClipRatio:
    """Measures, cycle by cycle, over a window that slides.

    Args:
        rest: pose that expression departs from [J], in rad.
        period_s: length of a cycle [s].
    """

    def __init__(self, rest: np.ndarray, period_s: float) -> None:
        self._rest, self.period_s = np.array(rest, dtype=np.float64), period_s
        self._lags = 1 + round(LONGEST_LAG_S / period_s)
        self._rows = max(2, round(WINDOW_S / period_s))
        self.reset()

    def reset(self) -> None:
        """Forget all motion, as after a halt, which costs expression but not by limits."""
        self._raw = np.zeros((self._lags, len(self._rest)))  # from rest, the newest first
        # Squares of each cycle for each lag: of what is lost, and of what was asked for.
        self._squares = np.zeros((self._rows, 2, self._lags))
        self._sums = np.zeros((2, self._lags))
        self._received = self._measured = 0

    def update(self, raw: np.ndarray, limited: np.ndarray) -> None:
        """Take one more cycle.

        Args:
            raw: what was asked for [J], in rad; finite.
            limited: what was commanded at the same time [J], in rad.
        """
        self._raw[1:] = self._raw[:-1]
        self._raw[0] = np.minimum(np.maximum(raw - self._rest, -FARTHEST_RAD), FARTHEST_RAD)
        self._received += 1
        if self._received < self._lags:
            return  # what was asked for before is not known
        row = self._measured % self._rows
        self._measured += 1
        squares = self._squares[row]
        self._sums -= squares
        for number, values in enumerate((self._raw - (limited - self._rest), self._raw)):
            np.einsum('lj,lj->l', values, values, out=squares[number])
        self._sums += squares
        if row == 0:  # else rounding would add up
            self._sums = self._squares.sum(axis=0)

    @property
    def ratio(self) -> float:
        """The clip ratio; 0 before anything was measured, or of a motion that is next to rest."""
        return float(np.sqrt(self._ratios().min()))

    @property
    def lag_s(self) -> float:
        """How late the robot is [s]."""
        return int(self._ratios().argmin()) * self.period_s

    def _ratios(self) -> np.ndarray:
        """Return the square of the ratio at each lag [L]."""
        quiet = QUIET_RAD**2 * len(self._rest) * max(1, min(self._measured, self._rows))
        lost, asked = self._sums
        return np.maximum(lost, 0.0) / np.where(asked > quiet, asked, np.inf)


class Pace:
    """How fast a phrase shall run, so that the limits do not cost more than they may.

    A number from `slowest` to 1 that the time of the phrase is multiplied with. It falls while the
    clip ratio is above the threshold, the faster the more it is, and rises slowly while it is
    below; in between, at four fifths of the threshold, it stays.

    Args:
        threshold: the clip ratio that is still accepted.
        slowest: the lowest pace; slower than that a gesture is another gesture.
    """

    # Per second: how fast the pace falls for each 1 of excess, and how fast it rises.
    FALL, RISE, STAY = 1.5, 0.05, 0.8

    def __init__(self, threshold: float = 0.15, slowest: float = 0.4) -> None:
        self.threshold, self.slowest = threshold, slowest
        self.reset()

    def reset(self) -> None:
        """Run at full pace again."""
        self.pace = 1.0

    def update(self, ratio: float, period_s: float) -> float:
        """Take the clip ratio of a cycle, and return the pace for the next."""
        excess = ratio - self.threshold
        if excess > 0.0:
            self.pace -= self.FALL * excess * period_s
        elif ratio < self.STAY * self.threshold:
            self.pace += self.RISE * period_s
        self.pace = min(1.0, max(self.slowest, self.pace))
        return self.pace
