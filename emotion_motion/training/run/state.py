# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The state of a training run on disk: all that it takes to go on as if it had never stopped.

`step_00000500/` holds `state.safetensors` (every tensor) and `state.json` (numbers, the hash of
the tensors' file). It is written beside and renamed: a folder of that name is always whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
import hashlib
import json
import logging
from pathlib import Path
import re
import shutil
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from emotion_motion.checkpoint import Normaliser
from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.files import (
    new_folder,
    OLD,
    PARTIAL,
    read_json,
    recover_folder,
    storage_errors,
)
from emotion_motion.model.network import MotionModel
from emotion_motion.training.data.store import MotionDataset

__all__ = [
    'FORMAT_VERSION',
    'TrainState',
    'load_state',
    'newest_state',
    'optimiser_state',
    'pack',
    'data_hash',
    'save_state',
    'unpack',
]

FORMAT_VERSION = 1
_TENSORS, _NUMBERS = 'state.safetensors', 'state.json'
_NAME = re.compile(r'step_(\d{8,})')
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrainState:
    """Where a run is."""

    step: int  # optimiser steps taken
    tensors: dict[str, Tensor]  # by flat names ('model.*', 'optimiser.*'); any shape and dtype
    numbers: dict[str, Any] = field(default_factory=dict)  # all else; what JSON can hold


def pack(
    model: MotionModel,
    average: MotionModel,
    optimiser: torch.optim.Optimizer,
    normaliser: Normaliser,
) -> dict[str, Tensor]:
    """Return weights, their average, the optimiser's moments and the normaliser by flat names."""
    tensors = {f'model.{name}': part for name, part in model.state_dict().items()}
    tensors |= {f'average.{name}': part for name, part in average.state_dict().items()}
    moments = optimiser.state_dict()['state']
    for i, (name, _) in enumerate(model.named_parameters()):
        tensors |= {f'optimiser.{name}.{key}': part for key, part in moments.get(i, {}).items()}
    tensors |= {f'normaliser.{n}': torch.from_numpy(v) for n, v in vars(normaliser).items()}
    return {name: part.detach() for name, part in tensors.items()}


def unpack(state: TrainState, part: str) -> dict[str, Tensor]:
    """Return the tensors of one part of a state ('model', 'optimiser') by their own names."""
    first = f'{part}.'
    return {
        name.removeprefix(first): tensor
        for name, tensor in state.tensors.items()
        if name.startswith(first)
    }


def optimiser_state(state: TrainState, model: MotionModel) -> dict[int, dict[str, Tensor]]:
    """Return the moments of AdamW as its state_dict has them: by the number of the parameter."""
    moments = unpack(state, 'optimiser')
    return {
        i: {key: moments[f'{name}.{key}'] for key in ('step', 'exp_avg', 'exp_avg_sq')}
        for i, (name, _) in enumerate(model.named_parameters())
        if f'{name}.step' in moments
    }


def data_hash(datasets: Sequence[MotionDataset]) -> str:
    """Return a hash that tells one collection of clips from another."""
    digest = hashlib.sha256()
    for data in datasets:
        for part in (data.lengths, data.emotions, data.splits == 'train', data.fingerprints):
            digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def save_state(checkpoints: Path, state: TrainState, *, keep: int = 3) -> Path:
    """Write a state; a kill at any moment leaves only whole ones.

    A state of the same step is replaced. Of this and older states `keep` stay.

    Raises:
        StorageError: the disk is full or the folder cannot be written; the message names the
            free space, the size and the newest whole state, which is untouched.
    """
    # Copies, since tensors that share memory cannot be saved.
    copies = {n: t.detach().to('cpu', copy=True).contiguous() for n, t in state.tensors.items()}
    tensors = safetensors.torch.save(copies)
    data = {
        'format': 'emotion_motion training state',
        'format_version': FORMAT_VERSION,
        'step': state.step,
        'sha256': hashlib.sha256(tensors).hexdigest(),
        'numbers': state.numbers,
    }
    numbers = (json.dumps(data, indent=1) + '\n').encode()
    path = checkpoints / f'step_{state.step:08d}'
    _recover(checkpoints)
    for partial in checkpoints.glob(f'step_*{PARTIAL}'):  # what a killed run left
        shutil.rmtree(partial, ignore_errors=True)
    size, steps = len(tensors) + len(numbers), _steps(checkpoints)
    keeps = 'there is no earlier checkpoint'
    if steps:
        keeps = f'the last good checkpoint is {checkpoints / f"step_{steps[-1]:08d}"}'
    with storage_errors(f'the checkpoint {path}', size, keeps), new_folder(path) as folder:
        (folder / _TENSORS).write_bytes(tensors)
        (folder / _NUMBERS).write_bytes(numbers)
    # Those of later steps are left alone: training overwrites them when it gets there.
    older = [step for step in _steps(checkpoints) if step <= state.step]
    for step in older[:-keep]:
        shutil.rmtree(checkpoints / f'step_{step:08d}', ignore_errors=True)
    return path


def load_state(path: Path) -> TrainState:
    """Read a state that `save_state` wrote, with its tensors on the CPU.

    Raises:
        TrainingError: it is missing, damaged or of another version; the message says how.
    """
    content, data = _verified(path)
    return TrainState(data['step'], safetensors.torch.load(content), data['numbers'])


def newest_state(checkpoints: Path) -> Path | None:
    """Return the folder of the newest whole state, or None where there is none.

    Damaged ones are skipped with a warning that names them and the reason.
    """
    _recover(checkpoints)
    for step in reversed(_steps(checkpoints)):
        path = checkpoints / f'step_{step:08d}'
        try:
            _verified(path)
        except TrainingError as error:
            _log.warning('skipped a checkpoint: %s', error)
        else:
            return path
    return None


def _verified(path: Path) -> tuple[bytes, dict[str, Any]]:
    """Return the tensors' file and the JSON of a state whose hash is right."""
    try:
        data = read_json(path / _NUMBERS, 'long JSON')
        content = (path / _TENSORS).read_bytes()
    except (OSError, ConfigError) as error:
        raise _damaged(path, str(error)) from error
    version = data.get('format_version') if isinstance(data, dict) else None
    if version != FORMAT_VERSION:
        raise TrainingError(
            f'got the checkpoint {path} of format version {version!r}; this release reads version '
            f'{FORMAT_VERSION}: go on with the release that wrote it'
        )
    if hashlib.sha256(content).hexdigest() != data.get('sha256'):
        raise _damaged(path, f'the hash of {_TENSORS} is another one than {_NUMBERS} says')
    return content, data


def _damaged(path: Path, why: str) -> TrainingError:
    return TrainingError(
        f'got the checkpoint {path}, which is missing or damaged ({why}); go on from an older one'
    )


def _steps(checkpoints: Path) -> list[int]:
    matches = (_NAME.fullmatch(path.name) for path in checkpoints.glob('step_*'))
    return sorted(int(match[1]) for match in matches if match)


def _recover(checkpoints: Path) -> None:
    """Bring back a state that a kill caught while it was replaced by one of the same step."""
    for old in checkpoints.glob(f'step_*{OLD}'):
        recover_folder(old.with_name(old.name.removesuffix(OLD)))
