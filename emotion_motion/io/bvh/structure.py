# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Which joint of a BVH file is which part of a body, without its names: by the shape of the tree.

A body has two pairs of like chains. They fork off two places with the trunk between; the head's
chain leaves where the arms do. Left and right follow from where the feet, or else the knees,
point.
"""

from __future__ import annotations

from dataclasses import dataclass
import itertools

import numpy as np

from emotion_motion.io.bvh.file import BvhFile

# Chains are a pair where their lengths differ by less than this share.
_LIKENESS = 0.15
# Limbs are longer than this share of the longest chain; fingers, toes and eyes are shorter.
_LIMB_REACH = 0.4
# Thigh and shin, upper arm and forearm differ by less than this factor.
_BONE_RATIO = 1.7


@dataclass(frozen=True)
class _Pair:
    """Two like chains of nodes, from the fork (not included) to their ends."""

    fork: int
    chains: tuple[list[int], list[int]]
    reach: float
    difference: float


def roles_by_structure(file: BvhFile, places: np.ndarray) -> tuple[dict[str, int], float, str]:
    """Return role -> node, confidence from 0 to 1, and what left and right rest on.

    `places` [F, N, 3] are those of all nodes in some frames. The roles are {} where the tree has
    no two legs, two arms and a head.
    """
    lengths = bone_lengths(file, places)
    limbs = _legs_and_arms(file, _pairs(file, lengths))
    if limbs is None:
        return {}, 0.0, ''
    legs, arms = limbs
    roles: dict[str, int] = {'hips': legs.fork}
    neck, head = head_chain(file, lengths, arms.fork, [chain[0] for chain in arms.chains])
    if head is None:
        return {}, 0.0, ''
    roles.update({'head': head} if neck is None else {'neck': neck, 'head': head})
    margins = []
    for pair, limb in ((legs, 'leg'), (arms, 'arm')):
        for side, chain in zip(('left', 'right'), pair.chains, strict=True):
            parts, margin = _limb(chain, lengths, limb)
            roles.update({f'{side}_{part}': node for part, node in parts.items()})
            margins.append(margin)
    if any(
        f'{side}_{part}' not in roles
        for side in ('left', 'right')
        for part in ('upper_leg', 'lower_leg', 'foot', 'upper_arm', 'forearm')
    ):
        return {}, 0.0, ''
    _pair_arms_with_legs(places, roles)
    sign, basis = forward_sign(file, places, roles)
    if sign < 0.0:
        roles = exchanged(roles)
    # How much longer the two bones are than the next best two, 1 from a tenth more on.
    clear = float(np.clip(min(margins) / 0.10, 0.2, 1.0))
    alike = 1.0 - max(legs.difference, arms.difference) / _LIKENESS
    return roles, clear * (0.5 + 0.5 * alike) * (0.5 + 0.5 * abs(sign)), basis


def head_chain(
    file: BvhFile, lengths: np.ndarray, fork: int, arms: list[int]
) -> tuple[int | None, int | None]:
    """Return the neck and the head above the `fork` that the arms leave from, None where missing.

    `lengths` [N] are those of each node's bone to its parent, `arms` the first nodes of the arms.
    """
    others = [child for child in file.children[fork] if child not in arms]
    joints = [child for child in others if not file.nodes[child].end]
    if not joints:
        return None, None
    start = max(joints, key=lambda node: _reach(file, lengths, node)[0])
    chain = [start]
    while True:
        below = [c for c in file.children[chain[-1]] if not file.nodes[c].end]
        if len(below) != 1:  # a head ends its chain, or forks into eyes and jaw
            break
        chain.append(below[0])
    return (chain[0] if len(chain) > 1 else None), chain[-1]


def forward_sign(file: BvhFile, places: np.ndarray, roles: dict[str, int]) -> tuple[float, str]:
    """Return whether the named left is left: 1 if so, -1 if exchanged; and by what.

    Left of a body is up x forward. Feet point forward; knees bend forward. Between -1 and 1 where
    the frames disagree.
    """

    def at(role: str) -> np.ndarray:
        return places[:, roles[role]]

    hips = 0.5 * (at('left_upper_leg') + at('right_upper_leg'))
    up = 0.5 * (at('left_upper_arm') + at('right_upper_arm')) - hips
    across = at('left_upper_leg') - at('right_upper_leg')
    forward = np.cross(across, up)
    forward /= np.linalg.norm(forward, axis=-1, keepdims=True) + 1e-12
    ends = [(at(f'{side}_foot'), _beyond(file, places, roles, side)) for side in ('left', 'right')]
    shin = np.linalg.norm(at('left_foot') - at('left_lower_leg'), axis=-1).mean()
    if all(end is not None for _, end in ends):
        reach = sum(((end - foot) * forward).sum(axis=-1) for foot, end in ends)
        if np.abs(reach).mean() > 0.2 * shin:
            return float(np.sign(reach).mean()), 'the feet'
    bend = sum(
        (
            (at(f'{side}_lower_leg') - 0.5 * (at(f'{side}_upper_leg') + at(f'{side}_foot')))
            * forward
        ).sum(axis=-1)
        for side in ('left', 'right')
    )
    # Weighted, since a straight knee says nothing.
    share = bend.sum() / (np.abs(bend).sum() + 1e-12)
    return float(share) if np.abs(bend).max() > 0.02 * shin else 0.0, 'the knees'


def _beyond(
    file: BvhFile, places: np.ndarray, roles: dict[str, int], side: str
) -> np.ndarray | None:
    """Return where the foot ends, [F, 3]; None where nothing lies beyond the ankle."""
    foot = roles[f'{side}_foot']
    node = roles.get(f'{side}_toe')
    if node is None:
        children = file.children[foot]
        node = children[0] if children else None
    if node is None or np.linalg.norm(places[:, node] - places[:, foot], axis=-1).max() == 0.0:
        return None
    return places[:, node]


def bone_lengths(file: BvhFile, places: np.ndarray) -> np.ndarray:
    parents = [max(node.parent, 0) for node in file.nodes]
    return np.linalg.norm(places - places[:, parents], axis=-1).mean(axis=0)


def _reach(file: BvhFile, lengths: np.ndarray, node: int) -> tuple[float, list[int]]:
    """Return the length of the longest chain from a node's parent down, and its nodes."""
    below = max((_reach(file, lengths, child) for child in file.children[node]), default=(0.0, []))
    return float(lengths[node] + below[0]), [node, *below[1]]


