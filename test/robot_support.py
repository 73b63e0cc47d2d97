# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Robots for tests: our own humanoid, others where they are installed, and damaged ones."""

from __future__ import annotations

import copy
import functools
from pathlib import Path
from typing import Any
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import yaml

pytest.importorskip('pinocchio', reason='Pinocchio is not installed')
pytest.importorskip('pink', reason='Pink is not installed')
pytest.importorskip('daqp', reason='DAQP is not installed')

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.collision.model import capsule_model, CapsuleModel
from emotion_motion.robot.description.config import (
    available_robots,
    parse_robot_config,
    read_robot_config,
)
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.description.urdf import find_file
from emotion_motion.robot.retarget.retargeter import Retargeter
from emotion_motion.training.corpus.corpus import make_clip

__all__ = [
    'HUMANOID_URDF',
    'PEPPER_URDF',
    'ROOT',
    'RobotError',
    'capsules',
    'changed',
    'damaged_urdf',
    'example_urdf',
    'followed',
    'motion',
    'robot',
    'settings',
    'written',
]

ROOT = Path(__file__).parents[1]
HUMANOID_URDF = ROOT / 'urdf' / 'humanoid.urdf'
PEPPER_URDF = ROOT.parent / 'shared' / 'robots' / 'pepper.urdf'
RATE_HZ = 30.0
EXAMPLES = 'package://example-robot-data/robots/'


@functools.cache
def robot(name: str = 'humanoid') -> Robot:
    """Return a robot of config/robots; skips where its URDF is not installed."""
    if name == 'pepper':
        if not PEPPER_URDF.is_file():
            pytest.skip(f'{PEPPER_URDF} is absent')
        return Robot.load(name, PEPPER_URDF)
    config = read_robot_config(name)
    if config.urdf is None or find_file(config.urdf, config.folder) is None:
        pytest.skip(f'{config.urdf} is not installed')
    return Robot.load(name)


@functools.cache
def capsules(name: str = 'humanoid') -> CapsuleModel:
    return capsule_model(robot(name))


def example_urdf(place: str) -> Path:
    """Return a URDF of example-robot-data; skips where that is not installed."""
    path = find_file(EXAMPLES + place, ROOT)
    if path is None:
        pytest.skip('example-robot-data is not installed')
    return path


@functools.cache
def motion(emotion: str, seconds: float = 4.0, seed: int = 3) -> np.ndarray:
    """Return keypoints [T, 25, 3] of the procedural corpus at 30 Hz."""
    return make_clip(emotion, seconds, seed=seed).keypoints.astype(np.float64)


def settings() -> dict[str, Any]:
    """Return what humanoid.yaml says, to be changed."""
    return copy.deepcopy(_settings())


@functools.cache
def _settings() -> dict[str, Any]:
    data = yaml.safe_load(available_robots()['humanoid'].read_text())
    data['urdf'] = str(HUMANOID_URDF)
    return data


def changed(**entries: Any) -> Robot:
    """Return our humanoid with other entries in its YAML file; None takes one away."""
    config = parse_robot_config({**settings(), **entries}, ROOT / 'config' / 'x.yaml')
    return Robot.build(config, robot().urdf)


def written(folder: Path, data: Any) -> Path:
    """Write a robot's YAML file."""
    path = folder / 'robot.yaml'
    path.write_text(yaml.safe_dump(data))
    return path


def damaged_urdf(folder: Path, **changes: Any) -> Path:
    """Write our humanoid's URDF with some things otherwise.

    Args:
        folder: to write it in.
        changes: joint='NAME' and what to set on it: type, limit (a table or None to remove it),
            mimic; or drop=[...] to cut the tree off at joints.
    """
    root = ET.fromstring(HUMANOID_URDF.read_text())
    joints = {joint.get('name'): joint for joint in root.findall('joint')}
    for name in changes.get('drop', ()):
        _cut(root, joints[name])
    if 'joint' in changes:
        joint = joints[changes['joint']]
        if 'type' in changes:
            joint.set('type', changes['type'])
        if 'limit' in changes:
            limit = joint.find('limit')
            if changes['limit'] is None:
                joint.remove(limit)
            else:
                limit.attrib.update(changes['limit'])
        if 'mimic' in changes:
            ET.SubElement(joint, 'mimic', joint=changes['mimic'])
    path = folder / 'damaged.urdf'
    path.write_text(ET.tostring(root, encoding='unicode'))
    return path


def _cut(root: ET.Element, joint: ET.Element) -> None:
    child = joint.find('child').get('link')
    for other in root.findall('joint'):
        if other.find('parent').get('link') == child:
            _cut(root, other)
    root.remove(joint)
    root.remove(next(link for link in root.findall('link') if link.get('name') == child))


def followed(name: str, keypoints: np.ndarray, *, clearance: bool = True) -> np.ndarray:
    """Return poses [T, J] of a robot that follows keypoints from their first frame on."""
    retargeter = Retargeter(robot(name), RATE_HZ, clearance=clearance)
    for _ in range(90):
        retargeter(keypoints[0])
    return np.stack([retargeter(frame) for frame in keypoints])
