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

__all__ = ['Urdf', 'UrdfJoint', 'find_file', 'read_urdf']

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
        place: of the joint in the parent link's frame [m].
    """

    name: str
    kind: str
    parent: str
    child: str
    mimics: str | None
    lower: float | None
    upper: float | None
    velocity: float | None
    place: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def moves(self) -> bool:
        """Whether it has one coordinate that may change."""
        return self.kind in _MOVING


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

    def way(self, link: str) -> list[UrdfJoint]:
        """Return the joints from the root to a link."""
        found = []
        while link in self.moved_by:
            found.append(self.moved_by[link])
            link = found[-1].parent
        return found[::-1]


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
    text = _expanded(path) if path.suffix == '.xacro' else _text(path)
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
    found = folder / Path(reference.removeprefix('file://')).expanduser()
    return found if found.is_file() else None


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


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise RobotError(f'could not read {path} ({error}); expected a URDF') from error


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
    name = _named(element, path)
    ends = [
        found.get('link', '') if (found := element.find(tag)) is not None else ''
        for tag in ('parent', 'child')
    ]
    if not all(ends):
        raise RobotError(f'got {path}, whose joint {name!r} lacks its parent or child link')
    limit, mimic = element.find('limit'), element.find('mimic')
    lower, upper, velocity = (
        _number(limit, key, name, path) for key in ('lower', 'upper', 'velocity')
    )
    kind = element.get('type', '')
    if limit is not None and kind in ('revolute', 'prismatic'):
        lower, upper = lower or 0.0, upper or 0.0  # the URDF's defaults
    return UrdfJoint(
        name=name,
        kind=kind,
        parent=ends[0],
        child=ends[1],
        mimics=None if mimic is None else mimic.get('joint', ''),
        lower=lower,
        upper=upper,
        velocity=velocity,
        place=_place(element, name, path),
    )


def _place(element: ET.Element, joint: str, path: Path) -> tuple[float, float, float]:
    origin = element.find('origin')
    text = '0 0 0' if origin is None else origin.get('xyz', '0 0 0')
    try:
        x, y, z = (float(number) for number in text.split())
    except ValueError:
        raise RobotError(
            f'got {path}, whose joint {joint!r} has xyz={text!r}; expected three numbers'
        ) from None
    return x, y, z


def _number(limit: ET.Element | None, key: str, joint: str, path: Path) -> float | None:
    text = None if limit is None else limit.get(key)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise RobotError(
            f'got {path}, whose joint {joint!r} has {key}={text!r}; expected a number'
        ) from None


def _check_tree(links: dict[str, ET.Element], joints: dict[str, UrdfJoint], path: Path) -> None:
    children = [joint.child for joint in joints.values()]
    unknown = sorted(
        {link for joint in joints.values() for link in (joint.parent, joint.child)} - set(links)
    )
    twice = sorted({link for link in children if children.count(link) > 1})
    roots = [link for link in links if link not in children]
    if unknown or twice or len(roots) != 1:
        said = (
            f'joints at the links {", ".join(unknown)}, which it lacks'
            if unknown
            else f'several joints that move {", ".join(twice)}'
            if twice
            else f'{len(roots)} links that no joint moves ({", ".join(roots[:5])})'
        )
        raise RobotError(f'got {path} with {said}; expected one tree of links')
