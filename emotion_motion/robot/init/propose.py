# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A configuration proposed for a humanoid that was never seen before, from its URDF alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import RobotError
from emotion_motion.robot.collision.model import capsule_model, rounded_capsules
from emotion_motion.robot.description.config import (
    ARMS,
    CHAINS,
    LIMB_ENDS,
    RobotBounds,
    RobotConfig,
)
from emotion_motion.robot.description.robot import aligned, pin, Robot
from emotion_motion.robot.description.urdf import read_urdf, Urdf, UrdfJoint
from emotion_motion.robot.init.limbs import carries_lidar, far_end, find_limbs, Limb
from emotion_motion.robot.init.roles import (
    Body,
    facing,
    mentions,
    read_body,
    side_of,
    turn_name,
    WORDS,
)
from emotion_motion.robot.retarget.bones import Bones
from emotion_motion.robot.retarget.directions import BodyDirections
from emotion_motion.robot.retarget.retargeter import Retargeter

__all__ = ['JointRole', 'Proposal', 'propose', 'settle']

_SURE = 0.5  # what is less sure is left out
_SETTLE_FRAMES = 100  # at 10 Hz
_WRIST = 0.1  # a wrist turned by a rad counts as much as limbs of that cosine less
_OVERLAP_M = 0.1  # capsules are deeper in each other only where shapes are wrong


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
        sources: what the capsules of each link were taken from, once there are some.
    """

    robot: Robot
    roles: tuple[JointRole, ...]
    left_out: dict[str, str]
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the robot."""
        return self.robot.config.name


def propose(urdf: str | Path, name: str | None = None, base: str | None = None) -> Proposal:
    """Find the roles of a humanoid's joints; its rest pose is still that of all joints at 0.

    Args:
        urdf: its description.
        name: of the robot; default that of the URDF.
        base: link that stands still, x forward, y left and z up; default one that is found.

    Raises:
        RobotError: it is no humanoid: it lacks arms or joints of them, has four legs, or no link
            faces x.
    """
    body = _upright_body(read_urdf(urdf), base)
    limbs = find_limbs(body)
    candidates = [role for chain, limb in limbs.items() for role in _roles(body, chain, limb)]
    roles = {role.joint: role for role in candidates if role.confidence >= _SURE}
    robot = Robot.build(_config(body, limbs, set(roles), name or body.urdf.name), body.urdf)
    unsure = {
        role.joint: f'perhaps {role.role}, confidence {role.confidence:.2f}'
        for role in candidates
        if role.joint not in roles
    }
    left_out = {
        name: unsure.get(name) or _why_not(body, joint)
        for name, joint in body.urdf.joints.items()
        if joint.moves and name not in roles
    }
    return Proposal(robot, tuple(roles.values()), left_out)


def settle(proposal: Proposal) -> Proposal:
    """Return the proposal with capsules, and a rest pose as a standing person's, free of contact.

    Arms come down from where they are stretched out to the sides, where nothing is near, from
    before the chest, and from where all joints are at 0. Fitting capsules takes seconds.

    Raises:
        RobotError: links are deep in each other in each of these poses.
    """
    capsules, sources = rounded_capsules(proposal.robot)
    urdf, config = proposal.robot.urdf, replace(proposal.robot.config, capsules=capsules)
    robot, person = Robot.build(config, urdf), load_skeleton('body_25').rest
    starts = [
        _settled(Retargeter(robot, 10.0, clearance=False), _stretched(s)) for s in (1.0, 0.1)
    ]
    wrists = {role.joint for role in proposal.roles if role.role.startswith('wrist')}
    straight = np.array([name in wrists for name in robot.names])
    starts = [np.where(straight, robot.rest, start) for start in (*starts, robot.rest)]
    # Out at the sides nothing is too near, so that the whole clearance counts.
    retargeter = Retargeter(_resting(robot, starts[0]), 10.0)
    poses = []
    for start in starts:
        retargeter.reset(start)
        poses.append(_settled(retargeter, person))
    bones, model = Bones(robot), capsule_model(retargeter.robot)
    wanted = BodyDirections(bones.names)(person)

    def badness(pose: np.ndarray) -> tuple[float, float]:
        depths = np.minimum(model.margins, 0.0) - model.distances(pose)
        astray = _WRIST * float(np.square(pose[straight]).sum())
        alike = float((bones.directions(pose) * wanted).sum())
        return max(0.0, round(float(depths.max(initial=0.0)), 2)), astray - alike

    robot = _resting(robot, min(poses, key=badness))
    worst = min(capsule_model(robot).pairs, key=lambda pair: pair.margin_m, default=None)
    if worst is not None and worst.margin_m < -_OVERLAP_M:
        raise RobotError(
            f'got {urdf.path}, whose {worst.first} and {worst.second} are '
            f'{-1e3 * worst.margin_m:.0f} mm in each other in every rest pose that was tried; '
            f'expected arms clear of the body. Is a <collision> of one larger than the robot?'
        )
    return replace(proposal, robot=robot, sources=sources)


