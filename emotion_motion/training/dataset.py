# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Random windows of clips for training, half of them mirrored left to right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import TrainingError
from emotion_motion.skeleton import load_skeleton, Skeleton
from emotion_motion.training.clip import Clip

__all__ = ['ClipDataset']


class ClipDataset:
    """Clips joined in memory, from which batches of windows are drawn.

    Windows never cross from one clip into the next. Every window of the requested length has the
    same chance, so a clip counts by its length.
    """

    def __init__(self, clips: Sequence[Clip], skeleton: Skeleton | None = None) -> None:
        """Join `clips`.

        Args:
            clips: at least one, all of the same rate and of the skeleton's keypoints.
            skeleton: gives the left-right pairs; default BODY_25.

        Raises:
            TrainingError: no clip, different rates, or keypoints that are not the skeleton's.
        """
        self.skeleton = skeleton or load_skeleton()
        rates = {clip.rate_hz for clip in clips}
        if len(rates) != 1:
            raise TrainingError(
                f'got {len(clips)} clips with the rates {sorted(rates)} Hz; expected at least '
                f'one clip and one rate, resample them first'
            )
        sizes = {clip.keypoints.shape[1] for clip in clips}
        if sizes != {self.skeleton.size}:
            raise TrainingError(
                f'got clips with {sorted(sizes)} keypoints; the skeleton {self.skeleton.name!r} '
                f'has {self.skeleton.size}'
            )
        self.clips = tuple(clips)
        self.rate_hz = rates.pop()
        self._lengths = np.array([len(clip) for clip in clips])
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._points = torch.from_numpy(np.concatenate([clip.keypoints for clip in clips]))
        self._emotions = torch.from_numpy(np.concatenate([clip.emotions for clip in clips]))

    def __len__(self) -> int:
        """Return the number of frames of all clips."""
        return len(self._points)

    @property
    def frames(self) -> Tensor:
        """All frames [N, K * 3], joined; for normalisers and statistics."""
        return self._points.flatten(1)

    @property
    def emotions(self) -> Tensor:
        """The emotions [N, 7] of all frames, joined."""
        return self._emotions

    def sample(
        self, count: int, length: int, generator: torch.Generator, *, mirror: float = 0.5
    ) -> tuple[Tensor, Tensor]:
        """Draw `count` windows of `length` frames.

        Args:
            count: number of windows N.
            length: frames per window T.
            generator: source of every draw; the global random state is not touched.
            mirror: share of windows with left and right exchanged.

        Returns:
            Frames [N, T, K * 3] in body heights and emotions [N, T, 7].

        Raises:
            TrainingError: no clip has that many frames.
        """
        first, mirrored = self._draw(count, length, generator, mirror)
        rows = first[:, None] + torch.arange(length)
        points = self._points[rows]  # [N, T, K, 3]
        points[mirrored] = self.skeleton.mirrored(points[mirrored])
        return points.flatten(2), self._emotions[rows]

    def _draw(
        self, count: int, length: int, generator: torch.Generator, mirror: float
    ) -> tuple[Tensor, Tensor]:
        """Return the first rows [count] of windows and which of them are mirrored [count]."""
        places = np.maximum(self._lengths - length + 1, 0)
        if places.sum() == 0:
            raise TrainingError(
                f'got a window of {length} frames; the longest clip has {self._lengths.max()}'
            )
        ends = torch.from_numpy(np.cumsum(places))
        picked = torch.randint(int(ends[-1]), (count,), generator=generator)
        clip = torch.searchsorted(ends, picked, right=True)
        offset = picked - (ends[clip] - torch.from_numpy(places)[clip])
        mirrored = torch.rand(count, generator=generator) < mirror
        return torch.from_numpy(self._starts)[clip] + offset, mirrored

    def balance(self) -> dict[str, float]:
        """Return the share of each emotion over all frames."""
        share = self._emotions.mean(dim=0)
        return {name: float(share[i]) for i, name in enumerate(EMOTIONS)}
