# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Finds arms, legs, trunk and head of a body in its tree of joints, and elbows and knees."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.config import ARMS, CHAINS, LEGS
from emotion_motion.robot.init.roles import Body, mentions, Node, side_of, WORDS

__all__ = ['Limb', 'carries_lidar', 'far_end', 'find_limbs']

# A person's elbow is at 0.56 of the length from shoulder to wrist (Winter, table of segments).
_ELBOW, _ELBOW_SPREAD = 0.56, 0.25
_SQUARE = 0.4  # cosine of an angle that counts as square
_STUMP = 0.04  # what is shorter, in heights of the robot, is no forearm
_LIMB, _SHOULDER = 3, 3  # joints that an arm and a shoulder that lost some have at least
_LEG = 2  # and a leg
_FINGER_M = 0.2  # what is no longer, and not called arm, may be a finger
_NO_HINGE = 0.4  # what fits an elbow worse is none; those of robots fit by 0.8 and more
_SPAN = 0.3  # least singular value of a shoulder's axes that turn an arm every way
_HAND = ('hand', 'gripper', 'finger', 'thumb')
_NO_ELBOW = ('shoulder', 'clavicle', 'wrist', *_HAND)
_NO_KNEE = ('hip', 'thigh', 'ankle', 'foot')
_LIDAR = ('lidar', 'laser', 'velodyne', 'hokuyo', 'livox', 'ouster')


class Limb(NamedTuple):
    """A chain of joints from the trunk outwards.

    Attributes:
        nodes: the joints, also those that cannot be driven.
        hinge: which of them is the elbow or knee; of trunk and head -1.
        fit: how well it fits, 0 to 1.
    """

    nodes: list[Node]
    hinge: int = -1
    fit: float = 1.0


def find_limbs(body: Body) -> dict[str, Limb]:
    """Return the limbs by the name of their chain.

    Raises:
        RobotError: there are no arms that a robot can move as a person's, or there are four legs.
    """
    pairs = _lateral(body)
    scores = [_leg_score(body, pair, pairs) for pair in pairs]
    legs = [pair for pair, score in zip(pairs, scores, strict=True) if score > 0.0]
    arms = [
        pair
        for pair, score in zip(pairs, scores, strict=True)
        if score < 0.0 and _may_be_arm(body, _serial(body, pair[0]))
    ]
    if len(legs) > 1:
        raise RobotError(
            f'got {body.urdf.path} with {2 * len(legs)} legs ({_first_names(legs)}); expected a '
            f'humanoid. One with four legs or more cannot make these gestures'
        )
    if not arms:
        raise RobotError(_no_arms(body, legs))
    limbs = _paired(body, max(arms, key=lambda pair: pair[0].at[2]), ARMS)
    if legs:
        limbs |= _paired(body, legs[0], LEGS)
    limbs['trunk'] = Limb(_trunk(body, limbs))
    limbs['head'] = Limb(_head(body, limbs['left_arm'].nodes[0]))
    for arm, other in zip(ARMS, ARMS[::-1], strict=True):
        _check_arm(body, arm, limbs[arm], limbs[other])
    return {chain: limbs[chain] for chain in CHAINS if chain in limbs}


def _may_be_arm(body: Body, chain: list[Node]) -> bool:
    """Return whether a chain has the joints of an arm and its name, or else more than a finger."""
    reach_m = float(np.linalg.norm(body.links[far_end(body, chain, 0)] - chain[0].at))
    named = any(mentions(node.name, WORDS['left_arm']) for node in chain)
    return len(chain) >= _LIMB and (named or reach_m > _FINGER_M)


def _first_names(pairs: list[tuple[Node, Node]]) -> str:
    return ', '.join(node.name for pair in pairs for node in pair)


