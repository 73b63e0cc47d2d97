# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What changes over a training: learning rate and the decay of the average."""

from __future__ import annotations

import math

from emotion_motion.training.config import OptimiserConfig

__all__ = ['average_decay', 'rate_share']


def rate_share(config: OptimiserConfig, progress: float) -> float:
    """Return the share of the learning rate at a share `progress` of the training.

    It warms up, then stays or falls along half a cosine.
    """
    warm = config.warm_up
    if progress < warm:
        return (progress + 1e-3) / (warm + 1e-3)
    if config.schedule == 'constant':
        return 1.0
    along = 0.5 * (1.0 + math.cos(math.pi * (progress - warm) / (1.0 - warm)))
    return config.final + (1.0 - config.final) * along


def average_decay(config: OptimiserConfig, step: int) -> float:
    """Return the decay of the running average at a step; the first weights are soon forgotten."""
    return min(config.ema, (1 + step) / (10 + step))
