#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Write requirements/locked.txt and ros_wheels.txt: all that set-up installs, with versions, hashes.

Run this by hand, then the tests, to move to newer versions; it needs `uv` (pip install uv) and
downloads nothing but metadata. Versions that still fit stay as they are; `--upgrade`, or
`--upgrade-package NAME`, takes newer ones. The comment below an entry names the groups that need
it: a file of requirements/, `pip`, `torch` (what its CPU build needs), `cuda` (what PyPI's build
needs beside that), `cpu` (the CPU build itself) and `numpy1` (for a ROS built with numpy 1).
"""

from __future__ import annotations

import collections
import json
from pathlib import Path
import re
import subprocess
import sys
import tempfile

from plan import CPU_INDEX

# Python and its last release when this was written: some packages exclude its first ones.
PYTHONS = {'3.10': '3.10.20', '3.11': '3.11.15', '3.12': '3.12.13', '3.13': '3.13.12'}
# glibc 2.35 is Ubuntu 22.04's; what the ROS wheels ask for is 2.28.
PLATFORMS = ('x86_64-manylinux_2_35', 'aarch64-manylinux_2_35')
ROOT = Path(__file__).resolve().parents[1] / 'requirements'
LOCKED = ROOT / 'locked.txt'
ROS_WHEELS = ROOT / 'ros_wheels.txt'
FILES = ('colcon', 'dev', 'docs', 'wheels')
# mkdocs-material wants Python 3.11.
LEFT_OUT = {('docs', '3.10')}

RUN_ROOTS = 'rclpy rmw-fastrtps-cpp std-srvs lifecycle-msgs common-interfaces'
BUILD_ROOTS = """
rosidl-default-generators rosidl-core-generators rosidl-typesupport-fastrtps-c
rosidl-typesupport-fastrtps-cpp ament-package ament-cmake ament-cmake-core ament-cmake-python
ament-cmake-ros ament-cmake-gtest ament-cmake-gmock ament-cmake-pytest ament-cmake-vendor-package
ament-cmake-include-directories ament-cmake-export-definitions ament-cmake-export-dependencies
ament-cmake-export-include-directories ament-cmake-export-interfaces ament-cmake-export-libraries
ament-cmake-export-link-flags ament-cmake-export-targets ament-cmake-libraries
ament-cmake-target-dependencies ament-cmake-test ament-cmake-version ament-cmake-gen-version-h
pybind11-vendor python-cmake-module fastrtps-cmake-module gtest-vendor
"""
# Packages that only carry the name of the distribution and the versions of the real ones.
META_PREFIX = 'ros-jazzy-'

HEADER = f"""\
# {{what}}, for Python {min(PYTHONS)} to {max(PYTHONS)} on Linux.
# Written by scripts/lock.py: change that, not this. Installed by make setup with --require-hashes.
"""
Entry = dict[str, tuple[str, frozenset[str]]]


class Resolver:
    """Asks uv; versions of `known`, a file of requirements, are kept where they still fit."""

    def __init__(self, folder: Path, known: str, options: list[str]) -> None:
        self.folder, self.known, self.options = folder, known, options

    def compile(self, roots: list[str], python: str, platform: str, *options: str) -> list[str]:
        """Return `name==version` of all that `roots` need for one kind of machine."""
        inputs, output = self.folder / 'roots.in', self.folder / 'answer.txt'
        inputs.write_text('\n'.join(roots))
        output.write_text(self.known)
        self._uv(inputs, output, python, platform, *self.options, *options)
        return [line for line in output.read_text().splitlines() if re.match(r'[\w.-]+==', line)]

    def files(self, pins: list[str], python: str, platform: str, *options: str) -> Entry:
        """Return version and SHA-256 of the files that fit one kind of machine, by name."""
        inputs, output = self.folder / 'pins.in', self.folder / 'pylock.toml'
        inputs.write_text('\n'.join(pins))
        output.unlink(missing_ok=True)
        self._uv(inputs, output, python, platform, '--no-deps', *options)
        entries = {}
        for block in output.read_text().split('[[packages]]')[1:]:
            name, version = (
                json.loads(re.search(rf'^{key} = (".*")$', block, re.M)[1])  # type: ignore[index]
                for key in ('name', 'version')
            )
            # A source archive only where no wheel fits.
            wheels = block.partition('\nwheels = ')[2] or block
            entries[name] = (version, frozenset(re.findall(r'sha256 = "(\w{64})"', wheels)))
        return entries

    def _uv(self, inputs: Path, output: Path, python: str, platform: str, *options: str) -> None:
        command = ['uv', 'pip', 'compile', '--quiet', '--no-header', '--no-annotate']
        command += [f'--python-version={PYTHONS[python]}', f'--python-platform={platform}']
        subprocess.run([*command, *options, str(inputs), '-o', str(output)], check=True)


def roots_of(file: str) -> list[str]:
    """The lines of one file of requirements/, with those that it includes."""
    lines = (ROOT / f'{file}.txt').read_text().splitlines()
    kept = [line for line in lines if line and not line.startswith(('#', '-r'))]
    included = [line[3:].removesuffix('.txt') for line in lines if line.startswith('-r ')]
    return kept + [line for name in included for line in roots_of(name)]


def names(pins: list[str]) -> set[str]:
    return {pin.split('==')[0] for pin in pins}


def groups_of(resolver: Resolver, pins: list[str], python: str) -> dict[str, set[str]]:
    """The groups that need each package, on one Python."""
    needs = {file: roots_of(file) for file in FILES if (file, python) not in LEFT_OUT}
    torch = next(pin for pin in pins if pin.startswith('torch=='))
    found = collections.defaultdict(set)
    pinned = resolver.folder / 'pinned.txt'
    pinned.write_text('\n'.join(pins))
    for group, roots in {**needs, 'pip': ['pip']}.items():
        for name in names(resolver.compile(roots, python, PLATFORMS[0], f'-c{pinned}')):
            found[name].add(group)
    # What torch needs on Windows, where it brings no CUDA, is what its CPU build needs.
    without = names(resolver.compile([torch], python, 'windows', f'-c{pinned}')) - {'torch'}
    for name in names(resolver.compile([torch], python, PLATFORMS[0], f'-c{pinned}')):
        found[name] = {'cuda'} if name not in without else found[name] | {'torch'}
    return found


def merge(table: dict[tuple[str, str], dict[str, set[str]]], hashes: dict) -> str:
    """
    Write out entries: one for each version of a package, with a marker where it is not for all.

    Args:
        table: the groups of each (name, version), by Python.
        hashes: the SHA-256 of each (name, version).
    """
    lines = []
    for name, version in sorted(table):
        pythons = table[name, version]
        versions = {python for key in table if key[0] == name for python in table[key]}
        marker = ''
        if set(pythons) != set(PYTHONS) and (versions != set(pythons) or len(pythons) < 4):
            listed = ' '.join(sorted(pythons))
            marker = f' ; python_version in "{listed}"'
        head = f'{name}=={version}{marker}'
        digests = [f'    --hash=sha256:{digest}' for digest in sorted(hashes[name, version])]
        lines.append(' \\\n'.join([head, *digests]))
        lines.append('    # ' + ' '.join(sorted(set().union(*pythons.values()))))
    return '\n'.join(lines) + '\n'


def cpu_builds(torch: str, known: str, resolver: Resolver) -> set[str]:
    """Hashes of PyTorch's CPU builds; those of the file that is there where the index is not."""
    found: set[str] = set()
    try:
        for python in PYTHONS:
            for platform in PLATFORMS:
                pins = [f'torch=={torch}+cpu']
                found |= resolver.files(pins, python, platform, f'--index={CPU_INDEX}')['torch'][1]
    except subprocess.CalledProcessError:
        block = re.search(rf'^torch=={re.escape(torch)}\+cpu[^#]*', known, re.M)
        print(f'{CPU_INDEX} does not answer: its hashes stay as they are', file=sys.stderr)
        found = set(re.findall(r'sha256:(\w{64})', block[0])) if block else set()
    return found


