# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Writing robots' YAML files: what was proposed for a robot, and capsules fitted to its meshes."""

from __future__ import annotations

import math

from emotion_motion.retarget.collisions import fitted_capsules
from emotion_motion.retarget.robot import Robot

__all__ = ['capsule_lines']


def capsule_lines(robot: Robot) -> list[str]:
    """Return the section `capsules` of a robot's YAML file, so that its meshes are not needed.

    Numbers are millimetres; radii are rounded up.
    """
    lines = ['capsules:']
    for link, capsules, source in fitted_capsules(robot):
        if source == 'none':
            continue
        rows = []
        for each in capsules:
            numbers = [f'{value:.3f}' for value in (*each.start, *each.end)]
            radius = math.ceil(1e3 * each.radius + 0.5) / 1e3  # the ends are rounded too
            rows.append(f'[{", ".join(numbers)}, {radius:.3f}]')
        lines.append(f'  {link}: [{rows[0]}{"," if len(rows) > 1 else "]"}'.rstrip())
        lines += [f'    {row}{"," if row is not rows[-1] else "]"}' for row in rows[1:]]
    return lines
