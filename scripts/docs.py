#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Build the documentation: what `make docs` does. `serve` as argument shows it while it is written.

Its programs (requirements/docs.txt) come into .venv the first time; nothing else needs them.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

from console import fail, locked, say, SetupError
from provision import pip, ROOT, VENV

STAMP = VENV / 'emotion_motion_docs'
REQUIREMENTS = ROOT / 'requirements' / 'docs.txt'


def install() -> None:
    """Install what is missing."""
    constraints = VENV / 'constraints.txt'
    key = hashlib.sha256(REQUIREMENTS.read_bytes() + constraints.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == key:
        return
    say('[docs] packages of requirements/docs.txt')
    with locked(ROOT / '.build' / 'lock'):
        pip(f'--constraint={constraints}', f'--requirement={REQUIREMENTS}')
    STAMP.write_text(key)


def main(arguments: list[str]) -> int:
    try:
        install()
    except SetupError as error:
        return fail(error)
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
