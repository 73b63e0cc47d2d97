# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The causal filter between the sampler's frames and what is published."""

from __future__ import annotations

import math

import numpy as np

__all__ = ['KeypointFilter']

_REST_CUTOFF_HZ = 2.5  # of a still keypoint
_CUTOFF_PER_SPEED = 18.0  # rise of the cutoff, Hz per body height a second
_SPEED_CUTOFF_HZ = 2.0  # of the estimate of speed


class KeypointFilter:
    """One-euro filter of keypoints (Casiez, Roussel and Vogel 2012), one speed a keypoint.

    A low-pass whose cutoff rises with speed: still keypoints lose their jitter, fast ones are not
    delayed. All coordinates of a keypoint share its cutoff, so that paths keep their shape.
    """

    def __init__(self, rate_hz: float) -> None:
        """Make a filter without a past."""
        self._period_s = 1.0 / rate_hz
        self._speed_share = self._share(np.full(1, _SPEED_CUTOFF_HZ, dtype=np.float32))
        self._last: np.ndarray | None = None
        self._velocity: np.ndarray | None = None

    def reset(self) -> None:
        """Forget the past: the next frame passes as it is."""
        self._last = self._velocity = None

    def __call__(self, keypoints: np.ndarray) -> np.ndarray:
        """Filter the next frame [..., K, D] of a body of height 1; returns the same shape."""
        if self._last is None or self._velocity is None:
            self._last, self._velocity = keypoints, np.zeros_like(keypoints)
            return keypoints
        velocity = (keypoints - self._last) / np.float32(self._period_s)
        self._velocity = self._velocity + self._speed_share * (velocity - self._velocity)
        speed = np.sqrt(np.square(self._velocity).sum(axis=-1, keepdims=True))
        cutoff = _REST_CUTOFF_HZ + _CUTOFF_PER_SPEED * speed
        self._last = self._last + self._share(cutoff) * (keypoints - self._last)
        return self._last

    def _share(self, cutoff_hz: np.ndarray) -> np.ndarray:
        """Return the share of the new value in a first-order low-pass."""
        angle = np.float32(2.0 * math.pi * self._period_s) * cutoff_hz
        return angle / (angle + np.float32(1.0))
