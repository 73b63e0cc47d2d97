# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a joint trajectory controller is sent: the path ahead as points, down to rest.

A controller that is given positions, velocities and accelerations joins the points by quintic
polynomials. The first point is one period ahead, for a point that is due at once would be a step;
the last one is at rest, so that a robot that hears no more stops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emotion_motion.robot.safety.jerk_phases import JerkPhases

__all__ = ['LOOK_AHEAD_S', 'Trajectory', 'look_ahead']

# Always at least this much of the future, at rest or not.
LOOK_AHEAD_S = 0.3
# Points are no nearer than this; between them a quintic is as good as the path itself.
SPACING_S = 1.0 / 60.0


@dataclass(frozen=True, eq=False)
class Trajectory:
    """T points of a path of J joints.

    Attributes:
        names: of the joints.
        times_s: of the points [T], from now.
        positions: [T, J] in rad.
        velocities: [T, J] in rad/s; zero in the last point.
        accelerations: [T, J] in rad/s^2; zero in the last point.
    """

    names: tuple[str, ...]
    times_s: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    accelerations: np.ndarray

    def of(self, names: tuple[str, ...]) -> Trajectory:
        """Return the trajectory of some of the joints, in the order given."""
        rows = [self.names.index(name) for name in names]
        return Trajectory(
            names,
            self.times_s,
            self.positions[:, rows],
            self.velocities[:, rows],
            self.accelerations[:, rows],
        )


def look_ahead(
    path: JerkPhases, names: tuple[str, ...], period_s: float, horizon_s: float = LOOK_AHEAD_S
) -> Trajectory:
    """Return the path ahead as points, the last of them at rest.

    Args:
        path: of the joints, which ends at rest.
        names: of the joints.
        period_s: time until the next trajectory [s]; the first point is then.
        horizon_s: the last point is no earlier than this [s].
    """
    end_s = max(float(path.ends_s.max()), horizon_s)
    spacing_s = max(period_s, SPACING_S)
    # One point at or after the end: there the path is at rest exactly.
    count = 1 + max(0, int(np.ceil((end_s - period_s) / spacing_s - 1e-9)))
    times_s = period_s + spacing_s * np.arange(count)
    times_s[-1] = max(times_s[-1], end_s)
    states = path.sample(times_s)
    return Trajectory(names, times_s, states.position, states.velocity, states.acceleration)
