# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the same short motion as a BVH file in any convention: names, order, units, axes."""

from __future__ import annotations

from dataclasses import dataclass
import itertools
from pathlib import Path

import numpy as np

RATE_HZ = 30.0
FRAMES = 60
HEIGHT_M = 1.7
# Joint: parent, offset in metres from it with the body standing (x forward, y left, z up).
_MIDDLE = {
    'hips': (None, (0.0, 0.0, 0.0)),
    'spine': ('hips', (-0.01, 0.0, 0.12)),
    'chest': ('spine', (0.0, 0.0, 0.17)),
    'neck': ('chest', (0.0, 0.0, 0.21)),
    'head': ('neck', (0.02, 0.0, 0.08)),
}
_SIDE = {
    'clavicle': ('chest', (0.0, 0.03, 0.18)),
    'upper_arm': ('clavicle', (0.0, 0.15, 0.0)),
    'forearm': ('upper_arm', (0.0, 0.29, 0.0)),
    'hand': ('forearm', (0.0, 0.25, 0.0)),
    'upper_leg': ('hips', (0.0, 0.09, -0.01)),
    'lower_leg': ('upper_leg', (0.0, 0.0, -0.41)),
    'foot': ('lower_leg', (0.0, 0.0, -0.41)),
    'toe': ('foot', (0.13, 0.0, -0.055)),
}
_ENDS = {'head': (0.0, 0.0, 0.18), 'hand': (0.0, 0.17, 0.0), 'toe': (0.07, 0.0, 0.0)}


def _sided(name: str) -> tuple[str, str]:
    side, _, part = name.partition('_')
    return (side, part) if side in ('left', 'right') else ('', name)


def _tree() -> dict[str, tuple[str | None, np.ndarray]]:
    tree = {name: (parent, np.array(offset)) for name, (parent, offset) in _MIDDLE.items()}
    for side, sign in (('left', 1.0), ('right', -1.0)):
        for part, (parent, offset) in _SIDE.items():
            above = parent if parent in _MIDDLE else f'{side}_{parent}'
            tree[f'{side}_{part}'] = (above, np.array(offset) * [1.0, sign, 1.0])
    return tree


TREE = _tree()
_PARTS = tuple(_SIDE)
# A line of convention, how a name is written, middle joints, how a side is written; then a line of
# the parts of a side.
_NAMES = """
Mixamo | mixamorig:{} | Hips Spine Spine1 Neck Head | Left{} Right{}
    Shoulder Arm ForeArm Hand UpLeg Leg Foot ToeBase
CMU | {} | Hips LowerBack Spine1 Neck1 Head | Left{} Right{}
    Shoulder Arm ForeArm Hand UpLeg Leg Foot ToeBase
Bandai | {} | Hips Spine Chest Neck Head | {}_L {}_R
    Shoulder UpperArm LowerArm Hand UpperLeg LowerLeg Foot Toes
Blender | {} | pelvis spine spine.001 neck face | {}.L {}.R
    shoulder upper_arm forearm hand thigh shin foot toe
Unreal | {} | pelvis spine_01 spine_02 neck_01 head | {}_l {}_r
    clavicle upperarm lowerarm hand thigh calf foot ball
Xsens | {} | Pelvis L5 T8 Neck Head | Left{} Right{}
    Shoulder UpperArm ForeArm Hand UpperLeg LowerLeg Foot Toe
joint names | {} | Hips Chest Chest2 Neck Head | Left{} Right{}
    Collar Shoulder Elbow Wrist Hip Knee Ankle Toe
SMPL | {} | Pelvis Spine1 Spine2 Neck Head | L_{} R_{}
    Collar Shoulder Elbow Wrist Hip Knee Ankle Foot
Biped | Bip01 {} | Pelvis Spine Spine1 Neck Head | L {} R {}
    Clavicle UpperArm Forearm Hand Thigh Calf Foot Toe0
Poser | {} | hip abdomen chest neck head | l{} r{}
    Collar Shldr ForeArm Hand Thigh Shin Foot Toe
Acclaim | {} | root lowerback thorax lowerneck head | l{} r{}
    clavicle humerus radius wrist femur tibia foot toes
Kinect | {} | Pelvis SpineNaval SpineChest Neck Head | {}Left {}Right
    Clavicle Shoulder Elbow Wrist Hip Knee Ankle Foot
"""
_LINES = _NAMES.strip().splitlines()
CONVENTIONS: dict[str, tuple[str, ...] | None] = {'none': None}
for _line, _parts in zip(_LINES[::2], _LINES[1::2], strict=True):
    _name, _form, _middle, _sides = _line.split(' | ')
    CONVENTIONS[_name] = (_form, _middle, _parts, _sides)


