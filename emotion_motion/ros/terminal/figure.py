# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The stick figure of received keypoints, as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.text import Text

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.exceptions import SkeletonError
from emotion_motion.ros.terminal.braille import BrailleCanvas

__all__ = ['Figure', 'LEFT_STYLE', 'RIGHT_STYLE']

LEFT_STYLE, MIDDLE_STYLE, RIGHT_STYLE, GROUND_STYLE = ('bright_cyan', 'white', 'orange1', 'grey37')
# What of the world is shown, in body heights; room for raised and stretched arms.
TOP, BOTTOM, HALF_WIDTH = 1.16, -0.04, 0.55
# Seen from the front and a little from the side, so that leaning and reaching forward show.
TURN = np.deg2rad(25.0)


class Figure:
    """Draws poses of one skeleton; a skeleton that this package does not know as mere dots.

    Args:
        skeleton: name of the skeleton.
        names: of the keypoints, in their order.
    """

    def __init__(self, skeleton: str, names: Sequence[str]) -> None:
        self._skeleton: Skeleton | None
        try:
            self._skeleton = load_skeleton(skeleton)
        except SkeletonError:
            self._skeleton = None
        if self._skeleton is not None and list(self._skeleton.names) != list(names):
            self._skeleton = None
        self._height_m = 1.0

    def draw(self, keypoints: np.ndarray, columns: int, rows: int) -> Text:
        """Return a picture of keypoints [K, 3] in metres, `columns` by `rows` characters."""
        canvas = BrailleCanvas(columns, rows)
        scale = min(canvas.height / (TOP - BOTTOM), canvas.width / (2.0 * HALF_WIDTH))
        dots = self._project(keypoints, canvas, scale)
        ground = canvas.height + BOTTOM * scale
        reach = np.array([0.45 * scale, 0.0])
        middle = np.array([0.5 * canvas.width, ground])
        canvas.line(middle - reach, middle + reach, GROUND_STYLE)
        if self._skeleton is None:
            canvas.points(dots[:, 0], dots[:, 1], MIDDLE_STYLE)
        else:
            self._draw_body(canvas, dots, scale)
        return canvas.text()

    def _project(self, keypoints: np.ndarray, canvas: BrailleCanvas, scale: float) -> np.ndarray:
        """Return dots [K, 2] of keypoints [K, 3] seen from the front: the body's left is right."""
        # The body's height is not in the message: bone lengths tell it, they never change.
        if self._skeleton is not None:
            bones = [np.linalg.norm(keypoints[a] - keypoints[b]) for a, b in self._skeleton.edges]
            self._height_m = max(1e-6, float(np.sum(bones) / self._skeleton.bone_lengths.sum()))
        else:
            self._height_m = max(self._height_m, float(keypoints[:, 2].max()))
        body = keypoints / self._height_m
        across = body[:, 1] * np.cos(TURN) - body[:, 0] * np.sin(TURN)
        x = 0.5 * canvas.width + across * scale
        y = canvas.height - (body[:, 2] - BOTTOM) * scale
        return np.stack([x, y], axis=1)

    def _draw_body(self, canvas: BrailleCanvas, dots: np.ndarray, scale: float) -> None:
        skeleton = self._skeleton
        face = {i for group in skeleton.rigid if group.name == 'face' for i in group.members}
        thickness = max(1.0, scale / 40.0)
        # The far side first: we stand a little to the body's left, so that is its right.
        order = sorted(skeleton.edges, key=lambda edge: skeleton.rest[edge[1], -2])
        for parent, child in order:
            if child not in face:
                canvas.line(dots[parent], dots[child], self._style(child), thickness)
        if face:
            middle = dots[sorted(face)].mean(axis=0)
            neck = dots[skeleton.parents[min(face)]]
            radius = 0.065 * scale
            away = neck - middle
            canvas.circle(middle, radius, MIDDLE_STYLE)
            length = max(1e-6, float(np.linalg.norm(away)))
            canvas.line(neck, middle + away * min(1.0, radius / length), MIDDLE_STYLE, thickness)
            nose = min(face)
            canvas.points(dots[[nose], 0], dots[[nose], 1], MIDDLE_STYLE)

    def _style(self, index: int) -> str:
        side = self._skeleton.rest[index, -2]
        return LEFT_STYLE if side > 1e-6 else RIGHT_STYLE if side < -1e-6 else MIDDLE_STYLE
