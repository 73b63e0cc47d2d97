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

from emotion_motion.robot.compiled import plain
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.retarget import bone_loops
from emotion_motion.robot.retarget.directions import AXES, LIMBS
from emotion_motion.robot.retarget.joint_chain import JointChain

__all__ = ['BoneTask', 'Bones']

_WEIGHT = {'trunk_up': 'trunk', 'trunk_left': 'trunk', 'head_forward': 'head', 'head_left': 'head'}


class Bones:
    """B vectors on a robot, each from one place to another, seen from its base.

    The trunk's and the head's are axes of their links, the world's in the rest pose.

    Attributes:
        names: of the vectors, from `AXES` and `LIMBS`.
        weights: of each [B].
        chain: the robot's joints.
    """

    def __init__(
        self, robot: Robot, chain: JointChain | None = None, *, all_parts: bool = False
    ) -> None:
        """Find the vectors that the robot has links and controlled joints for.

        Args:
            robot: whose.
            chain: its joints; None to read them.
            all_parts: also those whose weight is 0.
        """
        self._robot = robot
        self.chain = chain or JointChain(robot.model)
        frames = self.chain.frames(robot.rest[None])[0]
        self._base_joint, base_in_joint = robot.place(robot.base)
        upright = _rotation(frames, self._base_joint) @ base_in_joint.rotation
        ends, names = [], []
        for name in (*AXES, *LIMBS):
            found = self._ends(name, frames, upright)
            if found is None or not (all_parts or self._weight(name) > 0.0):
                continue
            names.append(name)
            ends.append(found)
        self.names = tuple(names)
        self.weights = np.array([self._weight(name) for name in names])
        # As bone_loops takes them: where all vectors begin, then where they end.
        places = [pair[side] for side in (0, 1) for pair in ends]
        joints = np.array([joint for joint, _ in places], dtype=np.int64)
        offsets = np.array([place for _, place in places], dtype=np.float64).reshape(-1, 3)
        supports = plain(self.chain.supports)
        self._loops = (
            self.chain.axes,
            joints,
            offsets,
            supports[joints],
            np.array([self._base_joint]),
            plain(base_in_joint.rotation),
            supports[self._base_joint],
        )

    def directions(self, q: np.ndarray) -> np.ndarray:
        """Return the unit vectors [B, 3] in a pose [J] in rad."""
        return self.directions_and_jacobian(q)[0]

    def directions_and_jacobian(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return unit vectors [B, 3] in a pose [J] and how fast joints turn them [B, 3, J]."""
        return bone_loops.turned(self.chain.frames(q[None])[0], *self._loops)

    def objective(
        self, frames: np.ndarray, target: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the Hessian [J, J] and linear term [J] of 1/2 |W (J dq + error)|^2, and errors.

        Args:
            frames: of the joints in a pose [J + 1, 12]; see JointChain.
            target: the wanted unit vectors [B, 3].
            weights: of each [B].

        Returns:
            Both, the errors [B, 3], along the shorter arc and as long as its angle, and the
            angles [B] in rad.
        """
        return bone_loops.objective(frames, *self._loops, target, weights)

    def _weight(self, name: str) -> float:
        kind = _WEIGHT.get(name) or name.split('_', 1)[1]
        return float(getattr(self._robot.config.weights, kind))

    def _ends(self, name: str, frames: np.ndarray, upright: np.ndarray) -> Any:
        """Return (joint, place on it) of both ends, None where no joint turns the one."""
        keypoints = self._robot.config.keypoints
        ends: list[tuple[int, np.ndarray]]
        if name in AXES:
            part, axis = AXES[name]
            link = keypoints.get({'trunk': 'Neck', 'head': 'Nose'}[part])
            if link is None:
                return None
            joint, _ = self._robot.place(link[0])
            along = _rotation(frames, joint).T @ upright[:, axis]
            ends = [(joint, np.zeros(3)), (joint, along)]
        else:
            links = [keypoints.get(end) for end in LIMBS[name]]
            if None in links:
                return None
            ends = [self._end(link) for link in links if link is not None]
        supports = self.chain.supports
        moves = supports[ends[1][0]] ^ supports[self._base_joint]
        return ends if moves.any() else None

    def _end(self, link: tuple[str, tuple[float, float, float]]) -> tuple[int, np.ndarray]:
        joint, placed = self._robot.place(link[0])
        return joint, np.asarray(placed.act(np.array(link[1])))


def _rotation(frames: np.ndarray, joint: int) -> np.ndarray:
    return frames[joint, :9].reshape(3, 3)


class BoneTask(Task):
    """Turns bones into wanted directions: the error of each is the rotation vector it lacks.

    In Pink's terms J(q) dq = -error; three rows a bone, of which one, along the bone, is zero.

    Attributes:
        bones: that it turns.
        target: the wanted unit vectors [B, 3].
        shares: of each bone's weight that count now [B].
        angles: between bones and targets where the objective was last computed [B] [rad].
    """

    def __init__(self, bones: Bones) -> None:
        """Take the bones; `set_target` comes before use."""
        super().__init__(cost=None)
        self.bones = bones
        self.target = np.zeros((len(bones.names), 3))
        self.shares = np.ones(len(bones.names))
        self.angles = np.zeros(len(bones.names))

    def set_target(self, directions: np.ndarray) -> None:
        """Set the wanted unit vectors [B, 3]."""
        self.target = plain(directions)

    def compute_error(self, configuration: Any) -> np.ndarray:
        """Return the error [3 B]."""
        frames = self.bones.chain.frames(configuration.q[None])[0]
        return self.bones.objective(frames, self.target, self.shares)[2].ravel()

    def compute_jacobian(self, configuration: Any) -> np.ndarray:
        """Return its derivative [3 B, J]."""
        _, jacobian = self.bones.directions_and_jacobian(configuration.q)
        return jacobian.reshape(-1, jacobian.shape[-1])

    def compute_qp_objective(self, configuration: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return Hessian [J, J] and linear term [J] of 1/2 |W (J dq + error)|^2."""
        return self.objective(self.bones.chain.frames(configuration.q[None])[0])

    def objective(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the same, of the frames of the joints in a pose [J + 1, 12]."""
        weights = self.bones.weights * self.shares
        hessian, linear, _, self.angles = self.bones.objective(frames, self.target, weights)
        return hessian, linear

    def __repr__(self) -> str:
        return f'BoneTask({", ".join(self.bones.names)})'
