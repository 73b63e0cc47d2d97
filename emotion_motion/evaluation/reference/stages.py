# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How long the stages of an evaluation take, and who is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import contextlib
import time

__all__ = ['OnStage', 'Stages']

# The name of a stage and how much of it is done, 0 to 1.
OnStage = Callable[[str, float], None]


class Stages:
    """Times stages by name; a stage that comes again adds up."""

    def __init__(self, on_stage: OnStage | None = None) -> None:
        """Begin with none; `on_stage` is called at the beginning and the end of each."""
        self.seconds: dict[str, float] = {}
        self._on_stage = on_stage

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[Callable[[int, int], None]]:
        """Time a stage; yields what is called with what is done and all there is to do."""
        self._tell(name, 0.0)
        start = time.perf_counter()
        try:
            yield lambda done, total: self._tell(name, done / max(total, 1))
        finally:
            passed = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + passed
        self._tell(name, 1.0)

    def _tell(self, name: str, share: float) -> None:
        if self._on_stage is not None:
            self._on_stage(name, share)
