# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The network: what is trained.

Its names are loaded when they are asked for: reading `model.config` alone does not load torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:
    from emotion_motion.model.config import MotionModelConfig as MotionModelConfig
    from emotion_motion.model.mixture import MixtureDensityNetwork as MixtureDensityNetwork
    from emotion_motion.model.network import (
        AttentionPooling as AttentionPooling,
        MotionModel as MotionModel,
    )

__all__ = ['AttentionPooling', 'MixtureDensityNetwork', 'MotionModel', 'MotionModelConfig']

_HOMES = {
    'AttentionPooling': 'network',
    'MixtureDensityNetwork': 'mixture',
    'MotionModel': 'network',
    'MotionModelConfig': 'config',
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)
