# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Which emotion a window is shown with, and windows for the emotion head alone.

The emotion head must read the motion. A head that copies the condition is wrong where the
condition is, so some windows have the condition of another clip. And a sampler that asks the head
for what shows an emotion finds what fools the head, so some windows are decoys, made of what a
sampler could find: a pose that stands still, a body that stands like one emotion and moves like
another, and limbs of one emotion on a body of another.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.live.target import LIMBS
from emotion_motion.training.config import ConditionConfig

__all__ = ['KINDS', 'decoy', 'draw_condition']

KINDS = ('still', 'other movement', 'other limbs')
_PARTS = len(LIMBS) + 1  # trunk and legs as one


def draw_condition(
    config: ConditionConfig,
    own: np.ndarray,
    other: Callable[[], np.ndarray | None],
    random: np.random.Generator,
) -> tuple[np.ndarray, bool]:
    """Draw the condition of one window.

    Args:
        config: how often.
        own: the window's emotion [T, 7].
        other: gives that of another clip [T, 7]; None where there is no other emotion.
        random: source of the draw.

    Returns:
        The condition [T, 7], all 0 for none, and whether the motion can be predicted from it.
    """
    draw = random.random()
    if draw < config.drop_emotion:
        return np.zeros_like(own), True
    if draw >= 1.0 - config.wrong_emotion:
        wrong = other()
        if wrong is not None:
            return wrong, False
    return own, True


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
        Frames of the same shape, to be put onto the body, and the emotion that they show, [T, 7]:
        none of a still pose and of other movement; of other limbs as much as there are of them.
    """
    kind = KINDS[random.integers(len(KINDS))]
    second = None if kind == 'still' else other()
    if second is None:
        pose = frames[random.integers(len(frames))]
        return np.broadcast_to(pose, frames.shape).copy(), np.zeros_like(emotions)
    points, other_emotions = second
    if kind == 'other movement':
        moved = points - points.mean(axis=0) + frames.mean(axis=0)
        return moved.astype(frames.dtype), np.zeros_like(emotions)
    known = [name for name in LIMBS if skeleton.groups.get(name)]
    limbs = [name for name in known if random.random() < 0.5] or known[1:2] or known
    made = frames.copy()
    for name in limbs:
        members = list(skeleton.groups[name])
        root = _root(skeleton, members)
        offset = points[:, members] - points[:, root, None]
        made[:, members] = frames[:, root, None] + offset
    share = len(limbs) / _PARTS
    return made, (1.0 - share) * emotions + share * other_emotions


def _root(skeleton: Skeleton, members: list[int]) -> int:
    """Return the keypoint that a limb hangs on: the first parent that is no member."""
    return next(
        parent for parent in (skeleton.parents[i] for i in members) if parent not in members
    )
