# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Self-collision: capsules on the robot's links, and how near arms come to all else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
import contextlib
from dataclasses import dataclass
import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.files import write_file
from emotion_motion.robot.collision.capsules import Capsule, enclosing_capsules
from emotion_motion.robot.collision.link_surface import link_surface
from emotion_motion.robot.description.config import ARMS
from emotion_motion.robot.description.pinocchio_module import load_pinocchio
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.description.urdf import find_file

__all__ = [
    'CapsuleModel',
    'Pair',
    'capsule_model',
    'fitted_capsules',
    'joints_that_move',
    'cache_folder',
    'kept',
    'key_of',
]

# What takes seconds to compute about a robot, kept in the user's cache folder.
#
# A file is named by the hash of all that its content depends on, so it is never out of date. It is
# written beside its place and then put there as a whole, so that others who write the same at the
# same time do no harm; one that cannot be read or written is as good as none.


def cache_folder() -> Path:
    """Return the folder, which may not be there: XDG_CACHE_HOME/emotion_motion/robots."""
    base = os.environ.get('XDG_CACHE_HOME', '')
    # The rule of freedesktop.org: a relative path there does not count.
    root = Path(base) if os.path.isabs(base) else Path.home() / '.cache'
    return root / 'emotion_motion' / 'robots'


