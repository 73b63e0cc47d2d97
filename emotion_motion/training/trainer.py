# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A plain trainer: noised windows of clips in, a checkpoint out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import copy
from dataclasses import asdict, dataclass
import math
import sys
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emotion_motion.checkpoint import Checkpoint, Normaliser, SamplerConfig
from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.model import MotionModel, MotionModelConfig
from emotion_motion.plan import plan_nll
from emotion_motion.skeleton import load_skeleton, Skeleton
from emotion_motion.training.clip import Clip
from emotion_motion.training.dataset import ClipDataset
from emotion_motion.training.losses import emotion_targets, LossParts, mdn_weight, motion_loss
from emotion_motion.training.plans import plan_basis, plans_of

__all__ = ['TrainingConfig', 'Trainer', 'normaliser_of']


@dataclass(frozen=True)
class TrainingConfig:
    """How to train; the defaults make the packaged model.

    Attributes:
        steps: optimiser steps.
        batch_size: windows a step.
        length: frames of a window that are predicted.
        learning_rate: the highest one, after the warm-up; it falls along a cosine.
        weight_decay: of AdamW.
        gradient_clip: largest norm of the gradient.
        ema: decay of the running average of the weights, which is what is kept.
        drift: smallest and largest standard deviation of the slow input noise, in displacement
            units; one is drawn a window, evenly on a logarithmic scale.
        drift_memory: how much of the drift is left a frame later; the target keeps as much of it.
        white: the same of the fast input noise. Most windows have little noise: a gesture begins
            with a movement far smaller than the unit, and must not drown.
        drop_emotion: share of windows without a condition.
        wrong_emotion: share of windows with a wrong condition; they teach the emotion head only.
        emotion_weight: weight of the emotion loss.
        seed: of weights, windows and noise.
    """

    steps: int = 3600
    batch_size: int = 40
    length: int = 96
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    ema: float = 0.998
    drift: tuple[float, float] = (0.02, 2.0)
    drift_memory: float = 0.9
    white: tuple[float, float] = (0.002, 0.15)
    drop_emotion: float = 0.1
    wrong_emotion: float = 0.15
    emotion_weight: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is impossible."""
        for name in ('steps', 'batch_size', 'length', 'seed'):
            self._expect(name, lambda x: isinstance(x, int), 'a whole number')
        for name in ('steps', 'batch_size', 'length', 'learning_rate', 'gradient_clip'):
            self._expect(name, lambda x: 0.0 < x < math.inf, 'a number above 0')
        for name in ('ema', 'drift_memory', 'drop_emotion', 'wrong_emotion'):
            self._expect(name, lambda x: 0.0 <= x < 1.0, '0 or more, below 1')
        for name in ('drift', 'white'):
            self._expect(name, _is_bounds, 'two numbers, 0 < smallest <= largest')
        for name in ('weight_decay', 'emotion_weight', 'seed'):
            self._expect(name, lambda x: 0.0 <= x < math.inf, '0 or more')
        if self.drop_emotion + self.wrong_emotion > 1.0:
            raise ConfigError(
                f'got drop_emotion + wrong_emotion = {self.drop_emotion + self.wrong_emotion}; '
                f'expected at most 1'
            )

    def _expect(self, name: str, valid: Callable[[Any], bool], wanted: str) -> None:
        value = getattr(self, name)
        try:
            good = not isinstance(value, bool) and valid(value)
        except (TypeError, ValueError):
            good = False
        if not good:
            raise ConfigError(f'got {name} = {value!r}; expected {wanted}')


class Trainer:
    """Trains one MotionModel on clips; `run` returns the checkpoint."""

    def __init__(
        self,
        clips: Sequence[Clip],
        config: TrainingConfig | None = None,
        model_config: MotionModelConfig | None = None,
        *,
        skeleton: Skeleton | None = None,
        start: Checkpoint | None = None,
        device: str = 'cpu',
        report: Callable[[str], None] | None = None,
    ) -> None:
        """Prepare the data, the model and the optimiser.

        Args:
            clips: motion of one rate on one skeleton.
            config: how to train.
            model_config: sizes of the model.
            skeleton: the body; None: body_25.
            start: go on from this model, with its sizes and normaliser; None: begin anew.
            device: a torch device.
            report: takes a line of progress; None prints it on standard error.

        Raises:
            TrainingError: there is no clip long enough, or the rates differ.
        """
        self.config = config or TrainingConfig()
        self.skeleton = skeleton or load_skeleton()
        self._report = report or (lambda line: print(line, file=sys.stderr, flush=True))
        self._clips = list(clips)
        self._data = ClipDataset(self._clips, self.skeleton)
        if start is not None:
            model_config = start.model.config
        model_config = model_config or MotionModelConfig()
        # A frame to predict after the last one, and the pose that is planned from there.
        self._frames = self.config.length + 1 + model_config.plan_horizon
        longest = max(len(clip) for clip in self._clips)
        if longest < self._frames:
            raise TrainingError(
                f'got clips of at most {longest} frames; windows of length = {self.config.length} '
                f'need {self._frames}: give longer clips or a smaller length'
            )
        self.rate_hz = self._data.rate_hz
        self._normaliser = start.normaliser if start else normaliser_of(self._clips)
        self._device = torch.device(device)
        self._random = torch.Generator().manual_seed(self.config.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed)
            model = MotionModel(model_config)
        model.pose_std.copy_(torch.from_numpy(self._normaliser.pose_std))
        model.unit.copy_(torch.from_numpy(self._normaliser.unit))
        model.plan_basis.copy_(torch.from_numpy(self._plan_basis(model_config.plan_size)))
        if start is not None:
            model.load_state_dict(start.model.state_dict())
        self.model = model.to(self._device)
        self._average = copy.deepcopy(self.model).requires_grad_(False)
        self._mean = torch.from_numpy(self._normaliser.mean).to(self._device)
        self._optimiser = torch.optim.AdamW(
            self.model.parameters(),
            lr=self.config.learning_rate,
            weight_decay=self.config.weight_decay,
            betas=(0.9, 0.98),
        )

    def run(
        self,
        *,
        report_every: int = 50,
        save: Callable[[Checkpoint], object] | None = None,
        save_every: int = 500,
    ) -> Checkpoint:
        """Train for `config.steps` steps.

        Args:
            report_every: steps between two lines of progress.
            save: takes the checkpoint every `save_every` steps, so that a long run can be tried
                before it ends.
            save_every: steps between two of them.

        Returns:
            The checkpoint with the averaged weights.

        Raises:
            TrainingError: the loss is no longer finite; the message names the step.
        """
        config, begin = self.config, time.monotonic()
        self.model.train()
        for step in range(config.steps):
            parts = self.step(step / config.steps)
            if not bool(torch.isfinite(parts.total)):
                raise TrainingError(
                    f'got the loss {float(parts.total)} at step {step}; lower learning_rate '
                    f'({config.learning_rate}) or look for bad clips'
                )
            self._update_average(step)
            if (step + 1) % report_every == 0 or step + 1 == config.steps:
                self._report(_progress(parts, step + 1, config.steps, time.monotonic() - begin))
            if save and (step + 1) % save_every == 0:
                save(self.checkpoint())
        return self.checkpoint()

    def step(self, progress: float) -> LossParts:
        """Take one optimiser step at a share `progress` of the training."""
        for group in self._optimiser.param_groups:
            group['lr'] = self.config.learning_rate * _schedule(progress)
        frames, emotions = self._data.sample(
            self.config.batch_size, self._frames, self._random
        )
        frames, emotions = frames.to(self._device), emotions.to(self._device)
        parts = self.loss(frames, emotions, mdn_weight(progress))
        self._optimiser.zero_grad(set_to_none=True)
        parts.total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.gradient_clip)
        self._optimiser.step()
        return LossParts(*(part.detach() for part in parts))

    def loss(self, frames: Tensor, emotions: Tensor, likelihood_weight: float) -> LossParts:
        """Noise a batch, run the model and measure.

        Args:
            frames: keypoints of a body of height 1, [B, T + 1 + plan_horizon, O].
            emotions: the motion's emotion, of as many frames.
            likelihood_weight: weight of the mixture's likelihood.
        """
        with torch.no_grad():
            ahead = self.model.config.plan_horizon
            inputs, target = self._noised(frames[:, :-ahead])
            plan, meant = plans_of(frames - self._mean, self.model, self._random)
            shown = emotions[:, 1:-ahead]  # the emotion of the frame that is to come
            condition, right = self._condition(shown)
            truth = emotion_targets(shown, self.model.config.window)
        output, mixture = self.model.forward_with_plan(inputs, condition, plan)
        return motion_loss(
            output, target, truth, self.model.unit,
            keypoint_dims=self.model.config.keypoint_dims, likelihood_weight=likelihood_weight,
            emotion_weight=self.config.emotion_weight, predictable=right,
            plan=plan_nll(mixture, meant),
        )  # fmt: skip

    def checkpoint(self) -> Checkpoint:
        """Return the averaged model with all that it takes to run it."""
        model = copy.deepcopy(self._average).cpu().eval()
        return Checkpoint(
            model=model,
            skeleton=self.skeleton,
            rate_hz=self.rate_hz,
            normaliser=self._normaliser,
            rest_pose=self.skeleton.rest.astype(np.float32),
            sampler=SamplerConfig(),
            training={
                'config': asdict(self.config),
                'clips': len(self._clips),
                'minutes': round(len(self._data) / self.rate_hz / 60.0, 1),
                'sources': sorted({clip.source for clip in self._clips}),
            },
        )

    def _plan_basis(self, size: int) -> np.ndarray:
        points = self._data.frames[::10].unflatten(-1, (self.skeleton.size, -1))
        both = torch.cat((points, self.skeleton.mirrored(points)))  # left and right alike
        frames = both.flatten(1).numpy().astype(np.float64) - self._normaliser.mean
        return plan_basis(frames, self._normaliser.pose_std, size).astype(np.float32)

    def _noised(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs [B, T, O] off the path, and targets that lead back, in model space.

        Slow drift (AR(1)) is to be undone over several frames, so the target keeps most of it;
        white noise at once. Both ends are bodies: the live loop only ever sees bodies.
        """
        config, unit = self.config, self.model.unit
        batch, length, size = frames.shape
        steps = torch.randn(length - 1, batch, size, generator=self._random)
        drift = torch.empty(length - 1, batch, size)
        drift[0] = steps[0]
        fresh = math.sqrt(1.0 - config.drift_memory**2)
        for t in range(1, length - 1):
            drift[t] = config.drift_memory * drift[t - 1] + fresh * steps[t]
        drift = (drift.transpose(0, 1) * self._scales(batch, config.drift)).to(self._device) * unit
        white = torch.randn(batch, length - 1, size, generator=self._random)
        white = (white * self._scales(batch, config.white)).to(self._device) * unit
        inputs = self._bodies(frames[:, :-1] + drift + white)
        target = self._bodies(frames[:, 1:] + config.drift_memory * drift)
        return inputs, target

    def _scales(self, batch: int, bounds: tuple[float, float]) -> Tensor:
        """Draw a standard deviation a window, [B, 1, 1], evenly on a logarithmic scale."""
        low, high = (math.log(bound) for bound in bounds)
        return (low + (high - low) * torch.rand(batch, 1, 1, generator=self._random)).exp()

    def _bodies(self, frames: Tensor) -> Tensor:
        """Project frames [B, T, O] of a body of height 1 and return them in model space."""
        keypoints = frames.unflatten(-1, (self.skeleton.size, -1))
        return self.skeleton.project(keypoints).flatten(-2) - self._mean

    def _condition(self, emotions: Tensor) -> tuple[Tensor, Tensor]:
        """Drop and exchange conditions [B, T, E]; returns them and which are right, [B].

        A head that reads its answer off the condition is wrong where the condition is.
        """
        batch = emotions.shape[0]
        draw = torch.rand(batch, generator=self._random).to(self._device)
        order = torch.randperm(batch, generator=self._random).to(self._device)
        dropped = draw < self.config.drop_emotion
        wrong = draw > 1.0 - self.config.wrong_emotion
        condition = torch.where(wrong[:, None, None], emotions[order], emotions)
        condition = torch.where(dropped[:, None, None], 0.0, condition)
        return condition, (~wrong).float()

    @torch.no_grad()
    def _update_average(self, step: int) -> None:
        decay = min(self.config.ema, (1 + step) / (10 + step))
        pairs = zip(self._average.parameters(), self.model.parameters(), strict=True)
        for average, current in pairs:
            average.lerp_(current, 1.0 - decay)


