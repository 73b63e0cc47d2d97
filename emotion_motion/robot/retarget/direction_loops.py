# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loop of `directions`: axes and limbs of a body, from its keypoints."""

from __future__ import annotations

import numpy as np

from emotion_motion.robot.compiled import compiled, INDICES, inlined, MATRIX

__all__ = ['body_axes', 'directions']


@inlined
def _unit(vector):
    return vector / np.sqrt(vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2)


@inlined
def _cross(a, b):
    return np.array(
        (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    )


@inlined
def _body_axes(points, at):
    trunk, head = np.empty((3, 3)), np.empty((3, 3))
    up = _unit(points[at[0]] - points[at[1]])
    forward = _unit(_cross(points[at[2]] - points[at[3]], up))
    trunk[:, 0], trunk[:, 1], trunk[:, 2] = forward, _cross(up, forward), up
    left, right = points[at[4]], points[at[5]]
    across = _unit(left - right)
    up = _unit(_cross(points[at[6]] - 0.5 * (left + right), across))
    head[:, 0], head[:, 1], head[:, 2] = _cross(across, up), across, up
    return trunk, head


@compiled(MATRIX, INDICES)
def body_axes(points, at):
    """Return the frames [3, 3] of trunk and head in their columns: forward, left and up.

    Of keypoints [K, 3] and the numbers of Neck, MidHip, LShoulder, RShoulder, LEar, REar and Nose.
    The trunk's up is exact, and the head's left.
    """
    return _body_axes(points, at)


@compiled(MATRIX, INDICES, INDICES, INDICES, MATRIX)
def directions(points, at, begins, ends, upright):
    """Return unit vectors [L + A, 3]: limbs', then axes' of trunk and head.

    Of keypoints [K, 3], those of `body_axes`, the numbers between which limbs are [L], and the
    axes in the frames of trunk (0) and head (1), behind the part's number [A, 4].
    """
    limbs = len(begins)
    found = np.empty((limbs + len(upright), 3))
    for limb in range(limbs):
        found[limb] = _unit(points[ends[limb]] - points[begins[limb]])
    parts = _body_axes(points, at)
    for axis in range(len(upright)):
        part = parts[0] if upright[axis, 0] == 0.0 else parts[1]
        for row in range(3):
            found[limbs + axis, row] = (
                part[row, 0] * upright[axis, 1]
                + part[row, 1] * upright[axis, 2]
                + part[row, 2] * upright[axis, 3]
            )
    return found
