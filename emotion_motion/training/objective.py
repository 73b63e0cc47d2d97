# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The objective of a training: from a batch to its loss, on any number of devices.

The loss is the MSE of the deterministic frame, the emotion and the likelihood of the mixture.
Motion is measured in displacement units (`MotionModel.unit`), so that a toe weighs as
much as a hand. What was not measured is masked: it neither counts nor teaches. Shapes as in
`emotion_motion.model.network`.
"""

from __future__ import annotations

from collections import deque
import math
import statistics
from typing import NamedTuple

import torch
from torch import nn, Tensor

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.live.target import pose_metric
from emotion_motion.model.mixture import Mixture, Target
from emotion_motion.model.network import MotionModel
from emotion_motion.training.config import LossConfig, TrainConfig
from emotion_motion.training.windows.conditions import targets_of
from emotion_motion.training.windows.noise import leading_back, noised, pose_spread, rolled_out
from emotion_motion.training.windows.windows import Batch

__all__ = [
    'Objective',
    'LossGuard',
    'LossParts',
    'Prediction',
    'Truth',
    'emotion_targets',
    'mdn_weight',
    'motion_loss',
]

# A pose ahead of which less than this share was measured is not worth learning.
_MEASURED_SHARE = 0.5
_REMEMBERED = 101  # losses
_ENOUGH = 20  # losses before one of them can be called high


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
    measured: Tensor  # [B, T, K], what was measured of the next frames
    ahead: Tensor  # [B, T], where the pose ahead is worth learning


def mdn_weight(progress: float, ramp: float = 0.3, first: float = 0.1, last: float = 1.0) -> float:
    """Return the weight of the likelihood at a share `progress` of training."""
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
    Motion is measured in `unit` [O].
    """
    dims = truth.following.shape[-1] // truth.measured.shape[-1]
    known = truth.measured.to(truth.following.dtype).repeat_interleave(dims, dim=-1)
    # What was not measured, and be it not finite, reaches nothing.
    following = torch.where(known.bool(), truth.following, said.logits.detach())
    count = known.sum(dim=(1, 2)).clamp_min(1.0)  # measured coordinates of the window, [B]
    off = ((said.logits - following) / unit).square() * known
    mse = truth.predictable * off.sum(dim=(1, 2)) / count
    emotion = (said.emotion_logits - truth.emotion).square().mean(dim=(1, 2))
    ahead = truth.ahead.to(said.nll.dtype)
    nll = truth.predictable * (said.nll * ahead).sum(dim=1) / ahead.sum(dim=1).clamp_min(1.0)
    total = weights.mse_weight * mse + weights.emotion_weight * emotion + likelihood_weight * nll
    return LossParts(total, mse, emotion, nll)


class LossGuard:
    """Tells when a training goes wrong, before it spoils the weights."""

    def __init__(self, explode: float) -> None:
        self.recent: deque[float] = deque(maxlen=_REMEMBERED)  # a run that goes on fills it again
        self._explode = explode

    def complaint(self, loss: float, gradient: float) -> str:
        """Return what is wrong with a step, '' for nothing; remembers the loss of a good one."""
        if not math.isfinite(loss):
            return f'the loss {loss}'
        if not math.isfinite(gradient):
            return f'a gradient of norm {gradient}'
        if len(self.recent) >= _ENOUGH:
            median = statistics.median(self.recent)
            # A median near zero or below (likelihoods may be negative) counts as its size.
            if loss - median > self._explode * max(1.0, abs(median)):
                return f'the loss {loss:.4g}, which was {median:.4g} before (running median),'
        self.recent.append(loss)
        return ''


class Objective(nn.Module):
    """Disturbs the windows of a batch, runs the model on them and returns the loss; draws nothing.

    Only the network runs in the precision that surrounds the call (bf16); bodies and losses are
    worked out in 32 bits. Model space is a body of height 1 less the mean pose [O].
    """

    mean: Tensor
    poses: Tensor
    metric: Tensor

    def __init__(
        self, model: MotionModel, skeleton: Skeleton, mean: Tensor, config: TrainConfig
    ) -> None:
        super().__init__()
        self.model, self.skeleton, self.config = model, skeleton, config
        self.register_buffer('mean', mean, persistent=False)
        self.register_buffer('poses', pose_spread(model), persistent=False)
        self.register_buffer('metric', pose_metric(model), persistent=False)

    def forward(self, batch: Batch, likelihood_weight: float) -> LossParts:
        """Return the loss of each window and its parts, [B]; for the weight see `mdn_weight`."""
        config, sizes = self.config, self.model.config
        with torch.no_grad(), self._exactly():
            inputs, following, targets, came = self._shown(batch)
        step = self.model.whole(inputs, batch.condition, targets, batch.since)
        mixture = self.model.mdn(step.features, step.pose)
        with self._exactly():
            mixture = Mixture(*(value.float() for value in mixture))
            likelihood = self.model.mdn.nll(mixture, came, self._nearest(came))
            shown = 1.0 - config.conditions.wrong_emotion - config.conditions.decoys
            truth = Truth(
                following,
                emotion_targets(batch.emotions, sizes.window),
                # As many windows count in every batch on average, whoever shares it.
                batch.right / shown,
                batch.mask[:, 1 : batch.emotions.shape[1] + 1],
                batch.mask[:, sizes.horizon :].float().mean(dim=-1) >= _MEASURED_SHARE,
            )
            return motion_loss(
                Prediction(step.logits.float(), step.emotion_logits.float(), likelihood),
                truth,
                self.model.unit,
                config.loss,
                likelihood_weight,
            )

    def _shown(self, batch: Batch) -> tuple[Tensor, Tensor, Target, Tensor]:
        """Return inputs and next frames [B, T, O], targets, and the poses that came [B, T, Z]."""
        config, length = self.config, batch.emotions.shape[1]
        clean = batch.frames - self.mean
        targets, came = targets_of(clean, self.model, batch.target)
        clean = clean[:, : length + 1]
        inputs, following = noised(
            clean, batch.noise, self.model.unit, self.poses, config.noise, self.bodies
        )
        if batch.passes:

            def predict(frames: Tensor) -> Tensor:
                return self.model.whole(frames, batch.condition, targets, batch.since).logits

            own = rolled_out(inputs, batch.passes, predict, self.bodies)
            back = leading_back(own, clean, config.rollouts.rollout_decay, self.bodies)
            part = batch.rollout[:, None, None]
            inputs, following = torch.where(part, own, inputs), torch.where(part, back, following)
        return inputs, following, targets, came

    def _nearest(self, poses: Tensor) -> Tensor:
        """Return the anchor nearest to each pose [B, T, Z]: [B, T]."""
        at, anchors = poses @ self.metric, self.model.mdn.anchors @ self.metric
        # |a - b|^2 less |a|^2, which does not change which is nearest.
        return (anchors.square().sum(-1) - 2.0 * at @ anchors.T).argmin(dim=-1)

    def bodies(self, frames: Tensor) -> Tensor:
        """Put frames [B, T, O] in model space onto the body, where that is chosen."""
        if not self.config.noise.project:
            return frames
        points = (frames + self.mean).unflatten(-1, self.skeleton.rest.shape)
        return self.skeleton.project(points).flatten(-2) - self.mean

    def _exactly(self) -> torch.autocast:
        return torch.autocast(self.mean.device.type, enabled=False)
