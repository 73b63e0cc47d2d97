# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Decoys: windows that look like an emotion and are not, for the emotion head alone.

A sampler that asks the emotion head for what shows an emotion finds what fools the head. So the
head is taught what a sampler could find: a pose that is held, a body that stands like one emotion
and moves like another, and limbs of one emotion on a body of another.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.live.target import LIMBS

__all__ = ['KINDS', 'decoy']

KINDS = ('held', 'borrowed', 'exchanged')
_PARTS = len(LIMBS) + 1  # trunk and legs as one


def decoy(
    frames: np.ndarray,
    emotions: np.ndarray,
    other: Callable[[], tuple[np.ndarray, np.ndarray] | None],
    skeleton: Skeleton,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Make a decoy of a window.

    Args:
        frames: [N, K, D] of a body of height 1.
        emotions: [T, 7] of the first T of them.
        other: gives frames and emotions of another emotion, of the same shapes; None where there
            is none.
        skeleton: the body.
        random: source of the draws.

    Returns:
        Frames of the same shape, to be put onto the body, and what they show, [T, 7]: nothing of a
        held pose and of borrowed movement; of exchanged limbs as much as there are of them.
    """
    kind = KINDS[random.integers(len(KINDS))]
    second = None if kind == 'held' else other()
    if second is None:
        pose = frames[random.integers(len(frames))]
        return np.broadcast_to(pose, frames.shape).copy(), np.zeros_like(emotions)
    points, theirs = second
    if kind == 'borrowed':
        moved = points - points.mean(axis=0) + frames.mean(axis=0)
        return moved.astype(frames.dtype), np.zeros_like(emotions)
    there = [name for name in LIMBS if skeleton.groups.get(name)]
    limbs = [name for name in there if random.random() < 0.5] or there[1:2] or there
    made = frames.copy()
    for name in limbs:
        members = list(skeleton.groups[name])
        anchor = _anchor(skeleton, members)
        offset = points[:, members] - points[:, anchor, None]
        made[:, members] = frames[:, anchor, None] + offset
    share = len(limbs) / _PARTS
    return made, (1.0 - share) * emotions + share * theirs


def _anchor(skeleton: Skeleton, members: list[int]) -> int:
    """Return the keypoint that a limb hangs on: the first parent that is no member."""
    return next(
        parent for parent in (skeleton.parents[i] for i in members) if parent not in members
    )
