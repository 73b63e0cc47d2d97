# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A trained model as a directory: model.safetensors, config.json, README.md; loading is strict."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import CheckpointError, ConfigError, EmotionMotionError
from emotion_motion.files import read_json, shared_folders, storage_errors, write_file
from emotion_motion.model.config import MotionModelConfig
from emotion_motion.model.network import MotionModel
from emotion_motion.settings import renamed, SamplerConfig

__all__ = [
    'FORMAT_VERSION',
    'Checkpoint',
    'Normaliser',
    'SamplerConfig',
    'available_models',
    'from_pretrained',
    'read_config',
    'resolve',
    'save_pretrained',
]

FORMAT_VERSION = 2
# What a damaged configuration raises while it is read.
_BAD_ENTRY = (KeyError, TypeError, ValueError, AttributeError, OverflowError, EmotionMotionError)
_WEIGHTS, _CONFIG, _CARD = 'model.safetensors', 'config.json', 'README.md'
_HASH = 'weights_sha256'


@dataclass(frozen=True, eq=False)
class Normaliser:
    """Statistics of the training motion, in body heights; each [O].

    Attributes:
        mean: mean pose; model space is keypoints / body height - mean.
        pose_std: standard deviation of the pose.
        unit: standard deviation of the displacement from frame to frame.
        low: smallest value in model space, with a margin.
        high: largest value in model space, with a margin.
    """

    mean: np.ndarray
    pose_std: np.ndarray
    unit: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A model with all that it takes to run it.

    Attributes:
        model: the network, in evaluation mode.
        skeleton: the body that it moves.
        rate_hz: frames a second that it was trained at.
        normaliser: statistics of its training motion.
        rest_pose: [K, 3] in body heights, where a live stream begins.
        sampler: the settings that suit it.
        body_height_m: the height that keypoints are published at by default [m].
        training: what it was trained on, how, and under which licence.
        name: how it was asked for.
        sha256: hash of the weights' file, '' before it is saved.
        saved_sha256: the same when it was saved, '' where that was not written down.
    """

    model: MotionModel
    skeleton: Skeleton
    rate_hz: float
    normaliser: Normaliser
    rest_pose: np.ndarray
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    body_height_m: float = 1.70
    training: dict[str, Any] = field(default_factory=dict)
    name: str = ''
    sha256: str = ''
    saved_sha256: str = ''

    @property
    def warning(self) -> str:
        """What is doubtful about the weights; '' where nothing is."""
        if self.saved_sha256 in ('', self.sha256):
            return ''
        return (
            f'the weights of the model {self.name!r} have the hash {self.sha256[:12]}; its '
            f'{_CONFIG} says {self.saved_sha256[:12]}: they were changed after it was saved; '
            f'install or copy the model again'
        )

    @functools.cached_property
    def constants(self) -> str:
        """What model and skeleton are besides the values of the tensors, as a text."""
        return f'{self.model.config} {self.skeleton.to_dict()}'


def available_models() -> dict[str, Path]:
    """Return the packaged models by name, the ament index first."""
    folders: dict[str, Path] = {}
    for folder in _model_folders():
        for path in sorted(folder.glob(f'*/{_CONFIG}')):
            folders.setdefault(path.parent.name, path.parent)
    return folders


def resolve(name_or_path: str | os.PathLike[str]) -> Path:
    """Return the directory of a checkpoint.

    Args:
        name_or_path: a directory, or the name of a packaged model (`default`) that lies in the
            installed package, in the source tree or in a package of the ament index.

    Raises:
        CheckpointError: there is none; the message lists the packaged names.
    """
    text = os.fspath(name_or_path)
    path = Path(text).expanduser()
    if text and path.is_dir():
        return path
    packaged = available_models()
    if text in packaged:
        return packaged[text]
    raise CheckpointError(
        f'got the model {text!r}; expected the directory of a checkpoint or one of the packaged '
        f'models ({", ".join(packaged) or "none is installed"})'
    )


def save_pretrained(
    directory: str | os.PathLike[str],
    checkpoint: Checkpoint,
    *,
    card: str = '',
    half: bool = False,
) -> Path:
    """Write a checkpoint; each file is whole or not there at all.

    Args:
        directory: made when missing.
        checkpoint: what to write.
        card: the model card; '' writes a short one.
        half: weights in 16 bits on disk (they are loaded in 32).

    Returns:
        The directory.

    Raises:
        CheckpointError: a weight is not finite (in 16 bits).
        StorageError: a file cannot be written.
    """
    path = Path(directory)
    dtype = torch.float16 if half else torch.float32
    tensors = {
        name: tensor.detach().cpu().to(dtype).contiguous()
        for name, tensor in checkpoint.model.state_dict().items()
    }
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(
                f'got the tensor {name} with values that are not finite in {dtype}; nothing was '
                f'written{": save without half" if half else ""}'
            )
    weights = safetensors.torch.save(tensors)
    config = json.dumps(_config(checkpoint, weights), indent=1) + '\n'
    with storage_errors(path):
        write_file(path / _WEIGHTS, weights)
        write_file(path / _CONFIG, config.encode())
        write_file(path / _CARD, (card or _short_card(checkpoint)).encode())
    return path


def from_pretrained(
    name_or_path: str | os.PathLike[str], *, device: str | torch.device = 'cpu'
) -> Checkpoint:
    """Load a checkpoint strictly.

    Args:
        name_or_path: see `resolve`.
        device: a torch device.

    Raises:
        CheckpointError: missing or damaged file, unknown version, missing, extra, misshapen or
            non-finite tensor; the message names file and tensor.
    """
    directory = resolve(name_or_path)
    config = read_config(directory / _CONFIG)
    try:
        model_config = MotionModelConfig(**_complete(MotionModelConfig, config['model']))
        skeleton = Skeleton.from_dict(config['skeleton'])
        normaliser = _normaliser(config['normaliser'], model_config.outputs)
        rest_pose = np.array(config['rest_pose'], dtype=np.float32)
        loaded: dict[str, Any] = {
            'rate_hz': float(config['rate_hz']),
            'sampler': SamplerConfig(**_complete(SamplerConfig, config['sampler'])),
            'body_height_m': float(config['body_height_m']),
            'training': dict(config['training']),
            'saved_sha256': str(config.get(_HASH, '')),
        }
        emotions = tuple(config['emotions'])
    except _BAD_ENTRY as error:
        raise CheckpointError(
            f'got {directory / _CONFIG} with a bad or missing entry ({_described(error)}); '
            f'expected what save_pretrained writes'
        ) from error
    _check_config(directory / _CONFIG, model_config, skeleton, emotions, rest_pose, loaded)
    with torch.random.fork_rng(devices=[]):  # the first weights are random, and thrown away
        model = MotionModel(model_config)
    digest = _load_weights(model, directory / _WEIGHTS)
    model.pose_std.copy_(torch.from_numpy(normaliser.pose_std))
    model.unit.copy_(torch.from_numpy(normaliser.unit))
    model.eval().requires_grad_(False)
    return Checkpoint(
        model=model.to(device),
        skeleton=skeleton,
        normaliser=normaliser,
        rest_pose=rest_pose,
        name=os.fspath(name_or_path),
        sha256=digest,
        **loaded,
    )


def _model_folders() -> list[Path]:
    """Return the folders whose children are packaged models."""
    folders = []
    for prefix in filter(None, os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)):
        # A package offers models by the resource `emotion_motion_models`, whose content is the
        # folder of its models, relative to the prefix.
        index = Path(prefix) / 'share' / 'ament_index' / 'resource_index' / 'emotion_motion_models'
        for entry in sorted(index.glob('*')):
            folders.append(Path(prefix) / entry.read_text().strip())
    return [*folders, *(folder / 'models' for folder in shared_folders())]


def _config(checkpoint: Checkpoint, weights: bytes) -> dict[str, Any]:
    normaliser = {name: values.tolist() for name, values in vars(checkpoint.normaliser).items()}
    return {
        'format': 'emotion_motion',
        'format_version': FORMAT_VERSION,
        _HASH: hashlib.sha256(weights).hexdigest(),
        'model': dataclasses.asdict(checkpoint.model.config),
        'emotions': list(EMOTIONS),
        'rate_hz': checkpoint.rate_hz,
        'body_height_m': checkpoint.body_height_m,
        'sampler': dataclasses.asdict(checkpoint.sampler),
        'training': checkpoint.training,
        'skeleton': checkpoint.skeleton.to_dict(),
        'rest_pose': checkpoint.rest_pose.tolist(),
        'normaliser': normaliser,
    }


def _short_card(checkpoint: Checkpoint) -> str:
    training = json.dumps(checkpoint.training, indent=1)
    name = checkpoint.name or 'model'
    return f'# {name}\n\nTrained with emotion_motion:\n\n```\n{training}\n```\n'


def read_config(path: Path) -> dict[str, Any]:
    """Read a checkpoint's config.json; CheckpointError where it is damaged or too old."""
    if not path.is_file():
        raise CheckpointError(f'got no file {path}; a checkpoint needs {_CONFIG} and {_WEIGHTS}')
    try:
        config = read_json(path)
    except ConfigError as error:
        raise CheckpointError(f'{error}; copy the checkpoint again') from error
    version = config.get('format_version') if isinstance(config, dict) else None
    if version == 1:
        raise CheckpointError(
            f'got {path} of format version 1, of emotion_motion 0.1, whose network has plans and '
            f'poses labelled with emotions; train it again with this release (emotion-motion '
            f'train --data ... --out ...), or keep emotion_motion 0.1 for it'
        )
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f'got {path} of format version {version!r}; this release reads version '
            f'{FORMAT_VERSION}: install the release that wrote it or export it again'
        )
    return config


