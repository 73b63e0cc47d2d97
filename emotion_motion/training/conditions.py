# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Which emotion a window is shown with: its own, none, or that of another clip.

The emotion head must read the motion. A head that reads its answer off the condition is wrong
where the condition is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from emotion_motion.training.config import ConditionConfig

__all__ = ['draw_condition']


def draw_condition(
    config: ConditionConfig,
    own: np.ndarray,
    other: Callable[[], np.ndarray | None],
    random: np.random.Generator,
) -> tuple[np.ndarray, bool]:
    """Draw the condition of one window.

    Args:
        config: how often.
        own: the window's emotion [T, 7].
        other: gives that of another clip [T, 7]; None where there is no other emotion.
        random: source of the draw.

    Returns:
        The condition [T, 7], all 0 for none, and whether the motion can be foretold from it.
    """
    draw = random.random()
    if draw < config.drop_emotion:
        return np.zeros_like(own), True
    if draw >= 1.0 - config.wrong_emotion:
        wrong = other()
        if wrong is not None:
            return wrong, False
    return own, True
