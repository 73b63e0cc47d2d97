# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""BODY_25 keypoints as a BVH file that animation tools take: Mixamo's names, centimetres, y up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import MotionFileError
from emotion_motion.files import storage_errors, whole_file
from emotion_motion.io.bvh.axes import standing_height, unit
from emotion_motion.io.bvh.body import BUILT, FACE, FOOT, HEAD_IN_REST
from emotion_motion.io.bvh.roles import MEASURED
from emotion_motion.io.clip import check_ending

# Rows are the file's axes in REP-103's: X is left, Y up, Z forward.
_TO_FILE = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
_CM = 100.0
# Joint of a side, its parent, and the keypoint of where it is; outward.
_LIMBS = (
    ('UpLeg', 'Hips', 'Hip'),
    ('Leg', 'UpLeg', 'Knee'),
    ('Foot', 'Leg', 'Ankle'),
    ('Shoulder', 'Spine', 'Neck'),
    ('Arm', 'Shoulder', 'Shoulder'),
    ('ForeArm', 'Arm', 'Elbow'),
    ('Hand', 'ForeArm', 'Wrist'),
)
# Joint of a side and the keypoint that its bone points at.
_POINTS_AT = {
    'UpLeg': 'Knee',
    'Leg': 'Ankle',
    'Shoulder': 'Shoulder',
    'Arm': 'Elbow',
    'ForeArm': 'Wrist',
}


@dataclass(frozen=True, eq=False)
class _Joint:
    """A joint of the file: parent's name, offset [3] in cm, orientation [T, 3, 3]; an end [3]."""

    parent: str
    offset: np.ndarray
    turn: np.ndarray
    end: np.ndarray | None = None


def write_bvh(path: str | Path, keypoints: np.ndarray, rate_hz: float, skeleton: Skeleton) -> Path:
    """Write BODY_25 keypoints as a BVH file; returns the path.

    Bones get their median length, joints the rotation that points the bones; head and feet the
    one that fits their keypoints best. `read_bvh` gives back a body of BODY_25's proportions
    within 2 mm, others within 3 cm at neck and face, but for the height over the ground, since it
    puts the feet on z = 0. A body less than 1.2 m high comes back scaled.

    Args:
        path: file to write, ending in .bvh.
        keypoints: [T, 25, 3] metres, z up.
        rate_hz: frames a second.
        skeleton: BODY_25.

    Raises:
        MotionFileError: another skeleton or shape, numbers that are not finite, a body without
            size, a rate that is not above 0, or another ending.
        StorageError: the file cannot be written.
    """
    path = Path(path)
    points = np.asarray(keypoints, dtype=np.float64)
    _check(path, points, rate_hz, skeleton)
    joints = _joints(_CM * points @ _TO_FILE.T, skeleton)
    numbers = np.hstack(
        [
            _CM * points[:, skeleton.index('MidHip')] @ _TO_FILE.T,
            *(_angles_deg(_local(joints, name)) for name in _order(joints)),
        ]
    )
    rows = [' '.join(f'{number:.5f}' for number in row) for row in numbers]
    head = [
        'HIERARCHY',
        *_lines(joints, 'Hips', 0),
        'MOTION',
        f'Frames: {len(points)}',
        f'Frame Time: {1.0 / rate_hz:.8f}',
    ]
    with storage_errors(path), whole_file(path) as partial:
        partial.write_text('\n'.join([*head, *rows]) + '\n', encoding='ascii')
    return path


def _check(path: Path, points: np.ndarray, rate_hz: float, skeleton: Skeleton) -> None:
    check_ending(path, '.bvh')
    wanted = {*MEASURED, *BUILT}
    if not wanted <= set(skeleton.names):
        raise MotionFileError(
            f'got the skeleton {skeleton.name!r}, which lacks '
            f'{", ".join(sorted(wanted - set(skeleton.names)))}; expected body_25'
        )
    if points.ndim != 3 or points.shape[1:] != (skeleton.size, 3) or len(points) == 0:
        raise MotionFileError(
            f'got keypoints of shape {points.shape}; expected [T, {skeleton.size}, 3], T above 0'
        )
    if not np.isfinite(points).all():
        raise MotionFileError('got keypoints that are not finite; fill or leave out such frames')
    if not 0.0 < rate_hz < float('inf'):
        raise MotionFileError(f'got a rate of {rate_hz} Hz; expected a finite number above 0')
    if np.ptp(points, axis=1).max() == 0.0:
        raise MotionFileError('got keypoints that all lie in one place; expected a body')


