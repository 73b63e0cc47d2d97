# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Panels beside the controls: bars, notice, plots, recording, time of a file, what is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import html
from pathlib import Path
import time
from typing import Any, NamedTuple

import numpy as np

from emotion_motion.drawing import EMOTION_COLOURS
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import StorageError
from emotion_motion.io import save_motion
from emotion_motion.viewer.source import Tape, Timeline

_SPAN_S, _PERIOD_S = 60.0, 0.5
_POINTS = int(_SPAN_S / _PERIOD_S)
_HEIGHT_PX = 96
_STROKES = ('#3c8ce0', '#e8862a')

_ROW = (
    '<div style="display:flex;align-items:center;margin:2px 0" data-emotion="{name}" '
    'data-requested="{requested:.2f}" data-recognised="{recognised:.2f}">'
    '<span style="width:5.6em">{name}</span><span style="flex:1">'
    '<span style="display:block;height:7px;width:{requested:.0%};min-width:1px;'
    'background:{colour};border-radius:2px"></span>'
    '<span style="display:block;height:7px;width:{recognised:.0%};min-width:1px;margin-top:1px;'
    'background:{colour};opacity:0.5;border-radius:2px"></span></span>'
    '<span style="width:2.6em;text-align:right;font-variant-numeric:tabular-nums">'
    '{recognised:.2f}</span></div>'
)


_BARS = (
    '<div style="opacity:0.75;margin-bottom:4px" title="by the model, in its own motion">'
    'upper bar: asked for &middot; lower bar: recognised</div>'
)


def bars_html(requested: np.ndarray, recognised: np.ndarray) -> str:
    """Return two bars an emotion, of weights [7]: above what is asked for, below what is seen."""
    rows = [
        _ROW.format(
            name=name,
            colour=EMOTION_COLOURS[name],
            requested=float(above),
            recognised=float(below),
        )
        for name, above, below in zip(EMOTIONS, requested, recognised, strict=True)
    ]
    return f'<div style="padding:4px 14px;font-size:0.8em">{_BARS}{"".join(rows)}</div>'


def about_html(text: str) -> str:
    """Return what a first visitor reads."""
    return f'<div style="padding:6px 14px;font-size:0.85em" data-about>{html.escape(text)}</div>'


def notice_html(text: str) -> str:
    """Return a notice that cannot be overlooked; its text comes from elsewhere and is escaped."""
    return (
        '<div role="alert" data-notice style="margin:6px 10px;padding:8px 10px;border-radius:4px;'
        'background:#c62828;color:#fff;font-size:0.85em;overflow-wrap:anywhere">'
        f'{html.escape(text)}</div>'
    )


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
    """Plots of the last minute; one shows only once something of it has been measured."""

    def __init__(self, gui: Any) -> None:
        self._values = {name: np.full(_POINTS, np.nan) for plot in PLOTS for name, _ in plot.lines}
        self._times_s = np.arange(1 - _POINTS, 1) * _PERIOD_S
        self._handles = [
            gui.add_uplot(
                self._data(plot),
                _series(plot),
                title=plot.title,
                height=_HEIGHT_PX,
                scales={'x': {'time': False, 'range': (-_SPAN_S, 0.0)}},
                legend={'show': False},
                visible=False,
                padding=(4, 12, 0, 0),
            )
            for plot in PLOTS
        ]

    def add(self, measured: Mapping[str, float]) -> None:
        """Add what is measured now, twice a second."""
        for name, values in self._values.items():
            values[:-1] = values[1:]
            values[-1] = measured.get(name, np.nan)
        for plot, handle in zip(PLOTS, self._handles, strict=True):
            data = self._data(plot)
            handle.visible = len(data[0]) > 1
            if handle.visible:
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


class RecordPanel:
    """One button that begins and ends a recording; the file goes to a folder and the browser."""

    def __init__(
        self, gui: Any, tape: Tape, folder: Path, say: Callable[[str, str], None]
    ) -> None:
        self._tape, self._folder, self._say = tape, folder, say
        self._button = gui.add_button('record', color='red', hint='into an .npz file')
        self._button.on_click(self._on_click)

    def show(self) -> None:
        tape = self._tape
        self._button.label = f'stop recording ({tape.frames} frames)' if tape.running else 'record'

    def _on_click(self, event: Any) -> None:
        if not self._tape.running:
            self._tape.start()
            return
        recorded = self._tape.stop()
        if recorded is None:
            self._say('Nothing recorded', 'No frame came while the recording ran.')
            return
        motion, lost = recorded
        path = self._folder / time.strftime('emotion_motion_%Y%m%d_%H%M%S.npz')
        try:
            save_motion(path, motion)
        except StorageError as error:
            self._say('Not saved', str(error))
            return
        missing = f', {lost} lost on the way' if lost else ''
        frames = len(motion.keypoints)
        self._say('Recorded', f'{frames} frames at {motion.rate_hz:g} Hz{missing}: {path}')
        if event.client is not None:
            event.client.send_file_download(path.name, path.read_bytes(), save_immediately=True)


class TimePanel:
    """Play, pause and a slider for the time of what was recorded."""

    def __init__(self, gui: Any, timeline: Timeline) -> None:
        self._timeline = timeline
        longest_s = max(round(timeline.duration_s, 2), 0.01)
        self._slider = gui.add_slider('time [s]', 0.0, longest_s, 0.01, 0.0)
        self._slider.on_update(self._on_slider)
        self._button = gui.add_button('pause')
        self._button.on_click(self._on_button)

    def show(self) -> None:
        if self._timeline.playing:
            self._slider.value = round(self._timeline.position_s, 2)
        self._button.label = 'pause' if self._timeline.playing else 'play'

    def _on_slider(self, event: Any) -> None:
        if event.client is not None:
            self._timeline.playing = False
            self._timeline.position_s = float(self._slider.value)

    def _on_button(self, _event: Any) -> None:
        self._timeline.playing = not self._timeline.playing


class ViewPanel:
    """What is shown and how: trails, body, robot, camera, dark or light."""

    def __init__(self, gui: Any, *, dark: bool, changed: Callable[[], None]) -> None:
        self.dark = gui.add_checkbox('dark', dark)
        self.follow = gui.add_checkbox('follow with the camera', True)
        self.trails = gui.add_checkbox('trails of the wrists', True)
        self.shadows = gui.add_checkbox(
            'shadows', False, hint='without a graphics card they halve the frames a second'
        )
        self.body = gui.add_checkbox('keypoints', True)
        self.robot = gui.add_checkbox('robot', True, visible=False)
        for handle in (self.dark, self.trails, self.shadows, self.body, self.robot):
            handle.on_update(lambda _: changed())
