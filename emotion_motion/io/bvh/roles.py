# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Which joint of a BVH file is which part of the body: by name, by structure where names fail.

The same word means different joints in different files: 'LeftShoulder' is the collar bone beside
'LeftArm' and the shoulder joint beside 'LeftElbow', 'LeftFoot' is the ankle, or the toes beside
'LeftAnkle'. So parts are looked for in an order, and a word that is taken is not used again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import re

import numpy as np

from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.bvh.file import BvhFile
from emotion_motion.io.bvh.structure import (
    bone_lengths,
    exchanged,
    forward_sign,
    head_chain,
    roles_by_structure,
)

SIDES = ('left', 'right')
# Keypoint -> role of its joint; a joint is where its part begins.
MEASURED = {
    f'{side[0].upper()}{name}': f'{side}_{part}'
    for side in SIDES
    for name, part in (
        ('Shoulder', 'upper_arm'),
        ('Elbow', 'forearm'),
        ('Wrist', 'hand'),
        ('Hip', 'upper_leg'),
        ('Knee', 'lower_leg'),
        ('Ankle', 'foot'),
    )
}
_REQUIRED = ('upper_leg', 'lower_leg', 'foot', 'upper_arm', 'forearm')


def _set_of(words: str) -> set[str]:
    return set(words.split())


# Words of a part, best first; parts in the order in which they choose.
_SIDED = {
    'upper_leg': ('upleg', 'upperleg', 'thigh', 'femur', 'hip', 'leg'),
    'lower_leg': ('lowerleg', 'lowleg', 'shin', 'calf', 'tibia', 'knee', 'leg'),
    'foot': ('ankle', 'foot'),
    'toe': ('toebase', 'toe', 'toes', 'ball', 'foot'),
    'upper_arm': ('upperarm', 'uparm', 'uarm', 'humerus', 'bicep', 'shldr', 'arm', 'shoulder'),
    'forearm': ('forearm', 'lowerarm', 'lowarm', 'farm', 'radius', 'elbow', 'arm'),
    'clavicle': ('clavicle', 'clav', 'collar', 'collarbone', 'scapula', 'shoulder'),
    'hand': ('wrist', 'hand'),
}
_MIDDLE = {
    'hips': ('hips', 'hip', 'pelvis', 'root'),
    'neck': ('neck', 'lowerneck', 'upperneck', 'cervical'),
    'head': ('head', 'face', 'skull'),
}
_SPINE = _set_of(
    'spine chest upperchest abdomen ab torso thorax waist lumbar lowerback upperback back l5 l3 '
    't12 t8'
)
_SIDE_WORDS = {'left': 'left', 'right': 'right', 'l': 'left', 'r': 'right'}
# Of rigs and exporters, without meaning for the body.
_NOISE = _set_of(
    'joint jnt bone bip j b bn def org mixamorig character valve biped sk skel rig armature'
)
# Joints beside the body's own: for twisting skin, for control, for the ends of chains.
_HELPERS = _set_of('twist ik roll target pole ctrl helper nub end tip effector site top')

# Words of upper and lower leg -> convention.
_CONVENTIONS = {
    ('upleg', 'leg'): 'Mixamo and CMU (LeftUpLeg)',
    ('upperleg', 'lowerleg'): 'Bandai, Xsens, VRM (UpperLeg_L)',
    ('thigh', 'shin'): 'Blender (thigh.L, shin.L)',
    ('thigh', 'calf'): 'Unreal, Biped (thigh_l, calf_l)',
    ('hip', 'knee'): 'joint names (LeftHip, LeftKnee)',
    ('femur', 'tibia'): 'Acclaim (lfemur, ltibia)',
}


