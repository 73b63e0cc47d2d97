# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Robots' YAML files: which there are, and what each says as a RobotConfig."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Any

import yaml

from emotion_motion.exceptions import ConfigError, RobotError
from emotion_motion.files import shared_folders
from emotion_motion.robot.description.config import RobotConfig
from emotion_motion.settings import Checked, from_mapping, setting

__all__ = ['available_robots', 'parse_robot_config', 'read_robot_config']


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
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RobotError(f'could not read {path} ({error}); expected a YAML file') from error
    return parse_robot_config(content, path)


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
