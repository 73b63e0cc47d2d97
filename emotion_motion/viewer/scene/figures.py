# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Bodies in the scene: a mannequin, trails of the wrists and a label each."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.viewer.scene.body import BodyShape
from emotion_motion.viewer.scene.world import Colour, Follower, Look, WORLD
from emotion_motion.viewer.source import Figure

TRAIL_S, POINTS = 1.2, 24
_PERIOD_S = TRAIL_S / POINTS
# A browser draws a new line in a frame of its own, beside those of the moving body: so two points
# of a trail are sent at a time.
_SENT_TOGETHER = 2
_LEAP_M = 0.5  # farther in a moment is a jump to another place, such as a reset

SPACING_M = 1.5
_LABEL_ABOVE_M = 0.22
_LEAST_M, _SCALE_STEP = 0.005, 0.005


class Trail:
    """Where a wrist was in the last second, as a line of `POINTS` pieces that fades."""

    def __init__(self, scene: Any, name: str) -> None:
        self._points: np.ndarray | None = None
        self._added_s, self._waiting = 0.0, 0
        self.line = scene.add_line_segments(
            name, np.zeros((POINTS, 2, 3)), np.zeros((POINTS, 2, 3), np.uint8), thickness=0.008
        )

    def dress(self, colour: Colour, faint: Colour) -> None:
        """Take on a colour, that of its old end being `faint`."""
        colours = np.linspace(faint, colour, POINTS + 1)
        # Colours of points go to the screen as amounts of light, unlike those of meshes.
        colours = (255.0 * (colours / 255.0) ** 2.2).astype(np.uint8)
        self.line.colors = np.stack((colours[:-1], colours[1:]), axis=1)

    def add(self, point: np.ndarray, now_s: float) -> None:
        """Go on to a point [3] in metres at `now_s`; one that is not measured is left out.

        Where the time runs backwards, the trail begins anew.
        """
        if not np.isfinite(point).all():
            return
        if (
            self._points is None
            or now_s < self._added_s
            or np.linalg.norm(point - self._points[-1]) > _LEAP_M
        ):
            self._points = np.repeat(np.asarray(point, np.float32)[None], POINTS + 1, axis=0)
            self._added_s, self._waiting = now_s, _SENT_TOGETHER
        elif now_s - self._added_s >= _PERIOD_S:
            self._points = np.vstack((self._points[1:], point)).astype(np.float32)
            self._added_s = now_s
            self._waiting += 1
        if self._waiting >= _SENT_TOGETHER:
            self._waiting = 0
            self.line.points = np.stack((self._points[:-1], self._points[1:]), axis=1)


