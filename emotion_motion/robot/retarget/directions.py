# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a robot shall copy from keypoints: where trunk and head turn, where the limbs point."""

from __future__ import annotations

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.exceptions import RobotError

__all__ = ['AXES', 'LIMBS', 'BodyDirections']

# Limb -> the keypoints from which and to which it points.
LIMBS = {
    'left_upper_arm': ('LShoulder', 'LElbow'),
    'left_forearm': ('LElbow', 'LWrist'),
    'right_upper_arm': ('RShoulder', 'RElbow'),
    'right_forearm': ('RElbow', 'RWrist'),
    'left_thigh': ('LHip', 'LKnee'),
    'left_shin': ('LKnee', 'LAnkle'),
    'right_thigh': ('RHip', 'RKnee'),
    'right_shin': ('RKnee', 'RAnkle'),
}
# Axis of a part -> the part, and which axis of the upright part it is.
AXES = {
    'trunk_up': ('trunk', 2),
    'trunk_left': ('trunk', 1),
    'head_forward': ('head', 0),
    'head_left': ('head', 1),
}
_NEEDED = ('Neck', 'MidHip', 'LShoulder', 'RShoulder', 'LEar', 'REar', 'Nose')


class BodyDirections:
    """Reads unit vectors off keypoints: the axes of trunk and head, and the limbs' directions.

    An axis of trunk or head is where the same axis of the upright body has turned to: the trunk by
    hips, neck and shoulders, the head by ears and nose.

    Attributes:
        forward: where the trunk faced in the last keypoints [3].
    """

    def __init__(self, names: tuple[str, ...], skeleton: Skeleton | None = None) -> None:
        """Prepare.

        Args:
            names: which directions, of `AXES` and `LIMBS`, in the order to return them.
            skeleton: what the keypoints are; default BODY_25.

        Raises:
            RobotError: the skeleton is flat or lacks a keypoint.
        """
        skeleton = skeleton or load_skeleton('body_25')
        limbs = [name for name in names if name in LIMBS]
        needed = {*_NEEDED, *(end for name in limbs for end in LIMBS[name])}
        missing = sorted(needed - set(skeleton.names))
        if skeleton.dims != 3 or missing:
            raise RobotError(
                f'got the skeleton {skeleton.name!r} of {skeleton.dims} dimensions'
                f'{" without " + ", ".join(missing) if missing else ""}; expected keypoints in '
                f'space with at least those of BODY_25 that a robot copies'
            )
        self.names = names
        self.skeleton = skeleton
        self._at = [skeleton.index(name) for name in _NEEDED]
        ends = [[skeleton.index(end) for end in LIMBS[name]] for name in limbs]
        self._begins, self._ends = np.reshape(np.array(ends, dtype=int), (-1, 2)).T
        self._limbs = [row for row, name in enumerate(names) if name in LIMBS]
        frames = self._frames(skeleton.rest)
        # Which directions are axes, of what part, and the upright body's in that part's frame [3].
        self._axes = [
            (row, AXES[name][0], frames[AXES[name][0]][AXES[name][1]])
            for row, name in enumerate(names)
            if name in AXES
        ]
        self.forward = frames['trunk'][:, 0]

    def __call__(self, keypoints: np.ndarray) -> np.ndarray:
        """Return unit vectors [B, 3] of keypoints [K, 3] (metres or body heights).

        Raises:
            RobotError: keypoints of another shape, not finite, or where a limb has no length.
        """
        points = np.asarray(keypoints, dtype=np.float64)
        if points.shape != self.skeleton.rest.shape:
            raise RobotError(
                f'got keypoints of shape {points.shape}; expected '
                f'{self.skeleton.rest.shape} of {self.skeleton.name!r}'
            )
        # What is not finite or has no length gives NaN here, which is refused below at once.
        with np.errstate(all='ignore'):
            frames = self._frames(points)
            directions = np.empty((len(self.names), 3))
            for row, part, upright in self._axes:
                directions[row] = frames[part] @ upright
            limbs = points[self._ends] - points[self._begins]
            directions[self._limbs] = limbs / np.sqrt((limbs * limbs).sum(axis=1, keepdims=True))
        good = np.isfinite(directions).all(axis=1)
        if not good.all():
            bad = [self.names[i] for i in np.flatnonzero(~good)]
            raise RobotError(
                f'got keypoints that give no direction for {", ".join(bad)}; expected finite '
                f'ones, those of a limb apart'
            )
        self.forward = frames['trunk'][:, 0]
        return directions

    def _frames(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """Return the frames [3, 3] of trunk and head: forward, left and up in their columns.

        The trunk's up is exact, and the head's left.
        """
        neck, hip, left_shoulder, right_shoulder, left_ear, right_ear, nose = points[self._at]
        up = _unit(neck - hip)
        forward = _unit(_cross(left_shoulder - right_shoulder, up))
        trunk = np.stack((forward, _cross(up, forward), up), axis=1)
        left = _unit(left_ear - right_ear)
        up = _unit(_cross(nose - 0.5 * (left_ear + right_ear), left))
        head = np.stack((_cross(left, up), left, up), axis=1)
        return {'trunk': trunk, 'head': head}


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.sqrt(vector @ vector))


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the cross product of two vectors [3]; NumPy's takes ten times as long for one."""
    (ax, ay, az), (bx, by, bz) = a, b
    return np.array((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx))
