# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Files of others are read within bounds; ours are whole or not there, whenever the power ends."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import errno
import json
import math
import os
from pathlib import Path
import re
import secrets
import shutil
import tokenize
from typing import Any
import xml.etree.ElementTree as ET
import zipfile
import zlib

import numpy as np
import yaml

from emotion_motion.exceptions import ConfigError, StorageError

PARTIAL = '.partial'  # ending of a folder that is still being written
OLD = '.old'  # ending of a folder that is being replaced
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

# What a file of others may hold, far above what real ones do (a robot of 129 joints: 211 kB).
_MOST_MB = {'YAML': 1, 'JSON': 10, 'XML': 10, 'long JSON': 300, 'npz': 1000}
_YAML_ENTRIES, _YAML_CHARACTERS, _XML_ELEMENTS, _DEEPEST = 100_000, 4_000, 500_000, 50
# What reading an .npz raises that is damaged or none at all.
_NO_NPZ = (
    *(OSError, ValueError, KeyError, EOFError, MemoryError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, SyntaxError, TypeError, tokenize.TokenError),
)


def shared_folders() -> list[Path]:
    """Return where `models`, `config` and `urdf` may lie, in the order to look.

    That is in each prefix of ROS, inside the package where pip has installed it, and beside the
    package in a source tree.
    """
    prefixes = filter(None, os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep))
    package = Path(__file__).resolve().parent
    shares = (Path(prefix) / 'share' / 'emotion_motion' for prefix in prefixes)
    return [*shares, package / 'share', package.parent]


def read_text(path: str | Path, kind: str) -> str:
    """Return the text of a file of a kind: YAML, JSON, long JSON or XML.

    Raises:
        ConfigError: it cannot be read, is too large for its kind or is no UTF-8.
    """
    most, kind = _MOST_MB[kind] * 10**6, kind.removeprefix('long ')
    try:
        with open(path, 'rb') as file:
            size = os.fstat(file.fileno()).st_size or most  # 0 of a pipe
            content = file.read(min(size, most) + 1)  # takes as much memory as it is given
        if len(content) > most:
            raise ConfigError(f'got {path} of more than {most // 10**6} MB; expected less {kind}')
        return content.decode('utf-8-sig')
    except OSError as error:
        raise ConfigError(f'could not read {path} ({error.strerror}); expected {kind}') from error
    except UnicodeDecodeError as error:
        raise ConfigError(f'got {path}, which is not {kind} ({error}); expected UTF-8') from error


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read names and values from a YAML file.

    Raises:
        ConfigError: the file cannot be read, is not YAML or holds something else.
    """
    values = parse_yaml(read_text(path, 'YAML'), str(path))
    if values is not None and not isinstance(values, dict):
        raise ConfigError(f'got {path}, which holds no names and values; see --help for them')
    return values or {}


def parse_yaml(text: str, source: str) -> Any:
    """Return what YAML says: a key stands once, `1e0` is a number, a date is text, no tags.

    Raises:
        ConfigError: it is not YAML, or larger or deeper than any real file; with line and value.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f'line {mark.line + 1}: ' if mark else ''
        problem = f'{where}{error.problem or error.context}'
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = ' '.join(str(error).split())
    raise ConfigError(f'got {source}, which is not YAML that can be read ({problem})')


def read_json(path: str | Path, kind: str = 'JSON') -> Any:
    """Return what a JSON file says; a key stands once. `kind` is as in `read_text`.

    Raises:
        ConfigError: the file cannot be read or is not JSON.
    """
    text = read_text(path, kind)
    try:
        return json.loads(text, object_pairs_hook=_each_once)
    except RecursionError:
        problem = 'its lists or objects are nested hundreds deep'
    except ValueError as error:
        problem = f'{error}; it may be truncated'
    raise ConfigError(f'got {path}, which is not JSON that can be read ({problem})')


