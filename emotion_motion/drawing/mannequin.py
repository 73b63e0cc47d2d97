# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A body as a mannequin: its parts are tapered capsules, and these are where they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
from typing import NamedTuple

import numpy as np

# A point of the body: shares of keypoints, which add up to 1.
Point = Mapping[str, float]


class Part(NamedTuple):
    """What lies within `radii` of a line from `start` to `end`.

    A wide part is a band instead: at its ends it reaches `halves` to both sides of the line, along
    the way from the first keypoint of `across` to the second. Lengths are in body heights.
    """

    name: str
    start: Point
    end: Point
    radii: tuple[float, float]
    halves: tuple[float, float] = (0.0, 0.0)
    across: tuple[str, str] | None = None
    role: str = 'body'  # what its colour tells: body, face, left or right

    @property
    def keypoints(self) -> set[str]:
        """Names of all that it depends on."""
        return {*self.start, *self.end, *(self.across or ())}


_SHOULDERS, _HIPS = ('RShoulder', 'LShoulder'), ('RHip', 'LHip')
# Of the face, which is rigid: middle of the jaw and of the skull, as its keypoints have them.
_JAW = {'REar': 0.39, 'LEar': 0.39, 'REye': -0.465, 'LEye': -0.465, 'Nose': 1.15}
_SKULL = {'REar': 0.3, 'LEar': 0.3, 'REye': 0.62, 'LEye': 0.62, 'Nose': -0.84}


_ROLES = {'L': 'left', 'R': 'right'}


def _limbs(side: str) -> list[Part]:
    shoulder, elbow, wrist, hip, knee, ankle, heel, big, small = (
        side + name
        for name in (
            'Shoulder', 'Elbow', 'Wrist', 'Hip', 'Knee', 'Ankle', 'Heel', 'BigToe', 'SmallToe'
        )
    )  # fmt: skip
    return [
        Part(f'{side}UpperArm', {shoulder: 1.0}, {elbow: 1.0}, (0.033, 0.024)),
        Part(f'{side}Forearm', {elbow: 1.0}, {wrist: 1.0}, (0.024, 0.0165)),
        Part(
            f'{side}Hand',
            {wrist: 1.1, elbow: -0.1},
            {wrist: 1.42, elbow: -0.42},
            (0.021, 0.016),
            role=_ROLES[side],
        ),
        Part(f'{side}Thigh', {hip: 1.0}, {knee: 1.0}, (0.047, 0.033)),
        Part(f'{side}Shank', {knee: 1.0}, {ankle: 1.0}, (0.033, 0.021)),
        Part(
            f'{side}Foot',
            {heel: 0.55, ankle: 0.45},
            {big: 0.5, small: 0.5},
            (0.024, 0.012),
            (0.0, 0.012),
            (small, big),
            _ROLES[side],
        ),
    ]


PARTS = (
    Part('Head', _JAW, _SKULL, (0.04, 0.05)),
    Part('Throat', {'Neck': 1.0}, {'Neck': 0.4, 'REar': 0.3, 'LEar': 0.3}, (0.032, 0.029)),
    Part(
        'Chest',
        {'Neck': 0.9, 'MidHip': 0.1},
        {'Neck': 0.45, 'MidHip': 0.55},
        (0.052, 0.05),
        (0.062, 0.036),
        _SHOULDERS,
    ),
    Part(
        'Pelvis',
        {'Neck': 0.33, 'MidHip': 0.67},
        {'MidHip': 1.0},
        (0.049, 0.056),
        (0.037, 0.048),
        _HIPS,
    ),
    *_limbs('R'),
    *_limbs('L'),
    Part('NoseTip', {'Nose': 1.0}, {'Nose': 1.0}, (0.009, 0.009)),
    *(
        Part(f'{eye}Ball', {eye: 1.0}, {eye: 1.0}, (0.0065, 0.0065), role='face')
        for eye in ('REye', 'LEye')
    ),
)
_STICK, _DOT = 0.014, 0.02  # radii of what is no mannequin [body heights]


