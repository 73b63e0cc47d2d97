# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Single key presses from a terminal, without waiting for them."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from types import TracebackType

try:
    import termios
    import tty
except ImportError:  # not a POSIX system: no keys
    termios = tty = None  # type: ignore[assignment]

__all__ = ['Keyboard']


class Keyboard:
    """While open, the terminal hands over each key at once; closing restores it.

    Without a terminal on standard input there are no keys.
    """

    def __init__(self) -> None:
        """Look at standard input; nothing changes yet."""
        self._file = -1
        self._saved = None
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if termios is not None and sys.stdin.isatty():
                self._file = sys.stdin.fileno()

    def __enter__(self) -> Keyboard:
        """Take over the terminal; Ctrl-C stays a signal."""
        if self._file >= 0:
            self._saved = termios.tcgetattr(self._file)
            tty.setcbreak(self._file)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Restore the terminal."""
        if self._saved is not None:
            termios.tcsetattr(self._file, termios.TCSADRAIN, self._saved)

    def pressed(self) -> str:
        """Return the keys pressed since the last call, '' for none."""
        if self._file < 0 or not select.select([self._file], [], [], 0.0)[0]:
            return ''
        return os.read(self._file, 64).decode(errors='ignore')
