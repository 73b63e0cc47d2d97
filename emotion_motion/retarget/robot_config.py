# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a robot's YAML file says: roles of joints and links, weights, rest pose, lower limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
from dataclasses import dataclass, field
import math
import os
from pathlib import Path
from typing import Any

import yaml

from emotion_motion.exceptions import RobotError

__all__ = [
    'ARMS', 'CHAINS', 'KEYPOINTS', 'LEGS', 'JointBounds', 'RobotConfig', 'TaskWeights',
    'available_robots', 'read_robot_config',
]  # fmt: skip

ARMS, LEGS = ('left_arm', 'right_arm'), ('left_leg', 'right_leg')
CHAINS = ('trunk', 'head', *ARMS, *LEGS)
# Keypoints that a link may play. Neck is the trunk and Nose the head, which turn; the others are
# places: the origin of the link that plays them.
NEEDED = ('Neck', 'LShoulder', 'LElbow', 'LWrist', 'RShoulder', 'RElbow', 'RWrist')
KEYPOINTS = (
    *NEEDED, 'Nose', 'LHip', 'LKnee', 'LAnkle', 'RHip', 'RKnee', 'RAnkle',
)  # fmt: skip


@dataclass(frozen=True)
class TaskWeights:
    """How much each task counts in the inverse kinematics; 0 leaves it out.

    Attributes:
        trunk: orientation of the trunk.
        head: orientation of the head.
        upper_arm: direction from shoulder to elbow.
        forearm: direction from elbow to wrist.
        thigh: direction from hip to knee.
        shin: direction from knee to ankle.
        posture: nearness to the rest pose [1/rad].
        damping: stillness [1/rad per step].
    """

    trunk: float = 3.0
    head: float = 1.0
    upper_arm: float = 1.0
    forearm: float = 1.0
    thigh: float = 1.0
    shin: float = 1.0
    posture: float = 0.05
    damping: float = 0.05

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            _check_number(f'weights.{each.name}', getattr(self, each.name), 0.0, 100.0)
        if not (self.posture > 0.0 or self.damping > 0.0):
            raise RobotError(
                'weights: got 0 for posture and damping; expected one of them above 0, which '
                'keeps joints still that no keypoint moves'
            )


@dataclass(frozen=True)
class JointBounds:
    """Limits of joints as the file gives them; None: what else applies.

    Attributes:
        lower_rad: smallest position.
        upper_rad: largest position.
        velocity_rad_s: largest speed.
        acceleration_rad_s2: largest acceleration.
        jerk_rad_s3: largest jerk.
    """

    lower_rad: float | None = None
    upper_rad: float | None = None
    velocity_rad_s: float | None = None
    acceleration_rad_s2: float | None = None
    jerk_rad_s3: float | None = None

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if value is None:
                continue
            low = -100.0 if each.name in ('lower_rad', 'upper_rad') else 1e-6
            _check_number(f'limits: {each.name}', value, low, 1e6)


