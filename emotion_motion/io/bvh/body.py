# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""BODY_25 keypoints from the joints of a BVH file.

Shoulders, elbows, wrists, hips, knees and ankles are joints. The neck is a point of the chest, as
far above the middle of the shoulders as in BODY_25. Nose, eyes and ears turn with the head joint,
toes and heels with the ankle joint; their places there are those of BODY_25's rest pose, scaled
to the body.
"""

from __future__ import annotations

from dataclasses import dataclass
import itertools

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.io.bvh.axes import axis_name, BvhAxes, middle, unit
from emotion_motion.io.bvh.file import BvhFile
from emotion_motion.io.bvh.roles import MEASURED, SIDES

FACE = ('Nose', 'REye', 'LEye', 'REar', 'LEar')
FOOT = ('BigToe', 'SmallToe', 'Heel')
BUILT = (*FACE, *(f'{side}{name}' for side in 'LR' for name in FOOT))
_BUILT_CONFIDENCE = 0.5
# Base of the skull, where head joints usually lie, in BODY_25's rest pose.
HEAD_IN_REST = np.array([0.0, 0.0, 0.875])
# Axes of the body nearer than this to a joint's own x, y and z are taken for them; the chest of
# a sad walk is 33 degrees off.
_SNAP_DEG = 42.0
# The rest pose is believed unless the motion is farther from it than this; who walks sideways
# turns the head by 64 degrees on average.
_FOOT_DOUBT_DEG, _HEAD_DOUBT_DEG = 30.0, 75.0


@dataclass(frozen=True, eq=False)
class BvhBody:
    """What was made of the joints.

    Attributes:
        keypoints: [T, 25, 3] metres, z up, the lowest foot on the ground at z = 0.
        confidence: [25], 1 for measured ones, 0.5 for those built from an orientation.
        heading_deg: mean heading about z from x.
        steadiness: 1 where the body never turns, 0 where it faces all directions alike.
        pitch_deg: mean pitch of the head, above 0 where it looks down.
        ground_m: height of the ground in the file's axes, in metres.
        basis: what the axes of 'head', 'neck', 'left foot' and 'right foot' rest on.
    """

    keypoints: np.ndarray
    confidence: np.ndarray
    heading_deg: float
    steadiness: float
    pitch_deg: float
    ground_m: float
    basis: dict[str, str]


def build_body(file: BvhFile, nodes: dict[str, int], axes: BvhAxes) -> BvhBody:
    """Return the keypoints of all frames; `nodes` are role -> index of node."""
    skeleton = load_skeleton('body_25')
    wanted = {**nodes, 'chest': _chest(file, nodes)}
    positions, rotations = file.place(wanted.values())
    positions = axes.scale * positions @ axes.to_rep.T
    rotations = axes.to_rep @ rotations
    at = {role: positions[:, i] for i, role in enumerate(wanted)}
    turn = {role: rotations[:, i] for i, role in enumerate(wanted)}
    points = np.zeros((len(positions), skeleton.size, 3))

    def put(name: str, value: np.ndarray) -> None:
        points[:, skeleton.index(name)] = value

    for name, role in MEASURED.items():
        put(name, at[role])
    put('MidHip', middle(at, 'upper_leg'))
    body = _body_axes(at)
    basis: dict[str, str] = {}
    neck, basis['neck'] = _neck(file, wanted, axes, at, turn['chest'])
    put('Neck', neck)
    face, basis['head'] = _head_axes(axes, at, turn, neck, body)
    for name, place in _face(axes, at['head'], neck, face).items():
        put(name, place)
    for side in SIDES:
        foot, basis[f'{side} foot'] = _foot_axes(file, axes, at, turn, side, body)
        for name, place in _foot(axes, at[f'{side}_foot'], foot, side[0].upper()).items():
            put(name, place)
    ground = _ground(points, axes.height_m)
    points[..., 2] -= ground
    confidence = np.ones(skeleton.size)
    confidence[[skeleton.index(name) for name in BUILT]] = _BUILT_CONFIDENCE
    mean = body[..., 0].mean(axis=0)
    return BvhBody(
        keypoints=points,
        confidence=confidence,
        heading_deg=float(np.degrees(np.arctan2(mean[1], mean[0]))),
        steadiness=float(np.hypot(mean[0], mean[1])),
        pitch_deg=float(np.degrees(np.arcsin(np.clip(-face[:, 2, 0], -1.0, 1.0))).mean()),
        ground_m=ground,
        basis=basis,
    )


def _chest(file: BvhFile, nodes: dict[str, int]) -> int:
    left, right = (file.path_to(nodes[f'{side}_upper_arm']) for side in SIDES)
    return [a for a, b in zip(left, right, strict=False) if a == b][-1]


def _body_axes(at: dict[str, np.ndarray]) -> np.ndarray:
    """Return level forward and left and the vertical as columns [T, 3, 3], by hips, shoulders."""
    across = (
        at['left_upper_leg'] - at['right_upper_leg'] + at['left_upper_arm'] - at['right_upper_arm']
    )
    return _level(np.cross(across, [0.0, 0.0, 1.0]))


def _level(forward: np.ndarray) -> np.ndarray:
    """Return axes [T, 3, 3] whose first column is level along `forward`, whose last is up."""
    up = np.broadcast_to([0.0, 0.0, 1.0], forward.shape)
    forward = unit(forward * [1.0, 1.0, 0.0])
    return np.stack((forward, np.cross(up, forward), up), axis=-1)


def _mean_axes(turn: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Return the rotation [3, 3] that `axes` [T, 3, 3] has in a joint's own axes, on average."""
    left, _, right = np.linalg.svd((turn.transpose(0, 2, 1) @ axes).mean(axis=0))
    return left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right


