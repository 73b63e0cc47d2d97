# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Convex hulls and silhouettes of point sets, in numpy alone."""

from __future__ import annotations

import functools
import itertools

import numpy as np

__all__ = [
    'hull_2d', 'polygon_area', 'hull_volumes', 'extreme_points', 'union_area', 'silhouettes',
]  # fmt: skip

_JOGGLE = 1e-7  # of the size of the points: breaks ties of points in one plane
_CHUNK = 16  # frames at once: bounds the memory


def hull_2d(points: np.ndarray) -> np.ndarray:
    """Return the corners [M, 2] of the convex hull of [N, 2], counter-clockwise (Andrew 1979)."""
    ordered = sorted(set(map(tuple, points.tolist())))
    if len(ordered) < 3:
        return np.array(ordered)
    halves = []
    for run in (ordered, ordered[::-1]):
        half: list[tuple[float, float]] = []
        for point in run:
            while len(half) > 1 and _turn(half[-2], half[-1], point) <= 0.0:
                half.pop()
            half.append(point)
        halves.append(half[:-1])
    return np.array(halves[0] + halves[1])


def polygon_area(corners: np.ndarray) -> float:
    """Return the area of a polygon [M, 2]; 0 for fewer than three corners."""
    if len(corners) < 3:
        return 0.0
    x, y = corners.T
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def hull_volumes(points: np.ndarray) -> np.ndarray:
    """Return the volume [T] of the convex hull of each of T sets of points [T, N, 3].

    Every triangle with all points on one side is a facet, and facets with a point inside make
    tetrahedra. Exact but for a joggle of a ten-millionth that parts points in one plane. The work
    grows as N^4: meant for the keypoints of a body.
    """
    points = np.asarray(points, dtype=np.float64)
    centred = points - points.mean(axis=1, keepdims=True)
    size = np.abs(centred).max(axis=(1, 2), keepdims=True)
    noise = np.random.default_rng(0).uniform(-1.0, 1.0, points.shape[1:])
    joggled = centred + _JOGGLE * size * noise
    triples = _triples(points.shape[1])
    # Many triples at once fill the memory, so big sets go in smaller chunks.
    step = max(1, _CHUNK * 2300 * 25 // (len(triples) * points.shape[1]))
    parts = [_facet_volume(joggled[i : i + step], triples) for i in range(0, len(points), step)]
    return np.concatenate(parts) if parts else np.zeros(0)


def extreme_points(points: np.ndarray, directions: int = 96) -> np.ndarray:
    """Return the points of [N, 3] that are farthest in one of so many directions.

    Their hull lies inside the hull of all and misses little of it (of a ball of points, 6 % with
    96 directions): what makes the hull of a whole clip cheap.
    """
    steps = np.arange(directions) + 0.5
    polar, turn = np.arccos(1.0 - 2.0 * steps / directions), np.pi * (1.0 + 5.0**0.5) * steps
    ways = np.stack(
        (np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)), axis=0
    )
    return points[np.unique((points @ ways).argmax(axis=0))]


def union_area(polygons: list[np.ndarray], cell: float) -> float:
    """Return the area that convex counter-clockwise polygons cover together, by cells."""
    polygons = [polygon for polygon in polygons if len(polygon) > 2]
    if not polygons:
        return 0.0
    corners = np.concatenate(polygons)
    centres, shape = _grid(corners.min(axis=0), corners.max(axis=0), cell)
    covered = np.zeros(shape[0] * shape[1], dtype=bool)
    for polygon in polygons:
        left = np.flatnonzero(~covered)
        edges = np.roll(polygon, -1, axis=0) - polygon
        gap = centres[left, None] - polygon
        inside = (edges[:, 0] * gap[..., 1] - edges[:, 1] * gap[..., 0] >= 0.0).all(axis=-1)
        covered[left[inside]] = True
    return float(covered.sum()) * cell * cell


def silhouettes(
    points: np.ndarray, bones: list[tuple[int, int, float]], cell: float
) -> np.ndarray:
    """Return which cells a body covers in each frame, [T, cells] bool.

    Args:
        points: [T, K, 2] in a plane.
        bones: (from, to, radius): each bone is a rod with round ends.
        cell: edge of a cell.
    """
    radius = max(bone[2] for bone in bones)
    low = points.min(axis=(0, 1)) - radius
    centres, _ = _grid(low, points.max(axis=(0, 1)) + radius, cell)
    covered = np.zeros((len(points), len(centres)), dtype=bool)
    for start in range(0, len(points), _CHUNK):
        part = slice(start, start + _CHUNK)
        for first, second, width in bones:
            covered[part] |= _near(centres, points[part, first], points[part, second], width)
    return covered


def _near(centres: np.ndarray, start: np.ndarray, end: np.ndarray, width: float) -> np.ndarray:
    """Return which centres [C, 2] are within `width` of segments [T, 2], as [T, C]."""
    (x, y), (way_x, way_y) = start.T[..., None], (end - start).T[..., None]
    off_x, off_y = centres[:, 0] - x, centres[:, 1] - y
    square = np.maximum(way_x * way_x + way_y * way_y, 1e-12)
    share = np.clip((off_x * way_x + off_y * way_y) / square, 0.0, 1.0)
    off_x -= share * way_x
    off_y -= share * way_y
    return off_x * off_x + off_y * off_y <= width * width


def _grid(low: np.ndarray, high: np.ndarray, cell: float) -> tuple[np.ndarray, tuple[int, int]]:
    counts = np.maximum(np.ceil((high - low) / cell).astype(int), 1)
    x, y = (low[i] + cell * (np.arange(counts[i]) + 0.5) for i in range(2))
    return np.stack(np.meshgrid(x, y, indexing='ij'), axis=-1).reshape(-1, 2), tuple(counts)


def _facet_volume(points: np.ndarray, triples: np.ndarray) -> np.ndarray:
    first, second, third = (points[:, triples[:, i]] for i in range(3))
    normal = np.cross(second - first, third - first)  # [T, F, 3]
    level = (normal * first).sum(-1, keepdims=True)
    side = normal @ np.swapaxes(points, -1, -2) - level  # [T, F, N]
    rows = np.arange(len(triples))[:, None]
    side[:, rows, triples] = 0.0  # exactly: its own corners are on no side of it
    facet = (side >= 0.0).all(-1) | (side <= 0.0).all(-1)
    return (np.abs(level[..., 0]) * facet).sum(-1) / 6.0


@functools.cache
def _triples(count: int) -> np.ndarray:
    return np.array(list(itertools.combinations(range(count), 3)))


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
