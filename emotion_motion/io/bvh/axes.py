# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How a BVH file's space lies: units by the body's height, the axis that is up, its rest pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.bvh.file import BvhFile
from emotion_motion.io.bvh.roles import MEASURED, SIDES

# A body's height in metres that a unit may give it; the ranges of these units do not overlap.
_HEIGHTS_M = (1.2, 2.3)
_UNITS_M = {'metres': 1.0, 'centimetres': 0.01, 'millimetres': 0.001, 'inches': 0.0254}
# Height of the body where no unit fits, m.
_USUAL_HEIGHT_M = 1.7
# Rows are the axes x, y, z of REP-103 in the file's axes; each is a rotation, none a mirror.
_TO_REP = {
    '+Y': ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
    '+Z': ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    '+X': ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    '-Y': ((0, 0, 1), (-1, 0, 0), (0, -1, 0)),
    '-Z': ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    '-X': ((0, 1, 0), (0, 0, -1), (-1, 0, 0)),
}


@dataclass(frozen=True, eq=False)
class BvhAxes:
    """From the space of a file to metres with z up.

    Attributes:
        up: the file's axis that is up, such as '+Y'.
        to_rep: rotation [3, 3] from the file's axes to those of REP-103.
        unit: 'metres', 'centimetres', 'millimetres', 'inches', or '' where none fits.
        scale: metres in a unit of the file.
        file_height: estimated standing height in units of the file.
        rest: [3, 3] forward, left and up of the body in the rest pose as columns, file axes; None
            where the rest pose is no standing body.
        warnings: what is odd, for people.
    """

    up: str
    to_rep: np.ndarray
    unit: str
    scale: float
    file_height: float
    rest: np.ndarray | None
    warnings: tuple[str, ...]

    @property
    def height_m(self) -> float:
        """Estimated standing height in metres."""
        return self.file_height * self.scale


def find_axes(file: BvhFile, nodes: dict[str, int], places: np.ndarray) -> BvhAxes:
    """Find them by a body's posture and proportions, from `places` [F, N, 3] of all nodes."""
    warnings: list[str] = []
    joints = {role: places[:, node] for role, node in nodes.items()}
    height = standing_height(joints)
    if not 0.0 < height < float('inf'):
        raise MotionFileError(
            f'got {file.path}, whose body is {height:g} units high; expected bones with a length'
        )
    unit_name, scale = '', _USUAL_HEIGHT_M / height
    for name, metres in _UNITS_M.items():
        if _HEIGHTS_M[0] <= height * metres <= _HEIGHTS_M[1]:
            unit_name, scale = name, metres
    if not unit_name:
        warnings.append(
            f'a body {height:.4g} units high fits no unit of length; scaled to {_USUAL_HEIGHT_M} m'
        )
    up = axis_name(_upright(joints))
    rest = _rest_axes(file, nodes, height)
    if rest is not None and (other := axis_name(rest[:, 2])) != up:
        warnings.append(
            f'the body is upright along {up}, its rest pose along {other}: it lies, or its axes '
            f'were turned; {up} is taken as up'
        )
    to_rep = np.array(_TO_REP[up], dtype=np.float64)
    return BvhAxes(up, to_rep, unit_name, scale, height, rest, tuple(warnings))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors [..., 3] made 1 long; 0 stays 0."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def middle(joints: dict[str, np.ndarray], part: str) -> np.ndarray:
    """Return the middle of a part's left and right joint."""
    return 0.5 * (joints[f'left_{part}'] + joints[f'right_{part}'])


def standing_height(joints: dict[str, np.ndarray]) -> float:
    """Return the height by legs and trunk, in the unit of `joints` [F, 3].

    The head is left out, since head joints lie anywhere between its base and its middle. The
    proportions are those of BODY_25's rest pose.
    """
    body = load_skeleton('body_25')
    usual = {role: body.rest[None, body.index(name)] for name, role in MEASURED.items()}
    return _leg_and_trunk(joints) / _leg_and_trunk(usual)


def _leg_and_trunk(joints: dict[str, np.ndarray]) -> float:
    """Return the length from ankle to hip along the leg and on to the shoulders."""
    bones = [
        np.linalg.norm(joints[f'{side}_{a}'] - joints[f'{side}_{b}'], axis=-1).mean()
        for side in SIDES
        for a, b in (('upper_leg', 'lower_leg'), ('lower_leg', 'foot'))
    ]
    trunk = np.linalg.norm(middle(joints, 'upper_arm') - middle(joints, 'upper_leg'), axis=-1)
    # A bent trunk is shorter than it is.
    return 0.5 * float(np.sum(bones)) + float(np.quantile(trunk, 0.9))


def _upright(joints: dict[str, np.ndarray]) -> np.ndarray:
    """Return the mean direction [3] from feet over hips to head; short where it changes."""
    hips = middle(joints, 'upper_leg')
    above = unit(joints['head'] - hips) + unit(hips - middle(joints, 'foot'))
    return above.mean(axis=0) / 2.0


def axis_name(direction: np.ndarray) -> str:
    """Return the axis that a direction [3] lies nearest to, such as '+Y'."""
    axis = int(np.abs(direction).argmax())
    return f'{"-" if direction[axis] < 0 else "+"}{"XYZ"[axis]}'


def _rest_axes(file: BvhFile, nodes: dict[str, int], height: float) -> np.ndarray | None:
    """Return forward, left and up of the rest pose as columns; None where it does not stand.

    Bandai's offsets, for one, run along the axes of the bones and make no body.
    """
    joints = {role: file.rest()[node] for role, node in nodes.items()}
    hips, shoulders = middle(joints, 'upper_leg'), middle(joints, 'upper_arm')
    up = unit(shoulders - hips)
    axis = np.eye(3)[int(np.abs(up).argmax())] * np.sign(up[int(np.abs(up).argmax())])
    if up @ axis > np.cos(np.radians(20.0)):
        up = axis
    across = unit(joints['left_upper_leg'] - joints['right_upper_leg'])
    left = unit(across - (across @ up) * up)
    legs = [unit(joints[f'{s}_upper_leg'] - joints[f'{s}_foot']) for s in SIDES]
    reach = [
        np.linalg.norm(joints[f'{s}_upper_leg'] - joints[f'{s}_foot']) / height for s in SIDES
    ]
    stands = (
        min(leg @ up for leg in legs) > 0.9
        and min(reach) > 0.35
        and across @ left > 0.95
        and unit(joints['left_upper_arm'] - joints['right_upper_arm']) @ left > 0.9
        and unit(joints['head'] - shoulders) @ up > 0.5
    )
    return np.stack((np.cross(left, up), left, up), axis=1) if stands else None
