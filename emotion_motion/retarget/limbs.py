# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Finds arms, legs, trunk and head of a body in its tree of joints."""

from __future__ import annotations

from emotion_motion.exceptions import RobotError
from emotion_motion.retarget.joint_roles import Body, mentions, Node, side_of, WORDS
from emotion_motion.retarget.robot_config import ARMS, CHAINS, LEGS

__all__ = ['find_limbs']

_LIMB = 3  # joints that an arm or a leg has at least
_HAND = ('hand', 'gripper', 'finger', 'thumb')


def find_limbs(body: Body) -> dict[str, list[Node]]:
    """Return the joints of each chain, from the trunk outwards.

    Raises:
        RobotError: there are no arms, or left and right are where they should not be.
    """
    pairs = _lateral(body)
    legs = [pair for pair in pairs if _leg_score(body, pair, pairs) > 0.0]
    arms = [pair for pair in pairs if _leg_score(body, pair, pairs) < 0.0]
    if not arms:
        raise RobotError(
            f'got {body.urdf.path} with {len(legs)} pairs of legs and no arms; expected a '
            f'humanoid. A quadruped, a pair of legs or a single arm cannot make these gestures'
        )
    arm = max(arms, key=lambda pair: pair[0].at[2])
    limbs = dict(zip(ARMS, _ordered(body, arm), strict=True))
    if legs:
        leg = min(legs, key=lambda pair: pair[0].at[2])
        limbs |= dict(zip(LEGS, _ordered(body, leg), strict=True))
    carrier = arm[0].above[-1] if arm[0].above else None
    limbs['trunk'] = _trunk(body, arm[0], limbs)
    limbs['head'] = _head(body, carrier, arm[0].at[2])
    return {chain: limbs[chain] for chain in CHAINS if chain in limbs}


def _lateral(body: Body) -> list[tuple[Node, Node]]:
    """Return the first joints (left, right) of all chains that mirror each other."""
    found = []
    for node in body.nodes.values():
        if node.twin is None or node.at[1] <= body.nodes[node.twin].at[1]:
            continue
        above = body.nodes[node.above[-1]] if node.above else None
        if (above is None or above.twin is None) and len(_serial(body, node)) >= _LIMB:
            found.append((node, body.nodes[node.twin]))
    return found


def _serial(body: Body, first: Node) -> list[Node]:
    """Return the joints from one on until the chain ends, fans out or comes to a hand."""
    found = [first]
    while len(below := body.below(found[-1].name)) == 1 and not mentions(below[0].name, _HAND):
        found.append(below[0])
    return found


def _leg_score(body: Body, pair: tuple[Node, Node], pairs: list[tuple[Node, Node]]) -> float:
    """Return above 0 for legs, below 0 for arms: by height, reach, what carries it, and names."""
    first, chain = pair[0], _serial(body, pair[0])
    ground = min(place[2] for place in body.links.values())
    score = 0.0
    reach = chain[-1].at[2] - ground
    score += 1.0 if reach < 0.15 * body.height_m else -1.0
    score += 1.0 if not first.above else -1.0  # legs are on the root, arms on a trunk
    others = [other[0].at[2] for other in pairs if other is not pair]
    if others:  # the higher pair of two
        above = first.at[2] - min(others)
        score += -1.0 if above > 0.1 * body.height_m else 1.0
    names = [node.name for node in chain]
    score += 1.5 * sum(mentions(name, WORDS['left_leg']) for name in names) / len(names)
    score -= 1.5 * sum(mentions(name, WORDS['left_arm']) for name in names) / len(names)
    return score


def _ordered(body: Body, pair: tuple[Node, Node]) -> list[list[Node]]:
    """Return the joints of a left limb and of its right one.

    Raises:
        RobotError: names say that left is where y is below 0.
    """
    chains = [_serial(body, node) for node in pair]
    sides = [sum(side_of(node.name) for node in chain) for chain in chains]
    if sides[0] < 0 < sides[1]:
        raise RobotError(
            f'got {body.urdf.path}, whose left limbs are at y below 0 by their names '
            f'({chains[1][0].name}); expected x forward, y left and z up (REP-103). Add a base '
            f'link that is turned so'
        )
    size = min(len(chain) for chain in chains)
    return [chain[:size] for chain in chains]


def _trunk(body: Body, shoulder: Node, limbs: dict[str, list[Node]]) -> list[Node]:
    """Return the joints between what stands still and the shoulders."""
    if shoulder.above or 'left_leg' in limbs:
        hip = limbs['left_leg'][0].above if 'left_leg' in limbs else ()
        return [
            body.nodes[name] for name in shoulder.above
            if name not in hip and body.nodes[name].twin is None
        ]  # fmt: skip
    # The root carries the arms: the trunk may hang on it upside down, as Pepper's does.
    hanging = [
        chain for node in body.below(None)
        if node.twin is None and len(chain := _serial(body, node)) >= 1
        and chain[-1].at[2] < shoulder.at[2] - 0.15 * body.height_m
    ]  # fmt: skip
    chain = max(hanging, key=len, default=[])
    return [node for node in chain[::-1] if not mentions(node.name, ('knee', 'wheel', 'ankle'))]


def _head(body: Body, carrier: str | None, shoulders_z: float) -> list[Node]:
    chains = [
        _serial(body, node) for node in body.below(carrier)
        if node.twin is None and node.at[2] > shoulders_z - 0.05 * body.height_m
        and abs(node.at[1]) < 0.05 * body.height_m
    ]  # fmt: skip
    return max(chains, key=lambda chain: chain[-1].at[2], default=[])
