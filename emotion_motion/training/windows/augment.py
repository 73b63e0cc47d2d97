# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Windows of motion changed a little: mirrored, faster or slower, trembling.

Pure functions on keypoints [T, K, D] of prepared clips; every draw takes a generator.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import TrainingError

__all__ = ['Warped', 'draw_times', 'jitter', 'mirror', 'time_warp']


class Warped(NamedTuple):
    """A window at other times: keypoints [L, K, D], emotions [L, 7], confidence [L, K]."""

    frames: np.ndarray
    emotions: np.ndarray
    confidence: np.ndarray


def mirror(
    frames: np.ndarray, confidence: np.ndarray, skeleton: Skeleton
) -> tuple[np.ndarray, np.ndarray]:
    """Exchange left and right; twice is nothing, bit for bit.

    Args:
        frames: [..., K, D].
        confidence: [..., K].
        skeleton: names the pairs.

    Returns:
        Both, as new arrays.
    """
    return skeleton.mirrored(frames), confidence[..., list(skeleton.mirror)]


def draw_times(
    length: int,
    rng: np.random.Generator,
    *,
    factor: tuple[float, float] = (0.85, 1.2),
    wobble: float = 0.0,
) -> np.ndarray:
    """Draw times at which to read a window, from 0 on, in frames.

    Args:
        length: L, frames of the window.
        rng: source of the draws.
        factor: slowest and fastest tempo, 1 for as it was; drawn evenly in its logarithm.
        wobble: the tempo changes by up to this share, as one smooth wave, 0 for a steady one.

    Returns:
        Times [L], rising, the first 0; a source of `ceil(times[-1]) + 1` frames holds them.

    Raises:
        TrainingError: a tempo not above 0, or a wobble outside 0 to 0.9.
    """
    low, high = factor
    if not 0.0 < low <= high < float('inf') or not 0.0 <= wobble <= 0.9:
        raise TrainingError(
            f'got the tempo {factor} and wobble {wobble}; expected 0 < slowest <= fastest and a '
            f'wobble of 0 to 0.9'
        )
    tempo = np.exp(rng.uniform(np.log(low), np.log(high)))
    phase, waves = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(0.5, 1.5)
    share = np.arange(max(length - 1, 0)) / max(length - 1, 1)
    steps = tempo * (1.0 + wobble * np.sin(phase + 2.0 * np.pi * waves * share))
    return np.concatenate(([0.0], np.cumsum(steps)))[:length]


def time_warp(
    frames: np.ndarray, emotions: np.ndarray, confidence: np.ndarray, times: np.ndarray
) -> Warped:
    """Read a window at other times.

    Keypoints along cubic curves through the frames (Catmull and Rom), which bends bones by less
    than a thousandth at usual tempos: project where that matters. Emotions along lines; of
    confidence the lower one beside.

    Args:
        frames: [T, K, D].
        emotions: [T, 7].
        confidence: [T, K].
        times: [L], in frames; within 0 to T - 1.

    Raises:
        TrainingError: times outside the frames.
    """
    last = len(frames) - 1
    if len(times) and not (times.min() >= 0.0 and times.max() <= last + 1e-6):
        raise TrainingError(
            f'got times {times.min():.2f} to {times.max():.2f}; the window has the frames 0 to '
            f'{last}'
        )
    low = np.clip(np.floor(times + 1e-9).astype(int), 0, max(last - 1, 0))
    high = np.minimum(low + 1, last)
    share = np.clip(times - low, 0.0, 1.0)
    linear = share[:, None].astype(emotions.dtype)
    beside = np.minimum(confidence[low], confidence[high])
    beside = np.where((share < 1e-9)[:, None], confidence[low], beside)
    beside = np.where((share > 1.0 - 1e-9)[:, None], confidence[high], beside)
    return Warped(
        _cubic(frames, low, high, share),
        (1 - linear) * emotions[low] + linear * emotions[high],
        beside,
    )


def jitter(
    frames: np.ndarray, rng: np.random.Generator, *, size: float, smooth_frames: float = 3.0
) -> np.ndarray:
    """Add small smooth noise.

    Args:
        frames: [T, K, D].
        rng: source of the noise.
        size: standard deviation in the unit of the frames; 0 returns them as they are.
        smooth_frames: standard deviation of the Gaussian that smooths it in time; 0 for none.

    Raises:
        TrainingError: a size or smoothness below 0.
    """
    if not size >= 0.0 or not smooth_frames >= 0.0:
        raise TrainingError(
            f'got jitter of size {size}, smooth over {smooth_frames} frames; expected 0 or more'
        )
    if size == 0.0:
        return frames.copy()
    reach = int(np.ceil(3.0 * smooth_frames))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(smooth_frames, 1e-9)) ** 2)
    kernel *= size / np.sqrt((kernel**2).sum())  # so that the smoothed noise has that size
    noise = rng.standard_normal((len(frames) + 2 * reach, *frames.shape[1:]))
    smooth = sum(weight * noise[i : i + len(frames)] for i, weight in enumerate(kernel))
    return (frames + smooth).astype(frames.dtype)


def _cubic(frames: np.ndarray, low: np.ndarray, high: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return Catmull-Rom curves through frames [T, ...] between rows low and high."""
    last = len(frames) - 1
    share = share.reshape(-1, *[1] * (frames.ndim - 1))
    before, after = np.maximum(low - 1, 0), np.minimum(high + 1, last)
    first, second = frames[low].astype(np.float64), frames[high].astype(np.float64)
    # At an end the slope is that of the last step.
    slope = 0.5 * (second - frames[before]) * np.where(low > 0, 1.0, 2.0).reshape(share.shape)
    slope_after = (
        0.5 * (frames[after] - first) * np.where(high < last, 1.0, 2.0).reshape(share.shape)
    )
    square, cube = share**2, share**3
    result = (
        (2 * cube - 3 * square + 1) * first
        + (cube - 2 * square + share) * slope
        + (3 * square - 2 * cube) * second
        + (cube - square) * slope_after
    )
    return result.astype(frames.dtype)
