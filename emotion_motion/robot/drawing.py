# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What pictures of robots have in common: a page, colours of the sides, lines of capsules."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.collision.model import CapsuleModel

__all__ = ['LEFT', 'MIDDLE', 'RIGHT', 'capsule_lines', 'new_figure']

LEFT, RIGHT, MIDDLE = '#1f77b4', '#d1495b', '#3b3f46'


def new_figure(width: float, height: float) -> Any:
    """Return a page of matplotlib of that size in inches, to be drawn on and saved.

    Raises:
        RobotError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RobotError(
            f'could not import matplotlib ({error}), which pictures need; '
            f"pip install '.[robot]' in the source folder"
        ) from error
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def capsule_lines(capsules: CapsuleModel, q: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Return the ends [2, 3] and radius of each capsule in a pose [J], in the base's frame [m]."""
    data, to_base = capsules.robot.placed(q)
    lines = []
    for shape in capsules.geometry.geometryObjects:
        half = np.array((0.0, 0.0, shape.geometry.halfLength))
        place = to_base * data.oMi[shape.parentJoint] * shape.placement
        lines.append((np.stack((place.act(half), place.act(-half))), shape.geometry.radius))
    return lines
