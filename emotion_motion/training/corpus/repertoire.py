# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The repertoire: what people do with their bodies at each emotion, as families of gestures.

Each family is a function that writes beats into a phrase; no two phrases of a family are alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emotion_motion.training.corpus.gestures import (
    anger as gestures_anger,
    disgust as gestures_disgust,
    fear as gestures_fear,
    happiness as gestures_happiness,
    neutral as gestures_neutral,
    sadness as gestures_sadness,
    surprise as gestures_surprise,
)
from emotion_motion.training.corpus.phrase import Family

__all__ = ['REPERTOIRE', 'COMPANIONS', 'ACCENTS', 'families_of', 'pick']

# emotion -> families and how often each is drawn, relative to the others of that emotion.
REPERTOIRE: dict[str, tuple[tuple[Family, float], ...]] = {
    'anger': gestures_anger.FAMILIES,
    'disgust': gestures_disgust.FAMILIES,
    'fear': gestures_fear.FAMILIES,
    'happiness': gestures_happiness.FAMILIES,
    'neutral': gestures_neutral.FAMILIES,
    'sadness': gestures_sadness.FAMILIES,
    'surprise': gestures_surprise.FAMILIES,
}

# Families of the modes of an emotion; one that is in no mode belongs to all of them.
_MODES = {'fear': (gestures_fear.FROZEN, gestures_fear.STARTLED)}

# What the other arm does while one arm gestures.
COMPANIONS: dict[str, tuple[str, ...]] = {
    'anger': ('fist_side', 'hip', 'fist_down', 'chop_down'),
    'disgust': ('chest', 'hug_low', 'belly', 'push_ready'),
    'fear': ('chest', 'hug_low', 'throat', 'guard_near'),
    'happiness': ('dance_low', 'hip', 'open_low', 'cheer_low'),
    'neutral': ('pocket', 'belly', 'explain_near', 'back', 'hang'),
    'sadness': ('belly', 'hug_low', 'hang_front', 'hang'),
    'surprise': ('open_low', 'heart', 'startle_low', 'dance_low'),
}

# What the head does over a gesture of the arms: (pitch, yaw, roll) in degrees at the ends of a
# swing there and back, seconds for each half.
ACCENTS: dict[str, tuple[tuple[tuple[float, float, float], float], ...]] = {
    'anger': (((9, 0, 0), 0.16), ((3, 15, 0), 0.2), ((-7, 0, 5), 0.22)),
    'disgust': (((4, 14, 5), 0.4), ((2, 9, 0), 0.3), ((6, 0, 8), 0.45)),
    'fear': (((3, 20, 0), 0.2), ((7, 0, 0), 0.18), ((-3, -24, 0), 0.22)),
    'happiness': (((7, 0, 0), 0.2), ((-5, 0, 9), 0.28), ((-4, 12, 4), 0.3)),
    'neutral': (((7, 0, 0), 0.36), ((2, 8, 3), 0.5), ((0, 0, 6), 0.5)),
    'sadness': (((6, 0, 2), 0.9), ((4, 11, 3), 0.8), ((4, 0, -6), 1.0)),
    'surprise': (((-6, 0, 4), 0.18), ((-3, 16, 0), 0.25), ((4, 0, -6), 0.3)),
}


def families_of(emotion: str, mode: int) -> tuple[list[Family], np.ndarray]:
    """Return the families of an emotion in a mode (0 or 1) and the chance of each."""
    modes = _MODES.get(emotion, ((), ()))
    other = modes[1 - mode]
    entries = [entry for entry in REPERTOIRE[emotion] if entry[0] not in other]
    chance = np.array([share for _, share in entries])
    return [family for family, _ in entries], chance / chance.sum()


def pick(
    rng: np.random.Generator,
    families: Sequence[Family],
    chance: np.ndarray,
    last: Sequence[Family],
) -> Family:
    """Draw a family; one that was among the `last` ones is less likely."""
    chance = chance * np.array([0.25 if family in last else 1.0 for family in families])
    return families[int(rng.choice(len(families), p=chance / chance.sum()))]
