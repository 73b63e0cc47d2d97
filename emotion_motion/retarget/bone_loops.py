# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loop of `bones`: how joints turn vectors between places on a robot."""

from __future__ import annotations

import numpy as np

from emotion_motion.retarget.compiled import compiled, MATRIX, VECTOR

__all__ = ['turned']


@compiled(MATRIX, MATRIX, MATRIX, MATRIX, MATRIX, VECTOR)
def turned(jacobian, begins, ends, supports, base, base_support):
    """Return B unit vectors [B, 3] seen from a base and how fast joints turn them [B, 3, J].

    Of joint Jacobians in the world [6, J], linear before angular; begins and ends of the vectors
    in the world [B, 3]; which joints move those, begins first [2 B, J]; the base's rotation [3, 3]
    and the joints that move it [J]; 0 or 1.
    """
    count, joints = len(begins), jacobian.shape[1]
    units, found = np.empty((count, 3)), np.empty((count, 3, joints))
    vector, slope = np.empty(3), np.empty(3)
    for bone in range(count):
        p, r = begins[bone], ends[bone]
        wx, wy, wz = r[0] - p[0], r[1] - p[1], r[2] - p[2]
        length = np.sqrt(wx * wx + wy * wy + wz * wz)
        for row in range(3):
            vector[row] = (base[0, row] * wx + base[1, row] * wy + base[2, row] * wz) / length
            units[bone, row] = vector[row]
        for j in range(joints):
            ax, ay, az = jacobian[3, j], jacobian[4, j], jacobian[5, j]
            x = y = z = 0.0
            # The speed of a place p that a joint moves: linear + angular x p.
            if supports[bone, j] != 0.0:
                x -= jacobian[0, j] + ay * p[2] - az * p[1]
                y -= jacobian[1, j] + az * p[0] - ax * p[2]
                z -= jacobian[2, j] + ax * p[1] - ay * p[0]
            if supports[count + bone, j] != 0.0:
                x += jacobian[0, j] + ay * r[2] - az * r[1]
                y += jacobian[1, j] + az * r[0] - ax * r[2]
                z += jacobian[2, j] + ax * r[1] - ay * r[0]
            if base_support[j] != 0.0:  # what turns the base, too, is not seen from there
                x -= ay * wz - az * wy
                y -= az * wx - ax * wz
                z -= ax * wy - ay * wx
            along = 0.0
            for row in range(3):
                slope[row] = (base[0, row] * x + base[1, row] * y + base[2, row] * z) / length
                along += slope[row] * vector[row]
            for row in range(3):
                found[bone, row, j] = slope[row] - along * vector[row]
    return units, found
