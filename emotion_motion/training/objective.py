# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""From a batch to its loss, as one module: what accelerate wraps, on any number of devices."""

from __future__ import annotations

import torch
from torch import nn, Tensor

from emotion_motion.model import MotionModel, MotionOutput
from emotion_motion.plan import Plan, plan_nll, PlanAhead
from emotion_motion.plan_leash import plan_space
from emotion_motion.skeleton import Skeleton
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.losses import emotion_targets, LossParts, window_losses
from emotion_motion.training.noise import noised, pose_spread
from emotion_motion.training.plans import plans_of
from emotion_motion.training.rollout import rolled_out
from emotion_motion.training.windows import Batch

__all__ = ['Objective']

# A pose ahead of which less than this share was measured is not worth planning.
_MEASURED_SHARE = 0.5


class Objective(nn.Module):
    """Disturbs the windows of a batch, runs the model on them and measures; draws nothing.

    Only the network runs in the precision that surrounds the call (bf16); bodies and losses are
    worked out in 32 bits.
    """

    mean: Tensor
    poses: Tensor
    space: Tensor

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
        self.register_buffer('space', plan_space(model), persistent=False)

    def forward(self, batch: Batch, likelihood_weight: float) -> LossParts:
        """Return the loss of each window and its parts, [B].

        Args:
            batch: see WindowSampler.
            likelihood_weight: w, see `losses.mdn_weight`.
        """
        config, sizes = self.config, self.model.config
        with torch.no_grad(), self._exactly():
            inputs, target, plan, meant = self._shown(batch)
        output, ahead = self.model.forward_with_plan(inputs, batch.condition, plan)
        with self._exactly():
            output, ahead = (
                type(part)(*(value.float() for value in part)) for part in (output, ahead)
            )
            length = batch.emotions.shape[1]
            mask = batch.mask
            planned = None if mask is None else (
                mask[:, 1 + sizes.plan_horizon :].float().mean(dim=-1) >= _MEASURED_SHARE
            )
            return window_losses(
                output, target, emotion_targets(batch.emotions, sizes.window), self.model.unit,
                keypoint_dims=sizes.keypoint_dims, mse_weight=config.loss.mse_weight,
                emotion_weight=config.loss.emotion_weight,
                likelihood_weight=likelihood_weight if config.loss.mdn else 0.0,
                plan_weight=likelihood_weight if sizes.plan else 0.0,
                # As many windows count in every batch on average, whoever shares it.
                predictable=batch.right / (1.0 - config.conditions.wrong_emotion),
                mask=None if mask is None else mask[:, 1 : length + 1],
                plan=self._plan_loss(ahead, meant), planned=planned,
            )  # fmt: skip

    def _shown(self, batch: Batch) -> tuple[Tensor, Tensor, Plan, Tensor]:
        """Return inputs and targets [B, T, O] in model space, plans, and the poses meant."""
        config, ahead = self.config, self.model.config.plan_horizon
        clean = batch.frames - self.mean
        plan, meant = plans_of(clean, self.model, batch.plan)
        inputs, target = noised(
            clean[:, :-ahead], batch.noise, self.model.unit, self.poses, config.noise,
            self.bodies,
        )  # fmt: skip
        if batch.rollout is not None:

            def predict(frames: Tensor) -> MotionOutput:
                return self.model.forward_with_plan(frames, batch.condition, plan)[0]

            inputs, target = rolled_out(
                inputs, target, clean[:, :-ahead], batch.rollout,
                config.rollouts.rollout_decay, predict, self.bodies,
            )  # fmt: skip
        return inputs, target, plan, meant

    def _plan_loss(self, ahead: PlanAhead, meant: Tensor) -> Tensor:
        """Return the likelihood's loss [B, T] of the poses that came [B, T, Z]."""
        poses = self.model.plan_poses()
        at, known = meant @ self.space, poses @ self.space
        # |a - b|^2 less |a|^2, which does not change which is nearest.
        nearest = (known.square().sum(-1) - 2.0 * at @ known.T).argmin(dim=-1)
        return plan_nll(self.model.plan_head, ahead, meant, poses, nearest)

    def bodies(self, frames: Tensor) -> Tensor:
        """Put frames [B, T, O] in model space onto the body, where that is chosen."""
        if not self.config.noise.project:
            return frames
        points = (frames + self.mean).unflatten(-1, self.skeleton.rest.shape)
        return self.skeleton.project(points).flatten(-2) - self.mean

    def _exactly(self) -> torch.autocast:
        return torch.autocast(self.mean.device.type, enabled=False)
