# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Rotary positions that repeat exactly."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from emotion_motion.model_config import ROTARY_PERIOD

__all__ = ['rotary_table']


def rotary_table(head_channels: int) -> Tensor:
    """Return cosines and signed sines [2, period, 3, 1, C/H] for queries, keys and values.

    As in RoFormer (Su et al. 2021), but each frequency is rounded to a whole number of turns per
    period. Then position t and position t mod period are the same rotation, to the last bit, and a
    stream can run for ever: positions are re-based at every period and never grow large. Values
    are not turned; they have a part in the table so that all three take one product.
    """
    half = head_channels // 2
    fastest = 1.0 / (2.0 * math.pi)  # turns a frame: one radian
    slowest = 1.0 / ROTARY_PERIOD
    spacing = torch.arange(half, dtype=torch.float64) / max(half - 1, 1)
    turns = fastest * (slowest / fastest) ** spacing
    whole = (turns * ROTARY_PERIOD).round().clamp_min(1.0)
    steps = torch.arange(ROTARY_PERIOD, dtype=torch.float64)
    angle = torch.outer(steps, whole) * (2.0 * math.pi / ROTARY_PERIOD)
    cosine, sine = angle.cos(), angle.sin()
    turned = torch.stack((torch.cat((cosine, cosine), -1), torch.cat((-sine, sine), -1)))
    still = torch.stack((torch.ones_like(turned[0]), torch.zeros_like(turned[1])))
    return torch.stack((turned, turned, still), dim=2).unsqueeze(3).float()
