# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot's description: the URDF as a tree of named links and joints, and where its files lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
import functools
import importlib.util
import logging
import math
import os
from pathlib import Path
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

from emotion_motion.exceptions import ConfigError, RobotError
from emotion_motion.files import parse_xml, read_text, shared_folders
from emotion_motion.robot.description.units import to_metres, to_radians

__all__ = ['Urdf', 'UrdfJoint', 'find_file', 'parse_urdf', 'read_urdf']

_log = logging.getLogger(__name__)

_PACKAGE = 'package://'
_MOVING = ('revolute', 'prismatic', 'continuous')
_KINDS = (*_MOVING, 'fixed', 'floating', 'planar')
# The largest robots have some hundred links, a dozen or two between the root and a fingertip.
_MOST_LINKS, _DEEPEST = 5000, 500
# How many numbers the attributes of elements in links and joints are.
_NUMBERS = {
    'origin': {'xyz': 3, 'rpy': 3},
    'axis': {'xyz': 3},
    'box': {'size': 3},
    'mesh': {'scale': 3},
    'sphere': {'radius': 1},
    'cylinder': {'radius': 1, 'length': 1},
    'capsule': {'radius': 1, 'length': 1},
    'mass': {'value': 1},
    'inertia': dict.fromkeys(('ixx', 'ixy', 'ixz', 'iyy', 'iyz', 'izz'), 1),
    'limit': dict.fromkeys(('lower', 'upper', 'velocity', 'effort'), 1),
    'safety_controller': dict.fromkeys(
        ('soft_lower_limit', 'soft_upper_limit', 'k_position', 'k_velocity'), 1
    ),
    'mimic': {'multiplier': 1, 'offset': 1},
    'dynamics': {'damping': 1, 'friction': 1},
}
# What libraries insist on, and what it is where it is missing.
_NEEDED = {'limit': ('effort', 'velocity'), 'safety_controller': ('k_velocity',)}


@dataclass(frozen=True)
class UrdfJoint:
    """A joint as the URDF describes it; what it does not say is None.

    Attributes:
        name: of the joint.
        kind: fixed, revolute, continuous, prismatic, floating or planar.
        parent: link nearer to the root.
        child: link that it moves.
        mimics: joint that it follows, None where it moves by itself.
        lower: smallest position [rad or m], by the limit or the soft one, which is narrower.
        upper: largest position [rad or m].
        velocity: largest speed [rad/s or m/s].
        effort: largest torque or force [Nm or N].
        place: of the joint in the parent link's frame [m].
        axis: that it turns about or slides along, in the child link's frame.
    """

    name: str
    kind: str
    parent: str
    child: str
    mimics: str | None
    lower: float | None
    upper: float | None
    velocity: float | None
    effort: float | None
    place: tuple[float, float, float]
    axis: tuple[float, float, float]

    @property
    def moves(self) -> bool:
        """Whether it has one coordinate that may change."""
        return self.kind in _MOVING

    def clipped(self, position: float) -> float:
        """Return a position within the limits, where there are some with room."""
        if self.lower is None or self.upper is None or self.lower > self.upper:
            return position
        return min(max(position, self.lower), self.upper)


@dataclass(frozen=True, eq=False)
class Urdf:
    """A robot's description as it was read.

    Attributes:
        path: where it lies.
        text: XML, with radians and metres, and the limits that libraries insist on.
        name: of the robot.
        joints: by name, in the order of the file.
        links: by name, the XML of each.
    """

    path: Path
    text: str
    name: str
    joints: dict[str, UrdfJoint]
    links: dict[str, ET.Element]

    @functools.cached_property
    def root(self) -> str:
        """Name of the link that no joint moves."""
        children = {joint.child for joint in self.joints.values()}
        return next(name for name in self.links if name not in children)

    @functools.cached_property
    def moved_by(self) -> dict[str, UrdfJoint]:
        """The joint that moves each link; the root has none."""
        return {joint.child: joint for joint in self.joints.values()}

    @functools.cached_property
    def carried(self) -> dict[str, list[UrdfJoint]]:
        """The joints on each link, in the order of the file."""
        carried: dict[str, list[UrdfJoint]] = {link: [] for link in self.links}
        for joint in self.joints.values():
            carried[joint.parent].append(joint)
        return carried

    def joints_to(self, link: str) -> list[UrdfJoint]:
        """Return the joints from the root to a link."""
        joints: list[UrdfJoint] = []
        while link in self.moved_by:
            joints.append(self.moved_by[link])
            link = joints[-1].parent
        return joints[::-1]


