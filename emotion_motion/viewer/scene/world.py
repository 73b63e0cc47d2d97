# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What is around the bodies: colours, cameras, ground.

A camera belongs to whoever turns it in a browser, and what is known of it here is late. So no
camera is moved to follow a body: the world goes the other way, the ground with it, and looks the
same. Of two bodies, which may walk apart, each stays over its own spot; the ground does not move.
"""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Any, TypeAlias

import numpy as np

from emotion_motion.drawing import EMOTION_COLOURS

Colour: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    """Colours of the scene, for a dark or a light page."""

    # Of hands and feet, told apart by colour-blind eyes too, and of the rest of the body.
    left: Colour
    right: Colour
    body: Colour
    face: Colour  # of its eyes
    gone: Colour  # of a body whose node is silent
    # Of the ground's thin and strong lines.
    cell: Colour
    section: Colour


DARK = Look(
    left=(16, 104, 214),
    right=(214, 96, 8),
    body=(190, 195, 204),
    face=(34, 38, 46),
    gone=(70, 72, 76),
    cell=(52, 56, 62),
    section=(84, 90, 100),
)
LIGHT = Look(
    left=(12, 88, 176),
    right=(204, 88, 6),
    body=(212, 217, 226),
    face=(40, 44, 52),
    gone=(176, 178, 182),
    cell=(220, 224, 228),
    section=(176, 182, 190),
)
BRAND: Colour = (60, 110, 180)
EMOTION_RGB = {name: tuple(bytes.fromhex(text[1:])) for name, text in EMOTION_COLOURS.items()}

WORLD = '/world'
# A little to the side of the body, so that it stands beside the panel and not behind it.
LOOK_AT_M, AWAY_M, ANGLE_RAD = (0.0, 0.36, 0.92), (3.0, -1.0, 0.5), 0.75
# On an upright screen the panel covers what is below the middle: the camera is farther away, and
# looks below the body; with the distance that grows.
_UPRIGHT_AWAY, _UPRIGHT_AT_M, _UPRIGHT_BELOW_M = 2.1, (0.0, 0.0, 0.85), 1.47
# Viser has a sheet for a background picture 1 m before the camera. Where nobody has set a picture
# it is drawn all the same, at each point of the page, unless it is too near to be drawn.
NEAREST_M = 1.01
_SMOOTH_S, _LEAST_M = 0.5, 0.002


def place_cameras(server: Any, *, distance: float = 1.0, aside_m: float = 0.0) -> None:
    """Set where cameras begin, `distance` times as far as for one body, and `aside_m` left (y)."""
    server.initial_camera.fov = ANGLE_RAD
    server.initial_camera.near = NEAREST_M
    _place(server.initial_camera, np.add(LOOK_AT_M, (0.0, aside_m, 0.0)), distance)


def place_upright(camera: Any, *, distance: float, aside_m: float) -> None:
    """Place the camera of an upright screen; as `place_cameras`."""
    at = np.add(_UPRIGHT_AT_M, (0.0, aside_m, -distance * _UPRIGHT_BELOW_M))
    _place(camera, at, distance * _UPRIGHT_AWAY)


def _place(camera: Any, at: np.ndarray, distance: float) -> None:
    camera.position = tuple(at + distance * np.array(AWAY_M))
    camera.look_at = tuple(at)


class Follower:
    """Keeps what is below a frame of the scene over one spot, by moving the frame against it."""

    def __init__(self, frame: Any) -> None:
        self._at = np.zeros(2)
        self._seen_s: float | None = None
        self._frame = frame

    def follow(self, place: np.ndarray | None, now_s: float) -> None:
        """Go along with a body at `place` [3] below the frame; None: stay."""
        if place is None:
            self._seen_s = None
            return
        elapsed_s = 0.0 if self._seen_s is None else max(0.0, now_s - self._seen_s)
        self._seen_s = now_s
        share = 1.0 - math.exp(-elapsed_s / _SMOOTH_S)
        self._at = self._at + share * (np.asarray(place[:2], dtype=np.float64) - self._at)
        if np.linalg.norm(self._frame.position[:2] + self._at) > _LEAST_M:
            self._frame.position = (-self._at[0], -self._at[1], 0.0)


SIZE_M, CELL_M, SECTION_M = 12.0, 0.25, 1.0
# A line that goes on behind the camera is drawn at a wrong depth, through bodies: in pieces, those
# that do are out of sight.
PIECE_M = 2.0


class Ground:
    """A grid of thin and strong lines, and a plane for shadows to fall on.

    Viser's grid is a plane, of which each point is worked out in every frame; without a graphics
    card that is a third of the drawing.
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
        self._cells.colors = np.array(look.cell, np.uint8)
        self._sections.colors = np.array(look.section, np.uint8)

    def shadows(self, shown: bool) -> None:
        self._plane.visible = shown


def grid_lines(cell_m: float, without_m: float = 0.0) -> np.ndarray:
    """Return the two ends of each piece [N, 2, 3] of the lines of a square grid of `SIZE_M` [m].

    Lines at multiples of `without_m` are left out, since others are there [m]; 0: none.
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
