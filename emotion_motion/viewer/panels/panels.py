# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Panels beside the controls: recording, time of a file, look of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
import time
from typing import Any, NamedTuple

import numpy as np

from emotion_motion.exceptions import MotionFileError
from emotion_motion.io import save_motion
from emotion_motion.viewer.sources.source import Timeline
from emotion_motion.viewer.sources.tape import Tape

__all__ = ['RecordPanel', 'TimePanel', 'ViewPanel', 'PLOTS', 'Plot', 'Plots']

# What is measured, as small plots of the last minute.

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
        self._values = {name: np.full(POINTS, np.nan) for plot in PLOTS for name, _ in plot.lines}
        self._times_s = np.arange(1 - POINTS, 1) * PERIOD_S
        self._told_s = -np.inf
        self._handles = [
            gui.add_uplot(
                self._data(plot),
                _series(plot),
                title=plot.title,
                height=HEIGHT_PX,
                scales={'x': {'time': False, 'range': (-SPAN_S, 0.0)}},
                legend={'show': False},
                visible=False,
                padding=(4, 12, 0, 0),
            )
            for plot in PLOTS
        ]

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


class RecordPanel:
    """One button that begins and ends a recording; the file goes to a folder and the browser.

    Args:
        gui: where to put it.
        tape: what records.
        folder: where files go on this machine.
        say: shows a message to everybody.
    """

    def __init__(
        self, gui: Any, tape: Tape, folder: Path, say: Callable[[str, str], None]
    ) -> None:
        self._tape, self._folder, self._say = tape, folder, say
        self.button = gui.add_button('record', color='red', hint='into an .npz file')
        self.button.on_click(self._pressed)

    def show(self) -> None:
        """Show how long the recording is."""
        label = f'stop recording ({self._tape.frames} frames)' if self._tape.running else 'record'
        if self.button.label != label:
            self.button.label = label

    def _pressed(self, event: Any) -> None:
        if not self._tape.running:
            self._tape.start()
            return
        recorded = self._tape.stop()
        if recorded is None:
            self._say('Nothing recorded', 'No frame came while the recording ran.')
            return
        path = self._folder / time.strftime('emotion_motion_%Y%m%d_%H%M%S.npz')
        try:
            save_motion(path, recorded.motion)
        except MotionFileError as error:
            self._say('Not saved', str(error))
            return
        lost = f', {recorded.lost} lost on the way' if recorded.lost else ''
        frames = len(recorded.motion.keypoints)
        self._say('Recorded', f'{frames} frames at {recorded.motion.rate_hz:g} Hz{lost}: {path}')
        if event.client is not None:
            event.client.send_file_download(path.name, path.read_bytes(), save_immediately=True)


class TimePanel:
    """Play, pause and a slider for the time of what was recorded."""

    def __init__(self, gui: Any, timeline: Timeline) -> None:
        self._timeline = timeline
        self.slider = gui.add_slider(
            'time [s]', 0.0, max(round(timeline.duration_s, 2), 0.01), 0.01, 0.0
        )
        self.slider.on_update(self._moved)
        self.button = gui.add_button('pause')
        self.button.on_click(lambda _: self._toggle())

    def show(self) -> None:
        """Follow the time."""
        if self._timeline.playing:
            self.slider.value = round(self._timeline.position_s, 2)
        label = 'pause' if self._timeline.playing else 'play'
        if self.button.label != label:
            self.button.label = label

    def _moved(self, event: Any) -> None:
        if event.client is not None:
            self._timeline.playing = False
            self._timeline.position_s = float(self.slider.value)

    def _toggle(self) -> None:
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
