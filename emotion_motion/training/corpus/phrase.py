# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures as phrases: beats that move parts of the body to a value in a time.

A phrase is written for a leading LEFT arm; led by the right one it is mirrored. Arms move to
absolute poses (blended in from wherever the posture has them); everything else is added to the
posture. Several gestures may be written into one phrase: each flows into the next, and an arm that
the next one does not need sinks back after a moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np

from emotion_motion.training.corpus.people import Pose
from emotion_motion.training.corpus.style import Style

__all__ = ['Family', 'Move', 'Phrase']

_Values = Sequence[float] | np.ndarray
# People hold an arm up for a second or two; an arm that is held for longer is a statue's.
_LONGEST_HOLD_S = 1.8
# Signs of the values led by the right arm.
_FLIP = {'head': (1, -1, -1), 'trunk': (1, -1, -1), 'pelvis': (1, -1, 1, -1, 1, -1)}


@dataclass(frozen=True)
class Move:
    """A part of the body reaches values at a time (with weight 1; 0: back in the posture)."""

    part: str
    start_s: float
    end_s: float
    values: np.ndarray | None


@dataclass
class Phrase:
    """Collects the moves of one gesture, or of several that flow into each other."""

    rng: np.random.Generator
    style: Style  # of the emotion or mixture that the gesture expresses
    lead: str  # 'l' or 'r', the arm that leads
    poses: Mapping[str, Pose]  # of the body that moves
    flowing: bool = False  # another gesture follows without a rest
    moves: list[Move] = field(default_factory=list)  # times from the start of the gesture
    clock_s: float = 0.0  # when the next beat starts

    def __post_init__(self) -> None:
        """Draw what stays the same through the phrase."""
        self.tempo = self.style.speed**0.65 * np.exp(self.rng.normal(0.0, 0.18))
        self.size = self.style.amplitude * np.exp(self.rng.normal(0.0, 0.15))
        self._offset = {arm: self.rng.normal(0.0, (6.0, 5.0, 8.0, 8.0)) for arm in 'lr'}
        self._coupling = self.rng.normal((1.0, 0.0, 2.5), (2.0, 1.2, 4.0))
        # Few movements of two hands are symmetric: one is late and smaller in some phrases.
        uneven = self.rng.random() < 0.35
        self._late_s = self.rng.uniform(0.03, 0.16) if uneven else self.rng.uniform(0.0, 0.03)
        self._other_share = self.rng.uniform(0.6, 0.95) if uneven else 1.0
        self._growth = self.rng.normal(0.0, 0.035)  # repetitions grow or die away
        self._used: dict[str, None] = {}  # a dict keeps the order, a set would not

    def times(self, low: int, high: int) -> range:
        """Draw a number of repetitions, both ends included."""
        return range(int(self.rng.integers(low, high + 1)))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def choice(self, *options: str) -> str:
        return options[int(self.rng.integers(len(options)))]

    def beat(
        self,
        s: float,
        *,
        lead: str | Pose | None = None,
        other: str | Pose | None = None,
        both: str | Pose | None = None,
        head: _Values | None = None,
        trunk: _Values | None = None,
        pelvis: _Values | None = None,
        shrug: _Values | None = None,
        foot: _Values | None = None,
        hold: float = 0.0,
        soft: bool = False,
    ) -> None:
        """Move the named parts to their values and stay for `hold`.

        Args:
            s: how long the movement takes at neutral tempo [s].
            lead: pose of the leading arm, or its name.
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
        self.size *= np.exp(self._growth)
        seconds = s / self.tempo * np.exp(self.rng.normal(0.0, 0.09))
        # A sharp style covers the same way in less time and stops.
        sharp = 1.0 if soft else max(1.0, self.style.sharpness) ** 0.35
        start, end = self.clock_s, self.clock_s + max(seconds / sharp, 0.09)
        for arm, pose in ((self.lead, lead or both), (self.other, other or both)):
            if pose is not None:
                follows = arm == self.other and both is not None
                self._move_arm(arm, start, end, pose, follows)
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

    def accompany(self, pose: str) -> None:
        """Have an arm that did nothing go to a pose meanwhile, and back with the others."""
        moved = {move.part for move in self.moves}
        idle = [arm for arm in 'lr' if f'{arm}_arm' not in moved]
        if len(idle) != 1 or self.clock_s < 1.5:
            return  # both gesture, or neither does
        seconds = self.between(0.5, 0.9) / self.tempo
        start = self.between(0.0, 0.4) / self.tempo
        end = self.clock_s - self.between(0.2, 0.5) * seconds
        self._move_arm(idle[0], start, start + seconds, pose, False)
        for part in (f'{idle[0]}_arm', f'{idle[0]}_face'):
            self._used.pop(part, None)
            self.moves.append(Move(part, max(end - seconds, start + seconds), end, None))

    def rest(self, seconds: float = 0.8, hold: float = 0.0) -> None:
        """Let every part that moved go back to the posture, arms not all at once.

        In a flowing phrase they stay, for the next gesture to take them from there.
        """
        if self.flowing:
            self.clock_s += self.between(0.0, 0.2) / self.tempo
            return
        seconds = seconds / self.tempo
        last = self.clock_s
        for part in self._used:
            if part.endswith('_face'):
                continue  # its arm takes it along
            start = self.clock_s + self.between(0.0, 0.15) * seconds
            end = start + seconds * self.between(0.85, 1.25)
            self.moves.append(Move(part, start, end, None))
            if part.endswith('_arm'):
                self.moves.append(Move(part.replace('arm', 'face'), start, end, None))
            last = max(last, end)
        self._used.clear()
        self.clock_s = last + hold / self.tempo

    def lower(self) -> None:
        """Bring every arm back that is held for longer than people hold one up."""
        for arm in 'lr':
            moves = sorted(
                (move for move in self.moves if move.part == f'{arm}_arm'),
                key=lambda move: move.start_s,
            )
            for move, after in pairwise(moves):
                start = move.end_s + self.between(0.7, 1.0) * _LONGEST_HOLD_S
                end = start + 0.7 / self.tempo
                late = start if after.values is None else end
                if move.values is not None and after.start_s > late:
                    for part in (f'{arm}_arm', f'{arm}_face'):
                        self.moves.append(Move(part, start, end, None))
        self.moves.sort(key=lambda move: move.start_s)

    @property
    def other(self) -> str:
        """The arm that does not lead."""
        return 'r' if self.lead == 'l' else 'l'

    def _move_arm(
        self, arm: str, start: float, end: float, pose: str | Pose, follows: bool
    ) -> None:
        pose = self.poses[pose] if isinstance(pose, str) else pose
        late = self._late_s * min(1.0, (end - start) / 0.4) if follows else 0.0
        values = self._posed(pose, arm, self._other_share if follows else 1.0)
        self._move(f'{arm}_arm', start + late, end + late, values)
        self._move(f'{arm}_face', start + late, end + late, np.array([float(pose.face)]))

    def _move(self, part: str, start: float, end: float, values: np.ndarray) -> None:
        self._used[part] = None
        self.moves.append(Move(part, start, end, values))

    def _posed(self, pose: Pose, arm: str, share: float) -> np.ndarray:
        """Return angles and blend weight [5], varied; contacts only a little."""
        varied = 0.2 if pose.contact else 1.0
        angles = np.array(pose.angles) + varied * (
            self._offset[arm] + self.rng.normal(0.0, (2.0, 2.0, 3.0, 3.0))
        )
        if pose.contact:
            return np.append(angles, 1.0)
        angles[1] *= 0.5 + 0.5 * self.style.lateral
        return np.append(angles, np.clip((0.35 + 0.65 * self.size) * share, 0.55, 1.08))

    def _sided(self, part: str, values: _Values) -> np.ndarray:
        full = np.zeros(len(_FLIP[part]))
        full[: len(values)] = values
        if self.lead == 'r':
            full *= _FLIP[part]
        return full * min(self.size, 1.5)


class Family(Protocol):
    """A family of gestures; called, it writes the beats of one gesture into a phrase."""

    name: str

    def __call__(self, phrase: Phrase) -> None: ...
