# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Which joint of a BVH file is which part of the body: by name, by structure where names fail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.bvh_file import BvhFile
from emotion_motion.io.bvh_names import convention, REQUIRED, roles_by_name, side_of, SIDES
from emotion_motion.io.bvh_structure import (
    bone_lengths,
    exchanged,
    forward_sign,
    head_chain,
    roles_by_structure,
)

__all__ = ['BvhRoles', 'find_roles']


@dataclass(frozen=True, eq=False)
class BvhRoles:
    """The nodes of a file that a body is read from.

    Attributes:
        nodes: role -> index; 'hips', 'spine', 'neck', 'head', and 'left_' or 'right_' with a part
            of LIMBS. 'hand' and 'toe' may be end sites.
        how: how they were found, for people.
        confidence: 1 for names; 0 to 1 for structure.
        warnings: what is odd, for people.
    """

    nodes: dict[str, int]
    how: str
    confidence: float
    warnings: tuple[str, ...]


def find_roles(file: BvhFile, places: np.ndarray) -> BvhRoles:
    """Find the parts of the body.

    Args:
        file: the file.
        places: [F, N, 3] positions of all its nodes in some frames.

    Raises:
        MotionFileError: it is no body with two legs, two arms and a head.
    """
    nodes = _named(file, places)
    warnings: list[str] = []
    if nodes:
        how, confidence = f'names: {convention(_names(file), nodes)}', 1.0
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
        if any(f'{side}_{part}' not in nodes for part in REQUIRED):
            return {}
        for chain in (('upper_leg', 'lower_leg', 'foot'), ('upper_arm', 'forearm')):
            path = file.path_to(nodes[f'{side}_{chain[-1]}'])
            places_on_path = [path.index(n) if (n := nodes[f'{side}_{part}']) in path else -1
                              for part in chain]  # fmt: skip
            if places_on_path != sorted(set(places_on_path)) or places_on_path[0] < 0:
                return {}
    if len({nodes[f'{side}_{part}'] for side in SIDES for part in REQUIRED}) < 2 * len(REQUIRED):
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


def _sides_by_name(
    file: BvhFile, nodes: dict[str, int], basis: str
) -> tuple[dict[str, int], str]:
    """Settle left and right by what the names of the limbs say, where they say it."""
    votes = 0
    for role, node in nodes.items():
        said, side = side_of(file.nodes[node].name), role.partition('_')[0]
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
            reach = [(np.linalg.norm(places[:, child] - places[:, start], axis=-1).mean(), child)
                     for child in file.children[start]]  # fmt: skip
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
