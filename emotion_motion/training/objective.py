# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""From a batch to its loss, as one module: what accelerate wraps, on any number of devices."""

from __future__ import annotations

import torch
from torch import nn, Tensor

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.live.target import pose_metric
from emotion_motion.model.mixture import Mixture, Target
from emotion_motion.model.network import MotionModel
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.losses import (
    emotion_targets,
    LossParts,
    motion_loss,
    Prediction,
    Truth,
)
from emotion_motion.training.windows.noise import noised, pose_spread
from emotion_motion.training.windows.rollout import leading_back, rolled_out
from emotion_motion.training.windows.targets import targets_of
from emotion_motion.training.windows.windows import Batch

__all__ = ['Objective']

# A pose ahead of which less than this share was measured is not worth learning.
_MEASURED_SHARE = 0.5


class Objective(nn.Module):
    """Disturbs the windows of a batch, runs the model on them and returns the loss; draws nothing.

    Only the network runs in the precision that surrounds the call (bf16); bodies and losses are
    worked out in 32 bits.
    """

    mean: Tensor
    poses: Tensor
    metric: Tensor

    def __init__(
        self, model: MotionModel, skeleton: Skeleton, mean: Tensor, config: TrainConfig
    ) -> None:
        """Gather what it takes.

        Args:
            model: the network.
            skeleton: the body.
            mean: [O], the mean pose: model space is a body of height 1 less it.
            config: how inputs are disturbed and losses weigh.
        """
        super().__init__()
        self.model, self.skeleton, self.config = model, skeleton, config
        self.register_buffer('mean', mean, persistent=False)
        self.register_buffer('poses', pose_spread(model), persistent=False)
        self.register_buffer('metric', pose_metric(model), persistent=False)

    def forward(self, batch: Batch, likelihood_weight: float) -> LossParts:
        """Return the loss of each window and its parts, [B].

        Args:
            batch: see WindowSampler.
            likelihood_weight: w, see `losses.mdn_weight`.
        """
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
                *self._measured(batch),
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

    def _measured(self, batch: Batch) -> tuple[Tensor | None, Tensor | None]:
        """Return what was measured of the next frames [B, T, K], and of enough poses [B, T]."""
        if batch.mask is None:
            return None, None
        ahead = batch.mask[:, self.model.config.horizon :].float().mean(dim=-1)
        return batch.mask[:, 1 : batch.emotions.shape[1] + 1], ahead >= _MEASURED_SHARE

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
