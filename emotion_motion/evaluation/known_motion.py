# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a model was trained on, as far as it can be had: to see whether it replays it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.evaluation.streams import BODY_HEIGHT_M, Streams
from emotion_motion.io.clip import Clip
from emotion_motion.skeleton import load_skeleton
from emotion_motion.training.corpus import make_corpus
from emotion_motion.training.prepare import prepare
from emotion_motion.training.store import is_dataset, MotionDataset

__all__ = ['known_motion', 'training_streams']

_MINUTES = 30.0  # a sample of more: what counts is held against the same sample


def known_motion(
    checkpoint: Checkpoint, datasets: Sequence[MotionDataset] = (), *, minutes: float = _MINUTES,
    seed: int = 0,
) -> tuple[list[Streams], str]:  # fmt: skip
    """Return training motion of a model, a stream a clip, and where it comes from in words.

    That of `datasets`, and of what the checkpoint says that it was trained on: of its data sets
    where they still lie, else of the corpus of the seed that it names.

    Args:
        checkpoint: the model.
        datasets: the user's, of the model's skeleton.
        minutes: about how much of each of the two; clips of data sets are drawn at random.
        seed: of that draw.

    Raises:
        TrainingError: a data set is damaged.
    """
    config = checkpoint.training.get('config', {})
    data = config.get('data', {}) if isinstance(config, dict) else {}
    data = data if isinstance(data, dict) else {}
    named = [Path(path) for path in data.get('data', ())]
    there = bool(named) and all(is_dataset(path) for path in named)
    given = {part.path.resolve() for part in datasets if part.path}
    opened = [MotionDataset.open(path) for path in named if there and path.resolve() not in given]
    rate_hz = checkpoint.rate_hz
    found, words = [], []
    for parts in (datasets, opened):
        if parts:
            found += training_streams(parts, rate_hz, minutes=minutes, seed=seed)
            words.append('training clips of ' + ', '.join(_name(part) for part in parts))
    if not there:
        corpus_seed = int(checkpoint.training.get('corpus_seed', data.get('corpus_seed', 0)))
        found += [_stream(clip, rate_hz) for clip in make_corpus(minutes, corpus_seed, rate_hz)]
        words.append(f'the first {minutes:g} minutes of the corpus of seed {corpus_seed}')
    return found, ', '.join(words)


def training_streams(
    datasets: Sequence[MotionDataset], rate_hz: float, *, minutes: float = _MINUTES, seed: int = 0
) -> list[Streams]:
    """Return training clips of data sets, drawn at random until there are enough minutes.

    Raises:
        TrainingError: a data set is damaged.
    """
    places = [(data, int(i)) for data in datasets for i in data.chosen('train')]
    rng, left_s, found = np.random.default_rng((seed, 3)), 60.0 * minutes, []
    for number in rng.permutation(len(places)):
        data, i = places[number]
        found.append(_stream(data.clip(i), rate_hz))
        left_s -= found[-1].seconds
        if left_s <= 0.0:
            break
    return found


def _stream(clip: Clip, rate_hz: float) -> Streams:
    clip = prepare(clip, load_skeleton(), rate_hz=rate_hz)
    points = clip.keypoints.astype(np.float32) * np.float32(BODY_HEIGHT_M)
    shown = np.zeros(len(points), dtype=np.int64)  # nobody asks which emotion is replayed
    if clip.emotions is not None:
        shown = clip.emotions.argmax(axis=-1).astype(np.int64)
    return Streams(points[None], shown[None], rate_hz)


def _name(data: MotionDataset) -> str:
    return str(data.manifest.get('name') or (data.path.name if data.path else 'clips in memory'))
