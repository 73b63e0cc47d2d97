# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The data sets of a run: opened, or the corpus generated into the run's folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.io.clip import Clip
from emotion_motion.training.config import DataConfig
from emotion_motion.training.data.store import MotionDataset, write_dataset

__all__ = ['corpus_bytes', 'generate_corpus', 'manifest_of', 'open_datasets']

_BYTES_A_FRAME = 25 * (3 * 4 + 1) + 7 * 4


def open_datasets(config: DataConfig, generated: Path) -> list[MotionDataset]:
    """Open the data sets of a run; `generated` holds the corpus where none is named.

    Raises:
        TrainingError: one is missing or damaged.
    """
    return [MotionDataset.open(path) for path in config.data or (str(generated),)]


def generate_corpus(config: DataConfig, path: Path) -> None:
    """Write the procedural corpus as a data set, unless it is there."""
    from emotion_motion.training.corpus.corpus import make_corpus
    from emotion_motion.training.data.prepare import prepare
    from emotion_motion.training.data.splits import SplitRule

    if path.is_dir():
        return
    skeleton = load_skeleton()
    rule = SplitRule(val_share=config.held_out, test_share=0.0, seed=config.corpus_seed)

    def clips() -> Iterator[Clip]:
        for clip in make_corpus(config.minutes, config.corpus_seed):
            yield prepare(clip, skeleton)

    name = f'procedural corpus, {config.minutes:g} minutes, seed {config.corpus_seed}'
    write_dataset(
        path, clips(), skeleton=skeleton, rate_hz=30.0, splits=rule, manifest={'name': name}
    )


def corpus_bytes(config: DataConfig) -> int:
    """Return the size of the corpus that `generate_corpus` would write."""
    return 0 if config.data else round(config.minutes * 60.0 * 30.0 * _BYTES_A_FRAME)


def manifest_of(datasets: Sequence[MotionDataset]) -> dict[str, Any]:
    """Return what a run folder keeps of its data: each manifest, and where it was."""
    return {
        'data_sets': [
            {'path': str(data.path) if data.path else None, **data.manifest} for data in datasets
        ]
    }
