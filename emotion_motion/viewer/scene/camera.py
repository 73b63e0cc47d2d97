# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Where cameras begin, and how the body stays before them: the world moves, not the cameras.

A camera belongs to whoever turns it in a browser, and what is known of it here is late. So no
camera is moved: the world goes the other way, the ground with it, and looks the same. Of two
bodies, which may walk apart, each stays over its own spot, and the ground where it is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ['Follower', 'place_cameras', 'WORLD']

WORLD = '/world'
# A little to the side of the body, so that it stands beside the panel and not behind it.
LOOK_AT_M, AWAY_M, ANGLE_RAD = (0.0, 0.36, 0.92), (3.0, -1.0, 0.5), 0.75
# Viser has a sheet for a background picture 1 m before the camera. Where nobody has set a picture
# it is drawn all the same, at each point of the page, unless it is too near to be drawn.
NEAREST_M = 1.01
_SMOOTH_S, _LEAST_M = 0.5, 0.002


def place_cameras(server: Any, *, distance: float = 1.0, aside_m: float = 0.0) -> None:
    """Set where cameras of pages begin that are opened from now on.

    Args:
        server: a viser.ViserServer.
        distance: how many times as far away as for one body.
        aside_m: how far to the left (y) [m].
    """
    at = np.add(LOOK_AT_M, (0.0, aside_m, 0.0))
    camera = server.initial_camera
    camera.position = tuple(at + distance * np.array(AWAY_M))
    camera.look_at = tuple(at)
    camera.fov = ANGLE_RAD
    camera.near = NEAREST_M


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
