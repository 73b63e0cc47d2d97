# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Reach: how far elbows bend, arms rise, head and trunk turn, of a person and of a robot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ['Reach', 'reaches']

_MOST = 95.0  # percentile: what is reached now and then, not once
_FULL = 0.85  # of what was asked counts as reached
_SMALL_DEG = 10.0  # what is less than this short is not missed


@dataclass(frozen=True)
class Reach:
    """How far something went.

    Attributes:
        what: moved, as in 'elbows bend'.
        asked_deg: how far the person's went.
        reached_deg: how far the robot's went at those moments.
    """

    what: str
    asked_deg: float
    reached_deg: float

    @property
    def short(self) -> bool:
        """Whether the robot comes clearly less far."""
        missing = self.asked_deg - self.reached_deg
        return missing > _SMALL_DEG and self.reached_deg < _FULL * self.asked_deg

    def __str__(self) -> str:
        return f'{self.what} {self.reached_deg:.0f} of {self.asked_deg:.0f} degrees'


def reaches(
    names: tuple[str, ...], asked: np.ndarray, reached: np.ndarray
) -> tuple[Reach, ...]:
    """Return how far a person and a robot went.

    Args:
        names: of the directions, axes of trunk and head and the limbs of both arms.
        asked: the person's directions [T, B, 3].
        reached: the robot's [T, B, 3].
    """
    person, robot = _angles(names, asked), _angles(names, reached)
    found = []
    for what, angles in person.items():
        most = float(np.percentile(np.abs(angles), _MOST))
        moments = np.abs(angles) >= most
        # The robot's at the moments of the person's most, in the person's direction.
        there = float((np.sign(angles) * robot[what])[moments].mean())
        found.append(Reach(what, most, max(0.0, there)))
    return tuple(found)


def _angles(names: tuple[str, ...], directions: np.ndarray) -> dict[str, np.ndarray]:
    """Return angles in degrees; of both sides [2 T], of middle parts [T]."""
    at = {name: directions[:, row] for row, name in enumerate(names)}
    arms = [(at[f'{side}_upper_arm'], at[f'{side}_forearm']) for side in ('left', 'right')]
    down = -at['trunk_up']
    forward = at['head_forward']
    return {
        'elbows bend': np.concatenate([_between(upper, fore) for upper, fore in arms]),
        'arms rise': np.concatenate([_between(upper, down) for upper, _ in arms]),
        'head nods': np.degrees(np.arcsin(np.clip(-forward[:, 2], -1.0, 1.0))),
        'head turns': np.degrees(np.arctan2(forward[:, 1], forward[:, 0])),
        'trunk leans': _between(at['trunk_up'], np.array((0.0, 0.0, 1.0))),
        'trunk twists': np.degrees(np.arctan2(-at['trunk_left'][:, 0], at['trunk_left'][:, 1])),
    }


def _between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray(np.degrees(np.arccos(np.clip((one * other).sum(axis=-1), -1.0, 1.0))))
