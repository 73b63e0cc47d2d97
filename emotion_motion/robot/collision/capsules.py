# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Capsules around links: points on a link's surface, and small capsules that enclose them all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
import xml.etree.ElementTree as ET

import numpy as np

from emotion_motion.robot.description.robot import pin
from emotion_motion.robot.description.urdf import find_file, Urdf

__all__ = ['Capsule', 'enclosing_capsule', 'enclosing_capsules', 'link_surface']

_MOST, _MOST_WIDE = 4, 6  # capsules on a link, and on a wide one
_WIDE_M = 0.2  # radius of one capsule around a link that is wide: loose ones there hold arms off
_WORTH, _WORTH_WIDE = 0.88, 0.93  # cut in two if all fill at most this share of the room then
_SLIM_M = 0.06  # what is as slim as a forearm needs one only
_SAMPLES = 4000  # points in a capsule, and on a mesh of few vertices beside them
_DENSE = 2000  # vertices, with which a mesh needs no more points
_SHORT_M, _THICK = 0.08, 0.2  # a limb is longer, and its radius that share of its length
_SHORTEST_M = 0.01  # a link that is shorter has no length
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


def enclosing_capsules(points: np.ndarray) -> list[Capsule]:
    """Return capsules that together enclose points [N, 3]: several where that is much smaller.

    The points, dense enough over a surface to be cut, are cut in halves across the axis that helps
    most, as long as the room that all capsules together fill becomes that much smaller.
    """
    if not len(points):
        return []
    parts, capsules = [points], [enclosing_capsule(points)]
    room = _points_in(capsules[0])
    wide = capsules[0].radius > _WIDE_M
    most, worth = (_MOST_WIDE, _WORTH_WIDE) if wide else (_MOST, _WORTH)
    while len(capsules) < most and capsules[0].radius > _SLIM_M:
        trials = []
        for i, part in enumerate(parts):
            for halves in _halves(part):
                cut = [enclosing_capsule(half) for half in halves]
                share = _filled([*capsules[:i], *capsules[i + 1 :], *cut], room)
                trials.append((share, i, halves, cut))
        best = min(trials, key=lambda trial: trial[0], default=None)
        if best is None or best[0] > worth * _filled(capsules, room):
            break
        _, i, halves, cut = best
        parts[i : i + 1], capsules[i : i + 1] = halves, cut
    return capsules


def _points_in(capsule: Capsule) -> np.ndarray:
    """Return points [N, 3] spread evenly over the box around a capsule."""
    low = np.minimum(capsule.start, capsule.end) - capsule.radius
    high = np.maximum(capsule.start, capsule.end) + capsule.radius
    return np.random.default_rng(0).uniform(low, high, (_SAMPLES, 3))


def _filled(capsules: list[Capsule], points: np.ndarray) -> float:
    """Return the share of points [N, 3] that are in capsules."""
    depths = np.stack([capsule.depth(points) for capsule in capsules])
    return float((depths.min(axis=0) < 0.0).mean())


def _halves(points: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the points [N, 3] cut in the middle across each axis of their frame.

    Not across principal axes: two arms that mirror each other shall get capsules that do.
    """
    halves = []
    for along in points.T:
        low = along < 0.5 * (along.min() + along.max())
        if 8 < int(low.sum()) < len(points) - 8:
            halves.append((points[low], points[~low]))
    return halves


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


def link_surface(urdf: Urdf, link: str) -> tuple[np.ndarray, str]:
    """Return points [N, 3] on a link in its frame [m], and what they were taken from.

    That is the first of these that the link has: collision meshes and shapes whose files are
    there ('collision'), visual ones ('visual'), a limb as long as it is to the one joint that it
    carries ('limb'), the ellipsoid of even density with the link's mass and inertia, no wider than
    the link is long ('inertia'), nothing ('none', N = 0). Inertias are often made up: an ellipsoid
    of a link without length, which nothing bounds, counts as nothing.
    """
    element = urdf.links[link]
    for kind in ('collision', 'visual'):
        parts = [_part(part, urdf.path.parent) for part in element.findall(kind)]
        there = [part for part in parts if part is not None]
        if parts and len(there) == len(parts):
            return np.concatenate(there), kind
    limb = _limb(urdf, link)
    if limb is not None:
        return limb, 'limb'
    body = _inertia_body(element.find('inertial'), _length(urdf, link))
    return (np.zeros((0, 3)), 'none') if body is None else (body, 'inertia')


def _part(part: ET.Element, folder: Path) -> np.ndarray | None:
    """Return points [N, 3] of one <collision> or <visual>, None where its file is missing."""
    geometry = part.find('geometry')
    if geometry is None or len(geometry) == 0:
        return None
    shape = geometry[0]
    points = {'box': _box, 'cylinder': _cylinder, 'capsule': _cylinder, 'sphere': _sphere}.get(
        shape.tag, lambda element: _mesh(element, folder)
    )(shape)
    if points is None:
        return None
    rotation, place = _origin(part.find('origin'))
    return np.asarray(points @ rotation.T + place)


def _mesh(shape: ET.Element, folder: Path) -> np.ndarray | None:
    path = find_file(shape.get('filename', ''), folder)
    if path is None:
        return None
    import coal

    scale = _vector(shape.get('scale'), 1.0)
    try:
        mesh = coal.MeshLoader().load(str(path), scale)
    except (RuntimeError, ValueError):
        return None  # a kind of file that the loader does not know: as good as none
    vertices = np.array(mesh.vertices())
    if len(vertices) >= _DENSE:
        return vertices
    triangles = np.array(
        [[t[0], t[1], t[2]] for t in (mesh.tri_indices(i) for i in range(mesh.num_tris))]
    )
    return np.concatenate((vertices, _on_triangles(vertices[triangles])))


def _on_triangles(corners: np.ndarray) -> np.ndarray:
    """Return points [N, 3] spread evenly over triangles [M, 3, 3]."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas = np.linalg.norm(np.cross(first, second), axis=1)
    if not areas.sum() > 0.0:
        return corners[:, 0]
    rng = np.random.default_rng(0)  # the same points for the same mesh
    chosen = rng.choice(len(corners), _SAMPLES, p=areas / areas.sum())
    u, v = rng.random((2, _SAMPLES, 1))
    u, v = np.where(u + v > 1.0, 1.0 - u, u), np.where(u + v > 1.0, 1.0 - v, v)
    return np.asarray(corners[chosen, 0] + u * first[chosen] + v * second[chosen])


def _box(shape: ET.Element) -> np.ndarray:
    half = 0.5 * _vector(shape.get('size'), 0.0)
    steps = np.linspace(-1.0, 1.0, 9)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing='ij'), axis=-1).reshape(-1, 3)
    return np.asarray(grid[np.abs(grid).max(axis=1) == 1.0] * half)


