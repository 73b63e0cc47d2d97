# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Capsules around links: small ones that enclose all points of a surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ['Capsule', 'enclosing_capsule', 'enclosing_capsules']

_MOST = 4  # capsules on a link
_WORTH = 0.88  # a capsule is cut in two if all fill at most this share of the room then
_SLIM_M = 0.06  # what is as slim as a forearm needs one only
_SAMPLES = 4000
_DIRECTIONS = 400
_ROUGHLY, _WELL = 30, 300  # steps to the smallest circle


@dataclass(frozen=True, eq=False)
class Capsule:
    """All points within a radius of a line segment.

    Attributes:
        start: one end of the segment [3], in the link's frame [m].
        end: the other end [3] [m].
        radius: [m].
    """

    start: np.ndarray
    end: np.ndarray
    radius: float

    @property
    def volume(self) -> float:
        """Its volume [m^3]."""
        length = float(np.linalg.norm(self.end - self.start))
        return float(np.pi * self.radius**2 * (length + 4.0 / 3.0 * self.radius))

    def depth(self, points: np.ndarray) -> np.ndarray:
        """Return how far points [N, 3] are outside (below 0: inside) [N] [m]."""
        axis = self.end - self.start
        along = (points - self.start) @ axis / max(float(axis @ axis), 1e-12)
        nearest = self.start + np.clip(along, 0.0, 1.0)[:, None] * axis
        return np.asarray(np.linalg.norm(points - nearest, axis=1) - self.radius)


def enclosing_capsules(points: np.ndarray, most: int = _MOST) -> list[Capsule]:
    """Return capsules that together enclose points [N, 3]: several where that is much smaller.

    The points are cut in halves, across the axis that helps most, as long as the room that all
    capsules together fill becomes that much smaller.

    Args:
        points: [N, 3], N > 0, dense enough over a surface to be cut.
        most: how many capsules at most.
    """
    parts, found = [points], [enclosing_capsule(points)]
    room = _Room(found[0])
    while len(found) < most and found[0].radius > _SLIM_M:
        tried = [
            (
                room.share([*found[:i], *found[i + 1 :], *(enclosing_capsule(h) for h in halves)]),
                i,
                halves,
            )
            for i, part in enumerate(parts)
            for halves in _halves(part)
        ]
        best = min(tried, key=lambda each: each[0], default=None)
        if best is None or best[0] > _WORTH * room.share(found):
            break
        _, i, halves = best
        parts[i : i + 1] = halves
        found[i : i + 1] = [enclosing_capsule(half) for half in halves]
    return found


class _Room:
    """Points spread evenly in a capsule, by which the room that others fill is measured."""

    def __init__(self, capsule: Capsule) -> None:
        low = np.minimum(capsule.start, capsule.end) - capsule.radius
        high = np.maximum(capsule.start, capsule.end) + capsule.radius
        self._points = np.random.default_rng(0).uniform(low, high, (_SAMPLES, 3))

    def share(self, capsules: list[Capsule]) -> float:
        """Return the share of the room that capsules fill together."""
        depths = np.stack([capsule.depth(self._points) for capsule in capsules])
        return float((depths.min(axis=0) < 0.0).mean())


def _halves(points: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the points [N, 3] cut in the middle across each axis of their frame.

    Not across principal axes: two arms that mirror each other shall get capsules that do.
    """
    found = []
    for along in points.T:
        low = along < 0.5 * (along.min() + along.max())
        if 8 < int(low.sum()) < len(points) - 8:
            found.append((points[low], points[~low]))
    return found


def enclosing_capsule(points: np.ndarray) -> Capsule:
    """Return a small capsule that encloses points [N, 3].

    The smallest of those whose axis is a principal axis of the points or an axis of their frame.
    """
    outer = _outermost(points)
    axes = np.linalg.svd(outer - outer.mean(axis=0), full_matrices=False)[2]
    axis = min((*axes, *np.eye(3)), key=lambda axis: _along(outer, axis, _ROUGHLY).volume)
    best = _along(outer, axis, _WELL)
    # What lies outside by being no outermost point of any of the directions.
    return Capsule(best.start, best.end, best.radius + max(0.0, float(best.depth(points).max())))


def _outermost(points: np.ndarray) -> np.ndarray:
    """Return those points that are farthest in some of many directions."""
    directions = np.random.default_rng(0).standard_normal((_DIRECTIONS, 3))
    return points[np.unique(np.argmax(points @ directions.T, axis=0))]


def _along(points: np.ndarray, axis: np.ndarray, steps: int) -> Capsule:
    """Return the capsule of least radius along an axis [3]."""
    along = points @ axis
    across = points - along[:, None] * axis
    centre = across.mean(axis=0)
    for step in range(1, steps):  # Badoiu and Clarkson: to the smallest circle around the points
        far = across[np.argmax(((across - centre) ** 2).sum(axis=1))]
        centre = centre + (far - centre) / (step + 1.0)
    away = ((across - centre) ** 2).sum(axis=1)
    radius = float(np.sqrt(away.max()))
    inside = np.sqrt(np.clip(radius**2 - away, 0.0, None))
    low, high = float((along + inside).min()), float((along - inside).max())
    if low > high:  # a sphere
        low = high = 0.5 * (low + high)
        middle = centre + low * axis
        radius = max(radius, float(np.linalg.norm(points - middle, axis=1).max()))
    return Capsule(centre + low * axis, centre + high * axis, radius)
