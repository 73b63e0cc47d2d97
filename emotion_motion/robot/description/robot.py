# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot: its URDF and its YAML file as one thing that can be driven. No meshes are needed."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
from dataclasses import dataclass
import itertools
import os
from pathlib import Path
import tempfile
import threading
from typing import Any, IO
import xml.etree.ElementTree as ET

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.config import ARMS, LIMB_ENDS, read_robot_config, RobotConfig
from emotion_motion.robot.description.limits import joint_limits, JointLimits
from emotion_motion.robot.description.urdf import find_file, read_urdf, Urdf, UrdfJoint

# The one place where it is imported, with an error that says how to install it.
try:
    import pinocchio as pin
except ImportError as error:
    raise RobotError(
        f'could not import pinocchio ({error}), which computes where the parts of a robot are; '
        f"install it with pip install '.[robot]' in the source folder"
    ) from error

__all__ = ['Robot', 'aligned', 'pin', 'read_model']

# How far above the hips shoulders are at least, in shoulder widths; a quadruped's are not.
_UPRIGHT = 0.3
_SHORTEST_M = 0.02  # half an arm, of the smallest of robots
_CATCHING = threading.Lock()
_ALIGNED = 2.96  # trace of a rotation by 11 degrees


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
        try:
            _check_names(config, urdf)
            _check_chains(config, urdf)
            limits = joint_limits(config, urdf)
            model, held = _reduced(config, urdf, limits)
            limits = limits.subset(list(model.names)[1:])
            wanted = [config.rest.get(name, 0.0) for name in limits.names]
            rest = np.clip(wanted, limits.lower, limits.upper)
            rest.flags.writeable = False
            robot = cls(config, urdf, model, limits, rest, held)
            robot._check_humanoid()
        except RobotError as error:
            raise RobotError(f'robot {config.name!r}: {error}') from error
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
        groups = {
            chain: tuple(i for i, name in enumerate(self.names) if name in joints)
            for chain, joints in self.config.chains.items()
        }
        return {chain: joints for chain, joints in groups.items() if joints}

    def place(self, link: str) -> tuple[int, Any]:
        """Return the joint that moves a link, 0 for none, and the link's frame in the joint's."""
        frame = self.model.frames[self.frame(link)]
        return int(frame.parentJoint), frame.placement

    def frame(self, link: str) -> int:
        """Return the number of a link's frame, also where a joint has the same name."""
        return int(self.model.getFrameId(link, pin.FrameType.BODY))

    def placed(self, q: np.ndarray) -> tuple[Any, Any]:
        """Return Pinocchio's data in a pose [J], and the world in the frame of the base."""
        data = self.model.createData()
        pin.framesForwardKinematics(self.model, data, np.asarray(q, float))
        return data, data.oMf[self.frame(self.base)].inverse()

    def keypoints(self, q: np.ndarray) -> dict[str, np.ndarray]:
        """Return where the keypoints that links play are [3], in the frame of the base [m].

        Args:
            q: positions [J].
        """
        data, to_base = self.placed(q)
        return {
            name: to_base.act(data.oMf[self.frame(link)].act(np.array(offset)))
            for name, (link, offset) in self.config.keypoints.items()
        }

    def _check_humanoid(self) -> None:
        """Refuse a robot that lies, faces another way than x, or whose arms have no length."""
        at = self.keypoints(self.rest)
        left, right = at['LShoulder'], at['RShoulder']
        width = float(np.linalg.norm(left - right))
        if not left[1] - right[1] > 0.7 * width > 0.0:
            raise RobotError(
                f'got shoulders at {np.round(left, 3).tolist()} (left) and '
                f'{np.round(right, 3).tolist()} m in the frame of {self.base!r}; expected the '
                f'left one at greater y: x of the base is forward, y left and z up'
            )
        hips = 0.5 * (at['LHip'] + at['RHip'])[2] if {'LHip', 'RHip'} <= set(at) else self._waist()
        height = 0.5 * (left + right)[2] - hips
        if not height > _UPRIGHT * width:
            raise RobotError(
                f'got shoulders {height:.2f} m above the hips and {width:.2f} m apart; expected '
                f'an upright humanoid. A quadruped cannot make these gestures'
            )
        for chain in ARMS:
            for upper, lower in itertools.pairwise(LIMB_ENDS[chain]):
                length = float(np.linalg.norm(at[upper] - at[lower]))
                if not length > _SHORTEST_M:
                    raise RobotError(
                        f'got {upper} and {lower} {1e3 * length:.0f} mm apart; expected the '
                        f'length of an arm between them. Give them other links, or an offset_m'
                    )

    def _waist(self) -> float:
        """Return the height of the lowest trunk joint, or of the base, in the base's frame."""
        data, to_base = self.placed(self.rest)
        trunk = [
            float(to_base.act(data.oMi[self.model.getJointId(name)].translation)[2])
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
    path = find_file(config.urdf, config.folder)
    if path is None:
        raise RobotError(
            f'got {config.urdf!r} as the URDF of the robot {config.name!r}, and there is no such '
            f'file; install what brings it (pip install example-robot-data), or give yours '
            f'(--urdf FILE)'
        )
    return path


def _check_names(config: RobotConfig, urdf: Urdf) -> None:
    """Refuse names that the URDF does not have and joints that cannot be driven."""
    joints = [joint for joints in config.chains.values() for joint in joints]
    movable = [name for name, joint in urdf.joints.items() if joint.moves]
    links = [link for link, _ in config.keypoints.values()]
    links += [*config.capsules, *(link for pair in config.contacts for link in pair)]
    links += [] if config.base is None else [config.base]
    for kind, names, known, shown in (
        ('joints', [*joints, *config.rest, *config.limits.joints], urdf.joints, movable),
        ('links', links, urdf.links, urdf.links),
    ):
        missing = dict.fromkeys(name for name in names if name not in known)
        if missing:
            raise RobotError(
                f'got the {kind} {", ".join(missing)}, which {urdf.path} does not have; it has '
                f'{", ".join(shown) or "none"}'
            )
    if not config.joints:
        raise RobotError('got no controlled joints; expected some')
    for name in config.joints:
        _check_drivable(urdf.joints[name])


def _check_drivable(joint: UrdfJoint) -> None:
    if joint.mimics is not None:
        raise RobotError(
            f'joint {joint.name!r}: got a joint that mimics {joint.mimics!r}; expected one that '
            f'moves by itself. Name {joint.mimics!r} instead, or leave it out'
        )
    if not any(joint.axis):
        raise RobotError(
            f'joint {joint.name!r}: got the axis 0 0 0; expected a direction. Mend the URDF, or '
            f'leave it out of the chains'
        )
    if joint.kind not in ('revolute', 'continuous'):
        raise RobotError(
            f'joint {joint.name!r}: got a {joint.kind} joint; expected one that turns. Leave it '
            f'out of the chains'
        )


def _check_chains(config: RobotConfig, urdf: Urdf) -> None:
    """Refuse chains that branch, and limbs whose keypoints their joints cannot move."""
    for chain, joints in config.chains.items():
        for one, other in itertools.pairwise(urdf.joints[name] for name in joints):
            if one not in urdf.joints_to(other.parent) and other not in urdf.joints_to(one.parent):
                raise RobotError(
                    f'got the joints {one.name!r} and {other.name!r} one after the other in the '
                    f'chain {chain!r}, and neither moves the other in {urdf.path}; expected the '
                    f'joints of one limb from the trunk outwards'
                )
    for chain, keypoints in LIMB_ENDS.items():
        if chain in config.controlled and config.chains.get(chain):
            _check_limb(config, urdf, chain, keypoints)


def _check_limb(config: RobotConfig, urdf: Urdf, chain: str, keypoints: tuple[str, ...]) -> None:
    missing = [name for name in keypoints if name not in config.keypoints]
    if missing:
        raise RobotError(
            f'got the controlled chain {chain!r} without links for {", ".join(missing)}; expected '
            f'one for each of {", ".join(keypoints)}'
        )
    joints, links = set(config.chains[chain]), [config.keypoints[name] for name in keypoints]
    moving = [{joint.name for joint in urdf.joints_to(link)} & joints for link, _ in links]
    for row in (1, 2):
        one, other = keypoints[row - 1], keypoints[row]
        if not moving[row - 1] < moving[row] and links[row - 1] == links[row]:
            raise RobotError(
                f'got the same link {links[row][0]!r} for {one} and {other}; expected two links '
                f'with a joint of {chain!r} between them'
            )
        if not moving[row]:
            raise RobotError(
                f'got {links[row][0]!r} as the link of {other}, which no joint of {chain!r} '
                f'moves; expected a link of that limb'
            )


def _reduced(config: RobotConfig, urdf: Urdf, limits: JointLimits) -> tuple[Any, dict[str, float]]:
    """Return the model of the controlled joints, and where all others are held."""
    whole = read_model(urdf, _bounded(urdf, limits))
    q, held, locked = pin.neutral(whole), {}, []
    for number in range(1, whole.njoints):
        name, joint = whole.names[number], whole.joints[number]
        if name in limits.names:
            continue
        locked.append(number)
        if joint.nq == 1 and name in urdf.joints:
            value = urdf.joints[name].clipped(config.rest.get(name, 0.0))
            q[joint.idx_q] = held[name] = value
    model = pin.buildReducedModel(whole, locked, q)
    reduced = limits.subset(list(model.names)[1:])
    model.lowerPositionLimit, model.upperPositionLimit = reduced.lower, reduced.upper
    return model, held


def aligned(rotation: np.ndarray) -> bool:
    """Return whether a rotation [3, 3] is so small that what it turns stands as before."""
    return bool(np.trace(rotation) > _ALIGNED)


def read_model(urdf: Urdf, text: str | None = None) -> Any:
    """Return Pinocchio's model of a URDF, or of a text that was made of it.

    Raises:
        RobotError: Pinocchio cannot read it.
    """
    with _caught_stderr() as output:
        try:
            return pin.buildModelFromXML(urdf.text if text is None else text)
        except (ValueError, RuntimeError) as error:
            output.seek(0)
            said = output.readline().decode(errors='replace').removeprefix('Error:').strip()
            raise RobotError(
                f'got {urdf.path}, which Pinocchio cannot read ({said or error})'
            ) from error


@contextlib.contextmanager
def _caught_stderr() -> Iterator[IO[bytes]]:
    """Catch what libraries write to descriptor 2, for one thread at a time."""
    with _CATCHING, tempfile.TemporaryFile() as caught:
        try:
            kept = os.dup(2)
        except OSError:  # it is closed
            yield caught
            return
        os.dup2(caught.fileno(), 2)
        try:
            yield caught
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _bounded(urdf: Urdf, limits: JointLimits) -> str:
    """Return the URDF with every controlled joint a revolute one; those without end get limits."""
    endless = [name for name in limits.names if urdf.joints[name].kind == 'continuous']
    if not endless:
        return urdf.text
    root = ET.fromstring(urdf.text.encode())
    for joint in root.findall('joint'):
        if joint.get('name') in endless:
            joint.set('type', 'revolute')
            limit = joint.find('limit')
            if limit is None:
                limit = ET.SubElement(joint, 'limit', effort='0')
            number = limits.index(joint.get('name', ''))
            for key in ('lower', 'upper', 'velocity'):
                limit.set(key, str(getattr(limits, key)[number]))
    return ET.tostring(root, encoding='unicode')
