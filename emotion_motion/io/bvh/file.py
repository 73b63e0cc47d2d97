# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A BVH file as it stands: joints, channels, numbers, and where every joint is in each frame.

`bvhio` reads the hierarchy. The numbers are read and the joints placed here, for all frames at
once and in double precision: bvhio makes a Python object for each joint and frame, and it never
returns from a file that ends early.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import functools
import itertools
from pathlib import Path
import re
import tempfile
from typing import Any

import numpy as np

from emotion_motion.exceptions import MotionFileError

__all__ = ['BvhFile', 'BvhNode', 'load_bvh']

_CHANNELS = {
    f'{axis}{kind}': (kind, number)
    for kind in ('position', 'rotation')
    for number, axis in enumerate('xyz')
}
# Frame times are written with few digits: 0.0333333 means 30 Hz, while 23.976 Hz is not 24.
_RATE_ROUNDING = 2e-4
# Joints from the root to the end of a finger or of hair; Python's stack holds some hundreds.
_MOST_DEEP = 200


@dataclass(frozen=True, eq=False)
class BvhNode:
    """A joint, or the end site of one.

    Attributes:
        name: as in the file; an end site has the name of its joint and ' (end)'.
        parent: index of the parent, which comes before it; -1 for the root.
        offset: [3] from the parent, in file units.
        positions: pairs (axis 0 to 2, column of the numbers).
        rotations: the same, in the order in which they are applied.
        end: whether this is an end site.
    """

    name: str
    parent: int
    offset: np.ndarray
    positions: tuple[tuple[int, int], ...] = ()
    rotations: tuple[tuple[int, int], ...] = ()
    end: bool = False