def _between_deg(one: np.ndarray, other: np.ndarray) -> float:
    cosine = 0.5 * (np.trace(one.T @ other) - 1.0)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _neck(
    file: BvhFile,
    nodes: dict[str, int],
    axes: BvhAxes,
    at: dict[str, np.ndarray],
    turn: np.ndarray,
) -> tuple[np.ndarray, str]:
    """Return the neck [T, 3]: a point of the chest, so that a shrug does not move it."""
    rest, index = load_skeleton('body_25').rest, load_skeleton('body_25').index
    rise = rest[index('Neck')] - 0.5 * (rest[index('LShoulder')] + rest[index('RShoulder')])
    shoulders, hips = middle(at, 'upper_arm'), middle(at, 'upper_leg')
    up, across = unit(shoulders - hips), at['left_upper_arm'] - at['right_upper_arm']
    forward = unit(np.cross(across, up))
    shift = axes.height_m * (rise[0] * forward + rise[2] * up)
    usual = np.median(((shoulders + shift - at['chest'])[:, None] @ turn)[:, 0], axis=0)
    local, basis = usual, 'the middle of the shoulders over the clip'
    if axes.rest is not None:
        joints = {role: file.rest()[node] for role, node in nodes.items()}
        at_rest = axes.scale * (middle(joints, 'upper_arm') - joints['chest'])
        at_rest = at_rest + axes.height_m * axes.rest @ rise
        if np.linalg.norm(at_rest - usual) < 0.05 * axes.height_m:
            local, basis = at_rest, 'the middle of the shoulders in the rest pose'
    return at['chest'] + turn @ local, basis


def _head_axes(
    axes: BvhAxes,
    at: dict[str, np.ndarray],
    turn: dict[str, np.ndarray],
    neck: np.ndarray,
    body: np.ndarray,
) -> tuple[np.ndarray, str]:
    """Return forward, left and up of the head [T, 3, 3], and what they rest on.

    A mean over the clip would make every head level and straight, also those of the sad and of
    people who walk sideways. So the rest pose decides. Without one, the chest does, where its
    joint's own axes are forward, left and up and the head's are alike: the shoulders show them.
    """
    # A head held low stands on a neck that leans.
    lean = unit(unit(at['head'] - neck) + body[..., 2])
    usual = _mean_axes(turn['head'], _upright_axes(body[..., 1], lean))
    if axes.rest is not None and _between_deg(axes.rest, usual) < _HEAD_DOUBT_DEG:
        return turn['head'] @ axes.rest, 'the rest pose'
    shoulders = at['left_upper_arm'] - at['right_upper_arm']
    up = middle(at, 'upper_arm') - middle(at, 'upper_leg')
    chest = _mean_axes(turn['chest'], _upright_axes(shoulders, up))
    for candidate, limit_deg, whose in (
        (_nearest_axes(chest), _HEAD_DOUBT_DEG, 'the axes of the chest'),
        (_nearest_axes(usual), 0.7 * _SNAP_DEG, 'its own axes'),
    ):
        if candidate is not None and _between_deg(candidate, usual) < limit_deg:
            forward, up = (axis_name(candidate[:, i]).lower() for i in (0, 2))
            return turn['head'] @ candidate, f'{whose}: forward is {forward}, up is {up}'
    return turn['head'] @ usual, 'the facing of the body and the neck, averaged over the clip'


