# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Plans for training: what the live loop would have been told had it planned what came."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from emotion_motion.model import MotionModel
from emotion_motion.plan import Plan

__all__ = ['plan_basis', 'plans_of']

_NO_PLAN = 0.1  # share of windows without one, as a live stream begins
# Largest error of a plan, in standard deviations: a drawn one is not exact. With 0.5 the model
# took half of each plan for error, and moved half as far as the corpus.
_LOOSE = 0.1


def plan_basis(frames: np.ndarray, pose_std: np.ndarray, size: int) -> np.ndarray:
    """Return the principal components of poses, scaled to a standard deviation of 1.

    Args:
        frames: [N, O] in model space.
        pose_std: [O]; the components are those of frames / pose_std.
        size: number of components Z.

    Returns:
        [Z, O], the largest first.
    """
    scaled = frames / pose_std
    variance, directions = np.linalg.eigh(np.cov(scaled, rowvar=False))
    largest = np.argsort(variance)[::-1][:size]
    return (directions[:, largest] / np.sqrt(np.maximum(variance[largest], 1e-6))).T


def plans_of(
    frames: Tensor, model: MotionModel, random: torch.Generator
) -> tuple[Plan, Tensor]:
    """Make plans of what follows.

    The live loop keeps a plan for a while, so the frames between two plans are told the same pose,
    ever nearer. How long that is, and when it begins, differs from window to window.

    Args:
        frames: clean motion [B, T + 1 + horizon, O] in model space.
        model: gives the principal components and the horizon.
        random: source of every draw.

    Returns:
        What the first T frames are told, and the poses that they should plan next [B, T, Z].
    """
    config = model.config
    horizon = config.plan_horizon
    batch, length = frames.shape[0], frames.shape[1] - 1 - horizon
    place = frames.device
    places = model.plan_place(frames)  # [B, T + 1 + horizon, Z]
    shortest, longest = (config.plan_every + 1) // 2, min(3 * config.plan_every // 2, horizon)
    kept = torch.randint(shortest, longest + 1, (batch, 1), generator=random).to(place)
    first = torch.randint(longest, (batch, 1), generator=random).to(place)
    time = torch.arange(length, device=place)
    since = (time + first) % kept  # [B, T], frames since the plan was made
    index = (time - since + horizon).unsqueeze(-1).expand(-1, -1, places.shape[-1])
    scale = _LOOSE * torch.rand(batch, 1, 1, generator=random)
    loose = (scale * torch.randn(places.shape, generator=random)).to(place)
    target = (places + loose).gather(1, index)
    left = 1.0 - since.unsqueeze(-1) / horizon
    planless = torch.rand(batch, 1, 1, generator=random).to(place) < _NO_PLAN
    return Plan(target, torch.where(planless, 0.0, left)), places[:, 1 + horizon :]
