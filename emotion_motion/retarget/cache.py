# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What takes seconds to compute about a robot, kept in the user's cache folder.

A file is named by the hash of all that its content depends on, so it is never out of date. It is
written beside its place and then put there as a whole, so that others who write the same at the
same time do no harm; one that cannot be read or written is as good as none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
import hashlib
import json
import os
from pathlib import Path
import tempfile
from typing import Any

__all__ = ['cache_folder', 'kept', 'key_of']


def cache_folder() -> Path:
    """Return the folder, which may not be there: XDG_CACHE_HOME/emotion_motion/robots."""
    base = os.environ.get('XDG_CACHE_HOME', '')
    # The rule of freedesktop.org: a relative path there does not count.
    root = Path(base) if os.path.isabs(base) else Path.home() / '.cache'
    return root / 'emotion_motion' / 'robots'


def key_of(parts: Iterable[str | bytes | os.PathLike[str]]) -> str:
    """Return a hash of texts, and of files by their place, size and time of change."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, os.PathLike):
            state = os.stat(part)
            part = f'{os.fspath(part)} {state.st_size} {state.st_mtime_ns}'
        data = part.encode() if isinstance(part, str) else part
        found.update(f'{len(data)}:'.encode() + data)
    return found.hexdigest()


def kept(key: str, compute: Callable[[], Any], fits: Callable[[Any], bool]) -> Any:
    """Return what is kept under a key, computed and kept if it is not there or does not fit.

    Args:
        key: from `key_of`.
        compute: returns what JSON can hold.
        fits: whether something that was read can be such a result.
    """
    place = cache_folder() / f'{key}.json'
    try:
        value = json.loads(place.read_text(encoding='utf-8'))
        if fits(value):
            return value
    except (OSError, ValueError):  # not there, not allowed, damaged
        pass
    value = compute()
    _write(place, json.dumps(value))
    return value


def _write(place: Path, text: str) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, suffix='.part')
        try:
            with os.fdopen(handle, 'w', encoding='utf-8') as file:
                file.write(text)
            os.replace(name, place)
        except OSError:
            os.unlink(name)
            raise
    except (OSError, RuntimeError):  # a full disk or no home: the next time it is computed anew
        pass
