# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of the live loop's sampler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from emotion_motion.exceptions import ConfigError

__all__ = ['SAMPLER_SETTINGS', 'SamplerConfig', 'SamplerSetting']


class SamplerSetting(NamedTuple):
    """The range of a setting, and what it means in a few words."""

    low: float
    high: float
    meaning: str


# ROS parameters and the viewer take ranges and meanings from it.
SAMPLER_SETTINGS = {
    'k': SamplerSetting(0.0, 20.0, "weight of certainty: penalty of a component's spread"),
    'emotion_weight': SamplerSetting(0.0, 50.0, 'weight of the emotion that would show'),
    'movement_weight': SamplerSetting(-5.0, 20.0, 'weight of movement; below 0 a penalty'),
    'guidance': SamplerSetting(
        0.0, 20.0, 'how much more probable what the emotion makes more probable becomes; 0 is none'
    ),
    'individual': SamplerSetting(
        0.0, 20.0, 'weight of what head or arm alone would add to the emotion'
    ),
    'variance_div': SamplerSetting(
        0.1, 10000.0, 'divisor of the spread of the draws; smaller is livelier'
    ),
    'temperature': SamplerSetting(
        0.05, 5.0, 'temperature of the choice between components; higher is more varied'
    ),
    'mixture_temperature': SamplerSetting(
        0.05, 5.0, 'temperature of the mixture that components come from; higher is more varied'
    ),
    'target_gain': SamplerSetting(
        0.0, 3.0, 'how much of the way to its target the body is sent; above 1 gestures are wider'
    ),
    'pose_radius': SamplerSetting(
        0.0,
        10.0,
        'how far a component may be from every anchor, in multiples of how far poses of the '
        'training motion are; 0 is anywhere',
    ),
    'fade': SamplerSetting(
        0.0, 1.0, 'share of what the principal axes do not know of a pose that fades in a frame'
    ),
    'stance': SamplerSetting(
        0.0, 1.0, 'share of the way that standing feet are held where they stand; 0: they glide'
    ),
    'watchdog': SamplerSetting(
        0.0, 3.0, 'how strongly a motion that stands or repeats itself is freed; 0 is not at all'
    ),
}


@dataclass(frozen=True)
class SamplerConfig:
    """Settings of the live loop's sampler, see `emotion_motion.sampling`.

    Attributes:
        k: weight of certainty, 0 to 20.
        emotion_weight: weight of the emotion that would show, 0 to 50.
        movement_weight: weight of movement, -5 to 20.
        guidance: how much more probable those components become that the emotion makes more
            probable, 0 (not at all) to 20: log pi + guidance * (log pi with the emotion - log pi
            without).
        individual: how much of what head or arm alone would add to the emotion counts beside what
            the whole body shows, 0 to 20; at 0 limbs choose apart for their movement only.
        variance_div: divides the standard deviations, 0.1 to 10000.
        temperature: of the choice between the components asked for, 0.05 to 5.
        mixture_temperature: of the mixture that those are drawn from, 0.05 to 5; higher is more
            varied.
        target_gain: how much of the way to the mixture's poses a body is sent, 0 to 3; above 1
            gestures are wider and faster, as much as pose_radius allows.
        pose_radius: how far from every anchor a component may be, as a multiple of how far poses
            of the training motion are, 0 to 10; farther ones are drawn back to that distance. 0
            lets them be anywhere.
        fade: how much of what the principal axes do not know of a pose fades in a frame, 0 to 1.
            No target can undo it: a pelvis turned away from the feet stays turned.
        stance: how far standing feet are held where they stand, 0 to 1; see
            `emotion_motion.live.stance`. It shapes what is published, not what the model sees.
        watchdog: how strongly streams that stand still or repeat themselves are freed, 0 (not at
            all) to 3, see `emotion_motion.live.watchdog`.
    """

    k: float = 1.0
    emotion_weight: float = 12.0
    movement_weight: float = 0.9
    guidance: float = 5.0
    individual: float = 0.2
    variance_div: float = 16.0
    temperature: float = 0.5
    mixture_temperature: float = 1.0
    target_gain: float = 0.95
    pose_radius: float = 0.95
    fade: float = 0.02
    stance: float = 1.0
    watchdog: float = 1.0

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is outside its range."""
        for name, (low, high, _) in SAMPLER_SETTINGS.items():
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not low <= value <= high:
                raise ConfigError(
                    f'got {name} = {value!r}; expected a number from {low} to {high}'
                )
