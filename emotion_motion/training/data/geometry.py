# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Geometry of bodies: where they face, limbs of two bones, minima and steps without a kink."""

from __future__ import annotations

import numpy as np

from emotion_motion.body.skeleton import Skeleton

__all__ = ['facing', 'norm', 'smooth_min', 'smoothstep', 'turned', 'two_bones', 'unit']


def norm(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(norm(vectors)[..., None], 1e-9)


def smooth_min(first: np.ndarray, second: np.ndarray, width: float) -> np.ndarray:
    gap = first - second
    return 0.5 * (first + second - np.sqrt(gap * gap + width * width))


def smoothstep(value: np.ndarray, low: float, high: float) -> np.ndarray:
    share = np.clip((value - low) / (high - low), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def two_bones(
    start: np.ndarray,
    end: np.ndarray,
    pole: np.ndarray,
    lengths: tuple[float, float],
    *,
    nearest: float = 1e-4,
    straightest: float = 1.0 - 1e-6,
) -> tuple[np.ndarray, np.ndarray]:
    """Reach with a limb of two bones: return the joint between them and its end, [..., 3] each.

    Args:
        start: [..., 3] where the first bone starts.
        end: [..., 3] where the second bone shall end; pulled into reach if it is out of it.
        pole: [..., 3] direction into which the joint between them points.
        lengths: of the two bones.
        nearest: how much farther than a folded limb the end stays from the start.
        straightest: share of the limb's length that it stretches to.
    """
    first, second = lengths
    along, distance = unit(end - start), norm(end - start)[..., None]
    distance = np.clip(distance, abs(first - second) + nearest, straightest * (first + second))
    side = unit(pole - along * (along * pole).sum(-1, keepdims=True))
    share = (first**2 - second**2 + distance**2) / (2.0 * distance)
    height = np.sqrt(np.maximum(first**2 - share**2, 0.0))
    return start + along * share + side * height, start + along * distance


def facing(points: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return the angle [T] from +x to where hips and shoulders [T, K, 3] face, unwrapped."""
    left = sum(
        points[:, skeleton.index(f'L{name}')] - points[:, skeleton.index(f'R{name}')]
        for name in ('Hip', 'Shoulder')
    )
    return np.unwrap(np.arctan2(-left[:, 0], left[:, 1]))


def turned(points: np.ndarray, angle: np.ndarray | float) -> np.ndarray:
    """Return points [T, K, 3] turned about the vertical by an angle, one or [T]."""
    cosine, sine = (np.reshape(f(angle), (-1, 1)) for f in (np.cos, np.sin))
    result = points.copy()
    result[..., 0] = cosine * points[..., 0] - sine * points[..., 1]
    result[..., 1] = sine * points[..., 0] + cosine * points[..., 1]
    return result
