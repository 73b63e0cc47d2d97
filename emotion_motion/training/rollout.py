# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Rollouts: the model's own draws as inputs, with targets that lead back slowly.

A pass predicts every frame of the window at once and puts its draws where the inputs were, so a
second pass sees what the live loop sees after two frames of its own. No gradient goes through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from emotion_motion.model import MotionModelConfig, MotionOutput
from emotion_motion.training.config import RolloutConfig

__all__ = ['RolloutDraw', 'draw_rollout', 'drawn_frames', 'passes_at', 'rolled_out']


class RolloutDraw(NamedTuple):
    """What the P passes of a window (or, with a leading B, of a batch) need at random."""

    taken: Tensor  # [] truth value: whether the window takes part
    race: Tensor  # [P, T, G, K or 1], exponential: chooses components
    normal: Tensor  # [P, T, O]


def passes_at(config: RolloutConfig, step: int, progress: float, seed: int) -> int:
    """Return the number of passes of a step; the same in every process."""
    if config.rollout == 0 or progress < config.rollout_after:
        return 0
    return int(np.random.default_rng((seed, step)).integers(config.rollout + 1))


def draw_rollout(
    config: RolloutConfig,
    sizes: MotionModelConfig,
    passes: int,
    length: int,
    random: np.random.Generator,
) -> RolloutDraw:
    """Draw what `passes` passes over one window of `length` frames need."""
    mixtures = sizes.keypoints if sizes.mixture_per_keypoint else 1
    shape = (passes, length, sizes.gaussians, mixtures)
    race = random.standard_exponential(shape, dtype=np.float32)
    normal = random.standard_normal((passes, length, sizes.outputs), dtype=np.float32)
    taken = torch.tensor(bool(random.random() < config.rollout_share))
    return RolloutDraw(taken, torch.from_numpy(race), torch.from_numpy(normal))


def drawn_frames(output: MotionOutput, race: Tensor, normal: Tensor) -> Tensor:
    """Draw the next frame after each frame, [B, T, O], at the model's full spread.

    Args:
        output: what the model predicted.
        race: exponential numbers [B, T, G, K or 1].
        normal: normal numbers [B, T, O].
    """
    pi = output.pi if output.pi.dim() == 4 else output.pi.unsqueeze(-1)
    chosen = (pi.clamp_min(1e-12).log() - race.clamp_min(1e-12).log()).argmax(dim=2)  # [B, T, K]
    index = chosen.repeat_interleave(output.mu.shape[-1] // chosen.shape[-1], dim=-1).unsqueeze(2)
    mean, spread = (part.gather(2, index).squeeze(2) for part in (output.mu, output.sigma))
    return mean + normal * spread


@torch.no_grad()
def rolled_out(
    inputs: Tensor,
    target: Tensor,
    clean: Tensor,
    draw: RolloutDraw,
    decay: float,
    predict: Callable[[Tensor], MotionOutput],
    bodies: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Put the model's own draws in the place of the inputs of the windows that take part.

    Args:
        inputs: [B, T, O] in model space.
        target: [B, T, O] in model space.
        clean: the motion [B, T + 1, O] in model space.
        draw: of the batch, each part with a leading B.
        decay: how much of the offset the new targets keep.
        predict: runs the model on inputs.
        bodies: puts frames [B, T, O] in model space onto the body, see `noise.noised`.

    Returns:
        Inputs and targets as they came, but for those windows.
    """
    own = inputs
    for race, normal in zip(draw.race.unbind(1), draw.normal.unbind(1), strict=True):
        following = bodies(drawn_frames(predict(own), race, normal))
        own = torch.cat((inputs[:, :1], following[:, :-1]), dim=1)
    back = bodies(clean[:, 1:] + decay * (own - clean[:, :-1]))
    taken = draw.taken[:, None, None]
    return torch.where(taken, own, inputs), torch.where(taken, back, target)
