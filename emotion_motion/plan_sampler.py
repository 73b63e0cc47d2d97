# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The emotion-aware choice of a plan: of several that are drawn, one that shows the emotion."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from emotion_motion.emotion import NEUTRAL_INDEX
from emotion_motion.model import MotionModel
from emotion_motion.plan import PlanAhead, sample_plan
from emotion_motion.plan_leash import PlanLeash
from emotion_motion.sampler_config import SamplerConfig
from emotion_motion.sampling import emotion_term, is_expressive

__all__ = ['PlanNoise', 'PlanSampler', 'PlanSettings']

CANDIDATES = 16
# A plan is chosen once where keypoints choose ten times, and all of the body hangs on it: its
# emotion counts this much more (docs/live_loop.md).
PLAN_EMOTION = 24.0
# A new emotion weighs so many times more at first, and plans go so much further: what a judge
# believes after 1.5 s it believed after 2.1 s without.
NEWS_EMOTION, NEWS_GAIN = 12.0, 0.6
_LEAST_SPREAD = 1e-9  # of the candidates' speeds, squared


class PlanNoise(NamedTuple):
    """What a plan for each of B streams needs at random; N candidates."""

    pose: Tensor  # [B, N], uniform, chooses the known pose of each candidate
    normal: Tensor  # [B, N, Z], standard normal, where around it
    candidate: Tensor  # [B, N], Exponential(1), chooses the candidate


class PlanSettings(NamedTuple):
    """What of a SamplerConfig plans hang on, each a tensor []."""

    plan_temperature: Tensor
    emotion_weight: Tensor
    plan_gain: Tensor
    leash: Tensor


class PlanSampler:
    """Draws plans [B, Z] for a model's live streams.

    `CANDIDATES` plans are drawn at plan_temperature and moved on by plan_gain,
    those that leave the poses that the model knows are drawn back (`plan_leash`), and one of them
    is chosen by softmax(PLAN_EMOTION * emotion_weight * emotion).

    The emotion is that of the frame sampler: the requested emotion's logit, taken down by the
    neutral one where something else than neutral is asked for. The logits are those of the emotion
    head if the window showed nothing but the way there: the pose meant, and the speed of each
    keypoint that leads to it. What of it goes along with speed among the candidates (a straight
    line by least squares) does not count: the emotion says where the body goes, and the model how
    fast. Else fear and neutral, which are read from stillness, would stand.
    """

    def __init__(self, model: MotionModel) -> None:
        """Take the model's own plan head, emotion head and principal components."""
        self._model = model
        # From principal components back to frames over pose_std.
        self._rise = model.plan_rise() / model.pose_std  # [Z, O]
        self._leash, self._poses = PlanLeash(model), model.plan_poses()

    def draw(self, batch_size: int, random: torch.Generator) -> PlanNoise:
        """Draw what one plan a stream needs at random."""
        many, empty = (batch_size, CANDIDATES), self._model.unit.new_empty
        return PlanNoise(
            empty(many).uniform_(generator=random),
            empty(*many, self._model.config.plan_size).normal_(generator=random),
            empty(many).exponential_(generator=random),
        )

    def __call__(
        self,
        ahead: PlanAhead,
        frame: Tensor,
        emotion: Tensor,
        sampler: SamplerConfig | PlanSettings,
        noise: PlanNoise,
        warmth: float | Tensor = 1.0,
        news: float | Tensor = 0.0,
    ) -> Tensor:
        """Choose a plan.

        Args:
            ahead: what the plan head says, T = 1.
            frame: where the body is [B, O], in model space.
            emotion: what is requested [B, E].
            sampler: its plan_temperature, emotion_weight, plan_gain and leash.
            noise: of `draw`.
            warmth: multiplies the temperature, a number or [B, 1]; what it has above 1 is the
                least temperature of plans, however cold the sampler is set.
            news: how new what is requested is, 0 to 1, a number or [B, 1]: a new emotion weighs
                more and is gone to faster, so that it is seen soon.

        Returns:
            [B, Z].
        """
        warmth, news = (torch.as_tensor(part, device=frame.device) for part in (warmth, news))
        # Twice a cold temperature is cold, and frees nobody.
        temperature = torch.maximum(warmth * sampler.plan_temperature, warmth - 1.0)
        plans = self._drawn(ahead, noise, temperature)  # [B, N, Z]
        # A body lags behind its plan, and would move less than it means to.
        here = ahead.here
        gain = sampler.plan_gain + NEWS_GAIN * news
        plans = here + gain.unsqueeze(-1) * (plans - here)
        plans = self._leash(plans, emotion, sampler.leash)
        score = -noise.candidate.log()
        if not self._model.config.emotion_reads_features:  # else nobody can tell
            weight = PLAN_EMOTION * sampler.emotion_weight * (1.0 + NEWS_EMOTION * news)
            score = score + weight * self._emotion(plans, here, frame, emotion)
        chosen = score.argmax(dim=-1).view(-1, 1, 1)
        return plans.gather(1, chosen.expand(-1, -1, plans.shape[-1])).squeeze(1)

    def _drawn(self, ahead: PlanAhead, noise: PlanNoise, temperature: float | Tensor) -> Tensor:
        """Draw plans [B, N, Z] as the model means them."""
        drawn = (noise.pose, noise.normal)
        return sample_plan(self._model.plan_head, ahead, self._poses, drawn, temperature)

    def _emotion(self, plans: Tensor, here: Tensor, frame: Tensor, emotion: Tensor) -> Tensor:
        """Return the emotion term [B, N] of plans [B, N, Z], less what goes along with speed.

        The body is at `here` [B, 1, Z], which is `frame` [B, O].
        """
        places, speeds = self._shown(plans, here, frame)
        pooled = self._model.config.pool_speeds
        shown = torch.cat((places, speeds), dim=-1) if pooled else places
        term = emotion_term(
            self._model.emotion_fc2(shown), target=emotion, neutral_index=NEUTRAL_INDEX,
            expressive=is_expressive(emotion),
        )  # fmt: skip
        speed = speeds.mean(dim=-1)
        speed = speed - speed.mean(dim=-1, keepdim=True)
        slope = (term * speed).sum(dim=-1, keepdim=True) / (
            speed.square().sum(dim=-1, keepdim=True).clamp_min(_LEAST_SPREAD)
        )
        return term - slope * speed

    def _shown(self, plans: Tensor, here: Tensor, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is seen on the way to plans [B, N, Z].

        Returns:
            Places over pose_std [B, N, O] and the keypoints' speeds in units a frame [B, N, K].
        """
        model, config = self._model, self._model.config
        way = (plans - here) @ self._rise  # over pose_std
        moved = way * (model.pose_std / model.unit) / config.plan_horizon
        speeds = moved.unflatten(-1, (config.keypoints, -1)).norm(dim=-1)
        return (frame / model.pose_std).unsqueeze(1) + way, speeds
