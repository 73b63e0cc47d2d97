# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a page shows and steers: the little that it knows of nodes, generators and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from emotion_motion.viewer.sources.tape import Tape

__all__ = ['Figure', 'Setting', 'Sight', 'Source', 'Steering', 'Timeline']


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


def _nothing() -> np.ndarray:
    return np.zeros(7, dtype=np.float32)


@dataclass(frozen=True)
class Sight:
    """All that there is to see at one instant.

    Attributes:
        number: of the newest frame; where it stands still there is nothing new.
        figures: the bodies, side by side.
        requested: weights [7] of the emotion asked for; all 0 where nobody knows.
        recognised: weights [7] of the emotion that the model sees in its motion; 0 likewise.
        held: whether the motion was asked to rest.
        notice: what is wrong, in a sentence; '' where all is well.
        health: the state in a few words.
        measured: what is measured, by the names of `plots.PLOTS`.
        urdf: the robot's description; '' for no robot.
        joints: positions of the robot's joints, by name [rad or m].
    """

    number: int = 0
    figures: tuple[Figure, ...] = ()
    requested: np.ndarray = field(default_factory=_nothing)
    recognised: np.ndarray = field(default_factory=_nothing)
    held: bool = False
    notice: str = ''
    health: str = ''
    measured: Mapping[str, float] = field(default_factory=dict)
    urdf: str = ''
    joints: Mapping[str, float] = field(default_factory=dict)


class Setting(NamedTuple):
    """A number that can be changed while the motion runs."""

    name: str
    minimum: float
    maximum: float
    meaning: str


class Steering(Protocol):
    """What moves by itself and can be told how. Its methods are called from any thread."""

    @property
    def settings(self) -> Sequence[Setting]:
        """What `set` takes."""

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
    """What a page shows. A page calls `sight` some 30 times a second; nobody waits for it."""

    @property
    def title(self) -> str:
        """What is shown, in a few words."""

    @property
    def steering(self) -> Steering | None:
        """How to steer it; None for what cannot be."""

    @property
    def timeline(self) -> Timeline | None:
        """Its time; None for what is live."""

    @property
    def tape(self) -> Tape | None:
        """What keeps what is shown, for a file; None for what is a file already."""

    def sight(self) -> Sight:
        """Return what there is to see now."""

    def close(self) -> None:
        """Stop, and let go of everything."""
