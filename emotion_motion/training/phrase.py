# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures as phrases: beats that move parts of the body to a value in a time.

A phrase is written for a leading LEFT arm; led by the right one it is mirrored. Arms move to
absolute poses (blended in from wherever the posture has them); everything else is added to the
posture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from emotion_motion.training.style import Style

__all__ = ['Pose', 'Move', 'Phrase']

_WIDTH = {'head': 3, 'trunk': 3, 'pelvis': 6, 'l_shoulder': 2, 'r_shoulder': 2, 'l_foot': 3,
          'r_foot': 3}  # fmt: skip
_FLIP = {'head': (1, -1, -1), 'trunk': (1, -1, -1), 'pelvis': (1, -1, 1, -1, 1, -1)}


@dataclass(frozen=True)
class Pose:
    """Angles of an arm: flex, abduct, twist, elbow in degrees.

    Attributes:
        angles: of a left arm.
        contact: whether the hand touches the body (face, hips, the other arm), so that the size
            of the movement may not change where it ends.
    """

    angles: tuple[float, float, float, float]
    contact: bool = False


@dataclass(frozen=True)
class Move:
    """A part of the body reaches values at a time (with weight 1; 0: back in the posture)."""

    part: str
    start_s: float
    end_s: float
    values: np.ndarray | None


@dataclass
class Phrase:
    """Collects the moves of one gesture.

    Attributes:
        rng: source of every variation.
        style: of the emotion or mixture that the gesture expresses.
        lead: 'l' or 'r', the arm that leads.
        moves: what was collected, times from the start of the gesture.
    """

    rng: np.random.Generator
    style: Style
    lead: str = 'l'
    moves: list[Move] = field(default_factory=list)
    clock_s: float = 0.0

    def __post_init__(self) -> None:
        """Draw what stays the same through the phrase."""
        self.tempo = self.style.speed**0.65 * np.exp(self.rng.normal(0.0, 0.16))
        self.size = self.style.amplitude * np.exp(self.rng.normal(0.0, 0.14))
        self._offset = {arm: self.rng.normal(0.0, (6.0, 5.0, 8.0, 8.0)) for arm in 'lr'}
        self._coupling = self.rng.normal((1.0, 0.0, 2.5), (2.0, 1.2, 4.0))
        self._used: dict[str, None] = {}  # a dict keeps the order, a set would not

    def times(self, low: int, high: int) -> range:
        """Return a random number of repetitions, both ends included."""
        return range(int(self.rng.integers(low, high + 1)))

    def chance(self, share: float) -> bool:
        """Return True with the probability `share`."""
        return bool(self.rng.random() < share)

    def between(self, low: float, high: float) -> float:
        """Return a random number."""
        return float(self.rng.uniform(low, high))

    def beat(
        self,
        seconds: float,
        *,
        lead: Pose | None = None,
        other: Pose | None = None,
        both: Pose | None = None,
        head: Sequence[float] | None = None,
        trunk: Sequence[float] | None = None,
        pelvis: Sequence[float] | None = None,
        shrug: Sequence[float] | None = None,
        foot: Sequence[float] | None = None,
        hold: float = 0.0,
        soft: bool = False,
    ) -> None:
        """Move the named parts to their values and stay for `hold`.

        Args:
            seconds: how long the movement takes at neutral tempo.
            lead: pose of the leading arm.
            other: pose of the other arm.
            both: pose of both.
            head: added pitch, yaw (to the leading side), roll in degrees.
            trunk: added lean, bend (to the leading side), twist in degrees.
            pelvis: added x, y (to the leading side), drop in body heights, and optionally yaw,
                pitch, roll.
            shrug: raise and protract both shoulders, degrees.
            foot: ahead, lift and heel of the leading foot.
            hold: seconds to stay, at neutral tempo.
            soft: no sharp stop, whatever the style.
        """
        seconds = seconds / self.tempo * np.exp(self.rng.normal(0.0, 0.07))
        # A sharp style covers the same way in less time and stops.
        sharp = 1.0 if soft else max(1.0, self.style.sharpness) ** 0.35
        start, end = self.clock_s, self.clock_s + max(seconds / sharp, 0.09)
        for arm, pose in ((self.lead, lead or both), (self._other, other or both)):
            if pose is not None:
                self._move(f'{arm}_arm', start, end, self._posed(pose, arm))
        if trunk is None and (lead or other or both):
            trunk = self._coupling
        for part, values in (('head', head), ('trunk', trunk), ('pelvis', pelvis)):
            if values is not None:
                self._move(part, start, end, self._sided(part, values))
        if shrug is not None:
            for side in 'lr':
                self._move(f'{side}_shoulder', start, end, np.array(shrug) * self.size)
        if foot is not None:
            self._move(f'{self.lead}_foot', start, end, np.array(foot, dtype=float))
        self.clock_s += max(seconds, end - start) + hold / self.tempo

    def rest(self, seconds: float = 0.8, hold: float = 0.0) -> None:
        """Let every part that moved go back to the posture, arms not all at once."""
        seconds = seconds / self.tempo
        last = self.clock_s
        for part in self._used:
            start = self.clock_s + self.between(0.0, 0.15) * seconds
            end = start + seconds * self.between(0.85, 1.25)
            self.moves.append(Move(part, start, end, None))
            last = max(last, end)
        self._used.clear()
        self.clock_s = last + hold / self.tempo

    @property
    def _other(self) -> str:
        return 'r' if self.lead == 'l' else 'l'

    def _move(self, part: str, start: float, end: float, values: np.ndarray) -> None:
        self._used[part] = None
        self.moves.append(Move(part, start, end, values))

    def _posed(self, pose: Pose, arm: str) -> np.ndarray:
        """Return angles and blend weight [5], varied; contacts only a little."""
        share = 0.25 if pose.contact else 1.0
        angles = np.array(pose.angles) + share * (
            self._offset[arm] + self.rng.normal(0.0, (2.0, 2.0, 3.0, 3.0))
        )
        if pose.contact:
            return np.append(angles, 1.0)
        angles[1] *= 0.5 + 0.5 * self.style.lateral
        return np.append(angles, np.clip(0.35 + 0.65 * self.size, 0.6, 1.08))

    def _sided(self, part: str, values: Sequence[float]) -> np.ndarray:
        full = np.zeros(_WIDTH[part])
        full[: len(values)] = values
        if self.lead == 'r':
            full *= _FLIP[part]
        return full * min(self.size, 1.5)
