# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loop of `directions`: axes and limbs of a body, from its keypoints."""

from __future__ import annotations

import numpy as np

from emotion_motion.retarget.compiled import compiled, INDICES, inlined, MATRIX

__all__ = ['body_axes', 'limb_directions']


@inlined
def _unit(vector):
    return vector / np.sqrt(vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2)


@inlined
def _cross(a, b):
    return np.array((
        a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    ))  # fmt: skip


@compiled(MATRIX, INDICES)
def body_axes(points, at):
    """Return the frames [3, 3] of trunk and head in their columns: forward, left and up.

    Of keypoints [K, 3] and the numbers of Neck, MidHip, LShoulder, RShoulder, LEar, REar and Nose.
    The trunk's up is exact, and the head's left.
    """
    trunk, head = np.empty((3, 3)), np.empty((3, 3))
    up = _unit(points[at[0]] - points[at[1]])
    forward = _unit(_cross(points[at[2]] - points[at[3]], up))
    trunk[:, 0], trunk[:, 1], trunk[:, 2] = forward, _cross(up, forward), up
    left, right = points[at[4]], points[at[5]]
    across = _unit(left - right)
    up = _unit(_cross(points[at[6]] - 0.5 * (left + right), across))
    head[:, 0], head[:, 1], head[:, 2] = _cross(across, up), across, up
    return trunk, head


@compiled(MATRIX, INDICES, INDICES)
def limb_directions(points, begins, ends):
    """Return unit vectors [L, 3] between keypoints [K, 3] of those numbers [L]."""
    found = np.empty((len(begins), 3))
    for limb in range(len(begins)):
        found[limb] = _unit(points[ends[limb]] - points[begins[limb]])
    return found
