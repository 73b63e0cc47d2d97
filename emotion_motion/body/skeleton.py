# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Skeletons as data: keypoint names, parents, rest pose, rigid groups, mirror pairs.

A skeleton is a JSON file in `emotion_motion/body/skeletons/`; a checkpoint carries its own copy.
Lengths are those of a body of height 1; multiply keypoints by the body's height for metres.
"""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
import functools
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.exceptions import ConfigError, SkeletonError
from emotion_motion.files import read_json

__all__ = ['Skeleton', 'RigidGroup', 'load_skeleton']

_FLAT = '_2d'


@dataclass(frozen=True)
class RigidGroup:
    """Keypoints that turn as one rigid body about their anchor, such as the face about the neck.

    Attributes:
        name: what it is called.
        anchor: index of the keypoint that it turns about.
        members: indices of the keypoints that turn.
    """

    name: str
    anchor: int
    members: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A tree of K named keypoints with the rest pose of a body of height 1.

    Attributes:
        name: name of the keypoint set.
        names: K keypoint names.
        parents: K indices, -1 for the one root.
        rest: rest pose [K, D], standing; REP-103 axes, origin on the ground below the root. D is
            3, or 2 for a body seen from the front: (y, z), see `flat`.
        bars: pairs of keypoints that turn as one about the parent between them (the hips).
        rigid: groups that move as rigid bodies.
        mirror: K indices, the left-right partner of each keypoint (itself in the middle).
        groups: indices of the keypoints of each body part.
    """

    name: str
    names: tuple[str, ...]
    parents: tuple[int, ...]
    rest: np.ndarray
    bars: tuple[tuple[int, int], ...]
    rigid: tuple[RigidGroup, ...]
    mirror: tuple[int, ...]
    groups: Mapping[str, tuple[int, ...]]

    @property
    def size(self) -> int:
        """Number of keypoints K."""
        return len(self.names)

    @property
    def dims(self) -> int:
        """Coordinates of a keypoint D: 3, or 2 for a body seen from the front."""
        return int(self.rest.shape[1])

    @property
    def root(self) -> int:
        """Index of the keypoint without a parent."""
        return self.parents.index(-1)

    @property
    def edges(self) -> list[tuple[int, int]]:
        """Pairs (parent, child) to draw, K - 1 of them."""
        return [(parent, child) for child, parent in enumerate(self.parents) if parent >= 0]

    @functools.cached_property
    def bone_lengths(self) -> np.ndarray:
        """Distance [K] of each keypoint from its parent in the rest pose; 0 for the root."""
        lengths = np.zeros(self.size)
        for parent, child in self.edges:
            lengths[child] = np.linalg.norm(self.rest[child] - self.rest[parent])
        return lengths

    def index(self, name: str) -> int:
        """Return the index of the keypoint `name`.

        Raises:
            SkeletonError: there is none of that name.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise SkeletonError(
                f'got the keypoint {name!r}; the skeleton {self.name!r} has '
                f'{", ".join(self.names)}'
            ) from None

    def flat(self) -> Skeleton:
        """Return the same body seen from the front, D = 2: y to its left, z up.

        That is how keypoints of a camera come. Such a body has no fixed lengths: an arm that
        points at the camera is short. So `project` leaves it as it is.
        """
        if self.dims == 2:
            return self
        return dataclasses.replace(self, name=self.name + _FLAT, rest=self.rest[:, 1:].copy())

    def in_space(self, keypoints: np.ndarray) -> np.ndarray:
        """Return keypoints [..., K, D] as [..., K, 3]; those seen from the front get x = 0."""
        if keypoints.shape[-1] == 3:
            return keypoints
        return np.concatenate((np.zeros_like(keypoints[..., :1]), keypoints), axis=-1)

    def mirrored(self, keypoints: Any) -> Any:
        """Return keypoints [..., K, D] (array or tensor) with left and right exchanged."""
        swapped = keypoints[..., list(self.mirror), :]
        signs = [1, -1, 1][3 - self.dims :]
        if isinstance(keypoints, np.ndarray):
            return swapped * np.array(signs, dtype=swapped.dtype)
        return swapped * swapped.new_tensor(signs)

    def project(self, keypoints: Any) -> Any:
        """Return the body nearest in direction: every bone keeps its length, groups stay rigid.

        Each bone keeps the direction it has in `keypoints`; a rigid group takes the orientation of
        the best affine fit to its members, made orthonormal. The root stays where it is. A body
        gives that body. A body seen from the front has no lengths to keep: it comes back as given.

        Args:
            keypoints: [..., K, D] of a body of height 1, numpy array or torch tensor.

        Returns:
            The same type, shape and dtype.

        Raises:
            SkeletonError: the last two sizes are not (K, D).
        """
        if tuple(keypoints.shape[-2:]) != (self.size, self.dims):
            raise SkeletonError(
                f'got keypoints of shape {tuple(keypoints.shape)}; the skeleton {self.name!r} '
                f'needs [..., {self.size}, {self.dims}]'
            )
        if self.dims == 2:
            return keypoints
        return self._projection(keypoints)

    def bone_error(self, keypoints: Any) -> float:
        """Return the largest error of a bone length or of a distance within a rigid group.

        It is in body heights; `keypoints` are [..., K, D] of a body of height 1.
        """
        points = np.asarray(keypoints, dtype=np.float64)
        first, second = np.array(self._fixed_pairs).T
        rest = np.linalg.norm(self.rest[first] - self.rest[second], axis=-1)
        lengths = np.linalg.norm(points[..., first, :] - points[..., second, :], axis=-1)
        return float(np.abs(lengths - rest).max())

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form that `from_dict` reads."""
        name = self.names.__getitem__
        return {
            'name': self.name,
            'names': list(self.names),
            'parents': {name(child): name(parent) for parent, child in self.edges},
            'rest': {name(i): [float(x) for x in point] for i, point in enumerate(self.rest)},
            'bars': [[name(a), name(b)] for a, b in self.bars],
            'rigid': {
                group.name: {
                    'anchor': name(group.anchor),
                    'members': [name(i) for i in group.members],
                }
                for group in self.rigid
            },
            'mirror': [[name(i), name(j)] for i, j in enumerate(self.mirror) if i < j],
            'groups': {key: [name(i) for i in part] for key, part in self.groups.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Skeleton:
        """Build a skeleton from its JSON form.

        Raises:
            SkeletonError: a key is missing, a name is unknown, the parents are no tree, a bar has
                two parents or a keypoint two mirror partners.
        """
        try:
            skeleton = _parse(data)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            if isinstance(error, SkeletonError):
                raise
            raise SkeletonError(
                f'got a skeleton that cannot be read ({type(error).__name__}: {error}); see '
                f'emotion_motion/body/skeletons/body_25.json for the form'
            ) from error
        skeleton._check()
        return skeleton

    def _check(self) -> None:
        if list(self.parents).count(-1) != 1:
            raise SkeletonError(
                f'got {list(self.parents).count(-1)} keypoints without a parent in '
                f'{self.name!r}; expected one root'
            )
        for child in range(self.size):
            self.path(child)
        for first, second in self.bars:
            if self.parents[first] != self.parents[second] or first == second:
                raise SkeletonError(
                    f'got a bar of {self.names[first]!r} and {self.names[second]!r} in '
                    f'{self.name!r}; expected two keypoints with the same parent'
                )
        for i, j in enumerate(self.mirror):
            if self.mirror[j] != i:
                raise SkeletonError(
                    f'got mirror pairs with {self.names[i]!r} or {self.names[j]!r} in more than '
                    f'one of them in {self.name!r}; expected each keypoint once'
                )

    def path(self, child: int) -> list[int]:
        """Return the indices from `child` up to the root, both included."""
        path = [child]
        while self.parents[path[-1]] >= 0:
            path.append(self.parents[path[-1]])
            if len(path) > self.size:
                raise SkeletonError(
                    f'got parents of {self.names[child]!r} that run in a circle in {self.name!r}; '
                    f'expected a tree'
                )
        return path

    @functools.cached_property
    def _fixed_pairs(self) -> list[tuple[int, int]]:
        """Pairs of keypoints whose distance never changes."""
        grouped = {i for group in self.rigid for i in group.members}
        pairs = [(p, c) for p, c in self.edges if c not in grouped]
        for group in self.rigid:
            bodies = (group.anchor, *group.members)
            pairs += [(a, b) for n, a in enumerate(bodies) for b in bodies[n + 1 :]]
        return pairs + list(self.bars)

    @functools.cached_property
    def _projection(self) -> Any:
        from emotion_motion.body.projection import BodyProjection

        return BodyProjection(self)


@functools.cache
def load_skeleton(name: str = 'body_25') -> Skeleton:
    """Load a skeleton that comes with the package, or one from a JSON file.

    Args:
        name: the name of a file in `emotion_motion/body/skeletons/` or the path of a JSON file;
            with `_2d` at its end the same body seen from the front (`Skeleton.flat`).

    Raises:
        SkeletonError: there is none of that name, or the file is no skeleton.
    """
    folder = Path(__file__).parent / 'skeletons'
    if name.endswith(_FLAT):
        return load_skeleton(name.removesuffix(_FLAT)).flat()
    path = Path(name) if name.endswith('.json') else folder / f'{name}.json'
    if not path.is_file():
        known = ', '.join(sorted(file.stem for file in folder.glob('*.json')))
        raise SkeletonError(f'got the skeleton {name!r}; expected one of {known} or a JSON file')
    try:
        return Skeleton.from_dict(read_json(path))
    except ConfigError as error:
        raise SkeletonError(str(error)) from error


def _parse(data: Mapping[str, Any]) -> Skeleton:
    names = tuple(data['names'])
    if len(set(names)) != len(names):
        raise SkeletonError(f'got keypoint names {names}; each may stand only once')

    def index(name: str) -> int:
        if name not in names:
            raise SkeletonError(
                f'got a skeleton that mentions the keypoint {name!r}; its names are '
                f'{", ".join(names)}'
            )
        return names.index(name)

    parents = {index(child): index(parent) for child, parent in data['parents'].items()}
    partner = {a: b for pair in data['mirror'] for a, b in (pair, pair[::-1])}
    rest = [_point(n, data['rest'][n]) for n in names]
    odd = [n for n, point in zip(names, rest, strict=True) if len(point) != len(rest[0])]
    if odd:
        raise SkeletonError(
            f'got a rest pose of {data["name"]!r} with {len(rest[0])} numbers for {names[0]!r} '
            f'and another count for {", ".join(odd)}; expected 3 for all, or 2 for a body seen '
            f'from the front'
        )
    return Skeleton(
        name=str(data['name']),
        names=names,
        parents=tuple(parents.get(i, -1) for i in range(len(names))),
        rest=np.stack(rest),
        bars=tuple((index(a), index(b)) for a, b in data['bars']),
        rigid=tuple(
            RigidGroup(key, index(group['anchor']), tuple(index(n) for n in group['members']))
            for key, group in data['rigid'].items()
        ),
        mirror=tuple(index(partner.get(n, n)) for n in names),
        groups={key: tuple(index(n) for n in part) for key, part in data['groups'].items()},
    )


def _point(name: str, value: Any) -> np.ndarray:
    point = np.array(value, dtype=np.float64)
    if point.shape not in ((3,), (2,)) or not np.isfinite(point).all():
        raise SkeletonError(
            f'got the rest pose {value!r} of the keypoint {name!r}; expected 3 finite numbers, or '
            f'2 for a body seen from the front'
        )
    return point
