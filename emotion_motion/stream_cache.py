# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a live stream remembers between two frames."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ['StreamCache']


@dataclass
class StreamCache:
    """What a live stream remembers: rings of W slots; slot t % W holds frame t."""

    keys_values: Tensor  # [layers, B, 2H, W, C/H]
    pooled: Tensor  # [B, W, dim], what AttentionPooling averages
    scores: Tensor  # [B, W], its scores; -inf in an empty slot
    mask: Tensor  # [1, W], what attention adds to its scores: 0, or -inf in an empty slot
    plan: Tensor  # [B, Z], the pose meant, in principal components
    plan_left: Tensor  # [B, 1], share of the horizon left until then; 0: no plan
    news: Tensor  # [B, 1], 1 when another emotion is asked for, 0 once that is no news any more
    last_frame: Tensor | None = None  # [B, O]
    last_moved: Tensor | None = None  # [B, 1, O], the displacement that led to it, in units
    last_emotion: Tensor | None = None  # [B, E]
    summary: Tensor | None = None  # [B, 1, dim], the pooled vector of the last step
    frames: int = 0  # frames seen so far, any whole number

    def next_slot(self) -> int:
        """Open the slot of the next frame and return it."""
        window = self.mask.shape[1]
        slot = self.frames % window
        if self.frames < window:
            self.mask[:, slot] = 0.0
        self.frames += 1
        return slot
