# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Where a training run ran: versions, machine, source, command; what it takes to repeat it."""

from __future__ import annotations

from datetime import datetime, UTC
import importlib.metadata
import os
from pathlib import Path
import platform
import shlex
import subprocess
import sys
from typing import Any

import torch

import emotion_motion

__all__ = ['describe_environment']

_PACKAGES = ('numpy', 'safetensors', 'accelerate', 'tensorboard', 'rich', 'PyYAML', 'bvhio', 'pin')


def describe_environment() -> dict[str, Any]:
    """Return versions, processor, threads, GPUs, commit, command and date, ready for JSON.

    What is not installed or not known is None.
    """
    return {
        'date': datetime.now(UTC).isoformat(timespec='seconds'),
        'command': shlex.join(sys.argv),
        'folder': os.getcwd(),
        'emotion_motion': emotion_motion.__version__,
        'commit': _commit(),
        'python': platform.python_version(),
        'torch': torch.__version__,
        'packages': {name: _version(name) for name in _PACKAGES},
        'platform': platform.platform(),
        'processor': _processor(),
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


def _processor() -> str:
    """Return the processor's name; platform knows only its kind on Linux."""
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str | None:
    """Return the commit of the source tree, '+ changes' where it is not clean; None: no tree."""
    root = Path(emotion_motion.__file__).resolve().parents[1]
    if not (root / '.git').exists():
        return None
    commit, changes = _git(root, 'rev-parse', 'HEAD'), _git(root, 'status', '--porcelain', '-uno')
    return f'{commit} + changes' if commit and changes else commit


def _git(root: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ['git', '-C', str(root), *arguments], capture_output=True, text=True, timeout=10.0,
            check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
