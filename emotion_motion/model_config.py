# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The sizes of the network."""

from __future__ import annotations

from dataclasses import dataclass, fields
import math

from emotion_motion.exceptions import ConfigError

__all__ = ['MotionModelConfig', 'ROTARY_PERIOD']

# Rotations repeat exactly after this many frames, see `rotary.rotary_table`.
ROTARY_PERIOD = 4096


@dataclass(frozen=True)
class MotionModelConfig:
    """Sizes of a MotionModel; every value is checked.

    Attributes:
        keypoints: number of keypoints K.
        keypoint_dims: coordinates of a keypoint D.
        emotions: number of emotions E.
        motion_channels: channels of a token that carry the frame.
        emotion_channels: channels of a token that carry the emotion; C is the sum of both.
        layers: transformer blocks.
        heads: attention heads H; C / H is even.
        window: frames W that a frame attends to and pools over, itself included.
        gaussians: components G of the mixture.
        mdn_channels: hidden width of the mixture head.
        emotion_head_channels: hidden width of the emotion head.
        mixture_per_keypoint: pi is [B, T, G, K], one mixture a keypoint, instead of [B, T, G].
        mdn_reads_logits: the mixture head reads `logits` in place of the features (an ablation).
        emotion_reads_features: the emotion head reads the transformer's features in place of
            `logits` (an ablation: what a component would show is then unknown).
        pool_speeds: the emotion head sees the keypoints' speeds beside their places.
        attention_pooling: frames weigh as they are learnt to; false: all the same (an ablation).
        sigma_floor: smallest standard deviation, in displacement units.
        plan: tell frames where the body means to go, and learn to say it. Without it the live loop
            stands more than it moves.
        plan_dims: principal components of the plan (at most O).
        plan_choices: known poses of each emotion that a plan chooses from; at most plan_known.
        plan_horizon: frames that a plan looks ahead.
        plan_every: frames that the live loop keeps a plan.
        plan_known: training poses of each emotion that plans stay near to, see `plan_leash`.
        displacements: predict how far the body moves on, not where it is (an ablation: without it
            live loops tremble more than they move).
        draws: the next frame is drawn; false: it is `logits` (an ablation).
        most_probable: each keypoint takes the mean of its most probable component (an ablation).
        component_emotions: the sampler's emotion term is that of each component and keypoint;
            false: one for all, which cannot change a choice (an ablation).
    """

    keypoints: int = 25
    keypoint_dims: int = 3
    emotions: int = 7
    motion_channels: int = 128
    emotion_channels: int = 32
    layers: int = 3
    heads: int = 5
    window: int = 64
    gaussians: int = 6
    mdn_channels: int = 160
    emotion_head_channels: int = 64
    mixture_per_keypoint: bool = True
    mdn_reads_logits: bool = False
    emotion_reads_features: bool = False
    pool_speeds: bool = True
    attention_pooling: bool = True
    sigma_floor: float = 0.005
    plan: bool = True
    plan_dims: int = 24
    plan_choices: int = 96
    plan_horizon: int = 14
    plan_every: int = 10
    plan_known: int = 512
    displacements: bool = True
    draws: bool = True
    most_probable: bool = False
    component_emotions: bool = True

    def __post_init__(self) -> None:
        """Raise ConfigError where a size is impossible."""
        for field in fields(self):
            value = getattr(self, field.name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if field.type == 'bool':
                if not isinstance(value, bool):
                    raise ConfigError(f'got {field.name} = {value!r}; expected true or false')
            elif not number or not 0 < value < math.inf:
                raise ConfigError(f'got {field.name} = {value!r}; expected a number above 0')
            elif field.type == 'int' and not isinstance(value, int):
                raise ConfigError(f'got {field.name} = {value!r}; expected a whole number')
        if self.channels % (2 * self.heads):
            raise ConfigError(
                f'got {self.channels} channels for {self.heads} heads; expected a multiple of '
                f'{2 * self.heads}: change motion_channels, emotion_channels or heads'
            )
        if self.plan_every > self.plan_horizon:
            raise ConfigError(
                f'got plan_every = {self.plan_every}; expected at most plan_horizon = '
                f'{self.plan_horizon}'
            )
        if self.plan_choices > self.plan_known:
            raise ConfigError(
                f'got plan_choices = {self.plan_choices}; expected at most plan_known = '
                f'{self.plan_known}'
            )
        if self.window >= ROTARY_PERIOD:
            raise ConfigError(f'got window = {self.window}; expected less than {ROTARY_PERIOD}')

    @property
    def outputs(self) -> int:
        """Coordinates of a frame O."""
        return self.keypoints * self.keypoint_dims

    @property
    def channels(self) -> int:
        """Channels of a token C."""
        return self.motion_channels + self.emotion_channels

    @property
    def shown_size(self) -> int:
        """Numbers of a frame that the emotion head sees."""
        if self.emotion_reads_features:
            return self.channels
        return self.outputs + (self.keypoints if self.pool_speeds else 0)

    @property
    def plan_size(self) -> int:
        """Principal components of the plan Z."""
        return min(self.plan_dims, self.outputs)

    @property
    def receptive_field(self) -> int:
        """Number of last frames that an output can depend on.

        Each block and the pooling reach W - 1 frames back, a change of displacement two more.
        """
        return (self.layers + 1) * (self.window - 1) + 3
