# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loss of the method: MSE of the deterministic frame, emotion, mixture likelihood.

Everything is measured in displacement units (`MotionModel.unit`), so that a toe weighs as much as
a hand. Shapes as in `emotion_motion.model`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from emotion_motion.model import MotionOutput

__all__ = ['LossParts', 'emotion_targets', 'mixture_nll', 'motion_loss', 'mdn_weight']


class LossParts(NamedTuple):
    """The loss and its parts before weighting; all scalars."""

    total: Tensor
    mse: Tensor
    emotion: Tensor
    nll: Tensor
    plan: Tensor


def mdn_weight(progress: float, ramp: float = 0.3, first: float = 0.1) -> float:
    """Weight of the likelihood at a share `progress` of training: from `first` to 1 over `ramp`.

    The transformer settles on the deterministic frame before the mixture takes over.
    """
    return min(1.0, first + (1.0 - first) * progress / ramp)


def mixture_nll(output: MotionOutput, target: Tensor, unit: Tensor, keypoint_dims: int) -> Tensor:
    """Negative log-likelihood of the next frame, per coordinate, in displacement units.

    With one mixture a keypoint, each keypoint's likelihood is a mixture of its own, which is the
    distribution that the per-keypoint sampler draws from; with one for all, the whole frame's.

    Args:
        output: what the model predicted, [B, T, ...].
        target: next frames [B, T, O].
        unit: [O].
        keypoint_dims: coordinates of a keypoint D.

    Returns:
        [B, T].
    """
    spread = output.sigma / unit
    distance = (target.unsqueeze(2) - output.mu) / output.sigma  # [B, T, G, O]
    log_density = -0.5 * distance.square() - spread.log() - 0.5 * math.log(2.0 * math.pi)
    if output.pi.dim() == 4:
        by_keypoint = log_density.unflatten(-1, (-1, keypoint_dims)).sum(-1)  # [B, T, G, K]
        mixed = torch.logsumexp(output.pi.clamp_min(1e-12).log() + by_keypoint, dim=2).sum(-1)
    else:
        mixed = torch.logsumexp(output.pi.clamp_min(1e-12).log() + log_density.sum(-1), dim=2)
    return -mixed / target.shape[-1]


def emotion_targets(emotions: Tensor, window: int) -> Tensor:
    """Return the emotion that each frame's pooling window shows, [B, T, E].

    The head pools over the last `window` frames, so its truth is their mean label.
    """
    total = emotions.cumsum(dim=1)
    before = torch.nn.functional.pad(total, (0, 0, window, 0))[:, : total.shape[1]]
    count = torch.arange(1, total.shape[1] + 1, device=emotions.device).clamp_max(window)
    return (total - before) / count[:, None]


def motion_loss(
    output: MotionOutput,
    target: Tensor,
    emotion_target: Tensor,
    unit: Tensor,
    *,
    keypoint_dims: int,
    likelihood_weight: float,
    emotion_weight: float = 10.0,
    predictable: Tensor | None = None,
    plan: Tensor | None = None,
) -> LossParts:
    """Loss = MSE(logits, next frame) + emotion_weight * emotion loss + likelihood_weight * NLL.

    Args:
        output: what the model predicted.
        target: next frames [B, T, O].
        emotion_target: the motion's own emotion [B, T, E].
        unit: [O].
        keypoint_dims: coordinates of a keypoint D.
        likelihood_weight: w, see `mdn_weight`.
        emotion_weight: 10 in the published method.
        predictable: [B] weights of the sequences in MSE and NLL; 0 for those that were shown a
            wrong emotion, which teach the emotion head only.
        plan: negative log-likelihood of the pose meant [B, T] (`plan.plan_nll`), which the
            weight of the mixture's goes for too; None: there is no plan.

    Returns:
        The total and its parts.
    """
    share = target.new_ones(target.shape[0]) if predictable is None else predictable
    share = share / share.sum().clamp_min(1.0)
    mse = (((output.logits - target) / unit).square().mean(dim=(1, 2)) * share).sum()
    nll = (mixture_nll(output, target, unit, keypoint_dims).mean(dim=1) * share).sum()
    emotion = (output.emotion_logits - emotion_target).square().mean()
    ahead = mse.new_zeros(()) if plan is None else (plan.mean(dim=1) * share).sum()
    total = mse + emotion_weight * emotion + likelihood_weight * (nll + ahead)
    return LossParts(total, mse, emotion, nll, ahead)
