# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The plan: where the whole body means to be a moment ahead, drawn anew a few times a second.

A gesture begins with movements too small to see in a noisy history, and keypoints that choose for
themselves, frame by frame, do not begin one together: left alone, the live loop stands. So the
model also predicts the pose `plan_horizon` frames ahead, in the few directions that bodies mostly
move in (principal components, Z of them). One draw is kept for `plan_every` frames and given back
to the model with every frame, which then knows where it is going; how it gets there stays the
choice of each keypoint.

A plan is drawn in two steps: which of M known training poses it is nearest to (a softmax), and
where around that pose (a Gaussian). So what is planned is a pose that bodies take, however many
ways there are to go on; eight Gaussians in their place drew plans between and beyond them
(docs/live_loop.md). Shapes otherwise as in `emotion_motion.model`.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TYPE_CHECKING

import torch
from torch import nn, Tensor
import torch.nn.functional as F

if TYPE_CHECKING:
    from emotion_motion.model import MotionModelConfig

__all__ = ['NO_LEASH', 'Plan', 'PlanAhead', 'PlanHead', 'plan_nll', 'sample_plan']

NO_LEASH = 1e3  # body heights: further than any plan

_SPREAD_FLOOR = 0.02


class Plan(NamedTuple):
    """What each frame is told."""

    target: Tensor  # [B, T, Z], the pose meant, in principal components
    left: Tensor  # [B, T, 1], share of the horizon left until then; 0: there is no plan


class PlanAhead(NamedTuple):
    """What the model says of the pose `plan_horizon` frames after the next frame."""

    logits: Tensor  # [B, T, M], which known pose it is nearest to
    hidden: Tensor  # [B, T, H], for `PlanHead.around`
    here: Tensor  # [B, T, Z], where the body is


class PlanHead(nn.Module):
    """Features to a choice of known poses, and to a Gaussian around each of them."""

    def __init__(self, config: MotionModelConfig) -> None:
        """Make the networks."""
        super().__init__()
        width, size = config.mdn_channels, config.plan_size
        self.hidden = nn.Linear(config.channels, width)
        self.choice = nn.Linear(width, config.emotions * config.plan_choices)
        self.near = nn.Linear(width + 2 * size, width)
        self.out = nn.Linear(width, 3 * size)

    def forward(self, x: Tensor, here: Tensor) -> PlanAhead:
        """Map features x [B, T, C] of bodies at `here` [B, T, Z] to what may come."""
        hidden = F.silu(self.hidden(x))
        return PlanAhead(self.choice(hidden), hidden, here)

    def around(self, hidden: Tensor, here: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation [..., Z] of plans nearest to known poses.

        Args:
            hidden: [..., H] of PlanAhead.
            here: [..., Z] of PlanAhead.
            pose: [..., Z], the known poses.
        """
        way = here - pose
        seen = torch.cat((hidden, pose, way), dim=-1)
        stays, moves, spread = self.out(F.silu(self.near(seen))).chunk(3, dim=-1)
        # A body that stays where it is stays on its side of the known pose.
        return pose + torch.sigmoid(stays) * way + moves, F.softplus(spread) + _SPREAD_FLOOR


def plan_nll(
    head: PlanHead, ahead: PlanAhead, target: Tensor, poses: Tensor, nearest: Tensor
) -> Tensor:
    """Negative log-likelihood of the poses that came, per principal component: [B, T].

    Args:
        head: whose words `ahead` are.
        ahead: [B, T, ...].
        target: the poses that came [B, T, Z].
        poses: the known poses [M, Z].
        nearest: the known pose nearest to each target [B, T].
    """
    mean, sigma = head.around(ahead.hidden, ahead.here, poses[nearest])
    distance = (target - mean) / sigma
    density = -0.5 * distance.square() - sigma.log() - 0.5 * math.log(2.0 * math.pi)
    share = ahead.logits.log_softmax(-1).gather(-1, nearest.unsqueeze(-1)).squeeze(-1)
    return -(share + density.sum(-1)) / target.shape[-1]


def sample_plan(
    head: PlanHead,
    ahead: PlanAhead,
    poses: Tensor,
    noise: tuple[Tensor, Tensor],
    temperature: float | Tensor = 1.0,
) -> Tensor:
    """Draw N poses meant [B, N, Z] from the last timestep.

    Args:
        head: whose words `ahead` are.
        ahead: [B, T, ...].
        poses: the known poses [M, Z].
        noise: uniform numbers in [0, 1) that choose poses [B, N], normal ones [B, N, Z].
        temperature: of the choice, and of the variance around the pose; a number or [B, 1].
    """
    uniform, normal = noise
    share = (ahead.logits[:, -1] / temperature).softmax(dim=-1)  # [B, M]
    # The last bin takes what rounding leaves over.
    chosen = torch.searchsorted(share.cumsum(dim=-1)[:, :-1].contiguous(), uniform, right=True)
    many = (len(uniform), uniform.shape[1], -1)
    hidden, here = (part[:, -1:].expand(*many) for part in (ahead.hidden, ahead.here))
    mean, sigma = head.around(hidden, here, poses[chosen])
    spread = temperature.unsqueeze(-1) if isinstance(temperature, Tensor) else temperature
    return mean + normal * sigma * spread**0.5
