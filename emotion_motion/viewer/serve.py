# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A page from its source to its end: server, address, browser, loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import os
from pathlib import Path
import sys
import time
import webbrowser

from emotion_motion.exceptions import ConfigError
from emotion_motion.viewer.page import Page, RATE_HZ
from emotion_motion.viewer.server import HOST, make_server, PORT
from emotion_motion.viewer.sources.source import Source

__all__ = ['ServeOptions', 'serve']

_CONSOLE_BROWSERS = ('lynx', 'w3m', 'links', 'elinks', 'www-browser')


@dataclass(frozen=True)
class ServeOptions:
    """How a page is served.

    Attributes:
        host: address to listen on.
        port: the first to try; 0 is any.
        browser: whether to open a browser where there is one.
        dark: whether the page begins dark.
        folder: where recordings go.
        seconds: how long to serve [s]; None: until stopped.
        bodies: how many bodies stand side by side.
        tour_s: how long a tour through the emotions stays with each [s]; 0: no tour at first.
        updates_hz: how often the page is brought up to date [Hz].
    """

    host: str = HOST
    port: int = PORT
    browser: bool = False
    dark: bool = True
    folder: Path = Path()
    seconds: float | None = None
    bodies: int = 1
    tour_s: float = 0.0
    updates_hz: float = RATE_HZ


def serve(source: Source, options: ServeOptions, stopped: Callable[[], bool]) -> None:
    """Serve a page until `stopped` and say where it is; the source is closed at the end.

    Raises:
        ConfigError: viser is not installed, or the address is none of this machine.
    """
    if not 0.1 <= options.updates_hz <= 240.0:
        raise ConfigError(f'got {options.updates_hz} updates a second; expected 0.1 to 240')
    server = None
    try:
        server = make_server(options.host, options.port)
        page = Page(
            server,
            source,
            folder=options.folder,
            dark=options.dark,
            bodies=options.bodies,
            tour_s=options.tour_s,
        )
        address = _address(options.host, server.get_port())
        print(f'viewer: {address} (Ctrl-C ends it)', flush=True)
        if options.browser and _can_show():
            webbrowser.open(address)
        end_s = float('inf') if options.seconds is None else time.monotonic() + options.seconds
        page.run(lambda: stopped() or time.monotonic() > end_s, options.updates_hz)
    finally:
        source.close()
        if server is not None:
            server.stop()


def _address(host: str, port: int) -> str:
    """Return what to type into a browser on this machine."""
    if host in ('0.0.0.0', '::', ''):
        host = '127.0.0.1'
    return f'http://[{host}]:{port}' if ':' in host else f'http://{host}:{port}'


def _can_show() -> bool:
    """Whether there is a browser with windows; one for the terminal would be no use."""
    if sys.platform == 'linux' and not (
        os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')
    ):
        return False
    try:
        return getattr(webbrowser.get(), 'name', '') not in _CONSOLE_BROWSERS
    except webbrowser.Error:
        return False
