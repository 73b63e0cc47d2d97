# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a live stream remembers between two frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ['Rings', 'StreamCache']


class Rings(NamedTuple):
    """What a step reads and writes in place: slot t % W holds frame t."""

    keys_values: Tensor  # [layers, B, 2H, W, C/H]
    pooled: Tensor  # [B, W, dim], what AttentionPooling averages
    scores: Tensor  # [B, W], its scores; -inf in an empty slot
    mask: Tensor  # [1, W], what attention adds to its scores: 0, or -inf in an empty slot


@dataclass
class StreamCache:
    """The rings of B live streams, and the frame before."""

    rings: Rings
    frames: int = 0  # frames so far, any whole number
    last_frame: Tensor | None = None  # [B, O]
    last_moved: Tensor | None = None  # [B, 1, O], the displacement that led to it, in units

    def past_of(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Return the frame before `frame` and the displacement that led to it, in units."""
        if self.last_frame is None or self.last_moved is None:
            return frame, torch.zeros_like(frame).unsqueeze(1)
        return self.last_frame, self.last_moved

    def remember(self, frame: Tensor, moved: Tensor) -> None:
        """Keep a frame [B, O] and the displacement [B, 1, O] that led to it, for the next one."""
        self.last_frame, self.last_moved = frame, moved

    def next_slot(self) -> int:
        """Open the slot of the next frame and return it."""
        window = self.rings.mask.shape[1]
        slot = self.frames % window
        if self.frames < window:
            self.rings.mask[:, slot] = 0.0
        self.frames += 1
        return slot
