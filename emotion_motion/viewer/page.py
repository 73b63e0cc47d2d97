# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The page: scene and controls of one source, the same in every browser that looks on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import time
from typing import Any

from emotion_motion.viewer.panels.bars import bars_html, notice_html
from emotion_motion.viewer.panels.controls import EmotionControls, SettingControls
from emotion_motion.viewer.panels.panels import Plots, RecordPanel, TimePanel, ViewPanel
from emotion_motion.viewer.scene.stage import Stage
from emotion_motion.viewer.sources.source import Sight, Source

__all__ = ['Page', 'RATE_HZ']

RATE_HZ = 30.0
_BARS_S, _SLOW_S = 0.1, 0.5
_TOLD_S = 12.0  # a message in the corner goes by itself


class Page:
    """Shows a source on a viser server.

    Args:
        server: of `make_server`.
        source: what to show.
        folder: where recordings go.
        dark: whether the page begins dark.
        bodies: how many bodies stand side by side, for the camera's place.
        tour_s: how long a tour through the emotions stays with each [s]; 0: no tour at first.
    """

    def __init__(
        self,
        server: Any,
        source: Source,
        *,
        folder: Path,
        dark: bool = True,
        bodies: int = 1,
        tour_s: float = 0.0,
    ) -> None:
        self._server, self._source = server, source
        gui = server.gui
        self._stage = Stage(server, dark=dark, bodies=bodies)
        self._notice = gui.add_html('', visible=False)
        self._health = gui.add_markdown(source.title)
        self._time = None
        if source.timeline is not None:
            self._time = TimePanel(gui, source.timeline)
        self._bars = gui.add_html('', visible=False)
        self._emotions = self._settings = self._record = None
        if source.steering is not None:
            with gui.add_folder('emotion'):
                self._emotions = EmotionControls(gui, source.steering, tour_s)
        if source.tape is not None:
            self._record = RecordPanel(gui, source.tape, folder, self.say)
        if source.steering is not None:
            self._settings_folder = gui.add_folder('sampler and rate', expand_by_default=False)
            self._settings = SettingControls(gui, source.steering)
        with gui.add_folder('view', expand_by_default=False):
            self._view = ViewPanel(gui, dark=dark, changed=self._choose)
        self._plots = None
        if source.timeline is None:
            with gui.add_folder('measured', expand_by_default=True):
                self._plots = Plots(gui)
        self._bars_s = self._slow_s = self._moved_s = -1e9
        self._least_s = 0.0
        self._shown: dict[str, str] = {}

    def say(self, title: str, text: str) -> None:
        """Show a message in the corner of every browser."""
        for client in self._server.get_clients().values():
            client.add_notification(title, text, auto_close_seconds=_TOLD_S)

    def run(self, stopped: Callable[[], bool], rate_hz: float = RATE_HZ) -> None:
        """Update until `stopped`, `rate_hz` times a second [Hz]."""
        # Frames do not come at our pace: looked for twice as often, none is missed for another.
        due_s, look_s = time.monotonic(), 0.5 / rate_hz
        self._least_s = 1.4 * look_s
        while not stopped():
            self.update()
            due_s = max(due_s + look_s, time.monotonic() - look_s)
            time.sleep(max(0.0, due_s - time.monotonic()))

    def update(self) -> None:
        """Show what there is to see now."""
        now_s = time.monotonic()
        sight = self._source.sight()
        if now_s - self._moved_s >= self._least_s and self._stage.show(
            sight, now_s, follow=self._view.follow.value
        ):
            self._moved_s = now_s
        if now_s - self._bars_s >= _BARS_S:
            self._bars_s = now_s
            self._show_often(sight, now_s)
        if now_s - self._slow_s >= _SLOW_S:
            self._slow_s = now_s
            self._show_seldom(sight, now_s)

    def _show_often(self, sight: Sight, now_s: float) -> None:
        notice = sight.notice or self._stage.robot_problem
        self._set('notice', notice_html(notice) if notice else '', self._notice, 'content')
        if self._notice.visible != bool(notice):
            self._notice.visible = bool(notice)
        known = bool(sight.requested.any() or sight.recognised.any())
        if self._bars.visible != known:
            self._bars.visible = known
        bars = bars_html(sight.requested, sight.recognised)
        self._set('bars', bars, self._bars, 'content')
        if self._emotions is not None:
            self._emotions.show(sight, now_s)
        if self._time is not None:
            self._time.show()

    def _show_seldom(self, sight: Sight, now_s: float) -> None:
        health = f'**{self._source.title}**' + (f': {sight.health}' if sight.health else '')
        self._set('health', health, self._health, 'content')
        if self._record is not None:
            self._record.show()
        if self._plots is not None:
            self._plots.add(sight.measured, now_s)
        if self._view.robot.visible != self._stage.has_robot:
            self._view.robot.visible = self._stage.has_robot
        self._show_settings()

    def _show_settings(self) -> None:
        steering = self._source.steering
        if steering is None or self._settings is None:
            return
        for problem in steering.problems():
            self._settings.restore()
            self.say('Refused', problem)
        with self._settings_folder:
            self._settings.show(steering.values())

    def _choose(self) -> None:
        view = self._view
        self._stage.dress(dark=view.dark.value)
        self._stage.choose(
            body=view.body.value,
            robot=view.robot.value,
            trails=view.trails.value,
            shadows=view.shadows.value,
        )

    def _set(self, name: str, text: str, handle: Any, attribute: str) -> None:
        """Change a text in the page where it is another one."""
        if self._shown.get(name) != text:
            self._shown[name] = text
            setattr(handle, attribute, text)