class FigureView:
    """One body in the scene, `offset` [3] from where its keypoints say [m].

    Each part is a mesh of its own: to move one costs the browser next to nothing, while a batch of
    meshes is worked through anew for every frame.
    """

    def __init__(
        self, scene: Any, name: str, figure: Figure, look: Look, offset: np.ndarray, *, gone: bool
    ) -> None:
        self.shape = BodyShape(figure.skeleton, figure.names)
        self._scene, self._name, self._offset = scene, name, offset
        self.root = scene.add_frame(name, show_axes=False)
        # A part is made when its length is first known; with each the length that it was made of.
        self._parts: dict[int, tuple[Any, float]] = {}
        self._height_m = 0.0  # until something is measured
        self._label = scene.add_label(f'{name}/label', figure.label) if figure.label else None
        self.trails = [
            Trail(scene, f'{name}/trail_{number}') for number in range(len(self.shape.wrists()))
        ]
        self.dress(look, gone=gone)

    def dress(self, look: Look, *, gone: bool) -> None:
        self._colours = self.shape.colours(look, gone=gone)
        for number, (part, _) in self._parts.items():
            part.color = self._colours[number]
        for trail, colour in zip(self.trails, (look.left, look.right), strict=False):
            trail.dress(colour, look.cell)

    def show(self, figure: Figure, now_s: float) -> None:
        keypoints = np.asarray(figure.keypoints, dtype=np.float64) + self._offset
        if not self._height_m and np.isfinite(keypoints).all(axis=-1).any():
            self._height_m = self.shape.height_m(keypoints)
        starts, turns, lengths = self.shape.place(keypoints)
        for number, length in enumerate(lengths.tolist()):
            self._show_part(number, starts[number], turns[number], length)
        for trail, wrist in zip(self.trails, self.shape.wrists(), strict=True):
            trail.add(keypoints[wrist], now_s)
        if self._label is not None and np.isfinite(keypoints).any():
            middle, top = np.nanmean(keypoints, axis=0), np.nanmax(keypoints[:, 2])
            self._label.position = (middle[0], middle[1], top + _LABEL_ABOVE_M)

    def place(self, figure: Figure) -> np.ndarray | None:
        """Return where the body as a whole is [3]; None where nobody knows."""
        root = self.shape.root()
        place = None if root is None else figure.keypoints[root]
        return place if place is not None and np.isfinite(place).all() else None

    def _show_part(self, number: int, start: np.ndarray, turn: np.ndarray, length: float) -> None:
        known = bool(np.isfinite(length))
        if number not in self._parts:
            if not known:
                return
            mesh = self.shape.mesh(number, length, self._height_m)
            part = self._scene.add_mesh_simple(
                f'{self._name}/part_{number}', *mesh, color=self._colours[number]
            )
            self._parts[number] = part, length
        part, made_length = self._parts[number]
        part.visible = known
        if known:
            part.position, part.wxyz = start, turn
            scale = (1.0, 1.0, length / made_length if made_length > _LEAST_M else 1.0)
            if np.abs(np.subtract(scale, part.scale)).max() > _SCALE_STEP:
                part.scale = scale


class Figures:
    """All bodies of a page, side by side."""

    def __init__(self, scene: Any, look: Look) -> None:
        self._scene, self._look = scene, look
        self._world = Follower(scene.add_frame(WORLD, show_axes=False))
        self._views: list[FigureView] = []
        self._followers: list[Follower] = []
        self._gone, self._trails, self._visible = False, True, True

    def show(self, figures: tuple[Figure, ...], now_s: float) -> None:
        if [view.shape.names for view in self._views] != [figure.names for figure in figures]:
            self._make(figures)
        for view, figure in zip(self._views, figures, strict=True):
            view.show(figure, now_s)

    def dress(self, look: Look, *, gone: bool) -> None:
        if look is self._look and gone == self._gone:
            return
        self._look, self._gone = look, gone
        for view in self._views:
            view.dress(look, gone=gone)

    def choose(self, *, visible: bool, trails: bool) -> None:
        self._visible, self._trails = visible, trails
        for view in self._views:
            view.root.visible = visible
            for trail in view.trails:
                trail.line.visible = trails

    def follow(self, figures: tuple[Figure, ...], now_s: float, *, follow: bool) -> None:
        """Keep the body over one spot by moving the world, or each of several over its own."""
        for follower, view, figure in zip(self._followers, self._views, figures, strict=True):
            follower.follow(view.place(figure) if follow else None, now_s)

    def _make(self, figures: tuple[Figure, ...]) -> None:
        for view in self._views:
            view.root.remove()
        left = -0.5 * SPACING_M * (len(figures) - 1)
        self._views = [
            FigureView(
                self._scene,
                f'{WORLD}/figure_{number}',
                figure,
                self._look,
                np.array([0.0, left + number * SPACING_M, 0.0]),
                gone=self._gone,
            )
            for number, figure in enumerate(figures)
        ]
        alone = len(figures) == 1
        self._followers = [self._world] if alone else [Follower(view.root) for view in self._views]
        self.choose(visible=self._visible, trails=self._trails)
