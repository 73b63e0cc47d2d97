# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Bootstrap intervals: how far a figure would move with other seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from emotion_motion.exceptions import ConfigError, TrainingError

__all__ = ['interval']


def interval(
    values: Any,
    statistic: Callable[[np.ndarray], Any] = np.mean,
    level: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
    *,
    streams: Any = None,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic (Efron 1979), by streams.

    What is drawn with replacement is whole streams, each with all its values: the windows of one
    stream resemble each other, so that drawing windows would promise too much (Davison and
    Hinkley 1997, 3.8).

    Args:
        values: [N, ...]; values that are not finite are left out, with those of their row.
        statistic: of values [n, ...], a number.
        level: share of the draws that lies within.
        draws: how many.
        seed: of the draws; the same seed gives the same interval.
        streams: [N] which stream each value belongs to, any labels; None: each its own.

    Returns:
        Low and high end. (nan, nan) where fewer than two streams have values: one stream says
        nothing about others.

    Raises:
        ConfigError: level or draws are out of range.
        TrainingError: as many labels of streams as values are not there.
    """
    if not 0.0 < level < 1.0 or draws < 1:
        raise ConfigError(
            f'got level = {level!r} and draws = {draws!r}; expected a level between 0 and 1 and '
            f'at least one draw'
        )
    rows = np.asarray(values, dtype=np.float64)
    labels = np.arange(len(rows)) if streams is None else np.asarray(streams)
    if rows.ndim < 1 or labels.shape != rows.shape[:1]:
        raise TrainingError(
            f'got values of shape {rows.shape} and labels of streams of shape {labels.shape}; '
            f'expected one label for each value'
        )
    finite = np.isfinite(rows).all(axis=tuple(range(1, rows.ndim)))
    rows, labels = rows[finite], labels[finite]
    names = np.unique(labels)
    if len(names) < 2:
        return float('nan'), float('nan')
    members = [np.flatnonzero(labels == name) for name in names]
    rng = np.random.default_rng(seed)
    found = [
        float(statistic(rows[np.concatenate([members[i] for i in chosen])]))
        for chosen in rng.integers(len(names), size=(draws, len(names)))
    ]
    low, high = np.nanpercentile(found, [50.0 * (1.0 - level), 50.0 * (1.0 + level)])
    return float(low), float(high)
