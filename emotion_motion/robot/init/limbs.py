# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Finds arms, legs, trunk and head of a body in its tree of joints, and elbows and knees."""

from __future__ import annotations

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.config import ARMS, CHAINS, LEGS
from emotion_motion.robot.init.roles import Body, mentions, Node, side_of, WORDS

__all__ = ['far_end', 'find_limbs', 'hinge_of']

# A person's elbow is at 0.56 of the length from shoulder to wrist (Winter, table of segments).
_ELBOW, _ELBOW_SPREAD = 0.56, 0.25
_SQUARE = 0.4  # cosine of an angle that counts as square
_STUMP = 0.04  # what is shorter, in heights of the robot, is no forearm
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
    limbs['trunk'] = _trunk(body, arm[0], limbs)
    limbs['head'] = _head(body, arm[0])
    return {chain: limbs[chain] for chain in CHAINS if chain in limbs}


def hinge_of(body: Body, nodes: list[Node]) -> tuple[int, float]:
    """Return which joint is the elbow or knee, and how well it fits, 0 to 1.

    Its axis is square to both halves of the limb, and it is a little beyond the middle.
    """
    hinge, best_fit = min(len(nodes) - 1, 2), 0.0
    for i in range(1, len(nodes)):
        halves = (
            nodes[i].at - nodes[min(1, i - 1)].at,
            body.links[far_end(body, nodes, i)] - nodes[i].at,
        )
        upper, lower = (float(np.linalg.norm(half)) for half in halves)
        if min(upper, lower) < 1e-3:
            continue
        square = max(
            abs(float(halves[0] @ nodes[i].axis)) / upper,
            abs(float(halves[1] @ nodes[i].axis)) / lower,
        )
        if square > _SQUARE:
            continue
        off = (upper / (upper + lower) - _ELBOW) / _ELBOW_SPREAD
        fit = float(np.exp(-(off**2))) * (1.0 - square / 2)
        if fit > best_fit:
            hinge, best_fit = i, fit
    return hinge, best_fit


def far_end(body: Body, nodes: list[Node], hinge: int) -> str:
    """Return the link at the end of a forearm or shin.

    That of the first joint that is most of the distance from the hinge to the last joint; where no
    joint is away from the hinge, the link that is farthest.
    """
    away = [float(np.linalg.norm(node.at - nodes[hinge].at)) for node in nodes[hinge:]]
    if max(away) > _STUMP * body.height_m:
        number = next(i for i, far in enumerate(away) if far >= 0.6 * max(away))
        return nodes[hinge + number].joint.child
    beyond = [link for link in body.urdf.links if nodes[-1].joint in body.urdf.joints_to(link)]
    return max(beyond, key=lambda link: float(np.linalg.norm(body.links[link] - nodes[hinge].at)))


def _lateral(body: Body) -> list[tuple[Node, Node]]:
    """Return the first joints (left, right) of all chains that mirror each other."""
    pairs = []
    for node in body.nodes.values():
        if node.twin is None or node.at[1] <= body.nodes[node.twin].at[1]:
            continue
        first = not node.above or body.nodes[node.above[-1]].twin is None
        if first and len(_serial(body, node)) >= _LIMB:
            pairs.append((node, body.nodes[node.twin]))
    return pairs


def _serial(body: Body, first: Node) -> list[Node]:
    """Return the joints from one on until the chain ends, fans out or comes to a hand."""
    chain = [first]
    while len(below := body.below(chain[-1].name)) == 1 and not mentions(below[0].name, _HAND):
        chain.append(below[0])
    return chain


def _leg_score(body: Body, pair: tuple[Node, Node], pairs: list[tuple[Node, Node]]) -> float:
    """Return above 0 for legs, below 0 for arms: by height, reach, what carries it, and names."""
    first, chain = pair[0], _serial(body, pair[0])
    ground = min(place[2] for place in body.links.values())
    score = 1.0 if chain[-1].at[2] - ground < 0.15 * body.height_m else -1.0
    score += 1.0 if not first.above else -1.0  # legs are on the root, arms on a trunk
    others = [other[0].at[2] for other in pairs if other is not pair]
    if others:  # the higher pair of two
        score += -1.0 if first.at[2] - min(others) > 0.1 * body.height_m else 1.0
    for limb, sign in (('left_leg', 1.5), ('left_arm', -1.5)):
        score += sign * sum(mentions(node.name, WORDS[limb]) for node in chain) / len(chain)
    return score


def _ordered(body: Body, pair: tuple[Node, Node]) -> list[list[Node]]:
    """Return the joints of a left limb and of its right one.

    Raises:
        RobotError: names say that left is where y is below 0.
    """
    chains = [_serial(body, node) for node in pair]
    left, right = (sum(side_of(node.name) for node in chain) for chain in chains)
    if left < 0 < right:
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
        above = [body.nodes[name] for name in shoulder.above if name not in hip]
        return [node for node in above if node.twin is None]
    # The root carries the arms: the trunk may hang on it upside down, as Pepper's does.
    middle = [_serial(body, node) for node in body.below(None) if node.twin is None]
    low = shoulder.at[2] - 0.15 * body.height_m
    chain = max((chain for chain in middle if chain[-1].at[2] < low), key=len, default=[])
    return [node for node in chain[::-1] if not mentions(node.name, ('knee', 'wheel', 'ankle'))]


def _head(body: Body, shoulder: Node) -> list[Node]:
    """Return the chain in the middle that ends highest of those beside the shoulders."""
    chains = [
        _serial(body, node)
        for node in body.below(shoulder.above[-1] if shoulder.above else None)
        if node.twin is None
        and node.at[2] > shoulder.at[2] - 0.05 * body.height_m
        and abs(node.at[1]) < 0.05 * body.height_m
    ]
    return max(chains, key=lambda chain: chain[-1].at[2], default=[])
