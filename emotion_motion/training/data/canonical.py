# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Any body's motion on the canonical one: its bone lengths, rigid face and feet, height 1.

Trunk and arms keep the directions of their bones, head and feet their orientation. The pelvis and
the ankles go where they went, scaled by the length of the legs, so that a planted foot stays
planted; the knees follow from both and keep the side to which they pointed.
"""

from __future__ import annotations

import itertools

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.data.geometry import (
    facing,
    norm,
    smooth_min,
    smoothstep,
    turned,
    two_bones,
    unit,
)

__all__ = ['completed', 'onto_body', 'standing_height']

_Points = dict[str, np.ndarray]  # keypoints [T, 3] by name

_STRAIGHTEST = 0.9991  # of the leg's length; a locked knee would jump when it unlocks
_SOFT = 0.002  # body heights over which a leg gives way before it is straight
_AIRBORNE = (0.03, 0.10)  # body heights: from a foot that carries the pelvis to one in the air
_TIPTOE = (20.0, 40.0)  # degrees: from a tilt that is the skeleton's to one that is meant
_FACE = ('Nose', 'REye', 'LEye', 'REar', 'LEar')
_FOOT = ('BigToe', 'SmallToe', 'Heel')


def onto_body(points: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Map a motion onto the skeleton's body.

    Args:
        points: [T, K, 3] in any unit, z up, standing anywhere; keypoints of `skeleton`.
        skeleton: the body of height 1.

    Returns:
        [T, K, 3] float64, ankles of standing feet at the rest pose's height; `skeleton.project`
        gives the same.

    Raises:
        TrainingError: a body without legs or trunk, all keypoints in one place, or a skeleton
            that lacks keypoints of body_25.
    """
    missing = set(load_skeleton('body_25').names) - set(skeleton.names)
    if missing or skeleton.dims != 3:
        raise TrainingError(
            f'got the skeleton {skeleton.name!r}; bodies are mapped onto one with the keypoints '
            f'of body_25 in 3D'
        )
    source = {n: np.asarray(points[:, i], float) for i, n in enumerate(skeleton.names)}
    placed = _Body(skeleton).place(source)
    result = np.stack([placed[name] for name in skeleton.names], axis=1)
    return skeleton.project(result)  # takes out what rounding left


def _leg_length(source: _Points) -> float:
    """Return the median length of thigh and shank together."""
    bones = [(a, b) for s in 'LR' for a, b in ((s + 'Hip', s + 'Knee'), (s + 'Knee', s + 'Ankle'))]
    length = sum(float(np.median(norm(source[b] - source[a]))) for a, b in bones) / 2.0
    if not length > 1e-6:
        raise TrainingError(
            'got a body whose legs have no length; build or measure hips, knees and ankles'
        )
    return length


