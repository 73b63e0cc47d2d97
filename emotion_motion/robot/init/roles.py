# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot's joints that turn: places, axes, partners on the other side, names, and problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import re

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.config import ARMS, LEGS
from emotion_motion.robot.description.robot import pin, read_model
from emotion_motion.robot.description.urdf import Urdf, UrdfJoint

__all__ = ['Body', 'Node', 'WORDS', 'facing', 'mentions', 'read_body', 'side_of', 'turn_name']

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
_CLEAR = 0.8  # share of a vector along an axis that makes the axis its
_MIRROR = np.array((1.0, -1.0, 1.0))


@dataclass(frozen=True, eq=False)
class Node:
    """A joint that turns, in the pose in which all are 0 or next to it.

    Attributes:
        joint: as the URDF describes it.
        at: place of its axis [3] [m].
        axis: [3]; 0 where the URDF gives none.
        problem: why it cannot be driven, '' where it can be.
        above: the joints that turn between the root and it.
        twin: name of the joint on the other side, None for none.
    """

    joint: UrdfJoint
    at: np.ndarray
    axis: np.ndarray
    problem: str = ''
    above: tuple[str, ...] = ()
    twin: str | None = None

    @property
    def name(self) -> str:
        """Name of the joint."""
        return self.joint.name


@dataclass(frozen=True, eq=False)
class Body:
    """A robot's joints that turn and where everything is, seen from one of its links.

    Attributes:
        urdf: its description.
        nodes: the joints by name, nearer to the root first. Those that cannot be driven are there
            too: what is above and below a joint does not change by its being unusable.
        links: place of each link [3] [m].
        turns: rotation of each link [3, 3].
        height_m: between its lowest and highest link.
        base: the link from which it is seen, None for the root.
    """

    urdf: Urdf
    nodes: dict[str, Node]
    links: dict[str, np.ndarray]
    turns: dict[str, np.ndarray]
    height_m: float
    base: str | None = None

    def below(self, name: str | None) -> list[Node]:
        """Return the joints next below a joint, or below the root for None."""
        return [node for node in self.nodes.values() if (node.above or (None,))[-1] == name]


def read_body(urdf: Urdf, base: str | None = None, axes: np.ndarray | None = None) -> Body:
    """Return the joints of a robot that turn, with their partners.

    Args:
        urdf: the robot's description.
        base: link from which everything is seen; default the root.
        axes: forward, left and up in the frame of that link [3, 3], in columns; default x, y, z.

    Raises:
        RobotError: Pinocchio cannot read the URDF, it has no such link, or nothing in it turns.
    """
    if base is not None and base not in urdf.links:
        raise RobotError(
            f'got the base {base!r}; expected a link of {urdf.path}: {", ".join(urdf.links)}'
        )
    model = read_model(urdf)
    q, data = pin.neutral(model), model.createData()
    for number in range(1, model.njoints):
        described = urdf.joints.get(model.names[number])
        if model.joints[number].nq == 1 and described and described.kind != 'continuous':
            q[model.joints[number].idx_q] = described.clipped(0.0)
    pin.framesForwardKinematics(model, data, q)
    placed = {link: data.oMf[model.getFrameId(link, pin.FrameType.BODY)] for link in urdf.links}
    seen_from = placed[base or urdf.root] * pin.SE3(
        np.eye(3) if axes is None else axes, np.zeros(3)
    )
    placed = {link: seen_from.actInv(frame) for link, frame in placed.items()}
    links = {link: np.array(frame.translation) for link, frame in placed.items()}
    turns = {link: np.array(frame.rotation) for link, frame in placed.items()}
    nodes: dict[str, Node] = {}
    led = {joint.mimics: joint.name for joint in urdf.joints.values() if joint.mimics}
    for joint in urdf.joints.values():
        if joint.kind in ('revolute', 'continuous'):
            axis = turns[joint.child] @ joint.axis
            axis = axis / max(float(np.linalg.norm(axis)), 1e-9)
            nodes[joint.name] = Node(
                joint, links[joint.child], axis, _problem(joint, led.get(joint.name))
            )
    if not nodes:
        raise RobotError(f'got {urdf.path}, in which no joint turns; expected a humanoid')
    for name, node in nodes.items():
        above = [joint.name for joint in urdf.joints_to(node.joint.parent)]
        nodes[name] = replace(node, above=tuple(joint for joint in above if joint in nodes))
    nodes = dict(sorted(nodes.items(), key=lambda item: len(item[1].above)))
    height_m = float(np.ptp([place[2] for place in links.values()]))
    twins = {name: _twin(node, nodes, height_m) for name, node in nodes.items()}
    nodes = {name: replace(node, twin=twins[name]) for name, node in nodes.items()}
    return Body(urdf, nodes, links, turns, height_m, base)