def _complete(kind: type, data: dict[str, Any]) -> dict[str, Any]:
    """Return `data` if it has every field of a dataclass: a default would be another model."""
    wanted = {f.name for f in dataclasses.fields(kind)}
    if wanted != set(data):
        raise ConfigError(
            f'got a {kind.__name__} with missing entries {sorted(wanted - set(data))} and '
            f'unexpected entries {sorted(set(data) - wanted)}{renamed(data)}'
        )
    return data


def _normaliser(data: dict[str, Any], outputs: int) -> Normaliser:
    parts = {key: np.array(values, dtype=np.float32) for key, values in data.items()}
    for key, values in parts.items():
        if values.shape != (outputs,) or not np.isfinite(values).all():
            raise ConfigError(
                f'got normaliser {key} of shape {values.shape}; expected {outputs} finite numbers'
            )
        if key in ('pose_std', 'unit') and not (values > 0).all():
            raise ConfigError(f'got normaliser {key} with a value of 0 or less; expected above 0')
    normaliser = Normaliser(**_complete(Normaliser, parts))
    if (normaliser.low > normaliser.high).any():
        raise ConfigError('got normaliser low above high; expected low to be the smaller one')
    return normaliser


def _check_config(
    path: Path,
    model: MotionModelConfig,
    skeleton: Skeleton,
    emotions: tuple[str, ...],
    rest_pose: np.ndarray,
    loaded: dict[str, Any],
) -> None:
    if emotions != EMOTIONS or model.emotions != len(EMOTIONS):
        raise CheckpointError(f'got the emotions {emotions} in {path}; expected {EMOTIONS}')
    shape = (model.keypoints, model.keypoint_dims)
    if skeleton.rest.shape != shape or rest_pose.shape != shape:
        raise CheckpointError(
            f'got a model of {shape} keypoints, a skeleton of {skeleton.rest.shape} and a rest '
            f'pose of {rest_pose.shape} in {path}; expected them to agree'
        )
    if not np.isfinite(rest_pose).all():
        raise CheckpointError(f'got a rest pose that is not finite in {path}')
    for name in ('rate_hz', 'body_height_m'):
        if not 0.0 < loaded[name] < float('inf'):
            raise CheckpointError(f'got {name} = {loaded[name]} in {path}; expected above 0')


