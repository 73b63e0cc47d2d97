# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Robots' YAML files: which there are, and what each says as a RobotConfig."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
import math
import os
from pathlib import Path
from typing import Any

import yaml

from emotion_motion.exceptions import RobotError
from emotion_motion.files import shared_folders
from emotion_motion.robot.description.config import JointBounds, RobotConfig, TaskWeights

__all__ = ['available_robots', 'parse_robot_config', 'read_robot_config']


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
        return parse_robot_config(data, path)
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
    return [folder / 'config' / 'robots' for folder in shared_folders()]


def parse_robot_config(data: Any, path: Path) -> RobotConfig:
    """Return what the content of a robot's YAML file says; errors are those of reading it.

    Args:
        data: the content.
        path: of the file; a relative URDF is relative to its folder.
    """
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
        'contacts': tuple(_pair(pair) for pair in (data.get('contacts') or ())),
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