def _no_arms(body: Body, legs: list[tuple[Node, Node]]) -> str:
    """Return why a robot is refused in which no two arms were found."""
    arms = [node for node in body.nodes.values() if mentions(node.name, WORDS['left_arm'])]
    alone = [node.name for node in arms if node.twin is None and side_of(node.name)]
    longest = max((_serial(body, node) for node in body.nodes.values()), key=len)
    has = f'two legs ({_first_names(legs)}) and no arms' if legs else 'no two arms'
    if alone:
        why = f'{", ".join(alone[:4])} have no partner on the other side'
    else:
        why = f'its longest chain of joints is {longest[0].name} to {longest[-1].name}'
    return (
        f'got {body.urdf.path} with {has} that mirror each other across y: {why}; expected a '
        f'robot with two arms of at least {_LIMB} joints each'
    )


def _paired(body: Body, pair: tuple[Node, Node], names: tuple[str, str]) -> dict[str, Limb]:
    """Return a left limb and its right one, of as many joints and with the same hinge.

    The hinge is the joint that is square to both halves of a limb and a little beyond its middle,
    on that side on which this is clearer; of those named so, if any is.
    """
    chains = [_serial(body, node) for node in pair]
    size = min(len(chain) for chain in chains)
    chains = [chain[:size] for chain in chains]
    words, others = (('elbow',), _NO_ELBOW) if names == ARMS else (('knee',), _NO_KNEE)

    def called(row: int, parts: tuple[str, ...]) -> bool:
        return any(mentions(chain[row].name, parts) for chain in chains)

    rows = range(1, size)
    candidates = [row for row in rows if called(row, words)]
    candidates = candidates or [row for row in rows if not called(row, others)] or list(rows)
    fits = {row: max(_hinge_fit(body, chain, row) for chain in chains) for row in candidates}
    hinge = max(fits, key=lambda row: fits[row])
    return {
        name: Limb(chain, hinge, fits[hinge]) for name, chain in zip(names, chains, strict=True)
    }


def _hinge_fit(body: Body, nodes: list[Node], row: int) -> float:
    """Return how well a joint fits an elbow or knee, 0 to 1."""
    halves = (
        nodes[row].at - nodes[min(1, row - 1)].at,
        body.links[far_end(body, nodes, row)] - nodes[row].at,
    )
    upper, lower = (float(np.linalg.norm(half)) for half in halves)
    if min(upper, lower) < 1e-3 or not nodes[row].axis.any():
        return 0.0
    square = max(
        abs(float(halves[0] @ nodes[row].axis)) / upper,
        abs(float(halves[1] @ nodes[row].axis)) / lower,
    )
    if square > _SQUARE:
        return 0.0
    off = (upper / (upper + lower) - _ELBOW) / _ELBOW_SPREAD
    return float(np.exp(-(off**2))) * (1.0 - square / 2)


def _check_arm(body: Body, chain: str, limb: Limb, other: Limb) -> None:
    """Refuse an arm that lacks a joint which it needs to point as a person's does."""
    who = f'got {body.urdf.path}, whose {chain.replace("_", " ")}'
    if limb.fit < _NO_HINGE:
        raise RobotError(
            f'{who} has no elbow: none of {", ".join(node.name for node in limb.nodes)} bends it '
            f'in the middle, square to both halves. Is the elbow fixed in the URDF?'
        )
    needed = limb.nodes[: limb.hinge + 1]
    for node, partner in zip(needed, other.nodes, strict=False):
        if node.twin != partner.name:
            raise RobotError(
                f'{who} has {node.name} where the other has {partner.name}; expected the same '
                f'joints down to the elbow. Is a joint of one arm fixed or missing in the URDF?'
            )
    lost = [f'{node.name} ({node.problem})' for node in needed if node.problem]
    shoulder = [node.axis for node in needed[:-1] if not node.problem]
    points = len(shoulder) >= _SHOULDER and np.linalg.svd(shoulder)[1][2] > _SPAN
    if lost and (needed[-1].problem or not points):
        raise RobotError(
            f'{who} cannot point as a person does without {", ".join(lost)}; expected joints of '
            f'type revolute with an axis, lower below upper, and no mimic. Mend the URDF'
        )