def _cylinder(shape: ET.Element) -> np.ndarray:
    radius, length = float(shape.get('radius', 0.0)), float(shape.get('length', 0.0))
    turns = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    around = np.stack((np.cos(turns), np.sin(turns)), axis=1) * radius
    rings = [
        np.column_stack((around, np.full(24, share * length)))
        for share in np.linspace(-0.5, 0.5, 9)
    ]
    if shape.tag == 'capsule':
        rings += [_sphere(shape) + np.array((0.0, 0.0, end * length)) for end in (-0.5, 0.5)]
    return np.concatenate(rings)


def _sphere(shape: ET.Element) -> np.ndarray:
    return float(shape.get('radius', 0.0)) * _ball()


def _ball() -> np.ndarray:
    """Return points [N, 3] on the ball of radius 1."""
    points = np.random.default_rng(0).standard_normal((400, 3))
    return np.asarray(points / np.linalg.norm(points, axis=1)[:, None])


def _limb(urdf: Urdf, link: str) -> np.ndarray | None:
    """Return points [N, 3] around the way to the one joint that a link carries, if it is long."""
    ends = [joint.place for joint in urdf.carried[link] if joint.moves]
    if len(ends) != 1 or float(np.linalg.norm(ends[0])) < _SHORT_M:
        return None
    steps = np.linspace(0.0, 1.0, 9)[:, None, None] * np.array(ends[0])
    ball = _THICK * float(np.linalg.norm(ends[0])) * _ball()
    return np.asarray((steps + ball[::4]).reshape(-1, 3))


def _length(urdf: Urdf, link: str) -> float:
    """Return how long a link is by the joints on it [m], or from its joint to beyond its mass."""
    ends = np.array([(0.0, 0.0, 0.0), *(joint.place for joint in urdf.carried[link])])
    if len(ends) == 1:
        ends = np.stack((ends[0], 2.0 * _origin(urdf.links[link].find('inertial/origin'))[1]))
    return float(np.linalg.norm(ends[:, None] - ends, axis=2).max())


def _inertia_body(element: ET.Element | None, length_m: float) -> np.ndarray | None:
    """Return points [N, 3] on the ellipsoid of this mass and inertia, as wide as `length_m`."""
    if element is None or length_m < _SHORTEST_M:
        return None
    mass, inertia = element.find('mass'), element.find('inertia')
    if mass is None or inertia is None or not float(mass.get('value', 0.0)) > 0.0:
        return None
    xx, xy, xz, yy, yz, zz = (
        float(inertia.get(key, 0.0)) for key in ('ixx', 'ixy', 'ixz', 'iyy', 'iyz', 'izz')
    )
    moments, axes = np.linalg.eigh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    squares = 2.5 * (moments.sum() - 2.0 * moments) / float(mass.get('value', 0.0))
    half = np.minimum(np.sqrt(np.clip(squares, 0.0, None)), 0.5 * length_m)
    if not half.max() > 1e-3:
        return None
    rotation, place = _origin(element.find('origin'))
    return np.asarray((_ball() * half) @ axes.T @ rotation.T + place)


def _origin(element: ET.Element | None) -> tuple[np.ndarray, np.ndarray]:
    if element is None:
        return np.eye(3), np.zeros(3)
    turn: Any = pin.rpy.rpyToMatrix(_vector(element.get('rpy'), 0.0))
    return np.asarray(turn), _vector(element.get('xyz'), 0.0)


def _vector(text: str | None, default: float) -> np.ndarray:
    return np.full(3, default) if text is None else np.array([float(x) for x in text.split()])
