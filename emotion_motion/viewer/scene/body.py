# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A body in the scene: meshes of the mannequin's parts, how they lie and are turned, colours."""

from __future__ import annotations

import contextlib
import math

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.drawing.mannequin import Mannequin
from emotion_motion.exceptions import SkeletonError
from emotion_motion.viewer.scene.world import Colour, Look

# Corners around a part, and from its side to its tip. Small ones are coarse: browsers without a
# graphics card draw the page too.
_FINE, _COARSE, _SMALL_M = (14, 5), (10, 3), 0.07
_USUAL_M = 1.7  # height of a body whose bones are not known
_PAIRS = (('REye', 'LEye'), ('REar', 'LEar'))


class BodyShape:
    """How K keypoints become the P parts of a mannequin; see there for what is no known body."""

    def __init__(self, skeleton: str, names: tuple[str, ...]) -> None:
        self.names = names
        self._edges, self._rest = _edges(skeleton, names)
        self.mannequin = Mannequin(names, self._edges.tolist())
        self._pairs = [tuple(map(names.index, pair)) for pair in _PAIRS if {*pair} <= {*names}]

    def wrists(self) -> list[int]:
        return [self.names.index(n) for n in ('LWrist', 'RWrist') if n in self.names]

    def root(self) -> int | None:
        """Return the number of the keypoint that stands for the whole body."""
        return self.names.index('MidHip') if 'MidHip' in self.names else None

    def height_m(self, keypoints: np.ndarray) -> float:
        """Return the height of the body with bones as long as those of keypoints [K, 3] [m]."""
        ends = keypoints[self._edges]
        heights = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=-1) / self._rest
        known = heights[np.isfinite(heights)]
        return float(np.median(known)) if len(known) else _USUAL_M

    def place(self, keypoints: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return starts [P, 3], turns [P, 4] (wxyz) from z to the ends, lengths [P].

        A turn leads x to the left of a wide part. The length is NaN where a part is not measured;
        an eye or an ear that is not lies where the other one is.
        """
        for pair in self._pairs:
            for one, other in (pair, pair[::-1]):
                if not np.isfinite(keypoints[one]).all():
                    keypoints = keypoints.copy()
                    keypoints[one] = keypoints[other]
        starts, ends, left = self.mannequin.place(keypoints)
        lengths = np.linalg.norm(ends - starts, axis=-1)
        known = np.isfinite(lengths) & (lengths > 1e-6)
        up = np.array([0.0, 0.0, 1.0])
        along = (
            np.where(known[:, None], ends - starts, up) / np.where(known, lengths, 1.0)[:, None]
        )
        return starts, _turns(along, np.nan_to_num(left)), lengths

    def mesh(self, part: int, length_m: float, height_m: float) -> tuple[np.ndarray, np.ndarray]:
        """Return vertices [V, 3] and faces [F, 3] of a part that begins at 0 and goes along z."""
        body = self.mannequin
        return part_mesh(length_m, height_m * body.radii[part], height_m * body.halves[part])

    def colours(self, look: Look, *, gone: bool = False) -> list[Colour]:
        """Return the colours of the P parts."""
        roles = [part.role for part in self.mannequin.parts]
        return [look.gone if gone else getattr(look, role) for role in roles]


def _edges(skeleton: str, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return edges [E, 2] from parents to children, and their lengths [E] in body heights."""
    pairs, lengths = [], []
    with contextlib.suppress(SkeletonError, OSError):
        known = load_skeleton(skeleton)
        for parent, child in known.edges:
            ends = known.names[parent], known.names[child]
            if set(ends) <= set(names):
                pairs.append([names.index(end) for end in ends])
                lengths.append(known.bone_lengths[child])
    return np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array(lengths)


def _turns(along: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return quaternions [N, 4] (wxyz) that turn z to unit vectors [N, 3], and x to `left`.

    `left` [N, 3] are unit vectors at right angles to them, or 0: then it is the shortest turn.
    """
    x, y, z = along.T
    turns = np.stack((1.0 + z, -y, x, np.zeros_like(x)), axis=-1)
    turns[z < -0.999999] = (0.0, 1.0, 0.0, 0.0)  # straight down: half a turn about x
    w, i, j, k = (turns / np.linalg.norm(turns, axis=-1, keepdims=True)).T
    # Where x and y have come to by now; k is 0.
    new_x = np.stack((1.0 - 2.0 * j * j, 2.0 * i * j, -2.0 * w * j), axis=-1)
    new_y = np.stack((2.0 * i * j, 1.0 - 2.0 * i * i, 2.0 * w * i), axis=-1)
    half = 0.5 * np.arctan2((left * new_y).sum(axis=-1), (left * new_x).sum(axis=-1))
    c, s = np.cos(half), np.sin(half)
    return np.stack((w * c - k * s, i * c + j * s, j * c - i * s, k * c + w * s), axis=-1)


def part_mesh(
    length_m: float, radii_m: np.ndarray, halves_m: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and faces of a part from the origin along z, to both sides along x.

    It is a sphere, cut at its equator and, where it is wide, at a meridian, with the pieces moved
    apart.
    """
    columns, rows = _COARSE if radii_m.max() < _SMALL_M else _FINE
    wide = halves_m.max() > 0.0
    half = np.linspace(-0.5, 0.5, columns // 2) * math.pi
    around = np.concatenate((half, half + math.pi))
    if not wide:
        around = np.arange(columns) * 2.0 * math.pi / columns
    side = np.repeat((1.0, -1.0), columns // 2)
    latitudes = np.linspace(-0.5 * math.pi, 0.0, rows)
    latitudes = np.concatenate((latitudes, -latitudes[::-1]))
    end = np.repeat((0, 1), rows)
    ring = radii_m[end] * np.cos(latitudes)
    x = ring[:, None] * np.cos(around) + halves_m[end][:, None] * side * wide
    y = ring[:, None] * np.sin(around)
    z = np.broadcast_to((radii_m[end] * np.sin(latitudes) + length_m * end)[:, None], x.shape)
    row, column = (part.ravel() for part in np.mgrid[: 2 * rows - 1, :columns])
    beside = (column + 1) % columns
    a, b = row * columns + column, row * columns + beside
    faces = np.concatenate(
        (np.stack((a, b, a + columns), -1), np.stack((b, b + columns, a + columns), -1))
    )
    return np.stack((x, y, z), axis=-1).reshape(-1, 3), faces
