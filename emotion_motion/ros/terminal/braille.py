# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A small raster of braille dots, two by four to a character, one colour to a character."""

from __future__ import annotations

import itertools

import numpy as np
from rich.text import Text

__all__ = ['BrailleCanvas']

BLANK = 0x2800
# Bit of each dot of a character, by row and column (Unicode, "Braille Patterns").
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.uint16)


class BrailleCanvas:
    """Draws in dots, x to the right and y down; what lies outside is cut off.

    Args:
        columns: width in characters; a character is 2 dots wide.
        rows: height in characters; a character is 4 dots high, so dots are about square.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.width, self.height = 2 * columns, 4 * rows
        self._dots = np.zeros((self.height, self.width), dtype=bool)
        self._styles = np.zeros((rows, columns), dtype=np.int64)
        self._names = ['']

    def points(self, xs: np.ndarray, ys: np.ndarray, style: str) -> None:
        """Set dots at coordinates [N] and [N]; where styles meet, the last one wins."""
        columns, rows = np.rint(xs).astype(int), np.rint(ys).astype(int)
        inside = (columns >= 0) & (columns < self.width) & (rows >= 0) & (rows < self.height)
        columns, rows = columns[inside], rows[inside]
        self._dots[rows, columns] = True
        self._styles[rows // 4, columns // 2] = self._number(style)

    def line(self, begin: np.ndarray, end: np.ndarray, style: str, thickness: float = 1.0) -> None:
        """Draw from (x, y) to (x, y), `thickness` dots across, with round ends."""
        count = int(np.ceil(2.0 * np.abs(end - begin).max())) + 1
        path = begin + np.linspace(0.0, 1.0, count)[:, None] * (end - begin)  # [N, 2]
        brush = _disc(0.5 * (thickness - 1.0))  # [M, 2]
        dots = (path[:, None] + brush).reshape(-1, 2)
        self.points(dots[:, 0], dots[:, 1], style)

    def circle(self, centre: np.ndarray, radius: float, style: str) -> None:
        """Draw the outline of a circle."""
        turn = np.linspace(0.0, 2.0 * np.pi, max(8, int(8 * radius)), endpoint=False)
        self.points(centre[0] + radius * np.cos(turn), centre[1] + radius * np.sin(turn), style)

    def text(self) -> Text:
        """Return the picture for rich, row by row."""
        rows, columns = self._styles.shape
        cells = self._dots.reshape(rows, 4, columns, 2)
        codes = BLANK + (cells * _BITS[None, :, None, :]).sum(axis=(1, 3))
        picture = Text(no_wrap=True, end='')
        for number, (code_row, style_row) in enumerate(
            zip(codes.tolist(), self._styles.tolist(), strict=True)
        ):
            if number:
                picture.append('\n')
            row = zip(style_row, code_row, strict=True)
            for style, run in itertools.groupby(row, key=lambda cell: cell[0]):
                picture.append(''.join(chr(code) for _, code in run), self._names[style])
        return picture

    def _number(self, style: str) -> int:
        if style not in self._names:
            self._names.append(style)
        return self._names.index(style)


def _disc(radius: float) -> np.ndarray:
    """Return the offsets [M, 2] of the dots within `radius` of the middle."""
    reach = np.arange(-np.ceil(radius), np.ceil(radius) + 1.0)
    grid = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2)
    return grid[(grid**2).sum(axis=1) <= radius**2 + 0.25]
