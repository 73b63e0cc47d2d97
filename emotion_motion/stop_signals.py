# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Signals that end a program, for one that has something to bring to its end first."""

from __future__ import annotations

from collections.abc import Callable
import signal

__all__ = ['stop_signals']


def stop_signals(*more: signal.Signals) -> Callable[[], bool]:
    """Handle SIGINT, SIGTERM and `more` from now on; return what tells whether one has come."""
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, *more):
        signal.signal(number, lambda came, _frame: received.append(came))
    return lambda: bool(received)
