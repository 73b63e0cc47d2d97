# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot: its URDF and its YAML file as one thing that can be driven. No meshes are needed."""

from __future__ import annotations

from dataclasses import dataclass
import itertools
import os
from pathlib import Path
from typing import Any
import xml.etree.ElementTree as ET

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.config import RobotConfig
from emotion_motion.robot.description.file import read_robot_config
from emotion_motion.robot.description.limits import joint_limits, JointLimits
from emotion_motion.robot.description.pinocchio_module import load_pinocchio
from emotion_motion.robot.description.urdf import find_file, read_urdf, Urdf, UrdfJoint

__all__ = ['Robot', 'check_chains']

# The chains of a robot: each a row of joints along one way through its tree.

# Keypoints whose direction from one to the next a chain turns.
_LIMBS = {
    'left_arm': ('LShoulder', 'LElbow', 'LWrist'),
    'right_arm': ('RShoulder', 'RElbow', 'RWrist'),
    'left_leg': ('LHip', 'LKnee', 'LAnkle'),
    'right_leg': ('RHip', 'RKnee', 'RAnkle'),
}


def check_chains(config: RobotConfig, urdf: Urdf) -> None:
    """Refuse chains that branch, and limbs whose keypoints their joints cannot move.

    Raises:
        RobotError: the message names the chain and what is wrong with it.
    """
    for chain, joints in config.chains.items():
        for one, other in itertools.pairwise(joints):
            if not (_above(urdf, one, other) or _above(urdf, other, one)):
                raise RobotError(
                    f'robot {config.name!r}: got the joints {one!r} and {other!r} one after the '
                    f'other in the chain {chain!r}, and neither moves the other in {urdf.path}; '
                    f'expected the joints of one limb from the trunk outwards'
                )
    for chain, keypoints in _LIMBS.items():
        if chain in config.controlled and config.chains.get(chain):
            _check_limb(config, urdf, chain, keypoints)


def _check_limb(config: RobotConfig, urdf: Urdf, chain: str, keypoints: tuple[str, ...]) -> None:
    missing = [name for name in keypoints if name not in config.keypoints]
    if missing:
        raise RobotError(
            f'robot {config.name!r}: got the controlled chain {chain!r} without links for '
            f'{", ".join(missing)}; expected one for each of {", ".join(keypoints)}'
        )
    joints = set(config.chains[chain])
    moving = [
        {joint.name for joint in urdf.way(config.keypoints[name][0])} & joints
        for name in keypoints
    ]
    for (before, after), (one, other) in zip(
        itertools.pairwise(moving), itertools.pairwise(keypoints), strict=True
    ):
        if not before < after and config.keypoints[one] == config.keypoints[other]:
            raise RobotError(
                f'robot {config.name!r}: got the same link {config.keypoints[one][0]!r} for {one} '
                f'and {other}; expected two links with a joint of {chain!r} between them'
            )
        if not after:
            raise RobotError(
                f'robot {config.name!r}: got {config.keypoints[other][0]!r} as the link of '
                f'{other}, which no joint of {chain!r} moves; expected a link of that limb'
            )


def _above(urdf: Urdf, upper: str, lower: str) -> bool:
    """Return whether a joint moves another one."""
    return any(joint.name == upper for joint in urdf.way(urdf.joints[lower].parent))


# How far above the hips shoulders are at least, in shoulder widths; a quadruped's are not.
_UPRIGHT = 0.3
_SHORTEST_M = 0.02  # half an arm, of the smallest of robots


