# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How to set this machine up: pure decisions on the facts of machine.py, so that tests reach them.

Two kinds of machine:
- `ros`: ROS_DISTRO is set. That ROS is used and the wheels never: a virtual environment that sees
  the system's packages, with torch and the rest in it and numpy as the distribution has it.
- `wheels`: no ROS. A closed virtual environment with ROS 2 Jazzy from wheels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import re

from console import SetupError
from machine import Interpreter, Machine

OLDEST_PYTHON = (3, 10)
WHEEL_PYTHONS = ((3, 10), (3, 11), (3, 12), (3, 13))
# As in pyproject.toml. A torch that the machine already has is used from this version on (a
# Jetson's own build drives its GPU, PyPI's does not).
OLDEST_TORCH = (2, 4)
# What is locked needs this numpy; one of before has the same binary interface from 1.21 on.
OLDEST_NUMPY = (1, 26, 4)
CPU_INDEX = 'https://download.pytorch.org/whl/cpu'
WITHOUT_ROS = 'To use the package without ROS: pip install . (everything but emotion_motion.ros).'


@dataclass(frozen=True)
class Plan:
    """
    What set-up will do.

    `groups` are those of requirements/locked.txt to install, but for the packages `left_out`: the
    machine has them. `torch_index` is an address to take torch from, `cpu` for PyTorch's CPU
    builds where they can be had, `pypi` for PyPI's build, `system` for the machine's own torch.
    """

    kind: str
    python: Interpreter
    groups: tuple[str, ...]
    torch_index: str
    left_out: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()
    ros_distro: str | None = None
    ros_prefix: str | None = None

    @property
    def system_site_packages(self) -> bool:
        return self.kind == 'ros'


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: '2.13.0+cpu' -> (2, 13, 0)."""
    return tuple(int(part) for part in re.findall(r'\d+', version.split('+')[0])[:3])


def _listed(pythons: tuple[Interpreter, ...]) -> str:
    return ', '.join(python.name for python in pythons) or 'no Python at all'


def _pick(candidates: list[Interpreter]) -> Interpreter:
    """The first one that lacks nothing, else the first (apt then brings what it lacks)."""
    complete = [python for python in candidates if python.has_venv and python.has_headers]
    return (complete or candidates)[0]


def _system_packages(machine: Machine, python: Interpreter) -> list[str]:
    """Debian packages for the programs that are missing."""
    name = f'python{python.version[0]}.{python.version[1]}'
    wanted = {
        'cmake': 'cmake' not in machine.programs,
        'g++': 'c++' not in machine.programs,
        f'{name}-venv': not python.has_venv,
        f'{name}-dev': not python.has_headers,
    }
    return [package for package, missing in wanted.items() if missing]


def _from_wheels(machine: Machine) -> Plan:
    if (machine.system, machine.architecture) != ('Linux', 'x86_64'):
        raise SetupError(
            f'this is {machine.system} on {machine.architecture}, and the ROS 2 wheels exist for '
            'Linux on x86_64 only. Install ROS 2 (Humble or newer) from its own packages and '
            f'source its setup.bash before make. {WITHOUT_ROS}'
        )
    fitting = [python for python in machine.interpreters if python.version in WHEEL_PYTHONS]
    if not fitting:
        raise SetupError(
            f'found {_listed(machine.interpreters)}, wanted Python 3.10, 3.11, 3.12 or 3.13, for '
            'which there are ROS 2 wheels. On Debian 12 or 13 and on Ubuntu 22.04 or 24.04 '
            'python3 is one of them: apt-get install python3 python3-venv python3-dev. One that '
            'lies elsewhere: '
            f'EMOTION_MOTION_PYTHON=/path/to/python3 make setup. {WITHOUT_ROS}'
        )
    python = _pick(fitting)
    return Plan(
        kind='wheels',
        python=python,
        groups=('dev', 'colcon', 'wheels'),
        torch_index=machine.torch_index or 'cpu',
        apt=tuple(_system_packages(machine, python)),
    )


def _ros_python(machine: Machine) -> Interpreter:
    """The interpreter that the sourced distribution was built for."""
    distro = machine.ros_distro
    able = [python for python in machine.interpreters if 'rclpy' not in python.missing_ros]
    if not able:
        raise SetupError(
            f'ROS_DISTRO is {distro}, but none of {_listed(machine.interpreters)} can import '
            f'rclpy. Source the distribution first (. /opt/ros/{distro}/setup.bash) and install '
            f'ros-{distro}-rclpy, or unset ROS_DISTRO to use the wheels.'
        )
    recent = [python for python in able if python.version >= OLDEST_PYTHON]
    if not recent:
        raise SetupError(
            f'ROS 2 {distro} runs on {_listed(tuple(able))}; emotion_motion needs Python 3.10 or '
            f'newer, so Humble or a later distribution. {WITHOUT_ROS}'
        )
    return _pick(recent)


def _ros_groups(machine: Machine, python: Interpreter) -> tuple[str, ...]:
    """What ROS lacks; its messages are compiled against its numpy, so that of 1.x stays 1.x."""
    old = python.numpy is not None and numbers(python.numpy) < OLDEST_NUMPY
    return ('dev', *(['numpy1'] if old else []), *([] if machine.colcon else ['colcon']))


def _on_ros(machine: Machine) -> Plan:
    distro = machine.ros_distro
    if machine.ros_prefix is None:
        raise SetupError(
            f'ROS_DISTRO is {distro}, but no folder in AMENT_PREFIX_PATH has rclpy. Source the '
            f'distribution first (. /opt/ros/{distro}/setup.bash), or unset ROS_DISTRO to use the '
            'wheels.'
        )
    python = _ros_python(machine)
    keep_torch = bool(
        machine.torch_index is None and python.torch and numbers(python.torch) >= OLDEST_TORCH
    )
    left_out = {'numpy': python.numpy is not None, 'torch': keep_torch}
    missing = python.missing_ros + machine.missing_cmake
    apt = _system_packages(machine, python)
    apt += [f'ros-{distro}-{name.replace("_", "-")}' for name in missing]
    return Plan(
        kind='ros',
        python=python,
        groups=_ros_groups(machine, python),
        torch_index='system' if keep_torch else machine.torch_index or 'cpu',
        left_out=tuple(name for name, there in left_out.items() if there),
        apt=tuple(apt),
        ros_distro=distro,
        ros_prefix=machine.ros_prefix,
    )


def decide(machine: Machine) -> Plan:
    """
    Choose the kind of environment, its Python and what goes into it.

    Raises:
        SetupError: nothing fits; says what was found, what is wanted and what to do.
    """
    if machine.python_choice and not machine.interpreters:
        raise SetupError(
            f'EMOTION_MOTION_PYTHON is {machine.python_choice}, which does not run '
            'as a Python: give the path of a python3.'
        )
    return _on_ros(machine) if machine.ros_distro else _from_wheels(machine)


def entries_of(text: str, groups: Iterable[str], left_out: tuple[str, ...] = ()) -> dict[str, str]:
    """
    The entries of a locked file that some groups need, by their first line: 'name==version; ...'.

    An entry ends with a comment that names its groups. A package `left_out` comes by `numpy1`
    alone, or not at all.
    """
    wanted, entries = set(groups), {}
    for entry in re.findall(r'^\w(?:.*\\\n)+.*\n +# .*\n', text, re.MULTILINE):
        head, needed_by = entry.split(' \\')[0], set(entry.split('# ')[1].split())
        if head.split('==')[0] in left_out:
            needed_by &= {'numpy1'}
        if wanted & needed_by:
            entries[head] = entry
    return entries


def without_hashes(text: str) -> str:
    """Requirements that any build of the same version satisfies."""
    return re.sub(r' \\\n +--hash=\S+', '', text)
