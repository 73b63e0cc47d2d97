# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot's driven joints with their places, axes, partners on the other side, and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import re

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.config import ARMS, LEGS
from emotion_motion.robot.description.robot import pin, read_model
from emotion_motion.robot.description.urdf import Urdf, UrdfJoint

__all__ = ['Body', 'Node', 'WORDS', 'mentions', 'read_body', 'side_of', 'turn_name']

# What joints and links of a part are called, in whatever spelling.
_ARM = ('arm', 'shoulder', 'elbow', 'wrist', 'forearm', 'upperarm', 'hand', 'gripper')
_LEG = ('leg', 'hip', 'knee', 'ankle', 'thigh', 'calf', 'shin', 'foot', 'haa', 'hfe', 'kfe')
WORDS = {
    'trunk': ('waist', 'torso', 'trunk', 'spine', 'chest', 'body', 'hip', 'back', 'lumbar'),
    'head': ('head', 'neck'),
    **dict.fromkeys(ARMS, _ARM),
    **dict.fromkeys(LEGS, _LEG),
}
_PLACE = 0.03  # a mirrored joint is within this share of the robot's height of its place
_AXIS = 0.9  # cosine of two axes that are the same
_MIRROR = np.array((1.0, -1.0, 1.0))


@dataclass(frozen=True, eq=False)
class Node:
    """A joint that can be driven, in the pose in which all are 0 or next to it.

    Attributes:
        joint: as the URDF describes it.
        at: place of its axis [3] [m].
        axis: [3].
        above: the driven joints between the root and it.
        twin: name of the joint on the other side, None for none.
    """

    joint: UrdfJoint
    at: np.ndarray
    axis: np.ndarray
    above: tuple[str, ...] = ()
    twin: str | None = None

    @property
    def name(self) -> str:
        """Name of the joint."""
        return self.joint.name


@dataclass(frozen=True, eq=False)
class Body:
    """A robot's driven joints and where everything is.

    Attributes:
        urdf: its description.
        nodes: the joints by name, nearer to the root first.
        links: place of each link [3] [m].
        height_m: between its lowest and highest link.
        ignored: why joints are not among the nodes.
    """

    urdf: Urdf
    nodes: dict[str, Node]
    links: dict[str, np.ndarray]
    height_m: float
    ignored: dict[str, str]

    def below(self, name: str | None) -> list[Node]:
        """Return the joints next below a joint, or below the root for None."""
        return [node for node in self.nodes.values() if (node.above or (None,))[-1] == name]


def read_body(urdf: Urdf) -> Body:
    """Return the driven joints of a robot with their partners.

    Raises:
        RobotError: Pinocchio cannot read the URDF, or nothing in it turns.
    """
    model = read_model(urdf)
    q, data = pin.neutral(model), model.createData()
    for number in range(1, model.njoints):
        described = urdf.joints.get(model.names[number])
        if model.joints[number].nq == 1 and described and described.kind != 'continuous':
            q[model.joints[number].idx_q] = described.clipped(0.0)
    pin.framesForwardKinematics(model, data, q)
    placed = {link: data.oMf[model.getFrameId(link, pin.FrameType.BODY)] for link in urdf.links}
    links = {link: np.array(frame.translation) for link, frame in placed.items()}
    reasons = {joint.name: _undrivable(joint) for joint in urdf.joints.values() if joint.moves}
    nodes: dict[str, Node] = {}
    for joint in urdf.joints.values():
        if reasons.get(joint.name) == '':
            axis = placed[joint.child].rotation @ joint.axis
            nodes[joint.name] = Node(joint, links[joint.child], axis / np.linalg.norm(axis))
    if not nodes:
        raise RobotError(f'got {urdf.path}, in which no joint turns; expected a humanoid')
    for name, node in nodes.items():
        above = [joint.name for joint in urdf.joints_to(node.joint.parent)]
        nodes[name] = replace(node, above=tuple(joint for joint in above if joint in nodes))
    nodes = dict(sorted(nodes.items(), key=lambda item: len(item[1].above)))
    height_m = float(np.ptp([place[2] for place in links.values()]))
    twins = {name: _twin(node, nodes, height_m) for name, node in nodes.items()}
    nodes = {name: replace(node, twin=twins[name]) for name, node in nodes.items()}
    ignored = {joint: reason for joint, reason in reasons.items() if reason}
    return Body(urdf, nodes, links, height_m, ignored)


def turn_name(axis: np.ndarray) -> str:
    """Return what a turn about an axis [3] is called: roll, pitch, yaw, or mostly one of them."""
    names = ('roll', 'pitch', 'yaw')
    strong = int(np.argmax(np.abs(axis)))
    return names[strong] if abs(axis[strong]) > _AXIS else f'mostly {names[strong]}'


def mentions(name: str, words: Sequence[str]) -> bool:
    """Return whether a name has one of some words in it, however it is spelt."""
    return any(word in re.sub(r'[^a-z]', '', name.lower()) for word in words)


def side_of(name: str) -> int:
    """Return 1 for a name that says left, -1 for right, 0 for neither."""
    parts = re.sub(r'([a-z])([A-Z])', r'\1 \2', name)
    words = re.split(r'[^a-zA-Z]+', parts.lower())
    if 'left' in parts.lower() or 'l' in words or re.match(r'L[A-Z]', name):
        return 1
    if 'right' in parts.lower() or 'r' in words or re.match(r'R[A-Z]', name):
        return -1
    return 0


def _undrivable(joint: UrdfJoint) -> str:
    """Return why a joint that moves is not to be driven, '' where it can be."""
    if joint.mimics is not None:
        return f'mimics {joint.mimics}'
    if joint.kind != 'revolute':
        return joint.kind
    if joint.lower is None or joint.upper is None or not joint.lower < joint.upper:
        return 'has no room between its limits'
    if joint.velocity is not None and not joint.velocity > 0.0:
        return 'has a speed limit of 0'
    return ''


def _twin(node: Node, nodes: dict[str, Node], height_m: float) -> str | None:
    """Return the joint that is as far from the root, at the mirrored place."""

    def distance(other: Node) -> float:
        return float(np.linalg.norm(other.at - node.at * _MIRROR))

    candidates = [
        other
        for other in nodes.values()
        if other.name != node.name
        and len(other.above) == len(node.above)
        and distance(other) < _PLACE * height_m
        and abs(float((other.axis * _MIRROR) @ node.axis)) > _AXIS
        and _differ_by_side(node.name, other.name)
    ]
    twin = min(candidates, key=distance, default=None)
    return None if twin is None else twin.name


def _differ_by_side(one: str, other: str) -> bool:
    """Return whether two names may be of two sides: not both of the same one or of the middle."""
    sides = side_of(one), side_of(other)
    return sides == (0, 0) or sides[0] != sides[1]
