# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of launch files share."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
from types import ModuleType

from graph import ROOT
import pytest

# What `ros2 launch FILE NAME:=VALUE ...` does, with this work tree's files as the package's; a
# launch service wants a main thread for itself.
DRIVER = """
import sys
import ament_index_python.packages as index
find = index.get_package_share_directory
index.get_package_share_directory = (
    lambda name, *more: sys.argv[1] if name == 'emotion_motion' else find(name, *more)
)
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
source = PythonLaunchDescriptionSource(sys.argv[1] + '/launch/' + sys.argv[2])
arguments = [argument.split(':=') for argument in sys.argv[3:]]
service = LaunchService()
include = IncludeLaunchDescription(source, launch_arguments=arguments)
service.include_launch_description(LaunchDescription([include]))
sys.exit(service.run())
"""


@contextlib.contextmanager
def launched(file: str, *, well: bool = True, **arguments: str) -> Iterator[None]:
    """Keep a launch file running; end it as Ctrl-C does, and see whether it ends well."""
    given = [f'{key}:={value}' for key, value in arguments.items()]
    command = [sys.executable, '-c', DRIVER, str(ROOT), file, *given]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all that run in it
        output, _ = process.communicate(timeout=60)
    ended_well = process.returncode == 0 and b'Traceback' not in output
    assert ended_well or not well, output.decode()


def use_work_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let launch files find this work tree's files as the package's."""
    import ament_index_python.packages as index

    find = index.get_package_share_directory
    monkeypatch.setattr(
        index,
        'get_package_share_directory',
        lambda name, *more: str(ROOT) if name == 'emotion_motion' else find(name, *more),
    )


def load(name: str) -> ModuleType:
    """Return the module of a launch file."""
    spec = importlib.util.spec_from_file_location(name.replace('.', '_'), ROOT / 'launch' / name)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
