# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The plain way to make the next frame, with the weights of a MotionModel: the yardstick.

As the first published form does it: the whole window is computed anew for every frame, attention
heads run one by one, and the sampler walks over coordinates with a Categorical and a Normal each.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import Categorical, Normal

from emotion_motion.checkpoint import SamplerConfig
from emotion_motion.generator import MotionGenerator
from emotion_motion.model import MotionModel, MotionOutput
from emotion_motion.plan import Plan

__all__ = ['PlainLoop']


class PlainLoop:
    """One stream: a list of frames that grows to the window and then slides."""

    def __init__(self, generator: MotionGenerator) -> None:
        """Borrow model, body and settings of a generator of one stream."""
        self._generator = generator
        self._model: MotionModel = generator._model
        self._sampler: SamplerConfig = generator.sampler
        self._frames = [generator._frame[0]]
        normaliser = generator._checkpoint.normaliser
        self._mean, self._low, self._high = map(
            torch.from_numpy, (normaliser.mean, normaliser.low, normaliser.high)
        )

    @torch.inference_mode()
    def step(self) -> Tensor:
        """Return the next frame's keypoints [K, 3] of a body of height 1."""
        frames = torch.stack(self._frames[-self._model.config.window :])
        emotion = self._generator._emotion[0].expand(len(frames), -1)
        output = self.forward(frames[None], emotion[None])
        frame = self.sample(output, frames)
        points = torch.clamp(frame, self._low, self._high) + self._mean
        body = self._generator.skeleton.project(points.view(-1, 3))
        self._frames.append(body.flatten() - self._mean)
        del self._frames[: -self._model.config.window]
        return body

    def forward(self, frames: Tensor, emotions: Tensor) -> MotionOutput:
        """Run the whole window; the same numbers as MotionModel.forward."""
        model = self._model
        before = torch.cat((frames[:, :1], frames[:, :-1]), dim=1)
        moved = model._moved(frames, before)
        bent = moved - torch.cat((moved[:, :1], moved[:, :-1]), dim=1)
        here = model.plan_place(frames)
        nowhere = torch.zeros(*frames.shape[:2], model.config.plan_size + 1)
        plan = Plan(nowhere[..., :-1], nowhere[..., -1:])
        x = model._tokens(frames, moved, bent, emotions, plan, here)
        for block in model.blocks:
            x = block.join(x, *self._attention(block, x))
        x = model.norm(x)
        logits = frames + model.unit * model._displacement(x, moved, bent)
        pooled = model.pooling.windowed(model._shown(logits, frames), model.config.window)
        return model._mixture(x, logits, model.emotion_fc2(pooled))

    def _attention(self, block: torch.nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
        """Attend head by head, [B, H, T, C/H]; also the block's hidden layer."""
        length = x.shape[1]
        rotation = self._model.rotary[:, :length]
        projected, wide = block.project(x, rotation)
        q, k, v = projected.chunk(3, dim=1)
        hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
        heads = []
        for head in range(q.shape[1]):
            scores = q[:, head] @ k[:, head].transpose(-2, -1) / math.sqrt(q.shape[-1])
            heads.append(scores.masked_fill(hidden, -math.inf).softmax(dim=-1) @ v[:, head])
        return torch.stack(heads, dim=1), wide

    def sample(self, output: MotionOutput, frames: Tensor) -> Tensor:
        """Draw the next frame [O], coordinate by coordinate."""
        s, dims = self._sampler, self._model.config.keypoint_dims
        pi, sigma, mu = output.pi[0, -1], output.sigma[0, -1], output.mu[0, -1]
        unit = self._model.unit
        logits = output.emotion_logits[0, -1]
        emotion = logits.max() * (1.0 - logits[4])
        frame = torch.empty_like(mu[0])
        for o in range(mu.shape[-1]):
            movement = ((mu[:, o] - frames[-1, o]) / unit[o]).abs()
            spread = sigma[:, o] / unit[o]
            score = s.movement_weight * movement - s.k * spread + s.emotion_weight * emotion
            weights = pi[:, o // dims] if pi.dim() == 2 else pi
            chosen = Categorical(logits=score + weights.log()).sample()
            frame[o] = Normal(mu[chosen, o], sigma[chosen, o] / s.variance_div).sample()
        return frame
