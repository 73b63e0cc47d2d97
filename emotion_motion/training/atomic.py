# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Files and folders that are whole or not there, whenever the process or the power ends."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import errno
import os
from pathlib import Path
import shutil

from emotion_motion.exceptions import TrainingError

__all__ = ['OLD', 'PARTIAL', 'free_mb', 'new_folder', 'recover_folder', 'storage_errors',
           'write_file']

PARTIAL = '.partial'  # ending of what is still being written
OLD = '.old'  # ending of a folder that is being replaced
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new one, never a part.

    Raises:
        OSError: it cannot be written; the old file is untouched.
    """
    partial = path.with_name(path.name + PARTIAL)
    try:
        with open(partial, 'wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    _sync_folder(path.parent)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Make a folder that appears under its name only when the block has ended well.

    An older folder of that name is exchanged for it; a kill in the middle of the exchange leaves
    the old one as `path` + OLD, which `recover_folder` brings back.

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


@contextlib.contextmanager
def storage_errors(what: str, needed_bytes: int | None = None, keeps: str = '') -> Iterator[None]:
    """Turn an OSError of the block into a TrainingError that says what to do.

    Args:
        what: what is being written, with its path.
        needed_bytes: how large it is; None where nobody knows.
        keeps: what is still there, such as the last good checkpoint.
    """
    try:
        yield
    except OSError as error:
        folder = error.filename or what
        size = '' if needed_bytes is None else f', which needs {needed_bytes / 1e6:.1f} MB'
        advice = 'check that you may write there'
        if error.errno in _FULL:
            advice = 'free some space, or raise the limit of this user or process'
        raise TrainingError(
            f'could not write {what}{size} ({error.strerror}; {free_mb(folder)}); {advice}'
            f'{"; " if keeps else ""}{keeps}'
        ) from error


def free_mb(path: str | os.PathLike[str]) -> str:
    """Say how much space is free where `path` is or would be."""
    place = Path(path).absolute()
    while not place.exists() and place != place.parent:
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
