# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Colours of the page, for light and for dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from emotion_motion.drawing import EMOTION_COLOURS

__all__ = ['BRAND', 'Colour', 'DARK', 'EMOTION_RGB', 'LIGHT', 'Look']

Colour: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    """Colours of the scene.

    Attributes:
        left: of the body's left side; told apart from right by colour-blind eyes too.
        middle: of what is on neither side.
        right: of the body's right side.
        gone: of a body of a node that is silent.
        cell: of the ground's thin lines.
        section: of its strong lines.
    """

    left: Colour
    middle: Colour
    right: Colour
    gone: Colour
    cell: Colour
    section: Colour


DARK = Look(
    left=(16, 104, 214),
    middle=(150, 156, 166),
    right=(214, 96, 8),
    gone=(70, 72, 76),
    cell=(52, 56, 62),
    section=(84, 90, 100),
)
LIGHT = Look(
    left=(12, 88, 176),
    middle=(84, 90, 100),
    right=(204, 88, 6),
    gone=(176, 178, 182),
    cell=(220, 224, 228),
    section=(176, 182, 190),
)
BRAND: Colour = (60, 110, 180)


def _rgb(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


EMOTION_RGB = {name: _rgb(text) for name, text in EMOTION_COLOURS.items()}
