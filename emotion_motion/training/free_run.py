# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Free runs of the live loop, measured: what selects a checkpoint, since likelihood does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emotion_motion.emotion import EMOTIONS, recognised_distribution
from emotion_motion.generator import MotionGenerator

__all__ = ['FreeRun', 'Liveliness', 'free_run', 'liveliness']

# As in the study behind the method: below this mean keypoint speed a third of a second is still.
_STILL_M_S = 0.05
_SMOOTHED_FRAMES = 7


@dataclass(frozen=True, eq=False)
class FreeRun:
    """One stream an emotion, from the rest pose, without a reset.

    Attributes:
        keypoints: [7, T, K, 3] in metres.
        recognised: [7, T, 7] weights that the model sees in its own motion.
        rate_hz: frames a second.
    """

    keypoints: np.ndarray
    recognised: np.ndarray
    rate_hz: float


@dataclass(frozen=True)
class Liveliness:
    """How alive one stretch of motion is.

    Attributes:
        speed_m_s: mean keypoint speed of the smoothed motion [m/s].
        still_share: share of thirds of a second whose mean keypoint speed is below 0.05 m/s.
        longest_still_s: longest run of such windows [s].
    """

    speed_m_s: float
    still_share: float
    longest_still_s: float


def free_run(generator: MotionGenerator, seconds: float) -> FreeRun:
    """Run a generator of seven streams, one an emotion, from its rest pose."""
    generator.set_emotion(np.eye(len(EMOTIONS)))
    generator.reset()
    frames = [generator.step() for _ in range(round(seconds * generator.rate))]
    logits = np.stack([frame.emotion_logits for frame in frames], axis=1)
    return FreeRun(
        np.stack([frame.keypoints for frame in frames], axis=1),
        recognised_distribution(logits),
        generator.rate,
    )


def liveliness(keypoints: np.ndarray, rate_hz: float) -> Liveliness:
    """Measure motion [T, K, 3] in metres.

    Speeds are taken on a moving average of 7 frames, so that jitter does not count as life.
    """
    kernel = np.ones(_SMOOTHED_FRAMES) / _SMOOTHED_FRAMES
    flat = keypoints.reshape(len(keypoints), -1)
    smooth = np.apply_along_axis(np.convolve, 0, flat, kernel, mode='valid')
    moved = np.diff(smooth.reshape(len(smooth), -1, 3), axis=0)
    speed = np.linalg.norm(moved, axis=-1).mean(axis=-1) * rate_hz
    size = round(rate_hz / 3)
    windows = speed[: len(speed) // size * size].reshape(-1, size).mean(axis=1)
    still = windows < _STILL_M_S
    return Liveliness(float(speed.mean()), float(still.mean()), _longest(still) * size / rate_hz)


def _longest(flags: np.ndarray) -> int:
    """Return the length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(int), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))
