# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What there is on this machine: the facts that plan.py decides on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import json
import os
from pathlib import Path
import platform
import shutil
import subprocess
import threading
import urllib.request

# Python modules and CMake packages that a ROS machine has to bring.
ROS_MODULES = (
    'rclpy',
    'std_msgs',
    'geometry_msgs',
    'visualization_msgs',
    'diagnostic_msgs',
    'std_srvs',
    'lifecycle_msgs',
    'rcl_interfaces',
    'rosidl_generator_py',
)
ROS_CMAKE_PACKAGES = ('ament_cmake', 'ament_cmake_python', 'rosidl_default_generators')
INTERPRETERS = ('python3', '/usr/bin/python3', *(f'python3.{n}' for n in (13, 12, 11, 10)))
COMPILERS = ('c++', 'g++', 'clang++')

# Run by each interpreter: says what it is. rclpy is imported for real, because PYTHONPATH shows
# the folder of a distribution to interpreters that its compiled modules were not built for.
PROBE = """
import importlib.metadata as metadata, importlib.util, json, os, sys, sysconfig
def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
def missing(name):
    try:
        if name == 'rclpy':
            import rclpy
        return importlib.util.find_spec(name) is None
    except Exception:
        return True
modules = json.loads(sys.argv[1])
print(json.dumps({
    'version': sys.version_info[:2],
    'has_venv': not (missing('venv') or missing('ensurepip')),
    'has_headers': os.path.exists(os.path.join(sysconfig.get_path('include'), 'Python.h')),
    'missing_ros': [name for name in modules if missing(name)],
    'numpy': version('numpy'),
    'torch': version('torch'),
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """One Python, outside of any virtual environment."""

    path: str
    version: tuple[int, int]
    has_venv: bool = True
    has_headers: bool = True
    missing_ros: tuple[str, ...] = ()
    numpy: str | None = None
    torch: str | None = None

    @property
    def name(self) -> str:
        return f'{self.path} ({self.version[0]}.{self.version[1]})'


@dataclass(frozen=True)
class Machine:
    """
    The facts.

    `programs` are those of cmake and c++ that were found, `missing_cmake` the ROS packages that
    were not.
    """

    interpreters: tuple[Interpreter, ...]
    ros_distro: str | None = None
    ros_prefix: str | None = None
    missing_cmake: tuple[str, ...] = ()
    system: str = 'Linux'
    architecture: str = 'x86_64'
    programs: tuple[str, ...] = ('cmake', 'c++')
    colcon: str | None = None
    torch_index: str | None = None
    python_choice: str | None = None


def _base_executable(path: str) -> str | None:
    """The interpreter that a virtual environment was made from; the path itself outside of one."""
    code = 'import os, sys; print(os.path.realpath(sys._base_executable or sys.executable))'
    try:
        answer = subprocess.run(
            [path, '-I', '-c', code], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None


def probe(path: str, modules: tuple[str, ...]) -> Interpreter | None:
    """Ask one interpreter what it is; None if it does not run."""
    try:
        answer = subprocess.run(
            [path, '-c', PROBE, json.dumps(modules)], capture_output=True, text=True, timeout=120
        )
        facts = json.loads(answer.stdout.strip().splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
    facts['version'] = tuple(facts['version'])
    facts['missing_ros'] = tuple(facts['missing_ros'])
    return Interpreter(path=path, **facts)


def interpreters(choice: str | None, modules: tuple[str, ...]) -> tuple[Interpreter, ...]:
    """Every different Python found, the one that the user calls python3 first."""
    pythons: dict[str, Interpreter] = {}
    for name in [choice] if choice else INTERPRETERS:
        path = shutil.which(name)
        base = _base_executable(path) if path else None
        if base and base not in pythons:
            interpreter = probe(base, modules)
            if interpreter is not None:
                pythons[base] = interpreter
    return tuple(pythons.values())


def _ros_prefix(environ: Mapping[str, str]) -> str | None:
    """The prefix of the sourced ROS: the one that has rclpy."""
    marker = 'share/ament_index/resource_index/packages/rclpy'
    for prefix in environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep):
        if prefix and (Path(prefix) / marker).exists():
            return prefix
    return None


def _missing_cmake(environ: Mapping[str, str]) -> tuple[str, ...]:
    prefixes = environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    return tuple(
        name
        for name in ROS_CMAKE_PACKAGES
        if not any((Path(prefix) / 'share' / name / 'cmake').is_dir() for prefix in prefixes)
    )


def reachable(url: str, timeout_s: float = 3.0) -> bool:
    """Whether a page answers soon; in a thread, because a name server may hang for much longer."""
    answers = []

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method='HEAD')
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                answers.append(answer.status < 400)
        except Exception:  # Whatever went wrong, the answer is no.
            answers.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout_s)
    return bool(answers and answers[0])


def size_of(urls: list[str]) -> str:
    """How many bytes to download, as their servers state; files of this machine are none."""
    total, known = 0, True
    remote = [url for url in urls if not url.startswith('file:')]
    for url in remote:
        try:
            request = urllib.request.Request(url, method='HEAD')
            with urllib.request.urlopen(request, timeout=10.0) as answer:
                total += int(answer.headers['Content-Length'])
        except (OSError, TypeError, ValueError):
            known = False
    if not remote:
        return 'nothing to download'
    least = '' if known else 'more than '
    return f'{len(remote)} files to download, {least}{total / 1e6:,.1f} MB'


def look(environ: Mapping[str, str]) -> Machine:
    """Collect the facts."""
    distro = environ.get('ROS_DISTRO') or None
    choice = environ.get('EMOTION_MOTION_PYTHON') or None
    programs = ['cmake'] if shutil.which('cmake') else []
    if environ.get('CXX') or any(shutil.which(name) for name in COMPILERS):
        programs.append('c++')
    return Machine(
        interpreters=interpreters(choice, ROS_MODULES if distro else ()),
        ros_distro=distro,
        ros_prefix=_ros_prefix(environ) if distro else None,
        missing_cmake=_missing_cmake(environ) if distro else (),
        system=platform.system(),
        architecture=platform.machine(),
        programs=tuple(programs),
        colcon=shutil.which('colcon'),
        torch_index=environ.get('EMOTION_MOTION_TORCH_INDEX') or None,
        python_choice=choice,
    )
