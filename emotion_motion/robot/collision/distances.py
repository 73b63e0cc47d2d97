# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Where a robot's capsules are and how far apart, in a few microseconds a pose.

The capsules and pairs are those of `collisions.CapsuleModel`, which measures with Coal one pose
at a time. A path has many poses, and each cycle looks at some paths: here pairs are measured in
one compiled loop. A test compares the two.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.robot.collision import capsule_loops
from emotion_motion.robot.collision.model import CapsuleModel
from emotion_motion.robot.retarget.joint_chain import JointChain

__all__ = ['CapsuleKinematics']


class CapsuleKinematics:
    """Measures the P pairs of a robot's capsules: by how much each is farther than its margin.

    Attributes:
        chain: the joints that the capsules are on.

    Args:
        model: the capsules of a robot of J joints.
        chain: its joints; None to read them.
    """

    def __init__(self, model: CapsuleModel, chain: JointChain | None = None) -> None:
        self.chain = chain or JointChain(model.robot.model)
        shapes = model.geometry.geometryObjects
        owners = np.array([shape.parentJoint for shape in shapes], dtype=np.int64)
        ends = np.array([_ends(shape) for shape in shapes]).reshape(-1, 6)
        self._capsules = owners, ends
        pairs = [(pair.first, pair.second) for pair in model.geometry.collisionPairs]
        first, second = np.ascontiguousarray(np.array(pairs, dtype=np.int64).reshape(-1, 2).T)
        radii = np.array([shape.geometry.radius for shape in shapes], dtype=float)
        halves = np.array([shape.geometry.halfLength for shape in shapes], dtype=float)
        # How far axes are apart at the margin, and the middles of axes at most.
        apart = radii[first] + radii[second] + model.margins
        self._pairs = first, second, apart, apart + halves[first] + halves[second]

    def left(self, q: np.ndarray, within_m: float) -> np.ndarray:
        """Return by how much each pair [P] is farther apart than its margin [m].

        Args:
            q: pose [J], in rad.
            within_m: exact below this; of others only a bound, which is not below it either.
        """
        return self.along(q[None], within_m, 0.0)[0]

    def nearing(self, frames: np.ndarray, within_m: float) -> tuple[np.ndarray, np.ndarray]:
        """Return what is left of near pairs [N], in m, and how fast they come nearer [N, J].

        The latter in metres for each rad that a joint turns.

        Args:
            frames: of the joints in a pose [J + 1, 12]; see JointChain.
            within_m: a pair is near that has less than this left [m].
        """
        chain = self.chain.parents, self.chain.axes
        return capsule_loops.nearing(frames, within_m, *chain, *self._capsules, *self._pairs)

    def along(
        self, poses: np.ndarray, within_m: float, spacing_m: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what `left` is of the first of some poses, and the least of all of them [P].

        Args:
            poses: on a path, one after the other [T, J], in rad.
            within_m: as in `left`.
            spacing_m: poses are left out for a pair that has moved by less since it was measured.
        """
        frames = self.chain.frames(poses)
        return capsule_loops.along(frames, within_m, spacing_m, *self._capsules, *self._pairs)

    def nearer(
        self,
        poses: np.ndarray,
        within_m: float,
        spacing_m: float = 0.0,
        *,
        more_m: float = 0.0,
        hasty: bool = False,
    ) -> tuple[np.ndarray, int]:
        """Return which pairs [P] come nearer on a path than they may, and how many.

        Args:
            poses: on the path, one after the other [T, J], in rad.
            within_m: a pair that has more left may come nearer [m].
            spacing_m: as in `along`.
            more_m: any pair may come by so much nearer than in the first pose [m].
            hasty: whether to look no farther than the first such pair.
        """
        frames = self.chain.frames(poses)
        return capsule_loops.nearer(
            frames, within_m, spacing_m, more_m, hasty, *self._capsules, *self._pairs
        )


def _ends(shape: Any) -> list[float]:
    """Return both ends of the axis of a capsule, in the frame of its joint [6]."""
    placement, half = shape.placement, shape.geometry.halfLength
    reach = placement.rotation[:, 2] * half
    return [*(placement.translation - reach), *(placement.translation + reach)]
