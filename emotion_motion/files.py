# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Files and folders that are whole or not there, whenever the process or the power ends."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import errno
import os
from pathlib import Path
import secrets
import shutil

from emotion_motion.exceptions import StorageError

PARTIAL = '.partial'  # ending of a folder that is still being written
OLD = '.old'  # ending of a folder that is being replaced
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def shared_folders() -> list[Path]:
    """Return where `models`, `config` and `urdf` may lie, in the order to look.

    That is in each prefix of ROS, inside the package where pip has installed it, and beside the
    package in a source tree.
    """
    prefixes = filter(None, os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep))
    package = Path(__file__).resolve().parent
    shares = (Path(prefix) / 'share' / 'emotion_motion' for prefix in prefixes)
    return [*shares, package / 'share', package.parent]


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
            f'got {path}, which exists already; choose another folder, or ask to overwrite a '
            f'data set'
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
