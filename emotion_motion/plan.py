# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The plan: where the whole body means to be a moment ahead, drawn anew a few times a second.

A gesture begins with movements too small to see in a noisy history, and keypoints that choose for
themselves, frame by frame, do not begin one together: left alone, the live loop stands. So the
model also predicts a mixture over the pose `plan_horizon` frames ahead, in the few directions that
bodies mostly move in (principal components, Z of them). One draw is kept for `plan_every` frames
and given back to the model with every frame, which then knows where it is going; how it gets there
stays the choice of each keypoint. Shapes otherwise as in `emotion_motion.model`; P components.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TYPE_CHECKING

import torch
from torch import nn, Tensor
import torch.nn.functional as F

if TYPE_CHECKING:
    from emotion_motion.model import MotionModelConfig

__all__ = [
    'NO_LEASH', 'Plan', 'PlanHead', 'PlanMixture', 'draw_plan', 'plan_nll', 'sample_plan'
]  # fmt: skip

NO_LEASH = 1e3  # body heights: further than any plan

_SPREAD_FLOOR = 0.02


class Plan(NamedTuple):
    """What each frame is told."""

    target: Tensor  # [B, T, Z], the pose meant, in principal components
    left: Tensor  # [B, T, 1], share of the horizon left until then; 0: there is no plan


class PlanMixture(NamedTuple):
    """What the model says of the pose `plan_horizon` frames after the next frame."""

    logits: Tensor  # [B, T, P]
    mean: Tensor  # [B, T, P, Z]
    sigma: Tensor  # [B, T, P, Z]


class PlanHead(nn.Module):
    """Features to a mixture of Gaussians over the pose ahead."""

    def __init__(self, config: MotionModelConfig) -> None:
        """Make the two-layer network."""
        super().__init__()
        self.gaussians = config.plan_gaussians
        self.hidden = nn.Linear(config.channels, config.mdn_channels)
        self.out = nn.Linear(config.mdn_channels, self.gaussians * (1 + 2 * config.plan_size))

    def forward(self, x: Tensor, here: Tensor) -> PlanMixture:
        """Map features x [B, T, C] of bodies at `here` [B, T, Z] to the mixture."""
        out = self.out(F.silu(self.hidden(x))).unflatten(-1, (self.gaussians, -1))
        logits, rest = out[..., 0], out[..., 1:]
        residual, spread = rest.chunk(2, dim=-1)
        return PlanMixture(
            logits, here.unsqueeze(-2) + residual, F.softplus(spread) + _SPREAD_FLOOR
        )


def plan_nll(mixture: PlanMixture, target: Tensor) -> Tensor:
    """Negative log-likelihood of the poses [B, T, Z], per principal component: [B, T]."""
    distance = (target.unsqueeze(-2) - mixture.mean) / mixture.sigma
    density = -0.5 * distance.square() - mixture.sigma.log() - 0.5 * math.log(2.0 * math.pi)
    mixed = torch.logsumexp(mixture.logits.log_softmax(-1) + density.sum(-1), dim=-1)
    return -mixed / target.shape[-1]


def draw_plan(
    mixture_like: Tensor, generator: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """Draw what one plan needs at random, for a mean like `mixture_like` [B, P, Z].

    Returns:
        Exponential(1) numbers [B, P] that choose the component and normal ones [B, Z].
    """
    batch, components, size = mixture_like.shape
    race = mixture_like.new_empty(batch, components).exponential_(generator=generator)
    return race, mixture_like.new_empty(batch, size).normal_(generator=generator)


def sample_plan(
    mixture: PlanMixture, noise: tuple[Tensor, Tensor], temperature: float | Tensor = 1.0
) -> Tensor:
    """Draw the pose meant [B, Z] from the last timestep, with the random numbers of `draw_plan`.

    The temperature acts as in `sampling.sample_dynamic_emotion_individual`.
    """
    race, normal = noise
    chosen = (mixture.logits[:, -1] / temperature - race.log()).argmax(dim=-1, keepdim=True)
    index = chosen.unsqueeze(-1).expand(-1, -1, normal.shape[-1])  # [B, 1, Z]
    mean = mixture.mean[:, -1].gather(1, index)[:, 0]
    return mean + normal * mixture.sigma[:, -1].gather(1, index)[:, 0] * temperature**0.5
