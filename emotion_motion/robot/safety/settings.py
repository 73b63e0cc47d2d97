# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How the limiter and what is around it go about their work: everything that is no joint limit.

A program may list these settings without the libraries that drive robots.
"""

from __future__ import annotations

from dataclasses import dataclass

from emotion_motion.settings import Checked, setting

__all__ = ['CommandSettings', 'LimiterSettings']


@dataclass(frozen=True)
class LimiterSettings(Checked):
    """Settings of a SafetyLimiter; a value out of its range is a ConfigError."""

    approach_velocity: float = setting(
        0.5,
        'largest speed of a joint from the start, or from any halt, until it has reached its '
        'target [rad/s]',
        1e-3,
        10.0,
    )
    approach_ramp_s: float = setting(1.0, 'time from there to its full speed [s]', 0.0, 60.0)
    reached_rad: float = setting(
        0.05, 'a joint this near to its target has reached it [rad]', 1e-4, 1.0
    )
    outside_rad: float = setting(
        0.05,
        'a joint measured outside of its limits by no more than this may move, inward only; '
        'beyond it nothing starts [rad]',
        0.0,
        0.5,
    )
    resting_velocity: float = setting(
        0.05, 'a joint measured at no more than this speed counts as resting [rad/s]', 0.0, 1.0
    )
    plan_s: float = setting(
        0.1,
        'how long a path leads towards the target before it brakes to rest: what a robot that '
        'receives no more goes on for, and the lateness of a message that it does not notice [s]',
        0.0,
        2.0,
    )
    stale_s: float = setting(
        0.25, 'without a new target for longer than this, joints come to rest [s]', 0.0, 10.0
    )
    robot_follows: bool = setting(
        True,
        'whether the robot goes along a path by itself between commands, as under a joint '
        'trajectory controller, or holds each command until the next, as under a forward command '
        'controller',
    )


@dataclass(frozen=True)
class CommandSettings(Checked):
    """How commands are made of targets."""

    limiter: LimiterSettings = setting(LimiterSettings(), 'of the safety limiter')
    dead_band_rad: float = setting(
        0.002,
        'how far the target of a joint at rest may wander before the joint follows [rad]; 0 is '
        'not at all',
        0.0,
        0.1,
    )
    hand_back_s: float = setting(
        2.0, 'least time that a joint group takes to fade out to 0 [s]', 0.0, 60.0
    )
    clip_threshold: float = setting(
        0.15,
        'share of the motion that limits may cost before the phrase is slowed down instead',
        0.01,
        1.0,
    )
    slowest_pace: float = setting(
        0.4, 'how far down a phrase is slowed, as a share of its own pace; 1 is never', 0.1, 1.0
    )
