# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The mixture density network: where the body may be `horizon` frames ahead.

A pose is described by its Z largest principal axes. The mixture has one component an anchor, and
an anchor is a centre of unlabelled clusters of the training poses: which anchor the pose will be
nearest to is a softmax over G of them, and where around it is a Gaussian whose mean and spread
depend on the features, on the anchor and on where the body is. So what is drawn is near a pose
that bodies take, however many ways there are to go on. At horizon 1 the pose is the next frame.

The means and spreads of a large mixture are worked out only for the components that are asked for.
Shapes as in `emotion_motion.model.network`; N components asked for.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import nn, Tensor
import torch.nn.functional as F

from emotion_motion.model.config import MotionModelConfig

__all__ = ['Mixture', 'MixtureDensityNetwork', 'Target']

_SPREAD_FLOOR = 0.02  # of the displacement over the horizon


class Target(NamedTuple):
    """The pose that the sampler chose, an input of each frame until it is reached."""

    place: Tensor  # [B, T, Z], in principal axes
    remaining: Tensor  # [B, T, 1], share of the horizon until then; 0: there is no target


class Mixture(NamedTuple):
    """What the network says of the pose ahead, before components are asked for."""

    log_pi: Tensor  # [B, T, G]
    hidden: Tensor  # [B, T, H]
    pose: Tensor  # [B, T, Z], of the body now, in principal axes


class MixtureDensityNetwork(nn.Module):
    """Features and emotion logits to a mixture of Gaussians around anchors.

    Its buffers come from the training motion: `anchors` [G, Z], `radius` [] (how far other
    training poses are from the nearest of them, in body heights) and `horizon_unit` [Z] (the
    standard deviation of the way that a body goes in `horizon` frames).
    """

    anchors: Tensor
    radius: Tensor
    horizon_unit: Tensor

    def __init__(self, config: MotionModelConfig) -> None:
        """Make the networks."""
        super().__init__()
        width, size = config.mdn_channels, config.pose_axes
        self.hidden = nn.Linear(config.channels + config.emotions, width)
        self.choice = nn.Linear(width, config.anchors)
        self.near = nn.Linear(width + 2 * size, width)
        self.out = nn.Linear(width, 3 * size)
        self.register_buffer('anchors', torch.zeros(config.anchors, size))
        self.register_buffer('radius', torch.ones(()))
        self.register_buffer('horizon_unit', torch.ones(size))

    def forward(self, x: Tensor, pose: Tensor) -> Mixture:
        """Map features x [B, T, C + E] of bodies in `pose` [B, T, Z] to the mixture."""
        hidden = F.silu(self.hidden(x))
        return Mixture(self.choice(hidden).log_softmax(-1), hidden, pose)

    def components(self, mixture: Mixture, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation [B, T, N, Z] of components [B, T, N]."""
        shape = (-1, -1, chosen.shape[-1], -1)
        hidden, pose = (part.unsqueeze(2).expand(shape) for part in mixture[1:])
        anchor = self.anchors[chosen]
        offset = pose - anchor
        x = torch.cat((hidden, anchor, offset), dim=-1)
        stays, moves, spread = self.out(F.silu(self.near(x))).chunk(3, dim=-1)
        # A body that stays where it is stays on its side of the anchor.
        mean = anchor + torch.sigmoid(stays) * offset + self.horizon_unit * moves
        return mean, self.horizon_unit * (F.softplus(spread) + _SPREAD_FLOOR)

    def nll(self, mixture: Mixture, pose: Tensor, nearest: Tensor) -> Tensor:
        """Negative log-likelihood of poses that came, per principal axis.

        The component whose anchor is nearest answers for a pose, so that the sum over components
        needs none of the others: an upper bound.

        Args:
            mixture: [B, T, ...].
            pose: that came [B, T, Z].
            nearest: index of the anchor nearest to it [B, T].

        Returns:
            [B, T].
        """
        index = nearest.unsqueeze(-1)
        mean, sigma = (part.squeeze(2) for part in self.components(mixture, index))
        distance = (pose - mean) / sigma
        spread = (sigma / self.horizon_unit).log()
        density = -0.5 * distance.square() - spread - 0.5 * math.log(2.0 * math.pi)
        share = mixture.log_pi.gather(-1, index).squeeze(-1)
        return -(share + density.sum(-1)) / pose.shape[-1]