def roles_by_name(names: Sequence[str]) -> dict[str, int]:
    """Return the index of the joint of each role that is clear from the names, root first.

    Roles are 'hips', 'spine' (the last of the chain), 'neck', 'head', and 'left_' or 'right_' with
    'upper_leg', 'lower_leg', 'foot', 'toe', 'clavicle', 'upper_arm', 'forearm' or 'hand'.
    """
    index_of: dict[tuple[str, str], int] = {}
    roles: dict[str, int] = {}
    for index, name in enumerate(names):
        side, word = _meaning(name)
        index_of.setdefault((side, word), index)
        if not side and word in _SPINE:
            roles['spine'] = index
    for role, words in _MIDDLE.items():
        joints = [index_of['', word] for word in words if ('', word) in index_of]
        if joints:
            roles[role] = joints[0]
    for side in SIDES:
        for part, word in _choices(index_of, side).items():
            roles[f'{side}_{part}'] = index_of[side, word]
    return roles


def _convention(names: Sequence[str], roles: dict[str, int]) -> str:
    upper, lower = (
        _meaning(names[roles[part]])[1] for part in ('left_upper_leg', 'left_lower_leg')
    )
    return _CONVENTIONS.get((upper, lower), f'mixed ({upper}, {lower})')


def _choices(index_of: dict[tuple[str, str], int], side: str) -> dict[str, str]:
    """Return the word that each part of a side goes by."""
    present = {word for other, word in index_of if other == side}
    taken: set[str] = set()
    chosen: dict[str, str] = {}
    for part, words in _SIDED.items():
        # A leg alone may be either half; the other half's word decides.
        free = [word for word in words if word in present - taken]
        if (
            part == 'upper_leg'
            and free[:1] == ['leg']
            and not present & {'lowerleg', 'lowleg', 'shin', 'calf', 'tibia', 'knee'}
        ):
            continue
        if free:
            chosen[part] = free[0]
            taken.add(free[0])
    return chosen


def _meaning(name: str) -> tuple[str, str]:
    """Return the side, '' for the middle or unknown, and the word of a joint's name.

    A word of '' means a helper or a name without meaning.
    """
    words = _words(name)
    if _HELPERS & set(words):
        return '', ''
    sides = [word for word in words if word in _SIDE_WORDS]
    core = [word for word in words if word not in _SIDE_WORDS and word not in _NOISE]
    word = ''.join(core)
    if not word and len(sides) == 1 and (vertebra := re.sub(r'\W', '', name.lower())) in _SPINE:
        return '', vertebra  # L5 and L3 of Xsens
    if sides:
        return _SIDE_WORDS[sides[0]], word
    known = {known for words in _SIDED.values() for known in words}
    if word[:1] in ('l', 'r') and word[1:] in known and word not in known:
        return _SIDE_WORDS[word[0]], word[1:]  # lThigh, lfemur
    return '', word


def _words(name: str) -> list[str]:
    """Return the lower-case words of a name, without namespace and numbers."""
    name = re.split(r'[:|/]', name)[-1]
    name = re.sub(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])', ' ', name)
    words = [word.lower() for word in re.split(r'[^A-Za-z0-9]+', name) if word]
    if ''.join(words) in _SPINE:
        return [''.join(words)]
    return [word for word in (re.sub(r'\d+$', '', word) for word in words) if word]


@dataclass(frozen=True, eq=False)
class BvhRoles:
    """The nodes of a file that a body is read from.

    Attributes:
        nodes: role -> index, see `roles_by_name`; 'hand' and 'toe' may be end sites.
        how: by names or by structure, for people.
        confidence: 1 for names; 0 to 1 for structure.
        warnings: what is odd, for people.
    """

    nodes: dict[str, int]
    how: str
    confidence: float
    warnings: tuple[str, ...]


def find_roles(file: BvhFile, places: np.ndarray) -> BvhRoles:
    """Find the parts of the body, from `places` [F, N, 3] of all nodes in some frames."""
    nodes = _named(file, places)
    warnings: list[str] = []
    if nodes:
        how, confidence = f'names: {_convention(_names(file), nodes)}', 1.0
    else:
        nodes, confidence, basis = roles_by_structure(file, places)
        if not nodes:
            raise _no_body(file)
        nodes, basis = _sides_by_name(file, nodes, basis)
        how = f'structure (confidence {confidence:.2f}); left and right by {basis}'
        if confidence < 0.5:
            warnings.append('the parts of the body are a guess by structure: look at a picture')
    sign, basis = forward_sign(file, places, nodes)
    if sign < -0.6:
        nodes = exchanged(nodes)
        warnings.append(
            f'what its names call left lies on the right of where {basis} point: the file is '
            f'mirrored or its names are exchanged; sides are taken by {basis}'
        )
    _finish_limbs(file, places, nodes)
    return BvhRoles(nodes, how, confidence, tuple(warnings))