def _joints(points: np.ndarray, skeleton: Skeleton) -> dict[str, _Joint]:
    """Return the joints, parents first, for keypoints [T, 25, 3] in cm and the file's axes."""
    height = standing_height(
        {role: points[:, skeleton.index(name)] for name, role in MEASURED.items()}
    )
    rest = height * skeleton.rest @ _TO_FILE.T
    index = skeleton.index

    def bone(start: str, end: str) -> np.ndarray:
        length = np.median(np.linalg.norm(points[:, index(end)] - points[:, index(start)], axis=1))
        return unit(rest[index(end)] - rest[index(start)]) * length

    chest = _frame(points, skeleton, 'Shoulder') @ _frame(rest[None], skeleton, 'Shoulder')[0].T
    hips = _frame(points, skeleton, 'Hip') @ _frame(rest[None], skeleton, 'Hip')[0].T
    joints = {'Hips': _Joint('', np.zeros(3), hips), 'Spine': _Joint('Hips', np.zeros(3), chest)}
    joints['Neck'], joints['Head'] = _neck_and_head(points, rest, height, chest, skeleton)
    joints['Neck'] = replace(joints['Neck'], offset=bone('MidHip', 'Neck'))
    for side, mark in (('Left', 'L'), ('Right', 'R')):
        for joint, parent, keypoint in _LIMBS:
            name = side + joint
            above = parent if parent in joints else side + parent
            here = keypoint if keypoint == 'Neck' else mark + keypoint
            before = 'Neck' if joint == 'Arm' else skeleton.names[skeleton.parents[index(here)]]
            offset, turn, end = bone(before, here), joints[above].turn, None
            if joint in _POINTS_AT:
                target = mark + _POINTS_AT[joint]
                now = points[:, index(target)] - points[:, index(here)]
                turn = _swing(turn @ bone(here, target), now) @ turn
            elif joint == 'Foot':
                toes = [index(mark + part) for part in FOOT]
                turn = _fit(
                    rest[toes] - rest[index(here)], points[:, toes] - points[:, [index(here)]]
                )
            else:
                end = 0.3 * bone(f'{mark}Elbow', here)
            joints[name] = _Joint(above, offset, turn, end)
        # The ball of the foot straight ahead, by BODY_25's toe and heel.
        ahead, down = height * 0.075 * _TO_FILE[:, 0], height * 0.031 * _TO_FILE[:, 2]
        joints[f'{side}ToeBase'] = _Joint(
            f'{side}Foot', ahead - down, joints[f'{side}Foot'].turn, end=0.5 * ahead
        )
    return joints


def _neck_and_head(
    points: np.ndarray, rest: np.ndarray, height: float, chest: np.ndarray, skeleton: Skeleton
) -> tuple[_Joint, _Joint]:
    """Return a neck that points at the base of the skull, and a head that turns as the face."""
    face, neck = [skeleton.index(name) for name in FACE], skeleton.index('Neck')
    base = height * _TO_FILE @ HEAD_IN_REST
    middle, middle_now = rest[face].mean(axis=0), points[:, face].mean(axis=1)
    turn = _fit(rest[face] - middle, points[:, face] - middle_now[:, None])
    now = middle_now + turn @ (base - middle) - points[:, neck]
    bone = unit(base - rest[neck]) * np.median(np.linalg.norm(now, axis=-1))
    top = height * _TO_FILE @ [0.0, 0.0, 1.0 - HEAD_IN_REST[2]]
    bend = _swing(chest @ bone, now) @ chest
    return _Joint('Spine', np.zeros(3), bend), _Joint('Neck', bone, turn, end=top)


