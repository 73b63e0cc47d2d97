# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loss of the method: MSE of the deterministic frame, emotion, mixture likelihood.

Everything is measured in displacement units (`MotionModel.unit`), so that a toe weighs as much as
a hand. What was not measured is masked: it neither counts nor teaches. Shapes as in
`emotion_motion.model`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from emotion_motion.model import MotionOutput

__all__ = [
    'LossParts',
    'emotion_targets',
    'mdn_weight',
    'mixture_nll',
    'motion_loss',
    'window_losses',
]


class LossParts(NamedTuple):
    """The loss and its parts before weighting; all scalars, or one number a window [B]."""

    total: Tensor
    mse: Tensor
    emotion: Tensor
    nll: Tensor
    plan: Tensor


def mdn_weight(
    progress: float, ramp: float = 0.3, first: float = 0.1, last: float = 1.0
) -> float:
    """Weight of the likelihood at a share `progress` of training: `first` to `last` over `ramp`.

    The transformer settles on the deterministic frame before the mixture takes over.
    """
    return first + (last - first) * (min(1.0, progress / ramp) if ramp > 0.0 else 1.0)


def mixture_nll(
    output: MotionOutput,
    target: Tensor,
    unit: Tensor,
    keypoint_dims: int,
    mask: Tensor | None = None,
) -> Tensor:
    """Negative log-likelihood of the next frame, per measured coordinate, in displacement units.

    With one mixture a keypoint, each keypoint's likelihood is a mixture of its own, which is the
    distribution that the per-keypoint sampler draws from; with one for all, the whole frame's,
    and a mask leaves that of the measured coordinates.

    Args:
        output: what the model predicted, [B, T, ...].
        target: next frames [B, T, O].
        unit: [O].
        keypoint_dims: coordinates of a keypoint D.
        mask: [B, T, K], what was measured; None: everything.

    Returns:
        [B, T], 0 where nothing was measured.
    """
    known, count = _known(target, mask, keypoint_dims)
    if mask is not None:  # whatever stands there, and be it not finite, reaches nothing
        target = torch.where(known.bool(), target, output.logits.detach())
    spread = output.sigma / unit
    distance = (target.unsqueeze(2) - output.mu) / output.sigma  # [B, T, G, O]
    log_density = -0.5 * distance.square() - spread.log() - 0.5 * math.log(2.0 * math.pi)
    if mask is not None:
        log_density = log_density * known.unsqueeze(2)
    if output.pi.dim() == 4:
        by_keypoint = log_density.unflatten(-1, (-1, keypoint_dims)).sum(-1)  # [B, T, G, K]
        mixed = torch.logsumexp(output.pi.clamp_min(1e-12).log() + by_keypoint, dim=2)
        # Weights that sum to 1 leave a log of 0 for a keypoint that is masked, but for rounding.
        mixed = (mixed * known[..., ::keypoint_dims]).sum(-1)
    else:
        mixed = torch.logsumexp(output.pi.clamp_min(1e-12).log() + log_density.sum(-1), dim=2)
        mixed = torch.where(count > 0, mixed, 0.0)
    return -mixed / count.clamp_min(1.0)


def emotion_targets(emotions: Tensor, window: int) -> Tensor:
    """Return the emotion that each frame's pooling window shows, [B, T, E].

    The head pools over the last `window` frames, so its truth is their mean label.
    """
    total = emotions.cumsum(dim=1)
    before = torch.nn.functional.pad(total, (0, 0, window, 0))[:, : total.shape[1]]
    count = torch.arange(1, total.shape[1] + 1, device=emotions.device).clamp_max(window)
    return (total - before) / count[:, None]


def window_losses(
    output: MotionOutput,
    target: Tensor,
    emotion_target: Tensor,
    unit: Tensor,
    *,
    keypoint_dims: int,
    likelihood_weight: float,
    mse_weight: float = 1.0,
    emotion_weight: float = 10.0,
    plan_weight: float | None = None,
    predictable: Tensor | None = None,
    mask: Tensor | None = None,
    plan: Tensor | None = None,
    planned: Tensor | None = None,
) -> LossParts:
    """Return the loss of each window [B]; see `motion_loss`.

    Each depends on its own window alone, so the mean over processes is the mean over the batch.
    """
    share = target.new_ones(target.shape[0]) if predictable is None else predictable
    known, count = _known(target, mask, keypoint_dims)
    if mask is not None:
        target = torch.where(known.bool(), target, output.logits.detach())
    measured = count.sum(dim=1).clamp_min(1.0)  # coordinates of the window, [B]
    off = ((output.logits - target) / unit).square() * known
    mse = share * off.sum(dim=(1, 2)) / measured
    nll = mixture_nll(output, target, unit, keypoint_dims, mask)
    nll = share * (nll * count).sum(dim=1) / measured
    emotion = (output.emotion_logits - emotion_target).square().mean(dim=(1, 2))
    ahead = torch.zeros_like(mse)
    if plan is not None:
        where = torch.ones_like(plan) if planned is None else planned.to(plan.dtype)
        ahead = share * (plan * where).sum(dim=1) / where.sum(dim=1).clamp_min(1.0)
    plan_weight = likelihood_weight if plan_weight is None else plan_weight
    total = mse_weight * mse + emotion_weight * emotion
    total = total + likelihood_weight * nll + plan_weight * ahead
    return LossParts(total, mse, emotion, nll, ahead)


def motion_loss(
    output: MotionOutput,
    target: Tensor,
    emotion_target: Tensor,
    unit: Tensor,
    **settings: Any,
) -> LossParts:
    """Loss = MSE(logits, next frame) + emotion_weight * emotion loss + likelihood_weight * NLL.

    Args:
        output: what the model predicted.
        target: next frames [B, T, O].
        emotion_target: the motion's own emotion [B, T, E].
        unit: [O].
        settings: of `window_losses`:
            keypoint_dims: coordinates of a keypoint D.
            likelihood_weight: w, see `mdn_weight`.
            mse_weight: of the MSE.
            emotion_weight: 10 in the published method.
            plan_weight: of the plan's likelihood; None: as the mixture's.
            predictable: [B] weights of the windows in MSE and likelihoods; 0 for those that were
                shown a wrong emotion, which teach the emotion head only.
            mask: [B, T, K], what was measured of the next frames; None: everything.
            plan: negative log-likelihood of the pose meant [B, T] (`plan.plan_nll`); None: there
                is no plan.
            planned: [B, T], where that pose is worth learning; None: everywhere.

    Returns:
        The total and its parts, means over the windows.
    """
    parts = window_losses(output, target, emotion_target, unit, **settings)
    return LossParts(*(part.mean() for part in parts))


def _known(target: Tensor, mask: Tensor | None, keypoint_dims: int) -> tuple[Tensor, Tensor]:
    """Return which coordinates were measured [B, T, O], 1 or 0, and how many [B, T]."""
    if mask is None:
        known = torch.ones_like(target)
    else:
        known = mask.to(target.dtype).repeat_interleave(keypoint_dims, dim=-1)
    return known, known.sum(dim=-1)
