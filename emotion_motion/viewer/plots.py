# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What is measured, as small plots of the last minute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

__all__ = ['PLOTS', 'Plot', 'Plots']

SPAN_S, PERIOD_S = 60.0, 0.5
POINTS = int(SPAN_S / PERIOD_S)
HEIGHT_PX = 96
_STROKES = ('#3c8ce0', '#e8862a')


class Plot(NamedTuple):
    """One plot: its title, and the names of the measurements in it with what to call them."""

    title: str
    lines: tuple[tuple[str, str], ...]


PLOTS = (
    Plot('rate [Hz]', (('rate_hz', 'frames a second'),)),
    Plot('step of the model [ms]', (('step_p50_ms', 'median'), ('step_p99_ms', 'p99'))),
    Plot('limiter: clip ratio', (('clip_ratio', 'clip ratio'),)),
    Plot('watchdog', (('still_s', 'still [s]'), ('watchdog_interventions', 'interventions'))),
)


class Plots:
    """The plots in a GUI; one shows only once something of it has been measured."""

    def __init__(self, gui: Any) -> None:
        self._values = {
            name: np.full(POINTS, np.nan) for plot in PLOTS for name, _ in plot.lines
        }
        self._times_s = np.arange(1 - POINTS, 1) * PERIOD_S
        self._told_s = -np.inf
        self._handles = [
            gui.add_uplot(
                self._data(plot), _series(plot), title=plot.title, height=HEIGHT_PX,
                scales={'x': {'time': False, 'range': (-SPAN_S, 0.0)}}, legend={'show': False},
                visible=False,
                padding=(4, 12, 0, 0),
            )
            for plot in PLOTS
        ]  # fmt: skip

    def add(self, measured: Mapping[str, float], now_s: float) -> None:
        """Add what is measured now, twice a second however often this is called."""
        if now_s - self._told_s < PERIOD_S:
            return
        self._told_s = now_s
        for name, values in self._values.items():
            values[:-1] = values[1:]
            values[-1] = measured.get(name, np.nan)
        for plot, handle in zip(PLOTS, self._handles, strict=True):
            data = self._data(plot)
            known = len(data[0]) > 1
            if known != handle.visible:
                handle.visible = known
            if known:
                handle.data = data

    def _data(self, plot: Plot) -> tuple[np.ndarray, ...]:
        """Return times and lines where all are known: the plot cannot show what is not."""
        lines = np.stack([self._values[name] for name, _ in plot.lines])
        known = np.isfinite(lines).all(axis=0)
        return (self._times_s[known], *lines[:, known])


def _series(plot: Plot) -> tuple[Any, ...]:
    lines = [
        {'label': label, 'stroke': stroke, 'width': 1.5}
        for (_, label), stroke in zip(plot.lines, _STROKES, strict=False)
    ]
    return ({'label': 's'}, *lines)
