# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps wrists out of trunk and head, and arms off the ribs, smoothly."""

from __future__ import annotations

import numpy as np

__all__ = ['clear_of_ribs', 'outside_trunk', 'outside_ball']


def clear_of_ribs(angles: np.ndarray) -> np.ndarray:
    """Keep an arm [T, 4] that swings back beside the trunk, where the ribs would stop it."""
    least = 5.0 - 50.0 * _smoothstep(angles[:, 0], -10.0, 45.0)
    gap = angles[:, 1] - least
    cleared = angles.copy()
    cleared[:, 1] = least + 0.5 * (gap + np.sqrt(gap * gap + 4.0))
    return cleared


def outside_trunk(
    wrist: np.ndarray, hip: np.ndarray, neck: np.ndarray, chest: np.ndarray, side: float,
    axes: tuple[float, float],
) -> np.ndarray:  # fmt: skip
    """Push wrists [T, 3] out of an elliptic cylinder of half `axes` around the trunk.

    Radially in front of it; behind it to the arm's own side (1 left, -1 right), since a push to
    the back would throw an arm that swings through from the back to the front.
    """
    local = np.einsum('tji,tj->ti', chest, wrist - hip)
    x, y, z = local.T
    depth, width = axes
    ratio = np.hypot(x / depth, y / width)
    top = float(np.linalg.norm(neck[0] - hip[0]))
    inside = _smoothstep(z, -0.10, -0.04) * _smoothstep(-z, -top - 0.02, -top + 0.04)
    factor = 1.0 + inside * (_smooth_outside(ratio) - 1.0)
    edge = width * np.sqrt(np.clip(1.0 - (x / depth) ** 2, 0.04, 1.0))
    gap = side * y - edge
    beside = side * (edge + 0.5 * (gap + np.sqrt(gap * gap + 2e-5)))
    front = _smoothstep(x, -0.01, 0.06)
    moved = np.stack(
        (
            x * (1.0 + front * (factor - 1.0)),
            y + inside * (1.0 - front) * (beside - y) + front * y * (factor - 1.0),
            z,
        ),
        axis=-1,
    )
    # Between beside and in front neither push is whole: what is still deep inside goes outward.
    ratio = np.hypot(moved[:, 0] / depth, moved[:, 1] / width) / 0.8
    moved[:, :2] *= (1.0 + inside * (_smooth_outside(ratio) - 1.0))[:, None]
    return hip + np.einsum('tij,tj->ti', chest, moved)


def outside_ball(wrist: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """Push wrists [T, 3] out of a ball around `centre` [T, 3], such as the head."""
    offset = wrist - centre
    ratio = np.linalg.norm(offset, axis=-1, keepdims=True) / radius
    return centre + offset * _smooth_outside(ratio)


def _smooth_outside(ratio: np.ndarray) -> np.ndarray:
    """Return a factor that lifts `ratio` above 1 smoothly and leaves it alone well above."""
    gap = ratio - 1.0
    lifted = 0.5 * (ratio + 1.0 + np.sqrt(gap * gap + 0.0025))
    return lifted / np.maximum(ratio, 1e-3)


def _smoothstep(value: np.ndarray, low: float, high: float) -> np.ndarray:
    share = np.clip((value - low) / (high - low), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
