# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loss of the method: MSE of the deterministic frame, emotion, mixture likelihood.

Motion is measured in displacement units (`MotionModel.unit`), so that a toe weighs as much as
a hand. What was not measured is masked: it neither counts nor teaches. Shapes as in
`emotion_motion.model.network`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from emotion_motion.training.config import LossConfig

__all__ = ['LossParts', 'Prediction', 'Truth', 'emotion_targets', 'mdn_weight', 'motion_loss']


class LossParts(NamedTuple):
    """The loss and its parts before weighting, one number a window [B]."""

    total: Tensor
    mse: Tensor
    emotion: Tensor
    nll: Tensor


class Prediction(NamedTuple):
    """What a model says of windows of motion."""

    logits: Tensor  # [B, T, O], next frames
    emotion_logits: Tensor  # [B, T, E]
    nll: Tensor  # [B, T], of the poses `horizon` frames ahead, see `MixtureDensityNetwork.nll`


class Truth(NamedTuple):
    """What the data says of them."""

    following: Tensor  # [B, T, O], next frames
    emotion: Tensor  # [B, T, E], the motion's own emotion
    # Weights of the windows in MSE and likelihood [B]; 0 for those that were shown a wrong
    # emotion, which teach the emotion head only.
    predictable: Tensor
    measured: Tensor | None = None  # [B, T, K], what was measured of the next frames; None: all
    ahead: Tensor | None = None  # [B, T], where the pose ahead is worth learning; None: everywhere


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


def motion_loss(
    said: Prediction, truth: Truth, unit: Tensor, weights: LossConfig, likelihood_weight: float
) -> LossParts:
    """Loss = MSE(logits, next frame) + emotion_weight * emotion loss + likelihood_weight * NLL.

    Each window's loss [B] depends on it alone, so the mean over processes is that over the batch.

    Args:
        said: of the model.
        truth: of the data.
        unit: [O].
        weights: of MSE and emotion; the latter is 10 in the published method.
        likelihood_weight: w, see `mdn_weight`.
    """
    following = truth.following
    known = torch.ones_like(following)
    if truth.measured is not None:
        dims = following.shape[-1] // truth.measured.shape[-1]
        known = truth.measured.to(following.dtype).repeat_interleave(dims, dim=-1)
        # Whatever stands there, and be it not finite, reaches nothing.
        following = torch.where(known.bool(), following, said.logits.detach())
    count = known.sum(dim=(1, 2)).clamp_min(1.0)  # measured coordinates of the window, [B]
    off = ((said.logits - following) / unit).square() * known
    mse = truth.predictable * off.sum(dim=(1, 2)) / count
    emotion = (said.emotion_logits - truth.emotion).square().mean(dim=(1, 2))
    ahead = torch.ones_like(said.nll) if truth.ahead is None else truth.ahead.to(said.nll.dtype)
    nll = truth.predictable * (said.nll * ahead).sum(dim=1) / ahead.sum(dim=1).clamp_min(1.0)
    total = weights.mse_weight * mse + weights.emotion_weight * emotion + likelihood_weight * nll
    return LossParts(total, mse, emotion, nll)
