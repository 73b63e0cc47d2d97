# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The way that a wrist went in the last second, as a line that fades."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.viewer.look import Colour

__all__ = ['Trail']

TRAIL_S, POINTS = 1.2, 24
_PERIOD_S = TRAIL_S / POINTS
# A browser draws a new line in a frame of its own, beside those of the moving body: so two points
# of the way are sent at a time.
_SENT_TOGETHER = 2
_LEAP_M = 0.5  # farther in a moment is a jump to another place, such as a reset


class Trail:
    """A line of `POINTS` pieces; its end is as thin as its colour is faint."""

    def __init__(self, scene: Any, name: str) -> None:
        """Make the line; it has no length yet."""
        self._points: np.ndarray | None = None
        self._added_s = 0.0
        self._waiting = 0
        self._line = scene.add_line_segments(
            name, np.zeros((POINTS, 2, 3)), np.zeros((POINTS, 2, 3), np.uint8),
            thickness=0.008,
        )  # fmt: skip

    @property
    def visible(self) -> bool:
        """Whether it is shown."""
        return self._line.visible

    @visible.setter
    def visible(self, value: bool) -> None:
        self._line.visible = value

    def dress(self, colour: Colour, faint: Colour) -> None:
        """Take on a colour, that of its old end being `faint`."""
        share = np.linspace(0.0, 1.0, POINTS + 1)[:, None]
        colours = (share * np.array(colour) + (1.0 - share) * np.array(faint)).astype(np.uint8)
        self._line.colors = np.stack((colours[:-1], colours[1:]), axis=1)

    def add(self, point: np.ndarray, now_s: float) -> None:
        """Go on to a point [3]; one that is not measured is left out.

        Args:
            point: where the wrist is [m].
            now_s: any clock that does not run backwards, but where the trail shall begin anew.
        """
        if not np.isfinite(point).all():
            return
        if self._points is None or now_s < self._added_s or (
            np.linalg.norm(point - self._points[-1]) > _LEAP_M
        ):
            self._points = np.repeat(np.asarray(point, np.float32)[None], POINTS + 1, axis=0)
            self._added_s, self._waiting = now_s, _SENT_TOGETHER
        elif now_s - self._added_s >= _PERIOD_S:
            self._points = np.vstack((self._points[1:], point)).astype(np.float32)
            self._added_s = now_s
            self._waiting += 1
        if self._waiting < _SENT_TOGETHER:
            return
        self._waiting = 0
        self._line.points = np.stack((self._points[:-1], self._points[1:]), axis=1)
