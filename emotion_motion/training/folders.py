# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Folders that appear whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import secrets
import shutil

from emotion_motion.exceptions import TrainingError

__all__ = ['new_folder', 'check_free']


@contextmanager
def new_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside `path` that becomes `path` at the end.

    An error inside removes it and leaves what was there before.

    Raises:
        TrainingError: something is there already and `replace` is not set, or the folder cannot
            be written.
    """
    check_free(path, replace=replace)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = _beside(path)
        folder.mkdir()
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield folder
        _swap(folder, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_free(path: Path, *, replace: bool = False) -> None:
    """Make sure that a folder can be made at `path`.

    Raises:
        TrainingError: something is there already and `replace` is not set.
    """
    if path.exists() and not replace and (not path.is_dir() or any(path.iterdir())):
        raise TrainingError(
            f'got {path}, which exists already; choose another folder, or ask to overwrite a '
            f'data set'
        )


def _swap(folder: Path, path: Path) -> None:
    """Put `folder` at `path`; what was there goes after the new one has come."""
    if not path.exists():
        folder.rename(path)
        return
    old = _beside(path)
    path.rename(old)
    folder.rename(path)
    shutil.rmtree(old, ignore_errors=True)


def _beside(path: Path) -> Path:
    return path.parent / f'.{path.name}.{secrets.token_hex(4)}'


def _unwritable(path: Path, error: OSError) -> TrainingError:
    return TrainingError(
        f'could not write {path} ({error.strerror or error}); choose a folder that you may write '
        f'to, on a disk with room'
    )
