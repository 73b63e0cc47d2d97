# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A page from its source to its end: server, address, browser, loop."""

from __future__ import annotations

from collections.abc import Callable
import os
import sys
import time
import webbrowser

from emotion_motion.viewer.page import Page
from emotion_motion.viewer.server import make_server, page_address, ServeOptions
from emotion_motion.viewer.sources.source import Source

__all__ = ['serve']

_CONSOLE_BROWSERS = ('lynx', 'w3m', 'links', 'elinks', 'www-browser')


def serve(
    source: Source, options: ServeOptions, stopped: Callable[[], bool], tour_s: float = 0.0
) -> None:
    """Serve a page until `stopped` and say where it is; the source is closed at the end.

    Args:
        source: what to show.
        options: how the page is served.
        stopped: whether to end.
        tour_s: how long a tour through the emotions stays with each [s]; 0: no tour at first.

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
        print(f'viewer: {address} (Ctrl-C ends it)', flush=True)
        if options.browser and _can_show():
            webbrowser.open(address)
        end_s = float('inf') if options.seconds is None else time.monotonic() + options.seconds
        page.run(lambda: stopped() or time.monotonic() > end_s, options.updates_hz)
    finally:
        source.close()
        if server is not None:
            server.stop()


def _can_show() -> bool:
    """Whether there is a browser with windows; one for the terminal would be no use."""
    has_screen = bool(os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'))
    if sys.platform == 'linux' and not has_screen:
        return False
    try:
        return getattr(webbrowser.get(), 'name', '') not in _CONSOLE_BROWSERS
    except webbrowser.Error:
        return False