def read_npz(path: str | Path) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz; their sizes are checked before any of them is unpacked.

    Raises:
        ConfigError: it cannot be read, is damaged, unpacks to too much or holds other things than
            plain numbers and text.
    """
    most = _MOST_MB['npz']
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: _unpacked(archive, entry) for entry in archive.infolist()}
        if sum(sizes.values()) <= most * 10**6:
            with np.load(path, allow_pickle=False) as arrays:
                return {key: np.asarray(arrays[key]) for key in arrays.files}
    except FileNotFoundError as error:
        raise ConfigError(f'could not read {path} ({error.strerror})') from error
    except _NO_NPZ as error:
        raise ConfigError(
            f'got {path}, which is no .npz of plain numbers and text as numpy.savez writes it '
            f'({error}); it may be truncated, a single array, or hold Python objects such as None'
        ) from error
    largest = max(sizes, key=lambda name: sizes[name])
    raise ConfigError(
        f'got {path}, which unpacks to {sum(sizes.values()) / 1e6:,.0f} MB of numbers ({largest}: '
        f'{sizes[largest] / 1e6:,.0f} MB); expected {most:,} MB at most: cut it into several files'
    )


def parse_xml(text: str, source: str) -> ET.Element:
    """Return the first element of XML.

    Raises:
        ConfigError: it is no XML, defines entities, or is larger or deeper than any real file.
    """
    parser = ET.XMLParser(target=_Builder())
    try:
        if len(text) > _MOST_MB['XML'] * 10**6:
            raise ValueError(f'more than {_MOST_MB["XML"]} MB')
        parser.feed(text)
        return parser.close()
    except (ET.ParseError, ValueError) as error:
        raise ConfigError(f'got {source}, which is no XML that can be read ({error})') from error


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a name beside `path` to write to; the file takes the place of `path` at the end.

    Where the block raises, what was written is removed, and an older file stays as it was.

    Args:
        path: the file to write or to replace; its folder is made.

    Yields:
        A name with the same ending.

    Raises:
        OSError: it cannot be written.
    """
    partial = path.with_name(f'.{path.stem}.{secrets.token_hex(4)}{PARTIAL}{path.suffix}')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.touch()
        yield partial
        _sync(partial)
        os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
    _sync_folder(path.parent)


def write_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new one, never a part.

    Raises:
        OSError: it cannot be written; the old file is untouched.
    """
    with whole_file(path) as partial:
        partial.write_bytes(content)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Make a folder that appears under its name only when the block has ended well.

    An older folder of that name is exchanged for it. A kill in the middle of the exchange leaves
    the old one under another name, from which `recover_folder` brings it back.

    Args:
        path: the folder to make or to replace.

    Yields:
        An empty folder to write into.

    Raises:
        OSError: it cannot be written; an older folder is untouched.
    """
    partial, old = (path.with_name(path.name + ending) for ending in (PARTIAL, OLD))
    path.parent.mkdir(parents=True, exist_ok=True)
    recover_folder(path)
    _remove(partial)
    try:
        partial.mkdir()
        yield partial
        for file in partial.iterdir():
            _sync(file)
        _sync_folder(partial)
        if path.exists():
            os.rename(path, old)
        os.rename(partial, path)
    except BaseException:
        _remove(partial)
        recover_folder(path)
        raise
    _sync_folder(path.parent)
    _remove(old)


def recover_folder(path: Path) -> None:
    """Bring back what a kill in the middle of `new_folder` left of `path`."""
    old = path.with_name(path.name + OLD)
    if old.is_dir():
        if path.exists():
            _remove(old)
        else:
            os.rename(old, path)


def check_free(path: Path, *, replace: bool = False) -> None:
    """Raise StorageError where something is at `path` already, unless it is to be replaced."""
    if path.exists() and not replace and (not path.is_dir() or any(path.iterdir())):
        raise StorageError(
            f'got {path}, which exists already; choose another folder, or replace a data set '
            f'with --overwrite'
        )


