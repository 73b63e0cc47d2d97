# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A configuration proposed for a humanoid that was never seen before, from its URDF alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.robot.description.config import ARMS, CHAINS, JointBounds, RobotConfig
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.description.urdf import read_urdf
from emotion_motion.robot.init.limbs import far_end, find_limbs, hinge_of
from emotion_motion.robot.init.roles import about, Body, mentions, Node, read_body, side_of, WORDS
from emotion_motion.robot.retarget.retargeter import Retargeter

__all__ = ['JointRole', 'Proposal', 'propose']

_SURE = 0.5  # what is less sure is left out
_SETTLE = 300


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
    limbs = find_limbs(body)
    roles = [role for chain, nodes in limbs.items() for role in _roles(body, chain, nodes)]
    unsure = {
        role.joint: f'perhaps {role.role}, confidence {role.confidence:.2f}'
        for role in roles
        if role.confidence < _SURE
    }
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
        limits=JointBounds(velocity_rad_s=1.5, acceleration_rad_s2=10.0, jerk_rad_s3=100.0),
    )


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
        name: round(float(value), 2)
        for name, value in zip(robot.names, pose, strict=True)
        if abs(value) >= 0.01
    }
    return Robot.build(replace(robot.config, rest=named), robot.urdf)
