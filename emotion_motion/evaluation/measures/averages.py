# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Means over emotions, and how far a figure would move with other seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS

_LEVEL, _DRAWS = 0.95, 1000


def finite_mean(values: np.ndarray) -> float:
    """Return the mean of what is finite; NaN where nothing is."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float('nan')


def finite_max(values: np.ndarray) -> float:
    """Return the largest value, without those that are NaN; NaN of none."""
    return float(np.fmax.reduce(values, initial=np.nan))


def emotion_means(
    values: np.ndarray,
    emotions: np.ndarray,
    statistic: Callable[[np.ndarray], float] = finite_mean,
) -> np.ndarray:
    """Return the mean, or another statistic, of values [B] at each emotion [B], [7]."""
    return np.array([statistic(values[emotions == emotion]) for emotion in range(len(EMOTIONS))])


def interval(
    values: np.ndarray, statistic: Callable[[np.ndarray], Any] = np.mean
) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a statistic (Efron 1979), by streams.

    What is drawn with replacement is whole streams: the windows of one stream resemble each
    other, so that drawing windows would promise too much (Davison and Hinkley 1997, 3.8).

    A row [...] a stream; a row with a value that is not finite is left out. (nan, nan) of fewer
    than two streams: one says nothing about others.
    """
    rows = np.asarray(values, dtype=np.float64)
    rows = rows[np.isfinite(rows).all(axis=tuple(range(1, rows.ndim)))]
    if len(rows) < 2:
        return float('nan'), float('nan')
    # Always the same draws, so that the same figures have the same interval.
    draws = np.random.default_rng(0).integers(len(rows), size=(_DRAWS, len(rows)))
    drawn = [float(statistic(rows[chosen])) for chosen in draws]
    low, high = np.nanpercentile(drawn, [50.0 * (1.0 - _LEVEL), 50.0 * (1.0 + _LEVEL)])
    return float(low), float(high)


def emotion_interval(
    values: np.ndarray, emotions: np.ndarray, statistic: Callable[[np.ndarray], Any] = np.mean
) -> tuple[float, float]:
    """Return the interval of a statistic of the means, at each emotion [B], of values [B]."""

    def of_means(rows: np.ndarray) -> float:
        means = [rows[rows[:, 1] == e, 0].mean() for e in np.unique(rows[:, 1])]
        return float(statistic(np.array(means)))

    return interval(np.column_stack((values, emotions)), of_means)
