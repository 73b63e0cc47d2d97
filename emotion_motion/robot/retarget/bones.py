# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The robot's bones: where its limbs point and how its joints turn them, as one Pink task."""

from __future__ import annotations

from typing import Any

import numpy as np
import pink
from pink.tasks import Task

from emotion_motion.robot.collision.model import joints_that_move
from emotion_motion.robot.description.robot import pin, Robot
from emotion_motion.robot.retarget.directions import AXES, LIMBS

__all__ = ['Bones', 'BoneTask']

_WEIGHT = {'trunk_up': 'trunk', 'trunk_left': 'trunk', 'head_forward': 'head', 'head_left': 'head'}
_FAR = 1e-9  # sine of an angle below which a vector across is as long as the angle
_SKEW = np.stack([pin.skew(axis) for axis in np.eye(3)]).reshape(3, 9)  # v @ it crosses with v

# An end of a bone: a joint of Pinocchio's, and a place in its frame [3] in metres.
_End = tuple[int, np.ndarray]


class Bones:
    """B vectors on a robot of J joints, each from one place to another, seen from its base.

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
        self._model = robot.model.copy()
        self._base = robot.frame(robot.base)
        base_joint = robot.place(robot.base)[0]
        rest = self.configuration(robot.rest).data
        bones: dict[str, tuple[_End, _End]] = {}
        for name in (*AXES, *LIMBS):
            ends = self._axis(name, rest) if name in AXES else self._limb(name)
            if ends is None or not (all_parts or self._weight(name) > 0.0):
                continue
            moving = joints_that_move(robot, ends[1][0]) ^ joints_that_move(robot, base_joint)
            if moving.any():
                bones[name] = ends
        self.names = tuple(bones)
        self.weights = np.array([self._weight(name) for name in bones])
        # Pinocchio's frames where vectors begin and end, each place once, which joints move them
        # [F, 1, J], and the numbers [2, B] of those of each vector.
        places = [ends[side] for side in (0, 1) for ends in bones.values()]
        numbers = {(joint, *place): number for number, (joint, place) in enumerate(places)}
        once = sorted(numbers.values())
        self._frames = [self._add(places[number]) for number in once]
        moving = [joints_that_move(robot, places[number][0]) for number in once]
        self._moving = np.array(moving, dtype=float).reshape(len(once), 1, len(robot))
        self._moving_base = joints_that_move(robot, base_joint).astype(float)
        rows = [once.index(numbers[key]) for key in ((joint, *place) for joint, place in places)]
        self._ends = np.reshape(np.array(rows, dtype=int), (2, -1))

    def configuration(self, q: np.ndarray) -> pink.Configuration:
        """Return Pink's configuration of a pose [J] in rad."""
        return pink.Configuration(self._model, self._model.createData(), q)

    def directions(self, q: np.ndarray) -> np.ndarray:
        """Return the unit vectors [B, 3] in a pose [J] in rad."""
        return self.motion(self.configuration(q).data)[0]

    def motion(self, data: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the unit vectors [B, 3], and how fast joints turn them [B, 3, J].

        What moves the base as well is not seen from there.

        Args:
            data: of a configuration.
        """
        places = np.array([data.oMf[frame].translation for frame in self._frames])
        moves, turns = data.J[:3], data.J[3:]
        speeds = self._moving * (moves - (places @ _SKEW).reshape(-1, 3, 3) @ turns)
        begins, ends = self._ends
        vectors, base = places[ends] - places[begins], data.oMf[self._base].rotation
        # A vector stands still from the base where it turns with it.
        with_base = (vectors @ _SKEW).reshape(-1, 3, 3) @ (self._moving_base * turns)
        lengths = np.sqrt((vectors * vectors).sum(axis=1))[:, None]
        units = vectors @ base / lengths
        slopes = base.T @ (speeds[ends] - speeds[begins] + with_base) / lengths[:, None]
        return units, slopes - units[:, :, None] * (units[:, None] @ slopes)

    def _add(self, end: _End) -> int:
        """Add a frame to the model where a bone begins or ends; return its number."""
        joint, place = end
        placement = pin.SE3(np.eye(3), place)
        name = f'end of a bone {self._model.nframes}'
        return int(
            self._model.addFrame(pin.Frame(name, joint, 0, placement, pin.FrameType.OP_FRAME))
        )

    def _weight(self, name: str) -> float:
        kind = _WEIGHT.get(name) or name.split('_', 1)[1]
        return float(getattr(self._robot.config.weights, kind))

    def _axis(self, name: str, rest: Any) -> tuple[_End, _End] | None:
        """Return both ends of an axis of trunk or head, given the rest pose's data."""
        part, axis = AXES[name]
        link = self._robot.config.keypoints.get({'trunk': 'Neck', 'head': 'Nose'}[part])
        if link is None:
            return None
        joint, _ = self._robot.place(link[0])
        upright = rest.oMf[self._base].rotation
        return (joint, np.zeros(3)), (joint, rest.oMi[joint].rotation.T @ upright[:, axis])

    def _limb(self, name: str) -> tuple[_End, _End] | None:
        """Return both ends of a limb."""
        links = [self._robot.config.keypoints.get(keypoint) for keypoint in LIMBS[name]]
        if None in links:
            return None
        begin, end = (self._end(*link) for link in links if link is not None)
        return begin, end

    def _end(self, link: str, offset_m: tuple[float, float, float]) -> _End:
        joint, placed = self._robot.place(link)
        return joint, np.asarray(placed.act(np.array(offset_m)))


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
        """Take the bones; a target comes before use."""
        super().__init__(cost=None)
        self.bones = bones
        self.target = np.zeros((len(bones.names), 3))
        self.shares = np.ones(len(bones.names))
        self.angles = np.zeros(len(bones.names))

    def compute_error(self, configuration: pink.Configuration) -> np.ndarray:
        """Return the error [3 B], along the shorter arc and as long as its angle."""
        return self._error(self.bones.motion(configuration.data)[0])

    def compute_jacobian(self, configuration: pink.Configuration) -> np.ndarray:
        """Return its derivative [3 B, J]."""
        return self.bones.motion(configuration.data)[1].reshape(-1, configuration.model.nv)

    def compute_qp_objective(
        self, configuration: pink.Configuration
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return Hessian [J, J] and linear term [J] of 1/2 |W (J dq + error)|^2."""
        units, slopes = self.bones.motion(configuration.data)
        weights = np.repeat(self.bones.weights * self.shares, 3)
        rows = weights[:, None] * slopes.reshape(-1, configuration.model.nv)
        return rows.T @ rows, (weights * self._error(units)) @ rows

    def _error(self, units: np.ndarray) -> np.ndarray:
        """Return the error [3 B] of unit vectors [B, 3]."""
        cosines = (units * self.target).sum(axis=1)
        across = cosines[:, None] * units - self.target
        sines = np.sqrt((across * across).sum(axis=1))
        self.angles = np.arctan2(sines, cosines)
        longer = np.where(sines > _FAR, self.angles / np.maximum(sines, _FAR), 1.0)
        return np.asarray(longer[:, None] * across).ravel()

    def __repr__(self) -> str:
        """Name the bones."""
        return f'BoneTask({", ".join(self.bones.names)})'
