# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Does the model read the motion or its condition? A wrong condition on real motion shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError

__all__ = ['WrongCondition', 'measure_wrong_condition']


@dataclass(frozen=True, eq=False)
class WrongCondition:
    """What a model reads in real motion under the condition of another emotion.

    Attributes:
        fooled: [7] share of the frames of each emotion, over the six wrong conditions, in which
            the condition weighs most in what it reads.
        recognised: [7] share of frames in which it reads it under the right condition.
        confusion: [7, 7] what it reads (columns) in each emotion (rows) under the right one.
    """

    fooled: np.ndarray
    recognised: np.ndarray
    confusion: np.ndarray


def measure_wrong_condition(
    checkpoint: Checkpoint, streams: Streams, *, people: int = 2, seconds: float = 15.0
) -> WrongCondition:
    """Show reference motion to a model under each of the seven conditions.

    The model's prediction is nearly the motion itself then, whatever the condition, so that the
    emotion that it reads in it must be the motion's. Frames count from the first full window on.

    Args:
        checkpoint: the model.
        streams: reference motion at one emotion each, of all seven.
        people: how many streams of each emotion are shown.
        seconds: how much of each [s].
    """
    model = checkpoint.model
    device = model.unit.device
    mean = torch.from_numpy(checkpoint.normaliser.mean).to(device)
    conditions = torch.eye(len(EMOTIONS), device=device)
    shares = np.zeros((len(EMOTIONS), len(EMOTIONS), len(EMOTIONS)))  # own, condition, read
    for own in range(len(EMOTIONS)):
        part = streams.of(own).part(0.0, seconds)
        if not len(part) or part.frames <= model.config.window:
            raise TrainingError(
                f'got {len(part)} streams of {part.frames} frames at {EMOTIONS[own]}; expected '
                f'one of more than {model.config.window} frames at each emotion'
            )
        for points in part.prepared()[:people]:
            frames = torch.from_numpy(points).to(device).flatten(1) - mean
            with torch.inference_mode():
                output = model(frames.expand(len(EMOTIONS), -1, -1), conditions)
            read = output.emotion_logits[:, model.config.window :].argmax(dim=-1)
            for condition, seen in enumerate(read):
                shares[own, condition] += np.bincount(seen.cpu(), minlength=len(EMOTIONS))
    shares /= shares.sum(axis=-1, keepdims=True)
    every = np.arange(len(EMOTIONS))
    reads_condition = shares[:, every, every]
    confusion = shares[every, every]
    wrong = [np.delete(reads_condition[own], own) for own in every]
    return WrongCondition(np.mean(wrong, axis=1), np.diag(confusion).copy(), confusion)
