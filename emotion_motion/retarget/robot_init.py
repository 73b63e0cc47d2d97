# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A configuration proposed for a humanoid that was never seen before, from its URDF alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from emotion_motion.exceptions import RobotError
from emotion_motion.retarget.joint_roles import (
    about,
    Body,
    mentions,
    Node,
    read_body,
    side_of,
    WORDS,
)  # fmt: skip
from emotion_motion.retarget.limb_parts import far_end, hinge_of
from emotion_motion.retarget.retargeter import Retargeter
from emotion_motion.retarget.robot import Robot
from emotion_motion.retarget.robot_config import ARMS, CHAINS, JointBounds, LEGS, RobotConfig
from emotion_motion.retarget.urdf import read_urdf
from emotion_motion.skeleton import load_skeleton

__all__ = ['JointRole', 'Proposal', 'propose']

_SURE = 0.5  # what is less sure is left out
_LIMB = 3  # joints that an arm or a leg has at least
_SETTLE = 300
_HAND = ('hand', 'gripper', 'finger', 'thumb')


@dataclass(frozen=True)
class JointRole:
    """What a joint is thought to be.

    Attributes:
        joint: its name.
        chain: that it is part of.
        role: in words, as in 'elbow pitch'.
        confidence: from 0 to 1.
    """

    joint: str
    chain: str
    role: str
    confidence: float


@dataclass(frozen=True, eq=False)
class Proposal:
    """A configuration with the reasons for it.

    Attributes:
        robot: put together from it.
        roles: of the joints that are in its chains.
        left_out: the other joints that turn, and why.
    """

    robot: Robot
    roles: tuple[JointRole, ...]
    left_out: dict[str, str]

    @property
    def name(self) -> str:
        """Name of the robot."""
        return self.robot.config.name

    def lines(self) -> list[str]:
        """Return what to print: each joint with its role, how sure that is, what is left out."""
        found = [f'{self.name}: {self.robot.urdf.path}, {len(self.roles)} joints told']
        for chain in CHAINS:
            roles = [role for role in self.roles if role.chain == chain]
            found.append(f'  {chain}: {"none" if not roles else ""}'.rstrip())
            found += [
                f'    {role.joint:32s} {role.role:24s} confidence {role.confidence:.2f}'
                for role in roles
            ]
        for keypoint, (link, _) in self.robot.config.keypoints.items():
            found.append(f'  {keypoint}: {link}')
        if self.left_out:
            found.append('  left out:')
            found += [f'    {joint:32s} {why}' for joint, why in self.left_out.items()]
        return found


def propose(urdf: str | Path, name: str | None = None) -> Proposal:
    """Tell the roles of a humanoid's joints.

    Args:
        urdf: its description.
        name: of the robot; default that of the URDF.

    Raises:
        RobotError: it is no humanoid: it lacks arms, has four legs, or faces another way than x.
    """
    body = read_body(read_urdf(urdf))
    limbs = _limbs(body)
    roles = [role for chain, nodes in limbs.items() for role in _roles(body, chain, nodes)]
    unsure = {
        role.joint: f'perhaps {role.role}, confidence {role.confidence:.2f}'
        for role in roles if role.confidence < _SURE
    }  # fmt: skip
    roles = [role for role in roles if role.confidence >= _SURE]
    config = _config(body, limbs, roles, name or body.urdf.name)
    robot = _with_rest(Robot.build(config, body.urdf))
    told = {role.joint for role in roles}
    left_out = {
        joint: unsure.get(joint) or body.ignored.get(joint, 'part of no limb')
        for joint in body.urdf.joints
        if body.urdf.joints[joint].moves and joint not in told
    }
    return Proposal(robot, tuple(roles), left_out)


def _limbs(body: Body) -> dict[str, list[Node]]:
    """Return the joints of each chain, from the trunk outwards."""
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


