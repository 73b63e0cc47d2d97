# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Plans for training: what the live loop would have been told had it planned what came."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from emotion_motion.model import MotionModel, MotionModelConfig
from emotion_motion.plan import Plan
from emotion_motion.training.config import PlanConfig

__all__ = ['PlanDraw', 'draw_plan_times', 'plan_basis', 'plans_of']

_LEAST_VARIANCE = 1e-8  # body heights squared: of motion that has fewer directions than that


class PlanDraw(NamedTuple):
    """What the plans of a window (or, with a leading B, of a batch) need at random."""

    times: Tensor  # [2] whole numbers: frames that a plan is kept, frames since the first
    planless: Tensor  # [] truth value
    error: Tensor  # [T + 1 + horizon, Z], in standard deviations


def plan_basis(frames: np.ndarray, pose_std: np.ndarray, size: int) -> np.ndarray:
    """Return the principal components of poses, scaled to a standard deviation of 1.

    They are those of places in space: of places in units of pose_std, as many say half as much of
    a pose (12 of them miss 5.0 cm of a corpus pose where these miss 2.6), since planted feet, that
    hardly move, count as much as arms there.

    Args:
        frames: [N, O] in model space.
        pose_std: [O]; the components are taken of frames / pose_std.
        size: number of components Z.

    Returns:
        [Z, O], the largest first; for frames / pose_std.
    """
    variance, directions = np.linalg.eigh(np.cov(frames, rowvar=False))
    largest = np.argsort(variance)[::-1][:size]
    scale = np.sqrt(np.maximum(variance[largest], _LEAST_VARIANCE))
    return (directions[:, largest] / scale).T * pose_std


def draw_plan_times(
    config: PlanConfig, sizes: MotionModelConfig, length: int, random: np.random.Generator
) -> PlanDraw:
    """Draw when the plans of one window of `length` frames are made, and how wrong they are.

    The live loop keeps a plan for a while. How long that is, and when it begins, differs from
    window to window.
    """
    shortest = (sizes.plan_every + 1) // 2
    longest = min(3 * sizes.plan_every // 2, sizes.plan_horizon)
    kept, first = random.integers(shortest, longest + 1), random.integers(longest)
    planless = not sizes.plan or random.random() < config.planless
    scale = np.float32(config.loose * random.random())
    # An error for each frame that a plan may be of; those kept look at the same one.
    frames = length + 1 + sizes.plan_horizon
    error = scale * random.standard_normal((frames, sizes.plan_size), dtype=np.float32)
    return PlanDraw(
        torch.tensor([int(kept), int(first)]), torch.tensor(planless), torch.from_numpy(error)
    )


def plans_of(frames: Tensor, model: MotionModel, draw: PlanDraw) -> tuple[Plan, Tensor]:
    """Make plans of what follows.

    The frames between two plans are told the same pose, ever nearer.

    Args:
        frames: clean motion [B, T + 1 + horizon, O] in model space.
        model: gives the principal components and the horizon.
        draw: of the batch, each part with a leading B.

    Returns:
        What the first T frames are told, and the poses that they should plan next [B, T, Z].
    """
    horizon = model.config.plan_horizon
    length = frames.shape[1] - 1 - horizon
    places = model.plan_place(frames)  # [B, T + 1 + horizon, Z]
    kept, first = draw.times.unsqueeze(-1).unbind(1)  # [B, 1] each
    time = torch.arange(length, device=frames.device)
    since = (time + first) % kept  # [B, T], frames since the plan was made
    index = (time - since + horizon).unsqueeze(-1).expand(-1, -1, places.shape[-1])
    target = (places + draw.error).gather(1, index)
    left = 1.0 - since.unsqueeze(-1) / horizon
    return Plan(target, torch.where(draw.planless[:, None, None], 0.0, left)), (
        places[:, 1 + horizon :]
    )
