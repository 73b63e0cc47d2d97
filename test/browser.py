# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A real browser for tests, and the viewer as users run it. Skips where Chromium is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import contextlib
from pathlib import Path
import re
import signal
import subprocess
import sys
import time
from typing import Any

import chromium as installed
import pytest

ROOT = Path(__file__).parents[1]
SCREENSHOTS = ROOT / '.build' / 'screenshots'
# Small: without a graphics card the processor draws every point of it.
SIZE = {'width': 640, 'height': 420}
LIMIT_MS, LIMIT_S = 30_000, 60.0


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Run Chromium; skips, and says what to install, where it cannot be."""
    sync_api = pytest.importorskip(
        'playwright.sync_api', reason='playwright is not installed: make setup brings it'
    )
    program = installed.program()
    if program is None:
        pytest.skip('Chromium is not installed: apt-get install --no-install-recommends chromium')
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=installed.arguments())
        yield browser
        browser.close()


class View:
    """One page in a browser, with what went wrong in it."""

    def __init__(self, browser: Any, address: str) -> None:
        self._context = browser.new_context(viewport=SIZE)
        self.page = self._context.new_page()
        self.page.set_default_timeout(LIMIT_MS)
        self.errors: list[str] = []
        self.page.on('pageerror', lambda error: self.errors.append(str(error)))
        self.page.on('console', self._on_console)
        self.page.goto(address)
        self.page.locator('canvas').first.wait_for()
        # What Viser says where there is no graphics card covers the scene.
        self.page.add_style_tag(content='.mantine-Notification-root { display: none }')

    def _on_console(self, message: Any) -> None:
        if message.type == 'error':
            self.errors.append(message.text)

    def button(self, name: str) -> Any:
        return self.page.get_by_role('button', name=name, exact=True)

    def wait_requested(self, emotion: str) -> None:
        self.wait(f'[data-emotion="{emotion}"][data-requested="1.00"]')

    def wait(self, selector: str, state: str = 'visible') -> Any:
        element = self.page.locator(selector).first
        element.wait_for(state=state)
        return element

    def picture(self) -> bytes:
        """Return what the scene looks like, without the panel beside it."""
        return self.page.screenshot(clip={'x': 0, 'y': 100, 'width': 300, 'height': 300})

    def wait_still(self, still: bool) -> None:
        """Wait until the scene stands still, or moves."""
        end_s = time.monotonic() + LIMIT_S
        while True:
            before = self.picture()
            self.page.wait_for_timeout(700)
            if (self.picture() == before) == still:
                return
            assert time.monotonic() < end_s, f'the scene never {"stood" if still else "moved"}'

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f'{name}.png')

    def close(self) -> None:
        self._context.close()


class Viewer:
    """The viewer in a process."""

    def __init__(self, log: Path, arguments: Sequence[str]) -> None:
        self._log = log
        with log.open('wb') as output:
            self.process = subprocess.Popen(
                [sys.executable, '-m', *arguments],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.address = self._wait_address()

    def _wait_address(self) -> str:
        end_s = time.monotonic() + LIMIT_S
        while (address := re.search(r'http://\S+', self.output)) is None:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < end_s, f'no address: {self.output}'
            time.sleep(0.05)
        return address[0]

    @property
    def output(self) -> str:
        return self._log.read_text(errors='replace')

    def end(self) -> int:
        """Interrupt it and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
