# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Input noise with targets that lead back, which keeps the live loop on its path.

Slow drift (AR(1)) is to be undone over several frames, so the target keeps most of it; white
noise at once. Both are as large as a few displacements. Wandering is as large as poses differ: the
whole body, for a second or two, in a pose that nobody takes, as a live stream gets into after
minutes. Shapes as in `emotion_motion.model.network`; N = T + 1 frames go in.
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
from emotion_motion.training.config import NoiseConfig

__all__ = ['NoiseDraw', 'ar1', 'draw_noise', 'noised', 'pose_spread']

_ALONE = 0.3  # of a coordinate's standard deviation: how far it wanders by itself


class NoiseDraw(NamedTuple):
    """What the noise of a window (or, with a leading B, of a batch) needs at random."""

    drift: Tensor  # [T, O], standard normal, the steps of the drift
    white: Tensor  # [T, O], standard normal
    wander: Tensor  # [T, Z + O], standard normal, the steps of the wandering
    scales: Tensor  # [3], of drift and white noise in displacement units, of poses in wandering


def draw_noise(
    config: NoiseConfig, length: int, outputs: int, components: int, random: np.random.Generator
) -> NoiseDraw:
    """Draw the noise of one window.

    Args:
        config: how much of it.
        length: frames T.
        outputs: coordinates O.
        components: principal axes Z of its poses that wandering goes along.
        random: where it is drawn from.
    """
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
    """Return inputs off the path, and targets that lead back.

    Args:
        frames: [B, T + 1, O] of a body of height 1.
        draw: of the batch, each part with a leading B.
        unit: [O].
        poses: [Z + O, O], of `pose_spread`.
        config: how much the target keeps of drift and wandering.
        bodies: puts frames [B, T, O] onto the body: the live loop only ever sees bodies.

    Returns:
        Inputs [B, T, O], and for each the frame that should follow [B, T, O].
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
