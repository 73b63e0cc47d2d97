# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of the live loop's sampler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from emotion_motion.exceptions import ConfigError

__all__ = ['SamplerConfig']


@dataclass(frozen=True)
class SamplerConfig:
    """Settings of the live loop's sampler, see `emotion_motion.sampling`.

    Attributes:
        k: weight of certainty, 0 to 20.
        emotion_weight: weight of the emotion that would show, 0 to 50.
        movement_weight: weight of movement, -5 to 20.
        variance_div: divides the standard deviations, 0.1 to 10000.
        temperature: of each keypoint's choice between components, 0.05 to 5. Where the body goes
            is the plan's choice; what is left to components is mostly noise, so it is low.
        plan_temperature: of the choice between plans, 0.05 to 5; higher is more varied.
        plan_gain: how much of the way to its plan a body is sent, 0 to 3; above 1 gestures are
            wider and faster, as much as the leash allows.
        leash: how far from known poses a plan may go, as a multiple of how far other poses of the
            training motion are from them, 0 to 10; 0 lets it go anywhere. See
            `emotion_motion.plan_leash`.
        fade: how much of what the plan's principal components do not know of a pose fades in a
            frame, 0 to 1. No plan can undo it: a pelvis turned away from the feet stays turned.
        stance: how far standing feet are held where they stand, 0 to 1; see
            `emotion_motion.stance`. It shapes what is published, not what the model sees.
        watchdog: how strongly streams that stand still or repeat themselves are freed, 0 (not at
            all) to 3, see `emotion_motion.watchdog`.
    """

    k: float = 0.0
    emotion_weight: float = 0.5
    movement_weight: float = 0.0
    variance_div: float = 16.0
    temperature: float = 0.1
    plan_temperature: float = 1.0
    plan_gain: float = 1.0
    leash: float = 0.6
    fade: float = 0.03
    stance: float = 1.0
    watchdog: float = 1.0

    # No field; the ROS parameters take their ranges from it.
    RANGES: ClassVar[dict[str, tuple[float, float]]] = {
        'k': (0.0, 20.0),
        'emotion_weight': (0.0, 50.0),
        'movement_weight': (-5.0, 20.0),
        'variance_div': (0.1, 10000.0),
        'temperature': (0.05, 5.0),
        'plan_temperature': (0.05, 5.0),
        'plan_gain': (0.0, 3.0),
        'leash': (0.0, 10.0),
        'fade': (0.0, 1.0),
        'stance': (0.0, 1.0),
        'watchdog': (0.0, 3.0),
    }  # fmt: skip

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is outside its range."""
        for name, (low, high) in self.RANGES.items():
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not low <= value <= high:
                raise ConfigError(
                    f'got {name} = {value!r}; expected a number from {low} to {high}'
                )