class Mannequin:
    """The P parts of a body of K keypoints, and where they are.

    Where none of the known parts fits, a part lies along each of `edges` (pairs of keypoints); and
    where there are no edges, one on each keypoint.

    Attributes:
        parts: P of them.
        radii: [P, 2] in body heights, at their starts and ends.
        halves: [P, 2] in body heights: how far wide parts reach to each side.
    """

    def __init__(self, names: Sequence[str], edges: Sequence[tuple[int, int]]) -> None:
        self.names = tuple(names)
        sticks = [
            Part(
                names[child],
                {names[parent]: 1.0},
                {names[child]: 1.0},
                (_STICK, _STICK),
                role=_ROLES.get(names[child][:1], 'body'),
            )
            for parent, child in edges
        ]
        dots = [Part(name, {name: 1.0}, {name: 1.0}, (_DOT, _DOT)) for name in names]
        known = [part for part in PARTS if part.keypoints <= {*names}]
        self.parts = tuple(known or sticks or dots)
        self.radii = np.array([part.radii for part in self.parts])
        self.halves = np.array([part.halves for part in self.parts])
        points = [point for part in self.parts for point in (part.start, part.end)]
        longest = max(map(len, points))
        # Filled up with shares of 0 of a keypoint that counts anyway: a missing one is NaN.
        self._which = np.array(
            [
                [self.names.index(name) for name in (*point, *[next(iter(point))] * longest)][
                    :longest
                ]
                for point in points
            ]
        )
        self._shares = np.array(
            [[*point.values(), *[0.0] * longest][:longest] for point in points]
        )
        self._across = np.array(
            [
                [self.names.index(name) for name in part.across or (self.names[0],) * 2]
                for part in self.parts
            ]
        )

    def place(self, keypoints: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return starts, ends and ways to the left [..., P, 3] of the parts.

        The last are unit vectors, at right angles to the way from start to end; 0 where a part is
        round, or its sides cannot be told. What depends on a keypoint that is NaN is NaN.

        Args:
            keypoints: [..., K, 3] in any length, from any side.
        """
        points = (keypoints[..., self._which, :] * self._shares[..., None]).sum(axis=-2)
        starts, ends = points[..., ::2, :], points[..., 1::2, :]
        along = _unit(ends - starts)
        left = keypoints[..., self._across[:, 1], :] - keypoints[..., self._across[:, 0], :]
        left = left - (left * along).sum(axis=-1, keepdims=True) * along
        return starts, ends, _unit(np.where(np.isfinite(starts + ends), left, 0.0))


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Return unit vectors [..., 3]; 0 for those without a length."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-9)


_LIGHT = np.array([-0.43, -0.62, 0.66])  # comes from the left of the camera and from above
_TONES = 8  # of a colour; few, so that a GIF of it is small
_BANDS = 0.35  # a wide part is drawn as capsules so far apart [radii]


def render(
    body: Mannequin,
    points: np.ndarray,
    picture: np.ndarray,
    colours: np.ndarray,
    scale: float,
    origin: np.ndarray,
) -> None:
    """Draw a body into a picture.

    Args:
        body: whose parts are drawn.
        points: its keypoints [K, 3] in body heights, as `camera` has them.
        picture: [H, W, 3] uint8, changed in place.
        colours: of the parts [P, 3], 0 to 255.
        scale: points of the picture per body height.
        origin: place (x, y) in the picture of what lies at (0, 0).
    """
    starts, ends, left = body.place(points)
    reach = scale * (body.radii + body.halves).max()
    spots = np.concatenate((starts, ends))[:, :2] * (scale, -scale) + origin
    top_left = np.floor(spots.min(axis=0) - reach).astype(int).clip(0)
    bottom_right = np.ceil(spots.max(axis=0) + reach).astype(int).clip(0)
    part = picture[top_left[1] : bottom_right[1], top_left[0] : bottom_right[0]]
    canvas = _Canvas(part.shape[:2])
    to_part = np.array((*(origin - top_left), 0.0))
    flip = np.array((1.0, -1.0, 1.0))
    for number, (radii, halves) in enumerate(zip(body.radii, body.halves, strict=True)):
        count = 1 + 2 * math.ceil(halves.max() / (_BANDS * radii.min()))
        for share in np.linspace(-1.0, 1.0, count) if count > 1 else (0.0,):
            start, end = (
                scale * flip * (at[number] + share * half * left[number]) + to_part
                for at, half in ((starts, halves[0]), (ends, halves[1]))
            )
            canvas.draw(start, end, radii * scale, number, flip * left[number], share)
    part[canvas.drawn] = canvas.shaded(colours)


class _Canvas:
    """What is nearest to the camera at each point [H, W] of a picture; y and the rows go down."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._depth = np.full(size, -np.inf, dtype=np.float32)
        self._normals = np.zeros((*size, 3), dtype=np.float32)
        self._number = np.zeros(size, dtype=np.intp)

    @property
    def drawn(self) -> np.ndarray:
        """Where something is [H, W]."""
        return np.isfinite(self._depth)

    def shaded(self, colours: np.ndarray) -> np.ndarray:
        """Return the colours [N, 3] uint8 of the N points where something is."""
        normals = self._normals[self.drawn]
        light = np.clip(normals @ _LIGHT, 0.0, 1.0)
        tone = (0.42 + 0.66 * light) * np.minimum(1.0, 0.55 + normals[:, 2])
        shaded = colours[self._number[self.drawn]] * (np.round(tone * _TONES) / _TONES)[:, None]
        return np.clip(shaded, 0, 255).astype(np.uint8)

    def draw(
        self,
        start: np.ndarray,
        end: np.ndarray,
        radii: np.ndarray,
        number: int,
        left: np.ndarray,
        share: float,
    ) -> None:
        """Draw a capsule with ends [3] in points of the picture, where nothing is nearer.

        At each point it is the sphere, a share t of the way from start to end, that comes nearest.
        With d the distance of that sphere's middle in the picture, its front lies at
        z(t) + sqrt(r(t)^2 - d(t)^2); below the root stands `most` - `bend` (t - `middle`)^2.

        A wide part is several of them, from `share` = -1 to 1 along `left`; but for its sides it
        is flat, so there the normals do not lean along `left`.
        """
        start, end, radii = (np.asarray(given, np.float32) for given in (start, end, radii))
        low = np.floor(np.minimum(start, end)[:2] - radii.max()).astype(int).clip(0)
        high = np.ceil(np.maximum(start, end)[:2] + radii.max()).astype(int).clip(0) + 1
        box = slice(low[1], high[1]), slice(low[0], high[0])
        depth = self._depth[box]
        rows, columns = (np.arange(size, dtype=np.float32) for size in depth.shape)
        x, y = (columns + low[0] - start[0])[None, :], (rows + low[1] - start[1])[:, None]
        way_x, way_y, way_z = end - start
        flat = 0.9 * np.hypot(way_x, way_y)
        wider = np.clip(radii[1] - radii[0], -flat, flat)  # else one end hides the other
        bend = way_x**2 + way_y**2 - wider**2 + np.float32(1e-4)
        middle = (x * way_x + y * way_y + radii[0] * wider) / bend
        most = np.maximum(radii[0] ** 2 - x**2 - y**2 + bend * middle**2, 0.0)
        t = np.clip(middle + way_z * np.sqrt(most / (bend * (bend + way_z**2))), 0.0, 1.0)
        radius, across, down = radii[0] + t * wider, x - t * way_x, y - t * way_y
        front = np.sqrt(np.maximum(radius**2 - across**2 - down**2, 0.0))
        near = start[2] + t * way_z + front
        here = (front > 0.0) & (near > depth)
        depth[here] = near[here]
        normals = (
            np.stack((across[here], down[here], front[here]), axis=-1) / radius[here][:, None]
        )
        leaning = normals @ left
        leaning = np.minimum(leaning * share, 0.0) * share if abs(share) == 1.0 else leaning
        self._normals[box][here] = normals - leaning[:, None] * left
        self._number[box][here] = number
