# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a window is shown with: an emotion, a target; and windows for the emotion head alone.

A target is given in hindsight: it is the pose that the motion really came to.

The emotion head must read the motion. A head that copies the condition is wrong where the
condition is, so some windows have the condition of another clip. And a sampler that asks the head
for what shows an emotion finds what fools the head, so some windows are decoys, made of what a
sampler could find: a pose that stands still, a body that stands like one emotion and moves like
another, and limbs of one emotion on a body of another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.live.target import LIMBS
from emotion_motion.model.config import MotionModelConfig
from emotion_motion.model.mixture import Target
from emotion_motion.model.network import MotionModel
from emotion_motion.training.config import ConditionConfig, TargetConfig

__all__ = ['KINDS', 'TargetDraw', 'decoy', 'draw_condition', 'draw_targets', 'targets_of']

KINDS = ('still', 'other movement', 'other limbs')
_PARTS = len(LIMBS) + 1  # trunk and legs as one


class TargetDraw(NamedTuple):
    """The random numbers for the targets of a window (or, with a leading B, of a batch)."""

    times: Tensor  # [2] integers: for how many frames a target is kept, offset of the first choice
    untold: Tensor  # [] boolean, whether the network gets no target
    error: Tensor  # [T + horizon, Z], added to the targets, in standard deviations


def draw_condition(
    config: ConditionConfig,
    own: np.ndarray,
    other: Callable[[], np.ndarray | None],
    random: np.random.Generator,
) -> tuple[np.ndarray, bool]:
    """Draw the condition of one window [T, 7], all 0 for none; is the motion predictable from it?

    `own` is the window's emotion [T, 7]; `other` gives that of another clip, None where there is
    no other emotion.
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
    """Make a decoy of a window's frames [N, K, D] and emotions [T, 7].

    `other` gives those of another emotion; None where there is none.

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


def draw_targets(
    config: TargetConfig, sizes: MotionModelConfig, length: int, random: np.random.Generator
) -> TargetDraw:
    """Draw when the targets of one window of `length` frames are chosen, and how wrong they are.

    The live loop keeps a target for a while. How long that is, and when it begins, differs from
    window to window.
    """
    shortest = (sizes.target_every + 1) // 2
    longest = min(3 * sizes.target_every // 2, sizes.horizon)
    kept, first = random.integers(shortest, longest + 1), random.integers(longest)
    untold = random.random() < config.untold
    scale = np.float32(config.loose * random.random())
    # One error for each frame whose pose may be a target: frames that share a target share it.
    shape = (length + sizes.horizon, sizes.pose_axes)
    error = scale * random.standard_normal(shape, dtype=np.float32)
    return TargetDraw(
        torch.tensor([int(kept), int(first)]), torch.tensor(untold), torch.from_numpy(error)
    )


def targets_of(frames: Tensor, model: MotionModel, draw: TargetDraw) -> tuple[Target, Tensor]:
    """Make targets from the poses that follow in clean motion [B, T + horizon, O].

    All frames between two choices share a target: the pose `horizon` frames after the choice.

    Returns:
        Targets of the first T frames, and the poses `horizon` frames after each [B, T, Z].
    """
    horizon = model.config.horizon
    length = frames.shape[1] - horizon
    places = model.in_axes(frames)  # [B, T + horizon, Z]
    kept, first = draw.times.unsqueeze(-1).unbind(1)  # [B, 1] each
    time = torch.arange(length, device=frames.device)
    since = (time + first) % kept + 1  # [B, T], frames since the target was chosen
    index = (time - since + horizon).unsqueeze(-1).expand(-1, -1, places.shape[-1])
    place = (places + draw.error).gather(1, index)
    remaining = 1.0 - since.unsqueeze(-1) / horizon
    remaining = torch.where(draw.untold[:, None, None], 0.0, remaining)
    return Target(place, remaining), places[:, horizon:]
