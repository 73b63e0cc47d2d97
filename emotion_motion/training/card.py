# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint says of itself: where it comes from, and its model card."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import emotion_motion
from emotion_motion.checkpoint import Checkpoint

__all__ = ['described', 'model_card']

_CARD = """\
# {name}

A model of [emotion_motion](../../README.md): living humanoid motion from an emotion.

| | |
|---|---|
| made by | emotion_motion {version}: `{command}` |
| data | {data} |
| licence | {licence} |
| parameters | {parameters:.2f} million |
| rate | {rate:g} Hz |
| skeleton | {skeleton}, {keypoints} keypoints in 3D |
| window | {window} frames ({window_s:.1f} s) |

**Intended use**: gestures of a standing humanoid on a screen or, behind a safety limiter, on a
robot. **Not for** balance or walking, nor for judging what a person feels.

**Limits**: it knows one body, feet in place, and moves as its data does. The recognised emotion
is the model's own reading of its own motion; no person has rated it.
"""


def described(
    checkpoint: Checkpoint,
    *,
    corpus: dict[str, Any] | None,
    data: Path | None,
    start: Checkpoint | None = None,
) -> Checkpoint:
    """Return the checkpoint with its origin and licence among what it was trained on."""
    if corpus is not None:
        source = 'procedural corpus of emotion_motion, {minutes:g} minutes, seed {corpus_seed}'
        origin = {'data': source.format(**corpus), 'licence': 'Apache-2.0', **corpus}
    else:
        origin = {'data': data.name if data else '', 'licence': 'that of its training data'}
    if start is not None:
        origin |= {'start': start.name, 'start_training': start.training}
    training = {'version': emotion_motion.__version__, **origin, **checkpoint.training}
    return dataclasses.replace(checkpoint, training=training)


def model_card(checkpoint: Checkpoint, name: str) -> str:
    """Write the model card (Markdown) of a checkpoint that `described` returned."""
    training, config = checkpoint.training, checkpoint.model.config
    options = {
        'minutes': training.get('minutes'),
        'corpus-seed': training.get('corpus_seed'),
        'steps': training['config']['steps'],
        'batch-size': training['config']['batch_size'],
        'learning-rate': training['config']['learning_rate'],
        'start': training.get('start'),
        'seed': training['config']['seed'],
    }
    given = ' '.join(f'--{key} {value}' for key, value in options.items() if value is not None)
    return _CARD.format(
        name=name,
        version=training['version'],
        command=f'emotion-motion train --out {name} {given}',
        data=training['data'],
        licence=training['licence'],
        parameters=sum(part.numel() for part in checkpoint.model.parameters()) / 1e6,
        rate=checkpoint.rate_hz,
        skeleton=checkpoint.skeleton.name,
        keypoints=checkpoint.skeleton.size,
        window=config.window,
        window_s=config.window / checkpoint.rate_hz,
    )
