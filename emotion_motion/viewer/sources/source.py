# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a page shows and steers: the little that it knows of nodes, generators and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from emotion_motion.settings import Setting
from emotion_motion.viewer.sources.tape import Figure, Tape

__all__ = ['Figure', 'Snapshot', 'Source', 'Steering', 'Timeline']


def _no_emotion() -> np.ndarray:
    return np.zeros(7, dtype=np.float32)


@dataclass(frozen=True)
class Snapshot:
    """All that there is to see at one instant.

    Attributes:
        number: of the newest frame; while it stays the same there is nothing new.
        figures: the bodies, side by side.
        requested: weights [7] of the emotion asked for; all 0 where nobody knows.
        recognised: weights [7] of the emotion that the model sees in its motion; 0 likewise.
        held: whether the motion was asked to rest.
        notice: what is wrong, in a sentence; '' where all is well.
        health: the state in a few words.
        measured: what is measured, by the names of `panels.PLOTS`.
        urdf: the robot's description; '' for no robot.
        joints: positions of the robot's joints, by name [rad or m].
    """

    number: int = 0
    figures: tuple[Figure, ...] = ()
    requested: np.ndarray = field(default_factory=_no_emotion)
    recognised: np.ndarray = field(default_factory=_no_emotion)
    held: bool = False
    notice: str = ''
    health: str = ''
    measured: Mapping[str, float] = field(default_factory=dict)
    urdf: str = ''
    joints: Mapping[str, float] = field(default_factory=dict)


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
