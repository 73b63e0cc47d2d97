# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The curves of a run as a picture, from its metrics.csv. Needs matplotlib."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.files import storage_errors
from emotion_motion.training.run.metrics import read_metrics

__all__ = ['draw_curves', 'panels_of']

_TRAIN, _HELD_OUT, _INK, _GRID = '#1565c0', '#ef8a00', '#2b2f36', '#e3e6ea'
# Neither says how well it learns.
_LEFT_OUT = ('wait_share', 'steps_a_second', 'frames_a_second')
_RATES = ('rate', 'learning_rate', 'lr')


def draw_curves(
    metrics: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    title: str = '',
    smooth: int | None = None,
    dpi: int = 130,
) -> Path:
    """Draw every part of the loss, the learning rate and the free-run score over the steps.

    A panel a quantity; what was measured on held-out clips lies over what it was in training.

    Args:
        metrics: a metrics.csv.
        path: picture to write; the ending tells the format.
        title: text above all panels.
        smooth: rows of the moving average that is drawn over noisy curves; None: a fiftieth.
        dpi: dots per inch.

    Returns:
        The path.

    Raises:
        TrainingError: there is no such table, it has fewer than two rows or nothing to draw, or
            the picture cannot be written.
        ConfigError: matplotlib is missing.
    """
    table = read_metrics(metrics)
    panels = panels_of(table)
    if len(table['step']) < 2 or not panels:
        raise TrainingError(
            f'got {metrics} with {len(table["step"])} rows; expected at least two of a training '
            f'run to draw curves of'
        )
    smooth = max(1, len(table['step']) // 50) if smooth is None else smooth
    figure, axes = _page(len(panels), title)
    for axis, (name, columns) in zip(axes, panels.items(), strict=False):
        _draw(axis, name, columns, table, smooth)
    path = Path(path)
    with storage_errors(f'the curves {path}'):
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=dpi, facecolor='#ffffff')
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
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError(
            'got no matplotlib, which curves need; pip install "emotion_motion[train]"'
        ) from error
    wide = min(count, 4)
    high = -(-count // wide)
    figure = Figure(
        figsize=(3.2 * wide, 2.3 * high + (0.4 if title else 0.0)), layout='constrained'
    )
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(high, wide, squeeze=False).flat)
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
        there = np.isfinite(table[column])
        step, values = table['step'][there], table[column][there]
        colour = _HELD_OUT if held_out else _TRAIN
        dense = len(step) >= 4 * smooth and smooth > 1
        marker = 'o' if len(step) <= 30 else None
        axis.plot(
            step,
            values,
            color=colour,
            lw=0.8 if dense else 1.4,
            ms=3,
            marker=marker,
            alpha=0.3 if dense else 1.0,
            label='' if dense else _label(held_out),
        )
        if dense:
            half = smooth // 2
            kernel = np.ones(2 * half + 1) / (2 * half + 1)
            axis.plot(
                step[half : len(step) - half],
                np.convolve(values, kernel, 'valid'),
                color=colour,
                lw=1.6,
                label=_label(held_out),
            )
    if len(columns) > 1:
        axis.legend(fontsize=7, frameon=False)
    axis.set_title(name.replace('_', ' '), fontsize=9, color=_INK)
    axis.tick_params(labelsize=7, colors=_INK)
    axis.grid(color=_GRID, lw=0.7)
    axis.set_axisbelow(True)
    for side in ('top', 'right'):
        axis.spines[side].set_visible(False)


def _label(held_out: bool) -> str:
    return 'held out' if held_out else 'training'
