# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A body as spheres and bones: where each lies, how it is turned, what colour it has."""

from __future__ import annotations

import contextlib

import numpy as np

from emotion_motion.exceptions import SkeletonError
from emotion_motion.skeleton import load_skeleton
from emotion_motion.viewer.look import Look

__all__ = ['BodyShape', 'bone_mesh', 'sphere_mesh']

JOINT_RADIUS_M, BONE_RADIUS_M, HEAD_RADIUS_M = 0.024, 0.017, 0.095
_HEAD = ('Nose', 'REye', 'LEye', 'REar', 'LEar')
_SMALL = 0.4  # of eyes, ears, toes and heels beside other joints
_SMALL_NAMES = ('REye', 'LEye', 'REar', 'LEar', 'LBigToe', 'LSmallToe', 'LHeel', 'RBigToe',
                'RSmallToe', 'RHeel')  # fmt: skip


class BodyShape:
    """How keypoints become K spheres, E bones and, where there is a face, a head.

    Args:
        skeleton: name of the keypoint set; one that is not known has no bones.
        names: K keypoint names.
    """

    def __init__(self, skeleton: str, names: tuple[str, ...]) -> None:
        self.names = names
        self.edges, self._side = _edges_and_sides(skeleton, names)
        self._head = [names.index(name) for name in _HEAD if name in names]
        small = np.isin(names, _SMALL_NAMES)
        self._radii = JOINT_RADIUS_M * np.where(small, _SMALL, 1.0)

    @property
    def size(self) -> int:
        """Number of keypoints K."""
        return len(self.names)

    @property
    def spheres(self) -> int:
        """Number of spheres: K, and one for the head where there is one."""
        return self.size + bool(self._head)

    def wrists(self) -> list[int]:
        """Return the numbers of the wrists, left first."""
        return [self.names.index(n) for n in ('LWrist', 'RWrist') if n in self.names]

    def root(self) -> int | None:
        """Return the number of the keypoint that stands for the whole body."""
        return self.names.index('MidHip') if 'MidHip' in self.names else None

    def place_spheres(self, keypoints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return places [S, 3] and radii [S] in metres; radius 0 where nothing is measured."""
        known = np.isfinite(keypoints).all(axis=-1)
        places = np.where(known[:, None], keypoints, 0.0)
        radii = np.where(known, self._radii, 0.0)
        if self._head:
            seen = [i for i in self._head if known[i]]
            centre = places[seen].mean(axis=0) if seen else np.zeros(3)
            places = np.vstack((places, centre))
            radii = np.append(radii, HEAD_RADIUS_M if len(seen) > 2 else 0.0)
        return places.astype(np.float32), radii.astype(np.float32)

    def place_bones(self, keypoints: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return middles [E, 3], turns [E, 4] (wxyz) from z, and lengths [E]."""
        ends = keypoints[self.edges]  # [E, 2, 3]
        known = np.isfinite(ends).all(axis=(1, 2))
        ends = np.where(known[:, None, None], ends, 0.0)
        way = ends[:, 1] - ends[:, 0]
        lengths = np.linalg.norm(way, axis=-1)
        unit = way / np.maximum(lengths, 1e-9)[:, None]
        return (
            ends.mean(axis=1).astype(np.float32),
            _turns_from_z(unit).astype(np.float32),
            np.where(known, lengths, 0.0).astype(np.float32),
        )

    def sphere_colours(self, look: Look) -> np.ndarray:
        """Return the colours [S, 3] of the spheres."""
        colours = [*(self._colour(side, look) for side in self._side)]
        return np.array(colours + [look.middle] * bool(self._head), dtype=np.uint8)

    def bone_colours(self, look: Look) -> np.ndarray:
        """Return the colours [E, 3] of the bones: those of their outer ends."""
        colours = [self._colour(self._side[child], look) for _, child in self.edges]
        return np.array(colours, dtype=np.uint8).reshape(-1, 3)

    @staticmethod
    def _colour(side: int, look: Look) -> tuple[int, int, int]:
        return {1: look.left, -1: look.right}.get(side, look.middle)


def _edges_and_sides(skeleton: str, names: tuple[str, ...]) -> tuple[np.ndarray, list[int]]:
    """Return edges [E, 2] and the side of each keypoint: 1 left, -1 right, 0 neither."""
    sides = [1 if n.startswith('L') else -1 if n.startswith('R') else 0 for n in names]
    with contextlib.suppress(SkeletonError, OSError):
        known = load_skeleton(skeleton)
        pairs = [
            (names.index(known.names[a]), names.index(known.names[b]))
            for a, b in known.edges
            if known.names[a] in names and known.names[b] in names
        ]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2), sides
    return np.zeros((0, 2), dtype=np.int64), sides


def _turns_from_z(unit: np.ndarray) -> np.ndarray:
    """Return the quaternions [N, 4] (wxyz) that turn z to unit vectors [N, 3]."""
    x, y, z = unit.T
    turns = np.stack((1.0 + z, -y, x, np.zeros_like(x)), axis=-1)
    turns[z < -0.999999] = (0.0, 1.0, 0.0, 0.0)  # straight down: half a turn about x
    return turns / np.linalg.norm(turns, axis=-1, keepdims=True)


def sphere_mesh() -> tuple[np.ndarray, np.ndarray]:
    """Return vertices [V, 3] and faces [F, 3] of a sphere of radius 1."""
    import trimesh

    mesh = trimesh.creation.icosphere(subdivisions=2, radius=1.0)
    return np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.uint32)


def bone_mesh() -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and faces of a bone along z, of length 1 and radius `BONE_RADIUS_M`."""
    import trimesh

    mesh = trimesh.creation.cylinder(radius=BONE_RADIUS_M, height=1.0, sections=10)
    return np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.uint32)
