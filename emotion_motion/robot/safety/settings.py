# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How the safety limiter goes about its work: everything that is no limit of a joint."""

from __future__ import annotations

from dataclasses import dataclass
import math

from emotion_motion.exceptions import ConfigError

__all__ = ['LimiterSettings']

_RANGES = {
    'approach_velocity': (1e-3, 10.0),
    'approach_ramp_s': (0.0, 60.0),
    'reached_rad': (1e-4, 1.0),
    'outside_rad': (0.0, 0.5),
    'resting_velocity': (0.0, 1.0),
    'plan_s': (0.0, 2.0),
    'stale_s': (0.0, 10.0),
}


@dataclass(frozen=True)
class LimiterSettings:
    """Settings of a SafetyLimiter.

    Attributes:
        approach_velocity: largest speed of a joint from the start, or from any halt, until it has
            met its target [rad/s].
        approach_ramp_s: time from there to its full speed [s].
        reached_rad: a joint this near to its target has met it [rad].
        outside_rad: a joint measured outside of its limits by no more than this may move, inward
            only; beyond it nothing starts [rad].
        resting_velocity: a joint measured at no more than this speed counts as resting [rad/s].
        plan_s: how long a path leads towards the target before it brakes to rest; what a robot
            that hears no more goes on for, and the lateness of a message that it does not notice
            [s].
        stale_s: without a new target for longer than this, joints come to rest [s].
        robot_follows: whether the robot goes along a path by itself between commands, as under a
            joint trajectory controller, or holds each command until the next, as under a forward
            command controller.

    Raises:
        ConfigError: a value is out of range.
    """

    approach_velocity: float = 0.5
    approach_ramp_s: float = 1.0
    reached_rad: float = 0.05
    outside_rad: float = 0.05
    resting_velocity: float = 0.05
    plan_s: float = 0.1
    stale_s: float = 0.25
    robot_follows: bool = True

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or not least <= value <= most:
                raise ConfigError(f'{name}: got {value!r}; expected {least:g} to {most:g}')
        if not isinstance(self.robot_follows, bool):
            raise ConfigError(f'robot_follows: got {self.robot_follows!r}; expected a bool')
