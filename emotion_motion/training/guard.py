# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Telling when a training goes wrong, before it spoils the weights."""

from __future__ import annotations

from collections import deque
import math
import statistics

__all__ = ['LossGuard']

_REMEMBERED = 101
_ENOUGH = 20  # losses before one of them can be called high


class LossGuard:
    """Looks at every loss and gradient.

    Attributes:
        recent: the last losses, at most 101; a run that goes on fills it again.
    """

    def __init__(self, explode: float) -> None:
        """Call a loss exploded that is `explode` times the running median above it.

        A median near zero or below (likelihoods may be negative) counts as its size, at least 1.
        """
        self.recent: deque[float] = deque(maxlen=_REMEMBERED)
        self._explode = explode

    def complaint(self, loss: float, gradient: float) -> str:
        """Return what is wrong with a step, '' for nothing; remembers the loss of a good one."""
        if not math.isfinite(loss):
            return f'the loss {loss}'
        if not math.isfinite(gradient):
            return f'a gradient of norm {gradient}'
        if len(self.recent) >= _ENOUGH:
            median = statistics.median(self.recent)
            if loss - median > self._explode * max(1.0, abs(median)):
                return f'the loss {loss:.4g}, which was {median:.4g} before (running median),'
        self.recent.append(loss)
        return ''
