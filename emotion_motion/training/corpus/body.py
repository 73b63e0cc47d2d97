# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A jointed body: joint angles in, keypoints out, feet planted, wrists outside of the body.

Forward kinematics on the rest offsets of the skeleton for trunk, head and arms; analytic inverse
kinematics for the legs, so that the feet stay where they stand whatever the pelvis does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.training.corpus.arm import (
    arm_angles,
    arm_directions,
    ARM_LIMITS,
    clear_of_ribs,
    outside_ball,
    outside_trunk,
)
from emotion_motion.training.data.geometry import norm, smooth_min, two_bones, unit

__all__ = ['CHANNELS', 'SIZE', 'Body', 'limited', 'mirror_channels', 'rotation', 'sway_sizes']

_Points = dict[str, np.ndarray]  # keypoints [T, 3] by name
_Parts = Mapping[str, np.ndarray]  # channels [T, n] by part

# The channels of a body by part. Degrees, except pelvis x, y, drop and the feet, which are body
# heights. Positive: x forward, y left, drop down; yaw and twist to the left, roll and bend lean to
# the left, pitch and lean forward; protract forward; foot ahead and lift, heel raised; touch 1 has
# the wrist follow the head's turns, as a hand at the face does.
_LIMITS = {
    'pelvis': {
        'x': (-0.10, 0.08),
        'y': (-0.08, 0.08),
        'drop': (-0.003, 0.16),
        'yaw': (-25.0, 25.0),
        'pitch': (-15.0, 25.0),
        'roll': (-10.0, 10.0),
    },
    'trunk': {'lean': (-20.0, 50.0), 'bend': (-20.0, 20.0), 'twist': (-40.0, 40.0)},
    'head': {'pitch': (-38.0, 45.0), 'yaw': (-70.0, 70.0), 'roll': (-30.0, 30.0)},
    'shoulder': {'shrug': (-8.0, 28.0), 'protract': (-20.0, 30.0)},
    'arm': ARM_LIMITS,
    'foot': {'ahead': (-0.12, 0.12), 'lift': (0.0, 0.10), 'heel': (0.0, 35.0)},
    'face': {'touch': (0.0, 1.0)},
}
_PAIRS = ('shoulder', 'arm', 'foot', 'face')
_PARTS = {part: limits for part, limits in _LIMITS.items() if part not in _PAIRS}
_PARTS |= {f'{side}_{part}': _LIMITS[part] for part in _PAIRS for side in 'lr'}
CHANNELS: dict[str, slice] = {}
SIZE = 0
for _part, _limits in _PARTS.items():
    CHANNELS[_part] = slice(SIZE, SIZE + len(_limits))
    SIZE += len(_limits)
_LOW, _HIGH = np.array([pair for limits in _PARTS.values() for pair in limits.values()]).T

# Standard deviation of slow sway by part: degrees, or body heights for pelvis x, y, drop.
_SWAY = {
    'pelvis': (0.0060, 0.0030, 0.0006, 2.6, 0.9, 0.5),
    'trunk': (1.9, 1.7, 3.2),
    'head': (3.0, 5.0, 2.4),
    'l_shoulder': (1.2, 1.6),
    'r_shoulder': (1.2, 1.6),
    'l_arm': (4.0, 2.4, 6.0, 7.0),
    'r_arm': (4.0, 2.4, 6.0, 7.0),
}

# A trunk for wrists, in body heights: half depth and half width of an elliptic cylinder around the
# line from mid-hip to neck, and a ball for the head; both with the thickness of a wrist. Those of
# the mean body; another one's go with its breadths and the size of its head.
_TRUNK_DEPTH, _TRUNK_WIDTH = 0.085, 0.112
_HEAD_CENTRE, _HEAD_RADIUS = np.array([0.012, 0.0, 0.097]), 0.085
_GIVE_DEG = 5.0  # beyond the active range, where a hand rests against the face
_STRAIGHTEST = 0.9991  # of the leg's length; a locked knee would jump when it unlocks
_UNLOCKING = 0.0008  # of the height, in which a leg comes to bear; more would bend both knees


