# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot's description: the URDF as a tree of named links and joints, and where its files lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import functools
import importlib.util
import os
from pathlib import Path
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

from emotion_motion.exceptions import RobotError
from emotion_motion.files import shared_folders

__all__ = ['Urdf', 'UrdfJoint', 'find_file', 'parse_urdf', 'read_urdf']

_PACKAGE = 'package://'
_MOVING = ('revolute', 'prismatic', 'continuous')


@dataclass(frozen=True)
class UrdfJoint:
    """A joint as the URDF describes it; what it does not say is None.

    Attributes:
        name: of the joint.
        kind: fixed, revolute, continuous, prismatic, floating or planar.
        parent: link nearer to the root.
        child: link that it moves.
        mimics: joint that it follows, None where it moves by itself.
        lower: smallest position [rad or m].
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
        text: XML.
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

    def joints_to(self, link: str) -> list[UrdfJoint]:
        """Return the joints from the root to a link."""
        joints: list[UrdfJoint] = []
        while link in self.moved_by:
            joints.insert(0, self.moved_by[link])
            link = joints[0].parent
        return joints


def read_urdf(path: str | Path) -> Urdf:
    """Read a URDF, or a xacro that gives one.

    Raises:
        RobotError: there is no such file, it is no URDF, or its joints and links are no tree.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise RobotError(
            f'got {str(path)!r} as the URDF of a robot; expected a file. Give its place, or '
            f'install the package that brings it'
        )
    try:
        text = _expanded(path) if path.suffix == '.xacro' else path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise RobotError(f'could not read {path} ({error}); expected a URDF') from error
    return parse_urdf(text, path)


def parse_urdf(text: str, path: Path) -> Urdf:
    """Return what a URDF's text says; errors are those of reading it from `path`."""
    try:
        root = ET.fromstring(text.encode())
    except ET.ParseError as error:
        raise RobotError(f'got {path}, which is no XML ({error}); expected a URDF') from error
    if root.tag != 'robot':
        raise RobotError(
            f'got {path}, whose first element is <{root.tag}>; expected the <robot> of a URDF'
        )
    links = {_named(link, path): link for link in root.findall('link')}
    joints = {_named(joint, path): _joint(joint, path) for joint in root.findall('joint')}
    _check_tree(links, joints, path)
    return Urdf(path, text, root.get('name', path.stem), joints, links)


def find_file(reference: str, folder: Path) -> Path | None:
    """Return the file that a reference in a description or configuration means, None if absent.

    Args:
        reference: package://PACKAGE/PLACE, file://PLACE or a place.
        folder: what a relative place is relative to.
    """
    if reference.startswith(_PACKAGE):
        package, _, place = reference.removeprefix(_PACKAGE).partition('/')
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
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RobotError(f'got {path}, which xacro could not expand: {done.stderr.strip()[-300:]}')
    return done.stdout


def _named(element: ET.Element, path: Path) -> str:
    name = element.get('name')
    if not name:
        raise RobotError(f'got {path} with a <{element.tag}> without a name')
    return name


def _joint(element: ET.Element, path: Path) -> UrdfJoint:
    name, kind = _named(element, path), element.get('type', '')
    parent, child = (_attribute(element, tag, 'link') for tag in ('parent', 'child'))
    if not (parent and child):
        raise RobotError(f'got {path}, whose joint {name!r} lacks its parent or child link')

    limit = element.find('limit')
    # A URDF that gives no ends means 0.
    end = None if limit is None or kind not in ('revolute', 'prismatic') else 0.0
    who = f'{path}, whose joint {name!r}'
    return UrdfJoint(
        name=name,
        kind=kind,
        parent=parent,
        child=child,
        mimics=None if element.find('mimic') is None else _attribute(element, 'mimic', 'joint'),
        lower=_number(element, 'lower', end, who),
        upper=_number(element, 'upper', end, who),
        velocity=_number(element, 'velocity', None, who),
        effort=_number(element, 'effort', None, who),
        place=_vector(element, 'origin', '0 0 0', who),
        axis=_vector(element, 'axis', '1 0 0', who),
    )


def _number(element: ET.Element, key: str, default: float | None, who: str) -> float | None:
    text = _attribute(element, 'limit', key)
    if not text:
        return default
    try:
        return float(text)
    except ValueError:
        raise RobotError(f'got {who} has {key}={text!r}; expected a number') from None


def _vector(element: ET.Element, tag: str, default: str, who: str) -> tuple[float, float, float]:
    text = _attribute(element, tag, 'xyz') or default
    try:
        x, y, z = (float(number) for number in text.split())
    except ValueError:
        raise RobotError(f'got {who} has xyz={text!r}; expected three numbers') from None
    return x, y, z


def _attribute(element: ET.Element, tag: str, key: str) -> str:
    """Return an attribute of an element's child; '' where either is missing."""
    child = element.find(tag)
    return '' if child is None else child.get(key, '')


def _check_tree(links: dict[str, ET.Element], joints: dict[str, UrdfJoint], path: Path) -> None:
    children = [joint.child for joint in joints.values()]
    unknown = sorted({*children, *(joint.parent for joint in joints.values())} - set(links))
    twice = sorted({link for link in children if children.count(link) > 1})
    roots = [link for link in links if link not in children]
    problem = ''
    if unknown:
        problem = f'joints at the links {", ".join(unknown)}, which it lacks'
    elif twice:
        problem = f'several joints that move {", ".join(twice)}'
    elif len(roots) != 1:
        problem = f'{len(roots)} links that no joint moves ({", ".join(roots[:5])})'
    if problem:
        raise RobotError(f'got {path} with {problem}; expected one tree of links')
