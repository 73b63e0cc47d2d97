# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The page: scene and controls of one source, the same in every browser that looks on."""

from __future__ import annotations

from collections.abc import Callable
import os
from pathlib import Path
import sys
import time
from typing import Any
import webbrowser

from emotion_motion.viewer.controls import EmotionControls, SettingControls
from emotion_motion.viewer.panels import (
    about_html,
    bars_html,
    notice_html,
    Plots,
    RecordPanel,
    TimePanel,
    ViewPanel,
)
from emotion_motion.viewer.scene.stage import Stage
from emotion_motion.viewer.server import make_server, page_address, ServeOptions
from emotion_motion.viewer.source import Snapshot, Source

_BARS = (
    'The bars: for each emotion what is asked for, and below it what the model recognises in its '
    'own motion.'
)
_BARS_S, _SLOW_S = 0.1, 0.5
_MESSAGE_S = 12.0  # after which a message in the corner goes by itself


class Page:
    """Shows a source on a viser server, which sends only what has changed.

    Recordings go to `folder`. A tour stays `tour_s` with each emotion [s]; 0: no tour at first.
    """

    def __init__(
        self, server: Any, source: Source, *, folder: Path, dark: bool = True, tour_s: float = 0.0
    ) -> None:
        self._server, self._source = server, source
        gui, steering = server.gui, source.steering
        self._stage = Stage(server, dark=dark, bodies=len(source.snapshot().figures))
        self._notice = gui.add_html('', visible=False)
        gui.add_html(about_html(about(source)))
        self._health = gui.add_markdown(source.title)
        self._time = None if source.timeline is None else TimePanel(gui, source.timeline)
        self._bars = gui.add_html('', visible=False)
        self._emotions = self._settings = self._record = self._plots = None
        if steering is not None:
            with gui.add_folder('emotion'):
                self._emotions = EmotionControls(gui, steering, tour_s)
        if source.tape is not None:
            self._record = RecordPanel(gui, source.tape, folder, self.say)
        if steering is not None:
            self._settings = SettingControls(gui, steering, self.say)
        with gui.add_folder('view', expand_by_default=False):
            self._view = ViewPanel(gui, dark=dark, changed=self._choose)
        if source.timeline is None:
            with gui.add_folder('measured', expand_by_default=True):
                self._plots = Plots(gui)
        self._bars_s = self._slow_s = self._moved_s = -1e9
        self._least_s = 0.0

    def say(self, title: str, text: str) -> None:
        """Show a message in the corner of every browser."""
        for client in self._server.get_clients().values():
            client.add_notification(title, text, auto_close_seconds=_MESSAGE_S)

    def run(self, stopped: Callable[[], bool], rate_hz: float = 30.0) -> None:
        """Update until `stopped`, `rate_hz` times a second [Hz]."""
        # Frames come at a pace of their own: looked for twice as often, none is missed.
        due_s, look_s = time.monotonic(), 0.5 / rate_hz
        self._least_s = 1.4 * look_s
        while not stopped():
            self.update()
            due_s = max(due_s + look_s, time.monotonic() - look_s)
            time.sleep(max(0.0, due_s - time.monotonic()))

    def update(self) -> None:
        now_s = time.monotonic()
        snapshot = self._source.snapshot()
        if now_s - self._moved_s >= self._least_s and self._stage.show(
            snapshot, now_s, follow=self._view.follow.value
        ):
            self._moved_s = now_s
        if now_s - self._bars_s >= _BARS_S:
            self._bars_s = now_s
            self._show_often(snapshot, now_s)
        if now_s - self._slow_s >= _SLOW_S:
            self._slow_s = now_s
            self._show_seldom(snapshot)

    def _show_often(self, snapshot: Snapshot, now_s: float) -> None:
        notice = snapshot.notice or self._stage.robot_problem
        self._notice.content = notice_html(notice) if notice else ''
        self._notice.visible = bool(notice)
        self._bars.content = bars_html(snapshot.requested, snapshot.recognised)
        self._bars.visible = bool(snapshot.requested.any() or snapshot.recognised.any())
        if self._emotions is not None:
            self._emotions.show(snapshot, now_s)
        if self._time is not None:
            self._time.show()

    def _show_seldom(self, snapshot: Snapshot) -> None:
        title = f'**{self._source.title}**'
        self._health.content = f'{title}: {snapshot.health}' if snapshot.health else title
        self._view.robot.visible = self._stage.has_robot
        if self._record is not None:
            self._record.show()
        if self._plots is not None:
            self._plots.add(snapshot.measured)
        if self._settings is not None:
            self._settings.show()

    def _choose(self) -> None:
        view = self._view
        self._stage.dress(dark=view.dark.value)
        self._stage.choose(
            body=view.body.value,
            robot=view.robot.value,
            trails=view.trails.value,
            shadows=view.shadows.value,
        )


def about(source: Source) -> str:
    """Return what a first visitor has to know: what there is to see, and what to do."""
    if source.timeline is not None:
        return 'Recorded motion: the slider sets the time; drag the picture to turn it.'
    return 'A model makes this motion as you watch. Click an emotion; drag the picture to turn it.'


def serve(
    source: Source, options: ServeOptions, stopped: Callable[[], bool], tour_s: float = 0.0
) -> None:
    """Serve a page until `stopped` and say where it is; the source is closed at the end.

    A tour through the emotions stays `tour_s` with each [s]; 0: no tour at first.

    Raises:
        ConfigError: viser is not installed, or the address is none of this machine.
    """
    server = None
    try:
        server = make_server(options)
        page = Page(
            server, source, folder=options.record_dir, dark=not options.light, tour_s=tour_s
        )
        address = page_address(options.host, server.get_port())
        print(f'viewer: {address} (Ctrl-C ends it)', about(source), _BARS, sep='\n', flush=True)
        if options.browser and _has_screen():
            webbrowser.open(address)
        end_s = float('inf') if options.seconds is None else time.monotonic() + options.seconds
        page.run(lambda: stopped() or time.monotonic() > end_s, options.updates_hz)
    finally:
        source.close()
        if server is not None:
            server.stop()


def _has_screen() -> bool:
    """Whether a browser has windows; without, one for the terminal would be opened."""
    screen = os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')
    return sys.platform != 'linux' or bool(screen)
