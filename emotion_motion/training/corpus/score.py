# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A score: the moves of each part over the time of a clip, played as smooth channels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
import functools
from typing import NamedTuple

import numpy as np

from emotion_motion.training.corpus.performer.body import CHANNELS
from emotion_motion.training.corpus.phrase import Move

__all__ = ['Track', 'Score', 'minimum_jerk']

_ARMS = ('l_arm', 'r_arm')
# Forearms follow upper arms a little later; seconds by angle: flex, abduct, twist, elbow.
_ARM_LAG_S = np.array([0.0, 0.01, 0.045, 0.06])
_ARM_SPEED_DEG_S = 260.0  # mean over a stroke of a straight arm; its peak is 1.9 times that
# How much a degree of each angle moves the wrist, against a degree of swing.
_ARM_REACH = np.array([1.0, 1.0, 0.3, 0.44])


def minimum_jerk(share: np.ndarray) -> np.ndarray:
    """Return the way covered at a share of the time; starts and ends at rest (Flash, Hogan)."""
    share = np.clip(share, 0.0, 1.0)
    return share**3 * (10.0 - 15.0 * share + 6.0 * share**2)


class _Change(NamedTuple):
    """Values go from one point to another in a time."""

    start_s: float
    end_s: float
    origin: np.ndarray
    goal: np.ndarray


class Track:
    """Values over time: constant but for moves, each a minimum-jerk way to its goal."""

    def __init__(self, start: np.ndarray) -> None:
        """Begin with the values `start` [D]."""
        self._first = np.asarray(start, dtype=float)
        self._moves: list[_Change] = []

    @property
    def last(self) -> np.ndarray:
        """Values [D] after the last move."""
        return self._moves[-1].goal if self._moves else self._first

    @property
    def end_s(self) -> float:
        """When the last move ends."""
        return self._moves[-1].end_s if self._moves else 0.0

    def move(
        self, start_s: float, end_s: float, goal: np.ndarray, origin: np.ndarray | None = None
    ) -> None:
        """Append a move; it begins when the one before has ended at the earliest.

        Args:
            start_s: when it begins.
            end_s: when it arrives.
            goal: values [D].
            origin: where it begins; default where the track is. A jump is the caller's affair.
        """
        start_s = max(start_s, self.end_s)
        end_s = max(end_s, start_s + 0.08)
        origin = self.last if origin is None else origin
        goal = np.asarray(goal, dtype=float)
        self._moves.append(_Change(start_s, end_s, np.asarray(origin), goal))

    def cut(
        self,
        time_s: float,
        within_s: float,
        least_s: Callable[[np.ndarray, np.ndarray], float] | None = None,
    ) -> None:
        """Drop what begins after `time_s`; what is under way arrives within `within_s`.

        Args:
            time_s: where to cut.
            within_s: time for the rest of a move under way.
            least_s: how long a move takes at least, from its origin and goal; it wins.
        """
        self._moves = [move for move in self._moves if move.start_s < time_s]
        if self._moves and self.end_s > time_s + within_s:
            last = self._moves[-1]
            least = least_s(last.origin, last.goal) if least_s else 0.12
            end_s = max(time_s + within_s, last.start_s + least)
            self._moves[-1] = last._replace(end_s=end_s)

    def play(self, times_s: np.ndarray) -> np.ndarray:
        """Return the values at times [T], or at times [T, D] of their own for each value."""
        if times_s.ndim == 2:
            columns = [self.play(times_s[:, i])[:, i] for i in range(times_s.shape[1])]
            return np.stack(columns, axis=-1)
        if not self._moves:
            return np.broadcast_to(self._first, (len(times_s), len(self._first))).copy()
        starts, ends, origins, goals = map(np.array, zip(*self._moves, strict=True))
        index = np.maximum(np.searchsorted(starts, times_s, side='right') - 1, 0)
        share = (times_s - starts[index]) / (ends - starts)[index]
        return origins[index] + minimum_jerk(share)[:, None] * (goals - origins)[index]


class Score:
    """Posture, gestures, gaze, accents of the head and weight of one clip, as one track each."""

    def __init__(self, posture: np.ndarray) -> None:
        """Begin in a posture [SIZE] without a gesture."""
        self.posture = Track(posture)
        self.gaze = Track(np.zeros(3))
        self.accents = Track(np.zeros(3))
        self.weight = Track(np.zeros(6))
        self._gestures = {
            part: Track(np.zeros(5 if part in _ARMS else place.stop - place.start))
            for part, place in CHANNELS.items()
        }

    @property
    def end_s(self) -> float:
        """When the last gesture ends."""
        return max(track.end_s for track in self._gestures.values())

    def add(self, moves: Iterable[Move], start_s: float) -> None:
        """Append the moves of a gesture that begins at `start_s`."""
        for move in moves:
            track = self._gestures[move.part]
            last = track.last
            origin = None
            if move.values is None:
                goal = last * 0.0
                if move.part in _ARMS:
                    goal = np.append(last[:4], 0.0)
            else:
                goal = move.values
                if move.part in _ARMS and last[4] == 0.0:
                    origin = np.append(goal[:4], 0.0)  # blended in along a straight line
            start, end = start_s + move.start_s, start_s + move.end_s
            if move.part in _ARMS:
                begin = last if origin is None else origin
                end = max(end, max(start, track.end_s) + self._least_s(move.part, begin, goal))
            track.move(start, end, goal, origin)

    def _least_s(self, part: str, begin: np.ndarray, goal: np.ndarray) -> float:
        """Return how long an arm needs at least from one value [5] to another."""
        rest = self.posture.last[CHANNELS[part]]
        angles = [rest + value[4] * (value[:4] - rest) for value in (begin, goal)]
        flex, abduct, twist, elbow = np.abs(angles[1] - angles[0]) * _ARM_REACH
        return float(np.hypot(flex, abduct) + twist + elbow) / _ARM_SPEED_DEG_S

    def cut(self, time_s: float, transition_s: float) -> None:
        """End all gestures: what is under way arrives soon, then all parts return."""
        for part, track in self._gestures.items():
            slowest = functools.partial(self._least_s, part) if part in _ARMS else None
            track.cut(time_s, 0.4 * transition_s, slowest)
            goal = np.append(track.last[:4], 0.0) if part in _ARMS else track.last * 0.0
            if np.any(goal != track.last):
                start = max(time_s, track.end_s)
                least = slowest(track.last, goal) if slowest else 0.0
                track.move(start, start + max(transition_s, least), goal)

    def play(self, times_s: np.ndarray) -> np.ndarray:
        """Return the channels [T, SIZE] at times [T], without idle movement."""
        channels = self.posture.play(times_s)
        for part, track in self._gestures.items():
            place = CHANNELS[part]
            if part in _ARMS:
                late = times_s[:, None] - np.append(_ARM_LAG_S, 0.0)
                values = track.play(late)
                gap = values[:, :4] - channels[:, place]
                channels[:, place] += values[:, 4:] * gap
            else:
                channels[:, place] += track.play(times_s)
        for track in (self.gaze, self.accents):
            channels[:, CHANNELS['head']] += track.play(times_s)
        weight = self.weight.play(times_s)
        channels[:, CHANNELS['pelvis']] += weight
        channels[:, CHANNELS['trunk'].start + 1] -= weight[:, 5]  # upright over a hip that drops
        return channels
