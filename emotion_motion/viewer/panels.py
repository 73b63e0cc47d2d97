# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Panels beside the controls: recording, time of a file, look of the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import time
from typing import Any

from emotion_motion.exceptions import MotionFileError
from emotion_motion.io import save_motion
from emotion_motion.viewer.source import Timeline
from emotion_motion.viewer.tape import Tape

__all__ = ['RecordPanel', 'TimePanel', 'ViewPanel']


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
        self._say(
            'Recorded', f'{frames} frames at {recorded.motion.rate_hz:g} Hz{lost}: {path}'
        )
        if event.client is not None:
            event.client.send_file_download(
                path.name, path.read_bytes(), save_immediately=True
            )


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
