#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Build the colcon workspace in .build/ from this folder, if something that matters changed.

The install space has links to the Python, launch and configuration files (--symlink-install), so
an edit needs no build: only messages, CMake files and the coming and going of files do.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
import shutil
import sys

from console import fail, locked, run, say, SetupError

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / '.venv'
BUILD = ROOT / '.build'
INSTALL = BUILD / 'install'
STAMP = INSTALL / 'emotion_motion_build'
# Files whose content decides what is built, and folders of which only the list of files does.
CONTENT = ('CMakeLists.txt', 'package.xml', 'msg/*', 'resource/*', 'scripts/build.py')
LISTED = ('emotion_motion', 'config', 'launch', 'models', 'rviz', 'urdf', 'scripts/nodes')


def place() -> str:
    """Hash of what CMake's cache remembers: this folder, its Python and its ROS."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ('pyvenv.cfg', 'locked.txt', 'ros_prefix'):
        path = VENV / name
        digest.update(b'\0' + (path.read_bytes() if path.exists() else b''))
    return digest.hexdigest()


def sources() -> str:
    """Hash of the sources that decide what the install space holds."""
    digest = hashlib.sha256()
    for pattern in CONTENT:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(str(path.relative_to(ROOT)).encode() + b'\0' + path.read_bytes())
    for folder in LISTED:
        for path in sorted((ROOT / folder).rglob('*')):
            if '__pycache__' not in path.parts and path.is_file():
                digest.update(str(path.relative_to(ROOT)).encode() + b'\0')
    return digest.hexdigest()


def environment() -> dict[str, str]:
    """The environment that colcon builds in: .venv first, and as a ROS prefix if it is one."""
    env = dict(os.environ)
    env['PATH'] = f'{VENV / "bin"}{os.pathsep}{env.get("PATH", "")}'
    env['VIRTUAL_ENV'] = str(VENV)
    env.pop('PYTHONHOME', None)
    if not (VENV / 'ros_prefix').exists():
        for name in ('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH', 'COLCON_PREFIX_PATH'):
            env[name] = str(VENV)
        env.pop('PYTHONPATH', None)
    return env


def _remove_dead_links() -> None:
    """Links to files that are gone would otherwise stay importable names."""
    for path in INSTALL.rglob('*'):
        if path.is_symlink() and not path.exists():
            path.unlink()


def build() -> None:
    """Run colcon once."""
    env = environment()
    colcon = shutil.which('colcon', path=env['PATH'])
    if colcon is None:
        raise SetupError('there is no colcon: run make setup')
    python = VENV / 'bin' / 'python3'
    say('[build] colcon build: messages and links to the sources')
    run(
        [
            colcon,
            '--log-base',
            str(BUILD / 'log'),
            'build',
            '--paths',
            str(ROOT),
            '--build-base',
            str(BUILD / 'build'),
            '--install-base',
            str(INSTALL),
            '--merge-install',
            '--symlink-install',
            '--event-handlers',
            'console_direct+',
            # Notices a folder that was not there before, launch/ say.
            '--cmake-force-configure',
            '--cmake-args',
            '-DCMAKE_BUILD_TYPE=Release',
            '-DBUILD_TESTING=OFF',
            f'-DPython3_EXECUTABLE={python}',
            f'-DPYTHON_EXECUTABLE={python}',
        ],
        BUILD / 'log' / 'build.log',
        env=env,
        cwd=ROOT,
    )
    _remove_dead_links()


def bring_up_to_date() -> bool:
    """Build if something changed, and tell; for who holds the lock."""
    before = STAMP.read_text().split() if STAMP.exists() else []
    now = [place(), sources()]
    if before == now:
        return False
    STAMP.unlink(missing_ok=True)
    if before[:1] != now[:1]:
        shutil.rmtree(BUILD / 'build', ignore_errors=True)
        shutil.rmtree(INSTALL, ignore_errors=True)
    build()
    STAMP.write_text('\n'.join(now) + '\n')
    return True


def main() -> int:
    try:
        with locked(BUILD / 'lock'):
            if bring_up_to_date():
                say('[build] ready: . ./env.sh enters the environment')
    except SetupError as error:
        return fail(error)
    except KeyboardInterrupt:
        say('\ninterrupted; the next make builds again')
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