def lock(resolver: Resolver) -> str:
    """The text of locked.txt."""
    table: dict = collections.defaultdict(dict)
    hashes: dict = collections.defaultdict(set)
    for python in PYTHONS:
        files = [file for file in FILES if (file, python) not in LEFT_OUT]
        roots = [line for file in files for line in roots_of(file)] + ['pip']
        pins = resolver.compile(roots, python, PLATFORMS[0])
        groups = groups_of(resolver, pins, python)
        extra = [] if python == '3.13' else ['numpy==1.26.4']
        for platform in PLATFORMS:
            for name, (version, digests) in resolver.files(pins, python, platform).items():
                table[name, version][python] = groups[name]
                hashes[name, version] |= digests
            for name, (version, digests) in resolver.files(extra, python, platform).items():
                table[name, version][python] = {'numpy1'}
                hashes[name, version] |= digests
    torch = next(version for name, version in table if name == 'torch')
    table['torch', f'{torch}+cpu'] = {python: {'cpu'} for python in PYTHONS}
    hashes['torch', f'{torch}+cpu'] = cpu_builds(torch, resolver.known, resolver)
    return HEADER.format(what='What requirements/*.txt need') + merge(table, hashes)


def lock_ros(resolver: Resolver) -> str:
    """The text of ros_wheels.txt: a community build, for x86_64 alone."""
    table: dict = collections.defaultdict(dict)
    hashes: dict = collections.defaultdict(set)
    roots = [f'{META_PREFIX}{name}' for name in f'{RUN_ROOTS} {BUILD_ROOTS}'.split()]
    for python in PYTHONS:
        pins = resolver.compile(roots, python, PLATFORMS[0])
        pins = [p for p in pins if p.startswith('ros-') and not p.startswith(META_PREFIX)]
        for name, (version, digests) in resolver.files(pins, python, PLATFORMS[0]).items():
            table[name, version][python] = {'ros'}
            hashes[name, version] |= digests
    what = 'ROS 2 Jazzy as wheels (https://github.com/ycheng517/ros-python-wheels, x86_64)'
    return HEADER.format(what=what) + merge(table, hashes)


def main(options: list[str]) -> int:
    with tempfile.TemporaryDirectory() as name:
        for path, make in ((LOCKED, lock), (ROS_WHEELS, lock_ros)):
            known = path.read_text() if path.exists() else ''
            path.write_text(make(Resolver(Path(name), known, options)))
            print(f'{path}: {path.read_text().count("==")} entries', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
