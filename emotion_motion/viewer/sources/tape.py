# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A body at one instant, and a recording of it in memory until it is written to a file."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from emotion_motion.io import Motion

__all__ = ['Figure', 'Recorded', 'Tape']

# An hour at 60 Hz: 65 MB. A recording that is forgotten fills no memory.
LONGEST = 60 * 60 * 60


class Figure(NamedTuple):
    """A body at one instant.

    Attributes:
        keypoints: [K, 3] in metres, z up, origin on the ground; NaN where not measured.
        skeleton: name of the keypoint set.
        names: K keypoint names.
        label: what to write above its head; '' for nothing.
    """

    keypoints: np.ndarray
    skeleton: str
    names: tuple[str, ...]
    label: str = ''


class Recorded(NamedTuple):
    """What a tape holds.

    Attributes:
        motion: all frames.
        lost: number of frames that seem to be missing between them.
    """

    motion: Motion
    lost: int


class Tape:
    """Keeps frames while it runs. Any thread may call it."""

    def __init__(self, longest: int = LONGEST) -> None:
        """Stand still; `longest` is the most frames that are kept."""
        self._longest = longest
        self._lock = threading.Lock()
        self._frames: list[tuple[float, Figure, np.ndarray, np.ndarray]] = []
        self.running = False

    @property
    def full(self) -> bool:
        """Whether no more frames fit; the later ones are left out."""
        return len(self._frames) >= self._longest

    @property
    def frames(self) -> int:
        """Number of frames that are kept."""
        return len(self._frames)

    def start(self) -> None:
        """Begin an empty recording."""
        with self._lock:
            self._frames, self.running = [], True

    def add(
        self, time_s: float, figure: Figure, requested: np.ndarray, recognised: np.ndarray
    ) -> None:
        """Keep a frame, if a recording runs; another body than before ends it.

        Args:
            time_s: when it was made [s].
            figure: the body.
            requested: weights [7].
            recognised: weights [7].
        """
        with self._lock:
            if not self.running or self.full:
                return
            if self._frames and figure[1:3] != self._frames[-1][1][1:3]:
                self.running = False
                return
            figure = figure._replace(keypoints=np.array(figure.keypoints))
            self._frames.append((time_s, figure, np.array(requested), np.array(recognised)))

    def stop(self) -> Recorded | None:
        """End the recording and return it; None where it has fewer than two frames."""
        with self._lock:
            self.running = False
            frames, self._frames = self._frames, []
        if len(frames) < 2:
            return None
        times_s, figures, requested, recognised = zip(*frames, strict=True)
        periods_s = np.diff(times_s)
        period_s = float(np.median(periods_s))
        rate_hz, lost = 30.0, 0
        if period_s > 0.0:
            rate_hz = round(1.0 / period_s, 1)
            lost = int(np.maximum(0.0, np.round(periods_s / period_s) - 1.0).sum())
        motion = Motion(
            keypoints=np.stack([figure.keypoints for figure in figures]).astype(np.float32),
            requested=np.stack(requested).astype(np.float32),
            recognised=np.stack(recognised).astype(np.float32),
            rate_hz=rate_hz,
            skeleton=figures[0].skeleton,
            names=figures[0].names,
        )
        return Recorded(motion, lost)
