# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of an evaluation's report as data URIs, so that a page needs no other file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
import io
from pathlib import Path
import tempfile
import textwrap
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.drawing import EMOTION_COLOURS, film_strips
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.report.report import Measure, Report, Target
from emotion_motion.exceptions import ConfigError

# Of the reports of a comparison in their order; far apart in lightness, too.
REPORT_COLOURS = ('#1565c0', '#ef8a00', '#00796b', '#8e24aa', '#6d4c41', '#c62828')
_INK, _GRID, _REFERENCE, _BAND = '#2b2f36', '#e3e6ea', '#111111', '#e8f3ea'
_LOOK: dict[Any, Any] = {
    'axes.axisbelow': True,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.grid': True,
    'axes.grid.axis': 'y',
    'grid.color': _GRID,
    'grid.linewidth': 0.7,
    'axes.labelsize': 8,
    'xtick.labelsize': 7,
    'ytick.labelsize': 7,
    'xtick.color': _INK,
    'ytick.color': _INK,
}
_PANELS_A_ROW = 3
_TITLE_WIDTH = 48  # letters that a panel has room for


def check_plots() -> None:
    """Raise ConfigError where matplotlib is missing, before any work is done."""
    _page(1, (1.0, 1.0))


def emotion_bars(panels: Sequence[Sequence[Measure]]) -> str:
    """Draw measures by emotion: bars, a black line for the reference, wanted values shaded.

    A panel has the same measure of each of the reports. All pictures are data URIs.
    """
    figure, axes = _page(len(panels), (3.9, 2.25))
    for axis, measures in zip(axes, panels, strict=False):
        _bars(axis, measures)
    return _svg(figure)


def run_curves(reports: Sequence[Report]) -> str:
    """Draw the speed of each emotion over the run, a panel a report; '' where none has one.

    `details['run_speed']` of a report is {'time_s': [n], emotion: [n] in m/s}.
    """
    there = [report for report in reports if report.details.get('run_speed')]
    if not there:
        return ''
    figure, axes = _page(len(there), (5.8, 2.8), a_row=2)
    top = 0.0
    for axis, report in zip(axes, there, strict=False):
        curves = report.details['run_speed']
        for name in EMOTIONS:
            if name in curves:
                look = {'color': EMOTION_COLOURS[name], 'lw': 1.4, 'label': name}
                axis.plot(curves['time_s'], curves[name], **look)
                top = max(top, np.nanmax(curves[name]))
        axis.set_title(report.title, fontsize=9, color=_INK)
        axis.set(xlabel='time of the run [s]', ylabel='mean keypoint speed [m/s]')
    for axis in axes[: len(there)]:
        axis.set_ylim(0.0, 1.1 * top)
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        fontsize=8,
        frameon=False,
        ncols=4 if len(there) == 1 else len(EMOTIONS),
        loc='outside lower left',
    )
    return _svg(figure)


def switch_curves(reports: Sequence[Report]) -> str:
    """Draw the share of switches believed by the time after them; '' where none has any.

    `details['switch']` of a report is {'believed_s': [n], NaN for never, 'reference_s' and
    'floor_s' the same of the reference and of hard cuts, 'after_s': how long the streams ran on}.
    """
    there = [report for report in reports if report.details.get('switch')]
    if not there:
        return ''
    figure, (axis,) = _page(1, (6.4, 2.8))
    for number, report in enumerate(there):
        switch = report.details['switch']
        colour = REPORT_COLOURS[number % len(REPORT_COLOURS)]
        look = {'label': report.title, 'lw': 1.8, 'color': colour}
        _steps(axis, switch['believed_s'], switch['after_s'], **look)
    floor = there[0].details['switch']
    for name, label, dashes in (
        ('reference_s', 'reference: people who switch', '-'),
        ('floor_s', 'a hard cut between references', '--'),
    ):
        if len(floor.get(name, ())):
            look = {'label': label, 'lw': 1.2, 'color': _REFERENCE, 'ls': dashes}
            _steps(axis, floor[name], floor['after_s'], **look)
    axis.set(xlim=(0.0, floor['after_s']), ylim=(0.0, 1.02))
    axis.set(xlabel='time after the switch [s]', ylabel='share believed')
    axis.legend(fontsize=7, frameon=False, loc='lower right')
    return _svg(figure)


