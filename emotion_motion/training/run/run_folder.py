# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of a training run: all that it takes to judge it, repeat it and go on with it.

config.yaml       the full configuration
environment.json  versions, machine, command, seed, and every time that it was resumed
manifest.json     the data: sources with hashes and licences
metrics.csv       a row a logged step; tensorboard/ has the same, curves.png shows it
strips/           film strips of the model on its way
checkpoints/      states to resume from, see `state`
best/             the best model so far in the packaged format
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
import importlib.metadata
import json
import os
from pathlib import Path
import platform
import shlex
import subprocess
import sys
from typing import Any

from filelock import FileLock, Timeout
import torch

import emotion_motion
from emotion_motion.checkpoint import Checkpoint, save_pretrained
from emotion_motion.exceptions import StorageError, TrainingError
from emotion_motion.files import (
    new_folder,
    PARTIAL,
    read_json,
    recover_folder,
    storage_errors,
    write_file,
)
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.run.metrics import MetricsLog

__all__ = ['RunFolder']

_PACKAGES = ('numpy', 'safetensors', 'accelerate', 'tensorboard', 'rich', 'PyYAML', 'pin')
_CONFIG, _ENVIRONMENT, _MANIFEST = 'config.yaml', 'environment.json', 'manifest.json'


class RunFolder:
    """One run's folder; `create` makes it, `open` goes on with it.

    While a process has it, no other process can open it.
    """

    def __init__(self, root: Path, lock: FileLock) -> None:
        self.root, self._lock = root, lock
        self.config_path = root / _CONFIG
        self.checkpoints = root / 'checkpoints'
        self.best = root / 'best'  # missing until `save_best`
        self.strips = root / 'strips'
        self.metrics = MetricsLog(root / 'metrics.csv', root / 'tensorboard')

    @classmethod
    def create(cls, path: str | os.PathLike[str], config: TrainConfig) -> RunFolder:
        """Make the folder of a new run, before the training begins.

        Raises:
            TrainingError: the folder is not empty, or another process trains in it.
            StorageError: it cannot be written.
        """
        root = Path(path)
        _check_empty(root)
        with storage_errors(f'the run folder {root}'):
            root.mkdir(parents=True, exist_ok=True)
            run = cls(root, _locked(root))
            environment = {**_environment(), 'seed': config.run.seed, 'resumed': []}
            write_file(root / _ENVIRONMENT, _json(environment))
            write_file(root / _MANIFEST, _json({}))
            # It comes last: with it, and not before, the folder is a run's.
            write_file(root / _CONFIG, config.to_yaml().encode())
        return run

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunFolder:
        """Open the folder of a run, which `create` made, to go on with it.

        Raises:
            TrainingError: it is no run folder, or another process trains in it.
            StorageError: it cannot be written.
        """
        root = Path(path)
        missing = [n for n in (_CONFIG, _ENVIRONMENT, _MANIFEST) if not (root / n).is_file()]
        if missing:
            raise TrainingError(
                f'got {root}, which has no {" and no ".join(missing)}; expected the folder of an '
                f'earlier training run: start a new run without --resume'
            )
        with storage_errors(f'the run folder {root}'):
            run = cls(root, _locked(root))
            recover_folder(run.best)
        return run

    def describe_data(self, manifest: Mapping[str, Any]) -> None:
        """Write down what the data is, also where it was made in the folder."""
        with storage_errors(self.root / _MANIFEST):
            write_file(self.root / _MANIFEST, _json(manifest))

    def resumed(self, step: int) -> None:
        """Note that the run goes on from a step, and forget metrics that came after it."""
        path = self.root / _ENVIRONMENT
        environment = read_json(path)
        environment['resumed'].append({'step': step, **_environment()})
        with storage_errors(path):
            write_file(path, _json(environment))
        self.metrics.truncate(step)

    def save_best(self, checkpoint: Checkpoint, card: str = '') -> None:
        """Write the best model in the packaged format; the one before stays until it is whole.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            with storage_errors(f'the model {self.best}'), new_folder(self.best) as folder:
                save_pretrained(folder, checkpoint, card=card, half=True)
        except StorageError as error:
            if not self.best.is_dir():
                raise
            raise StorageError(f'{error}; {self.best} is still the one before') from error

    def close(self) -> None:
        """Close the metrics and let other processes open the folder."""
        self.metrics.close()
        self._lock.release()


def _check_empty(root: Path) -> None:
    if (root / _CONFIG).is_file():
        raise TrainingError(
            f'got {root}, which holds an earlier training run; add --resume to go on with it, or '
            f'choose a new folder'
        )
    # A kill within `create` may leave these.
    ours = {_ENVIRONMENT, _MANIFEST, '.lock'}
    there = [path.name for path in root.iterdir()] if root.is_dir() else []
    foreign = any(name not in ours and PARTIAL not in name for name in there)
    if foreign or (root.exists() and not root.is_dir()):
        raise TrainingError(
            f'got {root}, which is not empty and holds no training run; choose a new folder'
        )


def _locked(root: Path) -> FileLock:
    """Hold the folder; the system lets go of it when the process ends, however it ends."""
    lock = FileLock(root / '.lock', blocking=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise TrainingError(
            f'got the run folder {root}, in which another process is training; wait for its end '
            f'or stop it first'
        ) from error
    return lock


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=1) + '\n').encode()


def _environment() -> dict[str, Any]:
    """Return versions, processor, threads, GPUs, commit, command and date, ready for JSON.

    What is not installed or not known is None.
    """
    return {
        'date': datetime.now(timezone.utc).isoformat(timespec='seconds'),
        'command': shlex.join(sys.argv),
        'folder': os.getcwd(),
        'emotion_motion': emotion_motion.__version__,
        'commit': _commit(),
        'python': platform.python_version(),
        'torch': torch.__version__,
        'packages': {name: _version(name) for name in _PACKAGES},
        'platform': platform.platform(),
        'processor': platform.processor() or platform.machine(),
        'cores': os.cpu_count(),
        'threads': torch.get_num_threads(),
        'gpus': [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        'cuda': torch.version.cuda,
        'processes': int(os.environ.get('WORLD_SIZE', '1')),
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the commit of the source tree, '+ changes' where it is not clean; None: no tree."""
    root = Path(emotion_motion.__file__).resolve().parents[1]
    if not (root / '.git').exists():
        return None
    command = ['git', 'describe', '--always', '--abbrev=40', '--exclude=*']
    try:
        answer = subprocess.check_output(
            [*command, '--dirty= + changes'],
            cwd=root,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=10.0,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.strip()