def _frame(points: np.ndarray, skeleton: Skeleton, part: str) -> np.ndarray:
    """Return axes [T, 3, 3] by MidHip to Neck and the line from right to left `part`.

    That of the hips keeps the line, that of the shoulders the direction to the neck.
    """
    left = points[:, skeleton.index(f'L{part}')] - points[:, skeleton.index(f'R{part}')]
    up = points[:, skeleton.index('Neck')] - points[:, skeleton.index('MidHip')]
    forward = unit(np.cross(left, up))
    if part == 'Hip':
        left = unit(left)
        up = np.cross(forward, left)
    else:
        up = unit(up)
        left = np.cross(up, forward)
    return np.stack((forward, left, up), axis=-1)


def _fit(rest: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Return the rotations [T, 3, 3] that bring `rest` [n, 3] nearest to `now` [T, n, 3]."""
    left, _, right = np.linalg.svd(now.transpose(0, 2, 1) @ rest)
    signs = np.ones((len(now), 3))
    signs[:, 2] = np.linalg.det(left @ right)
    return left * signs[:, None] @ right


def _swing(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the smallest rotations [T, 3, 3] that turn `start` [T, 3] to point along `end`."""
    start, end = unit(start), unit(end)
    # Half the way and back: R = 2 h h' - 1 turns start to -start about h; twice makes the swing.
    middle = start + end
    opposite = np.linalg.norm(middle, axis=-1) < 1e-6
    if opposite.any():
        side = np.eye(3)[np.abs(start[opposite]).argmin(axis=-1)]
        middle[opposite] = np.cross(start[opposite], side)
    middle = unit(middle)
    first = 2.0 * start[:, :, None] * start[:, None] - np.eye(3)
    second = 2.0 * middle[:, :, None] * middle[:, None] - np.eye(3)
    return second @ first


def _order(joints: dict[str, _Joint], name: str = 'Hips') -> list[str]:
    """Return the names in the order of the file: a joint, then all below it."""
    below = [child for child, joint in joints.items() if joint.parent == name]
    return [name, *(inner for child in below for inner in _order(joints, child))]


def _local(joints: dict[str, _Joint], name: str) -> np.ndarray:
    joint = joints[name]
    if not joint.parent:
        return joint.turn
    return joints[joint.parent].turn.transpose(0, 2, 1) @ joint.turn


def _angles_deg(turn: np.ndarray) -> np.ndarray:
    """Return the angles about Z, X and Y [T, 3] with turn = Z X Y, without jumps over time."""
    about_z = np.arctan2(-turn[:, 0, 1], turn[:, 1, 1])
    about_x = np.arcsin(np.clip(turn[:, 2, 1], -1.0, 1.0))
    about_y = np.arctan2(-turn[:, 2, 0], turn[:, 2, 2])
    angles = np.stack((np.unwrap(about_z), about_x, np.unwrap(about_y)), axis=-1)
    return np.degrees(angles)


def _lines(joints: dict[str, _Joint], name: str, depth: int) -> list[str]:
    joint, pad = joints[name], '  ' * depth
    rotations = 'Zrotation Xrotation Yrotation'
    channels = f'3 {rotations}' if depth else f'6 Xposition Yposition Zposition {rotations}'
    lines = [
        f'{pad}{"JOINT" if depth else "ROOT"} {name}',
        f'{pad}{{',
        f'{pad}  {_offset(joint.offset)}',
        f'{pad}  CHANNELS {channels}',
    ]
    for child, other in joints.items():
        if other.parent == name:
            lines += _lines(joints, child, depth + 1)
    if joint.end is not None:
        lines += [f'{pad}  End Site', f'{pad}  {{', f'{pad}    {_offset(joint.end)}', f'{pad}  }}']
    return [*lines, f'{pad}}}']


def _offset(offset: np.ndarray) -> str:
    return 'OFFSET ' + ' '.join(f'{number:.6f}' for number in offset)
