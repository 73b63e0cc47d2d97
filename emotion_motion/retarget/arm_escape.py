# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Out of dead ends: an arm whose elbow is bent the wrong way round finds the other way.

An elbow bends to one side only. An arm that was straight when its shoulder turned the wrong way
meets the limits of both, and no small step makes it better. Then a second arm, in thought only, is
started elsewhere; if it gets much nearer to where the person's points, the real one goes there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ['ArmEscape']

_STUCK_DEG = 35.0  # a limb farther off than this
_STUCK_S = 0.2  # for so long
_TRIED_S = 0.3  # time that a thought has to get near
_BETTER = 0.6  # share of the error at which it is worth going there
_THERE_RAD = 0.15
_LONGEST_S = 2.0
# Places in the range of each joint to start from, the middle first.
_STARTS = np.vstack((np.full(8, 0.5), np.random.default_rng(0).uniform(0.15, 0.85, (7, 8))))


class ArmEscape:
    """Watches one arm.

    Attributes:
        bones: numbers of the arm's bones.
        joints: numbers of the arm's joints.
        guided: whether the arm is on its way to `goal`.
        goal: where the arm of the thought is [number of joints], while there is one.
    """

    def __init__(
        self, bones: Sequence[int], joints: Sequence[int], lower: np.ndarray, upper: np.ndarray,
        period_s: float,
    ) -> None:  # fmt: skip
        """Take the numbers of an arm's bones and joints, limits [J] and the time of a frame."""
        self.bones, self.joints = list(bones), np.array(joints)
        self._low, self._range = lower[self.joints], (upper - lower)[self.joints]
        self._period_s = period_s
        self.goal: np.ndarray | None = None
        self.guided = False
        self._start = 0
        self._since_s = 0.0

    @property
    def thinking(self) -> bool:
        """Whether a thought is to be gone on with."""
        return self.goal is not None

    def begin(self, error_deg: float) -> bool:
        """Return whether a thought begins now, given the error of the worse limb of the arm."""
        self._since_s = self._since_s + self._period_s if error_deg > _STUCK_DEG else 0.0
        if self.thinking or self._since_s < _STUCK_S:
            return False
        shares = np.resize(_STARTS[self._start % len(_STARTS)], len(self.joints))
        self.goal = self._low + shares * self._range
        self._start, self._since_s = self._start + 1, 0.0
        return True

    def go_on(self, goal: np.ndarray, error_deg: float, thought_deg: float, q: np.ndarray) -> None:
        """Decide what becomes of the thought.

        Args:
            goal: where it is by now, the arm's joints.
            error_deg: of the real arm's worse limb.
            thought_deg: of the thought's.
            q: the real pose [J].
        """
        self.goal = goal
        if self.guided:
            there = float(np.abs(q[self.joints] - goal).max()) < _THERE_RAD
            if there or error_deg < thought_deg or self._since_s > _LONGEST_S:
                self.reset()
        elif thought_deg < _BETTER * error_deg:
            self.guided, self._since_s = True, 0.0
        elif self._since_s > _TRIED_S or error_deg < _STUCK_DEG:
            self.reset()
        self._since_s += self._period_s

    def reset(self) -> None:
        """Forget the thought."""
        self.goal, self.guided, self._since_s = None, False, 0.0
