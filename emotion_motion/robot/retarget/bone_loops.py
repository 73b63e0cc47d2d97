# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loops of `bones`: how joints turn vectors between places on a robot."""

from __future__ import annotations

import numpy as np

from emotion_motion.robot.compiled import compiled, INDICES, inlined, MATRIX, VECTOR

__all__ = ['objective', 'turned']

_FAR = 1e-9  # sine of an angle below which a vector across is as long as the angle
# Of J joints behind a base: frames in the world [J + 1, 12], rotations row by row and then
# translations, and axes of turning in their own frames [J + 1, 3].
_CHAIN = (MATRIX, MATRIX)
# Of B vectors: joints on which they begin and then end [2 B], the places on those [2 B, 3], and
# which joints move these [2 B, J]; and of what they are seen from: its joint [1], its rotation on
# that [3, 3], and which joints move it [J]; 0 or 1.
_BONES = (INDICES, MATRIX, MATRIX, INDICES, MATRIX, VECTOR)


@inlined
def _rotated(frames, joint, row, vectors, number):
    """Return a coordinate in the world of a vector in the frame of a joint."""
    r = 3 * row
    return (
        frames[joint, r] * vectors[number, 0]
        + frames[joint, r + 1] * vectors[number, 1]
        + frames[joint, r + 2] * vectors[number, 2]
    )


@inlined
def _seen(view, row, x, y, z):
    """Return a coordinate of a vector in the world, seen from the base."""
    return view[row, 0] * x + view[row, 1] * y + view[row, 2] * z


@inlined
def _drawn(frames, joints, offsets, base, level):
    """Return the view from the base [3, 3], ends [2 B, 3], vectors and units [B, 3], lengths."""
    count = len(joints) // 2
    view, ends = np.empty((3, 3)), np.empty((2 * count, 3))
    for row in range(3):
        for column in range(3):
            view[column, row] = _rotated(frames, base[0], row, level.T, column)
    for end in range(2 * count):
        for row in range(3):
            ends[end, row] = (
                _rotated(frames, joints[end], row, offsets, end) + frames[joints[end], 9 + row]
            )
    vectors, units = ends[count:] - ends[:count], np.empty((count, 3))
    lengths = np.empty(count)
    for bone in range(count):
        x, y, z = vectors[bone, 0], vectors[bone, 1], vectors[bone, 2]
        lengths[bone] = np.sqrt(x * x + y * y + z * z)
        for row in range(3):
            units[bone, row] = _seen(view, row, x, y, z) / lengths[bone]
    return view, ends, vectors, units, lengths


@inlined
def _turned(frames, axes, joints, offsets, supports, base, level, base_moves):
    """Return unit vectors [B, 3] and how fast joints turn them [B, 3, J]."""
    view, ends, vectors, units, lengths = _drawn(frames, joints, offsets, base, level)
    count, many = len(units), len(base_moves)
    slopes, arm = np.empty((count, 3, many)), np.empty(3)
    for j in range(many):
        ax = _rotated(frames, j + 1, 0, axes, j + 1)
        ay = _rotated(frames, j + 1, 1, axes, j + 1)
        az = _rotated(frames, j + 1, 2, axes, j + 1)
        for bone in range(count):
            # What a joint moves turns about its axis: axis x arm. What turns the base as well is
            # not seen from there.
            for row in range(3):
                place = frames[j + 1, 9 + row]
                arm[row] = (
                    supports[count + bone, j] * (ends[count + bone, row] - place)
                    - supports[bone, j] * (ends[bone, row] - place)
                    - base_moves[j] * vectors[bone, row]
                )
            x = ay * arm[2] - az * arm[1]
            y = az * arm[0] - ax * arm[2]
            z = ax * arm[1] - ay * arm[0]
            along = 0.0
            for row in range(3):
                slopes[bone, row, j] = _seen(view, row, x, y, z) / lengths[bone]
                along += slopes[bone, row, j] * units[bone, row]
            for row in range(3):
                slopes[bone, row, j] -= along * units[bone, row]
    return units, slopes


@compiled(*_CHAIN, *_BONES)
def turned(frames, axes, joints, offsets, supports, base, level, base_moves):
    """Return unit vectors [B, 3] seen from the base and how fast joints turn them [B, 3, J]."""
    return _turned(frames, axes, joints, offsets, supports, base, level, base_moves)


@inlined
def _missing(unit, target, error):
    """Fill the rotation vector [3], turned by 90 degrees, to a target; return its angle."""
    cosine = unit[0] * target[0] + unit[1] * target[1] + unit[2] * target[2]
    square = 0.0
    for row in range(3):
        error[row] = cosine * unit[row] - target[row]
        square += error[row] ** 2
    sine = np.sqrt(square)
    angle = np.arctan2(sine, cosine)
    if sine > _FAR:
        for row in range(3):
            error[row] *= angle / sine
    return angle


@compiled(*_CHAIN, *_BONES, MATRIX, VECTOR)
def objective(frames, axes, joints, offsets, supports, base, level, base_moves, target, weights):
    """Return the Hessian [J, J], the linear term [J], errors [B, 3] and their angles [B].

    Of 1/2 |W (slopes dq + errors)|^2, for wanted unit vectors [B, 3] of some weights [B].
    """
    units, slopes = _turned(frames, axes, joints, offsets, supports, base, level, base_moves)
    count, many = len(units), len(base_moves)
    hessian, linear = np.zeros((many, many)), np.zeros(many)
    errors, angles = np.empty((count, 3)), np.empty(count)
    for bone in range(count):
        angles[bone] = _missing(units[bone], target[bone], errors[bone])
        square = weights[bone] * weights[bone]
        for row in range(3):
            for j in range(many):
                slope = square * slopes[bone, row, j]
                if slope == 0.0:  # a joint that does not turn it
                    continue
                linear[j] += slope * errors[bone, row]
                for k in range(many):
                    hessian[j, k] += slope * slopes[bone, row, k]
    return hessian, linear, errors, angles