def normaliser_of(clips: Sequence[Clip]) -> Normaliser:
    """Measure clips: mean, spread, displacement and range of every coordinate, in body heights.

    Coordinates that hardly move (a planted foot) get a floor, or their noise would fill the model.
    """
    if not clips:
        raise TrainingError('got no clips; expected at least one')
    frames = [clip.keypoints.reshape(len(clip.keypoints), -1).astype(np.float64) for clip in clips]
    every = np.concatenate(frames)
    moved = np.concatenate([np.diff(part, axis=0) for part in frames])
    if not moved.any():
        raise TrainingError(f'got {len(clips)} clips that do not move; expected motion')
    unit, spread = moved.std(axis=0), every.std(axis=0)
    mean = every.mean(axis=0)
    margin = 0.1 * (every.max(axis=0) - every.min(axis=0)) + 0.005
    parts = {
        'mean': mean,
        'pose_std': np.maximum(spread, 0.1 * np.sqrt(np.mean(spread**2))),
        'unit': np.maximum(unit, 0.1 * np.sqrt(np.mean(unit**2))),
        'low': every.min(axis=0) - margin - mean,
        'high': every.max(axis=0) + margin - mean,
    }
    return Normaliser(**{key: value.astype(np.float32) for key, value in parts.items()})


def _is_bounds(value: Any) -> bool:
    low, high = value
    return 0.0 < low <= high < math.inf


def _schedule(progress: float, warm: float = 0.03) -> float:
    """Return the share of the learning rate: a warm-up, then half a cosine down to a hundredth."""
    if progress < warm:
        return (progress + 1e-3) / (warm + 1e-3)
    return 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * (progress - warm) / (1.0 - warm)))


def _progress(parts: LossParts, step: int, steps: int, elapsed_s: float) -> str:
    left_s = elapsed_s / step * (steps - step)
    return (
        f'step {step}/{steps}  loss {float(parts.total):.3f}  mse {float(parts.mse):.3f}  '
        f'emotion {float(parts.emotion):.4f}  nll {float(parts.nll):.3f}  '
        f'plan {float(parts.plan):.3f}  '
        f'{step / elapsed_s:.1f} steps/s  {left_s / 60:.1f} min left'
    )