def read_urdf(path: str | Path) -> Urdf:
    """Read a URDF, or a xacro that gives one.

    Raises:
        RobotError: there is no such file, it is no URDF, or its joints and links are no tree; the
            message names file, element and value.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise RobotError(
            f'got {str(path)!r} as the URDF of a robot; expected a file. Give its place, or '
            f'install the package that brings it'
        )
    try:
        text = _expanded(path) if path.suffix == '.xacro' else read_text(path, 'XML')
    except ConfigError as error:
        raise RobotError(f'{error}; expected a URDF') from error
    return parse_urdf(text, path)


def parse_urdf(text: str, path: Path) -> Urdf:
    """Return what a URDF's text says; errors are those of reading it from `path`."""
    try:
        root = parse_xml(text, str(path))
    except ConfigError as error:
        raise RobotError(f'{error}; expected a URDF') from error
    if root.tag != 'robot':
        raise RobotError(
            f'got {path}, whose first element is <{root.tag}>; expected the <robot> of a URDF'
        )
    links = {_named(link, path): link for link in root.findall('link')}
    _check_elements(root, path)
    away = _distances(links, _joints(root, path), path)
    link, reach = max(away.items(), key=lambda item: item[1])
    changed = [to_radians(root, path), to_metres(root, path, link, reach)]
    joints = _joints(root, path)
    changed += [_fill_limits(joint) for joint in root.findall('joint')]
    text = ET.tostring(root, encoding='unicode') if any(changed) else text
    return Urdf(path, text, root.get('name') or path.stem, joints, links)


def find_file(reference: str, folder: Path) -> Path | None:
    """Return the file that a reference in a description or configuration means, None if absent.

    Args:
        reference: package://PACKAGE/PLACE, file://PLACE or a place.
        folder: what a relative place is relative to.

    Raises:
        RobotError: a place in a package leads out of it.
    """
    if reference.startswith(_PACKAGE):
        package, _, place = reference.removeprefix(_PACKAGE).lstrip('/').partition('/')
        if package in ('', '.', '..') or os.path.normpath(place).startswith(('..', '/')):
            raise RobotError(
                f'got {reference!r} in {folder}, which leads out of a package; expected a file in '
                f'one'
            )
        for share in _package_folders(package, folder):
            if (share / place).is_file():
                return share / place
        return None
    file = folder / Path(reference.removeprefix('file://')).expanduser()
    return file if file.is_file() else None


def _package_folders(package: str, folder: Path) -> Iterator[Path]:
    """Yield where a package may be installed: ROS, wheels, around the file that names it."""
    for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep):
        if prefix:
            yield Path(prefix) / 'share' / package
    for root in os.environ.get('ROS_PACKAGE_PATH', '').split(os.pathsep):
        if root:
            yield Path(root) / package
    for entry in sys.path:  # Pinocchio's wheels and example-robot-data keep their share/ here
        yield Path(entry) / 'cmeel.prefix' / 'share' / package
    for above in folder.resolve().parents:
        yield above / package
    if package == 'emotion_motion':  # the source tree, or what pip has installed
        yield from shared_folders()


def _expanded(path: Path) -> str:
    """Return the URDF that a xacro gives."""
    if importlib.util.find_spec('xacro') is not None:
        command = [sys.executable, '-c', 'import xacro; xacro.main()', str(path)]
    elif (program := shutil.which('xacro')) is not None:
        command = [program, str(path)]
    else:
        raise RobotError(
            f'got {path}, which needs xacro to become a URDF, and xacro is not installed; install '
            f'it (ros-DISTRO-xacro, or pip install xacro) or give a URDF'
        )
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise RobotError(f'got {path}, which xacro could not expand ({error})') from error
    if done.returncode != 0:
        raise RobotError(f'got {path}, which xacro could not expand: {done.stderr.strip()[-300:]}')
    return done.stdout


def _named(element: ET.Element, path: Path) -> str:
    name = element.get('name')
    if not name:
        raise RobotError(f'got {path} with a <{element.tag}> without a name')
    if not name.isprintable():  # names stand in the comments of files that are written
        raise RobotError(f'got {path} with the {element.tag} {name!r}; expected one line')
    return name


def _check_elements(root: ET.Element, path: Path) -> None:
    """Refuse too many links, a name that stands twice, and texts where numbers belong."""
    for kind in ('link', 'joint'):
        elements = root.findall(kind)
        if len(elements) > _MOST_LINKS:
            raise RobotError(
                f'got {path} with {len(elements)} {kind}s; expected {_MOST_LINKS} at most. Leave '
                f'out what is no part of the robot'
            )
        for name, count in Counter(_named(element, path) for element in elements).items():
            if count > 1:
                raise RobotError(f'got {path} with {count} {kind}s {name!r}; expected one')
        for element in elements:
            who = f'{path}, whose {kind} {element.get("name")!r}'
            for part in element.iter():
                for key, expected in _NUMBERS.get(part.tag, {}).items():
                    _check_numbers(part, key, expected, who)


def _check_numbers(part: ET.Element, key: str, count: int, who: str) -> None:
    text = part.get(key)
    try:
        good = text is None or [math.isfinite(float(x)) for x in text.split()] == [True] * count
    except ValueError:
        good = False
    if not good:
        raise RobotError(
            f'got {who} has <{part.tag} {key}={text!r}>; expected '
            f'{"a finite number" if count == 1 else f"{count} finite numbers"}'
        )


