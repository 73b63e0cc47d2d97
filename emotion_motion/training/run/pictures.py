# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of a run: its curves, and film strips of the model on its way. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
import os
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.drawing import film_strips
from emotion_motion.drawing.figure import new_figure
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import TrainingError
from emotion_motion.files import storage_errors
from emotion_motion.generator import MotionGenerator
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.free_run import free_run
from emotion_motion.training.run.metrics import read_metrics

__all__ = ['draw_curves', 'panels_of', 'draw_strips', 'real_motions']

_TRAIN, _HELD_OUT, _INK, _GRID = '#1565c0', '#ef8a00', '#2b2f36', '#e3e6ea'
_DPI = 130
# Neither says how well it learns.
_LEFT_OUT = ('wait_share', 'steps_a_second')
_RESTED_S = 1.0  # a live stream begins in the rest pose, which shows nothing
_CLEAR = 0.5  # a clip shows an emotion that weighs as much
_DRAWN = 9  # stretches of real motion, of which the one of middle speed is shown


def draw_curves(
    metrics: str | os.PathLike[str], path: str | os.PathLike[str], *, title: str = ''
) -> Path:
    """Draw a table of metrics over the steps, a panel a quantity, held-out over training.

    Raises:
        TrainingError: there is no such table, or it has fewer than two rows or nothing to draw.
        StorageError: the picture cannot be written.
    """
    table = read_metrics(metrics)
    panels = panels_of(table)
    if len(table['step']) < 2 or not panels:
        raise TrainingError(
            f'got {metrics} with {len(table["step"])} rows; expected at least two of a training '
            f'run to draw curves of'
        )
    smooth = max(1, len(table['step']) // 50)  # rows of the moving average over noisy curves
    figure, axes = _page(len(panels), title)
    for axis, (name, columns) in zip(axes, panels.items(), strict=False):
        _draw(axis, name, columns, table, smooth)
    path = Path(path)
    with storage_errors(f'the curves {path}'):
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=_DPI, facecolor='#ffffff')
    return path


def panels_of(table: dict[str, np.ndarray]) -> dict[str, list[str]]:
    """Return which columns are drawn together, by the name of the panel."""
    panels: dict[str, list[str]] = {}
    for column in table:
        group, _, name = column.rpartition('/')
        hidden = column == 'step' or name in _LEFT_OUT or group.endswith('speed_ratio')
        if hidden or not np.isfinite(table[column]).any():
            continue
        panels.setdefault(name if group in ('', 'loss', 'val') else column, []).append(column)
    return {name: panels[name] for name in sorted(panels, key=lambda name: name == 'rate')}


def _page(count: int, title: str) -> tuple[Any, list[Any]]:
    columns = min(count, 4)
    rows = -(-count // columns)
    figure, _ = new_figure(3.2 * columns, 2.3 * rows + (0.4 if title else 0.0))
    figure.set_layout_engine('constrained')
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis in axes[count:]:
        axis.set_axis_off()
    if title:
        figure.suptitle(title, fontsize=12, color=_INK)
    return figure, axes


def _draw(
    axis: Any, name: str, columns: list[str], table: dict[str, np.ndarray], smooth: int
) -> None:
    for column in columns:
        held_out = column.startswith('val/')
        known = np.isfinite(table[column])
        step, values = table['step'][known], table[column][known]
        line = {'color': _HELD_OUT if held_out else _TRAIN, 'lw': 1.6}
        label = 'held out' if held_out else 'training'
        if len(step) >= 4 * smooth > 4:
            axis.plot(step, values, **{**line, 'lw': 0.8}, alpha=0.3)
            half = smooth // 2
            kernel = np.full(2 * half + 1, 1.0 / (2 * half + 1))
            step = step[half : len(step) - half]
            values = np.convolve(values, kernel, 'valid')
        marker = 'o' if len(step) <= 30 else None
        axis.plot(step, values, **line, ms=3, marker=marker, label=label)
    if len(columns) > 1:
        axis.legend(fontsize=7, frameon=False)
    axis.set_title(name.replace('_', ' '), fontsize=9, color=_INK)
    axis.tick_params(labelsize=7, colors=_INK)
    axis.grid(color=_GRID, lw=0.7)
    axis.set_axisbelow(True)
    for side in ('top', 'right'):
        axis.spines[side].set_visible(False)


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

    All rows end with the shortest real motion, after `seconds` at most.

    Raises:
        StorageError: the picture cannot be written.
    """
    real = real_motions(datasets, seconds=seconds, seed=seed)
    names = list(real) or EMOTIONS  # all of them where no clip shows one clearly
    generator = MotionGenerator(checkpoint, batch_size=len(names), seed=seed, body_height_m=1.0)
    run = free_run(generator, _RESTED_S + seconds, names)
    shown = run.keypoints[:, round(_RESTED_S * run.rate_hz) :]
    rows: dict[str, np.ndarray] = {}
    for name, points in zip(names, shown, strict=True):
        if name in real:
            rows[f'{name} real'] = real[name][: len(points)]
        rows[f'{name} generated'] = points
    path = Path(path)
    with storage_errors(f'the film strips {path}'):
        path.parent.mkdir(parents=True, exist_ok=True)
        return film_strips(rows, checkpoint.skeleton, path, rate_hz=run.rate_hz, title=title)


def real_motions(
    datasets: Sequence[MotionDataset], *, seconds: float = 6.0, seed: int = 0
) -> dict[str, np.ndarray]:
    """Choose a stretch of real motion for each emotion, held out where there is one.

    The more an emotion weighs in a clip, the more often it is chosen; a stretch is shorter where
    no clip is as long.

    Returns:
        Keypoints [T, K, D] of a body of height 1 by emotion, for those that the data has.
    """
    random = np.random.default_rng(seed)
    wanted = round(seconds * datasets[0].rate_hz)
    motions = {}
    for number, name in enumerate(EMOTIONS):
        clips = _candidates(datasets, number, wanted)
        if clips:
            drawn = [_stretch(clips, wanted, random) for _ in range(_DRAWN)]
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
    clips: list[tuple[MotionDataset, int]], wanted: int, random: np.random.Generator
) -> np.ndarray:
    dataset, clip = clips[random.integers(len(clips))]
    start = int(random.integers(max(1, dataset.lengths[clip] - wanted + 1)))
    return dataset.frames(clip, start, start + wanted)[0]
