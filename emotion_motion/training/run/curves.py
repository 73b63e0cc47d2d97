# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The curves of a run as a picture, from its metrics.csv. Needs matplotlib."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.drawing.figure import new_figure
from emotion_motion.exceptions import TrainingError
from emotion_motion.files import storage_errors
from emotion_motion.training.run.metrics import read_metrics

__all__ = ['draw_curves', 'panels_of']

_TRAIN, _HELD_OUT, _INK, _GRID = '#1565c0', '#ef8a00', '#2b2f36', '#e3e6ea'
_DPI = 130
# Neither says how well it learns.
_LEFT_OUT = ('wait_share', 'steps_a_second', 'frames_a_second')
_RATES = ('rate', 'learning_rate', 'lr')


def draw_curves(
    metrics: str | os.PathLike[str], path: str | os.PathLike[str], *, title: str = ''
) -> Path:
    """Draw every part of the loss, the learning rate and the free-run score over the steps.

    A panel a quantity; what was measured on held-out clips lies over what it was in training.

    Args:
        metrics: a metrics.csv.
        path: picture to write; the ending tells the format.
        title: text above all panels.

    Returns:
        The path.

    Raises:
        TrainingError: there is no such table, or it has fewer than two rows or nothing to draw.
        StorageError: the picture cannot be written.
        ConfigError: matplotlib is missing.
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
        held_out = group.startswith(('val', 'held'))
        panel = name if held_out or group in ('', 'train', 'loss', 'losses') else column
        panels.setdefault(panel, []).append(column)
    rates = [panel for panel in panels if panel in _RATES]
    return {name: panels[name] for name in [*(n for n in panels if n not in rates), *rates]}


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
        held_out = column.startswith(('val', 'held'))
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
