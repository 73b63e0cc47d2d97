# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Inputs off their path, by noise and by rollouts, and targets that lead back.

They keep the live loop on its path. Slow drift (AR(1)) is to be undone over several frames, so
its target keeps most of it; white noise at once. Both are as large as a few displacements.
Wandering is as large as poses differ: the whole body, for a second or two, in a pose that nobody
takes, as a live stream gets into after minutes. Shapes as in `emotion_motion.model.network`;
N = T + 1 frames go in.

A rollout puts the model's own motion in the place of the inputs. A pass predicts every frame of
the window at once, so a second pass sees what the live loop sees after two frames of its own. The
emotion loss is then measured on the model's own motion. No gradient goes through the passes.
"""

from __future__ import annotations

from collections.abc import Callable
import functools
import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from emotion_motion.model.network import MotionModel
from emotion_motion.training.config import NoiseConfig, RolloutConfig

__all__ = [
    'NoiseDraw',
    'ar1',
    'draw_noise',
    'noised',
    'pose_spread',
    'leading_back',
    'passes_at',
    'rolled_out',
]

_ALONE = 0.3  # of a coordinate's standard deviation: how far it wanders by itself
Frames = Callable[[Tensor], Tensor]  # frames [B, T, O] in model space to others


class NoiseDraw(NamedTuple):
    """What the noise of a window (or, with a leading B, of a batch) needs at random."""

    drift: Tensor  # [T, O], standard normal, the steps of the drift
    white: Tensor  # [T, O], standard normal
    wander: Tensor  # [T, Z + O], standard normal, the steps of the wandering
    scales: Tensor  # [3], of drift and white noise in displacement units, of poses in wandering


def draw_noise(
    config: NoiseConfig, length: int, outputs: int, components: int, random: np.random.Generator
) -> NoiseDraw:
    """Draw the noise of one window of T frames, O coordinates and Z principal axes."""
    sizes = (outputs, outputs, components + outputs)
    if not config.noise:
        drift, white, wander = (torch.zeros(length, size) for size in sizes)
        return NoiseDraw(drift, white, wander, torch.zeros(3))
    bounds = np.log([config.drift, config.white, config.wander])  # [3, smallest and largest]
    scales = np.exp(bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) * random.random(3))
    drift, white, wander = (
        torch.from_numpy(random.standard_normal((length, size), dtype=np.float32))
        for size in sizes
    )
    return NoiseDraw(drift, white, wander, torch.from_numpy(scales.astype(np.float32)))


def ar1(steps: Tensor, memory: float) -> Tensor:
    """Turn standard normal steps [..., T, O] into an AR(1) process of standard deviation 1.

    One matrix product: the loop over frames costs more than the rest of the noise.
    """
    length = steps.shape[-2]
    time = torch.arange(length, device=steps.device, dtype=torch.float32)
    age = time.unsqueeze(1) - time
    response = torch.where(age >= 0, memory ** age.clamp_min(0.0), 0.0)  # [T, T]
    # The first step is the process's own spread, the others only what is fresh.
    response[:, 1:] *= math.sqrt(1.0 - memory**2)
    return response @ steps


def noised(
    frames: Tensor,
    draw: NoiseDraw,
    unit: Tensor,
    poses: Tensor,
    config: NoiseConfig,
    bodies: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Return inputs off the path, and targets that lead back, [B, T, O] each.

    Frames are [B, T + 1, O], `unit` [O], `poses` [Z + O, O] of `pose_spread`. `bodies` puts
    frames onto the body: the live loop only ever sees bodies.
    """
    scales = draw.scales[:, :, None, None]  # [B, 3, 1, 1]
    drift = ar1(draw.drift, config.drift_memory) * scales[:, 0] * unit
    white = draw.white * scales[:, 1] * unit
    # Twice, so that it comes and goes smoothly: a jump would tell that it is noise.
    away = ar1(ar1(draw.wander, config.wander_memory), config.wander_memory)
    away = away / _twice(config.wander_memory, away.shape[1]).to(away) @ poses * scales[:, 2]
    inputs = frames[:, :-1] + drift + away + white
    kept = config.drift_memory * drift + config.wander_memory * away
    return bodies(inputs), bodies(frames[:, 1:] + kept)


def pose_spread(model: MotionModel) -> Tensor:
    """Return what one standard deviation of wandering is in model space, [Z + O, O].

    Along each principal axis as far as poses differ along it; and each coordinate by itself,
    a part of that far.
    """
    return torch.cat((model.axes(), torch.diag(_ALONE * model.pose_std)))


@functools.lru_cache(maxsize=8)  # the same for every step of a training
def _twice(memory: float, length: int) -> Tensor:
    """Return the standard deviation at each frame of `ar1` of `ar1`, [T, 1]."""
    response = ar1(ar1(torch.eye(length), memory), memory)
    return response.square().sum(dim=1, keepdim=True).sqrt()


def passes_at(config: RolloutConfig, step: int, progress: float, seed: int) -> int:
    """Return the number of passes of a step; the same in every process."""
    if config.rollout == 0 or progress < config.rollout_after:
        return 0
    return int(np.random.default_rng((seed, step)).integers(config.rollout + 1))


@torch.no_grad()
def rolled_out(inputs: Tensor, passes: int, predict: Frames, bodies: Frames) -> Tensor:
    """Return the model's own motion [B, T, O] in the place of the inputs but the first.

    With each pass the model goes on from its own motion: `predict` gives the frames that follow.
    """
    own = inputs
    for _ in range(passes):
        own = torch.cat((inputs[:, :1], bodies(predict(own))[:, :-1]), dim=1)
    return own


def leading_back(own: Tensor, clean: Tensor, decay: float, bodies: Frames) -> Tensor:
    """Return the frames [B, T, O] that should follow the model's own motion.

    They are those of the clean motion [B, T + 1, O] but for a share of the offset.
    """
    return bodies(clean[:, 1:] + decay * (own - clean[:, :-1]))
