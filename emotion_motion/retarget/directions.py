# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a robot shall copy from keypoints: where trunk and head turn, where the limbs point."""

from __future__ import annotations

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.skeleton import load_skeleton, Skeleton

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
        ends = [LIMBS[name] for name in names if name in LIMBS]
        needed = {*_NEEDED, *(end for pair in ends for end in pair)}
        missing = sorted(needed - set(skeleton.names))
        if skeleton.dims != 3 or missing:
            raise RobotError(
                f'got the skeleton {skeleton.name!r} of {skeleton.dims} dimensions'
                f'{" without " + ", ".join(missing) if missing else ""}; expected keypoints in '
                f'space with at least those of BODY_25 that a robot copies'
            )
        self.names = names
        self.skeleton = skeleton
        self._at = {name: skeleton.index(name) for name in needed}
        self._limbs = np.array([i for i, name in enumerate(names) if name in LIMBS], dtype=int)
        pairs = np.array([[self._at[one], self._at[to]] for one, to in ends], dtype=int)
        self._from, self._to = pairs.reshape(-1, 2).T
        self._axes = [(i, *AXES[name]) for i, name in enumerate(names) if name in AXES]
        self._upright = {
            'trunk': self._trunk(skeleton.rest).T, 'head': self._head(skeleton.rest).T
        }  # fmt: skip

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
        found = np.empty((len(self.names), 3))
        # What is not finite or has no length gives NaN here, which is refused below at once.
        with np.errstate(invalid='ignore', divide='ignore', over='ignore'):
            limbs = points[self._to] - points[self._from]
            found[self._limbs] = limbs / np.sqrt((limbs * limbs).sum(axis=1))[:, None]
            turned = {'trunk': self._trunk(points), 'head': self._head(points)}
            for row, part, axis in self._axes:
                found[row] = turned[part] @ self._upright[part][:, axis]
        if not np.isfinite(found).all():
            bad = [self.names[i] for i in np.flatnonzero(~np.isfinite(found).all(axis=1))]
            raise RobotError(
                f'got keypoints that give no direction for {", ".join(bad)}; expected finite '
                f'ones, those of a limb apart'
            )
        return found

    def _trunk(self, points: np.ndarray) -> np.ndarray:
        """Return the frame [3, 3] of the trunk, columns forward, left and up; up is exact."""
        at = self._at
        up = _unit(points[at['Neck']] - points[at['MidHip']])
        forward = _unit(_cross(points[at['LShoulder']] - points[at['RShoulder']], up))
        return np.array((forward, _cross(up, forward), up)).T

    def _head(self, points: np.ndarray) -> np.ndarray:
        """Return the frame [3, 3] of the head; left is exact."""
        at = self._at
        right, left = points[at['REar']], points[at['LEar']]
        across = _unit(left - right)
        up = _unit(_cross(points[at['Nose']] - 0.5 * (left + right), across))
        return np.array((_cross(across, up), across, up)).T


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.sqrt(vector @ vector)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the cross product of two vectors; np.cross takes ten times as long."""
    ax, ay, az = a.tolist()
    bx, by, bz = b.tolist()
    return np.array((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx))
