# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Input noise with targets that lead back, which keeps the live loop on its path.

Slow drift (AR(1)) is to be undone over several frames, so the target keeps most of it; white
noise at once. Shapes as in `emotion_motion.model`; N = T + 1 frames go in.
"""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from emotion_motion.training.config import NoiseConfig

__all__ = ['NoiseDraw', 'ar1', 'draw_noise', 'noised']


class NoiseDraw(NamedTuple):
    """What the noise of a window (or, with a leading B, of a batch) needs at random."""

    drift: Tensor  # [T, O], standard normal, the steps of the drift
    white: Tensor  # [T, O], standard normal
    scales: Tensor  # [2], standard deviations of drift and white noise, in displacement units
    feet: Tensor  # [F, 2], how far each foot stands from where it stood, in body heights


def draw_noise(
    config: NoiseConfig, length: int, outputs: int, random: np.random.Generator, *, feet: int = 0
) -> NoiseDraw:
    """Draw the noise of one window of `length` frames, of a body with so many `feet`."""
    if not config.noise:
        none = (torch.zeros(length, outputs) for _ in range(2))
        return NoiseDraw(*none, torch.zeros(2), torch.zeros(feet, 2))
    bounds = np.log([config.drift, config.white])  # [2, smallest and largest]
    scales = np.exp(bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) * random.random(2))
    both = random.standard_normal((2, length, outputs), dtype=np.float32)
    drift, white = torch.from_numpy(both)
    offsets = torch.from_numpy(random.standard_normal((feet, 2), dtype=np.float32)) * config.feet
    return NoiseDraw(drift, white, torch.from_numpy(scales.astype(np.float32)), offsets)


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
    memory: float,
    bodies: Callable[[Tensor, Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Return inputs off the path, and targets that lead back.

    Args:
        frames: [B, T + 1, O] of a body of height 1.
        draw: of the batch, each part with a leading B.
        unit: [O].
        memory: how much of the drift the target keeps.
        bodies: puts frames [B, T, O] onto the body, standing as the clean frames [B, T, O] of the
            same time do: the live loop only ever sees bodies.

    Returns:
        Inputs [B, T, O], and for each the frame that should follow [B, T, O].
    """
    scales = draw.scales[:, :, None, None]  # [B, 2, 1, 1]
    drift = ar1(draw.drift, memory) * scales[:, 0] * unit
    inputs = frames[:, :-1] + drift + draw.white * scales[:, 1] * unit
    following = bodies(frames[:, 1:] + memory * drift, frames[:, 1:])
    return bodies(inputs, frames[:, :-1]), following