def facing(body: Body) -> np.ndarray:
    """Return where forward, left and up are [3, 3], in columns, by the names of the joints.

    What names do not say is as it should be: y left, z up.
    """

    def middle(nodes: list[Node]) -> np.ndarray:
        return np.asarray(np.mean([node.at for node in nodes], axis=0))

    nodes = list(body.nodes.values())
    sides = [[node for node in nodes if side_of(node.name) == side] for side in (1, -1)]
    left = _main_axis(middle(sides[0]) - middle(sides[1]), 1) if all(sides) else np.eye(3)[1]
    high = [node for node in nodes if mentions(node.name, (*WORDS['head'], 'shoulder'))]
    low = [node for node in nodes if mentions(node.name, _LEG)]
    rise = middle(high) - (middle(low) if low else body.links[body.urdf.root]) if high else left
    up = _main_axis(rise - (rise @ left) * left, 2)
    return np.stack((np.cross(left, up), left, up), axis=1)


def _main_axis(vector: np.ndarray, default: int) -> np.ndarray:
    """Return the axis that a vector [3] mostly points along, the default where it is none."""
    strong = int(np.argmax(np.abs(vector)))
    if not abs(vector[strong]) > _CLEAR * float(np.linalg.norm(vector)):
        return np.eye(3)[default]
    return np.asarray(np.sign(vector[strong]) * np.eye(3)[strong])


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
    words = re.split(r'[^a-z]+', re.sub(r'([a-z])([A-Z])', r'\1 \2', name).lower())
    for side, word in ((1, 'left'), (-1, 'right')):
        corners = {place + word[0] for place in 'frhb'}  # front, rear, hind, back of four legs
        if word in name.lower() or words[0] in corners:
            return side
    first = [
        *re.findall('^[LR](?=[A-Z])', name),
        *(word for word in words if word in ('l', 'r')),
        '',
    ]
    return {'l': 1, 'r': -1, '': 0}[first[0].lower()]


def _sideless(name: str) -> str:
    """Return a name without its word or letter for left or right."""
    for side in ('(?i)left|right', '^[LR](?=[A-Z])', '(?i)(?<![a-z])[lr](?![a-z])'):
        if (bare := re.sub(side, '', name, count=1)) != name:
            return bare
    return name


def _problem(joint: UrdfJoint, mimicked_by: str | None) -> str:
    """Return why a joint that turns is not to be driven, '' where it can be."""
    if joint.mimics is not None:
        return f'mimics {joint.mimics}'
    if mimicked_by and side_of(mimicked_by) * side_of(joint.name) < 0:
        return f'{mimicked_by} of the other side mimics it'
    if joint.kind == 'continuous':
        return 'turns without end (continuous)'
    if not np.linalg.norm(joint.axis) > 1e-6:
        return f'its axis {joint.axis} has no direction'
    if joint.lower is None or joint.upper is None or not joint.lower < joint.upper:
        return f'its limits, {joint.lower} to {joint.upper}, leave no room'
    if joint.velocity is not None and not joint.velocity > 0.0:
        return 'its speed limit is 0'
    return ''


def _twin(node: Node, nodes: dict[str, Node], height_m: float) -> str | None:
    """Return the joint that is as far from the root, at the mirrored place, or else so named."""

    def distance(other: Node) -> float:
        return float(np.linalg.norm(other.at - node.at * _MIRROR))

    others = [
        other
        for other in nodes.values()
        if other.name != node.name
        and len(other.above) == len(node.above)
        and _differ_by_side(node.name, other.name)
    ]
    placed = [
        other
        for other in others
        if distance(other) < _PLACE * height_m
        and (
            abs(float((other.axis * _MIRROR) @ node.axis)) > _AXIS
            or not (other.axis.any() and node.axis.any())
        )
    ]
    named = [other for other in others if _sideless(other.name) == _sideless(node.name)]
    twin = min(placed or named, key=distance, default=None)
    return None if twin is None else twin.name


def _differ_by_side(one: str, other: str) -> bool:
    """Return whether two names may be of two sides: not both of the same one or of the middle."""
    sides = side_of(one), side_of(other)
    return sides == (0, 0) or sides[0] != sides[1]
