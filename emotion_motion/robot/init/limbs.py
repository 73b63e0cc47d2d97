# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Finds arms, legs, trunk and head of a body in its tree of joints."""

from __future__ import annotations

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.config import ARMS, CHAINS, LEGS
from emotion_motion.robot.init.roles import Body, mentions, Node, side_of, WORDS

__all__ = ['find_limbs', 'far_end', 'hinge_of']

# Where a limb has its elbow or knee, and where the part behind that ends.

# A person's elbow is at 0.56 of the way from shoulder to wrist (Winter, table of segments).
_ELBOW, _ELBOW_SPREAD = 0.56, 0.25
_SQUARE = 0.4  # cosine of an angle that counts as square
_STUMP = 0.04  # what is shorter, in heights of the robot, is no forearm


def hinge_of(body: Body, nodes: list[Node]) -> tuple[int, float]:
    """Return which joint is the elbow or knee, and how well it fits, 0 to 1.

    Its axis is square to both halves of the limb, and it is a little beyond the middle.
    """
    best, fit = min(len(nodes) - 1, 2), 0.0
    for i in range(1, len(nodes)):
        upper = nodes[i].at - nodes[min(1, i - 1)].at
        lower = body.links[far_end(body, nodes, i)] - nodes[i].at
        sizes = float(np.linalg.norm(upper)), float(np.linalg.norm(lower))
        if min(sizes) < 1e-3:
            continue
        square = [
            abs(float(half @ nodes[i].axis)) / size
            for half, size in zip((upper, lower), sizes, strict=True)
        ]
        if max(square) > _SQUARE:
            continue
        share = sizes[0] / sum(sizes)
        here = float(np.exp(-(((share - _ELBOW) / _ELBOW_SPREAD) ** 2))) * (1.0 - max(square) / 2)
        if here > fit:
            best, fit = i, here
    return best, fit


def far_end(body: Body, nodes: list[Node], hinge: int) -> str:
    """Return the link at the end of a forearm or shin.

    That of the first joint that is most of the way from the hinge to the last joint; where no
    joint is away from the hinge, the link that is farthest.
    """
    away = [float(np.linalg.norm(node.at - nodes[hinge].at)) for node in nodes[hinge:]]
    if max(away) > _STUMP * body.height_m:
        number = next(i for i, far in enumerate(away) if far >= 0.6 * max(away))
        return nodes[hinge + number].joint.child
    beyond = [link for link in body.urdf.links if nodes[-1].joint in body.urdf.way(link)]
    return max(beyond, key=lambda link: float(np.linalg.norm(body.links[link] - nodes[hinge].at)))


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
            body.nodes[name]
            for name in shoulder.above
            if name not in hip and body.nodes[name].twin is None
        ]
    # The root carries the arms: the trunk may hang on it upside down, as Pepper's does.
    hanging = [
        chain
        for node in body.below(None)
        if node.twin is None
        and len(chain := _serial(body, node)) >= 1
        and chain[-1].at[2] < shoulder.at[2] - 0.15 * body.height_m
    ]
    chain = max(hanging, key=len, default=[])
    return [node for node in chain[::-1] if not mentions(node.name, ('knee', 'wheel', 'ankle'))]


def _head(body: Body, carrier: str | None, shoulders_z: float) -> list[Node]:
    chains = [
        _serial(body, node)
        for node in body.below(carrier)
        if node.twin is None
        and node.at[2] > shoulders_z - 0.05 * body.height_m
        and abs(node.at[1]) < 0.05 * body.height_m
    ]
    return max(chains, key=lambda chain: chain[-1].at[2], default=[])