def _names(file: BvhFile) -> list[str]:
    return ['' if node.end else node.name for node in file.nodes]


def _named(file: BvhFile, places: np.ndarray) -> dict[str, int]:
    """Return the roles by name, {} where parts are missing or do not hang together."""
    nodes = roles_by_name(_names(file))
    for side in SIDES:
        if any(f'{side}_{part}' not in nodes for part in _REQUIRED):
            return {}
        for chain in (('upper_leg', 'lower_leg', 'foot'), ('upper_arm', 'forearm')):
            path = file.path_to(nodes[f'{side}_{chain[-1]}'])
            places_on_path = [
                path.index(n) if (n := nodes[f'{side}_{part}']) in path else -1 for part in chain
            ]
            if places_on_path != sorted(set(places_on_path)) or places_on_path[0] < 0:
                return {}
    if len({nodes[f'{side}_{part}'] for side in SIDES for part in _REQUIRED}) < 2 * len(_REQUIRED):
        return {}
    if 'head' not in nodes:
        _add_head(file, places, nodes)
    return nodes if 'head' in nodes else {}


def _add_head(file: BvhFile, places: np.ndarray, nodes: dict[str, int]) -> None:
    """Find a head without a name: the end of the neck's chain, or of the chain beside the arms."""
    left, right = (file.path_to(nodes[f'{side}_upper_arm']) for side in SIDES)
    shared = [node for node in left if node in right]
    arms = [path[len(shared)] for path in (left, right)]
    neck, head = head_chain(file, bone_lengths(file, places), shared[-1], arms)
    if head is not None:
        nodes['head'] = head
        if neck is not None:
            nodes.setdefault('neck', neck)


def _sides_by_name(file: BvhFile, nodes: dict[str, int], basis: str) -> tuple[dict[str, int], str]:
    """Settle left and right by what the names of the limbs say, where they say it."""
    votes = 0
    for role, node in nodes.items():
        said, side = _meaning(file.nodes[node].name)[0], role.partition('_')[0]
        if said and side in SIDES:
            votes += 1 if said == side else -1
    if votes == 0:
        return nodes, basis
    return (nodes if votes > 0 else exchanged(nodes)), 'their names'


def _finish_limbs(file: BvhFile, places: np.ndarray, nodes: dict[str, int]) -> None:
    """Add wrists and toes that only an end site or an unknown joint marks."""
    for side in SIDES:
        for part, inner in (('hand', 'forearm'), ('toe', 'foot')):
            role, start = f'{side}_{part}', nodes[f'{side}_{inner}']
            if role in nodes and start in file.path_to(nodes[role])[:-1]:
                continue
            nodes.pop(role, None)
            reach = [
                (np.linalg.norm(places[:, child] - places[:, start], axis=-1).mean(), child)
                for child in file.children[start]
            ]
            length, child = max(reach, default=(0.0, -1))
            if length > 0.0:
                nodes[role] = child
        if f'{side}_hand' not in nodes:
            name = file.nodes[nodes[f'{side}_forearm']].name
            raise MotionFileError(
                f'got {file.path}, whose joint {name!r} is the {side} forearm and has no wrist; '
                f'expected a joint or an end site beyond it'
            )


def _no_body(file: BvhFile) -> MotionFileError:
    names = [node.name for node in file.nodes if not node.end]
    shown = ', '.join(names[:12]) + (f' and {len(names) - 12} more' if len(names) > 12 else '')
    return MotionFileError(
        f'got {file.path}, whose {len(names)} joints ({shown}) are no human body that this '
        f'reader knows; expected two legs, two arms and a head'
    )
