# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A trainer's tensors under flat names, as a training state holds them."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import hashlib

import numpy as np
import torch
from torch import Tensor

from emotion_motion.checkpoint import Normaliser
from emotion_motion.exceptions import TrainingError
from emotion_motion.model import MotionModel
from emotion_motion.training.state import TrainState
from emotion_motion.training.store import MotionDataset

__all__ = ['pack', 'same_data', 'unpack']


def pack(
    model: MotionModel,
    average: MotionModel,
    optimiser: torch.optim.Optimizer,
    normaliser: Normaliser,
) -> dict[str, Tensor]:
    """Return weights, their average, the optimiser's moments and the normaliser by name."""
    tensors = {f'model.{name}': part for name, part in model.state_dict().items()}
    tensors |= {f'average.{name}': part for name, part in average.state_dict().items()}
    moments = optimiser.state_dict()['state']
    for i, (name, _) in enumerate(model.named_parameters()):
        tensors |= {f'optimiser.{name}.{key}': part for key, part in moments.get(i, {}).items()}
    for entry in dataclasses.fields(normaliser):
        part = torch.from_numpy(getattr(normaliser, entry.name))
        tensors[f'normaliser.{entry.name}'] = part
    return {name: part.detach() for name, part in tensors.items()}


def unpack(state: TrainState, part: str) -> dict[str, Tensor]:
    """Return the tensors of one part of a state ('model', 'optimiser') by their own names.

    Raises:
        TrainingError: it has none.
    """
    first = f'{part}.'
    found = {
        name.removeprefix(first): tensor
        for name, tensor in state.tensors.items() if name.startswith(first)
    }  # fmt: skip
    if not found and not (part == 'optimiser' and state.step == 0):
        raise TrainingError(f'got a training state without {part}; it is of another release')
    return found


def same_data(datasets: Sequence[MotionDataset]) -> str:
    """Return a hash that tells one collection of clips from another."""
    digest = hashlib.sha256()
    for data in datasets:
        for part in (data.lengths, data.emotions, data.splits == 'train', data.fingerprints):
            digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
