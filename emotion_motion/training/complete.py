# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints that a source lacks, so that a body of 17 points becomes one of 25.

They keep confidence 0, so that the loss ignores them; but they are put where a body has them,
since the model sees them.
"""

from __future__ import annotations

import numpy as np

from emotion_motion.exceptions import TrainingError
from emotion_motion.skeleton import Skeleton
from emotion_motion.training.travel import facing, turned

__all__ = ['absent', 'completed']


def absent(points: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Tell which keypoints [K] were never given: no confidence, and 0 in all coordinates.

    Others without confidence were made up by a reader, which knows better than we.
    """
    return (confidence <= 0.0).all(axis=0) & (points == 0.0).all(axis=(0, 2))


def completed(points: np.ndarray, confidence: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Put absent keypoints where the rest pose has them beside their parents.

    Args:
        points: [T, K, 3] in any unit.
        confidence: [T, K].
        skeleton: with the keypoints of body_25.

    Raises:
        TrainingError: hips or shoulders are absent, which nothing can stand for.
    """
    missing = absent(points, confidence)
    if not missing.any():
        return points
    at = skeleton.index
    needed = [s + name for s in 'LR' for name in ('Hip', 'Shoulder')]
    if any(missing[at(name)] for name in needed):
        lacking = ', '.join(name for name in needed if missing[at(name)])
        raise TrainingError(
            f'got a body without {lacking}; hips and shoulders at least must be measured'
        )
    points = np.array(points, dtype=np.float64)
    for middle, name in (('MidHip', 'Hip'), ('Neck', 'Shoulder')):
        if missing[at(middle)]:
            points[:, at(middle)] = 0.5 * (points[:, at('L' + name)] + points[:, at('R' + name)])
    trunk = np.linalg.norm(points[:, at('Neck')] - points[:, at('MidHip')], axis=-1)
    size = float(np.median(trunk)) / float(skeleton.bone_lengths[at('Neck')])
    angle = facing(points, skeleton)
    for child in sorted(range(skeleton.size), key=lambda i: len(skeleton.path(i))):
        if missing[child] and skeleton.names[child] not in ('MidHip', 'Neck'):
            parent = skeleton.parents[child]
            offset = size * (skeleton.rest[child] - skeleton.rest[parent])
            beside = turned(np.tile(offset, (len(points), 1, 1)), angle)[:, 0]
            points[:, child] = points[:, parent] + beside
    return points
