# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Rollouts: the model's own motion as input, with targets that lead back slowly.

A pass predicts every frame of the window at once and puts its predictions where the inputs were,
so a second pass sees what the live loop sees after two frames of its own. What follows is then
predicted from the model's own motion, and so the emotion loss is measured on it. No gradient goes
through the passes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from emotion_motion.training.config import RolloutConfig

__all__ = ['draw_rollout', 'passes_at', 'rolled_out']


def passes_at(config: RolloutConfig, step: int, progress: float, seed: int) -> int:
    """Return the number of passes of a step; the same in every process."""
    if config.rollout == 0 or progress < config.rollout_after:
        return 0
    return int(np.random.default_rng((seed, step)).integers(config.rollout + 1))


def draw_rollout(config: RolloutConfig, passes: int, random: np.random.Generator) -> Tensor:
    """Draw whether a window takes part in each of `passes` passes, [passes] truth values."""
    return torch.full((passes,), bool(random.random() < config.rollout_share))


@torch.no_grad()
def rolled_out(
    inputs: Tensor,
    target: Tensor,
    clean: Tensor,
    taken: Tensor,
    decay: float,
    predict: Callable[[Tensor], Tensor],
    bodies: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Put the model's own motion in the place of the inputs of the windows that take part.

    Args:
        inputs: [B, T, O] in model space.
        target: [B, T, O] in model space.
        clean: the motion [B, T + 1, O] in model space.
        taken: of `draw_rollout` for the batch, [B, passes].
        decay: how much of the offset the new targets keep.
        predict: runs the model on inputs and returns the frames that follow.
        bodies: puts frames [B, T, O] in model space onto the body, see `noise.noised`.

    Returns:
        Inputs and targets as they came, but for those windows.
    """
    own = inputs
    for _ in range(taken.shape[1]):
        own = torch.cat((inputs[:, :1], bodies(predict(own))[:, :-1]), dim=1)
    back = bodies(clean[:, 1:] + decay * (own - clean[:, :-1]))
    part = taken[:, :1, None]
    return torch.where(part, own, inputs), torch.where(part, back, target)