def key_of(parts: Iterable[str | bytes | os.PathLike[str]]) -> str:
    """Return a hash of texts, and of files by their place, size and time of change."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, os.PathLike):
            state = os.stat(part)
            part = f'{os.fspath(part)} {state.st_size} {state.st_mtime_ns}'
        data = part.encode() if isinstance(part, str) else part
        found.update(f'{len(data)}:'.encode() + data)
    return found.hexdigest()


def kept(key: str, compute: Callable[[], Any], fits: Callable[[Any], bool]) -> Any:
    """Return what is kept under a key, computed and kept if it is not there or does not fit.

    Args:
        key: from `key_of`.
        compute: returns what JSON can hold.
        fits: whether something that was read can be such a result.
    """
    place = cache_folder() / f'{key}.json'
    try:
        value = json.loads(place.read_text(encoding='utf-8'))
        if fits(value):
            return value
    except (OSError, ValueError):  # not there, not allowed, damaged
        pass
    value = compute()
    # A full disk or no home: the next time it is computed anew.
    with contextlib.suppress(OSError, RuntimeError):
        write_file(place, json.dumps(value).encode())
    return value


_VERSION = 1  # of the kept capsules and pairs: raise it when the code that finds them changes
_POSES = 1000
_NEIGHBOURS = 2  # joints between links that are not watched
# Pairs that never come nearer than this in so many random poses need no watching [m]. The nearest
# of these poses is far from the nearest that there is: hands that can touch were 9 cm apart there.
_FAR_M = 0.3
# How much nearer than in the rest pose a pair may come that is nearer there than the clearance.
_REST_SLACK_M = 0.002


@dataclass(frozen=True)
class Pair:
    """Two links that shall not touch.

    Attributes:
        first: link of an arm.
        second: link of the body or of the other arm.
        margin_m: least distance of their capsules; below 0 where loose capsules overlap in the
            rest pose already.
    """

    first: str
    second: str
    margin_m: float


@dataclass(frozen=True, eq=False)
class CapsuleModel:
    """The capsules of a robot and the pairs to watch.

    Attributes:
        robot: whose.
        geometry: Pinocchio's GeometryModel, its collision pairs in the order of `pairs`.
        pairs: P pairs of capsules.
        sources: what the capsules of each link come from: given, collision, visual or inertia.
    """

    robot: Robot
    geometry: Any
    pairs: tuple[Pair, ...]
    sources: dict[str, str]

    @functools.cached_property
    def margins(self) -> np.ndarray:
        """Least distance [P] of each pair [m]."""
        return np.array([pair.margin_m for pair in self.pairs])

    def distances(self, q: np.ndarray) -> np.ndarray:
        """Return the distances [P] at a pose [J]; below 0: how deep capsules are in each other."""
        data, found, results = self._work
        load_pinocchio().computeDistances(
            self.robot.model, data, self.geometry, found, np.asarray(q, float)
        )
        return np.array([result.min_distance for result in results])

    def nearest(self, q: np.ndarray) -> tuple[Pair, float]:
        """Return the pair that has come nearest to its margin, and how far it still is [m]."""
        left = self.distances(q) - self.margins
        number = int(np.argmin(left))
        return self.pairs[number], float(left[number])

    @functools.cached_property
    def _work(self) -> tuple[Any, Any, list[Any]]:
        found = load_pinocchio().GeometryData(self.geometry)
        return self.robot.model.createData(), found, list(found.distanceResults)


@functools.lru_cache(maxsize=8)
def capsule_model(robot: Robot) -> CapsuleModel:
    """Return the capsules of a robot with the pairs of arms against body and each other.

    Left out are neighbours, pairs that touch in nearly every pose, pairs that never come near,
    and those that the YAML file lists under `contacts`. A pair that is nearer than the clearance
    in the rest pose, where real arms hang free, may come about as near again. The same robot gets
    the same model.
    """
    pin = load_pinocchio()
    geometry, owners, sources = pin.GeometryModel(), [], {}
    for link, capsules, source in fitted_capsules(robot):
        sources[link] = source
        for number, capsule in enumerate(capsules):
            geometry.addGeometryObject(_object(robot, link, number, capsule))
            owners.append(link)
    for first, second in _candidates(robot, owners):
        geometry.addCollisionPair(pin.CollisionPair(first, second))
    if not geometry.collisionPairs:
        return CapsuleModel(robot, geometry, (), sources)
    pairs = [_named(owners, pair, 0.0) for pair in geometry.collisionPairs]
    whole = CapsuleModel(robot, geometry, tuple(pairs), sources)
    margins = np.minimum(robot.config.clearance_m, whole.distances(robot.rest) - _REST_SLACK_M)
    watched = np.array(
        kept(
            key_of(['watched', *_depends_on(robot)]),
            lambda: _watched(whole, margins).tolist(),
            lambda value: (
                isinstance(value, list)
                and len(value) == len(margins)
                and all(isinstance(each, bool) for each in value)
            ),
        ),
        dtype=bool,
    )
    chosen = [
        pin.CollisionPair(pair.first, pair.second)
        for pair, keep in zip(geometry.collisionPairs, watched, strict=True)
        if keep
    ]
    geometry.removeAllCollisionPairs()
    for pair in chosen:
        geometry.addCollisionPair(pair)
    named = [_named(owners, p, float(m)) for p, m in zip(chosen, margins[watched], strict=True)]
    return CapsuleModel(robot, geometry, tuple(named), sources)


def fitted_capsules(robot: Robot) -> Iterator[tuple[str, list[Capsule], str]]:
    """Yield each link with its capsules and their source; one arm's links that turn as one share.

    Those of the YAML file, where it has any, are all. Others are fitted once and kept in the
    user's cache folder.
    """
    for link in robot.config.capsules:
        rows = np.array(robot.config.capsules[link]).reshape(-1, 7)
        yield link, [Capsule(row[:3], row[3:6], float(row[6])) for row in rows], 'given'
    if robot.config.capsules:
        return
    key = key_of(['capsules', *_depends_on(robot)])
    found = kept(key, lambda: list(_fitted(robot)), functools.partial(_are_capsules, robot))
    for link, rows, source in found:
        capsules = [Capsule(np.array(row[:3]), np.array(row[3:6]), row[6]) for row in rows]
        yield link, capsules, source


def _fitted(robot: Robot) -> Iterator[tuple[str, list[list[float]], str]]:
    """Yield what `fitted_capsules` does, each capsule as two ends and a radius."""
    arms: dict[int, list[str]] = {}
    for link in robot.urdf.links:
        if _side(robot, link) is None:
            points, source = link_surface(robot.urdf, link)
            yield link, _enclosing(points), source
        else:
            arms.setdefault(robot.place(link)[0], []).append(link)
    for links in arms.values():
        surfaces = [(link, *link_surface(robot.urdf, link)) for link in links]
        first = robot.place(links[0])[1]
        points = np.concatenate(
            [
                _moved(first.inverse() * robot.place(link)[1], points)
                for link, points, _ in surfaces
            ]
        )
        source = ', '.join(sorted({source for _, points, source in surfaces if len(points)}))
        yield links[0], _enclosing(points), source or 'none'


def _enclosing(points: np.ndarray) -> list[list[float]]:
    found = enclosing_capsules(points) if len(points) else []
    return [[*each.start.tolist(), *each.end.tolist(), float(each.radius)] for each in found]


def _are_capsules(robot: Robot, value: Any) -> bool:
    """Return whether what was read from the cache can be capsules of the robot."""
    try:
        return bool(value) and all(
            link in robot.urdf.links
            and isinstance(source, str)
            and all(np.isfinite(row).all() and len(row) == 7 and row[6] >= 0.0 for row in rows)
            for link, rows, source in value
        )
    except (TypeError, ValueError):
        return False


def _depends_on(robot: Robot) -> list[str | bytes | Path]:
    """Return what capsules and watched pairs follow from: robot, meshes, and _VERSION."""
    parts: list[str | bytes | Path] = [str(_VERSION), robot.urdf.text, repr(robot.config)]
    meshes = (mesh for link in robot.urdf.links.values() for mesh in link.iter('mesh'))
    references = {mesh.get('filename', '') for mesh in meshes}
    found = (find_file(each, robot.urdf.path.parent) for each in sorted(references))
    return [*parts, *(path for path in found if path is not None)]


def _object(robot: Robot, link: str, number: int, capsule: Capsule) -> Any:
    import coal

    pin = load_pinocchio()
    joint, in_joint = robot.place(link)
    axis = capsule.end - capsule.start
    length = float(np.linalg.norm(axis))
    turn = np.eye(3)
    if length > 1e-9:
        turn = pin.Quaternion.FromTwoVectors(np.array([0.0, 0.0, 1.0]), axis / length).matrix()
    placed = in_joint * pin.SE3(turn, 0.5 * (capsule.start + capsule.end))
    shape = coal.Capsule(capsule.radius, max(length, 1e-9))
    return pin.GeometryObject(f'{link}/{number}', joint, placed, shape)


def _candidates(robot: Robot, owners: list[str]) -> list[tuple[int, int]]:
    """Return pairs of capsules: an arm's with the body's and with the other arm's."""
    sides = [_side(robot, link) for link in owners]
    contacts = {frozenset(pair) for pair in robot.config.contacts}
    found = []
    for i, one in enumerate(owners):
        for j, other in enumerate(owners):
            if sides[i] is None or sides[i] == sides[j] or (sides[j] is not None and j < i):
                continue
            if frozenset((one, other)) not in contacts and not _neighbours(robot, one, other):
                found.append((i, j))
    return found