def _upright_axes(left: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Return axes [T, 3, 3] whose last column is `up`, and whose second is as near to `left`."""
    forward = unit(np.cross(left, up))
    up = unit(up)
    return np.stack((forward, np.cross(up, forward), up), axis=-1)


def _nearest_axes(axes: np.ndarray) -> np.ndarray | None:
    """Return the rotation that brings axes onto axes and is nearest, None where none is near."""
    rotations = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            rotation = np.eye(3)[:, order] * signs
            if np.linalg.det(rotation) > 0.0:
                rotations.append(rotation)
    best = min(rotations, key=lambda rotation: _between_deg(rotation, axes))
    return best if _between_deg(best, axes) < _SNAP_DEG else None


def _face(
    axes: BvhAxes, head: np.ndarray, neck: np.ndarray, turn: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the places of the face.

    Head joints lie between the base of the skull and the middle of the head. The face is put as
    high above the neck as in BODY_25, with what the distance from neck to head joint leaves.
    """
    skeleton = load_skeleton('body_25')
    rest = {name: skeleton.rest[skeleton.index(name)] for name in (*FACE, 'Neck')}
    ears = rest['LEar'][2] - HEAD_IN_REST[2]
    distance = float(np.linalg.norm(head - neck, axis=-1).mean()) / axes.height_m
    usual = float(np.linalg.norm(HEAD_IN_REST - rest['Neck']))
    lower = ears - float(np.clip(ears + usual - distance, 0.0, ears + 0.01))
    places = {name: rest[name] - HEAD_IN_REST - [0.0, 0.0, lower] for name in FACE}
    return {name: head + axes.height_m * (turn @ place) for name, place in places.items()}


def _foot_axes(
    file: BvhFile,
    axes: BvhAxes,
    at: dict[str, np.ndarray],
    turn: dict[str, np.ndarray],
    side: str,
    body: np.ndarray,
) -> tuple[np.ndarray, str]:
    """Return forward, left and up of a foot [T, 3, 3], flat on the ground where up is vertical."""
    ankle, rotation = at[f'{side}_foot'], turn[f'{side}_foot']
    if f'{side}_toe' not in at:
        return rotation @ _mean_axes(rotation, body), 'the facing of the body over the clip'
    along = at[f'{side}_toe'] - ankle
    planted = _planted(ankle, along, file.rate_hz)
    usual = _mean_axes(rotation[planted], _level(along[planted]))
    if axes.rest is not None:
        local = (along[:, None] @ rotation)[:, 0].mean(axis=0)
        up = axes.rest[:, 2]
        forward = unit(local - (local @ up) * up)
        rest = np.stack((forward, np.cross(up, forward), up), axis=1)
        if _between_deg(rest, usual) < _FOOT_DOUBT_DEG:
            return rotation @ rest, 'the rest pose'
    return rotation @ usual, 'the frames in which it stands'


def _planted(ankle: np.ndarray, along: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return which frames [T] have the foot standing: slow, and among the lowest of those."""
    if len(ankle) < 3:
        return np.ones(len(ankle), dtype=bool)
    speed = np.linalg.norm(np.gradient(ankle + 0.5 * along, axis=0), axis=-1) * rate_hz
    slow = speed <= np.quantile(speed, 0.25)
    lowest = np.minimum(ankle[:, 2], ankle[:, 2] + along[:, 2])
    return slow & (lowest <= np.quantile(lowest[slow], 0.5))


def _foot(axes: BvhAxes, ankle: np.ndarray, turn: np.ndarray, mark: str) -> dict[str, np.ndarray]:
    skeleton = load_skeleton('body_25')
    start = skeleton.rest[skeleton.index(f'{mark}Ankle')]
    return {
        f'{mark}{name}': ankle
        + axes.height_m * (turn @ (skeleton.rest[skeleton.index(f'{mark}{name}')] - start))
        for name in FOOT
    }


def _ground(points: np.ndarray, height_m: float) -> float:
    """Return the height of the ground: below the lowest foot, but for the lowest frames."""
    skeleton = load_skeleton('body_25')
    feet = [skeleton.index(f'{side}{name}') for side in 'LR' for name in FOOT]
    sole = float(skeleton.rest[feet, 2].min()) * height_m
    return float(np.quantile(points[:, feet, 2].min(axis=1), 0.05)) - sole
