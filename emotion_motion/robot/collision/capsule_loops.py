# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loops of `capsule_kinematics`: capsules placed on their joints, and measured in pairs."""

from __future__ import annotations

import numpy as np

from emotion_motion.robot.compiled import (
    compiled,
    INDICES,
    inlined,
    MATRICES,
    MATRIX,
    NUMBER,
    VECTOR,
)

__all__ = ['along', 'nearer', 'nearing']

_PARALLEL = 1e-12  # sine squared of the angle between axes that counts as none
# Of J joints behind a base: parents [J + 1] and axes of turning in their own frames [J + 1, 3].
_CHAIN = (INDICES, MATRIX)
# Of C capsules: joints that move them [C], both ends of their axes in the joints' frames [C, 6].
_CAPSULES = (INDICES, MATRIX)
# Of P pairs: capsules [P] and [P], how far apart axes must be [P], and the middles of axes where
# the axes can be so near [P].
_PAIRS = (INDICES, INDICES, VECTOR, VECTOR)
_AT = 9  # of a capsule in the world: both ends of its axis, and twice its middle


@inlined
def _moved(frames, joint, row, points, number, at):
    """Return a coordinate in the world of a point in the frame of a joint."""
    r = 3 * row
    return (
        frames[joint, r] * points[number, at]
        + frames[joint, r + 1] * points[number, at + 1]
        + frames[joint, r + 2] * points[number, at + 2]
        + frames[joint, 9 + row]
    )


@inlined
def _clipped(x):
    return min(1.0, max(0.0, x))


@inlined
def _nearest(ends, i, j):
    """Return the squared distance of two segments, and where on each of them they are nearest.

    The best of five: inside both, and each of the four ends with the other segment. One of them is
    it, whatever the directions are, and none divides by next to nothing.
    """
    ux, uy, uz = ends[i, 3] - ends[i, 0], ends[i, 4] - ends[i, 1], ends[i, 5] - ends[i, 2]
    vx, vy, vz = ends[j, 3] - ends[j, 0], ends[j, 4] - ends[j, 1], ends[j, 5] - ends[j, 2]
    wx, wy, wz = ends[i, 0] - ends[j, 0], ends[i, 1] - ends[j, 1], ends[i, 2] - ends[j, 2]
    a, e = ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz
    b = ux * vx + uy * vy + uz * vz
    c, f = ux * wx + uy * wy + uz * wz, vx * wx + vy * wy + vz * wz
    per_a, per_e = 1.0 / a, 1.0 / e  # no capsule is without length
    best, at, there = np.inf, 0.0, 0.0
    parted = a * e - b * b
    for case in range(5):
        if case == 0:
            if parted <= _PARALLEL * a * e:
                continue
            s, t = (b * f - c * e) / parted, (a * f - b * c) / parted
            if not (0.0 <= s <= 1.0 and 0.0 <= t <= 1.0):
                continue
        elif case <= 2:
            s = case - 1.0
            t = _clipped((f + s * b) * per_e)
        else:
            t = case - 3.0
            s = _clipped((t * b - c) * per_a)
        dx, dy, dz = wx + s * ux - t * vx, wy + s * uy - t * vy, wz + s * uz - t * vz
        square = dx * dx + dy * dy + dz * dz
        if not square >= best:  # so that what is not a number is found, not passed over
            best, at, there = square, s, t
        if case == 0:  # nothing is nearer than the lines are
            break
    return best, at, there


@inlined
def _axes_placed(frames, owners, ends, at, way):
    """Fill where capsules are [C, 9]; add to the way [C] how far the farther end moved."""
    for capsule in range(len(owners)):
        farthest = 0.0
        for end in (0, 3):
            square = 0.0
            for row in range(3):
                x = _moved(frames, owners[capsule], row, ends, capsule, end)
                square += (x - at[capsule, end + row]) ** 2
                at[capsule, end + row] = x
            if square > farthest or np.isnan(square):
                farthest = square
        for row in range(3):
            at[capsule, 6 + row] = at[capsule, row] + at[capsule, 3 + row]
        way[capsule] += np.sqrt(farthest)


@inlined
def _left(at, i, j, apart, reach, within):
    """Return what a pair is farther apart than it must be; where that is more than `within`, less.

    No less than that then: how far apart the axes' middles are tells it in a moment.
    """
    x, y, z = at[i, 6] - at[j, 6], at[i, 7] - at[j, 7], at[i, 8] - at[j, 8]
    least = 0.5 * np.sqrt(x * x + y * y + z * z) - reach
    if least >= within:
        return least
    left = np.sqrt(_nearest(at, i, j)[0]) - apart
    # What is not known is not clear.
    return -np.inf if np.isnan(left) else left


