# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a page shows and steers: the little that it knows of nodes, generators and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import threading
from typing import NamedTuple, Protocol

import numpy as np

from emotion_motion.io import Motion
from emotion_motion.settings import Setting


def _no_emotion() -> np.ndarray:
    return np.zeros(7, dtype=np.float32)


@dataclass(frozen=True)
class Snapshot:
    """All that there is to see at one instant; weights [7] are all 0 where nobody knows."""

    number: int = 0  # of the newest frame; while it stays the same there is nothing new
    figures: tuple[Figure, ...] = ()  # side by side
    requested: np.ndarray = field(default_factory=_no_emotion)
    recognised: np.ndarray = field(default_factory=_no_emotion)  # by the model, in its motion
    held: bool = False  # asked to rest
    notice: str = ''  # what is wrong, in a sentence
    health: str = ''  # the state in a few words
    measured: Mapping[str, float] = field(default_factory=dict)  # by the names of `panels.PLOTS`
    urdf: str = ''  # the robot's description; '' for no robot
    joints: Mapping[str, float] = field(default_factory=dict)  # by name [rad or m]


class Steering(Protocol):
    """What moves by itself and can be steered. Its methods are called from any thread."""

    @property
    def settings(self) -> Sequence[Setting]:
        """Numbers that `set` takes while the motion runs; each has a smallest and a largest."""

    def ask(self, weights: np.ndarray) -> None:
        """Ask for an emotion, weights [7]."""

    def hold(self, held: bool) -> None:
        """Let the motion come to rest, or go on."""

    def reset(self, seed: int) -> None:
        """Begin again from the rest pose; seed -1 draws another one."""

    def set(self, name: str, value: float) -> None:
        """Change a setting; where that is refused, `problems` says why."""

    def values(self) -> Mapping[str, float]:
        """Return the settings as they are, as far as they are known."""

    def problems(self) -> list[str]:
        """Return what went wrong since the last call, a sentence each."""


class Timeline(Protocol):
    """What was recorded and can be looked at from any place."""

    duration_s: float
    position_s: float
    playing: bool


class Source(Protocol):
    """What a page shows. A page calls `snapshot` some 60 times a second; it must not block."""

    title: str

    @property
    def steering(self) -> Steering | None:
        """How to steer it; None for what cannot be."""

    @property
    def timeline(self) -> Timeline | None:
        """Its time; None for what is live."""

    @property
    def tape(self) -> Tape | None:
        """What records what is shown; None for what is a file already."""

    def snapshot(self) -> Snapshot:
        """Return what there is to see now."""

    def close(self) -> None:
        """Stop, and let go of everything."""


# An hour at 60 Hz: 65 MB. A recording that is forgotten fills no memory.
LONGEST = 60 * 60 * 60


class Figure(NamedTuple):
    """A body at one instant."""

    keypoints: np.ndarray  # [K, 3] in metres, z up, origin on the ground; NaN where not measured
    skeleton: str  # name of the keypoint set
    names: tuple[str, ...]
    label: str = ''  # to write above its head


class Tape:
    """Keeps frames while it runs, `longest` at most. Any thread may call it."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._lock = threading.Lock()
        self._frames: list[tuple[float, Figure, np.ndarray, np.ndarray]] = []
        self.running = False

    @property
    def full(self) -> bool:
        return len(self._frames) >= self._longest

    @property
    def frames(self) -> int:
        return len(self._frames)

    def start(self) -> None:
        with self._lock:
            self._frames, self.running = [], True

    def add(
        self, time_s: float, figure: Figure, requested: np.ndarray, recognised: np.ndarray
    ) -> None:
        """Keep a frame of `time_s`, if a recording runs; another body than before ends it."""
        with self._lock:
            if not self.running or self.full:
                return
            if self._frames and figure[1:3] != self._frames[-1][1][1:3]:
                self.running = False
                return
            figure = figure._replace(keypoints=np.array(figure.keypoints))
            self._frames.append((time_s, figure, np.array(requested), np.array(recognised)))

    def stop(self) -> tuple[Motion, int] | None:
        """End the recording; return it and how many frames are missing; None below two frames."""
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
        return motion, lost
