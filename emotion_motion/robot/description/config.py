# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Robots' YAML files: which there are, and what each says: roles, weights, rest pose, limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import dataclasses
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Any

from emotion_motion.exceptions import ConfigError, RobotError
from emotion_motion.files import read_yaml, shared_folders
from emotion_motion.settings import Checked, from_mapping, setting

__all__ = [
    'ARMS',
    'CHAINS',
    'CapsuleRow',
    'KEYPOINTS',
    'LEGS',
    'LIMB_ENDS',
    'JointBounds',
    'RobotBounds',
    'RobotConfig',
    'TaskWeights',
    'available_robots',
    'parse_robot_config',
    'read_robot_config',
]

ARMS, LEGS = ('left_arm', 'right_arm'), ('left_leg', 'right_leg')
CHAINS = ('trunk', 'head', *ARMS, *LEGS)
# Keypoints whose direction from one to the next a chain turns.
LIMB_ENDS = {
    'left_arm': ('LShoulder', 'LElbow', 'LWrist'),
    'right_arm': ('RShoulder', 'RElbow', 'RWrist'),
    'left_leg': ('LHip', 'LKnee', 'LAnkle'),
    'right_leg': ('RHip', 'RKnee', 'RAnkle'),
}
# Keypoints that a link may play. Neck is the trunk and Nose the head, which turn; the others are
# places: the origin of the link that plays them.
NEEDED = ('Neck', *LIMB_ENDS['left_arm'], *LIMB_ENDS['right_arm'])
KEYPOINTS = (*NEEDED, 'Nose', *LIMB_ENDS['left_leg'], *LIMB_ENDS['right_leg'])

CapsuleRow = tuple[float, float, float, float, float, float, float]


@dataclass(frozen=True)
class TaskWeights(Checked):
    """How much each task counts in the inverse kinematics; 0 leaves it out."""

    trunk: float = setting(3.0, 'orientation of the trunk', 0.0, 100.0)
    head: float = setting(1.0, 'orientation of the head', 0.0, 100.0)
    upper_arm: float = setting(1.0, 'direction from shoulder to elbow', 0.0, 100.0)
    forearm: float = setting(1.0, 'direction from elbow to wrist', 0.0, 100.0)
    thigh: float = setting(1.0, 'direction from hip to knee', 0.0, 100.0)
    shin: float = setting(1.0, 'direction from knee to ankle', 0.0, 100.0)
    posture: float = setting(0.05, 'nearness to the rest pose [1/rad]', 0.0, 100.0)
    damping: float = setting(0.05, 'stillness [1/rad per step]', 0.0, 100.0)

    def check(self) -> None:
        """One task must keep still the joints that no keypoint moves."""
        if not (self.posture > 0.0 or self.damping > 0.0):
            raise ConfigError(
                'got 0 for the weights of posture and damping; expected one of them above 0, '
                'which keeps joints still that no keypoint moves'
            )


@dataclass(frozen=True)
class JointBounds(Checked):
    """Limits of joints as the file gives them; None: what else applies."""

    lower_rad: float | None = setting(None, 'smallest position [rad]', -1e6, 1e6)
    upper_rad: float | None = setting(None, 'largest position [rad]', -1e6, 1e6)
    velocity_rad_s: float | None = setting(None, 'largest speed [rad/s]', 1e-6, 1e6)
    acceleration_rad_s2: float | None = setting(None, 'largest acceleration', 1e-6, 1e6)
    jerk_rad_s3: float | None = setting(None, 'largest jerk', 1e-6, 1e6)


@dataclass(frozen=True)
class RobotBounds(JointBounds):
    """Limits of all controlled joints, and of single ones, which win."""

    joints: Mapping[str, JointBounds] = setting({}, 'limits of single joints, by name')


