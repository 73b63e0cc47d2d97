# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A configuration proposed for a humanoid that was never seen before, from its URDF alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.robot.description.config import (
    ARMS,
    CHAINS,
    LIMB_ENDS,
    RobotBounds,
    RobotConfig,
)
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.description.urdf import read_urdf
from emotion_motion.robot.init.limbs import far_end, find_limbs, hinge_of
from emotion_motion.robot.init.roles import (
    Body,
    mentions,
    Node,
    read_body,
    side_of,
    turn_name,
    WORDS,
)
from emotion_motion.robot.retarget.retargeter import Retargeter

__all__ = ['JointRole', 'Proposal', 'propose']

_SURE = 0.5  # what is less sure is left out
_SETTLE_FRAMES = 300


@dataclass(frozen=True)
class JointRole:
    """What a joint is taken for.

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


def propose(urdf: str | Path, name: str | None = None) -> Proposal:
    """Find the roles of a humanoid's joints.

    Args:
        urdf: its description.
        name: of the robot; default that of the URDF.

    Raises:
        RobotError: it is no humanoid: it lacks arms, has four legs, or faces another way than x.
    """
    body = read_body(read_urdf(urdf))
    limbs = find_limbs(body)
    candidates = [role for chain, nodes in limbs.items() for role in _roles(body, chain, nodes)]
    roles = {role.joint: role for role in candidates if role.confidence >= _SURE}
    config = _config(body, limbs, set(roles), name or body.urdf.name)
    robot = _with_rest(Robot.build(config, body.urdf))
    unsure = {
        role.joint: f'perhaps {role.role}, confidence {role.confidence:.2f}'
        for role in candidates
        if role.joint not in roles
    }
    left_out = {
        joint: unsure.get(joint) or body.ignored.get(joint, 'part of no limb')
        for joint in body.urdf.joints
        if body.urdf.joints[joint].moves and joint not in roles
    }
    return Proposal(robot, tuple(roles.values()), left_out)


def _roles(body: Body, chain: str, nodes: list[Node]) -> list[JointRole]:
    """Return the roles of a chain's joints: a third each for symmetry, geometry and name."""
    middle = chain in ('trunk', 'head')
    side = 0 if middle else 1 if chain.startswith('left') else -1
    roles = []
    for node, (part, fit) in zip(nodes, _parts(body, chain, nodes), strict=True):
        even = abs(node.at[1]) < 0.03 * body.height_m if middle else node.twin is not None
        name_fit = 1.0 if mentions(node.name, WORDS[chain]) else 0.5
        if side * side_of(node.name) < 0:
            name_fit = 0.0
        confidence = (float(even) + fit + name_fit) / 3.0
        roles.append(JointRole(node.name, chain, f'{part} {turn_name(node.axis)}', confidence))
    return roles


def _parts(body: Body, chain: str, nodes: list[Node]) -> list[tuple[str, float]]:
    """Return which part each joint turns, and how well its axis and place fit, 0 to 1."""
    if chain in ('trunk', 'head'):
        return [('waist' if chain == 'trunk' else 'neck', 1.0)] * len(nodes)
    hinge, fit = hinge_of(body, nodes)
    upper, middle, lower = (
        ('shoulder', 'elbow', 'wrist') if chain in ARMS else ('hip', 'knee', 'ankle')
    )
    beyond = len(nodes) - hinge - 1
    return [*[(upper, fit)] * hinge, (middle, fit), *[(lower, 0.5 + 0.5 * fit)] * beyond]


def _config(body: Body, limbs: dict[str, list[Node]], sure: set[str], name: str) -> RobotConfig:
    return RobotConfig(
        name=name,
        description=f'proposed by robot init from {body.urdf.path.name}',
        urdf=str(body.urdf.path.resolve()),
        base=_base(body, limbs),
        chains={
            chain: tuple(node.name for node in limbs.get(chain, []) if node.name in sure)
            for chain in CHAINS
        },
        keypoints={keypoint: (link, (0.0, 0.0, 0.0)) for keypoint, link in _links(body, limbs)},
        limits=RobotBounds(velocity_rad_s=1.5, acceleration_rad_s2=10.0, jerk_rad_s3=100.0),
    )


def _links(body: Body, limbs: dict[str, list[Node]]) -> Iterator[tuple[str, str]]:
    """Yield the keypoints and the links that play them."""
    for chain, nodes in limbs.items():
        if chain in LIMB_ENDS and nodes:
            hinge, _ = hinge_of(body, nodes)
            upper, middle = (nodes[row].joint.child for row in (min(1, hinge - 1), hinge))
            yield from zip(
                LIMB_ENDS[chain], (upper, middle, far_end(body, nodes, hinge)), strict=True
            )
    yield 'Neck', limbs['left_arm'][0].joint.parent
    heads = [link for link in body.urdf.links if mentions(link, ('head',))]
    if limbs.get('head'):
        yield 'Nose', limbs['head'][-1].joint.child
    elif heads:  # one that does not turn
        yield 'Nose', heads[0]


def _base(body: Body, limbs: dict[str, list[Node]]) -> str:
    """Return the link that stands still: what carries the legs, or the end of a trunk below."""
    if 'left_leg' in limbs:
        return limbs['left_leg'][0].joint.parent
    if not limbs['trunk']:
        return body.urdf.root
    joint = limbs['trunk'][0].joint
    return joint.parent if limbs['left_arm'][0].above else joint.child


def _with_rest(robot: Robot) -> Robot:
    """Return the robot with a rest pose as a standing person's, as far as it can stand so."""
    retargeter = Retargeter(robot, 10.0, clearance=False)
    rest = load_skeleton('body_25').rest
    for _ in range(_SETTLE_FRAMES):
        pose = retargeter(rest)
    named = {
        name: round(float(value), 2)
        for name, value in zip(robot.names, pose, strict=True)
        if abs(value) >= 0.01
    }
    return Robot.build(replace(robot.config, rest=named), robot.urdf)
