#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Chromium for tests and benchmark of the page: where it is, how it is started, and its installation.

As a script it installs it: what `make test` does after `make setup`. Only as root on Debian, where
it is an ordinary package; elsewhere those tests are skipped and say what to install. Nothing else
needs it, so `make setup` and `make run` leave it out.
"""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import sys

from console import run, say, SetupError

ROOT = Path(__file__).resolve().parents[1]
LOG = ROOT / '.build' / 'log' / 'setup.log'
PROGRAMS = ('chromium', 'chromium-browser', 'google-chrome')
# Without a graphics card: pages are put together as Chromium does it by itself then, and WebGL is
# drawn by the processor, which it no longer does unasked.
ARGUMENTS = (
    '--disable-gpu',
    '--enable-unsafe-swiftshader',
    '--disable-background-networking',
    '--disable-dev-shm-usage',
)
COMMAND = ['apt-get', 'install', '-y', '--no-install-recommends', 'chromium']


def program() -> str | None:
    """Return the path of Chromium; None where it is not installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def arguments() -> list[str]:
    """Return what to start it with; its sandbox needs rights that root gives away."""
    return [*ARGUMENTS, *(['--no-sandbox'] if os.geteuid() == 0 else [])]


def is_debian(release: str) -> bool:
    """Whether this text of /etc/os-release is Debian's; Ubuntu's chromium is a snap."""
    return 'ID=debian' in [line.replace('"', '') for line in release.splitlines()]


def main() -> int:
    if program() is not None:
        return 0
    release = Path('/etc/os-release')
    debian = release.is_file() and is_debian(release.read_text())
    if not debian or os.geteuid() != 0 or shutil.which('apt-get') is None:
        say(
            '[test] without Chromium the tests of the page are skipped; to run them: sudo '
            f'{" ".join(COMMAND)}'
        )
        return 0
    say('[test] apt-get: chromium, for the tests of the page')
    env = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    try:
        run(['apt-get', 'update'], LOG, env=env)
        run(COMMAND, LOG, env=env)
    except SetupError as error:
        say(f'[test] the tests of the page are skipped: {error}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
