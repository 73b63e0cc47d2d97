# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Windows of motion changed a little: played faster or slower, with a small smooth noise."""

from __future__ import annotations

import numpy as np

from emotion_motion.training.windows.joins import Stretch

__all__ = ['draw_times', 'jitter', 'time_warp']

_SMOOTH_FRAMES = 3.0  # standard deviation of the Gaussian that smooths the noise in time


def draw_times(length: int, tempo: tuple[float, float], random: np.random.Generator) -> np.ndarray:
    """Draw a tempo, and return the times at which to read a window, in frames.

    Args:
        length: L, frames of the window.
        tempo: slowest and fastest, 1 for as it was; drawn evenly in its logarithm.
        random: source of the draw.

    Returns:
        Times [L], rising, the first 0; a source of `ceil(times[-1]) + 1` frames holds them.
    """
    slowest, fastest = tempo
    step = np.exp(random.uniform(np.log(slowest), np.log(fastest)))
    random.random(2)  # of a wobble that is gone; a seed goes on to give the same windows
    return np.concatenate(([0.0], np.cumsum(np.full(length - 1, step))))


def time_warp(stretch: Stretch, times: np.ndarray) -> Stretch:
    """Read a stretch at other times [L], in frames within 0 to T - 1.

    Keypoints along cubic curves through the frames (Catmull and Rom), which bends bones by less
    than a thousandth at usual tempos: project where that matters. Emotions along lines; of
    confidence the lower one beside.
    """
    last, confidence, emotions = len(stretch) - 1, stretch.confidence, stretch.emotions
    low = np.clip(np.floor(times + 1e-9).astype(int), 0, max(last - 1, 0))
    high = np.minimum(low + 1, last)
    share = np.clip(times - low, 0.0, 1.0)
    beside = np.minimum(confidence[low], confidence[high])
    beside = np.where((share < 1e-9)[:, None], confidence[low], beside)
    beside = np.where((share > 1.0 - 1e-9)[:, None], confidence[high], beside)
    linear = share[:, None].astype(emotions.dtype)
    return Stretch(
        _cubic(stretch.points, low, high, share),
        beside,
        (1 - linear) * emotions[low] + linear * emotions[high],
    )


def jitter(points: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """Add smooth noise of the standard deviation `size` to keypoints [T, K, D]."""
    width = int(np.ceil(3.0 * _SMOOTH_FRAMES))
    kernel = np.exp(-0.5 * (np.arange(-width, width + 1) / _SMOOTH_FRAMES) ** 2)
    kernel *= size / np.sqrt((kernel**2).sum())  # so that the smoothed noise has that size
    noise = random.standard_normal((len(points) + 2 * width, *points.shape[1:]))
    smooth = sum(weight * noise[i : i + len(points)] for i, weight in enumerate(kernel))
    return (points + smooth).astype(points.dtype)


def _cubic(points: np.ndarray, low: np.ndarray, high: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return Catmull-Rom curves through points [T, K, D] between rows low and high."""
    last = len(points) - 1
    share = share.reshape(-1, 1, 1)
    before, after = np.maximum(low - 1, 0), np.minimum(high + 1, last)
    first, second = points[low].astype(np.float64), points[high].astype(np.float64)
    # At an end the slope is that of the last step.
    ends = [np.where(inner, 1.0, 2.0).reshape(share.shape) for inner in (low > 0, high < last)]
    slope = 0.5 * (second - points[before]) * ends[0]
    slope_after = 0.5 * (points[after] - first) * ends[1]
    square, cube = share**2, share**3
    result = (
        (2 * cube - 3 * square + 1) * first
        + (cube - 2 * square + share) * slope
        + (3 * square - 2 * cube) * second
        + (cube - square) * slope_after
    )
    return result.astype(points.dtype)
