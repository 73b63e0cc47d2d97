# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The plain way to make the next frame, with the weights of a MotionModel: the yardstick.

As the first published form does it: the whole window is computed anew for every frame, with the
emotion and without; attention heads run one by one; and the sampler walks over components and
keypoints, with a Categorical and a Normal each. Keypoints share no random number here, so a body
comes out more torn than that of the live loop; what counts is the time.
"""

from __future__ import annotations

import copy
import functools
import math

import torch
from torch import nn, Tensor
from torch.distributions import Categorical, Normal

from emotion_motion.emotion import NEUTRAL_INDEX
from emotion_motion.generator import MotionGenerator
from emotion_motion.live.target import _without_speed, COMPONENTS, limbs_of, pose_metric
from emotion_motion.model.mixture import Mixture, Target
from emotion_motion.model.network import StreamStep
from emotion_motion.sampling import is_expressive

__all__ = ['PlainLoop']


class PlainLoop:
    """One stream: a list of frames that grows to the window and then slides."""

    def __init__(self, generator: MotionGenerator) -> None:
        """Borrow model, body and settings of a generator of one stream."""
        self._generator, self._sampler = generator, generator.sampler
        self._model = copy.deepcopy(generator._model)
        for block in self._model.blocks:
            block.forward = functools.partial(_head_by_head, block)
        normaliser, model = generator._checkpoint.normaliser, self._model
        self._mean, self._low, self._high = map(
            torch.from_numpy, (normaliser.mean, normaliser.low, normaliser.high)
        )
        self._axes, self._metric = model.axes(), pose_metric(model)
        self._unit = (model.mdn.horizon_unit.square() @ self._axes.square()).sqrt().view(-1, 3)
        self._limbs = limbs_of(generator.skeleton)
        self._place, self._left = torch.zeros(model.config.pose_axes), 0.0
        self._past: list[tuple[Tensor, Tensor, float]] = []  # frame, place and time of its target
        self._frame, self._steps = generator._frame[0], 0

    @torch.inference_mode()
    def step(self) -> Tensor:
        """Return the next frame's keypoints [K, 3] of a body of height 1."""
        config = self._model.config
        self._past = [*self._past, (self._frame, self._place, self._left)][-config.window :]
        frames, places, left = zip(*self._past, strict=True)
        target = Target(torch.stack(places)[None], torch.tensor(left).view(1, -1, 1))
        window, emotion = torch.stack(frames)[None], self._generator._emotion
        step, untold = (
            self._model.whole(window, part, target) for part in (emotion, 0.0 * emotion)
        )
        following = step.logits[0, -1]
        self._left = max(self._left - 1.0 / config.horizon, 0.0)
        if self._steps % config.target_every == 0:
            drawn = self.sample(step, untold)
            self._place = self._model.in_axes(self._body(drawn).flatten() - self._mean)
            self._left = 1.0 - 1.0 / config.horizon
            following = drawn if config.horizon == 1 else following
        self._steps += 1
        known = self._model.in_axes(following) @ self._axes
        frame = following + self._sampler.decay * (known - following)
        body = self._body(torch.clamp(frame, self._low, self._high))
        self._frame = body.flatten() - self._mean
        return body

    def sample(self, step: StreamStep, untold: StreamStep) -> Tensor:
        """Draw the pose ahead [O], component by component and keypoint by keypoint."""
        s, logits, frame = self._sampler, step.logits[0, -1], self._frame
        asked = self._generator._emotion[0]
        mixture, without = (
            self._model.mdn(part.features[:, -1:], part.pose[:, -1:]) for part in (step, untold)
        )
        log_pi = mixture.log_pi + s.guidance * (mixture.log_pi - without.log_pi)
        components = [self._component(log_pi[0, 0], mixture, logits) for _ in range(COMPONENTS)]
        mu, sigma, emotions, speed = (torch.stack(part) for part in zip(*components, strict=True))
        emotions = _without_speed(emotions[None], speed[None])[0]  # [N, K, E]
        scores = torch.empty(emotions.shape[:2])
        for g in range(len(scores)):
            for k, unit in enumerate(self._unit):
                movement = ((mu[g, k] - frame.view(-1, 3)[k]) / unit).norm()
                shown = asked @ emotions[g, k]
                if is_expressive(asked):
                    shown = shown * (1.0 - emotions[g, k, NEUTRAL_INDEX])
                scores[g, k] = (
                    s.movement_weight * movement
                    - s.k * (sigma[g, k] / unit).norm()
                    + s.emotion_weight * shown
                )
        drawn = torch.empty_like(mu[0])
        for k, limb in enumerate(self._limbs):
            members = [j for j, other in enumerate(self._limbs) if other == limb]
            wanted = scores[:, members].mean(dim=1) / s.temperature
            g = Categorical(logits=wanted).sample()
            spread = sigma[g, k] / s.variance_div * math.sqrt(s.temperature)
            drawn[k] = Normal(mu[g, k], spread).sample()
        return drawn.flatten()

    def _component(
        self, log_pi: Tensor, mixture: Mixture, logits: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Draw a component: mean and spread [K, D], what it shows [K, E], its speed []."""
        s, model, mdn, frame = self._sampler, self._model, self._model.mdn, self._frame
        here = mixture.pose[0, 0]
        chosen = Categorical(logits=log_pi / s.mixture_temperature).sample()
        mean, sigma = (x[0, 0, 0] for x in mdn.components(mixture, chosen.view(1, 1, 1)))
        place = Normal(mean, sigma * math.sqrt(s.mixture_temperature)).sample()
        place = here + s.target_gain * (place - here)
        far, nearest = ((place - mdn.anchors) @ self._metric).norm(dim=-1).min(dim=0)
        excess = far / (s.pose_radius * mdn.radius) if s.pose_radius else 0.0
        if excess > 1.0:
            place = mdn.anchors[nearest] + (place - mdn.anchors[nearest]) / excess
        mu, spread = (x[0] for x in model.in_frames(place[None], sigma[None], logits, self._axes))
        whole = model.shown(mu, frame, model.config.horizon)
        emotions = model.emotion_fc2(whole).repeat(len(self._limbs), 1)
        stays = model.shown(frame, frame)
        for limb in range(1, max(self._limbs) + 1):
            members = torch.tensor([other == limb for other in self._limbs])
            alone = torch.where(torch.cat((members.repeat_interleave(3), members)), whole, stays)
            gain = model.emotion_fc2(alone) - model.emotion_fc2(stays)
            emotions[members] += s.individual * gain
        speed = whole[model.config.outputs :].mean()
        return mu.view(-1, 3), spread.view(-1, 3), emotions, speed

    def _body(self, frame: Tensor) -> Tensor:
        """Put a frame [O] in model space onto the body, [K, 3]."""
        return self._generator.skeleton.project((frame + self._mean).view(-1, 3))


def _head_by_head(block: nn.Module, x: Tensor, rotation: Tensor, band: Tensor) -> Tensor:
    """Run a block of the transformer on x [B, T, C], one attention head after the other."""
    projected, hidden = block.project(x, rotation)
    q, k, v = projected.chunk(3, dim=1)
    heads = []
    for head in range(q.shape[1]):
        scores = q[:, head] @ k[:, head].mT / math.sqrt(q.shape[-1])
        heads.append(scores.masked_fill(~band, -math.inf).softmax(dim=-1) @ v[:, head])
    return block.join(x, torch.stack(heads, dim=1), hidden)
