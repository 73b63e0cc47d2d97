# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How commands are made of targets: settings that a program may list without the limiter."""

from __future__ import annotations

from dataclasses import dataclass

from emotion_motion.robot.safety.settings import LimiterSettings
from emotion_motion.settings import Checked, setting

__all__ = ['CommandSettings']


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