@dataclass(frozen=True, eq=False)
class BvhFile:
    """Joints and numbers of a file, in its own axes and units.

    Attributes:
        path: where it lies.
        nodes: N joints and end sites, parents first.
        numbers: [T, C] channel values; degrees and file units.
        frame_time_s: seconds from one frame to the next.
        surplus: rows beyond the announced ones, which are left out.
    """

    path: Path
    nodes: tuple[BvhNode, ...]
    numbers: np.ndarray
    frame_time_s: float
    surplus: int = 0

    @property
    def rate_hz(self) -> float:
        """Frames a second; a whole number where the frame time is one but for its digits."""
        rate = 1.0 / self.frame_time_s
        return float(round(rate)) if abs(rate - round(rate)) < _RATE_ROUNDING * rate else rate

    @functools.cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Indices of the children of each node."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            if node.parent >= 0:
                found[node.parent].append(index)
        return tuple(map(tuple, found))

    def path_to(self, node: int) -> list[int]:
        """Return the indices from the root down to `node`, both included."""
        path = [node]
        while self.nodes[path[-1]].parent >= 0:
            path.append(self.nodes[path[-1]].parent)
        return path[::-1]

    @functools.cached_property
    def moved(self) -> tuple[int, ...]:
        """Joints below the root that have position channels."""
        return tuple(i for i, node in enumerate(self.nodes) if i and node.positions)

    @functools.cached_property
    def positions_replace(self) -> bool:
        """Whether position channels below the root stand for the offset, or are added to it.

        Both are in use. The reading is right that leaves the joints where the offsets have them:
        each joint with channels and an offset votes for the nearer one, by its median over time.
        """
        votes = 0
        for index in self.moved:
            node = self.nodes[index]
            axes, columns = map(list, zip(*node.positions, strict=True))
            offset = node.offset[axes]
            if np.linalg.norm(offset) > 0.0:
                given = np.median(self.numbers[:, columns], axis=0)
                votes += 1 if np.linalg.norm(given - offset) <= np.linalg.norm(given) else -1
        return votes >= 0

    def place(
        self, wanted: Iterable[int] | None = None, frames: Any = slice(None)
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return positions [F, n, 3] and rotations [F, n, 3, 3] of the `wanted` n nodes.

        Args:
            wanted: indices of nodes; None: all. Only they and what is above them is computed.
            frames: slice or indices of the frames.
        """
        wanted = range(len(self.nodes)) if wanted is None else list(wanted)
        needed = {i for node in wanted for i in self.path_to(node)}
        numbers = self.numbers[frames]
        places: dict[int, tuple[np.ndarray, np.ndarray]] = {
            -1: (np.zeros((len(numbers), 3)), np.tile(np.eye(3), (len(numbers), 1, 1)))
        }
        for index in sorted(needed):
            places[index] = self._step(index, numbers, *places[self.nodes[index].parent])
        return (
            np.stack([places[i][0] for i in wanted], axis=1),
            np.stack([places[i][1] for i in wanted], axis=1),
        )

    def _step(
        self, index: int, numbers: np.ndarray, position: np.ndarray, rotation: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return where a node is, [F, 3] and [F, 3, 3], from where its parent is."""
        node = self.nodes[index]
        shift = np.tile(node.offset, (len(numbers), 1))
        for axis, column in node.positions:
            added = shift[:, axis] if index and not self.positions_replace else 0.0
            shift[:, axis] = added + numbers[:, column]
        position = position + (rotation @ shift[..., None])[..., 0]
        if node.rotations:
            rotation = rotation.copy()
        for axis, column in node.rotations:
            angle = np.radians(numbers[:, column])[:, None]
            cos, sin = np.cos(angle), np.sin(angle)
            second, third = (axis + 1) % 3, (axis + 2) % 3
            before, after = rotation[..., second].copy(), rotation[..., third].copy()
            rotation[..., second] = cos * before + sin * after
            rotation[..., third] = cos * after - sin * before
        return position, rotation

    def rest(self) -> np.ndarray:
        """Return the positions [N, 3] of all nodes with every rotation at zero."""
        places = np.zeros((len(self.nodes), 3))
        for index, node in enumerate(self.nodes):
            places[index] = node.offset + (places[node.parent] if index else 0.0)
        return places


def load_bvh(path: str | Path) -> BvhFile:
    """Read a BVH file.

    Raises:
        MotionFileError: it is missing, no BVH, cut off, without motion, or holds numbers that are
            not finite.
    """
    path = Path(path)
    header, frames, frame_time, rows = _split(path, _text(path))
    names, lines = _tidy(path, header)
    nodes = _nodes(path, _parse(path, lines), names)
    frame_time_s = _number(path, frame_time, 'frame time')
    count = _number(path, frames, 'number of frames')
    if count != int(count) or count < 1:
        raise _bad(path, f'it announces {frames} frames', 'at least one frame of motion')
    if frame_time_s <= 0.0:
        raise _bad(path, f'its frame time is {frame_time} s', 'a number of seconds above 0')
    channels = sum(len(node.positions) + len(node.rotations) for node in nodes)
    numbers = _numbers(path, rows, int(count), channels)
    return BvhFile(path, nodes, numbers, frame_time_s, surplus=len(rows) - int(count))


def _bad(path: Path, found: str, expected: str) -> MotionFileError:
    return MotionFileError(f'got {path}, which cannot be read: {found}; expected {expected}')


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _bad(path, f'{error.strerror}', 'a BVH file that you may read') from error
    if not data.strip():
        raise _bad(path, 'the file is empty', 'a BVH file')
    if b'\0' in data[:4096]:
        raise _bad(path, 'it holds binary data', 'a BVH file, which is text')
    try:
        return data.decode('utf-8-sig')
    except UnicodeDecodeError:
        return data.decode('latin-1')


def _split(path: Path, text: str) -> tuple[str, str, str, list[str]]:
    """Return the hierarchy, the number of frames, the frame time, the rows of numbers."""
    if not re.match(r'\s*HIERARCHY\b', text):
        raise _bad(path, f'it begins with {text.strip()[:30]!r}', 'HIERARCHY, as BVH files do')
    parts = re.split(r'^[ \t]*MOTION[ \t]*\r?$', text, maxsplit=1, flags=re.MULTILINE)
    if len(parts) < 2:
        raise _bad(
            path,
            'it has no line MOTION: cut off, or without motion',
            'a hierarchy and the motion of its joints',
        )
    match = re.match(r'\s*Frames:[ \t]*(\S*)\s*Frame[ \t]+Time:[ \t]*(\S*)[^\n]*', parts[1])
    if not match or not all(match.groups()):
        raise _bad(
            path,
            f'after MOTION stands {parts[1].strip()[:40]!r}: cut off, or damaged',
            'Frames: and Frame Time: with a number each',
        )
    rows = [line for line in parts[1][match.end() :].splitlines() if not line.isspace() and line]
    return parts[0], match[1], match[2], rows


def _tidy(path: Path, header: str) -> tuple[list[str], list[str]]:
    """Return the names of the joints and the lines of the hierarchy in the form bvhio knows.

    It takes one bracket a line, one word a name, ASCII, and a default of (0, 1, 0) for a missing
    end site. Here joints are j0, j1 and so on in the order of the file, and each leaf has an end.
    """
    names: list[str] = []
    lines: list[str] = []
    for line in header.replace('{', '\n{\n').replace('}', '\n}\n').splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] in ('ROOT', 'JOINT'):
            names.append(' '.join(words[1:]) or f'joint {len(names)}')
            words = [words[0], f'j{len(names) - 1}']
        elif words[0] == 'End':
            words = ['End', 'Site']
        elif words[0] == '}' and lines[-1].startswith('CHANNELS'):
            lines += ['End Site', '{', 'OFFSET 0 0 0', '}']
        lines.append(' '.join(words))
    opened, closed = lines.count('{'), lines.count('}')
    if opened != closed:
        raise _bad(
            path,
            f'its hierarchy opens {opened} brackets and closes {closed}: cut off, or damaged',
            'as many of each',
        )
    deepest = max(itertools.accumulate({'{': 1, '}': -1}.get(line, 0) for line in lines))
    if deepest > _MOST_DEEP:
        raise _bad(path, f'its joints hang {deepest} deep in each other', f'{_MOST_DEEP} at most')
    roots = sum(line.startswith('ROOT') for line in lines)
    if roots != 1:
        raise _bad(path, f'it has {roots} skeletons', 'one; write one file a body')
    return names, lines


