# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the joint names of BVH files mean: side and body part, over the common conventions.

The same word means different joints in different files: 'LeftShoulder' is the collar bone beside
'LeftArm' and the shoulder joint beside 'LeftElbow', 'LeftFoot' is the ankle, or the toes beside
'LeftAnkle'. So parts are looked for in an order, and a word that is taken is not used again.
"""

from __future__ import annotations

from collections.abc import Sequence
import re

__all__ = ['CONVENTIONS', 'LIMBS', 'REQUIRED', 'SIDES', 'convention', 'roles_by_name', 'side_of']

SIDES = ('left', 'right')
# Parts of a limb from the trunk outward; a joint is where its part begins.
LIMBS = {
    'leg': ('upper_leg', 'lower_leg', 'foot', 'toe'),
    'arm': ('clavicle', 'upper_arm', 'forearm', 'hand'),
}
REQUIRED = ('upper_leg', 'lower_leg', 'foot', 'upper_arm', 'forearm')

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
_SPINE = ('spine', 'chest', 'upperchest', 'abdomen', 'ab', 'torso', 'thorax', 'waist', 'lumbar',
          'lowerback', 'upperback', 'back', 'l5', 'l3', 't12', 't8')  # fmt: skip
_SIDE_WORDS = {'left': 'left', 'right': 'right', 'l': 'left', 'r': 'right'}
# Of rigs and exporters, without meaning for the body.
_NOISE = {'joint', 'jnt', 'bone', 'bip', 'j', 'b', 'bn', 'def', 'org', 'mixamorig', 'character',
          'valve', 'biped', 'sk', 'skel', 'rig', 'armature'}  # fmt: skip
# Joints beside the body's own: for twisting skin, for control, for the ends of chains.
_HELPERS = {'twist', 'ik', 'roll', 'target', 'pole', 'ctrl', 'helper', 'nub', 'end', 'tip',
            'effector', 'site', 'top'}  # fmt: skip

# The words of upper and lower leg tell the convention.
CONVENTIONS = {
    ('upleg', 'leg'): 'Mixamo and CMU (LeftUpLeg)',
    ('upperleg', 'lowerleg'): 'Bandai, Xsens, VRM (UpperLeg_L)',
    ('thigh', 'shin'): 'Blender (thigh.L, shin.L)',
    ('thigh', 'calf'): 'Unreal, Biped (thigh_l, calf_l)',
    ('hip', 'knee'): 'joint names (LeftHip, LeftKnee)',
    ('femur', 'tibia'): 'Acclaim (lfemur, ltibia)',
}


def roles_by_name(names: Sequence[str]) -> dict[str, int]:
    """Return the index of the joint of each role that the names tell.

    Args:
        names: of the joints, those nearer to the root first where two mean the same.

    Returns:
        'hips', 'spine' (the last of the chain), 'neck', 'head', and 'left_' or 'right_' with a
        part of LIMBS.
    """
    meant: dict[tuple[str, str], int] = {}
    roles: dict[str, int] = {}
    for index, name in enumerate(names):
        side, word = _meaning(name)
        meant.setdefault((side, word), index)
        if not side and word in _SPINE:
            roles['spine'] = index
    for role, words in _MIDDLE.items():
        found = [meant['', word] for word in words if ('', word) in meant]
        if found:
            roles[role] = found[0]
    for side in SIDES:
        for part, word in _choices(meant, side).items():
            roles[f'{side}_{part}'] = meant[side, word]
    return roles


def convention(names: Sequence[str], roles: dict[str, int]) -> str:
    """Return the convention that the legs' names follow, '' where it is none of the table."""
    parts = ('left_upper_leg', 'left_lower_leg')
    if not all(part in roles for part in parts):
        return ''
    upper, lower = (_meaning(names[roles[part]])[1] for part in parts)
    return CONVENTIONS.get((upper, lower), f'mixed ({upper}, {lower})')


def side_of(name: str) -> str:
    """Return 'left', 'right' or '' for what the name of a joint says."""
    return _meaning(name)[0]


def _choices(meant: dict[tuple[str, str], int], side: str) -> dict[str, str]:
    """Return the word that each part of a side goes by."""
    present = {word for other, word in meant if other == side}
    taken: set[str] = set()
    chosen: dict[str, str] = {}
    for part, words in _SIDED.items():
        # A leg alone may be either half; the other half's word decides.
        free = [word for word in words if word in present - taken]
        if part == 'upper_leg' and free[:1] == ['leg'] and not present & {
            'lowerleg', 'lowleg', 'shin', 'calf', 'tibia', 'knee'
        }:  # fmt: skip
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
