# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loop of `joint_chain`: joints placed one after the other, pose by pose."""

from __future__ import annotations

import numpy as np

from emotion_motion.robot.compiled import compiled, INDICES, MATRIX

__all__ = ['placed']


@compiled(MATRIX, INDICES, MATRIX)
def placed(poses, parents, turns):
    """Return the frames of joints in the world [T, N, 12]: rotations row by row, translations.

    Of poses [T, N - 1], parents [N], before their children, and turns [N, 30]: of each joint the
    part of its rotation in its parent that stays, that goes with the cosine and that with the
    sine, row by row, and its translation.
    """
    found = np.empty((len(poses), len(parents), 12))
    local = np.empty(9)
    for number in range(len(poses)):
        frames = found[number]
        for n in range(len(parents)):
            angle = poses[number, n - 1] if n > 0 else 0.0
            c, s = np.cos(angle), np.sin(angle)
            for k in range(9):
                local[k] = turns[n, k] + c * turns[n, 9 + k] + s * turns[n, 18 + k]
            if n == 0:
                frames[0, :9], frames[0, 9:] = local, turns[0, 27:]
                continue
            m = parents[n]
            for r in range(0, 9, 3):
                a, b, d = frames[m, r], frames[m, r + 1], frames[m, r + 2]
                for column in range(3):
                    frames[n, r + column] = (
                        a * local[column] + b * local[3 + column] + d * local[6 + column]
                    )
                frames[n, 9 + r // 3] = (
                    a * turns[n, 27] + b * turns[n, 28] + d * turns[n, 29] + frames[m, 9 + r // 3]
                )
    return found