def names_of(convention: str) -> dict[str, str]:
    """Return role -> name in a convention; 'none' gives j0, j1 and so on."""
    chosen = CONVENTIONS[convention]
    if chosen is None:
        return {role: f'j{number}' for number, role in enumerate(TREE)}
    form, middle, parts, sides = chosen
    names = dict(zip(_MIDDLE, middle.split(), strict=True))
    left, right = (sides[: len(sides) // 2].strip(), sides[len(sides) // 2 :].strip())
    for side, mark in (('left', left), ('right', right)):
        for part, name in zip(_PARTS, parts.split(), strict=True):
            names[f'{side}_{part}'] = mark.format(name)
    return {role: form.format(name) for role, name in names.items()}


def about(axis: int, angle: np.ndarray) -> np.ndarray:
    """Return rotations [T, 3, 3] about x (0), y (1) or z (2) by angles [T] in radians."""
    turn = np.tile(np.eye(3), (len(angle), 1, 1))
    second, third = (axis + 1) % 3, (axis + 2) % 3
    turn[:, second, second] = turn[:, third, third] = np.cos(angle)
    turn[:, third, second] = np.sin(angle)
    turn[:, second, third] = -np.sin(angle)
    return turn


def local_turns() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the turn [T, 3, 3] of each joint and the way of the hips [T, 3], metres.

    Who is seen turns to the left, bends the knees, waves with the left hand, looks around and
    down, then lifts the right leg.
    """
    t = np.arange(FRAMES) / RATE_HZ
    still = np.tile(np.eye(3), (FRAMES, 1, 1))
    turns = dict.fromkeys(TREE, still)
    squat = 0.35 * np.sin(np.pi * np.clip(t / 1.0, 0.0, 1.0)) ** 2
    lift = 0.8 * np.sin(np.pi * np.clip((t - 1.2) / 0.7, 0.0, 1.0)) ** 2
    turns['hips'] = about(2, 0.1 * t)
    turns['chest'] = about(1, 0.05 + 0.1 * np.sin(2.0 * t)) @ about(2, 0.1 * np.sin(3.0 * t))
    turns['head'] = about(2, 0.5 * np.sin(2.5 * t)) @ about(1, 0.25 + 0.1 * np.sin(4.0 * t))
    for side, extra in (('left', 0.0 * t), ('right', lift)):
        turns[f'{side}_upper_leg'] = about(1, -squat - extra)
        turns[f'{side}_lower_leg'] = about(1, 2.0 * squat + 1.5 * extra)
        turns[f'{side}_foot'] = about(1, -squat)
    turns['left_upper_arm'] = about(0, 0.3 + 0.2 * np.sin(4.0 * t))
    turns['left_forearm'] = about(2, -1.2 + 0.0 * t) @ about(0, 0.6 * np.sin(7.0 * t))
    turns['right_upper_arm'] = about(0, 1.2 + 0.1 * np.sin(2.0 * t))
    turns['right_forearm'] = about(2, 0.4 + 0.2 * np.sin(3.0 * t))
    turns['left_clavicle'] = about(0, 0.05 * np.sin(4.0 * t))
    way = np.stack((0.02 * t, 0.0 * t, 0.92 - 0.82 * (1.0 - np.cos(squat))), axis=-1)
    return turns, way


def world_places() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the position [T, 3] in metres and the turn [T, 3, 3] of each joint."""
    turns, way = local_turns()
    places, world = {}, {}
    for name, (parent, offset) in TREE.items():
        if parent is None:
            places[name], world[name] = way, turns[name]
        else:
            places[name] = places[parent] + world[parent] @ offset
            world[name] = world[parent] @ turns[name]
    return places, world


@dataclass(frozen=True)
class Variant:
    """How a file is written.

    Attributes:
        convention: of CONVENTIONS.
        order: of the rotations, such as 'ZXY'.
        scale: file units in a metre.
        up: file axis that is up: '+Y', '+Z', '+X', '-Y', '-Z' or '-X'.
        positions: position channels below the root: 'none', 'replace' the offset, 'add' to it.
        along_bones: whether each joint's x runs along its bone, so that the rest pose is no body.
        swapped: whether what is left is called right.
        without: roles that are left out, with all below them.
        ends: whether there are end sites with a length.
    """

    convention: str = 'Mixamo'
    order: str = 'ZXY'
    scale: float = 100.0
    up: str = '+Y'
    positions: str = 'none'
    along_bones: bool = False
    swapped: bool = False
    without: tuple[str, ...] = ()
    ends: bool = True


def _file_axes(up: str) -> np.ndarray:
    """Return the rotation [3, 3] from x forward, y left, z up to a file's axes, turned a bit."""
    axis, sign = 'XYZ'.index(up[1]), 1.0 if up[0] == '+' else -1.0
    third = sign * np.eye(3)[axis]
    first = np.eye(3)[(axis + 1) % 3]
    base = np.stack((first, np.cross(third, first), third), axis=1)
    return base @ about(2, np.array([0.4]))[0]


def _own_axes(variant: Variant, to_file: np.ndarray) -> dict[str, np.ndarray]:
    """Return the rotation [3, 3] from each joint's own axes to the body's."""
    own = dict.fromkeys(TREE, to_file.T)
    if variant.along_bones:
        for name in TREE:
            side, part = _sided(name)
            if part in ('upper_leg', 'lower_leg', 'foot', 'toe'):
                along = np.array([0.0, 0.0, -1.0])
            elif side:
                along = np.array([0.0, 1.0 if side == 'left' else -1.0, 0.0])
            else:
                along = np.array([0.0, 0.0, 1.0])
            ahead = np.array([1.0, 0.0, 0.0])
            own[name] = np.stack((along, ahead, np.cross(along, ahead)), axis=1)
    return own


def angles_deg(turn: np.ndarray, order: str) -> np.ndarray:
    """Return angles [T, 3] with turn = first @ second @ third about the axes of `order`."""
    i, j, k = ('XYZ'.index(letter) for letter in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    return np.degrees(
        np.stack(
            (
                np.arctan2(-sign * turn[:, j, k], turn[:, k, k]),
                np.arcsin(np.clip(sign * turn[:, i, k], -1.0, 1.0)),
                np.arctan2(-sign * turn[:, i, j], turn[:, i, i]),
            ),
            axis=-1,
        )
    )


def write_humanoid(path: Path, variant: Variant) -> Path:
    """Write the motion of `local_turns` as a BVH file."""
    to_file = _file_axes(variant.up)
    own = _own_axes(variant, to_file)
    turns, way = local_turns()
    names = names_of(variant.convention)
    if variant.swapped:
        flip = {'left': 'right', 'right': 'left'}
        names = {
            role: names[f'{flip[side]}_{part}' if side else role]
            for role in names
            for side, part in [_sided(role)]
        }
    lines, columns = ['HIERARCHY'], []

    def add(name: str, depth: int) -> None:
        parent, offset = TREE[name]
        before = own[parent] if parent else to_file.T
        offset = variant.scale * before.T @ offset
        pad, rotations = '  ' * depth, ' '.join(f'{axis}rotation' for axis in variant.order)
        moved = parent is None or variant.positions != 'none'
        channels = f'6 Xposition Yposition Zposition {rotations}' if moved else f'3 {rotations}'
        lines.extend(
            (
                f'{pad}{"JOINT" if parent else "ROOT"} {names[name]}',
                f'{pad}{{',
                f'{pad}  OFFSET {" ".join(f"{x:.6f}" for x in offset)}',
                f'{pad}  CHANNELS {channels}',
            )
        )
        if parent is None:
            columns.append(variant.scale * way @ to_file.T)
        elif moved:
            given = offset if variant.positions == 'replace' else np.zeros(3)
            columns.append(np.tile(given, (FRAMES, 1)))
        columns.append(angles_deg(before.T @ turns[name] @ own[name], variant.order))
        below = [c for c, (p, _) in TREE.items() if p == name and c not in variant.without]
        for child in below:
            add(child, depth + 1)
        if not below:
            end = np.array(_ENDS.get(_sided(name)[1], (0.0, 0.0, 0.0))) * variant.ends
            end = end * [1.0, -1.0 if name.startswith('right') else 1.0, 1.0]
            end = variant.scale * own[name].T @ end
            lines.extend(
                (
                    f'{pad}  End Site',
                    f'{pad}  {{',
                    f'{pad}    OFFSET {" ".join(f"{x:.6f}" for x in end)}',
                    f'{pad}  }}',
                )
            )
        lines.append(f'{pad}}}')

    add('hips', 0)
    rows = [' '.join(f'{number:.6f}' for number in row) for row in np.hstack(columns)]
    lines += ['MOTION', f'Frames: {FRAMES}', 'Frame Time: 0.0333333', *rows]
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return path


VARIANTS = [
    *(Variant(convention) for convention in CONVENTIONS),
    *(Variant(order=''.join(order)) for order in itertools.permutations('XYZ')),
    *(Variant(scale=scale) for scale in (1.0, 1000.0, 1.0 / 0.0254)),
    *(Variant(up=up) for up in ('+Z', '+X', '-Y', '-Z', '-X')),
    Variant(positions='replace'),
    Variant(positions='add'),
    Variant(along_bones=True),
    Variant(along_bones=True, positions='replace', order='XYZ'),
    Variant(along_bones=True, up='+Z', convention='Blender'),
    Variant(along_bones=True, convention='none', up='+Z', scale=1.0),
    Variant(convention='none', positions='add', order='YZX'),
    Variant(swapped=True),
]
