#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Build the documentation: what `make docs` does. `serve` as argument shows it while it is written.

With `pictures` the film of the README and the picture of the page are made anew.

Its programs (requirements/docs.txt) come into .venv the first time; nothing else needs them.
"""

from __future__ import annotations

import os
import subprocess
import sys

from console import fail, locked, say, SetupError
import docs_pictures
from provision import install_locked, lock_of, LOCKED, pip_file, ROOT, VENV

STAMP = VENV / 'emotion_motion_docs'


def install() -> None:
    """Install what is missing."""
    key = LOCKED.read_text()
    if STAMP.exists() and STAMP.read_text() == key:
        return
    say('[docs] packages of requirements/docs.txt')
    with locked(ROOT / '.build' / 'lock'):
        install_locked(*pip_file(lock_of('docs'), 'docs'))
    STAMP.write_text(key)


def main(arguments: list[str]) -> int:
    try:
        install()
    except SetupError as error:
        return fail(error)
    if arguments == ['pictures']:
        docs_pictures.film()
        docs_pictures.page()
        return 0
    if not docs_pictures.FILM.exists():
        docs_pictures.film()
    command = arguments or ['build', '--strict', '--clean']
    # The theme's makers announce their plans on every build.
    environ = {
        **os.environ,
        'NO_MKDOCS_2_WARNING': '1',
        'PYTHONPATH': os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')]),
    }
    status = subprocess.run([sys.executable, '-m', 'mkdocs', *command], cwd=ROOT, env=environ)
    if not status.returncode and command[0] == 'build':
        print(f'built {ROOT / ".build" / "site" / "index.html"}')
    return status.returncode


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
