# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A body as bones with a joint at their ends: where each lies, how it is turned, its colour."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import SkeletonError
from emotion_motion.viewer.scene.world import Colour, Look

JOINT_RADIUS_M, BONE_RADIUS_M, HEAD_RADIUS_M = 0.033, 0.024, 0.095
_HEAD = ('Nose', 'REye', 'LEye', 'REar', 'LEar')
_SMALL = 0.4  # of eyes, ears, toes and heels beside other joints
_SMALL_ENDS = ('Eye', 'Ear', 'Toe', 'Heel')
_SECTIONS = 8


class BodyShape:
    """How K keypoints become E bones, each with a joint at its outer end, and S more spheres.

    The spheres are the keypoints at no bone's end (the root) and, where there is a face, a head. A
    skeleton that is not known has no bones.
    """

    def __init__(self, skeleton: str, names: tuple[str, ...]) -> None:
        self.names = names
        self.edges = _edges(skeleton, names)
        self._loose = sorted(set(range(len(names))) - set(self.edges[:, 1].tolist()))
        self._head = [names.index(name) for name in _HEAD if name in names]
        small = [name.endswith(_SMALL_ENDS) for name in names]
        self._radii = JOINT_RADIUS_M * np.where(small, _SMALL, 1.0)

    @property
    def joint_radii(self) -> np.ndarray:
        """Radii [E] of the joints at the ends of the bones [m]."""
        return self._radii[self.edges[:, 1]]

    @property
    def sphere_radii(self) -> list[float]:
        """Radii of the S spheres [m]."""
        return [*self._radii[self._loose].tolist(), *[HEAD_RADIUS_M] * bool(self._head)]

    def wrists(self) -> list[int]:
        return [self.names.index(n) for n in ('LWrist', 'RWrist') if n in self.names]

    def root(self) -> int | None:
        """Return the number of the keypoint that stands for the whole body."""
        return self.names.index('MidHip') if 'MidHip' in self.names else None

    def place_spheres(self, keypoints: np.ndarray) -> np.ndarray:
        """Return places [S, 3] in metres; NaN where nothing is measured."""
        places = keypoints[self._loose]
        if not self._head:
            return places
        face = keypoints[self._head]
        seen = np.isfinite(face).all(axis=-1)
        middle = face[seen].mean(axis=0) if seen.sum() > 2 else np.full(3, np.nan)
        return np.vstack((places, middle))

    def place_bones(self, keypoints: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return inner ends [E, 3], turns [E, 4] (wxyz) from z to the outer ends, lengths [E].

        The length is NaN where an end is not measured.
        """
        ends = keypoints[self.edges]  # [E, 2, 3]
        bones = ends[:, 1] - ends[:, 0]
        lengths = np.linalg.norm(bones, axis=-1)
        known = np.isfinite(lengths) & (lengths > 1e-6)
        up = np.array([0.0, 0.0, 1.0])
        unit = np.where(known[:, None], bones, up) / np.where(known, lengths, 1.0)[:, None]
        return ends[:, 0], _turns_from_z(unit), lengths

    def sphere_colours(self, look: Look, *, gone: bool = False) -> list[Colour]:
        names = [self.names[number] for number in self._loose] + ['head'] * bool(self._head)
        return [_colour(name, look, gone) for name in names]

    def bone_colours(self, look: Look, *, gone: bool = False) -> list[Colour]:
        """Return the colours of the E bones: those of their outer ends."""
        return [_colour(self.names[child], look, gone) for _, child in self.edges.tolist()]


def _colour(name: str, look: Look, gone: bool) -> Colour:
    side = {'L': look.left, 'R': look.right}.get(name[:1], look.middle)
    return look.gone if gone else side


def _edges(skeleton: str, names: tuple[str, ...]) -> np.ndarray:
    """Return edges [E, 2] from parents to children."""
    pairs = []
    with contextlib.suppress(SkeletonError, OSError):
        known = load_skeleton(skeleton)
        for parent, child in known.edges:
            ends = known.names[parent], known.names[child]
            if set(ends) <= set(names):
                pairs.append([names.index(end) for end in ends])
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _turns_from_z(unit: np.ndarray) -> np.ndarray:
    """Return the quaternions [N, 4] (wxyz) that turn z to unit vectors [N, 3]."""
    x, y, z = unit.T
    turns = np.stack((1.0 + z, -y, x, np.zeros_like(x)), axis=-1)
    turns[z < -0.999999] = (0.0, 1.0, 0.0, 0.0)  # straight down: half a turn about x
    return turns / np.linalg.norm(turns, axis=-1, keepdims=True)


def sphere_mesh(radius_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices [V, 3] and faces [F, 3] of a sphere.

    Small ones are coarse: browsers without a graphics card draw the page too.
    """
    import trimesh

    fine = 1 if radius_m < 2.0 * JOINT_RADIUS_M else 2
    mesh = trimesh.creation.icosphere(subdivisions=fine, radius=radius_m)
    return np.asarray(mesh.vertices), np.asarray(mesh.faces)


def bone_mesh(length_m: float, joint_radius_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and faces of a bone from the origin along z, with a joint at its end."""
    import trimesh

    bone = trimesh.creation.cylinder(
        radius=min(BONE_RADIUS_M, joint_radius_m),
        segment=[(0.0, 0.0, 0.0), (0.0, 0.0, length_m)],
        sections=_SECTIONS,
    )
    points, faces = sphere_mesh(joint_radius_m)
    joint = trimesh.Trimesh(points + np.array((0.0, 0.0, length_m)), faces, process=False)
    mesh: Any = trimesh.util.concatenate([bone, joint])
    return np.asarray(mesh.vertices), np.asarray(mesh.faces)
