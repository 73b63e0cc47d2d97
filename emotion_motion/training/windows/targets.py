# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Targets for training, in hindsight: each is the pose that the motion really came to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from emotion_motion.model.config import MotionModelConfig
from emotion_motion.model.mixture import Target
from emotion_motion.model.network import MotionModel
from emotion_motion.training.config import TargetConfig

__all__ = ['TargetDraw', 'draw_targets', 'pose_basis', 'targets_of']

_LEAST_VARIANCE = 1e-8  # body heights squared; for motion that varies along fewer than Z axes


class TargetDraw(NamedTuple):
    """The random numbers for the targets of a window (or, with a leading B, of a batch)."""

    times: Tensor  # [2] integers: for how many frames a target is kept, offset of the first choice
    untold: Tensor  # [] boolean, whether the network gets no target
    error: Tensor  # [T + horizon, Z], added to the targets, in standard deviations


def pose_basis(frames: np.ndarray, pose_std: np.ndarray, size: int) -> np.ndarray:
    """Return the principal axes of poses, scaled to a standard deviation of 1.

    They are the axes of positions in space, not of positions in units of pose_std. In those units
    planted feet, which hardly move, count as much as arms, and the same number of axes describes
    a pose half as well: 12 of them miss 5.0 cm of a corpus pose, where 12 of these miss 2.6 cm.

    Args:
        frames: [N, O] in model space.
        pose_std: [O]; the axes are those of frames / pose_std.
        size: number of axes Z.

    Returns:
        [Z, O], the largest first; they apply to frames / pose_std.
    """
    variance, directions = np.linalg.eigh(np.cov(frames, rowvar=False))
    largest = np.argsort(variance)[::-1][:size]
    scale = np.sqrt(np.maximum(variance[largest], _LEAST_VARIANCE))
    return (directions[:, largest] / scale).T * pose_std


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
    """Make targets from the poses that follow.

    All frames between two choices share a target: the pose `horizon` frames after the choice.

    Args:
        frames: clean motion [B, T + horizon, O] in model space.
        model: gives the principal axes and the horizon.
        draw: of the batch, each part with a leading B.

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