def strip_picture(rows: Mapping[str, np.ndarray], skeleton: Skeleton, rate_hz: float) -> str:
    """Draw motions [T, K, 3] as a film strip, a row each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'strips.png'
        film_strips(rows, skeleton, path, rate_hz=rate_hz, dpi=100)
        return _uri('image/png', path.read_bytes())


def _bars(axis: Any, measures: Sequence[Measure]) -> None:
    first = measures[0]
    scale = 100.0 if first.unit == 'share' else 1.0
    width = 0.8 / len(measures)
    for number, measure in enumerate(measures):
        places = np.arange(len(EMOTIONS)) + (number - (len(measures) - 1) / 2.0) * width
        heights = scale * np.array([measure.by_emotion.get(name, np.nan) for name in EMOTIONS])
        one = REPORT_COLOURS[number % len(REPORT_COLOURS)]
        colours = one if len(measures) > 1 else [EMOTION_COLOURS[name] for name in EMOTIONS]
        axis.bar(places, heights, 0.92 * width, color=colours, zorder=2)
    for place, name in enumerate(EMOTIONS):
        level = scale * first.reference_by_emotion.get(name, np.nan)
        axis.hlines(level, place - 0.46, place + 0.46, color=_REFERENCE, lw=1.6, zorder=3)
    if first.each and first.target is not None:
        _shade(axis, first.target, scale)
    axis.set_xticks(range(len(EMOTIONS)), [name[:4] for name in EMOTIONS])
    unit = '%' if first.unit == 'share' else first.unit
    title = f'{first.title} [{unit}]' if unit else first.title
    axis.set_title(textwrap.fill(title, _TITLE_WIDTH), fontsize=8.5, color=_INK)


def _shade(axis: Any, target: Target, scale: float) -> None:
    low, high = target.wanted
    bottom, top = axis.get_ylim()
    if high is not None:
        top = max(top, 1.1 * scale * high)
    axis.axhspan(
        bottom if low is None else scale * low,
        top if high is None else scale * high,
        color=_BAND,
        zorder=0,
    )
    axis.set_ylim(bottom, top)


def _steps(axis: Any, times: Sequence[float], end: float, **look: Any) -> None:
    """Draw the share of `times` passed by a time; those that are NaN never come."""
    values = np.asarray([np.nan if time is None else time for time in times], dtype=float)
    reached = np.sort(values[np.isfinite(values)])
    shares = np.arange(1, len(reached) + 1) / max(len(values), 1)
    last = shares[-1] if len(shares) else 0.0
    axis.step([0.0, *reached, end], [0.0, *shares, last], where='post', **look)


def _page(count: int, size: tuple[float, float], a_row: int = _PANELS_A_ROW) -> tuple[Any, Any]:
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError(
            'got no matplotlib, which the report needs; pip install ".[train]" in the source '
            'folder'
        ) from error
    wide = max(1, min(count, a_row))
    high = max(1, -(-count // wide))
    with mpl.rc_context(_LOOK):
        figure = Figure(figsize=(size[0] * wide, size[1] * high), layout='constrained')
        axes = list(figure.subplots(high, wide, squeeze=False).flat)
    FigureCanvasSVG(figure)
    for axis in axes[count:]:
        axis.set_axis_off()
    return figure, axes


def _svg(figure: Any) -> str:
    # An image of its own keeps the ids of one picture out of the others.
    content = io.BytesIO()
    figure.savefig(content, format='svg', metadata={'Date': None})
    return _uri('image/svg+xml', content.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f'data:{kind};base64,{base64.b64encode(content).decode()}'