@dataclass(frozen=True)
class RobotConfig:
    """What a robot's YAML file says, checked as far as that goes without the URDF.

    Attributes:
        name: of the robot.
        description: a line for people.
        urdf: where its URDF is: a place relative to the file, or package://PACKAGE/PLACE. None:
            the user brings it.
        base: link that stands still in the world, x forward and z up in the rest pose; None: the
            URDF's root.
        chains: joints of each of `CHAINS`, from the trunk outwards.
        controlled: chains whose joints are driven.
        keypoints: link that plays each keypoint, and where in it [m].
        weights: of the tasks.
        rest: positions in the rest pose [rad]; a joint that is not named rests at 0, or at the
            limit nearest to it.
        limits: of all controlled joints.
        joint_limits: of single joints, which win.
        clearance_m: distance that arms keep from the rest of the body and from each other.
        capsules: (from, to, radius) of the capsules around links, in metres in the frame of the
            link. Where any are given, these are all; else they are fitted to meshes and shapes.
        contacts: pairs of links that may come as near as they like.
        folder: what a relative `urdf` is relative to.
    """

    name: str
    chains: Mapping[str, tuple[str, ...]]
    keypoints: Mapping[str, tuple[str, tuple[float, float, float]]]
    urdf: str | None = None
    description: str = ''
    base: str | None = None
    controlled: tuple[str, ...] = ('trunk', 'head', *ARMS)
    weights: TaskWeights = field(default_factory=TaskWeights)
    rest: Mapping[str, float] = field(default_factory=dict)
    limits: JointBounds = field(default_factory=JointBounds)
    joint_limits: Mapping[str, JointBounds] = field(default_factory=dict)
    clearance_m: float = 0.02
    capsules: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    contacts: tuple[tuple[str, str], ...] = ()
    folder: Path = Path()

    def __post_init__(self) -> None:
        _check_number('clearance_m', self.clearance_m, 0.0, 1.0)
        unknown = [name for name in (*self.chains, *self.controlled) if name not in CHAINS]
        if unknown:
            raise RobotError(
                f'got the chain {unknown[0]!r}; expected one of {", ".join(CHAINS)}'
            )
        for arm in ARMS:
            if not self.chains.get(arm):
                raise RobotError(
                    f'got no joints for the chain {arm!r}; expected both arms: a robot without '
                    f'arms cannot make these gestures'
                )
        self._check_keypoints()
        owner: dict[str, str] = {}
        for chain, joints in self.chains.items():
            for joint in joints:
                if owner.setdefault(joint, chain) != chain or joints.count(joint) > 1:
                    raise RobotError(
                        f'got the joint {joint!r} twice, in {owner[joint]} and {chain}; expected '
                        f'each joint in one chain'
                    )
        for link, rows in self.capsules.items():
            for row in rows:
                if len(row) != 7 or not row[6] > 0.0:
                    raise RobotError(
                        f'capsules: got {list(row)} for the link {link!r}; expected 7 numbers: '
                        f'two ends x, y, z, x, y, z and a radius above 0, in metres'
                    )

    def _check_keypoints(self) -> None:
        unknown = [name for name in self.keypoints if name not in KEYPOINTS]
        if unknown:
            raise RobotError(
                f'got the keypoint {unknown[0]!r}; expected some of {", ".join(KEYPOINTS)}'
            )
        missing = [name for name in NEEDED if name not in self.keypoints]
        if missing:
            raise RobotError(
                f'got no link for the keypoints {", ".join(missing)}; expected at least '
                f'{", ".join(NEEDED)}'
            )

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the controlled joints, chain by chain."""
        return tuple(
            joint for chain in CHAINS if chain in self.controlled
            for joint in self.chains.get(chain, ())
        )  # fmt: skip


def available_robots() -> dict[str, Path]:
    """Return the robots' files by name: those of installed ROS packages first."""
    found: dict[str, Path] = {}
    for folder in _robot_folders():
        for path in sorted(folder.glob('*.yaml')):
            found.setdefault(path.stem, path)
    return found


def read_robot_config(name_or_path: str | os.PathLike[str]) -> RobotConfig:
    """Read a robot's YAML file.

    Args:
        name_or_path: a file, or the name of a robot of `available_robots`.

    Raises:
        RobotError: there is none, or it says something that cannot be; the message names it.
    """
    path = _config_path(os.fspath(name_or_path))
    try:
        data = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RobotError(f'could not read {path} ({error}); expected a YAML file') from error
    try:
        return _parse(data, path)
    except RobotError as error:
        raise RobotError(f'{path}: {error}') from error


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


def _robot_folders() -> list[Path]:
    prefixes = [part for part in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if part]
    package = Path(__file__).resolve().parents[1]
    return [
        *(Path(prefix) / 'share' / 'emotion_motion' / 'config' / 'robots' for prefix in prefixes),
        package / '_robots',
        package.parent / 'config' / 'robots',
    ]


