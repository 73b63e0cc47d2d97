# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The sizes of the network."""

from __future__ import annotations

from dataclasses import dataclass

from emotion_motion.exceptions import ConfigError
from emotion_motion.settings import Checked, setting

__all__ = ['MotionModelConfig', 'ROTARY_PERIOD']

_MOST_NUMBERS = 200_000_000  # of a model in memory: 800 MB, two hundred times the default
# Rotations repeat exactly after this many frames, see `network.rotary_table`.
ROTARY_PERIOD = 4096


@dataclass(frozen=True)
class MotionModelConfig(Checked):
    """Sizes of a MotionModel; every value is checked."""

    keypoints: int = setting(25, 'number of keypoints K', low=1)
    keypoint_dims: int = setting(3, 'coordinates of a keypoint D', low=1)
    emotions: int = setting(7, 'number of emotions E', low=1)
    motion_channels: int = setting(128, 'channels of a token that carry the frame', low=1)
    emotion_channels: int = setting(
        32, 'channels of a token that carry the emotion; C is the sum of both', low=1
    )
    layers: int = setting(3, 'transformer blocks', low=1)
    heads: int = setting(5, 'attention heads H; C / H is even', low=1)
    window: int = setting(
        64, 'frames W that a frame attends to and pools over, itself included', low=1
    )
    anchors: int = setting(
        1024, 'components G of the mixture, each around an unlabelled cluster of poses', low=1
    )
    horizon: int = setting(
        14,
        'the mixture is over the pose so many frames ahead; at 1 it is the next frame, '
        'the first published form',
        low=1,
    )
    target_every: int = setting(
        10, 'frames after which the live loop draws anew from the mixture; at most horizon', low=1
    )
    pose_dims: int = setting(
        24, 'principal axes of poses that the mixture is over (at most O)', low=1
    )
    mdn_channels: int = setting(160, 'hidden width of the mixture head', low=1)
    emotion_head_channels: int = setting(64, 'hidden width of the emotion head', low=1)

    def check(self) -> None:
        if self.channels % (2 * self.heads):
            raise ConfigError(
                f'got {self.channels} channels for {self.heads} heads; expected a multiple of '
                f'{2 * self.heads}: change motion_channels, emotion_channels or heads'
            )
        if self.target_every > self.horizon:
            raise ConfigError(
                f'got target_every = {self.target_every}; expected at most horizon = '
                f'{self.horizon}'
            )
        if self.window >= ROTARY_PERIOD:
            raise ConfigError(f'got window = {self.window}; expected less than {ROTARY_PERIOD}')
        table = 6 * ROTARY_PERIOD * self.channels // self.heads
        if (numbers := self.parameters + self.outputs**2 + table) > _MOST_NUMBERS:
            usual = type(self)
            size = max(vars(self), key=lambda name: getattr(self, name) // getattr(usual, name))
            raise ConfigError(
                f'got {size} = {str(getattr(self, size))[:20]}, with which the network takes '
                f'{min(numbers, 10**30):.3g} numbers; expected {_MOST_NUMBERS:,} at most'
            )

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
        return self.outputs + self.keypoints

    @property
    def pose_axes(self) -> int:
        """Principal axes Z that a pose is described by."""
        return min(self.pose_dims, self.outputs)

    @property
    def parameters(self) -> int:
        """Number of weights of the network, without making it."""
        c, hidden, axes = self.channels, self.mdn_channels, self.pose_axes
        inputs = 3 * self.outputs + axes + 1
        linear = (
            *((inputs, self.motion_channels), (self.emotions, self.emotion_channels)),
            *((c, self.outputs), (c, 3 * self.keypoints), (self.shown_size, 1)),
            (self.shown_size, self.emotion_head_channels),
            (self.emotion_head_channels, self.emotions),
            *((c + self.emotions, hidden), (hidden, self.anchors)),
            *((hidden + 2 * axes, hidden), (hidden, 3 * axes)),
        )
        block = 2 * c + (c + 1) * 6 * c + (4 * c + 1) * c
        return self.layers * block + 2 * c + sum((n + 1) * m for n, m in linear)
