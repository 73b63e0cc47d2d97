# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Plans of live streams: moved on with every frame, drawn anew where they are due."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn, Tensor

from emotion_motion.checkpoint import Checkpoint, SamplerConfig
from emotion_motion.emotion import NEUTRAL_INDEX
from emotion_motion.model import MotionModel, StreamCache
from emotion_motion.plan_sampler import PlanNoise, PlanSampler, PlanSettings
from emotion_motion.tracing import as_traced
from emotion_motion.watchdog import Freedom

__all__ = ['PlanSeen', 'PlanStep', 'PlanStepRunner', 'seeded_by']

# A weight that changes by more than this in one frame asks for a new plan; fading does not.
_NEW_EMOTION = 0.1
_NEWS_S = 1.5  # a new emotion is to be seen by then


class PlanSeen(NamedTuple):
    """What a plan is drawn from."""

    features: Tensor  # of StreamStep [B, 1, C]
    here: Tensor  # of StreamStep [B, 1, Z], where the body is
    frame: Tensor  # the same in model space [B, O]
    emotion: Tensor  # what is requested [B, E]


class PlanStep(nn.Module):
    """A new plan of every stream, as one function of tensors that can be traced."""

    def __init__(self, model: MotionModel, plans: PlanSampler) -> None:
        """Take a model and the sampler of its plans."""
        super().__init__()
        self.head, self.plans = model.plan_head, plans

    def forward(
        self,
        seen: tuple[Tensor, Tensor, Tensor, Tensor],
        settings: tuple[Tensor, Tensor, Tensor, Tensor],
        noise: tuple[Tensor, Tensor, Tensor],
        warmth: Tensor,
        news: Tensor,
    ) -> Tensor:
        """Return plans [B, Z].

        Args:
            seen: PlanSeen.
            settings: PlanSettings.
            noise: PlanNoise.
            warmth: see PlanSampler [B, 1].
            news: see PlanSampler [B, 1].
        """
        features, here, frame, emotion = seen
        return self.plans(
            self.head(features, here), frame, emotion, PlanSettings(*settings),
            PlanNoise(*noise), warmth, news,
        )  # fmt: skip


class PlanStepRunner:
    """Keeps the plans of streams in their cache; runs a PlanStep where one is due."""

    def __init__(self, checkpoint: Checkpoint, batch_size: int, *, traced: bool = True) -> None:
        """Prepare plans of `batch_size` streams of a model that has plans."""
        model, config = checkpoint.model, checkpoint.model.config
        self._batch_size, self._horizon = batch_size, config.plan_horizon
        # The margin lies half a frame off the exact share, where rounding cannot reach.
        self._kept = 1.0 - (config.plan_every - 0.5) / config.plan_horizon
        self._aging = 1.0 / (_NEWS_S * checkpoint.rate_hz)
        self._sampler: SamplerConfig | None = None
        self._settings: PlanSettings
        self._calm = model.unit.new_ones(batch_size, 1)
        self._random = torch.Generator(device=model.unit.device)
        self._plans = PlanSampler(model)
        self._step: Any = PlanStep(model, self._plans).eval()
        if traced:
            self._step = as_traced(self._step, self._example(model))

    def __call__(
        self,
        seen: PlanSeen,
        cache: StreamCache,
        sampler: SamplerConfig,
        noise: Tensor,
        freedom: Freedom | None = None,
    ) -> None:
        """Move the plans on by one frame; draw where one has run its time or emotion is new.

        Args:
            seen: what a new plan is drawn from.
            cache: whose plan, plan_left, news and last_emotion are changed.
            sampler: the settings.
            noise: random numbers of the frame, which those of a plan hang on, see `seeded_by`.
            freedom: what the watchdog asks for.
        """
        cache.plan_left = cache.plan_left - 1.0 / self._horizon
        due = cache.plan_left < self._kept
        emotion = seen.emotion
        if cache.last_emotion is None or not torch.equal(emotion, cache.last_emotion):
            before = emotion if cache.last_emotion is None else cache.last_emotion
            new = (emotion - before).abs().amax(-1, keepdim=True) > _NEW_EMOTION
            due = due | new
            cache.news = torch.where(new, 1.0, cache.news)
            cache.last_emotion = emotion.clone()
        warmth = self._calm
        if freedom is not None:
            due = due | torch.from_numpy(freedom.new_plan).to(due.device).unsqueeze(-1)
            warmth = self._calm.new_tensor(freedom.temperature).unsqueeze(-1)
        # For all streams where it is for any: of some, the last bit would depend on how many.
        if bool(due.any()):
            drawn = self._plans.draw(self._batch_size, seeded_by(noise, self._random))
            fresh = self._step(
                tuple(seen), tuple(self._tensors(sampler)), tuple(drawn), warmth, cache.news
            )
            cache.plan = torch.where(due, fresh, cache.plan)
            cache.plan_left = torch.where(due, 1.0, cache.plan_left)
        cache.news = (cache.news - self._aging).clamp_min(0.0)

    def _tensors(self, sampler: SamplerConfig) -> PlanSettings:
        """Return the settings of plans; made anew only when they change."""
        if sampler is not self._sampler:
            self._sampler = sampler
            self._settings = PlanSettings(*(
                self._calm.new_tensor(getattr(sampler, name)) for name in PlanSettings._fields
            ))  # fmt: skip
        return self._settings

    def _example(self, model: MotionModel) -> tuple[Any, ...]:
        """Return inputs of a step."""
        config, many = model.config, self._batch_size
        zeros = self._calm.new_zeros
        emotion = zeros(many, config.emotions)
        emotion[:, NEUTRAL_INDEX] = 1.0
        seen = (
            zeros(many, 1, config.channels), zeros(many, 1, config.plan_size),
            zeros(many, config.outputs), emotion,
        )  # fmt: skip
        drawn = self._plans.draw(many, self._random.manual_seed(0))
        settings = tuple(self._tensors(SamplerConfig()))
        return seen, settings, tuple(drawn), self._calm, zeros(many, 1)


def seeded_by(noise: Tensor, random: torch.Generator) -> torch.Generator:
    """Return `random`, seeded with a frame's own random numbers, float32 and none negative.

    So a plan's numbers are drawn only where one is due, and still the numbers of a stream do not
    hang on when the plans of the streams beside it are.
    """
    return random.manual_seed(int(noise.flatten()[0].view(torch.int32)))