@dataclass(frozen=True)
class RobotConfig(Checked):
    """What a robot's YAML file says, checked as far as that goes without the URDF."""

    name: str = setting('', 'of the robot')
    description: str = setting('', 'a line for people')
    urdf: str | None = setting(
        None,
        'where its URDF is: a place relative to the file, or package://PACKAGE/PLACE; None: the '
        'user brings it',
    )
    base: str | None = setting(
        None,
        'link that stands still in the world, x forward and z up in the rest pose; None: the root',
    )
    chains: Mapping[str, tuple[str, ...]] = setting(
        {}, 'joints of each of `CHAINS`, from the trunk outwards'
    )
    controlled: tuple[str, ...] = setting(
        ('trunk', 'head', *ARMS), 'chains whose joints are driven'
    )
    keypoints: Mapping[str, tuple[str, tuple[float, float, float]]] = setting(
        {}, 'link that plays each keypoint, and where in it [m]'
    )
    weights: TaskWeights = setting(TaskWeights(), 'of the tasks')
    rest: Mapping[str, float] = setting(
        {},
        'positions in the rest pose [rad]; a joint that is not named rests at 0, or at the limit '
        'nearest to it',
    )
    limits: RobotBounds = setting(RobotBounds(), 'of the controlled joints')
    clearance_m: float = setting(
        0.02, 'distance that arms keep from the rest of the body and each other [m]', 0.0, 1.0
    )
    capsules: Mapping[str, tuple[CapsuleRow, ...]] = setting(
        {},
        'two ends and the radius of the capsules around links, in metres in the frame of the '
        'link. Where any are given, these are all; else they are fitted to meshes and shapes',
    )
    contacts: tuple[tuple[str, str], ...] = setting(
        (), 'pairs of links that may come as near as they like'
    )
    folder: Path = setting(Path(), 'what a relative `urdf` is relative to')

    def check(self) -> None:
        """Chains and keypoints must be known and complete, and capsules have a radius."""
        _expect_known('chain', (*self.chains, *self.controlled), CHAINS)
        _expect_known('keypoint', self.keypoints, KEYPOINTS)
        for arm in ARMS:
            if not self.chains.get(arm):
                raise ConfigError(
                    f'got no joints for the chain {arm!r}; expected both arms: a robot without '
                    f'arms cannot make these gestures'
                )
        missing = [name for name in NEEDED if name not in self.keypoints]
        if missing:
            raise ConfigError(
                f'got no link for the keypoints {", ".join(missing)}; expected at least '
                f'{", ".join(NEEDED)}'
            )
        joints = [joint for chain in self.chains.values() for joint in chain]
        twice = [joint for joint in joints if joints.count(joint) > 1]
        if twice:
            raise ConfigError(
                f'got the joint {twice[0]!r} twice in the chains; expected each joint once'
            )
        for link, capsules in self.capsules.items():
            if not all(capsule[6] > 0.0 for capsule in capsules):
                raise ConfigError(
                    f'got capsules.{link} with a radius of 0 or less; expected two ends x, y, z, '
                    f'x, y, z and a radius above 0, in metres'
                )

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the controlled joints, chain by chain."""
        chains = [chain for chain in CHAINS if chain in self.controlled]
        return tuple(joint for chain in chains for joint in self.chains.get(chain, ()))


def _expect_known(what: str, names: Iterable[str], known: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(f'got the {what} {unknown[0]!r}; expected some of {", ".join(known)}')


def available_robots() -> dict[str, Path]:
    """Return the robots' files by name: those of installed ROS packages first."""
    robots: dict[str, Path] = {}
    for folder in shared_folders():
        for path in sorted((folder / 'config' / 'robots').glob('*.yaml')):
            robots.setdefault(path.stem, path)
    return robots


def read_robot_config(name_or_path: str | os.PathLike[str]) -> RobotConfig:
    """Read a robot's YAML file.

    Args:
        name_or_path: a file, or the name of a robot of `available_robots`.

    Raises:
        RobotError: there is none, or it says something that cannot be; the message names it.
    """
    path = _config_path(os.fspath(name_or_path))
    try:
        return parse_robot_config(read_yaml(path), path)
    except ConfigError as error:
        raise RobotError(str(error)) from error


def parse_robot_config(content: Any, path: Path) -> RobotConfig:
    """Return what the content of a robot's YAML file says; errors are those of reading it.

    Args:
        content: the content; an entry without a value counts as absent.
        path: of the file; a relative URDF is relative to its folder.
    """
    try:
        if isinstance(content, Mapping):
            given = {name: value for name, value in content.items() if value is not None}
            content = {'name': path.stem, **given}
            if isinstance(content.get('keypoints'), Mapping):
                content['keypoints'] = {
                    name: _keypoint(value, f'{path}, keypoints, {name}')
                    for name, value in content['keypoints'].items()
                }
        config = from_mapping(RobotConfig, content, str(path))
    except ConfigError as error:
        raise RobotError(str(error)) from error
    return dataclasses.replace(config, folder=path.parent)


@dataclass(frozen=True)
class _Keypoint(Checked):
    """The long way to say which link plays a keypoint."""

    link: str = setting('', 'that plays it')
    offset_m: tuple[float, float, float] = setting((0.0, 0.0, 0.0), 'where in the link it is [m]')


def _keypoint(value: Any, source: str) -> tuple[str, tuple[float, float, float]]:
    """Read LINK or {link: LINK, offset_m: [x, y, z]}."""
    keypoint = from_mapping(
        _Keypoint, {'link': value} if isinstance(value, str) else value, source
    )
    return keypoint.link, keypoint.offset_m


def _config_path(text: str) -> Path:
    path = Path(text).expanduser()
    if path.suffix in ('.yaml', '.yml'):
        if path.is_file():
            return path
        raise RobotError(f'got the robot {text!r}; expected a file, and there is none')
    robots = available_robots()
    if text not in robots:
        raise RobotError(
            f'got the robot {text!r}; expected a YAML file or one of '
            f'{", ".join(sorted(robots)) or "(none is installed)"}'
        )
    return robots[text]
