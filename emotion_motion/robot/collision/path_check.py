# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Which pairs of a robot's capsules come too near along a path of poses, by Coal's distances."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.robot.collision.model import CapsuleModel
from emotion_motion.robot.description.robot import pin

__all__ = ['PathCheck']

_MANY = 6  # looks


class PathCheck:
    """Checks the P pairs of the capsules of a robot of J joints, in each pose of a path.

    A pair is too near below its margin less `missed_m`. A pair that is nearer than that in the
    first pose already may come no nearer than it is there.
    """

    def __init__(self, model: CapsuleModel, missed_m: float, rounding_m: float = 0.0) -> None:
        """Set the tolerances.

        Args:
            model: the capsules.
            missed_m: how far below its margin a pair may come [m].
            rounding_m: how far below its distance in the first pose a pair may come [m].
        """
        self._model, self._rounding_m = model, rounding_m
        self._data = model.robot.model.createData()
        self._found = pin.GeometryData(model.geometry)
        self._results = list(self._found.collisionResults)
        self._requests = list(self._found.collisionRequests)
        self._least = model.margins - missed_m
        self._begin, self._distances = np.empty(0), np.empty(0)  # first pose and its distances
        self._security_margins = np.full(len(self._least), np.nan)  # of the requests to Coal [P]
        shapes, pairs = model.geometry.geometryObjects, model.geometry.collisionPairs
        self._pairs = np.array([(pair.first, pair.second) for pair in pairs]).reshape(-1, 2).T
        self._shapes = np.zeros((len(shapes), len(shapes)), dtype=bool)
        first, second = np.array([_reach(model, shape) for shape in shapes])[self._pairs]
        # Upper bound of how much nearer a pair comes per rad of a joint, in any pose [J, P]. A
        # joint that moves both capsules of a pair does not change their distance.
        self._nearing = np.where((first > 0.0) ^ (second > 0.0), first + second, 0.0).T

    def near(self, poses: np.ndarray) -> np.ndarray:
        """Return which pairs [P] come too near on a path of poses [T, J] in rad."""
        return self._check(poses, first_only=False)

    def clear(self, poses: np.ndarray) -> bool:
        """Return whether no pair comes too near; stops at the first pose in which one does."""
        return not self._check(poses, first_only=True).any()

    def begin_at(self, pose: np.ndarray, distances: np.ndarray) -> None:
        """Take the distances [P] in a pose [J] that paths begin in, where they are known."""
        self._begin, self._distances = pose, distances

    def _check(self, poses: np.ndarray, *, first_only: bool) -> np.ndarray:
        near = np.zeros(len(self._least), dtype=bool)
        if not np.isfinite(poses).all():  # an unknown pose counts as too near
            return ~near
        begin = self._begin_distances(poses[0])
        least = np.minimum(self._least, begin - self._rounding_m)
        possible = begin - np.abs(poses - poses[0]) @ self._nearing < least  # [T, P]
        looks = possible.any(axis=1)
        if int(looks.sum()) > _MANY:  # measuring at the end too costs less than to look so often
            end, left = self._model.distances(poses[-1]), np.abs(poses - poses[-1])
            possible &= end - left @ self._nearing < least
            looks = possible.any(axis=1)
        watched = np.flatnonzero(possible.any(axis=0))
        if not len(watched):
            return near
        self._set_security_margins(least)
        self._watch(watched)
        # Where one look may be enough it is the last one: arms come near towards the end.
        for pose in poses[looks][:: -1 if first_only else 1]:
            if self._collide(pose, first_only=first_only):
                for pair in watched[~near[watched]].tolist():
                    if self._results[pair].isCollision():
                        near[pair] = True
                        self._found.deactivateCollisionPair(pair)
                if first_only:
                    break
        return near

    def _begin_distances(self, pose: np.ndarray) -> np.ndarray:
        """Return the distances [P] in the first pose [J]; several paths of a cycle share it."""
        if not np.array_equal(pose, self._begin):
            self.begin_at(pose, self._model.distances(pose))
        return self._distances

    def _set_security_margins(self, distances_m: np.ndarray) -> None:
        """Let Coal report pairs as colliding at distances [P] in m and below."""
        for pair in np.flatnonzero(distances_m != self._security_margins):
            self._requests[pair].security_margin = distances_m[pair]
        self._security_margins = distances_m

    def _watch(self, pairs: np.ndarray) -> None:
        """Let Coal check only some pairs, given by their indices."""
        active = np.zeros_like(self._shapes)
        active[tuple(self._pairs[:, pairs])] = True
        self._found.setActiveCollisionPairs(self._model.geometry, active | active.T)

    def _collide(self, pose: np.ndarray, *, first_only: bool) -> bool:
        """Return whether watched pairs collide in a pose [J]; `first_only`: look for one only."""
        model = self._model
        return bool(
            pin.computeCollisions(
                model.robot.model, self._data, model.geometry, self._found, pose, first_only
            )
        )


def _reach(model: CapsuleModel, shape: Any) -> np.ndarray:
    """Return the largest distance of a capsule's axis from each joint that moves it [J] in m.

    It holds for every pose; for joints that do not move the capsule it is 0.
    """
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