def _roles(body: Body, chain: str, nodes: list[Node]) -> list[JointRole]:
    """Return the roles of a chain's joints: a third each for symmetry, geometry and name."""
    parts = _parts(body, chain, nodes)
    found = []
    for node, (part, fits) in zip(nodes, parts, strict=True):
        middle = chain in ('trunk', 'head')
        even = abs(node.at[1]) < 0.03 * body.height_m if middle else node.twin is not None
        side = 0 if middle else 1 if chain.startswith('left') else -1
        named = mentions(node.name, WORDS[chain])
        other_side = side * side_of(node.name) < 0
        name_says = 0.0 if other_side else 1.0 if named else 0.5
        confidence = (float(even) + fits + name_says) / 3.0
        found.append(JointRole(node.name, chain, f'{part} {about(node.axis)}', confidence))
    return found


def _parts(body: Body, chain: str, nodes: list[Node]) -> list[tuple[str, float]]:
    """Return which part each joint turns, and how well its axis and place fit, 0 to 1."""
    if chain in ('trunk', 'head'):
        return [('waist' if chain == 'trunk' else 'neck', 1.0)] * len(nodes)
    hinge, fit = hinge_of(body, nodes)
    upper, middle, lower = (
        ('shoulder', 'elbow', 'wrist') if chain in ARMS else ('hip', 'knee', 'ankle')
    )
    return [
        (upper, fit) if i < hinge else (middle, fit) if i == hinge else (lower, 0.5 + 0.5 * fit)
        for i in range(len(nodes))
    ]


def _config(
    body: Body, limbs: dict[str, list[Node]], roles: list[JointRole], name: str
) -> RobotConfig:
    sure = {role.joint for role in roles}
    chains = {
        chain: tuple(node.name for node in limbs.get(chain, []) if node.name in sure)
        for chain in CHAINS
    }
    keypoints = {}
    for chain, ends in (
        ('left_arm', ('LShoulder', 'LElbow', 'LWrist')),
        ('right_arm', ('RShoulder', 'RElbow', 'RWrist')),
        ('left_leg', ('LHip', 'LKnee', 'LAnkle')),
        ('right_leg', ('RHip', 'RKnee', 'RAnkle')),
    ):
        if nodes := limbs.get(chain):
            hinge, _ = hinge_of(body, nodes)
            links = [nodes[number].joint.child for number in (min(1, hinge - 1), hinge)]
            for end, link in zip(ends, [*links, far_end(body, nodes, hinge)], strict=True):
                keypoints[end] = (link, (0.0, 0.0, 0.0))
    shoulder = limbs['left_arm'][0]
    keypoints['Neck'] = (shoulder.joint.parent, (0.0, 0.0, 0.0))
    head = limbs.get('head')
    fixed = [link for link in body.urdf.links if mentions(link, ('head',))]
    if head:
        keypoints['Nose'] = (head[-1].joint.child, (0.0, 0.0, 0.0))
    elif fixed:
        keypoints['Nose'] = (fixed[0], (0.0, 0.0, 0.0))
    return RobotConfig(
        name=name,
        description=f'proposed by robot init from {body.urdf.path.name}',
        urdf=str(body.urdf.path.resolve()),
        base=_base(body, limbs, shoulder),
        chains=chains,
        controlled=('trunk', 'head', *ARMS),
        keypoints=keypoints,
        limits=JointBounds(
            velocity_rad_s=1.5, acceleration_rad_s2=10.0, jerk_rad_s3=100.0
        ),
    )  # fmt: skip


def _base(body: Body, limbs: dict[str, list[Node]], shoulder: Node) -> str:
    """Return the link that stands still: what carries the legs, or the end of a trunk below."""
    if 'left_leg' in limbs:
        return limbs['left_leg'][0].joint.parent
    trunk = limbs['trunk']
    if trunk and not shoulder.above:
        return trunk[0].joint.child
    return trunk[0].joint.parent if trunk else body.urdf.root


def _with_rest(robot: Robot) -> Robot:
    """Return the robot with a rest pose as a standing person's, as far as it can stand so."""
    retargeter = Retargeter(robot, 10.0, clearance=False)
    rest = load_skeleton('body_25').rest
    for _ in range(_SETTLE):
        pose = retargeter(rest)
    named = {
        name: round(float(value), 2) for name, value in zip(robot.names, pose, strict=True)
        if abs(value) >= 0.01
    }  # fmt: skip
    return Robot.build(replace(robot.config, rest=named), robot.urdf)
