# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A camera that goes along with the body, in every browser that looks on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ['FollowCamera']

# A little to the side of the body, so that it stands beside the panel and not behind it.
LOOK_AT_M, AWAY_M, ANGLE_RAD = (0.0, 0.36, 0.92), (3.0, -1.0, 0.5), 0.75
_SMOOTH_S, _LEAST_M = 0.5, 0.004


class FollowCamera:
    """Shifts cameras by what the body has moved since; how people turn them stays theirs."""

    def __init__(self, server: Any, *, distance: float = 1.0) -> None:
        """Set where cameras begin, `distance` times as far away as for one body."""
        self._server = server
        self._told = self._at = np.zeros(2)
        self._seen_s: float | None = None
        self._begin = np.array(LOOK_AT_M) + distance * np.array(AWAY_M)
        # What "reset view" in the page goes back to; a page that opens is told below.
        server.initial_camera.position = tuple(self._begin)
        server.initial_camera.look_at = LOOK_AT_M
        server.initial_camera.fov = ANGLE_RAD
        server.on_client_connect(self._join)

    def follow(self, place: np.ndarray | None, now_s: float) -> None:
        """Go along with a body at `place` [3]; None: stay."""
        if place is None:
            self._seen_s = None
            return
        ground = np.asarray(place[:2], dtype=np.float64)
        elapsed_s = 0.0 if self._seen_s is None else max(0.0, now_s - self._seen_s)
        self._seen_s = now_s
        self._at = self._at + (1.0 - math.exp(-elapsed_s / _SMOOTH_S)) * (ground - self._at)
        shift = self._at - self._told
        if np.linalg.norm(shift) < _LEAST_M:
            return
        self._told = self._at
        for client in self._server.get_clients().values():
            # Its look_at goes along with the position.
            client.camera.position = client.camera.position + np.append(shift, 0.0)

    def _join(self, client: Any) -> None:
        shift = np.append(self._told, 0.0)
        with client.atomic():
            client.camera.position = self._begin + shift
            client.camera.look_at = np.array(LOOK_AT_M) + shift
            client.camera.fov = ANGLE_RAD
