# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Colours of the page, for light and for dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from emotion_motion.drawing import EMOTION_COLOURS

__all__ = ['BRAND', 'Colour', 'DARK', 'EMOTION_HEX', 'EMOTION_RGB', 'LIGHT', 'Look']

Colour: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    """Colours of the scene.

    Attributes:
        dark: whether the page is dark.
        left: of the body's left side; told apart from right by colour-blind eyes too.
        middle: of what is on neither side.
        right: of the body's right side.
        gone: of a body that nothing is heard of.
        cell: of the ground's thin lines.
        section: of its strong lines.
    """

    dark: bool
    left: Colour
    middle: Colour
    right: Colour
    gone: Colour
    cell: Colour
    section: Colour


DARK = Look(
    True, (16, 104, 214), (150, 156, 166), (214, 96, 8), (70, 72, 76), (52, 56, 62), (84, 90, 100)
)
LIGHT = Look(
    False,
    (12, 88, 176),
    (84, 90, 100),
    (204, 88, 6),
    (176, 178, 182),
    (220, 224, 228),
    (176, 182, 190),
)
BRAND: Colour = (60, 110, 180)
EMOTION_HEX = dict(EMOTION_COLOURS)


def _rgb(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


EMOTION_RGB = {name: _rgb(text) for name, text in EMOTION_HEX.items()}