class Body:
    """Turns channels [T, SIZE] into keypoints [T, 25, 3] of a body of height 1."""

    def __init__(self, skeleton: Skeleton | None = None) -> None:
        """Read lengths and offsets from a skeleton with the keypoints of BODY_25, the default."""
        self.skeleton = skeleton or load_skeleton()
        names, lengths = self.skeleton.names, self.skeleton.bone_lengths
        self._rest = dict(zip(names, self.skeleton.rest, strict=True))
        self._length = dict(zip(names, lengths.tolist(), strict=True))
        mean = dict(zip(names, load_skeleton().rest, strict=True))
        broad = 0.5 * sum(self._rest[n][1] / mean[n][1] for n in ('LShoulder', 'LHip'))
        self._trunk_axes = broad * _TRUNK_DEPTH, broad * _TRUNK_WIDTH
        own, usual = (norm(body['Nose'] - body['Neck']) for body in (self._rest, mean))
        self._head_size = float(own / usual)
        # An elbow bends so far: the wrist stays away from its shoulder.
        self._arm_lengths = upper, forearm = self._length['LElbow'], self._length['LWrist']
        bent = np.cos(np.radians(180.0 - ARM_LIMITS['elbow'][1] - _GIVE_DEG))
        self._nearest = float(np.sqrt(upper**2 + forearm**2 - 2.0 * upper * forearm * bent))
        self.rest_channels = np.zeros(SIZE)
        arm = [self._rest[f'L{name}'] for name in ('Shoulder', 'Elbow', 'Wrist')]
        angles = arm_angles(unit(arm[1] - arm[0]), unit(arm[2] - arm[1]))
        self.rest_channels[CHANNELS['l_arm']] = self.rest_channels[CHANNELS['r_arm']] = angles

    def keypoints(self, channels: np.ndarray) -> np.ndarray:
        """Return keypoints [T, K, 3] float64, in body heights.

        The channels [T, SIZE], in the order of `CHANNELS`, are kept within the joint limits.
        """
        inside = np.clip(channels, _LOW, _HIGH)
        part = {name: inside[:, place] for name, place in CHANNELS.items()}
        points: _Points = {}
        feet = {side: self._foot(points, part, side) for side in 'LR'}
        hip_turn = rotation(part['pelvis'][:, 3], part['pelvis'][:, 4], part['pelvis'][:, 5])
        self._pelvis(points, part, hip_turn, feet)
        for side in 'LR':
            self._leg(points, hip_turn, feet[side], side)
        chest = self._trunk(points, part, hip_turn)
        head = self._head(points, part)
        for side in 'LR':
            self._arm(points, part, chest, head, side)
        return np.stack([points[name] for name in self.skeleton.names], axis=1)

    def reach(self, wrist: Sequence[float] | np.ndarray, elbow_out_deg: float) -> np.ndarray:
        """Return the LEFT arm's angles [4] that bring its wrist to a point.

        The point is in the chest's frame in the rest pose (origin on the ground), of a body of
        height 1. At an elbow of 0 degrees it is below and behind the line from shoulder to wrist,
        at 90 out to the side of it.
        """
        shoulder = self._rest['LShoulder']
        target = np.array(wrist)
        along = (target - shoulder) / np.linalg.norm(target - shoulder)
        down = np.array([-0.5, 0.0, -1.0])
        down = down - along * (along @ down)
        down /= np.linalg.norm(down)
        out = np.cross(down, along)
        out = out if out[1] >= 0 else -out
        pole = np.cos(np.radians(elbow_out_deg)) * down + np.sin(np.radians(elbow_out_deg)) * out
        elbow, end = two_bones(shoulder, target, pole, self._arm_lengths)
        return arm_angles(unit(elbow - shoulder), unit(end - elbow))

    def _foot(self, points: _Points, part: _Parts, side: str) -> np.ndarray:
        """Place one foot, turned about its ball; return the ankle [T, 3]."""
        ahead, lift, heel = part[f'{side.lower()}_foot'].T
        ball = self._rest[f'{side}BigToe'] * np.array([1.0, 1.0, 0.0])
        turn = rotation(np.zeros_like(heel), heel, np.zeros_like(heel))
        shift = np.stack((ahead, np.zeros_like(ahead), lift), axis=-1) + ball
        for name in ('BigToe', 'SmallToe', 'Heel', 'Ankle'):
            offset = self._rest[f'{side}{name}'] - ball
            points[f'{side}{name}'] = shift + turn @ offset
        return points[f'{side}Ankle']

    def _pelvis(self, points: _Points, part: _Parts, turn: np.ndarray, feet: _Points) -> None:
        """Place mid-hip as low as asked, and low enough that both feet reach the ground."""
        x, y, drop = part['pelvis'][:, :3].T
        lean = np.radians(part['trunk'][:, 0] + part['pelvis'][:, 4])
        x = x - 0.09 * np.sin(lean)  # the hips go back when the trunk goes forward: balance
        highest = {}
        for side in 'LR':
            hip = turn @ (self._rest[f'{side}Hip'] - self._rest['MidHip'])
            over = np.stack((x, y), axis=-1) + hip[:, :2] - feet[side][:, :2]
            leg = (self._length[f'{side}Knee'] + self._length[f'{side}Ankle']) * _STRAIGHTEST
            highest[side] = np.sqrt(leg**2 - (over**2).sum(-1)) + feet[side][:, 2] - hip[:, 2]
        height = smooth_min(highest['L'], highest['R'], _UNLOCKING)
        height = smooth_min(self._rest['MidHip'][2] - drop, height, _UNLOCKING)
        points['MidHip'] = np.stack((x, y, height), axis=-1)

    def _leg(self, points: _Points, turn: np.ndarray, ankle: np.ndarray, side: str) -> None:
        hip = points['MidHip'] + turn @ (self._rest[f'{side}Hip'] - self._rest['MidHip'])
        pole = points[f'{side}BigToe'] - points[f'{side}Heel']
        pole[:, 1] += 0.012 if side == 'L' else -0.012  # knees open a little as they bend
        pole[:, 2] = 0.0
        lengths = self._length[f'{side}Knee'], self._length[f'{side}Ankle']
        points[f'{side}Hip'] = hip
        points[f'{side}Knee'], _ = two_bones(hip, ankle, pole, lengths)

    def _trunk(self, points: _Points, part: _Parts, hip_turn: np.ndarray) -> np.ndarray:
        """Place neck and shoulders; return the chest's rotation [T, 3, 3]."""
        lean, bend, twist = part['trunk'].T
        chest = hip_turn @ rotation(twist, lean, bend)
        neck = self._rest['Neck']
        points['Neck'] = points['MidHip'] + chest @ (neck - self._rest['MidHip'])
        for side, sign in (('L', 1.0), ('R', -1.0)):
            shrug, protract = part[f'{side.lower()}_shoulder'].T
            clavicle = self._rest[f'{side}Shoulder'] - neck
            turn = rotation(-sign * protract, np.zeros_like(shrug), -sign * shrug)
            points[f'{side}Shoulder'] = (
                points['Neck'] + (chest @ (turn @ clavicle)[..., None])[..., 0]
            )
        return chest

    def _head(self, points: _Points, part: _Parts) -> np.ndarray:
        """Place the face; return the head's rotation [T, 3, 3].

        The head follows the trunk's turn fully but its lean only in part: people keep their eyes
        level.
        """
        yaw = part['pelvis'][:, 3] + part['trunk'][:, 2] + part['head'][:, 1]
        lean = part['pelvis'][:, 4] + part['trunk'][:, 0]
        bend = part['pelvis'][:, 5] + part['trunk'][:, 1]
        turn = rotation(yaw, 0.35 * lean + part['head'][:, 0], 0.4 * bend + part['head'][:, 2])
        for name in ('Nose', 'REye', 'LEye', 'REar', 'LEar'):
            points[name] = points['Neck'] + turn @ (self._rest[name] - self._rest['Neck'])
        return turn

    def _arm(
        self, points: _Points, part: _Parts, chest: np.ndarray, head: np.ndarray, side: str
    ) -> None:
        flip = np.array([1.0, 1.0 if side == 'L' else -1.0, 1.0])
        upper, forearm = arm_directions(clear_of_ribs(part[f'{side.lower()}_arm']))
        upper = (chest @ (upper * flip)[..., None])[..., 0]
        forearm = (chest @ (forearm * flip)[..., None])[..., 0]
        shoulder, lengths = points[f'{side}Shoulder'], self._arm_lengths
        elbow = shoulder + upper * lengths[0]
        wrist = elbow + forearm * lengths[1]
        from_neck = np.einsum('tji,tj->ti', chest, wrist - points['Neck'])
        beside_face = points['Neck'] + np.einsum('tij,tj->ti', head, from_neck)
        wrist = wrist + part[f'{side.lower()}_face'] * (beside_face - wrist)
        wrist = outside_trunk(
            wrist, points['MidHip'], points['Neck'], chest, flip[1], self._trunk_axes
        )
        centre = points['Neck'] + head @ (self._head_size * _HEAD_CENTRE)
        wrist = outside_ball(wrist, centre, self._head_size * _HEAD_RADIUS)
        wrist = outside_ball(wrist, shoulder, self._nearest)
        # Keep the side to which the elbow pointed; with an arm nearly straight, point it back.
        backward = -0.004 * chest[:, :, 0]
        pole = (elbow - shoulder) - 0.5 * (wrist - shoulder) + backward
        elbow, wrist = two_bones(shoulder, wrist, pole, lengths)
        points[f'{side}Elbow'], points[f'{side}Wrist'] = elbow, wrist