@dataclass(frozen=True, eq=False)
class Robot:
    """A robot of J controlled joints, in the order of Pinocchio's tree.

    Attributes:
        config: what its YAML file says.
        urdf: its description.
        model: Pinocchio's model of the controlled joints; all others are fixed at their rest.
        limits: of the controlled joints, `limits.names` are theirs.
        rest: rest pose [J], within the limits [rad].
        held: positions of the joints that are not controlled, by name [rad or m].
    """

    config: RobotConfig
    urdf: Urdf
    model: Any
    limits: JointLimits
    rest: np.ndarray
    held: dict[str, float]

    @classmethod
    def load(
        cls, name_or_path: str | os.PathLike[str], urdf: str | os.PathLike[str] | None = None
    ) -> Robot:
        """Read a robot.

        Args:
            name_or_path: name of a robot of config/robots, or its YAML file.
            urdf: its description, where the YAML file names none or another one.

        Raises:
            RobotError: a file is missing or cannot be read, the YAML file does not fit the URDF,
                or it is no humanoid; the message says what to do.
        """
        config = read_robot_config(name_or_path)
        return cls.build(config, read_urdf(_urdf_path(config, urdf)))

    @classmethod
    def build(cls, config: RobotConfig, urdf: Urdf) -> Robot:
        """Put a configuration and a description together; errors are those of `load`."""
        _check_names(config, urdf)
        check_chains(config, urdf)
        limits = joint_limits(config, urdf)
        model, held = _reduced(config, urdf, limits)
        limits = limits.subset(list(model.names)[1:])
        rest = np.array(
            [
                np.clip(config.rest.get(name, 0.0), low, high)
                for name, low, high in zip(limits.names, limits.lower, limits.upper, strict=True)
            ]
        )
        rest.flags.writeable = False
        robot = cls(config, urdf, model, limits, rest, held)
        robot._check_upright()
        robot._check_lengths()
        return robot

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the J controlled joints."""
        return self.limits.names

    def __len__(self) -> int:
        return len(self.limits)

    @property
    def base(self) -> str:
        """Name of the link that stands still in the world."""
        return self.config.base or self.urdf.root

    def groups(self) -> dict[str, tuple[int, ...]]:
        """Return the numbers of the controlled joints of each chain that has some."""
        found = {
            chain: tuple(i for i, name in enumerate(self.names) if name in joints)
            for chain, joints in self.config.chains.items()
        }
        return {chain: joints for chain, joints in found.items() if joints}

    def place(self, link: str) -> tuple[int, Any]:
        """Return the joint that moves a link, 0 for none, and the link's frame in the joint's."""
        frame = self.model.frames[self.frame(link)]
        return int(frame.parentJoint), frame.placement

    def frame(self, link: str) -> int:
        """Return the number of a link's frame, also where a joint has the same name."""
        return int(self.model.getFrameId(link, load_pinocchio().FrameType.BODY))

    def keypoints(self, q: np.ndarray) -> dict[str, np.ndarray]:
        """Return where the keypoints that links play are [3], in the frame of the base [m].

        Args:
            q: positions [J].
        """
        pin, data = load_pinocchio(), self.model.createData()
        pin.framesForwardKinematics(self.model, data, np.asarray(q, float))
        below = data.oMf[self.frame(self.base)].inverse()
        return {
            name: below.act(data.oMf[self.frame(link)].act(np.array(offset)))
            for name, (link, offset) in self.config.keypoints.items()
        }

    def _check_upright(self) -> None:
        at = self.keypoints(self.rest)
        left, right = at['LShoulder'], at['RShoulder']
        width = float(np.linalg.norm(left - right))
        across = left[1] - right[1]
        if not across > 0.7 * width > 0.0:
            raise RobotError(
                f'robot {self.config.name!r}: got shoulders at {np.round(left, 3).tolist()} '
                f'(left) and {np.round(right, 3).tolist()} m in the frame of {self.base!r}; '
                f'expected the left one at greater y: x of the base is forward, y left and z up'
            )
        hips = 0.5 * (at['LHip'] + at['RHip'])[2] if {'LHip', 'RHip'} <= set(at) else self._waist()
        height = 0.5 * (left + right)[2] - hips
        if not height > _UPRIGHT * width:
            raise RobotError(
                f'robot {self.config.name!r}: got shoulders {height:.2f} m above the hips and '
                f'{width:.2f} m apart; expected an upright humanoid. A quadruped cannot make '
                f'these gestures'
            )

    def _check_lengths(self) -> None:
        at = self.keypoints(self.rest)
        for side in 'LR':
            for one, other in (('Shoulder', 'Elbow'), ('Elbow', 'Wrist')):
                length = float(np.linalg.norm(at[side + one] - at[side + other]))
                if not length > _SHORTEST_M:
                    raise RobotError(
                        f'robot {self.config.name!r}: got {side}{one} and {side}{other} '
                        f'{1e3 * length:.0f} mm apart; expected the length of an arm between '
                        f'them. Give them other links, or an offset_m'
                    )

    def _waist(self) -> float:
        """Return the height of the lowest trunk joint, or of the base, in its own frame."""
        pin, data = load_pinocchio(), self.model.createData()
        pin.framesForwardKinematics(self.model, data, self.rest)
        below = data.oMf[self.frame(self.base)].inverse()
        trunk = [
            float(below.act(data.oMi[self.model.getJointId(name)].translation)[2])
            for name in self.config.chains.get('trunk', ())
            if name in self.names
        ]
        return min(trunk, default=0.0)


