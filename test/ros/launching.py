# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of launch files share."""

from __future__ import annotations

import importlib.util
from typing import Any

from graph import ROOT

LAUNCH = ROOT / 'launch'
ARGUMENTS = {
    'namespace',
    'params_file',
    'model',
    'rate',
    'autostart',
    'log_level',
    'use_sim_time',
    'robot',
    'urdf',
    'output',
    'controllers',
    'measured_joint_states',
    'controller_topic',
}


def load(name: str) -> Any:
    """Return the module of a launch file."""
    spec = importlib.util.spec_from_file_location(name.replace('.', '_'), LAUNCH / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
