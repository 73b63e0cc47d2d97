# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Bodies in the scene: spheres, bones, trails of the wrists, a label each."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.viewer.body import bone_mesh, BodyShape, sphere_mesh
from emotion_motion.viewer.look import Look
from emotion_motion.viewer.source import Figure
from emotion_motion.viewer.trail import Trail

__all__ = ['FigureView', 'Figures', 'SPACING_M']

SPACING_M = 1.5
_LABEL_ABOVE_M = 0.22


class FigureView:
    """One body in the scene, `offset` [3] from where its keypoints say [m]."""

    def __init__(
        self, scene: Any, name: str, figure: Figure, look: Look, offset: np.ndarray
    ) -> None:
        self.shape = BodyShape(figure.skeleton, figure.names)
        self._offset = offset
        self._root = scene.add_frame(name, show_axes=False)
        spheres, bones = self.shape.spheres, len(self.shape.edges)
        self._spheres = scene.add_batched_meshes_simple(
            f'{name}/spheres', *sphere_mesh(), _upright(spheres), np.zeros((spheres, 3)),
            batched_scales=np.zeros(spheres), lod='off',
        )  # fmt: skip
        self._bones = None
        if bones:
            self._bones = scene.add_batched_meshes_simple(
                f'{name}/bones', *bone_mesh(), _upright(bones), np.zeros((bones, 3)),
                batched_scales=np.zeros((bones, 3)), lod='off',
            )  # fmt: skip
        self._label = None
        if figure.label:
            self._label = scene.add_label(f'{name}/label', figure.label)
        self._sizes: tuple[np.ndarray, ...] = ()
        self._trails = [
            Trail(scene, f'{name}/trail_{number}') for number in range(len(self.shape.wrists()))
        ]
        self.dress(look, gone=False)

    def fits(self, figure: Figure) -> bool:
        """Whether it can show that figure."""
        return figure.names == self.shape.names

    def dress(self, look: Look, *, gone: bool) -> None:
        """Take on the colours of a look, or grey where nothing is heard of the body."""
        spheres, bones = self.shape.sphere_colours(look), self.shape.bone_colours(look)
        if gone:
            spheres, bones = np.full_like(spheres, look.gone), np.full_like(bones, look.gone)
        self._spheres.batched_colors = spheres
        if self._bones is not None:
            self._bones.batched_colors = bones
        for trail, colour in zip(self._trails, (look.left, look.right), strict=False):
            trail.dress(colour, look.cell)

    def show(self, figure: Figure, now_s: float) -> None:
        """Take on a pose."""
        keypoints = np.asarray(figure.keypoints, dtype=np.float64) + self._offset
        places, radii = self.shape.place_spheres(keypoints)
        middles, turns, lengths = self.shape.place_bones(keypoints)
        self._resize(radii, lengths)
        self._spheres.batched_positions = places
        if self._bones is not None:
            self._bones.batched_positions = middles
            self._bones.batched_wxyzs = turns
        for trail, wrist in zip(self._trails, self.shape.wrists(), strict=True):
            trail.add(keypoints[wrist], now_s)
        if self._label is not None:
            top = float(places[radii > 0.0, 2].max(initial=0.0))
            middle = places[radii > 0.0].mean(axis=0) if (radii > 0.0).any() else self._offset
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

    def remove(self) -> None:
        """Leave the scene."""
        self._root.remove()

    def _resize(self, radii: np.ndarray, lengths: np.ndarray) -> None:
        """Tell sizes only where they change: a body's bones keep their lengths."""
        rounded = np.round(radii, 4), np.round(lengths, 3)
        same = self._sizes and all(map(np.array_equal, rounded, self._sizes))
        if same:
            return
        self._sizes = rounded
        self._spheres.batched_scales = radii
        if self._bones is not None:
            scales = np.ones((len(lengths), 3), dtype=np.float32)
            scales[:, 2] = lengths
            scales[lengths == 0.0] = 0.0
            self._bones.batched_scales = scales


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
            view._root.visible = value

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

    def middle(self, figures: tuple[Figure, ...]) -> np.ndarray | None:
        """Return the place [3] between all bodies; None where nobody knows."""
        places = [v.place(f) for v, f in zip(self._views, figures, strict=False)]
        known = [place for place in places if place is not None]
        return np.mean(known, axis=0) if known else None

    def _make(self, figures: tuple[Figure, ...]) -> None:
        for view in self._views:
            view.remove()
        left = -0.5 * SPACING_M * (len(figures) - 1)
        self._views = [
            FigureView(
                self._scene, f'/figure_{number}', figure, self._look,
                np.array([0.0, left + number * SPACING_M, 0.0]),
            )
            for number, figure in enumerate(figures)
        ]  # fmt: skip
        self.trails(self._trails)
        self.visible = self._visible
        for view in self._views:
            view.dress(self._look, gone=self._gone)


def _upright(count: int) -> np.ndarray:
    return np.tile(np.array([1.0, 0.0, 0.0, 0.0], dtype=np.float32), (count, 1))