class _Body:
    """The canonical body's lengths and offsets, and how to place them."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.rest = {name: skeleton.rest[i] for i, name in enumerate(skeleton.names)}
        self.length = {name: skeleton.bone_lengths[i] for i, name in enumerate(skeleton.names)}
        self.leg = self.length['LKnee'] + self.length['LAnkle']
        self.ankle_height = float(self.rest['LAnkle'][2])

    def place(self, source: _Points) -> _Points:
        hips = 0.5 * (source['LHip'] + source['RHip'])
        scale = self.leg / _leg_length(source)
        floor = standing_height(np.stack([source['LAnkle'], source['RAnkle']], axis=1))
        raise_by = np.array([0.0, 0.0, self.ankle_height - scale * floor])
        placed: _Points = {}
        turns, wanted = {}, {}
        for side in 'LR':
            turn = self._turn(source, [side + name for name in _FOOT])
            ankle = source[f'{side}Ankle']
            turns[side] = _level(turn, ankle)  # flat where the source's foot stands flat
            wanted[side] = self._above_ground(scale * ankle + raise_by, turns[side], side)
        across = unit(source['LHip'] - source['RHip'])
        self._pelvis(placed, scale * hips + raise_by, across, wanted)
        for side in 'LR':
            self._leg(placed, source, wanted[side], side, scale)
            for name in _FOOT:
                offset = self.rest[side + name] - self.rest[f'{side}Ankle']
                placed[side + name] = placed[f'{side}Ankle'] + turns[side] @ offset
        self._trunk(placed, source, hips)
        self._head(placed, source)
        return placed

    def _pelvis(
        self, placed: _Points, middle: np.ndarray, across: np.ndarray, feet: _Points
    ) -> None:
        """Place mid-hip, as low as the feet that carry it need it, and the hips beside it."""
        half = {'L': self.length['LHip'] * across, 'R': -self.length['RHip'] * across}
        height = middle[:, 2]
        for side, ankle in feet.items():
            over = (middle + half[side] - ankle)[:, :2]
            reach = np.sqrt(np.clip((_STRAIGHTEST * self.leg) ** 2 - (over**2).sum(-1), 0.0, None))
            highest = ankle[:, 2] + reach - half[side][:, 2]
            lowered = smooth_min(height, highest, _SOFT)
            carries = 1.0 - smoothstep(ankle[:, 2] - self.ankle_height, *_AIRBORNE)
            height = height + carries * (lowered - height)
        placed['MidHip'] = np.stack((middle[:, 0], middle[:, 1], height), axis=-1)
        for side in 'LR':
            placed[f'{side}Hip'] = placed['MidHip'] + half[side]

    def _leg(
        self, placed: _Points, source: _Points, ankle: np.ndarray, side: str, scale: float
    ) -> None:
        """Reach the ankle; the knee keeps the side to which the source's points."""
        hip, knee, end = (source[f'{side}{name}'] for name in ('Hip', 'Knee', 'Ankle'))
        along = unit(end - hip)
        aside = (knee - hip) - along * ((knee - hip) * along).sum(-1, keepdims=True)
        # A straight leg says nothing about its knee: ahead then, between the toes and the hips.
        toes = unit(source[f'{side}BigToe'] - source[f'{side}Heel'])
        ahead = np.cross(unit(source['LHip'] - source['RHip']), [0.0, 0.0, 1.0]) + toes
        pole = scale * aside + 0.006 * ahead
        lengths = self.length[f'{side}Knee'], self.length[f'{side}Ankle']
        placed[f'{side}Knee'], placed[f'{side}Ankle'] = two_bones(
            placed[f'{side}Hip'], ankle, pole, lengths, nearest=0.02, straightest=0.9998
        )

    def _above_ground(self, ankle: np.ndarray, turn: np.ndarray, side: str) -> np.ndarray:
        """Raise ankles [T, 3] whose foot, which cannot bend its toes, would be in the ground."""
        offsets = [self.rest[side + name] - self.rest[f'{side}Ankle'] for name in _FOOT]
        lowest = np.min([(turn @ offset)[:, 2] for offset in offsets], axis=0) + ankle[:, 2]
        ground = min(float(self.rest[side + name][2]) for name in _FOOT)
        rise = -smooth_min(-(ground - lowest - _SOFT), np.zeros(len(ankle)), _SOFT)
        return ankle + np.stack((0.0 * rise, 0.0 * rise, rise), axis=-1)

    def _trunk(self, placed: _Points, source: _Points, hips: np.ndarray) -> None:
        placed['Neck'] = placed['MidHip'] + self.length['Neck'] * unit(source['Neck'] - hips)
        for side in 'LR':
            chain = ['Neck', *(f'{side}{name}' for name in ('Shoulder', 'Elbow', 'Wrist'))]
            for parent, child in itertools.pairwise(chain):
                bone = unit(source[child] - source[parent])
                placed[child] = placed[parent] + self.length[child] * bone

    def _head(self, placed: _Points, source: _Points) -> None:
        turn = self._turn(source, list(_FACE))
        for name in _FACE:
            placed[name] = placed['Neck'] + turn @ (self.rest[name] - self.rest['Neck'])

    def _turn(self, source: _Points, names: list[str]) -> np.ndarray:
        """Return the rotations [T, 3, 3] that bring the rest pose's points nearest to these."""
        rest = np.stack([self.rest[name] for name in names])
        current = np.stack([source[name] for name in names], axis=1)
        rest, current = rest - rest.mean(axis=0), current - current.mean(axis=1, keepdims=True)
        left, _, right = np.linalg.svd(np.einsum('tni,nj->tij', current, rest))
        proper = np.sign(np.linalg.det(left @ right))
        left[..., -1] *= np.where(proper == 0.0, 1.0, proper)[:, None]
        return left @ right


