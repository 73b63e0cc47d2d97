# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Rollouts: the model's own motion as input, with next frames that lead back slowly.

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

__all__ = ['leading_back', 'passes_at', 'rolled_out']

Frames = Callable[[Tensor], Tensor]  # frames [B, T, O] in model space to others


def passes_at(config: RolloutConfig, step: int, progress: float, seed: int) -> int:
    """Return the number of passes of a step; the same in every process."""
    if config.rollout == 0 or progress < config.rollout_after:
        return 0
    return int(np.random.default_rng((seed, step)).integers(config.rollout + 1))


@torch.no_grad()
def rolled_out(inputs: Tensor, passes: int, predict: Frames, bodies: Frames) -> Tensor:
    """Return the model's own motion in the place of the inputs.

    Args:
        inputs: [B, T, O] in model space.
        passes: how often the model goes on from its own motion.
        predict: runs the model on inputs and returns the frames that follow.
        bodies: puts frames onto the body, see `noise.noised`.

    Returns:
        [B, T, O]; the first frame is that of the inputs.
    """
    own = inputs
    for _ in range(passes):
        own = torch.cat((inputs[:, :1], bodies(predict(own))[:, :-1]), dim=1)
    return own


def leading_back(own: Tensor, clean: Tensor, decay: float, bodies: Frames) -> Tensor:
    """Return the frames that should follow the model's own motion.

    Args:
        own: of `rolled_out`.
        clean: the motion [B, T + 1, O] in model space.
        decay: how much of the offset the next frames keep.
        bodies: puts frames onto the body.

    Returns:
        [B, T, O].
    """
    return bodies(clean[:, 1:] + decay * (own - clean[:, :-1]))
