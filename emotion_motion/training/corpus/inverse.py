# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints in, joint angles out: the inverse of the jointed body, for recorded motion."""

from __future__ import annotations

import numpy as np

from emotion_motion.exceptions import SkeletonError
from emotion_motion.training.corpus.arm import arm_angles
from emotion_motion.training.corpus.body import Body, CHANNELS, rotation, SIZE
from emotion_motion.training.data.geometry import unit

__all__ = ['body_channels']


def body_channels(keypoints: np.ndarray, body: Body) -> np.ndarray:
    """Return channels [T, SIZE] of motion: pelvis, trunk, shoulders, head and arms.

    Feet stay 0: the body plants its own. The pelvis's pitch is taken into the lean of the trunk,
    since keypoints do not part them. `body.keypoints` of the result gives the upper body back as
    far as it is within the joint limits and outside of itself.

    Raises:
        SkeletonError: the keypoints [T, 25, 3] are not those of the body.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    skeleton = body.skeleton
    if points.ndim != 3 or points.shape[1:] != (skeleton.size, 3):
        raise SkeletonError(
            f'got keypoints of shape {points.shape}; expected [T, {skeleton.size}, 3]'
        )
    at = {name: points[:, i] for i, name in enumerate(skeleton.names)}
    rest = {name: skeleton.rest[i] for i, name in enumerate(skeleton.names)}
    channels = np.zeros((len(points), SIZE))
    hips = at['LHip'] - at['RHip']
    yaw = _degrees(-hips[:, 0], hips[:, 1])
    roll = -_degrees(hips[:, 2], np.hypot(hips[:, 0], hips[:, 1]))
    zero = np.zeros_like(yaw)
    pelvis = rotation(yaw, zero, roll)
    chest = _frames(at['Neck'] - at['MidHip'], at['LShoulder'] - at['RShoulder'])
    chest = chest @ _frames(rest['Neck'] - rest['MidHip'], rest['LShoulder'] - rest['RShoulder']).T
    lean_bend_twist = _trunk_angles(np.swapaxes(pelvis, -1, -2) @ chest)
    channels[:, CHANNELS['trunk']] = lean_bend_twist
    place = at['MidHip'] + 0.0
    place[:, 0] += 0.09 * np.sin(np.radians(lean_bend_twist[:, 0]))
    drop = rest['MidHip'][2] - place[:, 2]
    channels[:, CHANNELS['pelvis']] = np.stack(
        (place[:, 0], place[:, 1], drop, yaw, zero, roll), axis=-1
    )
    channels[:, CHANNELS['head']] = _head_angles(at, rest, yaw, roll, lean_bend_twist)
    for side in 'LR':
        _arm_channels(channels, at, rest, chest, side)
    return channels


def _arm_channels(
    channels: np.ndarray,
    at: dict[str, np.ndarray],
    rest: dict[str, np.ndarray],
    chest: np.ndarray,
    side: str,
) -> None:
    flip = np.array([1.0, 1.0 if side == 'L' else -1.0, 1.0])

    def local(first: str, second: str) -> np.ndarray:
        """Return the unit direction between two keypoints in the frame of a left arm's chest."""
        return unit(np.einsum('tji,tj->ti', chest, at[second] - at[first]) * flip)

    clavicle = local('Neck', f'{side}Shoulder')
    still = (rest[f'{side}Shoulder'] - rest['Neck']) * flip
    shrug = _degrees(clavicle[:, 2], clavicle[:, 1]) - _degrees(still[2], still[1])
    protract = _degrees(clavicle[:, 0], clavicle[:, 1]) - _degrees(still[0], still[1])
    name = side.lower()
    channels[:, CHANNELS[f'{name}_shoulder']] = np.stack((shrug, protract), axis=-1)
    upper = local(f'{side}Shoulder', f'{side}Elbow')
    forearm = local(f'{side}Elbow', f'{side}Wrist')
    channels[:, CHANNELS[f'{name}_arm']] = arm_angles(upper, forearm)


def _head_angles(
    at: dict[str, np.ndarray],
    rest: dict[str, np.ndarray],
    yaw: np.ndarray,
    roll: np.ndarray,
    trunk: np.ndarray,
) -> np.ndarray:
    """Return pitch, yaw, roll [T, 3] of the head, as added to what it takes from the trunk."""

    def frame(points: dict[str, np.ndarray]) -> np.ndarray:
        ears = points['LEar'] - points['REar']
        forward = points['Nose'] - 0.5 * (points['LEar'] + points['REar'])
        return _frames(np.cross(forward, ears), ears)

    lean, bend, twist = trunk.T
    pitch, tilt, turn = _trunk_angles(frame(at) @ frame(rest).T).T
    own_turn = (turn - yaw - twist + 180.0) % 360.0 - 180.0
    return np.stack((pitch - 0.35 * lean, own_turn, tilt - 0.4 * (roll + bend)), axis=-1)


def _trunk_angles(turn: np.ndarray) -> np.ndarray:
    """Return (lean, bend, twist) [T, 3] in degrees of Rz(twist) Ry(lean) Rx(-bend)."""
    lean = -np.degrees(np.arcsin(np.clip(turn[:, 2, 0], -1.0, 1.0)))
    bend = -_degrees(turn[:, 2, 1], turn[:, 2, 2])
    return np.stack((lean, bend, _degrees(turn[:, 1, 0], turn[:, 0, 0])), axis=-1)


def _frames(up: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return orthonormal frames [..., 3, 3] with columns forward, left, up; `up` is kept."""
    up = unit(up)
    forward = unit(np.cross(left, up))
    return np.stack((forward, np.cross(up, forward), up), axis=-1)


def _degrees(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.degrees(np.arctan2(y, x))
