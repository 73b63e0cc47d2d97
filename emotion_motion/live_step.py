# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""One step of the live loop, model to body, as one function of tensors that can be traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn, Tensor

from emotion_motion.checkpoint import Checkpoint, SamplerConfig
from emotion_motion.emotion import NEUTRAL_INDEX
from emotion_motion.model import MotionOutput, StreamCache
from emotion_motion.plan import Plan
from emotion_motion.plan_step import PlanSeen, PlanStepRunner
from emotion_motion.sampling import draw, is_expressive, most_probable, next_frame
from emotion_motion.tracing import as_traced
from emotion_motion.watchdog import Freedom

__all__ = ['FrameSampler', 'LiveStep', 'LiveStepRunner']

# Of the signature of `sampling.next_frame`.
FrameSampler = Callable[..., Tensor]


class LiveStep(nn.Module):
    """The last frame in, the next body out; the rings of the cache are written in place."""

    mean: Tensor
    low: Tensor
    high: Tensor
    rise: Tensor

    def __init__(self, checkpoint: Checkpoint, frame_sampler: FrameSampler = next_frame) -> None:
        """Gather what a step needs from a checkpoint."""
        super().__init__()
        self.frame_sampler = frame_sampler
        self.model, self.skeleton = checkpoint.model, checkpoint.skeleton
        config = self.model.config
        self.undrawn = config.most_probable or not config.draws
        device = checkpoint.model.unit.device
        for name in ('mean', 'low', 'high'):
            values = torch.from_numpy(getattr(checkpoint.normaliser, name)).to(device)
            self.register_buffer(name, values)
        self.register_buffer('rise', self.model.plan_rise())

    def forward(
        self,
        frame: Tensor,
        past: tuple[Tensor, Tensor],
        emotion: Tensor,
        rings: tuple[Tensor, Tensor, Tensor, Tensor],
        slot: Tensor,
        rotation: Tensor,
        plan: tuple[Tensor, Tensor],
        noise: tuple[Tensor, Tensor],
        settings: tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor],
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Make the next frame.

        Args:
            frame: [B, O] in model space.
            past: see MotionModel.past_of.
            emotion: what is requested [B, E].
            rings: see MotionModel.stream_step.
            slot: see MotionModel.stream_step.
            rotation: see MotionModel.stream_step.
            plan: the pose meant [B, Z] and the share of its horizon left [B, 1].
            noise: of `sampling.draw`.
            settings: k, emotion_weight, fade, and for each stream movement_weight [B, 1, 1, 1],
                variance_div and temperature [B, 1, 1].

        Returns:
            The next frame [B, O] in model space, the same as keypoints [B, K, D] of a body of
            height 1, the emotion logits [B, E]; of StreamStep: moved, features and here; the
            keypoints before they were put back onto the body [B, K, D], height 1.
        """
        meant, left = plan
        done = self.model.stream_step(
            frame, past, emotion, rings, slot, rotation,
            Plan(meant.unsqueeze(1), left.unsqueeze(1)),
        )  # fmt: skip
        output = done.output
        emotions = output.emotion_logits
        if self.model.tells_components:
            emotions = self.model.emotions_by_component(output, frame, done.shown, done.summary)
        k, emotion_weight, fade, movement_weight, variance_div, temperature = settings
        drawn = self._chosen(output) if self.undrawn else self.frame_sampler(
            output.pi, output.sigma, output.mu, emotions, frame.unsqueeze(1), noise,
            keypoint_dims=self.model.config.keypoint_dims, k=k, emotion_weight=emotion_weight,
            movement_weight=movement_weight, variance_div=variance_div,
            neutral_index=NEUTRAL_INDEX, target=emotion, temperature=temperature,
            unit=self.model.unit,
            expressive=is_expressive(emotion),
        )  # fmt: skip
        if self.model.config.plan:
            drawn = torch.lerp(drawn, self.model.plan_place(drawn) @ self.rise, fade)
        # The bounds of the training motion hold the root, which no bone holds. They must not hide
        # an infinite coordinate: 0 times infinity is no number, and goes on as such.
        mean = torch.add(self.mean, drawn, alpha=0)
        points = torch.clamp(drawn, self.low, self.high) + mean
        loose = points.unflatten(-1, (self.skeleton.size, -1))
        body = self.skeleton.project(loose)
        following, logits = body.flatten(1) - self.mean, output.emotion_logits[:, -1]
        return following, body, logits, done.moved, done.features, done.here, loose

    def _chosen(self, output: MotionOutput) -> Tensor:
        """Return the next frame [B, O] of a loop that draws nothing (ablations)."""
        if not self.model.config.draws:
            return output.logits[:, -1]
        return most_probable(output.pi, output.mu, self.model.config.keypoint_dims)


class LiveStepRunner:
    """Runs a LiveStep on a stream's cache, traced where torch can, and keeps its plan."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        batch_size: int,
        *,
        frame_sampler: FrameSampler = next_frame,
        traced: bool = True,
    ) -> None:
        """Prepare steps of `batch_size` streams; a sampler of somebody else's is never traced."""
        self._model = checkpoint.model
        self._step: Any = LiveStep(checkpoint, frame_sampler).eval()
        config = checkpoint.model.config
        empty = self._model.unit.new_empty
        self._like_mu = empty(batch_size, 1, config.gaussians, config.outputs)
        self._batch_size = batch_size
        self._plans = None
        if config.plan:
            self._plans = PlanStepRunner(checkpoint, batch_size, traced=traced)
        self._sampler: SamplerConfig | None = None
        self._settings: tuple[Tensor, ...] = ()
        self.unprojected: Tensor | None = None
        if traced and frame_sampler is next_frame:
            self._step = as_traced(self._step, self._example())

    def __call__(
        self,
        frame: Tensor,
        emotion: Tensor,
        cache: StreamCache,
        sampler: SamplerConfig,
        random: torch.Generator,
        freedom: Freedom | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Make the next frame; see LiveStep.forward for the three that are returned.

        What the watchdog asks for in `freedom` comes on top of the sampler's settings.
        """
        inputs = self._inputs(frame, emotion, cache, sampler, random, freedom)
        done = self._step(*inputs)
        following, body, logits, cache.last_moved, features, here, self.unprojected = done
        cache.last_frame = frame
        if self._plans is not None:
            seen = PlanSeen(features, here, frame, emotion)
            self._plans(seen, cache, sampler, inputs[-2][0], freedom)
        return following, body, logits

    def _inputs(
        self,
        frame: Tensor,
        emotion: Tensor,
        cache: StreamCache,
        sampler: SamplerConfig,
        random: torch.Generator,
        freedom: Freedom | None = None,
    ) -> tuple[Any, ...]:
        rings = (cache.keys_values, cache.pooled, cache.scores, cache.mask)
        noise = draw(self._like_mu, self._model.config.keypoint_dims, random)
        past = self._model.past_of(cache, frame)
        place = self._model.place_of(cache)
        plan = (cache.plan, cache.plan_left)
        return frame, past, emotion, rings, *place, plan, noise, self._tensors(sampler, freedom)

    def _tensors(self, sampler: SamplerConfig, freedom: Freedom | None) -> tuple[Tensor, ...]:
        """Return the settings in the order of LiveStep; made anew only when they change."""
        if freedom is not None or sampler is not self._sampler:
            new = self._like_mu.new_tensor
            whole = [new(value) for value in (sampler.k, sampler.emotion_weight, sampler.fade)]
            each = [
                np.broadcast_to(value, self._batch_size)
                for value in (sampler.movement_weight, sampler.variance_div, sampler.temperature)
            ]
            if freedom is not None:
                each[0] = each[0] + freedom.movement
                each[1] = each[1] / freedom.spread
                each[2] = each[2] * freedom.temperature
            moving, *others = (new(np.array(values)) for values in each)
            self._settings = (
                *whole, moving.view(-1, 1, 1, 1), *(other.view(-1, 1, 1) for other in others)
            )  # fmt: skip
            self._sampler = sampler if freedom is None else None
        return self._settings

    def _example(self) -> tuple[Any, ...]:
        """Return inputs of a step."""
        frame = self._model.unit.new_zeros(self._batch_size, self._model.config.outputs)
        emotion = frame.new_zeros(self._batch_size, self._model.config.emotions)
        random = torch.Generator(device=frame.device).manual_seed(0)
        cache = self._model.stream(self._batch_size)
        return self._inputs(frame, emotion, cache, SamplerConfig(), random)
