# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Turns what a URDF gives in degrees or millimetres by mistake into radians and metres."""

from __future__ import annotations

import logging
import math
from pathlib import Path
import xml.etree.ElementTree as ET

from emotion_motion.exceptions import RobotError

__all__ = ['to_metres', 'to_radians']

_log = logging.getLogger(__name__)

# Two turns either way are more than any joint of a robot has; in degrees they are 720.
_MOST_RAD, _MOST_DEG = 4.0 * math.pi, 720.0
# Along its joints, the farthest link of the largest robot in example-robot-data is 2.2 m from the
# root. A small robot in centimetres is as large as a tiny one in millimetres.
_FARTHEST_M, _NEAREST_MM, _FARTHEST_MM = 20.0, 250.0, 20_000.0
_ENDS, _SOFT_ENDS = ('lower', 'upper'), ('soft_lower_limit', 'soft_upper_limit')
_LENGTHS = {
    'origin': ('xyz',),
    'box': ('size',),
    'sphere': ('radius',),
    'cylinder': ('radius', 'length'),
    'capsule': ('radius', 'length'),
}


def to_radians(root: ET.Element, path: Path) -> bool:
    """Turn limits of revolute joints in degrees into radians, with a warning that names them.

    Where most joints have such limits all are turned: 10 degrees alone might be 10 radians. Soft
    limits are in the unit of the limits; speeds are in degrees where any of them is that fast.

    Args:
        root: <robot>, which is changed.
        path: of the URDF, for the warning.

    Returns:
        Whether there were some.
    """
    joints = [joint for joint in root.findall('joint') if joint.get('type') == 'revolute']
    turned = [j for j in joints if _MOST_RAD < _largest(j, 'limit', _ENDS) <= _MOST_DEG]
    if 2 * len(turned) > len(joints):
        turned = joints
    speeds = any(_largest(joint, 'limit', ('velocity',)) > _MOST_RAD for joint in turned)
    for joint in turned:
        _scale(joint, 'limit', (*_ENDS, 'velocity') if speeds else _ENDS, math.pi / 180.0)
        _scale(joint, 'safety_controller', _SOFT_ENDS, math.pi / 180.0)
    if turned:
        names = [joint.get('name', '') for joint in turned]
        _log.warning(
            '%s: took the limits of %s for degrees: as radians they are more than two turns',
            path,
            ', '.join(names[:8]) + (f' and {len(names) - 8} more' if names[8:] else ''),
        )
    return bool(turned)


def to_metres(root: ET.Element, path: Path, link: str, reach: float) -> bool:
    """Turn all lengths in millimetres into metres, with a warning.

    A mesh becomes as much smaller, unless it has a scale already.

    Args:
        root: <robot>, which is changed.
        path: of the URDF, for the warning.
        link: the link that is farthest from the root.
        reach: how far it is along the joints between, as the URDF says.

    Returns:
        Whether they were millimetres.

    Raises:
        RobotError: they are neither metres nor millimetres.
    """
    if reach <= _FARTHEST_M:
        return False
    if not _NEAREST_MM < reach < _FARTHEST_MM:
        raise RobotError(
            f'got {path}, whose link {link!r} is {reach:g} m away from the root; expected a robot '
            f'in metres. Scale its lengths'
        )
    for element in root.iter():
        for tag, keys in _LENGTHS.items():
            _scale(element, tag, keys, 1e-3)
        for mesh in element.findall('mesh'):
            mesh.set('scale', mesh.get('scale', '0.001 0.001 0.001'))
        if element.get('type') == 'prismatic':
            _scale(element, 'limit', (*_ENDS, 'velocity'), 1e-3)
            _scale(element, 'safety_controller', _SOFT_ENDS, 1e-3)
    _log.warning(
        '%s: took all lengths for millimetres: the link %s would be %.0f m away from the root',
        path,
        link,
        reach,
    )
    return True


def _largest(joint: ET.Element, tag: str, keys: tuple[str, ...]) -> float:
    elements = joint.findall(tag)
    return max((abs(float(e.get(key, 0.0))) for e in elements for key in keys), default=0.0)


def _scale(parent: ET.Element, tag: str, keys: tuple[str, ...], factor: float) -> None:
    """Multiply the numbers in attributes of an element's children of one kind."""
    for element in parent.findall(tag):
        for key in keys:
            if key in element.attrib:
                numbers = (float(number) * factor for number in element.attrib[key].split())
                element.set(key, ' '.join(f'{number:.9g}' for number in numbers))
