# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A BVH file as it stands: joints, channels, numbers, and where every joint is in each frame."""

from __future__ import annotations

from collections.abc import Iterable
import dataclasses
from dataclasses import dataclass
import functools
from pathlib import Path
import re
from typing import Any, NoReturn

import numpy as np

from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.clip import checked_rate

_CHANNELS = {
    f'{axis}{kind}': (kind, number)
    for kind in ('position', 'rotation')
    for number, axis in enumerate('xyz')
}
# Frame times are written with few digits: 0.0333333 means 30 Hz, while 23.976 Hz is not 24.
_RATE_ROUNDING = 2e-4
# Joints from the root to the end of a finger or of hair; chains are followed by recursion.
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
        children: list[list[int]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            if node.parent >= 0:
                children[node.parent].append(index)
        return tuple(map(tuple, children))

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


def load_bvh(path: str | Path, rate_hz: float | None = None) -> BvhFile:
    """Read a BVH file.

    Args:
        path: of the file.
        rate_hz: frames a second instead of what the file says.

    Raises:
        MotionFileError: it is missing, no BVH, cut off, without motion, of a rate outside 1 to
            1,000 Hz, or holds numbers that are not finite.
    """
    path = Path(path)
    header, frames, frame_time, rows = _split(path, _text(path))
    nodes = _Hierarchy(path).read(header)
    if rate_hz is None:
        frame_time_s = _number(path, frame_time, 'frame time')
        try:
            checked_rate(1.0 / frame_time_s if frame_time_s else float('inf'), frame_time_s)
        except MotionFileError as error:
            raise MotionFileError(f'{path}: {error}') from error
    else:
        frame_time_s = 1.0 / checked_rate(rate_hz, given=True)
    count = _number(path, frames, 'number of frames')
    if count != int(count) or count < 1:
        _refuse(path, f'it announces {frames} frames', 'at least one frame of motion')
    channels = sum(len(node.positions) + len(node.rotations) for node in nodes)
    numbers = _numbers(path, rows, int(count), channels)
    return BvhFile(path, nodes, numbers, frame_time_s, surplus=len(rows) - int(count))


def _refuse(path: Path, problem: str, expected: str) -> NoReturn:
    raise MotionFileError(f'got {path}, which cannot be read: {problem}; expected {expected}')


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        _refuse(path, f'{error.strerror}', 'a BVH file that you may read')
    if not data.strip():
        _refuse(path, 'the file is empty', 'a BVH file')
    if b'\0' in data[:4096]:
        _refuse(path, 'it holds binary data', 'a BVH file, which is text')
    data = data.replace(b'\r\n', b'\n').replace(b'\r', b'\n')
    try:
        return data.decode('utf-8-sig')
    except UnicodeDecodeError:
        return data.decode('latin-1')


def _split(path: Path, text: str) -> tuple[str, str, str, list[str]]:
    if not re.match(r'\s*HIERARCHY\b', text):
        _refuse(path, f'it begins with {text.strip()[:30]!r}', 'HIERARCHY, as BVH files do')
    parts = re.split(r'^[ \t]*MOTION[ \t]*$', text, maxsplit=1, flags=re.MULTILINE)
    if len(parts) < 2:
        problem = 'it has no line MOTION: cut off, or without motion'
        _refuse(path, problem, 'a hierarchy and the motion of its joints')
    match = re.match(r'\s*Frames:[ \t]*(\S*)\s*Frame[ \t]+Time:[ \t]*(\S*)[^\n]*', parts[1])
    if not match or not all(match.groups()):
        problem = f'after MOTION stands {parts[1].strip()[:40]!r}: cut off, or damaged'
        _refuse(path, problem, 'Frames: and Frame Time: with a number each')
    rows = [line for line in parts[1][match.end() :].splitlines() if not line.isspace() and line]
    return parts[0], match[1], match[2], rows


class _Hierarchy:
    """Reads the lines of a hierarchy one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._nodes: list[BvhNode] = []
        self._open: list[int] = []  # joints whose bracket is not closed yet
        self._columns = 0

    def read(self, header: str) -> tuple[BvhNode, ...]:
        """Return the nodes, parents first, in the order of their channels."""
        self._check_brackets(header)
        lines = header.replace('{', '\n').replace('}', '\n}\n').splitlines()
        for word, *words in filter(None, map(str.split, lines)):
            if word in ('ROOT', 'JOINT'):
                name = ' '.join(words) or f'joint {sum(not n.end for n in self._nodes)}'
                self._begin(BvhNode(name, self._parent(), np.zeros(3)))
            elif word == 'End':
                self._begin(self._end())
            elif word == 'OFFSET' and self._open:
                self._change(offset=self._offset(words))
            elif word == 'CHANNELS' and self._open:
                self._add_channels(words)
            elif word == '}' and self._open:
                self._close()
            elif word != 'HIERARCHY':
                self._refuse_hierarchy(f'the line {" ".join([word, *words])[:40]!r}')
        return tuple(self._nodes)

    def _check_brackets(self, header: str) -> None:
        opened, closed = header.count('{'), header.count('}')
        if opened != closed:
            problem = (
                f'its hierarchy opens {opened} brackets and closes {closed}: cut off, or damaged'
            )
            _refuse(self._path, problem, 'one that closes for each that opens')
        depths = np.cumsum([1 if bracket == '{' else -1 for bracket in re.findall('[{}]', header)])
        if max(depths, default=0) > _MOST_DEEP:
            problem = f'its joints hang {max(depths)} deep in each other'
            _refuse(self._path, problem, f'{_MOST_DEEP} at most')
        roots = len(re.findall(r'^\s*ROOT\b', header, flags=re.MULTILINE))
        if roots != 1:
            _refuse(self._path, f'it has {roots} skeletons', 'one; write one file a body')

    def _parent(self) -> int:
        if not self._open and self._nodes:
            self._refuse_hierarchy('a joint outside its root')
        return self._open[-1] if self._open else -1

    def _begin(self, node: BvhNode) -> None:
        self._open.append(len(self._nodes))
        self._nodes.append(node)

    def _end(self) -> BvhNode:
        parent = self._parent()
        return BvhNode(f'{self._nodes[parent].name} (end)', parent, np.zeros(3), end=True)

    def _close(self) -> None:
        """Close a node; a joint without anything below it gets an end where it is itself."""
        if not self._nodes[-1].end and self._open[-1] == len(self._nodes) - 1:
            self._nodes.append(self._end())
        self._open.pop()

    def _change(self, **values: Any) -> None:
        node = self._open[-1]
        self._nodes[node] = dataclasses.replace(self._nodes[node], **values)

    def _offset(self, words: list[str]) -> np.ndarray:
        try:
            offset = np.array([float(word) for word in words])
        except ValueError:
            offset = np.zeros(0)
        if offset.shape != (3,):
            self._refuse_hierarchy(f'the offset {" ".join(words)[:40]!r}')
        if not np.isfinite(offset).all():
            problem = 'its hierarchy has offsets that are not finite'
            _refuse(self._path, problem, 'finite numbers')
        return offset

    def _add_channels(self, words: list[str]) -> None:
        channels = words[1:]
        if not words or words[0] != str(len(channels)):
            self._refuse_hierarchy(f'the channels {" ".join(words)[:60]!r}, whose count is wrong')
        columns: dict[str, list[tuple[int, int]]] = {'position': [], 'rotation': []}
        for channel in channels:
            if channel.lower() not in _CHANNELS:
                name = self._nodes[self._open[-1]].name
                problem = f'the joint {name!r} has a channel {channel!r}'
                _refuse(self._path, problem, 'X, Y or Z position or rotation')
            kind, axis = _CHANNELS[channel.lower()]
            columns[kind].append((axis, self._columns))
            self._columns += 1
        self._change(positions=tuple(columns['position']), rotations=tuple(columns['rotation']))

    def _refuse_hierarchy(self, what: str) -> NoReturn:
        expected = 'ROOT, JOINT, OFFSET with three numbers, CHANNELS and End Site in their order'
        _refuse(self._path, f'its hierarchy is damaged: it has {what}', expected)


def _number(path: Path, text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float('nan')
    if not np.isfinite(number):
        _refuse(path, f'its {what} is {text!r}', 'a finite number')
    return number


def _numbers(path: Path, rows: list[str], frames: int, channels: int) -> np.ndarray:
    if channels == 0:
        _refuse(path, 'none of its joints has a channel', 'joints that move')
    words = [row.split() for row in rows[:frames]]
    whole = sum(len(row) >= channels for row in words)
    if len(words) < frames or (words and len(words[-1]) < channels and whole == frames - 1):
        problem = f'it announces {frames} frames and holds {whole}: cut off'
        _refuse(path, problem, f'{frames} rows of {channels} numbers')
    for number, row in enumerate(words, 1):
        if len(row) != channels:
            expected = f'{channels}, one a channel of the hierarchy'
            _refuse(path, f'frame {number} has {len(row)} numbers', expected)
    try:
        numbers = np.array([list(map(float, row)) for row in words])
    except ValueError as error:
        _refuse(path, f'its motion holds no number ({error})', 'numbers only')
    if not np.isfinite(numbers).all():
        frame = int(np.flatnonzero(~np.isfinite(numbers).all(axis=1))[0])
        problem = f'frame {frame + 1} holds a number that is not finite'
        _refuse(path, problem, 'finite numbers; leave such frames out')
    return numbers
