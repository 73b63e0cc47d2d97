# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The node's tests on what the rclpy of Humble has: all else is hidden from them."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys

import pytest

HERE = Path(__file__).parent


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_node_runs_on_what_humble_has() -> None:
    hidden = (
        'import rclpy.node as n;'
        "assert not hasattr(n.Node, 'add_post_set_parameters_callback'), 'nothing is hidden'"
    )
    paths = [str(HERE / 'humble'), os.environ.get('PYTHONPATH', '')]
    environment = os.environ | {'PYTHONPATH': os.pathsep.join(paths)}
    subprocess.run([sys.executable, '-c', hidden], env=environment, check=True)
    done = subprocess.run(
        [
            sys.executable,
            '-m',
            'pytest',
            '-q',
            '-p',
            'no:cacheprovider',
            'node',
            'test_emotion_cli.py',
        ],
        cwd=HERE,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]
