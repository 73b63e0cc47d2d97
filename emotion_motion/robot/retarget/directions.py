# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a robot shall copy from keypoints: where trunk and head turn, where the limbs point."""

from __future__ import annotations

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.exceptions import RobotError
from emotion_motion.robot.compiled import plain
from emotion_motion.robot.retarget import direction_loops

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
_PARTS = ('trunk', 'head')  # in the order of direction_loops.body_axes
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
        self._at = np.array([skeleton.index(name) for name in _NEEDED], dtype=np.int64)
        pairs = [[skeleton.index(one), skeleton.index(to)] for one, to in ends]
        numbers = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        self._from, self._to = np.ascontiguousarray(numbers.T)
        # Part by number, and axis of the upright body in its frame [3].
        upright = direction_loops.body_axes(plain(skeleton.rest), self._at)
        parts = [(_PARTS.index(AXES[name][0]), AXES[name][1]) for name in names if name in AXES]
        axes = [(part, *upright[part][axis]) for part, axis in parts]
        self._upright = np.array(axes, dtype=np.float64).reshape(-1, 4)
        # Of each name its row behind those of all limbs, of which the axes come after.
        found = sorted(names, key=lambda name: name in AXES)
        self._rows = np.array([found.index(name) for name in names])

    def __call__(self, keypoints: np.ndarray) -> np.ndarray:
        """Return unit vectors [B, 3] of keypoints [K, 3] (metres or body heights).

        Raises:
            RobotError: keypoints of another shape, not finite, or where a limb has no length.
        """
        points = plain(keypoints)
        if points.shape != self.skeleton.rest.shape:
            raise RobotError(
                f'got keypoints of shape {points.shape}; expected '
                f'{self.skeleton.rest.shape} of {self.skeleton.name!r}'
            )
        # What is not finite or has no length gives NaN here, which is refused below at once.
        found = direction_loops.directions(points, self._at, self._from, self._to, self._upright)[
            self._rows
        ]
        if not np.isfinite(found).all():
            bad = [self.names[i] for i in np.flatnonzero(~np.isfinite(found).all(axis=1))]
            raise RobotError(
                f'got keypoints that give no direction for {", ".join(bad)}; expected finite '
                f'ones, those of a limb apart'
            )
        return found