def _urdf_path(config: RobotConfig, given: str | os.PathLike[str] | None) -> Path:
    if given is not None:
        return Path(given)
    if config.urdf is None:
        raise RobotError(
            f'got the robot {config.name!r} without a URDF, which its licence keeps out of this '
            f'package; give yours (--urdf FILE)'
        )
    found = find_file(config.urdf, config.folder)
    if found is None:
        raise RobotError(
            f'got {config.urdf!r} as the URDF of the robot {config.name!r}, and there is no such '
            f'file; install what brings it (pip install example-robot-data), or give yours '
            f'(--urdf FILE)'
        )
    return found


def _check_names(config: RobotConfig, urdf: Urdf) -> None:
    """Refuse names that the URDF does not have and joints that cannot be driven."""
    named = [joint for joints in config.chains.values() for joint in joints]
    missing = [
        name for name in (*named, *config.rest, *config.joint_limits) if name not in urdf.joints
    ]
    if missing:
        raise RobotError(
            f'robot {config.name!r}: got the joints {", ".join(dict.fromkeys(missing))}, which '
            f'{urdf.path} does not have; it has '
            f'{", ".join(name for name, joint in urdf.joints.items() if joint.moves) or "none"}'
        )
    links = [link for link, _ in config.keypoints.values()]
    links += [*config.capsules, *(link for pair in config.contacts for link in pair)]
    links += [] if config.base is None else [config.base]
    missing = [link for link in links if link not in urdf.links]
    if missing:
        raise RobotError(
            f'robot {config.name!r}: got the links {", ".join(dict.fromkeys(missing))}, which '
            f'{urdf.path} does not have; it has {", ".join(urdf.links)}'
        )
    if not config.joints:
        raise RobotError(f'robot {config.name!r}: got no controlled joints; expected some')
    for name in config.joints:
        _check_drivable(config, urdf.joints[name])


def _check_drivable(config: RobotConfig, joint: UrdfJoint) -> None:
    who = f'robot {config.name!r}: joint {joint.name!r}'
    if joint.mimics is not None:
        raise RobotError(
            f'{who}: got a joint that mimics {joint.mimics!r}; expected one that moves by itself. '
            f'Name {joint.mimics!r} instead, or leave it out'
        )
    if joint.kind not in ('revolute', 'continuous'):
        raise RobotError(
            f'{who}: got a {joint.kind} joint; expected one that turns. Leave it out of the chains'
        )


def _reduced(config: RobotConfig, urdf: Urdf, limits: JointLimits) -> tuple[Any, dict[str, float]]:
    """Return the model of the controlled joints, and where all others are held."""
    pin = load_pinocchio()
    try:
        whole = pin.buildModelFromXML(_bounded(urdf, limits))
    except (ValueError, RuntimeError) as error:
        raise RobotError(f'got {urdf.path}, which Pinocchio cannot read ({error})') from error
    q, held, locked = pin.neutral(whole), {}, []
    for number in range(1, whole.njoints):
        name, joint = whole.names[number], whole.joints[number]
        if name in limits.names:
            continue
        locked.append(number)
        described = urdf.joints.get(name)
        if joint.nq == 1 and described is not None:
            low, high = described.lower, described.upper
            value = config.rest.get(name, 0.0)
            if low is not None and high is not None and low <= high:
                value = float(np.clip(value, low, high))
            q[joint.idx_q] = held[name] = value
    model = pin.buildReducedModel(whole, locked, q)
    model.lowerPositionLimit = limits.subset(list(model.names)[1:]).lower.copy()
    model.upperPositionLimit = limits.subset(list(model.names)[1:]).upper.copy()
    return model, held


def _bounded(urdf: Urdf, limits: JointLimits) -> str:
    """Return the URDF with every controlled joint a revolute one; those without end got limits."""
    if all(urdf.joints[name].kind == 'revolute' for name in limits.names):
        return urdf.text
    root = ET.fromstring(urdf.text.encode())
    for joint in root.findall('joint'):
        name = joint.get('name')
        if name in limits.names and joint.get('type') == 'continuous':
            joint.set('type', 'revolute')
            limit = joint.find('limit')
            if limit is None:
                limit = ET.SubElement(joint, 'limit', effort='0')
            number = limits.index(name)
            limit.set('lower', str(limits.lower[number]))
            limit.set('upper', str(limits.upper[number]))
            limit.set('velocity', str(limits.velocity[number]))
    return ET.tostring(root, encoding='unicode')
