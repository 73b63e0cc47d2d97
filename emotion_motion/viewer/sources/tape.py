# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A recording of what is shown, kept in memory until it is written to a file."""

from __future__ import annotations

from collections.abc import Sequence
import threading
from typing import NamedTuple

import numpy as np

from emotion_motion.io import Motion

__all__ = ['Recorded', 'Tape']

# An hour at 60 Hz: 65 MB. What is forgotten running fills no memory.
LONGEST = 60 * 60 * 60


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
        self._running = False
        self._frames: list[tuple[float, np.ndarray, np.ndarray, np.ndarray]] = []
        self._body: tuple[str, tuple[str, ...]] = ('', ())

    @property
    def running(self) -> bool:
        """Whether frames are kept."""
        return self._running

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
            self._frames, self._running = [], True

    def add(
        self,
        time_s: float,
        keypoints: np.ndarray,
        requested: np.ndarray,
        recognised: np.ndarray,
        skeleton: str,
        names: Sequence[str],
    ) -> None:
        """Keep a frame, if a recording runs; another body than before ends it.

        Args:
            time_s: when it was made [s].
            keypoints: [K, 3] in metres.
            requested: weights [7].
            recognised: weights [7].
            skeleton: name of the keypoint set.
            names: K keypoint names.
        """
        with self._lock:
            if not self._running or self.full:
                return
            body = (skeleton, tuple(names))
            if self._frames and body != self._body:
                self._running = False
                return
            self._body = body
            self._frames.append(
                (time_s, np.array(keypoints), np.array(requested), np.array(recognised))
            )

    def stop(self) -> Recorded | None:
        """End the recording and return it; None where it has fewer than two frames."""
        with self._lock:
            self._running = False
            frames, self._frames = self._frames, []
        if len(frames) < 2:
            return None
        times_s, keypoints, requested, recognised = (
            np.stack(part) for part in zip(*frames, strict=True)
        )
        periods_s = np.diff(times_s)
        period_s = float(np.median(periods_s))
        rate_hz = round(1.0 / period_s, 1) if period_s > 0.0 else 30.0
        gaps = np.maximum(0.0, np.round(periods_s / period_s) - 1.0) if period_s > 0.0 else 0.0
        motion = Motion(
            keypoints=keypoints.astype(np.float32),
            requested=requested.astype(np.float32),
            recognised=recognised.astype(np.float32),
            rate_hz=rate_hz,
            skeleton=self._body[0],
            names=self._body[1],
        )
        return Recorded(motion, int(np.sum(gaps)))
