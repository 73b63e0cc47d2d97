# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Where training runs: accelerate, asked for a device and a precision."""

from __future__ import annotations

import os
from typing import Any

import torch

from emotion_motion.exceptions import ConfigError
from emotion_motion.training.config import RunConfig

__all__ = ['make_accelerator']


def make_accelerator(run: RunConfig) -> Any:
    """Return an accelerate.Accelerator for this process.

    Alone, or as one of those that `torchrun` or `accelerate launch` started.

    Raises:
        ConfigError: accelerate is missing, or there is no GPU where one is asked for.
    """
    try:
        from accelerate import Accelerator, DistributedDataParallelKwargs
    except ImportError as error:
        raise ConfigError(
            "training needs accelerate: pip install 'emotion_motion[train]'"
        ) from error
    gpu = torch.cuda.is_available()
    if run.device == 'cuda' and not gpu:
        raise ConfigError(
            "got device = 'cuda', but this torch sees no GPU; expected 'auto' or 'cpu', or "
            'install a GPU build of torch'
        )
    on_cpu = run.device == 'cpu' or not gpu
    precision = run.mixed_precision
    if precision == 'auto':
        precision = 'bf16' if not on_cpu and torch.cuda.is_bf16_supported() else 'no'
    _forget_another(on_cpu, precision)
    return Accelerator(
        cpu=on_cpu,
        mixed_precision=precision,
        # Every process has the same buffers from the start.
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )


def _forget_another(on_cpu: bool, precision: str) -> None:
    """Let one process train in turn on different devices: accelerate keeps its first choice."""
    from accelerate.state import AcceleratorState, PartialState

    state, device = AcceleratorState._shared_state, PartialState._shared_state.get('device')
    if device is None or int(os.environ.get('WORLD_SIZE', '1')) > 1:
        return
    before = (device.type == 'cpu', state.get('_mixed_precision', precision))
    if before != (on_cpu, precision):
        AcceleratorState._reset_state(reset_partial_state=True)
