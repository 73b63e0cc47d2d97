# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and Ctrl-C, heard at the end of a step."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

__all__ = ['Interrupts', 'SIGNALS']

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Notes signals instead of dying of them; use it as a context manager.

    The second of a kind acts at once, for those who cannot wait for the end of a step.

    Attributes:
        heard: for each of SIGNALS, whether it came.
    """

    def __init__(self) -> None:
        """Listen when the block begins."""
        self.heard = [False for _ in SIGNALS]
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Begin to listen; only the main thread of a process can."""
        if threading.current_thread() is threading.main_thread():
            self._before = {one: signal.signal(one, self._note) for one in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        """Leave signals as they were."""
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.heard[SIGNALS.index(signal.Signals(number))] = True
        signal.signal(number, self._before[number])
