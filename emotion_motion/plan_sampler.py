# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The emotion-aware choice of a plan: of several that are drawn, one that shows the emotion."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from emotion_motion.emotion import NEUTRAL_INDEX
from emotion_motion.model import MotionModel
from emotion_motion.plan import draw_plan, PlanMixture, sample_plan
from emotion_motion.plan_leash import PlanLeash
from emotion_motion.sampler_config import SamplerConfig
from emotion_motion.sampling import emotion_term, is_expressive

__all__ = ['PlanNoise', 'PlanSampler']

CANDIDATES = 16
# A plan is chosen once where keypoints choose seven times, and all of the body hangs on it: its
# emotion counts this much more. A temperature below 1 keeps plans near to what is likely; at 0.5
# the neutral motion of the packaged model stood for 23 s in ten minutes, at 0.8 for 8 s.
PLAN_EMOTION, PLAN_TEMPERATURE = 6.0, 0.8


class PlanNoise(NamedTuple):
    """What a plan for each of B streams needs at random; N candidates, P components."""

    component: Tensor  # [B, N, P], Exponential(1), chooses the component of each candidate
    normal: Tensor  # [B, N, Z], standard normal, its place
    candidate: Tensor  # [B, N], Exponential(1), chooses the candidate


class PlanSampler:
    """Draws plans [B, Z] for a model's live streams.

    `CANDIDATES` plans are drawn from the mixture at PLAN_TEMPERATURE and moved on by plan_gain,
    those that leave the poses that the model knows are drawn back (`plan_leash`), and one of them
    is chosen by
    softmax(PLAN_EMOTION * emotion_weight * emotion). The emotion is that of the frame sampler: the
    requested emotion's logit, taken down by the neutral one where something else than neutral is
    asked for. The logits are those of the emotion head if the window showed nothing but the way
    there: the pose meant, and the speed of each keypoint that leads to it.
    """

    def __init__(self, model: MotionModel) -> None:
        """Take the model's own plan head, emotion head and principal components."""
        self._model = model
        # From principal components back to frames over pose_std.
        self._rise = model.plan_rise() / model.pose_std  # [Z, O]
        self._leash = PlanLeash(model)

    def draw(self, batch_size: int, random: torch.Generator) -> PlanNoise:
        """Draw what one plan a stream needs at random."""
        config, empty = self._model.config, self._model.unit.new_empty
        like = empty(batch_size * CANDIDATES, config.plan_gaussians, config.plan_size)
        race = empty(batch_size, CANDIDATES).exponential_(generator=random)
        component, normal = draw_plan(like, random)
        return PlanNoise(
            component.unflatten(0, race.shape), normal.unflatten(0, race.shape), race
        )

    def __call__(
        self,
        mixture: PlanMixture,
        frame: Tensor,
        emotion: Tensor,
        sampler: SamplerConfig,
        noise: PlanNoise,
        warmth: float | Tensor = 1.0,
    ) -> Tensor:
        """Choose a plan.

        Args:
            mixture: what the plan head says, T = 1.
            frame: where the body is [B, O], in model space.
            emotion: what is requested [B, E].
            sampler: its temperature, emotion_weight, plan_gain and leash.
            noise: of `draw`.
            warmth: multiplies the temperature, a number or [B, 1]; what it has above 1 is the
                least temperature of plans, however cold the sampler is set.

        Returns:
            [B, Z].
        """
        many = PlanMixture(*(part.repeat_interleave(CANDIDATES, dim=0) for part in mixture))
        usual = PLAN_TEMPERATURE * sampler.temperature
        temperature: float | Tensor
        if isinstance(warmth, Tensor):  # twice a cold temperature is cold, and frees nobody
            temperature = torch.maximum(warmth * usual, PLAN_TEMPERATURE * (warmth - 1.0))
            temperature = temperature.repeat_interleave(CANDIDATES, dim=0)
        else:
            temperature = warmth * usual
        drawn = (noise.component.flatten(0, 1), noise.normal.flatten(0, 1))
        plans = sample_plan(many, drawn, temperature).unflatten(0, (-1, CANDIDATES))  # [B, N, Z]
        # A body lags behind its plan, and would move less than it means to.
        here = self._model.plan_place(frame).unsqueeze(1)
        plans = here + sampler.plan_gain * (plans - here)
        plans = self._leash(plans, emotion, sampler.leash)
        score = -noise.candidate.log()
        if not self._model.config.emotion_reads_features:  # else nobody can tell
            weight = PLAN_EMOTION * sampler.emotion_weight
            score = score + weight * self._emotion(plans, frame, emotion)
        chosen = score.argmax(dim=-1)  # [B]
        return plans[torch.arange(len(plans), device=plans.device), chosen]

    def _emotion(self, plans: Tensor, frame: Tensor, emotion: Tensor) -> Tensor:
        """Return the emotion term [B, N] of plans [B, N, Z]."""
        logits = self._model.emotion_fc2(self._shown(plans, frame))  # [B, N, E]
        return emotion_term(
            logits, target=emotion, neutral_index=NEUTRAL_INDEX, expressive=is_expressive(emotion)
        )

    def _shown(self, plans: Tensor, frame: Tensor) -> Tensor:
        """Return what the emotion head would see on the way to plans [B, N, Z]: [B, N, dim]."""
        model, config = self._model, self._model.config
        way = (plans - model.plan_place(frame).unsqueeze(1)) @ self._rise  # over pose_std
        places = (frame / model.pose_std).unsqueeze(1) + way
        if not config.pool_speeds:
            return places
        moved = way * (model.pose_std / model.unit) / config.plan_horizon
        speeds = moved.unflatten(-1, (config.keypoints, -1)).norm(dim=-1)
        return torch.cat((places, speeds), dim=-1)
