# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Free runs of the live loop, measured: what selects a checkpoint, since likelihood does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.emotion import EMOTIONS, recognised_distribution
from emotion_motion.generator import MotionGenerator

__all__ = [
    'SMOOTHED_FRAMES',
    'STILL_M_S',
    'FreeRun',
    'Thirds',
    'foot_slide',
    'free_run',
    'longest_still_s',
    'smoothed_speed',
    'thirds',
]

# As in the study behind the method: below this mean keypoint speed a third of a second is still.
STILL_M_S = 0.05
SMOOTHED_FRAMES = 7
_FOOT = ('BigToe', 'SmallToe', 'Heel')


@dataclass(frozen=True, eq=False)
class FreeRun:
    """Streams from the rest pose, without a reset."""

    keypoints: np.ndarray  # [B, T, K, D] in metres
    recognised: np.ndarray  # [B, T, 7] weights that the model sees in its own motion
    rate_hz: float


@dataclass(frozen=True, eq=False)
class Thirds:
    """One stretch of motion, measured in N thirds of a second."""

    speed_m_s: np.ndarray  # [N] mean keypoint speed of the smoothed motion
    jerk: np.ndarray  # [N] mean size of the third difference of the motion itself [m]
    still: np.ndarray  # [N] booleans, whether it is slower than 0.05 m/s
    first: int  # frame that the first of them begins with
    size: int  # frames of each


def free_run(
    generator: MotionGenerator, seconds: float, names: Sequence[str] = EMOTIONS
) -> FreeRun:
    """Run a generator from its rest pose; each of its streams shows one of the named emotions."""
    generator.set_emotion(np.eye(len(EMOTIONS))[[EMOTIONS.index(name) for name in names]])
    generator.reset()
    frames = [generator.step() for _ in range(round(seconds * generator.rate))]
    logits = np.stack([frame.emotion_logits for frame in frames], axis=1)
    return FreeRun(
        np.stack([frame.keypoints for frame in frames], axis=1),
        recognised_distribution(logits),
        generator.rate,
    )


def thirds(keypoints: np.ndarray, rate_hz: float) -> Thirds:
    """Measure motion [T, K, D] in metres, third of a second by third of a second.

    A stretch of fewer than 7 frames and a third of a second has none.
    """
    size = round(rate_hz / 3)
    speed = _cut(smoothed_speed(keypoints, rate_hz), size)
    first = (SMOOTHED_FRAMES - 1) // 2
    # A third difference lies between its second and its third frame.
    jerk = np.linalg.norm(np.diff(keypoints.astype(float), n=3, axis=0), axis=-1).mean(axis=-1)
    jerk = _cut(jerk[first - 1 :], size)[: len(speed)]
    return Thirds(speed, jerk, speed < STILL_M_S, first, size)


def foot_slide(keypoints: np.ndarray, rate_hz: float, skeleton: Skeleton) -> float:
    """Return how fast the lower foot goes over the ground in streams [B, T, K, D] [m/s].

    That is its slowest keypoint: who rolls over heel or toes does not slide.
    """
    feet = [[skeleton.index(side + name) for name in _FOOT] for side in 'LR']
    points = keypoints[:, :, feet]  # [B, T, 2, 3, D]
    speed = np.linalg.norm(np.diff(points[..., :-1], axis=1), axis=-1).min(axis=-1) * rate_hz
    lower = points[:, 1:, ..., -1].min(axis=-1).argmin(axis=-1)[..., None]
    return float(np.take_along_axis(speed, lower, axis=-1).mean())


def longest_still_s(still: np.ndarray, rate_hz: float) -> float:
    """Return the length of the longest run of still thirds of a second, [N] booleans [s]."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], still.astype(int), [0]))))
    longest = int((edges[1::2] - edges[::2]).max(initial=0))
    return longest * round(rate_hz / 3) / rate_hz


def smoothed_speed(keypoints: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the mean keypoint speed of motion [T, K, D] averaged over 7 frames, [T - 7] [m/s].

    Averaged, so that jitter does not count as life. Value t belongs to the frames t to t + 7.
    """
    # The difference of two averages, each of 7 frames, is that of the frames at their ends.
    moved = (keypoints[SMOOTHED_FRAMES:] - keypoints[:-SMOOTHED_FRAMES]) / SMOOTHED_FRAMES
    return np.linalg.norm(moved, axis=-1).mean(axis=-1) * rate_hz


def _cut(values: np.ndarray, size: int) -> np.ndarray:
    """Return the means [N] of parts of `size` values."""
    return values[: len(values) // size * size].reshape(-1, size).mean(axis=1)