def _stretched(outward: float) -> np.ndarray:
    """Return a standing person [25, 3] whose arms are stretched out forward and to the sides."""
    skeleton = load_skeleton('body_25')
    points = skeleton.rest.astype(np.float64)
    for arm, side in zip(ARMS, (1.0, -1.0), strict=True):
        rows = [skeleton.index(keypoint) for keypoint in LIMB_ENDS[arm]]
        lengths = np.linalg.norm(np.diff(points[rows], axis=0), axis=1)
        reach = np.array([0.0, lengths[0], lengths.sum()])[:, None]
        points[rows] = points[rows[0]] + reach * np.array((0.3, side * outward, 0.0))
    return points


def _settled(retargeter: Retargeter, keypoints: np.ndarray) -> np.ndarray:
    """Return the pose [J] that a robot comes to."""
    for _ in range(_SETTLE_FRAMES):
        pose = retargeter(keypoints)
    return pose


def _resting(robot: Robot, pose: np.ndarray) -> Robot:
    """Return the robot with a rest pose [J], rounded to what a file has."""
    named = zip(robot.names, np.round(pose, 2).tolist(), strict=True)
    rest = {name: value for name, value in named if value}
    return Robot.build(replace(robot.config, rest=rest), robot.urdf)


def _upright_body(urdf: Urdf, base: str | None) -> Body:
    """Return the body as it is seen from a link with x forward and z up.

    Raises:
        RobotError: there is no such link; the message says how to add one.
    """
    body = read_body(urdf, base)
    axes = facing(body)
    if np.allclose(axes, np.eye(3)):
        return body
    find_limbs(read_body(urdf, base, axes))  # what is no humanoid is refused as that
    fixed = [link for link in urdf.links if not any(joint.moves for joint in urdf.joints_to(link))]
    for link in fixed if base is None else ():
        if aligned(body.turns[link].T @ axes):
            return read_body(urdf, link)
    raise RobotError(_how_to_turn(body, base or urdf.root, axes))


def _how_to_turn(body: Body, link: str, axes: np.ndarray) -> str:
    """Return why a link cannot be the base, and a link fixed to it that can."""
    axes = np.round(body.turns[link].T @ axes, 6)
    forward, up = (
        f'{"-" if axis.min() < -0.5 else ""}{"xyz"[int(np.argmax(np.abs(axis)))]}'
        for axis in (axes[:, 0], axes[:, 2])
    )
    roll_pitch_yaw = ' '.join(f'{angle + 0.0:.6g}' for angle in pin.rpy.matrixToRpy(axes))
    return (
        f'got {body.urdf.path}, of whose link {link!r} {forward} points forward and {up} up by '
        f'the names of its joints; expected x forward, y left and z up (REP-103). Add this to the '
        f'URDF: <link name="upright"/><joint name="to_upright" type="fixed"><parent '
        f'link="{link}"/><child link="upright"/><origin rpy="{roll_pitch_yaw}"/></joint> and give '
        f'--base upright'
    )


def _why_not(body: Body, joint: UrdfJoint) -> str:
    """Return why a joint that moves has no role."""
    node = body.nodes.get(joint.name)
    if node is None:
        return joint.kind
    return node.problem or (
        'turns a lidar, no head' if carries_lidar(body, node) else 'part of no limb'
    )


