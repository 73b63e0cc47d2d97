#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Install Chromium for the tests of the page: what `make test` does after `make setup`.

Only as root on Debian, where it is an ordinary package; elsewhere those tests are skipped and say
what to install. Nothing else needs it, so `make setup` and `make run` leave it out.
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
COMMAND = ['apt-get', 'install', '-y', '--no-install-recommends', 'chromium']


def is_debian(release: str) -> bool:
    """Whether this text of /etc/os-release is Debian's; Ubuntu's chromium is a snap."""
    return 'ID=debian' in [line.replace('"', '') for line in release.splitlines()]


def main() -> int:
    if any(map(shutil.which, PROGRAMS)):
        return 0
    release = Path('/etc/os-release')
    debian = release.is_file() and is_debian(release.read_text())
    if not debian or os.geteuid() != 0 or shutil.which('apt-get') is None:
        say('[test] without Chromium the tests of the page are skipped; to run them: sudo '
            f'{" ".join(COMMAND)}')
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
