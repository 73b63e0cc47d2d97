# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Which pairs of a robot's capsules come too near on a path of poses, as Coal measures them."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.robot.collision.model import CapsuleModel
from emotion_motion.robot.description.pinocchio_module import load_pinocchio

__all__ = ['PathCheck']


class PathCheck:
    """Checks the P pairs of the capsules of a robot of J joints, in each pose of a path.

    A pair may come as near as its margin and what a path may miss that by. One that is nearer in
    the first pose already may come no nearer than there.
    """

    def __init__(self, model: CapsuleModel, missed_m: float, rounding_m: float = 0.0) -> None:
        """Take what may be lost.

        Args:
            model: the capsules.
            missed_m: how far below its margin a pair may come [m].
            rounding_m: how much nearer than in the first pose a pair may come all the same [m].
        """
        self._model, self._rounding_m = model, rounding_m
        self._data = model.robot.model.createData()
        self._found = load_pinocchio().GeometryData(model.geometry)
        self._results = list(self._found.collisionResults)
        self._requests = list(self._found.collisionRequests)
        self._least = model.margins - missed_m
        self._begin, self._distances = np.empty(0), np.empty(0)
        self._set = np.full(len(self._least), np.nan)  # distances that are asked for now [P]
        shapes, pairs = model.geometry.geometryObjects, model.geometry.collisionPairs
        self._pairs = np.array([(pair.first, pair.second) for pair in pairs]).reshape(-1, 2).T
        self._shapes = np.zeros((len(shapes), len(shapes)), dtype=bool)
        first, second = np.array([_reach(model, shape) for shape in shapes])[self._pairs]
        # The most by which a pair comes nearer for each rad of a joint [J, P], in any pose. What
        # moves both of its capsules does not.
        self._nearing = np.where((first > 0.0) ^ (second > 0.0), first + second, 0.0).T

    def near(self, poses: np.ndarray) -> np.ndarray:
        """Return which pairs [P] come too near on a path of poses [T, J] in rad."""
        return self._check(poses, first_only=False)

    def clear(self, poses: np.ndarray) -> bool:
        """Return whether no pair does; no pose is looked at after the first that is too near."""
        return not self._check(poses, first_only=True).any()

    def _check(self, poses: np.ndarray, *, first_only: bool) -> np.ndarray:
        near = np.zeros(len(self._least), dtype=bool)
        if not np.isfinite(poses).all():  # what is not known is not clear
            return ~near
        begin = self._begin_distances(poses[0])
        least = np.minimum(self._least, begin - self._rounding_m)
        moved = np.abs(poses - poses[0])
        watched = np.flatnonzero(begin - moved.max(axis=0) @ self._nearing < least)
        if not len(watched):
            return near
        possible = begin[watched] - moved @ self._nearing[:, watched] < least[watched]
        self._ask_for(least)
        self._watch(watched)
        for pose in poses[possible.any(axis=1)]:
            if self._collide(pose, first_only=first_only):
                for pair in watched[~near[watched]].tolist():
                    if self._results[pair].isCollision():
                        near[pair] = True
                        self._found.deactivateCollisionPair(pair)
                if first_only:
                    break
        return near

    def _begin_distances(self, pose: np.ndarray) -> np.ndarray:
        """Return the distances [P] in the first pose [J], from which a cycle has several paths."""
        if not np.array_equal(pose, self._begin):
            self._begin, self._distances = pose, self._model.distances(pose)
        return self._distances

    def _ask_for(self, distances_m: np.ndarray) -> None:
        """Let pairs collide at distances [P] in m and below."""
        for pair in np.flatnonzero(distances_m != self._set):
            self._requests[pair].security_margin = distances_m[pair]
        self._set = distances_m

    def _watch(self, pairs: np.ndarray) -> None:
        """Let only some pairs collide, given by their numbers."""
        active = np.zeros_like(self._shapes)
        active[tuple(self._pairs[:, pairs])] = True
        self._found.setActiveCollisionPairs(self._model.geometry, active | active.T)

    def _collide(self, pose: np.ndarray, *, first_only: bool) -> bool:
        """Return whether watched pairs collide in a pose [J]; `first_only`: look for one only."""
        model = self._model
        return bool(
            load_pinocchio().computeCollisions(
                model.robot.model, self._data, model.geometry, self._found, pose, first_only
            )
        )


def _reach(model: CapsuleModel, shape: Any) -> np.ndarray:
    """Return how far a capsule's axis can be from each joint that moves it [J] in m; else 0."""
    robot = model.robot.model
    placement, half = shape.placement, shape.geometry.halfLength
    reach = np.zeros(robot.nv)
    ends = (placement.act(np.array((0.0, 0.0, side * half))) for side in (-1.0, 1.0))
    farthest = max(float(np.linalg.norm(end)) for end in ends)
    joint = shape.parentJoint
    while joint > 0:
        reach[joint - 1] = farthest
        farthest += float(np.linalg.norm(robot.jointPlacements[joint].translation))
        joint = robot.parents[joint]
    return reach