def _side(robot: Robot, link: str) -> str | None:
    """Return the arm that a link is part of, None for the body's."""
    moving = {joint.name for joint in robot.urdf.joints_to(link)}
    for arm in ARMS:
        if moving & set(robot.config.chains[arm]):
            return arm
    return None


def _neighbours(robot: Robot, one: str, other: str) -> bool:
    """Return whether at most two of the controlled joints are between two links.

    What is so near is kept apart by the limits of these joints, as a shoulder and the trunk are.
    """
    one_joints, other_joints = (joints_that_move(robot, robot.place(x)[0]) for x in (one, other))
    return int((one_joints ^ other_joints).sum()) <= _NEIGHBOURS


def joints_that_move(robot: Robot, joint: int) -> np.ndarray:
    """Return which of the robot's joints [J] move what is on a joint of Pinocchio's; 0: none."""
    moving = np.zeros(len(robot) + 1, dtype=bool)
    moving[list(robot.model.supports[joint])] = True
    return moving[1:]


def _named(owners: list[str], pair: Any, margin_m: float) -> Pair:
    return Pair(owners[pair.first], owners[pair.second], margin_m)


def _watched(model: CapsuleModel, margins: np.ndarray) -> np.ndarray:
    """Return which pairs [P] are worth watching: neither always touching nor always far."""
    limits, rng = model.robot.limits, np.random.default_rng(0)
    poses = rng.uniform(limits.lower, limits.upper, (_POSES, len(limits)))
    left = np.stack([model.distances(q) for q in poses]) - margins
    return np.asarray((left.min(axis=0) < _FAR_M) & (np.percentile(left, 95, axis=0) > 0.0))


def _moved(placement: Any, points: np.ndarray) -> np.ndarray:
    return np.asarray(points @ placement.rotation.T + placement.translation)