def far_end(body: Body, nodes: list[Node], hinge: int) -> str:
    """Return the link at the end of a forearm or shin.

    That of the first joint that is most of the distance from the hinge to the last joint; where no
    joint is away from the hinge, the link that is farthest.
    """
    away = [float(np.linalg.norm(node.at - nodes[hinge].at)) for node in nodes[hinge:]]
    if max(away) > _STUMP * body.height_m:
        number = next(i for i, far in enumerate(away) if far >= 0.6 * max(away))
        return nodes[hinge + number].joint.child
    return max(
        _moved(body, nodes[-1]),
        key=lambda link: float(np.linalg.norm(body.links[link] - nodes[hinge].at)),
    )


def _moved(body: Body, node: Node) -> list[str]:
    """Return the links that a joint moves, in the order of the file."""
    return [link for link in body.urdf.links if node.joint in body.urdf.joints_to(link)]


def _lateral(body: Body) -> list[tuple[Node, Node]]:
    """Return the first joints (left, right) of all chains that mirror each other."""
    pairs = []
    for node in body.nodes.values():
        if node.twin is None or _is_right(node, body.nodes[node.twin]):
            continue
        first = not node.above or body.nodes[node.above[-1]].twin is None
        turning = [joint for joint in _serial(body, node) if joint.joint.kind == 'revolute']
        if first and len(turning) >= _LEG:
            pairs.append((node, body.nodes[node.twin]))
    return pairs


def _is_right(node: Node, twin: Node) -> bool:
    """Return whether a joint is the right one of two, by their names, or else by their places."""
    sides = side_of(node.name) - side_of(twin.name)
    return sides < 0 or (sides == 0 and bool(node.at[1] <= twin.at[1]))


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
    lowest = min(body.links[link][2] for link in _moved(body, first))
    score = 1.0 if lowest - ground < 0.15 * body.height_m else -1.0
    score += 0.5 if not first.above else -0.5  # legs are on the root, arms on a trunk
    others = [other[0].at[2] for other in pairs if other is not pair]
    if others:  # the higher pair of two
        score += -1.0 if first.at[2] - min(others) > 0.1 * body.height_m else 1.0
    for limb, sign in (('left_leg', 1.5), ('left_arm', -1.5)):
        score += sign * sum(mentions(node.name, WORDS[limb]) for node in chain) / len(chain)
    return score


def _trunk(body: Body, limbs: dict[str, Limb]) -> list[Node]:
    """Return the joints between what stands still and the shoulders."""
    shoulder = limbs['left_arm'].nodes[0]
    if shoulder.above or 'left_leg' in limbs:
        hip = limbs['left_leg'].nodes[0].above if 'left_leg' in limbs else ()
        above = [body.nodes[name] for name in shoulder.above if name not in hip]
        return [node for node in above if node.twin is None]
    # The root carries the arms: the trunk may hang on it upside down, as Pepper's does.
    middle = [_serial(body, node) for node in body.below(None) if node.twin is None]
    low = shoulder.at[2] - 0.15 * body.height_m
    chain = max((chain for chain in middle if chain[-1].at[2] < low), key=len, default=[])
    return [node for node in chain[::-1] if not mentions(node.name, ('knee', 'wheel', 'ankle'))]


def _head(body: Body, shoulder: Node) -> list[Node]:
    """Return the chain in the middle that ends highest of those beside the shoulders.

    What carries a lidar and nothing else is no head.
    """
    chains = [
        _serial(body, node)
        for node in body.below(shoulder.above[-1] if shoulder.above else None)
        if node.twin is None
        and node.at[2] > shoulder.at[2] - 0.05 * body.height_m
        and abs(node.at[1]) < 0.05 * body.height_m
        and not carries_lidar(body, node)
    ]
    return max(chains, key=lambda chain: chain[-1].at[2], default=[])


def carries_lidar(body: Body, node: Node) -> bool:
    """Return whether a joint turns a lidar, and no head, by the names of what it moves."""
    moved = _moved(body, node)
    named = [mentions(name, _LIDAR) for name in (node.name, *moved)]
    return any(named) and not any(mentions(link, ('head', 'face', 'eye')) for link in moved)
