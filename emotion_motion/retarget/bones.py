# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The robot's bones: where its limbs point and how its joints turn them, as one Pink task.

One task for all of them instead of one frame task each: the same quadratic program, with a
fraction of the time spent in Python.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pink.tasks import Task

from emotion_motion.retarget import bone_loops
from emotion_motion.retarget.compiled import plain
from emotion_motion.retarget.directions import AXES, LIMBS
from emotion_motion.retarget.pinocchio_module import load_pinocchio
from emotion_motion.retarget.robot import Robot

__all__ = ['BoneTask', 'Bones']

_WEIGHT = {
    'trunk_up': 'trunk', 'trunk_left': 'trunk', 'head_forward': 'head', 'head_left': 'head',
}  # fmt: skip
_FAR = 1e-9


class Bones:
    """B vectors on a robot, each from one place to another, seen from its base.

    The trunk's and the head's are axes of their links, the world's in the rest pose.

    Attributes:
        names: of the vectors, from `AXES` and `LIMBS`.
        weights: of each [B].
    """

    def __init__(self, robot: Robot, *, all_parts: bool = False) -> None:
        """Find the vectors that the robot has links and controlled joints for.

        Args:
            robot: whose.
            all_parts: also those whose weight is 0.
        """
        self._robot = robot
        pin = load_pinocchio()
        data = robot.model.createData()
        pin.framesForwardKinematics(robot.model, data, robot.rest)
        self._base_joint, self._base_in_joint = robot.place(robot.base)
        below = data.oMf[robot.frame(robot.base)]
        self._supports = np.stack([self._support(j) for j in range(robot.model.njoints)])
        ends, names = [], []
        for name in (*AXES, *LIMBS):
            found = self._ends(name, data, below)
            if found is None or not (all_parts or self._weight(name) > 0.0):
                continue
            names.append(name)
            ends.append(found)
        self.names = tuple(names)
        self.weights = np.array([self._weight(name) for name in names])
        self._joints = sorted({joint for pair in ends for joint, _ in pair})
        rows = {joint: row for row, joint in enumerate(self._joints)}
        self._rows = np.array([[rows[joint] for joint, _ in pair] for pair in ends]).T  # [2, B]
        self._offsets = np.array([[place for _, place in pair] for pair in ends])  # [B, 2, 3]
        self._offsets = np.swapaxes(self._offsets, 0, 1).copy()  # [2, B, 3]
        supports = self._supports[self._joints]
        self._mask = supports[self._rows].reshape(-1, len(robot)).astype(float)  # [2 B, J]
        self._base_support = self._supports[self._base_joint].astype(float)
        # Most bases are the world's axes: nothing to turn.
        self._level = np.eye(3)
        moved = bool(self._base_support.any())
        self._plain_base = not moved and np.allclose(self._base(data), self._level)

    def directions(self, data: Any) -> np.ndarray:
        """Return the unit vectors [B, 3]; joint placements of `data` are up to date."""
        begins, ends = self._places(data)
        vectors = ends - begins
        if not self._plain_base:
            vectors = vectors @ self._base(data)
        return vectors / np.linalg.norm(vectors, axis=1)[:, None]

    def directions_and_jacobian(self, data: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return unit vectors [B, 3] and how fast they turn with each joint [B, 3, J].

        Joint Jacobians of `data` are up to date.
        """
        begins, ends = self._places(data)
        base = self._level if self._plain_base else plain(self._base(data))
        return bone_loops.turned(
            plain(data.J), begins, ends, self._mask, base, self._base_support
        )

    def _places(self, data: Any) -> np.ndarray:
        """Return where the vectors begin and end in the world [2, B, 3]."""
        placed = [data.oMi[joint] for joint in self._joints]
        rotations = np.array([each.rotation for each in placed])[self._rows]
        places = np.array([each.translation for each in placed])[self._rows]
        return np.asarray((rotations @ self._offsets[..., None])[..., 0] + places)

    def _base(self, data: Any) -> np.ndarray:
        return np.asarray((data.oMi[self._base_joint] * self._base_in_joint).rotation)

    def _support(self, joint: int) -> np.ndarray:
        """Return which joints [J] move what is on a joint."""
        found = np.zeros(self._robot.model.nv, dtype=bool)
        while joint > 0:
            found[self._robot.model.joints[joint].idx_v] = True
            joint = self._robot.model.parents[joint]
        return found

    def _weight(self, name: str) -> float:
        kind = _WEIGHT.get(name) or name.split('_', 1)[1]
        return float(getattr(self._robot.config.weights, kind))

    def _ends(self, name: str, data: Any, below: Any) -> Any:
        """Return (joint, place in it) of both ends, None where no joint turns the one."""
        keypoints = self._robot.config.keypoints
        ends: list[tuple[int, np.ndarray]]
        if name in AXES:
            part, axis = AXES[name]
            link = keypoints.get({'trunk': 'Neck', 'head': 'Nose'}[part])
            if link is None:
                return None
            joint, _ = self._robot.place(link[0])
            along = data.oMi[joint].rotation.T @ below.rotation[:, axis]
            ends = [(joint, np.zeros(3)), (joint, along)]
        else:
            links = [keypoints.get(end) for end in LIMBS[name]]
            if None in links:
                return None
            ends = [self._end(link) for link in links if link is not None]
        moves = self._supports[ends[1][0]] ^ self._supports[self._base_joint]
        return ends if moves.any() else None

    def _end(self, link: tuple[str, tuple[float, float, float]]) -> tuple[int, np.ndarray]:
        joint, placed = self._robot.place(link[0])
        return joint, np.asarray(placed.act(np.array(link[1])))


class BoneTask(Task):
    """Turns bones into wanted directions: the error of each is the rotation vector it lacks.

    In Pink's terms J(q) dq = -error; three rows a bone, of which one, along the bone, is zero.

    Attributes:
        bones: that it turns.
        target: the wanted unit vectors [B, 3].
        shares: of each bone's weight that count now [B].
        angles: between bones and targets where the error was last computed [B] [rad].
    """

    def __init__(self, bones: Bones) -> None:
        """Take the bones; `set_target` comes before use."""
        super().__init__(cost=None)
        self.bones = bones
        self.target = np.zeros((len(bones.names), 3))
        self._weights = np.repeat(bones.weights, 3)
        self.shares = np.ones(len(bones.names))
        self.angles = np.zeros(len(bones.names))

    def set_target(self, directions: np.ndarray) -> None:
        """Set the wanted unit vectors [B, 3]."""
        self.target = directions

    def compute_error(self, configuration: Any) -> np.ndarray:
        """Return the error [3 B]."""
        return self._error(self.bones.directions(configuration.data)).ravel()

    def compute_jacobian(self, configuration: Any) -> np.ndarray:
        """Return its derivative [3 B, J]."""
        _, jacobian = self.bones.directions_and_jacobian(configuration.data)
        return jacobian.reshape(-1, jacobian.shape[-1])

    def compute_qp_objective(self, configuration: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return Hessian [J, J] and linear term [J] of 1/2 |W (J dq + error)|^2."""
        units, jacobian = self.bones.directions_and_jacobian(configuration.data)
        weights = self._weights * np.repeat(self.shares, 3)
        weighted = jacobian.reshape(-1, jacobian.shape[-1]) * weights[:, None]
        error = self._error(units).ravel() * weights
        return weighted.T @ weighted, error @ weighted

    def _error(self, units: np.ndarray) -> np.ndarray:
        """Return how far each bone is from its target [B, 3]: along the shorter arc, its angle."""
        cosine = (units * self.target).sum(axis=1)[:, None]
        across = cosine * units - self.target
        sine = np.sqrt((across * across).sum(axis=1))[:, None]
        angle = np.arctan2(sine, cosine)
        self.angles = angle[:, 0]
        return np.where(sine > _FAR, angle / np.maximum(sine, _FAR), 1.0) * across

    def __repr__(self) -> str:
        return f'BoneTask({", ".join(self.bones.names)})'