def _pairs(file: BvhFile, lengths: np.ndarray) -> list[_Pair]:
    """Return the pairs of like, long chains that leave the same node, the longest first."""
    pairs = []
    for fork, children in enumerate(file.children):
        chains = [_reach(file, lengths, child) for child in children]
        for (one, first), (other, second) in itertools.combinations(chains, 2):
            longest = max(one, other)
            difference = abs(one - other) / longest if longest > 0.0 else 1.0
            if difference < _LIKENESS and min(len(first), len(second)) >= 3:
                pairs.append(_Pair(fork, (first, second), longest, difference))
    pairs.sort(key=lambda pair: -pair.reach)
    return [pair for pair in pairs if pair.reach > _LIMB_REACH * pairs[0].reach]


def _legs_and_arms(file: BvhFile, pairs: list[_Pair]) -> tuple[_Pair, _Pair] | None:
    """Return the pairs that are the legs and the arms: the head's chain leaves by the arms."""
    best: dict[int, _Pair] = {}
    for pair in pairs:
        if pair.fork not in best or pair.difference < best[pair.fork].difference:
            best[pair.fork] = pair
    for one, other in itertools.combinations(best.values(), 2):
        for legs, arms in ((one, other), (other, one)):
            if legs.fork in file.path_to(arms.fork)[:-1] and _has_more(file, arms):
                return legs, arms
    for one, other in itertools.combinations(best.values(), 2):
        related = one.fork in file.path_to(other.fork) or other.fork in file.path_to(one.fork)
        if not related and _has_more(file, one) != _has_more(file, other):
            return (other, one) if _has_more(file, one) else (one, other)
    return None


def _has_more(file: BvhFile, pair: _Pair) -> bool:
    """Tell whether a joint beside the pair leaves its fork."""
    firsts = {chain[0] for chain in pair.chains}
    return any(not file.nodes[c].end and c not in firsts for c in file.children[pair.fork])


def _limb(chain: list[int], lengths: np.ndarray, limb: str) -> tuple[dict[str, int], float]:
    """Return part -> node of a limb, and how clearly its two long bones stand out.

    The two longest bones in a row are thigh and shin, or upper arm and forearm.
    """
    bones = [lengths[node] for node in chain[1:]]  # bone i lies between chain[i] and chain[i + 1]
    if len(bones) < 2:
        return {}, 0.0
    sums = np.array([a + b for a, b in itertools.pairwise(bones)])
    first = int(sums.argmax())
    if max(bones[first : first + 2]) > _BONE_RATIO * min(bones[first : first + 2]):
        return {}, 0.0
    rest = np.delete(sums, first)
    margin = 1.0 - float(rest.max() / sums[first]) if len(rest) else 1.0
    names = (
        ('upper_leg', 'lower_leg', 'foot') if limb == 'leg' else ('upper_arm', 'forearm', 'hand')
    )
    parts = dict(zip(names, chain[first : first + 3], strict=True))
    if limb == 'leg' and first + 3 < len(chain) and lengths[chain[first + 3]] > 0.0:
        parts['toe'] = chain[first + 3]
    if limb == 'arm' and first > 0:
        parts['clavicle'] = chain[first - 1]
    return parts, margin


def _pair_arms_with_legs(places: np.ndarray, roles: dict[str, int]) -> None:
    """Exchange the arms where the first arm is not on the side of the first leg."""

    def across(part: str) -> np.ndarray:
        return places[:, roles[f'left_{part}']] - places[:, roles[f'right_{part}']]

    if (across('upper_leg') * across('upper_arm')).sum() < 0.0:
        for part in ('clavicle', 'upper_arm', 'forearm', 'hand'):
            pair = [roles.pop(f'{side}_{part}', None) for side in ('left', 'right')]
            for side, node in zip(('right', 'left'), pair, strict=True):
                if node is not None:
                    roles[f'{side}_{part}'] = node


def exchanged(roles: dict[str, int]) -> dict[str, int]:
    """Return the roles with left and right exchanged."""
    swap = {'left': 'right', 'right': 'left'}
    return {
        f'{swap[side]}_{part}' if side in swap else role: node
        for role, node in roles.items()
        for side, _, part in [role.partition('_')]
    }
