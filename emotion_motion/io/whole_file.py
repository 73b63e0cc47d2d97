# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A file that appears under its name only when it is whole."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import os
from pathlib import Path

from emotion_motion.exceptions import MotionFileError

__all__ = ['check_place', 'whole_file']


def check_place(path: Path) -> None:
    """Find out, before work is put into it, that a file cannot be written.

    Raises:
        MotionFileError: the path is a folder, or the folder that it would be in cannot be made
            or written to.
    """
    if path.is_dir():
        raise MotionFileError(f'got {path}, which is a folder; expected the name of a file in it')
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise MotionFileError(
            f'could not write {path} ({folder} is no folder); choose another folder'
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise MotionFileError(
            f'could not write {path} (you may not write to {folder}); choose a folder that you '
            f'may write to'
        )


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a name beside `path` to write to; the file takes the place of `path` at the end.

    Where the block raises, what was written is removed, and an older file stays as it was.

    Args:
        path: file to write or to replace; its folder is made.

    Yields:
        A name with the same ending.

    Raises:
        MotionFileError: an OSError of the block, or of putting the file in its place.
    """
    partial = path.with_name(f'.{path.stem}.{os.getpid()}.partial{path.suffix}')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.touch()
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise MotionFileError(
            f'could not write {path} ({error.strerror or error}); choose a folder that you may '
            f'write to, with space for it'
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
