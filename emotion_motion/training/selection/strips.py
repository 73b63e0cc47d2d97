# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Film strips of a model on its way: a row an emotion, real motion above what it generates."""

from __future__ import annotations

from collections.abc import Sequence
import os
from pathlib import Path

import numpy as np

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.drawing import film_strips
from emotion_motion.emotion import EMOTIONS
from emotion_motion.files import storage_errors
from emotion_motion.generator import MotionGenerator
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.selection.free_run import free_run

__all__ = ['draw_strips', 'real_motions']

_RESTED_S = 1.0  # a live stream begins in the rest pose, which shows nothing
_CLEAR = 0.5  # a clip shows an emotion that weighs as much
_DRAWN = 9  # stretches of real motion, of which the one of middle speed is shown
_FIGURE_EVERY_S = 0.4


def draw_strips(
    checkpoint: Checkpoint,
    path: str | os.PathLike[str],
    datasets: Sequence[MotionDataset],
    *,
    seconds: float = 6.0,
    seed: int = 0,
    title: str = '',
) -> Path:
    """Let a model run freely, and draw it below real motion of each emotion of the data.

    Args:
        checkpoint: the model.
        path: picture to write (.png, .svg, .pdf); its folder is made.
        datasets: of the real motion, at the model's rate.
        seconds: what a row shows [s]. All rows end with the shortest real motion.
        seed: of the run and of the choice of real motion.
        title: text above all rows.

    Returns:
        The path.

    Raises:
        StorageError: the picture cannot be written.
        ConfigError: matplotlib is missing.
    """
    real = real_motions(datasets, seconds=seconds, seed=seed)
    names = list(real) or EMOTIONS  # all of them where no clip shows one clearly
    generator = MotionGenerator(checkpoint, batch_size=len(names), seed=seed, body_height_m=1.0)
    wanted = np.eye(len(EMOTIONS))[[EMOTIONS.index(name) for name in names]]
    run = free_run(generator, _RESTED_S + seconds, wanted)
    shown = run.keypoints[:, round(_RESTED_S * run.rate_hz) :]
    rows: dict[str, np.ndarray] = {}
    for name, points in zip(names, shown, strict=True):
        if name in real:
            rows[f'{name} real'] = real[name][: len(points)]
        rows[f'{name} generated'] = points
    path = Path(path)
    with storage_errors(f'the film strips {path}'):
        path.parent.mkdir(parents=True, exist_ok=True)
        return film_strips(
            rows,
            checkpoint.skeleton,
            path,
            every_s=_FIGURE_EVERY_S,
            rate_hz=run.rate_hz,
            title=title,
        )


def real_motions(
    datasets: Sequence[MotionDataset], *, seconds: float = 6.0, seed: int = 0
) -> dict[str, np.ndarray]:
    """Choose a stretch of real motion for each emotion, held out where there is one.

    Args:
        datasets: prepared clips; the more an emotion weighs in one, the more often it is chosen.
        seconds: length of the stretch [s]; shorter where no clip is as long.
        seed: of the choice.

    Returns:
        Keypoints [T, K, D] of a body of height 1 by emotion, for those that the data has.
    """
    random = np.random.default_rng(seed)
    wanted = round(seconds * datasets[0].rate_hz)
    motions = {}
    for number, name in enumerate(EMOTIONS):
        clips = _candidates(datasets, number, wanted)
        if clips:
            drawn = [
                _stretch(*clips[random.integers(len(clips))], wanted, random)
                for _ in range(_DRAWN)
            ]
            # Neither the liveliest nor a stand: what is usual for this emotion.
            speeds = [float(np.abs(np.diff(points, axis=0)).mean()) for points in drawn]
            motions[name] = drawn[int(np.argsort(speeds, kind='stable')[_DRAWN // 2])]
    return motions


def _candidates(
    datasets: Sequence[MotionDataset], emotion: int, wanted: int
) -> list[tuple[MotionDataset, int]]:
    """Return the clips to choose from: long ones before held-out ones before others."""
    clips = []
    for data in datasets:
        clear = (data.emotions[:, emotion] >= _CLEAR) & (data.splits != 'test')
        clips += [(data, int(i)) for i in np.flatnonzero(clear & (data.lengths > 1))]
    lengths = [min(int(data.lengths[i]), wanted) for data, i in clips]
    clips = [clip for clip, length in zip(clips, lengths, strict=True) if length == max(lengths)]
    held_out = [(data, i) for data, i in clips if data.splits[i] == 'val']
    return held_out or clips


def _stretch(
    dataset: MotionDataset, clip: int, wanted: int, random: np.random.Generator
) -> np.ndarray:
    start = int(random.integers(max(1, dataset.lengths[clip] - wanted + 1)))
    return dataset.frames(clip, start, start + wanted)[0]
