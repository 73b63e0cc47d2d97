# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Self-collision: capsules on the robot's links, and how near arms come to all else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import functools
import math
from typing import Any

import numpy as np

from emotion_motion.robot.collision.capsules import Capsule, enclosing_capsules, link_surface
from emotion_motion.robot.description.config import ARMS, CapsuleRow
from emotion_motion.robot.description.robot import pin, Robot

__all__ = [
    'CapsuleModel',
    'Pair',
    'capsule_model',
    'fitted_capsules',
    'joints_that_move',
    'rounded_capsules',
]

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
        sources: what the capsules of each link come from: given, or as `link_surface` says.
    """

    robot: Robot
    geometry: Any
    pairs: tuple[Pair, ...]
    sources: dict[str, str]

    @functools.cached_property
    def margins(self) -> np.ndarray:
        """Least distance [P] of each pair [m]."""
        return np.array([pair.margin_m for pair in self.pairs])

    @functools.cached_property
    def moving(self) -> np.ndarray:
        """Which joints move the first and the second capsule of each pair [2, P, J]."""
        pairs = self.geometry.collisionPairs
        moved = [
            joints_that_move(self.robot, shape.parentJoint)
            for shape in self.geometry.geometryObjects
        ]
        ends = [[moved[pair.first] for pair in pairs], [moved[pair.second] for pair in pairs]]
        return np.array(ends, dtype=bool).reshape(2, len(pairs), len(self.robot))

    def distances(self, q: np.ndarray) -> np.ndarray:
        """Return the distances [P] at a pose [J]; below 0: how deep capsules are in each other."""
        data, geometry_data, results = self._work
        pin.computeDistances(
            self.robot.model, data, self.geometry, geometry_data, np.asarray(q, float)
        )
        return np.array([result.min_distance for result in results])

    def nearest(self, q: np.ndarray) -> tuple[Pair, float]:
        """Return the pair that has come nearest to its margin, and how far it still is [m]."""
        left = self.distances(q) - self.margins
        number = int(np.argmin(left))
        return self.pairs[number], float(left[number])

    @functools.cached_property
    def _work(self) -> tuple[Any, Any, list[Any]]:
        geometry_data = pin.GeometryData(self.geometry)
        results = list(geometry_data.distanceResults)
        return self.robot.model.createData(), geometry_data, results


@functools.lru_cache(maxsize=8)
def capsule_model(robot: Robot) -> CapsuleModel:
    """Return the capsules of a robot with the pairs of arms against body and each other.

    Left out are neighbours, pairs that touch in nearly every pose, pairs that never come near,
    and those that the YAML file lists under `contacts`. A pair that is nearer than the clearance
    in the rest pose, where real arms hang free, may come about as near again. The same robot gets
    the same model.
    """
    geometry, owners, sources = pin.GeometryModel(), [], dict[str, str]()
    for link, capsules, from_where in fitted_capsules(robot):
        sources |= from_where
        for number, capsule in enumerate(capsules):
            geometry.addGeometryObject(_object(robot, link, number, capsule))
            owners.append(link)
    candidates = _candidates(robot, owners)
    for first, second in candidates:
        geometry.addCollisionPair(pin.CollisionPair(first, second))
    if not candidates:
        return CapsuleModel(robot, geometry, (), sources)
    whole = CapsuleModel(robot, geometry, (), sources)
    margins = np.minimum(robot.config.clearance_m, whole.distances(robot.rest) - _REST_SLACK_M)
    watched = _watched(whole, margins)
    geometry.removeAllCollisionPairs()
    pairs = []
    for number in np.flatnonzero(watched).tolist():
        first, second = candidates[number]
        geometry.addCollisionPair(pin.CollisionPair(first, second))
        pairs.append(Pair(owners[first], owners[second], float(margins[number])))
    return CapsuleModel(robot, geometry, tuple(pairs), sources)


def fitted_capsules(robot: Robot) -> Iterator[tuple[str, list[Capsule], dict[str, str]]]:
    """Yield links with their capsules and sources; one arm's links that turn as one share.

    Those of the YAML file, where it has any, are all. Others are fitted, which takes seconds.
    """
    for link in robot.config.capsules:
        rows = np.array(robot.config.capsules[link]).reshape(-1, 7)
        capsules = [Capsule(row[:3], row[3:6], float(row[6])) for row in rows]
        yield link, capsules, {link: 'given'}
    if robot.config.capsules:
        return
    groups: dict[Any, list[str]] = {}
    for link in robot.urdf.links:
        arm = _side(robot, link) is not None
        groups.setdefault(robot.place(link)[0] if arm else link, []).append(link)
    for links in groups.values():
        to_first = robot.place(links[0])[1].inverse()
        surfaces, sources = [], {}
        for link in links:
            points, sources[link] = link_surface(robot.urdf, link)
            placed = to_first * robot.place(link)[1]
            surfaces.append(points @ placed.rotation.T + placed.translation)
        yield links[0], enclosing_capsules(np.concatenate(surfaces)), sources


def rounded_capsules(robot: Robot) -> tuple[dict[str, tuple[CapsuleRow, ...]], dict[str, str]]:
    """Return capsules as a YAML file has them, in whole millimetres, radii up; and their sources.

    They are those of `fitted_capsules`; links without any are not among them.
    """
    rows: dict[str, tuple[CapsuleRow, ...]] = {}
    sources: dict[str, str] = {}
    for link, capsules, from_where in fitted_capsules(robot):
        sources |= from_where
        ends = [np.round((*capsule.start, *capsule.end), 3) + 0.0 for capsule in capsules]
        radii = [math.ceil(1e3 * capsule.radius + 0.5) / 1e3 for capsule in capsules]
        if capsules:  # the ends are rounded too, hence half a millimetre more
            rows[link] = tuple(
                (*end.tolist(), radius) for end, radius in zip(ends, radii, strict=True)
            )
    return rows, sources


def _object(robot: Robot, link: str, number: int, capsule: Capsule) -> Any:
    import coal

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
    candidates = []
    for i, one in enumerate(owners):
        for j, other in enumerate(owners):
            if sides[i] is None or sides[i] == sides[j] or (sides[j] is not None and j < i):
                continue
            if frozenset((one, other)) not in contacts and not _neighbours(robot, one, other):
                candidates.append((i, j))
    return candidates


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


def _watched(model: CapsuleModel, margins: np.ndarray) -> np.ndarray:
    """Return which pairs [P] are worth watching: neither always touching nor always far."""
    limits, rng = model.robot.limits, np.random.default_rng(0)
    poses = rng.uniform(limits.lower, limits.upper, (_POSES, len(limits)))
    left = np.stack([model.distances(q) for q in poses]) - margins
    return np.asarray((left.min(axis=0) < _FAR_M) & (np.percentile(left, 95, axis=0) > 0.0))
