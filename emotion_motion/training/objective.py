# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""From a batch to its loss, as one module: what accelerate wraps, on any number of devices."""

from __future__ import annotations

import torch
from torch import nn, Tensor

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.live.target import pose_metric
from emotion_motion.model.mixture import Target
from emotion_motion.model.network import MotionModel
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.losses import emotion_targets, LossParts, window_losses
from emotion_motion.training.windows.noise import noised, pose_spread
from emotion_motion.training.windows.rollout import rolled_out
from emotion_motion.training.windows.targets import targets_of
from emotion_motion.training.windows.windows import Batch

__all__ = ['Objective']

# A pose ahead of which less than this share was measured is not worth learning.
_MEASURED_SHARE = 0.5


class Objective(nn.Module):
    """Disturbs the windows of a batch, runs the model on them and measures; draws nothing.

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
            inputs, following, told, came = self._shown(batch)
        step = self.model.whole(inputs, batch.condition, told, batch.since)
        mixture = self.model.mdn(step.features, step.here)
        with self._exactly():
            step, mixture = (
                type(part)(*(value.float() for value in part)) for part in (step, mixture)
            )
            length, mask = batch.emotions.shape[1], batch.mask
            ahead = (
                None
                if mask is None
                else (mask[:, sizes.horizon :].float().mean(dim=-1) >= _MEASURED_SHARE)
            )
            shown = 1.0 - config.conditions.wrong_emotion - config.conditions.decoys
            return window_losses(
                step.logits,
                step.emotion_logits,
                self.model.mdn.nll(mixture, came, self._nearest(came)),
                following,
                emotion_targets(batch.emotions, sizes.window),
                self.model.unit,
                keypoint_dims=sizes.keypoint_dims,
                mse_weight=config.loss.mse_weight,
                emotion_weight=config.loss.emotion_weight,
                likelihood_weight=likelihood_weight,
                # As many windows count in every batch on average, whoever shares it.
                predictable=batch.right / shown,
                mask=None if mask is None else mask[:, 1 : length + 1],
                ahead=ahead,
            )

    def _shown(self, batch: Batch) -> tuple[Tensor, Tensor, Target, Tensor]:
        """Return inputs and next frames [B, T, O], targets, and the poses that came [B, T, Z]."""
        config, length = self.config, batch.emotions.shape[1]
        clean = batch.frames - self.mean
        told, came = targets_of(clean, self.model, batch.target)
        clean = clean[:, : length + 1]
        inputs, following = noised(
            clean, batch.noise, self.model.unit, self.poses, config.noise, self.bodies
        )
        if batch.rollout is not None:

            def predict(frames: Tensor) -> Tensor:
                return self.model.whole(frames, batch.condition, told, batch.since).logits

            inputs, following = rolled_out(
                inputs,
                following,
                clean,
                batch.rollout,
                config.rollouts.rollout_decay,
                predict,
                self.bodies,
            )
        return inputs, following, told, came

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
