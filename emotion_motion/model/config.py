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
        anchors: components G of the mixture, each around an unlabelled cluster of poses.
        horizon: the mixture is over the pose so many frames ahead; at 1 it is the next frame, the
            first published form.
        target_every: frames after which the live loop draws anew from the mixture; at most
            horizon.
        pose_dims: principal axes of poses that the mixture is over (at most O).
        mdn_channels: hidden width of the mixture head.
        emotion_head_channels: hidden width of the emotion head.
    """

    keypoints: int = 25
    keypoint_dims: int = 3
    emotions: int = 7
    motion_channels: int = 128
    emotion_channels: int = 32
    layers: int = 3
    heads: int = 5
    window: int = 64
    anchors: int = 1024
    horizon: int = 14
    target_every: int = 10
    pose_dims: int = 24
    mdn_channels: int = 160
    emotion_head_channels: int = 64

    def __post_init__(self) -> None:
        """Raise ConfigError where a size is impossible."""
        for field in fields(self):
            value = getattr(self, field.name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not 0 < value < math.inf:
                raise ConfigError(f'got {field.name} = {value!r}; expected a number above 0')
            if not isinstance(value, int):
                raise ConfigError(f'got {field.name} = {value!r}; expected a whole number')
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
    def receptive_field(self) -> int:
        """Number of last frames that an output can depend on.

        Each block and the pooling reach W - 1 frames back, a change of displacement two more.
        """
        return (self.layers + 1) * (self.window - 1) + 3
