# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Film strips of a model on its way: a row an emotion, real motion beside it where it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
import os
from pathlib import Path

import numpy as np

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.drawing import film_strips
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import TrainingError
from emotion_motion.files import storage_errors
from emotion_motion.generator import MotionGenerator
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.selection.free_run import free_run

__all__ = ['draw_strips', 'real_motions']

_RESTED_S = 1.0  # a live stream begins in the rest pose, which shows nothing
_CLEAR = 0.5  # a clip shows an emotion that weighs as much
_DRAWN = 9  # stretches of real motion, of which the one of middle speed is shown


def draw_strips(
    checkpoint: Checkpoint,
    path: str | os.PathLike[str],
    *,
    emotions: Iterable[str] | None = None,
    seconds: float = 6.0,
    seed: int = 0,
    real: MotionDataset | Sequence[MotionDataset] | Mapping[str, np.ndarray] | None = None,
    every_s: float = 0.4,
    title: str = '',
) -> Path:
    """Let a model run freely and draw it.

    Args:
        checkpoint: the model.
        path: picture to write (.png, .svg, .pdf); its folder is made.
        emotions: one row each; None: those of `real`, or all.
        seconds: what a row shows [s].
        seed: of the run.
        real: motion to draw above that of the model, data sets or keypoints [T, K, D] by
            emotion, at the model's rate. All rows end with the shortest of it.
        every_s: seconds from one figure to the next.
        title: text above all rows.

    Returns:
        The path.

    Raises:
        TrainingError: an unknown emotion, or the picture cannot be written.
        ConfigError: matplotlib is missing.
    """
    if isinstance(real, MotionDataset):
        real = [real]
    names = _names(emotions, real)
    if isinstance(real, Sequence):
        real = real_motions(real, names, seconds=seconds, seed=seed)
    generator = MotionGenerator(checkpoint, batch_size=len(names), seed=seed, body_height_m=1.0)
    wanted = np.eye(len(EMOTIONS))[[EMOTIONS.index(name) for name in names]]
    run = free_run(generator, _RESTED_S + seconds, wanted)
    shown = run.keypoints[:, round(_RESTED_S * run.rate_hz) :]
    rows: dict[str, np.ndarray] = {}
    for name, points in zip(names, shown, strict=True):
        if real is not None and name in real:
            rows[f'{name} real'] = real[name][: len(points)]
        rows[name if real is None else f'{name} generated'] = points
    path = Path(path)
    with storage_errors(f'the film strips {path}'):
        path.parent.mkdir(parents=True, exist_ok=True)
        return film_strips(
            rows, checkpoint.skeleton, path, every_s=every_s, rate_hz=run.rate_hz, title=title
        )


def real_motions(
    datasets: MotionDataset | Sequence[MotionDataset],
    emotions: Iterable[str] | None = None,
    *,
    seconds: float = 6.0,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Choose a stretch of real motion for each emotion, held out where there is one.

    Args:
        datasets: prepared clips; the more an emotion weighs in one, the more often it is chosen.
        emotions: which; None: all.
        seconds: length of the stretch [s]; shorter where no clip is as long.
        seed: of the choice.

    Returns:
        Keypoints [T, K, D] of a body of height 1 by emotion, for those that the data has.
    """
    datasets = [datasets] if isinstance(datasets, MotionDataset) else list(datasets)
    random = np.random.default_rng(seed)
    wanted = round(seconds * datasets[0].rate_hz)
    found = {}
    for name in EMOTIONS if emotions is None else emotions:
        clips = _candidates(datasets, EMOTIONS.index(name), wanted)
        if clips:
            drawn = [
                _stretch(*clips[random.integers(len(clips))], wanted, random)
                for _ in range(_DRAWN)
            ]
            # Neither the liveliest nor a stand: what is usual for this emotion.
            speeds = [float(np.abs(np.diff(points, axis=0)).mean()) for points in drawn]
            found[name] = drawn[int(np.argsort(speeds, kind='stable')[_DRAWN // 2])]
    return found


def _candidates(
    datasets: Sequence[MotionDataset], emotion: int, wanted: int
) -> list[tuple[MotionDataset, int]]:
    """Return the clips to choose from: long ones before held-out ones before others."""
    clips = []
    for data in datasets:
        clear = (data.emotions[:, emotion] >= _CLEAR) & (data.splits != 'test')
        clips += [(data, int(i)) for i in np.flatnonzero(clear & (data.lengths > 1))]
    reach = [min(int(data.lengths[i]), wanted) for data, i in clips]
    clips = [clip for clip, one in zip(clips, reach, strict=True) if one == max(reach)]
    held_out = [(data, i) for data, i in clips if data.splits[i] == 'val']
    return held_out or clips


def _stretch(
    dataset: MotionDataset, clip: int, wanted: int, random: np.random.Generator
) -> np.ndarray:
    start = int(random.integers(max(1, dataset.lengths[clip] - wanted + 1)))
    return dataset.frames(clip, start, start + wanted)[0]


def _names(
    emotions: Iterable[str] | None, real: Sequence[MotionDataset] | Mapping[str, np.ndarray] | None
) -> list[str]:
    if emotions is None and isinstance(real, Sequence):
        most = np.max([data.emotions.max(axis=0) for data in real], axis=0)
        emotions = [name for name, one in zip(EMOTIONS, most, strict=True) if one >= _CLEAR]
    elif emotions is None:
        emotions = EMOTIONS if real is None else real
    names = list(dict.fromkeys(emotions))
    unknown = [name for name in names if name not in EMOTIONS]
    if unknown or not names:
        raise TrainingError(
            f'got the emotions {", ".join(unknown) or "none"} to draw; expected some of '
            f'{", ".join(EMOTIONS)}'
        )
    return names
