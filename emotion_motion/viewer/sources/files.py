# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Files as a source: one, or two side by side, with a time that plays and can be set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import threading
import time

import numpy as np

from emotion_motion.exceptions import ConfigError
from emotion_motion.viewer.sources.clips import Track
from emotion_motion.viewer.sources.source import Snapshot

__all__ = ['FilePlayer']


class FilePlayer:
    """Plays tracks by one time, again and again; shorter ones rest in their last frame.

    It is its own timeline.

    Args:
        tracks: one or more.
        clock: the present time [s].

    Raises:
        ConfigError: there is no track.
    """

    steering = None
    tape = None

    def __init__(
        self, tracks: Sequence[Track], clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not tracks:
            raise ConfigError('got no file to play; expected at least one')
        self._tracks = tuple(tracks)
        self._clock = clock
        self._lock = threading.Lock()
        self.duration_s = max(track.duration_s for track in tracks)
        self.title = ' and '.join(track.label for track in tracks)
        self.timeline = self
        self._position_s, self._begin_s, self._playing = 0.0, clock(), True
        self._shown: tuple[int, ...] = ()
        self._number = 0

    @property
    def position_s(self) -> float:
        """The time that is shown [s]; set it to look at another."""
        with self._lock:
            return self._now()

    @position_s.setter
    def position_s(self, value: float) -> None:
        with self._lock:
            self._position_s = min(max(0.0, value), self.duration_s)
            self._begin_s = self._clock()

    @property
    def playing(self) -> bool:
        """Whether the time goes on."""
        return self._playing

    @playing.setter
    def playing(self, value: bool) -> None:
        with self._lock:
            self._position_s, self._begin_s = self._now(), self._clock()
            self._playing = value

    def snapshot(self) -> Snapshot:
        """Return what there is to see at the time that is set."""
        time_s = self.position_s
        shown = tuple(track.number(time_s) for track in self._tracks)
        if shown != self._shown:
            self._shown = shown
            self._number += 1
        first = self._tracks[0]
        return Snapshot(
            number=self._number,
            figures=tuple(
                track.figure(number) for track, number in zip(self._tracks, shown, strict=True)
            ),
            requested=_row(first.requested, shown[0]),
            recognised=_row(first.recognised, shown[0]),
            health=f'{time_s:.2f} of {self.duration_s:.2f} s',
        )

    def close(self) -> None:
        """Do nothing: there is no thread to end."""

    def _now(self) -> float:
        if not self._playing or self.duration_s <= 0.0:
            return self._position_s
        return (self._position_s + self._clock() - self._begin_s) % self.duration_s


def _row(weights: np.ndarray | None, number: int) -> np.ndarray:
    return np.zeros(7, dtype=np.float32) if weights is None else weights[number]
