# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What was heard of the robot's joints of late, in whatever order and in however many parts."""

from __future__ import annotations

from collections.abc import Sequence

from emotion_motion.exceptions import RobotError

__all__ = ['MeasuredJoints']

# A state that is older than this is not where the robot is.
FRESH_S = 0.5


class MeasuredJoints:
    """The latest position and velocity of each joint, and when it was heard."""

    def __init__(self, names: Sequence[str]) -> None:
        """Listen for joints of those names; others do not matter."""
        self._names = frozenset(names)
        self._heard: dict[str, tuple[float, float, float]] = {}

    def hear(
        self,
        names: Sequence[str],
        positions: Sequence[float],
        velocities: Sequence[float],
        now_s: float,
    ) -> None:
        """Take a message.

        Args:
            names: of joints.
            positions: as many [rad].
            velocities: as many, or none [rad/s].
            now_s: the time [s].

        Raises:
            RobotError: numbers and names do not go together; then nothing is taken.
        """
        if len(positions) != len(names) or len(velocities) not in (0, len(names)):
            raise RobotError(
                f'measured joints: got {len(names)} names, {len(positions)} positions and '
                f'{len(velocities)} velocities; expected as many of each, or no velocities'
            )
        if len(set(names)) != len(names):
            raise RobotError(f'measured joints: got a name twice in {list(names)}; expected once')
        speeds = velocities if len(velocities) else [0.0] * len(names)
        for name, position, velocity in zip(names, positions, speeds, strict=True):
            if name in self._names:
                self._heard[name] = (float(position), float(velocity), now_s)

    def forget(self) -> None:
        """Wait for everything anew."""
        self._heard.clear()

    def positions(self, now_s: float) -> dict[str, float]:
        """Return the positions that are fresh, by name [rad]."""
        return {name: row[0] for name, row in self._heard.items() if self._fresh(row[2], now_s)}

    def velocities(self, now_s: float) -> dict[str, float]:
        """Return the velocities that are fresh, by name [rad/s]."""
        return {name: row[1] for name, row in self._heard.items() if self._fresh(row[2], now_s)}

    @staticmethod
    def _fresh(heard_s: float, now_s: float) -> bool:
        return 0.0 <= now_s - heard_s <= FRESH_S