def _parse(path: Path, lines: list[str]) -> Any:
    """Return bvhio's root joint of a hierarchy."""
    try:
        import bvhio
    except ImportError as error:
        raise MotionFileError(
            "got no bvhio, which reading BVH files needs; pip install 'emotion_motion[train]'"
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / 'hierarchy.bvh'
        motion = ['MOTION', 'Frames: 0', 'Frame Time: 1']
        copy.write_text('\n'.join([*lines, *motion]) + '\n', encoding='ascii', errors='replace')
        try:
            return bvhio.readAsBvh(str(copy), loadKeyFrames=False).Root
        except SyntaxError as error:
            where = f' (at {str(error.text).strip()[:40]!r})' if error.text else ''
            raise _bad(path, f'its hierarchy is damaged{where}', f'{error.msg}') from None
        except (IndexError, ValueError, RecursionError) as error:
            raise _bad(
                path,
                f'its hierarchy is damaged ({error})',
                'ROOT, JOINT, OFFSET, CHANNELS and End Site in their order',
            ) from error


def _nodes(path: Path, root: Any, names: list[str]) -> tuple[BvhNode, ...]:
    """Return the nodes of bvhio's joints, parents first, in the order of their channels."""
    nodes: list[BvhNode] = []
    column = 0

    def add(joint: Any, parent: int) -> None:
        nonlocal column
        index = len(nodes)
        found: dict[str, list[tuple[int, int]]] = {'position': [], 'rotation': []}
        name = names[int(joint.Name[1:])]
        for channel in joint.Channels:
            if channel.lower() not in _CHANNELS:
                raise _bad(
                    path,
                    f'the joint {name!r} has a channel {channel!r}',
                    'X, Y or Z position or rotation',
                )
            kind, axis = _CHANNELS[channel.lower()]
            found[kind].append((axis, column))
            column += 1
        offset = np.array(joint.Offset.to_list())
        positions, rotations = map(tuple, found.values())
        nodes.append(BvhNode(name, parent, offset, positions, rotations))
        for child in joint.Children:
            add(child, index)
        if not joint.Children:
            offset = np.array(joint.EndSite.to_list())
            nodes.append(BvhNode(f'{name} (end)', index, offset, end=True))

    add(root, -1)
    if not all(np.isfinite(node.offset).all() for node in nodes):
        raise _bad(path, 'its hierarchy has offsets that are not finite', 'finite numbers')
    return tuple(nodes)


def _number(path: Path, text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float('nan')
    if not np.isfinite(number):
        raise _bad(path, f'its {what} is {text!r}', 'a finite number')
    return number


def _numbers(path: Path, rows: list[str], frames: int, channels: int) -> np.ndarray:
    """Return the numbers [frames, channels] of the motion."""
    if channels == 0:
        raise _bad(path, 'none of its joints has a channel', 'joints that move')
    words = [row.split() for row in rows[:frames]]
    whole = sum(len(row) >= channels for row in words)
    if len(words) < frames or (words and len(words[-1]) < channels and whole == frames - 1):
        raise _bad(
            path,
            f'it announces {frames} frames and holds {whole}: cut off',
            f'{frames} rows of {channels} numbers',
        )
    wrong = next((i for i, row in enumerate(words) if len(row) != channels), None)
    if wrong is not None:
        raise _bad(
            path,
            f'frame {wrong + 1} has {len(words[wrong])} numbers',
            f'{channels}, one a channel of the hierarchy',
        )
    try:
        numbers = np.array([list(map(float, row)) for row in words])
    except ValueError as error:
        raise _bad(path, f'its motion holds no number ({error})', 'numbers only') from None
    if not np.isfinite(numbers).all():
        frame = int(np.flatnonzero(~np.isfinite(numbers).all(axis=1))[0])
        raise _bad(
            path,
            f'frame {frame + 1} holds a number that is not finite',
            'finite numbers; leave such frames out',
        )
    return numbers
