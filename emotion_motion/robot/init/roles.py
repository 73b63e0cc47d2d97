# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Roles of joints, told from the tree, the axes, the symmetry of left and right, and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import re
from typing import Any

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.pinocchio_module import load_pinocchio
from emotion_motion.robot.description.urdf import Urdf, UrdfJoint

__all__ = ['Body', 'Node', 'WORDS', 'about', 'mentions', 'read_body']

# What joints and links of a part are called, in whatever spelling.
WORDS = {
    'left_arm': ('arm', 'shoulder', 'elbow', 'wrist', 'forearm', 'upperarm', 'hand', 'gripper'),
    'left_leg': (
        'leg',
        'hip',
        'knee',
        'ankle',
        'thigh',
        'calf',
        'shin',
        'foot',
        'haa',
        'hfe',
        'kfe',
    ),
    'trunk': ('waist', 'torso', 'trunk', 'spine', 'chest', 'body', 'hip', 'back', 'lumbar'),
    'head': ('head', 'neck'),
}
WORDS['right_arm'], WORDS['right_leg'] = WORDS['left_arm'], WORDS['left_leg']
_PLACE = 0.03  # a mirrored joint is found within this share of the robot's height
_AXIS = 0.9  # cosine of two axes that are the same


@dataclass(frozen=True, eq=False)
class Node:
    """A joint that can be driven, in the pose in which all are 0 or next to it.

    Attributes:
        joint: as the URDF describes it.
        at: place of its axis [3] [m].
        axis: [3].
        above: the driven joints on the way from the root to it.
        twin: name of the joint on the other side, None for none.
    """

    joint: UrdfJoint
    at: np.ndarray
    axis: np.ndarray
    above: tuple[str, ...]
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
        return [
            node
            for node in self.nodes.values()
            if (node.above[-1] if node.above else None) == name
        ]


def read_body(urdf: Urdf) -> Body:
    """Return the driven joints of a robot with their partners.

    Raises:
        RobotError: Pinocchio cannot read the URDF, or nothing in it turns.
    """
    pin = load_pinocchio()
    try:
        model = pin.buildModelFromXML(urdf.text)
    except (ValueError, RuntimeError) as error:
        raise RobotError(f'got {urdf.path}, which Pinocchio cannot read ({error})') from error
    data, ignored = model.createData(), {}
    pin.framesForwardKinematics(model, data, _upright(model, urdf))
    links = {
        link: np.array(data.oMf[model.getFrameId(link, pin.FrameType.BODY)].translation)
        for link in urdf.links
    }
    nodes: dict[str, Node] = {}
    for joint in urdf.joints.values():
        why = _undrivable(joint)
        if why is not None:
            if joint.moves:
                ignored[joint.name] = why
            continue
        placed = data.oMf[model.getFrameId(joint.child, pin.FrameType.BODY)]
        axis = placed.rotation @ _axis(urdf, joint.name)
        nodes[joint.name] = Node(joint, np.array(placed.translation), axis, ())
    if not nodes:
        raise RobotError(f'got {urdf.path}, in which no joint turns; expected a humanoid')
    height = float(np.ptp([place[2] for place in links.values()]))
    nodes = {
        node.name: Node(node.joint, node.at, node.axis, _above(urdf, node, nodes))
        for node in nodes.values()
    }
    nodes = dict(sorted(nodes.items(), key=lambda item: len(item[1].above)))
    return Body(urdf, _paired(nodes, height), links, height, ignored)


def about(axis: np.ndarray) -> str:
    """Return what a turn about an axis [3] is called: roll, pitch, yaw, or a mixture."""
    names = ('roll', 'pitch', 'yaw')
    strong = int(np.argmax(np.abs(axis)))
    return names[strong] if abs(axis[strong]) > _AXIS else f'mostly {names[strong]}'


def mentions(name: str, words: Sequence[str]) -> bool:
    """Return whether a name has one of some words in it, however it is spelt."""
    parts = re.sub(r'([a-z])([A-Z])', r'\1 \2', name).lower()
    return any(word in re.sub(r'[^a-z]', '', parts) for word in words)


def side_of(name: str) -> int:
    """Return 1 for a name that says left, -1 for right, 0 for neither."""
    parts = re.sub(r'([a-z])([A-Z])', r'\1 \2', name)
    words = re.split(r'[^a-zA-Z]+', parts.lower())
    if 'left' in parts.lower() or 'l' in words or re.match(r'L[A-Z]', name):
        return 1
    if 'right' in parts.lower() or 'r' in words or re.match(r'R[A-Z]', name):
        return -1
    return 0


def _upright(model: Any, urdf: Urdf) -> np.ndarray:
    """Return the configuration with every joint at 0, or at the limit next to it."""
    q = load_pinocchio().neutral(model)
    for number in range(1, model.njoints):
        joint, described = model.joints[number], urdf.joints.get(model.names[number])
        if joint.nq == 1 and described is not None and described.kind != 'continuous':
            low, high = described.lower, described.upper
            if low is not None and high is not None and low <= high:
                q[joint.idx_q] = np.clip(0.0, low, high)
    return np.asarray(q)


def _undrivable(joint: UrdfJoint) -> str | None:
    """Return why a joint is not to be driven, None where it can be."""
    if not joint.moves:
        return 'fixed'
    if joint.mimics is not None:
        return f'mimics {joint.mimics}'
    if joint.kind != 'revolute':
        return joint.kind
    if joint.lower is None or joint.upper is None or not joint.lower < joint.upper:
        return 'has no room between its limits'
    if joint.velocity is not None and not joint.velocity > 0.0:
        return 'has a speed limit of 0'
    return None


def _axis(urdf: Urdf, name: str) -> np.ndarray:
    """Return the axis [3] of a joint in the frame of its child link."""
    import xml.etree.ElementTree as ET

    root = ET.fromstring(urdf.text.encode())
    joint = next(each for each in root.findall('joint') if each.get('name') == name)
    element = joint.find('axis')
    axis = np.array(
        [float(x) for x in ('1 0 0' if element is None else element.get('xyz', '1 0 0')).split()]
    )
    return np.asarray(axis / np.linalg.norm(axis))


def _above(urdf: Urdf, node: Node, nodes: dict[str, Node]) -> tuple[str, ...]:
    way = urdf.way(node.joint.parent)
    return tuple(joint.name for joint in way if joint.name in nodes)


def _paired(nodes: dict[str, Node], height_m: float) -> dict[str, Node]:
    """Return the joints with the partner of each: as far from the root, at the mirrored place."""
    found = {}
    for node in nodes.values():
        mirrored = node.at * [1.0, -1.0, 1.0]
        others = [
            other
            for other in nodes.values()
            if other.name != node.name
            and len(other.above) == len(node.above)
            and np.linalg.norm(other.at - mirrored) < _PLACE * height_m
            and abs(float((other.axis * [1.0, -1.0, 1.0]) @ node.axis)) > _AXIS
            and _differ_by_side(node.name, other.name)
        ]
        twin = min(
            others, key=lambda other: float(np.linalg.norm(other.at - mirrored)), default=None
        )
        found[node.name] = Node(
            node.joint, node.at, node.axis, node.above, None if twin is None else twin.name
        )
    return found


def _differ_by_side(one: str, other: str) -> bool:
    """Return whether two names may be of two sides: not both of the same one or of the middle."""
    sides = side_of(one), side_of(other)
    return sides == (0, 0) or sides[0] != sides[1]
