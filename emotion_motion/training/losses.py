# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loss of the method: MSE of the deterministic frame, emotion, mixture likelihood.

Motion is measured in displacement units (`MotionModel.unit`), so that a toe weighs as much as
a hand. What was not measured is masked: it neither counts nor teaches. Shapes as in
`emotion_motion.model.network`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

__all__ = ['LossParts', 'emotion_targets', 'mdn_weight', 'motion_loss', 'window_losses']


class LossParts(NamedTuple):
    """The loss and its parts before weighting; all scalars, or one number a window [B]."""

    total: Tensor
    mse: Tensor
    emotion: Tensor
    nll: Tensor


def mdn_weight(progress: float, ramp: float = 0.3, first: float = 0.1, last: float = 1.0) -> float:
    """Weight of the likelihood at a share `progress` of training: `first` to `last` over `ramp`.

    The transformer settles on the deterministic frame before the mixture takes over.
    """
    return first + (last - first) * (min(1.0, progress / ramp) if ramp > 0.0 else 1.0)


def emotion_targets(emotions: Tensor, window: int) -> Tensor:
    """Return the emotion that each frame's pooling window shows, [B, T, E].

    The head pools over the last `window` frames, so its truth is their mean label.
    """
    total = emotions.cumsum(dim=1)
    before = torch.nn.functional.pad(total, (0, 0, window, 0))[:, : total.shape[1]]
    count = torch.arange(1, total.shape[1] + 1, device=emotions.device).clamp_max(window)
    return (total - before) / count[:, None]


def window_losses(
    logits: Tensor,
    emotion_logits: Tensor,
    nll: Tensor,
    target: Tensor,
    emotion_target: Tensor,
    unit: Tensor,
    *,
    keypoint_dims: int,
    likelihood_weight: float,
    mse_weight: float = 1.0,
    emotion_weight: float = 10.0,
    predictable: Tensor | None = None,
    mask: Tensor | None = None,
    ahead: Tensor | None = None,
) -> LossParts:
    """Return the loss of each window [B]; see `motion_loss`.

    Each depends on its own window alone, so the mean over processes is the mean over the batch.
    """
    share = target.new_ones(target.shape[0]) if predictable is None else predictable
    known, count = _known(target, mask, keypoint_dims)
    if mask is not None:  # whatever stands there, and be it not finite, reaches nothing
        target = torch.where(known.bool(), target, logits.detach())
    measured = count.sum(dim=1).clamp_min(1.0)  # coordinates of the window, [B]
    off = ((logits - target) / unit).square() * known
    mse = share * off.sum(dim=(1, 2)) / measured
    emotion = (emotion_logits - emotion_target).square().mean(dim=(1, 2))
    where = torch.ones_like(nll) if ahead is None else ahead.to(nll.dtype)
    nll = share * (nll * where).sum(dim=1) / where.sum(dim=1).clamp_min(1.0)
    total = mse_weight * mse + emotion_weight * emotion + likelihood_weight * nll
    return LossParts(total, mse, emotion, nll)


def motion_loss(
    logits: Tensor,
    emotion_logits: Tensor,
    nll: Tensor,
    target: Tensor,
    emotion_target: Tensor,
    unit: Tensor,
    **settings: Any,
) -> LossParts:
    """Loss = MSE(logits, next frame) + emotion_weight * emotion loss + likelihood_weight * NLL.

    Args:
        logits: predicted next frames [B, T, O].
        emotion_logits: [B, T, E].
        nll: of the poses `horizon` frames ahead [B, T], see `MixtureDensityNetwork.nll`.
        target: next frames [B, T, O].
        emotion_target: the motion's own emotion [B, T, E].
        unit: [O].
        settings: of `window_losses`:
            keypoint_dims: coordinates of a keypoint D.
            likelihood_weight: w, see `mdn_weight`.
            mse_weight: of the MSE.
            emotion_weight: 10 in the published method.
            predictable: [B] weights of the windows in MSE and likelihood; 0 for those that were
                shown a wrong emotion, which teach the emotion head only.
            mask: [B, T, K], what was measured of the next frames; None: everything.
            ahead: [B, T], where the pose ahead is worth learning; None: everywhere.

    Returns:
        The total and its parts, means over the windows.
    """
    parts = window_losses(logits, emotion_logits, nll, target, emotion_target, unit, **settings)
    return LossParts(*(part.mean() for part in parts))


def _known(target: Tensor, mask: Tensor | None, keypoint_dims: int) -> tuple[Tensor, Tensor]:
    """Return which coordinates were measured [B, T, O], 1 or 0, and how many [B, T]."""
    if mask is None:
        known = torch.ones_like(target)
    else:
        known = mask.to(target.dtype).repeat_interleave(keypoint_dims, dim=-1)
    return known, known.sum(dim=-1)