def check_place(path: Path) -> None:
    """Raise StorageError where no file can be written at `path`: before a long computation."""
    if path.is_dir():
        raise StorageError(f'got {path}, which is a folder; expected the name of a file in it')
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise StorageError(
            f'could not write {path} ({folder} is no folder); choose another folder'
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StorageError(
            f'could not write {path} (you may not write to {folder}); choose a folder that you '
            f'may write to'
        )


@contextlib.contextmanager
def storage_errors(
    what: str | Path, needed_bytes: int | None = None, keeps: str = ''
) -> Iterator[None]:
    """Turn an OSError of the block into a StorageError that says what to do.

    Args:
        what: what is being written, with its path.
        needed_bytes: how large it is; None where nobody knows.
        keeps: what is still there, such as the last good checkpoint.
    """
    try:
        yield
    except OSError as error:
        size = '' if needed_bytes is None else f', which needs {needed_bytes / 1e6:.1f} MB'
        advice = 'choose a folder that you may write to'
        if error.errno in _FULL:
            advice = 'free some space, or raise the limit of this user or process'
        space = free_space(error.filename or what)
        raise StorageError(
            f'could not write {what}{size} ({error.strerror or error}; {space}); {advice}'
            f'{"; " if keeps else ""}{keeps}'
        ) from error


def free_space(path: str | os.PathLike[str]) -> str:
    """Say how much space is free where `path` is or would be."""
    place = Path(path).absolute()
    while not os.path.exists(place) and place != place.parent:  # False for a name too long
        place = place.parent
    try:
        return f'{shutil.disk_usage(place).free / 1e6:.1f} MB are free on that disk'
    except OSError:
        return 'the free space is unknown'


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Return the bytes that an array takes as 64 bit numbers, by its header."""
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        form = np.lib.format
        read = form.read_array_header_1_0 if version == (1, 0) else form.read_array_header_2_0
        shape, _, dtype = read(file)
    count = math.prod(shape)
    if count * dtype.itemsize > entry.file_size:
        raise ValueError(f'{entry.filename} announces {count} values and holds fewer')
    return max(count * max(dtype.itemsize, 8), entry.file_size)


class _Loader(yaml.SafeLoader):
    """Reads YAML of bounded depth and count, without tags and keys that stand twice."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._count = 0
        self._sizes: dict[str, int] = {}  # entries below each anchor, aliases written out

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose the next node and what is below it."""
        event, before = self.peek_event(), self._count
        self._depth += 1
        self._count += 1 + self._sizes.get(event.anchor or '', 0)
        problem = ''
        if getattr(event, 'tag', None):
            problem = f'got the tag {event.tag}; expected a plain value'
        elif isinstance(event, yaml.AliasEvent) and event.anchor not in self._sizes:
            problem = f'got *{event.anchor}; expected a name that ends before'
        elif len(getattr(event, 'value', '')) > _YAML_CHARACTERS:
            problem = f'got {event.value[:40]}...; expected {_YAML_CHARACTERS} characters at most'
        elif self._depth > _DEEPEST or self._count > _YAML_ENTRIES:
            problem = f'expected {_YAML_ENTRIES} entries and {_DEEPEST} levels at most'
        if problem:
            raise yaml.composer.ComposerError(None, None, problem, event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if event.anchor and not isinstance(event, yaml.AliasEvent):
            self._sizes[event.anchor] = self._count - before
        return node

    def compose_mapping_node(self, anchor: str | None) -> Any:
        """Compose a mapping, each key of which stands once."""
        node, keys = super().compose_mapping_node(anchor), set()
        for key, _ in node.value:
            name = str(key.value)
            if name in keys:
                problem = f'got the key {name[:80]!r} a second time; expected it once'
                raise yaml.composer.ComposerError(None, None, problem, key.start_mark)
            keys.add(name)
        return node


# A date stays text, and 1e0 is a number as in YAML 1.2: version 1.1 wants 1.0e+0.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if not tag.endswith(':timestamp')]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class YamlDumper(yaml.SafeDumper):
    """Writes YAML that `parse_yaml` reads back: text stands in quotes where it looks like more."""


for _kind in (_Loader, YamlDumper):
    _kind.add_implicit_resolver(
        'tag:yaml.org,2002:float',
        re.compile(r'[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$'),
        list('-+.0123456789'),
    )


class _Builder(ET.TreeBuilder):
    """Builds XML of bounded depth and count that defines no entities."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def start(self, tag: str, attributes: dict[str, str], /) -> ET.Element:
        """Begin an element."""
        self._depth += 1
        self._count += 1
        if self._depth > _DEEPEST or self._count > _XML_ELEMENTS:
            raise ValueError(f'expected {_XML_ELEMENTS} elements and {_DEEPEST} levels at most')
        return super().start(tag, attributes)

    def end(self, tag: str, /) -> ET.Element:
        """End an element."""
        self._depth -= 1
        return super().end(tag)

    def doctype(self, name: str, *_: str | None) -> None:
        """Refuse what may define entities."""
        raise ValueError(f'got <!DOCTYPE {name}>; expected none')


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'got the key {twice[:80]!r} a second time; expected it once')
    return values


def _remove(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _sync(path: Path) -> None:
    with open(path, 'rb+') as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make names durable; some file systems know no such thing for folders."""
    with contextlib.suppress(OSError, AttributeError):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