@inlined
def _along(poses, within, spacing, enough, owners, ends, first, second, apart, reach):
    at = np.zeros((len(owners), _AT))
    begin, least = np.empty(len(first)), np.empty(len(first))
    way = np.zeros(len(owners))
    # What was measured last, and the sum of both ways then.
    measured, moved = np.empty(len(first)), np.empty(len(first))
    for number in range(len(poses)):
        _axes_placed(poses[number], owners, ends, at, way)
        for pair in range(len(first)):
            i, j = first[pair], second[pair]
            if number > 0:
                since = way[i] + way[j] - moved[pair]
                # No point of a capsule moves farther than the farther of its ends.
                if measured[pair] - since >= within:
                    continue
                if since < spacing and number < len(poses) - 1:
                    continue
            left = _left(at, i, j, apart[pair], reach[pair], within)
            measured[pair], moved[pair] = left, way[i] + way[j]
            if number == 0:
                begin[pair] = least[pair] = left
            else:
                least[pair] = min(least[pair], left)
                if left < min(within, begin[pair] - enough):
                    return begin, least
    return begin, least


@compiled(MATRICES, NUMBER, NUMBER, *_CAPSULES, *_PAIRS)
def along(poses, within, spacing, owners, ends, first, second, apart, reach):
    """Return what is left of the distances of pairs in the first of poses and least in all [P].

    Of the frames of joints in those poses [T, J + 1, 12]. Exact below `within`. A pair is measured
    anew in those poses in which it may have come so near, but for some between which it moves by
    less than `spacing`.
    """
    return _along(poses, within, spacing, np.inf, owners, ends, first, second, apart, reach)


@compiled(MATRICES, NUMBER, NUMBER, NUMBER, NUMBER, *_CAPSULES, *_PAIRS)
def nearer(poses, within, spacing, more, hasty, owners, ends, first, second, apart, reach):
    """Return which pairs [P] come nearer than `within` and, by `more`, than at first; how many.

    Looked at as in `along`; where `hasty` is not 0 no farther than the first such pair.
    """
    enough = more if hasty else np.inf
    begin, least = _along(
        poses, within, spacing, enough, owners, ends, first, second, apart, reach
    )
    found, count = np.zeros(len(first), np.bool_), 0
    for pair in range(len(first)):
        if least[pair] < min(within, begin[pair] - more):
            found[pair] = True
            count += 1
    return found, count


@compiled(MATRIX, NUMBER, *_CHAIN, *_CAPSULES, *_PAIRS)
def nearing(frames, within, parents, axes, owners, ends, first, second, apart, reach):
    """Return what is left of the N pairs with less than `within` [N], and how they come nearer.

    Of the frames of joints in one pose [J + 1, 12]: how fast each pair does as joints turn [N, J].
    Where axes cross it is 0.
    """
    at = np.zeros((len(owners), _AT))
    _axes_placed(frames, owners, ends, at, np.zeros(len(owners)))
    rows, found_left, count = np.empty(len(first), np.int64), np.empty(len(first)), 0
    for pair in range(len(first)):
        left = _left(at, first[pair], second[pair], apart[pair], reach[pair], within)
        if left < within:
            rows[count], found_left[count] = pair, left
            count += 1
    found = np.zeros((count, len(parents) - 1))
    point, normal = np.empty((2, 3)), np.empty(3)
    for number in range(count):
        i, j = first[rows[number]], second[rows[number]]
        square, s, t = _nearest(at, i, j)
        length = np.sqrt(square)
        if length == 0.0:  # axes that cross have no direction in which they part
            continue
        for row in range(3):
            point[0, row] = at[i, row] + s * (at[i, 3 + row] - at[i, row])
            point[1, row] = at[j, row] + t * (at[j, 3 + row] - at[j, row])
            normal[row] = (point[1, row] - point[0, row]) / length
        for side in range(2):
            sign = 1.0 - 2.0 * side
            n = owners[i] if side == 0 else owners[j]
            while n > 0:
                x, y, z = axes[n, 0], axes[n, 1], axes[n, 2]
                ax = frames[n, 0] * x + frames[n, 1] * y + frames[n, 2] * z
                ay = frames[n, 3] * x + frames[n, 4] * y + frames[n, 5] * z
                az = frames[n, 6] * x + frames[n, 7] * y + frames[n, 8] * z
                rx = point[side, 0] - frames[n, 9]
                ry = point[side, 1] - frames[n, 10]
                rz = point[side, 2] - frames[n, 11]
                # How fast the point moves along the normal: normal . (axis x arm).
                found[number, n - 1] += sign * (
                    normal[0] * (ay * rz - az * ry)
                    + normal[1] * (az * rx - ax * rz)
                    + normal[2] * (ax * ry - ay * rx)
                )
                n = parents[n]
    return found_left[:count].copy(), found
