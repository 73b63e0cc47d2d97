# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Does the model read the motion, or what it was told? A wrong condition on real motion tells."""

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
    """What a model reads in real motion that it is told to be another emotion.

    Attributes:
        fooled: [7] share of the frames of each emotion, over the six wrong conditions, in which
            what it was told weighs most in what it reads.
        right: [7] share of frames in which it reads the motion's own emotion all the same.
        told: [7] share of frames in which it reads it under the right condition.
        confusion: [7, 7] what it reads (columns) in each emotion (rows) under the right one.
    """

    fooled: np.ndarray
    right: np.ndarray
    told: np.ndarray
    confusion: np.ndarray


def measure_wrong_condition(
    checkpoint: Checkpoint, streams: Streams, *, people: int = 2, seconds: float = 15.0
) -> WrongCondition:
    """Show reference motion to a model under each of the seven conditions.

    The model's prediction is nearly the motion itself then, whatever it was told, so that the
    emotion that it reads in it must be the motion's. Frames count from the first full window on.

    Args:
        checkpoint: the model.
        streams: reference motion at one emotion each, of all seven.
        people: how many streams of each emotion are shown.
        seconds: how much of each [s].

    Raises:
        TrainingError: an emotion is missing, or streams no longer than the model's window.
    """
    model = checkpoint.model
    device = model.unit.device
    mean = torch.from_numpy(checkpoint.normaliser.mean).to(device)
    conditions = torch.eye(len(EMOTIONS), device=device)
    found = np.zeros((len(EMOTIONS), len(EMOTIONS), len(EMOTIONS)))  # own, told, read
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
            for told in range(len(EMOTIONS)):
                found[own, told] += np.bincount(read[told].cpu(), minlength=len(EMOTIONS))
    found /= found.sum(axis=-1, keepdims=True)
    eye = np.eye(len(EMOTIONS), dtype=bool)
    wrong = [~eye[own] for own in range(len(EMOTIONS))]
    reads_told = np.einsum('oii->oi', found)
    reads_own = np.einsum('oto->ot', found)
    return WrongCondition(
        fooled=np.array([reads_told[own, wrong[own]].mean() for own in range(len(EMOTIONS))]),
        right=np.array([reads_own[own, wrong[own]].mean() for own in range(len(EMOTIONS))]),
        told=np.diag(reads_own).copy(),
        confusion=found[np.arange(len(EMOTIONS)), np.arange(len(EMOTIONS))],
    )