def sway_sizes(other: float) -> np.ndarray:
    """Return the standard deviation of slow sway of each channel [SIZE]; `other` where none is."""
    sizes = np.full(SIZE, other)
    for part, values in _SWAY.items():
        sizes[CHANNELS[part]] = values
    return sizes


def limited(values: np.ndarray, part: str) -> np.ndarray:
    """Return the channels [..., n] of a part within its joint limits."""
    return np.clip(values, _LOW[CHANNELS[part]], _HIGH[CHANNELS[part]])


def mirror_channels(channels: np.ndarray) -> np.ndarray:
    """Return channels [..., SIZE] of the mirrored body."""
    mirrored = channels.copy()
    for pair in _PAIRS:
        left, right = f'l_{pair}', f'r_{pair}'
        mirrored[..., CHANNELS[left]] = channels[..., CHANNELS[right]]
        mirrored[..., CHANNELS[right]] = channels[..., CHANNELS[left]]
    for part in ('pelvis', 'trunk', 'head'):
        for offset, name in enumerate(_PARTS[part]):
            if name in ('y', 'yaw', 'roll', 'bend', 'twist'):
                mirrored[..., CHANNELS[part].start + offset] *= -1.0
    return mirrored


def rotation(yaw: np.ndarray, pitch: np.ndarray, roll: np.ndarray) -> np.ndarray:
    """Return Rz(yaw) Ry(pitch) Rx(-roll) [T, 3, 3]; degrees [T]; positive roll leans left."""
    (sz, sy, sx), (cz, cy, cx) = (
        [f(np.radians(a)) for a in (yaw, pitch, -roll)] for f in (np.sin, np.cos)
    )
    rows = (
        (cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx),
        (sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx),
        (-sy, cy * sx, cy * cx),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
