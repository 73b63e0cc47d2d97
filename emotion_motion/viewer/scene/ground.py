# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The ground: a grid of lines, and a plane for shadows to fall on while there are shadows."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.viewer.scene.camera import WORLD
from emotion_motion.viewer.scene.look import Look

__all__ = ['Ground', 'grid_lines']

SIZE_M, CELL_M, SECTION_M = 12.0, 0.25, 1.0
# A line that goes on behind the camera is drawn at a wrong depth, through bodies: in pieces, those
# that do are out of sight.
PIECE_M = 2.0


class Ground:
    """Thin and strong lines.

    Viser's grid is a plane, of which each point is worked out in every frame; without a graphics
    card that is a third of the drawing.

    Args:
        scene: of a viser server.
        look: its colours.
    """

    def __init__(self, scene: Any, look: Look) -> None:
        thin = grid_lines(CELL_M, without_m=SECTION_M)
        strong = grid_lines(SECTION_M)
        add = scene.add_line_segments
        self._cells = add(
            f'{WORLD}/cells', thin, look.cell, thickness=1.0, thickness_units='screen'
        )
        self._sections = add(f'{WORLD}/sections', strong, look.section, thickness=0.01)
        self._plane = scene.add_grid(
            f'{WORLD}/shadows',
            SIZE_M,
            SIZE_M,
            cell_thickness=0.0,
            section_thickness=0.0,
            fade_distance=14.0,
            shadow_opacity=0.25,
            visible=False,
        )

    def dress(self, look: Look) -> None:
        """Take on the colours of a look."""
        self._cells.colors = np.array(look.cell, np.uint8)
        self._sections.colors = np.array(look.section, np.uint8)

    def shadows(self, shown: bool) -> None:
        """Let shadows fall on it, or not."""
        self._plane.visible = shown


def grid_lines(cell_m: float, without_m: float = 0.0) -> np.ndarray:
    """Return the two ends of each piece [N, 2, 3] of the lines of a square grid of `SIZE_M` [m].

    Args:
        cell_m: between two lines [m].
        without_m: lines at multiples of this are left out, since others are there [m]; 0: none.
    """
    half = 0.5 * SIZE_M
    at = np.linspace(-half, half, round(SIZE_M / cell_m) + 1)
    if without_m > 0.0:
        at = at[np.abs(at / without_m - np.round(at / without_m)) > 1e-6]
    begins = np.arange(-half, half, PIECE_M)
    across, along = (part.ravel() for part in np.meshgrid(at, begins))
    lines = np.zeros((len(across), 2, 3), dtype=np.float32)
    lines[..., 0] = across[:, None]
    lines[..., 1] = along[:, None] + (0.0, PIECE_M)
    return np.concatenate((lines, lines[..., [1, 0, 2]]))
