# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The errors of this package: each message says what came, what was expected and what to do."""

__all__ = [
    'EmotionMotionError',
    'EmotionError',
    'SkeletonError',
    'ConfigError',
    'ModelError',
    'CheckpointError',
    'TrainingError',
    'MotionFileError',
    'RobotError',
    'StorageError',
]


class EmotionMotionError(Exception):
    """Root of every error that this package raises on purpose."""


class EmotionError(EmotionMotionError, ValueError):
    """An emotion that cannot be read: unknown label, bad weight, bad intensity."""


class SkeletonError(EmotionMotionError, ValueError):
    """A skeleton that is not a tree of named keypoints, or keypoints that do not fit it."""


class ConfigError(EmotionMotionError, ValueError):
    """A setting outside its range or of the wrong type."""


class ModelError(EmotionMotionError, ValueError):
    """Tensors whose shape or content the model cannot take."""


class CheckpointError(EmotionMotionError):
    """A checkpoint that is missing, damaged, of another version or does not fit its model."""


class TrainingError(EmotionMotionError):
    """Training that cannot start or cannot go on."""


class MotionFileError(EmotionMotionError):
    """A motion file that cannot be read or written."""


class StorageError(EmotionMotionError):
    """A file or folder that cannot be written where it is wanted."""


class RobotError(EmotionMotionError, ValueError):
    """A robot that cannot be driven: its description, its limits, its state or what it is sent."""