def _joints(root: ET.Element, path: Path) -> dict[str, UrdfJoint]:
    return {_named(joint, path): _joint(joint, path) for joint in root.findall('joint')}


def _joint(element: ET.Element, path: Path) -> UrdfJoint:
    name, kind = _named(element, path), element.get('type', '')
    parent, child = (_attribute(element, tag, 'link') for tag in ('parent', 'child'))
    if not (parent and child):
        raise RobotError(f'got {path}, whose joint {name!r} lacks its parent or child link')

    if kind not in _KINDS:
        raise RobotError(
            f'got {path}, whose joint {name!r} has type={kind!r}; expected one of '
            f'{", ".join(_KINDS)}'
        )
    lower, upper = _range(element) if kind in ('revolute', 'prismatic') else (None, None)
    return UrdfJoint(
        name=name,
        kind=kind,
        parent=parent,
        child=child,
        mimics=None if element.find('mimic') is None else _attribute(element, 'mimic', 'joint'),
        lower=lower,
        upper=upper,
        velocity=_number(element, 'limit', 'velocity'),
        effort=_number(element, 'limit', 'effort'),
        place=_vector(element, 'origin', '0 0 0'),
        axis=_vector(element, 'axis', '1 0 0'),
    )


def _range(element: ET.Element) -> tuple[float | None, float | None]:
    """Return the narrower of a joint's limits and soft limits; None where it has no limits.

    Soft limits that leave no room, such as the 0 and 0 of a template, do not count.
    """
    if element.find('limit') is None:
        return None, None
    ends = [_number(element, 'limit', key) or 0.0 for key in ('lower', 'upper')]  # absent means 0
    soft = [
        _number(element, 'safety_controller', f'soft_{key}_limit') for key in ('lower', 'upper')
    ]
    lower = ends[0] if soft[0] is None else max(ends[0], soft[0])
    upper = ends[1] if soft[1] is None else min(ends[1], soft[1])
    if lower < upper or not ends[0] < ends[1]:
        return lower, upper
    _log.warning(
        'the joint %s has a safety_controller from %s to %s, which leaves no room in its limits '
        'from %g to %g; the limits alone count',
        *(element.get('name'), *soft, *ends),
    )
    return ends[0], ends[1]


def _number(element: ET.Element, tag: str, key: str) -> float | None:
    text = _attribute(element, tag, key)
    return float(text) if text else None


def _vector(element: ET.Element, tag: str, default: str) -> tuple[float, float, float]:
    x, y, z = (float(number) for number in (_attribute(element, tag, 'xyz') or default).split())
    return x, y, z


def _attribute(element: ET.Element, tag: str, key: str) -> str:
    """Return an attribute of an element's child; '' where either is missing."""
    child = element.find(tag)
    return '' if child is None else child.get(key, '')


def _fill_limits(joint: ET.Element) -> bool:
    """Give a joint what libraries insist on; `UrdfJoint` has noted already what was missing."""
    if joint.find('limit') is None and joint.get('type') in ('revolute', 'prismatic'):
        ET.SubElement(joint, 'limit')
    missing = [
        (element, key)
        for tag, keys in _NEEDED.items()
        for element in joint.findall(tag)
        for key in keys
        if key not in element.attrib
    ]
    for element, key in missing:
        element.set(key, '0')
    return bool(missing)


def _distances(
    links: dict[str, ET.Element], joints: dict[str, UrdfJoint], path: Path
) -> dict[str, float]:
    """Return how far each link is from the root along the joints; refuse what is no tree."""
    moved = Counter(joint.child for joint in joints.values())
    roots = [link for link in links if link not in moved]
    unknown = sorted({end for j in joints.values() for end in (j.parent, j.child)} - set(links))
    if unknown:
        raise _no_tree(path, f'joints at the links {", ".join(unknown[:5])}, which it lacks')
    if twice := sorted(link for link, count in moved.items() if count > 1):
        raise _no_tree(path, f'several joints that move {", ".join(twice[:5])}')
    if len(roots) != 1:
        raise _no_tree(path, f'{len(roots)} links that no joint moves ({", ".join(roots[:5])})')
    children: dict[str, list[UrdfJoint]] = {link: [] for link in links}
    for joint in joints.values():
        children[joint.parent].append(joint)
    away, level, depth = {roots[0]: 0.0}, roots, 0
    while level:
        below = [joint for link in level for joint in children[link]]
        away |= {joint.child: away[joint.parent] + math.hypot(*joint.place) for joint in below}
        level, depth = [joint.child for joint in below], depth + 1
    if ring := [link for link in links if link not in away]:
        raise _no_tree(path, f'links whose joints lead in a circle ({", ".join(ring[:5])})')
    if depth > _DEEPEST:
        raise _no_tree(path, f'{depth} links one on the other, more than {_DEEPEST}')
    return away


def _no_tree(path: Path, problem: str) -> RobotError:
    return RobotError(f'got {path} with {problem}; expected one tree of links')