def _roles(body: Body, chain: str, limb: Limb) -> list[JointRole]:
    """Return the roles of a chain's joints: a third each for symmetry, geometry and name."""
    middle = chain in ('trunk', 'head')
    side = 0 if middle else 1 if chain.startswith('left') else -1
    roles = []
    for row, node in enumerate(limb.nodes):
        if node.problem:
            continue
        part, fit = _part(chain, limb, row)
        even = abs(node.at[1]) < 0.03 * body.height_m if middle else node.twin is not None
        name_fit = 1.0 if mentions(node.name, WORDS[chain]) else 0.5
        if side * side_of(node.name) < 0:
            name_fit = 0.0
        confidence = (float(even) + fit + name_fit) / 3.0
        roles.append(JointRole(node.name, chain, f'{part} {turn_name(node.axis)}', confidence))
    return roles


def _part(chain: str, limb: Limb, row: int) -> tuple[str, float]:
    """Return which part a joint turns, and how well its axis and place fit, 0 to 1."""
    if chain in ('trunk', 'head'):
        return ('waist' if chain == 'trunk' else 'neck'), 1.0
    parts = ('shoulder', 'elbow', 'wrist') if chain in ARMS else ('hip', 'knee', 'ankle')
    beyond = row > limb.hinge
    return parts[int(np.sign(row - limb.hinge)) + 1], 0.5 + 0.5 * limb.fit if beyond else limb.fit


def _config(body: Body, limbs: dict[str, Limb], sure: set[str], name: str) -> RobotConfig:
    return RobotConfig(
        name=name,
        description=f'proposed by robot init from {body.urdf.path.name}',
        urdf=str(body.urdf.path.resolve()),
        base=_base(body, limbs),
        chains={
            chain: tuple(node.name for node in limbs[chain].nodes if node.name in sure)
            if chain in limbs
            else ()
            for chain in CHAINS
        },
        keypoints={keypoint: (link, (0.0, 0.0, 0.0)) for keypoint, link in _links(body, limbs)},
        limits=RobotBounds(velocity_rad_s=1.5, acceleration_rad_s2=10.0, jerk_rad_s3=100.0),
    )


def _links(body: Body, limbs: dict[str, Limb]) -> Iterator[tuple[str, str]]:
    """Yield the keypoints and the links that play them."""
    for chain, limb in limbs.items():
        if chain in LIMB_ENDS:
            rows = (min(1, limb.hinge - 1), limb.hinge)
            links = [limb.nodes[row].joint.child for row in rows]
            links.append(far_end(body, limb.nodes, limb.hinge))
            yield from zip(LIMB_ENDS[chain], links, strict=True)
    yield 'Neck', limbs['left_arm'].nodes[0].joint.parent
    heads = [link for link in body.urdf.links if mentions(link, ('head',))]
    if limbs['head'].nodes:
        yield 'Nose', limbs['head'].nodes[-1].joint.child
    elif heads:  # one that does not turn
        yield 'Nose', heads[0]


def _base(body: Body, limbs: dict[str, Limb]) -> str:
    """Return the link that stands still: what carries the legs, or the end of a trunk below.

    Where that faces another way, it is a link that is fixed to it and does not.
    """
    if body.base is not None:
        return body.base
    urdf, trunk = body.urdf, limbs['trunk'].nodes
    carrier = urdf.root
    if 'left_leg' in limbs:
        carrier = limbs['left_leg'].nodes[0].joint.parent
    elif trunk:
        joint = trunk[0].joint
        carrier = joint.parent if limbs['left_arm'].nodes[0].above else joint.child

    def moving(link: str) -> list[str]:
        return [joint.name for joint in urdf.joints_to(link) if joint.moves]

    fixed = [link for link in urdf.links if moving(link) == moving(carrier)]
    for link in (carrier, *fixed):
        if aligned(body.turns[link]):
            return link
    raise RobotError(_how_to_turn(body, carrier, np.eye(3)))