def _parse(data: Any, path: Path) -> RobotConfig:
    if not isinstance(data, Mapping):
        raise RobotError(f'got {type(data).__name__}; expected a table of settings')
    known = {each.name for each in dataclasses.fields(RobotConfig)} - {'folder', 'joint_limits'}
    _check_keys('', data, known)
    limits = dict(_table('limits', data.get('limits')))
    single = _table('limits.joints', limits.pop('joints', None))
    settings: dict[str, Any] = {
        'name': str(data.get('name', path.stem)),
        'folder': path.parent,
        'chains': {
            str(chain): _names(f'chains.{chain}', joints)
            for chain, joints in _table('chains', data.get('chains')).items()
        },
        'keypoints': {
            str(name): _place(f'keypoints.{name}', value)
            for name, value in _table('keypoints', data.get('keypoints')).items()
        },
        'weights': _record(TaskWeights, 'weights', data.get('weights')),
        'limits': _record(JointBounds, 'limits', limits),
        'joint_limits': {
            str(joint): _record(JointBounds, f'limits.joints.{joint}', value)
            for joint, value in single.items()
        },
        'rest': {
            str(joint): _number(f'rest.{joint}', value)
            for joint, value in _table('rest', data.get('rest')).items()
        },
        'capsules': {
            str(link): tuple(_numbers(f'capsules.{link}', row) for row in _rows(link, rows))
            for link, rows in _table('capsules', data.get('capsules')).items()
        },
        'contacts': tuple(
            _pair(pair) for pair in (data.get('contacts') or ())
        ),
    }
    for key in ('urdf', 'description', 'base'):
        if data.get(key) is not None:
            settings[key] = str(data[key])
    if 'controlled' in data:
        settings['controlled'] = _names('controlled', data['controlled'])
    if 'clearance_m' in data:
        settings['clearance_m'] = _number('clearance_m', data['clearance_m'])
    return RobotConfig(**settings)


def _record(kind: Any, key: str, data: Any) -> Any:
    values = _table(key, data)
    _check_keys(key, values, {each.name for each in dataclasses.fields(kind)})
    return kind(**{name: _number(f'{key}.{name}', value) for name, value in values.items()})


def _table(key: str, data: Any) -> Mapping[Any, Any]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise RobotError(f'{key}: got {data!r}; expected a table of names and values')
    return data


def _check_keys(key: str, data: Mapping[Any, Any], known: set[str]) -> None:
    unknown = [str(name) for name in data if name not in known]
    if unknown:
        where = f'{key}: ' if key else ''
        raise RobotError(
            f'{where}got the setting {unknown[0]!r}; expected some of {", ".join(sorted(known))}'
        )


def _names(key: str, data: Any) -> tuple[str, ...]:
    if data is None:
        return ()
    if isinstance(data, str) or not isinstance(data, Sequence):
        raise RobotError(f'{key}: got {data!r}; expected a list of names')
    return tuple(str(name) for name in data)


def _place(key: str, data: Any) -> tuple[str, tuple[float, float, float]]:
    """Read LINK or {link: LINK, offset_m: [x, y, z]}."""
    if isinstance(data, str):
        return data, (0.0, 0.0, 0.0)
    values = _table(key, data)
    _check_keys(key, values, {'link', 'offset_m'})
    offset = _numbers(f'{key}.offset_m', values.get('offset_m', (0.0, 0.0, 0.0)))
    if 'link' not in values or len(offset) != 3:
        raise RobotError(f'{key}: got {data!r}; expected a link, or link and offset_m [x, y, z]')
    return str(values['link']), (offset[0], offset[1], offset[2])


def _rows(link: Any, data: Any) -> Sequence[Any]:
    if isinstance(data, str) or not isinstance(data, Sequence):
        raise RobotError(f'capsules.{link}: got {data!r}; expected a list of capsules')
    return data


def _pair(data: Any) -> tuple[str, str]:
    names = _names('contacts', data)
    if len(names) != 2:
        raise RobotError(f'contacts: got {data!r}; expected pairs of links')
    return names[0], names[1]


def _numbers(key: str, data: Any) -> tuple[float, ...]:
    if isinstance(data, str) or not isinstance(data, Sequence):
        raise RobotError(f'{key}: got {data!r}; expected a list of numbers')
    return tuple(_number(key, value) for value in data)


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RobotError(f'{key}: got {value!r}; expected a number')
    if not math.isfinite(value):
        raise RobotError(f'{key}: got {value}; expected a finite number')
    return float(value)


def _check_number(key: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise RobotError(f'{key}: got {value}; expected {low:g} to {high:g}')