def _load_weights(model: MotionModel, path: Path) -> str:
    """Fill `model` from `path` and return the file's SHA-256."""
    if not path.is_file():
        raise CheckpointError(f'got no file {path}; a checkpoint needs {_CONFIG} and {_WEIGHTS}')
    content = path.read_bytes()
    try:
        tensors = safetensors.torch.load(content)
    except (safetensors.SafetensorError, ValueError) as error:
        raise CheckpointError(
            f'got {path}, which is damaged or truncated ({error}); copy the checkpoint again'
        ) from error
    wanted = model.state_dict()
    missing, extra = sorted(wanted.keys() - tensors.keys()), sorted(tensors.keys() - wanted.keys())
    if missing or extra:
        raise CheckpointError(
            f'got {path} with missing tensors {missing} and unexpected tensors {extra}; its '
            f'{_CONFIG} is not the one that it was saved with'
        )
    for name, tensor in tensors.items():
        if tensor.shape != wanted[name].shape:
            raise CheckpointError(
                f'got the tensor {name} of shape {tuple(tensor.shape)} in {path}; the '
                f'configuration wants {tuple(wanted[name].shape)}'
            )
        if not tensor.is_floating_point() or not torch.isfinite(tensor).all():
            raise CheckpointError(
                f'got the tensor {name} in {path} with values that are not finite numbers; '
                f'train again or copy the checkpoint again'
            )
    model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    return hashlib.sha256(content).hexdigest()


def _described(error: Exception) -> str:
    return f'missing {error}' if isinstance(error, KeyError) else str(error)
