# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""One step of the live loop: the network, the sampler where a target is due, the next body."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn, Tensor

from emotion_motion.checkpoint import Checkpoint, SamplerConfig
from emotion_motion.live.target import FrameSampler, TargetChooser
from emotion_motion.live.tracing import as_traced
from emotion_motion.live.watchdog import Release
from emotion_motion.model.cache import StreamCache
from emotion_motion.model.mixture import Target
from emotion_motion.model.network import StreamInput, StreamStep
from emotion_motion.sampling import sample_dynamic_emotion_individual

__all__ = ['FrameSampler', 'LiveStep', 'NextBody']


class NextBody(NamedTuple):
    """What a step of B streams makes."""

    frame: Tensor  # [B, O] in model space
    body: Tensor  # [B, K, D], the same of a body of height 1
    unprojected: Tensor  # [B, K, D], before it was put back onto the body
    emotion_logits: Tensor  # [B, E], recognised


class _Network(nn.Module):
    """The network on each stream twice, with its emotion and without one; can be traced."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.model = checkpoint.model

    def forward(self, given: StreamInput) -> StreamStep:
        """Return a StreamStep of 2B rows; `given` has B, but for its rings."""

        def twice(part: Tensor) -> Tensor:
            return torch.cat((part, part))

        return self.model.stream_step(
            given._replace(
                frame=twice(given.frame),
                before=twice(given.before),
                moved=twice(given.moved),
                emotion=torch.cat((given.emotion, torch.zeros_like(given.emotion))),
                target=Target(*map(twice, given.target)),
            )
        )


class _Body(nn.Module):
    """From a frame of the model to a body that can be fed back; can be traced."""

    mean: Tensor
    low: Tensor
    high: Tensor
    axes: Tensor

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.model, self.skeleton = checkpoint.model, checkpoint.skeleton
        for name in ('mean', 'low', 'high'):
            values = torch.from_numpy(getattr(checkpoint.normaliser, name))
            self.register_buffer(name, values.to(self.model.unit.device))
        self.register_buffer('axes', self.model.axes())

    def forward(self, frame: Tensor, decay: Tensor, emotion_logits: Tensor) -> NextBody:
        frame = torch.lerp(frame, self.model.in_axes(frame) @ self.axes, decay)
        # The bounds of the training motion hold the root, which no bone holds. They must not hide
        # an infinite coordinate: 0 times infinity is no number, and goes on as such.
        mean = torch.add(self.mean, frame, alpha=0)
        points = torch.clamp(frame, self.low, self.high) + mean
        unprojected = points.unflatten(-1, (self.skeleton.size, -1))
        body = self.skeleton.project(unprojected)
        return NextBody(body.flatten(1) - self.mean, body, unprojected, emotion_logits)


class LiveStep:
    """Makes the next body of B streams, traced where torch can."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        batch_size: int,
        *,
        frame_sampler: FrameSampler = sample_dynamic_emotion_individual,
        traced: bool = True,
    ) -> None:
        """Prepare steps of `batch_size` streams."""
        self._model, self._batch_size = checkpoint.model, batch_size
        self._network: Any = _Network(checkpoint).eval()
        self._body: Any = _Body(checkpoint).eval()
        self.chooser = TargetChooser(checkpoint, batch_size, frame_sampler, traced=traced)
        self.reset()
        if traced:
            frame = self._model.unit.new_zeros(batch_size, self._model.config.outputs)
            emotion = frame.new_zeros(batch_size, self._model.config.emotions)
            of = checkpoint.constants
            self._network = as_traced(self._network, (self._input(frame, emotion),), of)
            self._body = as_traced(self._body, (frame, frame.new_zeros(()), emotion), of)
            self.reset()

    def reset(self) -> None:
        """Forget every frame and target."""
        self._cache: StreamCache = self._model.stream(2 * self._batch_size)
        self.chooser.reset()

    def __call__(
        self,
        frame: Tensor,
        emotion: Tensor,
        sampler: SamplerConfig,
        random: torch.Generator,
        release: Release | None = None,
    ) -> NextBody:
        """Make the next body.

        Args:
            frame: the last one [B, O] in model space.
            emotion: what is requested [B, E].
            sampler: the settings.
            random: one number is drawn a frame, which all others hang on: so the numbers of a
                stream do not hang on when the targets of the streams beside it are due.
            release: what the watchdog adds to the settings.
        """
        size = self._batch_size
        step = self._network(self._input(frame, emotion))
        self._cache.remember(frame, step.moved[:size])
        seed = int(torch.randint(2**62, (), generator=random, device=random.device))
        drawn = self.chooser(step, frame, emotion, sampler, seed, release)
        following = step.logits[:size, 0]
        if self._model.config.horizon == 1 and drawn is not None:  # the first published form
            following = drawn
        decay = frame.new_tensor(sampler.decay)
        return self._body(following, decay, step.emotion_logits[:size, -1])

    def _input(self, frame: Tensor, emotion: Tensor) -> StreamInput:
        return self._model.stream_input(frame, emotion, self.chooser.target, self._cache)