def standing_height(feet: np.ndarray) -> float:
    """Return the height at which feet [T, N, D] stand: low, but no single frame's depth."""
    return float(np.percentile(feet[..., -1].min(axis=1), 5.0))


def _level(turn: np.ndarray, ankle: np.ndarray) -> np.ndarray:
    """Take the tilt of the standing foot out of rotations [T, 3, 3].

    Skeletons differ in where a toe or a heel lies, which tilts the foot by a constant. It is what
    remains while the ankle is low and slow; what moves stays, and so does the steep foot of who
    stands on tiptoe.
    """
    step = np.zeros(len(ankle))
    step[1:] = norm(np.diff(ankle, axis=0))
    low = ankle[:, 2] <= np.percentile(ankle[:, 2], 40.0)
    standing = low & (step <= np.percentile(step[low], 50.0))
    # The ground's normal as the foot has it: rows of the rotation's inverse.
    up = unit(np.median(turn[standing][:, 2, :], axis=0)[None])[0]
    vertical = np.array([0.0, 0.0, 1.0])
    steep = np.degrees(np.arccos(np.clip(up @ vertical, -1.0, 1.0)))
    part = vertical + smoothstep(steep, *_TIPTOE) * (up - vertical)
    return turn @ _between(up, part / np.linalg.norm(part)).T


def _between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the least rotation [3, 3] that turns unit vector `first` into `second`."""
    skew = np.outer(second, first) - np.outer(first, second)  # of their cross product
    return np.eye(3) + skew + skew @ skew / max(1.0 + float(first @ second), 1e-6)


def completed(points: np.ndarray, confidence: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Put keypoints that were never given where the rest pose has them beside their parents.

    They keep confidence 0, so that the loss ignores them; but the model sees where they are. Never
    given is what has no confidence and 0 in all coordinates: other keypoints without confidence
    were made up by a reader, which knows better than we. Points are [T, K, 3] in any unit.
    """
    missing = (confidence <= 0.0).all(axis=0) & (points == 0.0).all(axis=(0, 2))
    if not missing.any():
        return points
    at = skeleton.index
    needed = [s + name for s in 'LR' for name in ('Hip', 'Shoulder')]
    lacking = ', '.join(name for name in needed if missing[at(name)])
    if lacking:
        raise TrainingError(
            f'got a body without {lacking}; hips and shoulders at least must be measured'
        )
    points = np.array(points, dtype=np.float64)
    for middle, name in (('MidHip', 'Hip'), ('Neck', 'Shoulder')):
        if missing[at(middle)]:
            points[:, at(middle)] = 0.5 * (points[:, at('L' + name)] + points[:, at('R' + name)])
    trunk = np.median(norm(points[:, at('Neck')] - points[:, at('MidHip')]))
    size = float(trunk) / float(skeleton.bone_lengths[at('Neck')])
    angle = facing(points, skeleton)
    for child in sorted(range(skeleton.size), key=lambda i: len(skeleton.path(i))):
        if missing[child] and skeleton.names[child] not in ('MidHip', 'Neck'):
            parent = skeleton.parents[child]
            offset = size * (skeleton.rest[child] - skeleton.rest[parent])
            beside = turned(np.tile(offset, (len(points), 1, 1)), angle)[:, 0]
            points[:, child] = points[:, parent] + beside
    return points
