# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A few numbers that tell motions apart, and are the same for a motion and its mirror image.

A hash of the frames would change with the last bit of one of them, so that the mirror image of a
file, prepared on its own, would pass for another motion. These numbers move as little as the
frames do: motions whose numbers differ by less than `TOLERANCE` are the same, to be looked at.
"""

from __future__ import annotations

import functools

import numpy as np

from emotion_motion.skeleton import Skeleton

__all__ = ['SIZE', 'TOLERANCE', 'fingerprint']

SIZE = 16
TOLERANCE = 2e-4  # body heights; different takes of one gesture lie 0.01 apart and more
_WAVES = 4  # the mean over time and three cosines


def fingerprint(keypoints: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return the fingerprint [SIZE] float32 of keypoints [T, K, D]."""
    points = np.asarray(keypoints, dtype=np.float64)
    even = _even(points, skeleton)  # [T, F]
    time = (np.arange(len(points)) + 0.5) / len(points)
    waves = np.cos(np.pi * np.arange(_WAVES)[:, None] * time) / len(points)  # [W, T]
    moments = (waves @ even).ravel()
    return (_directions(len(moments)) @ moments).astype(np.float32)


def _even(points: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return features [T, F] that mirroring leaves alone."""
    side = points.shape[-1] - 2  # y of (x, y, z); the first of (y, z)
    pairs = [(i, j) for i, j in enumerate(skeleton.mirror) if i <= j]
    first, second = points[:, [i for i, _ in pairs]], points[:, [j for _, j in pairs]]
    total, gap = 0.5 * (first + second), first - second
    # Mirroring turns the sign of the sum across and of the difference along; squares hold them.
    even, odd = total.copy(), gap.copy()
    even[..., side], odd[..., side] = gap[..., side], total[..., side]
    # Scaled so that the movement of a limb counts as much here as there.
    parts = (even, 4.0 * odd * odd, 4.0 * odd[:, 1:] * odd[:, :-1])
    return np.concatenate([part.reshape(len(points), -1) for part in parts], axis=1)


@functools.cache
def _directions(size: int) -> np.ndarray:
    """Return fixed directions [SIZE, size] of length 1."""
    directions = np.random.default_rng(20260101).standard_normal((SIZE, size))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)
