# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Bodies in the scene: spheres, bones, trails of the wrists, a label each."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.viewer.scene.body import BodyShape, bone_mesh, sphere_mesh
from emotion_motion.viewer.scene.camera import Follower, WORLD
from emotion_motion.viewer.scene.look import Colour, Look
from emotion_motion.viewer.sources.source import Figure

__all__ = ['FigureView', 'Figures', 'SPACING_M', 'Trail']

# The way that a wrist went in the last second, as a line that fades.

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
            name, np.zeros((POINTS, 2, 3)), np.zeros((POINTS, 2, 3), np.uint8), thickness=0.008
        )

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
        if (
            self._points is None
            or now_s < self._added_s
            or (np.linalg.norm(point - self._points[-1]) > _LEAP_M)
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


SPACING_M = 1.5
_LABEL_ABOVE_M = 0.22
_LEAST_BONE_M, _SCALE_STEP = 0.005, 0.005


class FigureView:
    """One body in the scene, `offset` [3] from where its keypoints say [m].

    Each bone is a mesh of its own: to move one costs the browser next to nothing, while a batch of
    meshes is worked through anew for every frame.
    """

    def __init__(
        self, scene: Any, name: str, figure: Figure, look: Look, offset: np.ndarray
    ) -> None:
        self.shape = BodyShape(figure.skeleton, figure.names)
        self._scene, self._name, self._offset = scene, name, offset
        self._look, self._gone = look, False
        self.root = scene.add_frame(name, show_axes=False)
        self._follower = Follower(self.root)
        self._spheres = [
            scene.add_mesh_simple(f'{name}/sphere_{number}', *sphere_mesh(radius), visible=False)
            for number, radius in enumerate(self.shape.sphere_radii)
        ]
        # A bone is made when its length is first known.
        self._bones: dict[int, tuple[Any, float]] = {}
        self._scales: dict[int, float] = {}
        self._label = None
        if figure.label:
            self._label = scene.add_label(f'{name}/label', figure.label)
        self._trails = [
            Trail(scene, f'{name}/trail_{number}') for number in range(len(self.shape.wrists()))
        ]
        self.dress(look, gone=False)

    def fits(self, figure: Figure) -> bool:
        """Whether it can show that figure."""
        return figure.names == self.shape.names

    def dress(self, look: Look, *, gone: bool) -> None:
        """Take on the colours of a look, or grey where nothing is heard of the body."""
        self._look, self._gone = look, gone
        for sphere, colour in zip(self._spheres, self.shape.sphere_colours(look), strict=True):
            sphere.color = look.gone if gone else colour
        colours = self.shape.bone_colours(look)
        for number, (bone, _) in self._bones.items():
            bone.color = look.gone if gone else colours[number]
        for trail, colour in zip(self._trails, (look.left, look.right), strict=False):
            trail.dress(colour, look.cell)

    def show(self, figure: Figure, now_s: float) -> None:
        """Take on a pose."""
        keypoints = np.asarray(figure.keypoints, dtype=np.float64) + self._offset
        for sphere, place in zip(self._spheres, self.shape.place_spheres(keypoints), strict=True):
            sphere.visible = bool(np.isfinite(place).all())
            if sphere.visible:
                sphere.position = place
        starts, turns, lengths = self.shape.place_bones(keypoints)
        for number, (start, turn, length) in enumerate(
            zip(starts, turns, lengths.tolist(), strict=True)
        ):
            self._show_bone(number, start, turn, length)
        for trail, wrist in zip(self._trails, self.shape.wrists(), strict=True):
            trail.add(keypoints[wrist], now_s)
        if self._label is not None and np.isfinite(keypoints).any():
            middle, top = np.nanmean(keypoints, axis=0), np.nanmax(keypoints[:, 2])
            self._label.position = (middle[0], middle[1], top + _LABEL_ABOVE_M)

    def trails(self, visible: bool) -> None:
        """Show or hide the trails."""
        for trail in self._trails:
            trail.visible = visible

    def place(self, figure: Figure) -> np.ndarray | None:
        """Return where the body as a whole is [3]; None where nobody knows."""
        root = self.shape.root()
        if root is None or not np.isfinite(figure.keypoints[root]).all():
            return None
        return np.asarray(figure.keypoints[root], dtype=np.float64) + self._offset

    def stay(self, figure: Figure | None, now_s: float) -> None:
        """Keep the body over its spot, wherever it walks; None: leave it where it is now."""
        place = None if figure is None else self.place(figure)
        self._follower.follow(None if place is None else place - self._offset, now_s)

    def remove(self) -> None:
        """Leave the scene."""
        self.root.remove()

    def _show_bone(self, number: int, start: np.ndarray, turn: np.ndarray, length: float) -> None:
        known = bool(np.isfinite(length))
        if number not in self._bones:
            if not known or length < _LEAST_BONE_M:
                return
            self._bones[number] = self._made(number, length), length
        bone, made_length = self._bones[number]
        bone.visible = known
        if not known:
            return
        bone.position, bone.wxyz = start, turn
        scale = length / made_length
        if abs(scale - self._scales.get(number, 1.0)) > _SCALE_STEP:
            self._scales[number] = scale
            bone.scale = (1.0, 1.0, scale)

    def _made(self, number: int, length: float) -> Any:
        radius = float(self.shape.joint_radii[number])
        colour = self.shape.bone_colours(self._look)[number]
        return self._scene.add_mesh_simple(
            f'{self._name}/bone_{number}',
            *bone_mesh(length, radius),
            color=self._look.gone if self._gone else colour,
        )


class Figures:
    """All bodies of a page, side by side."""

    def __init__(self, scene: Any, look: Look) -> None:
        self._scene = scene
        self._look = look
        self._views: list[FigureView] = []
        self._gone, self._trails, self._visible = False, True, True

    @property
    def visible(self) -> bool:
        """Whether they are shown."""
        return self._visible

    @visible.setter
    def visible(self, value: bool) -> None:
        self._visible = value
        for view in self._views:
            view.root.visible = value

    def show(self, figures: tuple[Figure, ...], now_s: float) -> None:
        """Show bodies; makes and removes what is needed for them."""
        if len(figures) != len(self._views) or not all(
            view.fits(figure) for view, figure in zip(self._views, figures, strict=True)
        ):
            self._make(figures)
        for view, figure in zip(self._views, figures, strict=True):
            view.show(figure, now_s)

    def dress(self, look: Look, *, gone: bool) -> None:
        """Take on the colours of a look."""
        if look is self._look and gone == self._gone:
            return
        self._look, self._gone = look, gone
        for view in self._views:
            view.dress(look, gone=gone)

    def trails(self, visible: bool) -> None:
        """Show or hide the trails of the wrists."""
        self._trails = visible
        for view in self._views:
            view.trails(visible)

    def stay(self, figures: tuple[Figure, ...], now_s: float, *, follow: bool) -> None:
        """Keep each body over its own spot, if `follow`."""
        for view, figure in zip(self._views, figures, strict=True):
            view.stay(figure if follow else None, now_s)

    def place(self, figures: tuple[Figure, ...]) -> np.ndarray | None:
        """Return where the first body is [3]; None where nobody knows."""
        return self._views[0].place(figures[0])

    def _make(self, figures: tuple[Figure, ...]) -> None:
        for view in self._views:
            view.remove()
        left = -0.5 * SPACING_M * (len(figures) - 1)
        self._views = [
            FigureView(
                self._scene,
                f'{WORLD}/figure_{number}',
                figure,
                self._look,
                np.array([0.0, left + number * SPACING_M, 0.0]),
            )
            for number, figure in enumerate(figures)
        ]
        self.trails(self._trails)
        self.visible = self._visible
        for view in self._views:
            view.dress(self._look, gone=self._gone)
