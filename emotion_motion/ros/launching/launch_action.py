# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What launch files start, as launch knows it; for launch files alone."""

from __future__ import annotations

from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from emotion_motion.ros.launching.composition import Started

__all__ = ['node_action']


def node_action(started: Started, namespace: str | None = None, output: str = 'screen') -> Node:
    """Return the action that starts a process.

    Args:
        started: what to start.
        namespace: of its node; None: that of the launch file.
        output: where it goes, `screen` or `log`.
    """
    # A text that looks like YAML, as a URDF may, is a text all the same.
    parameters = {
        name: ParameterValue(value, value_type=type(value))
        for name, value in started.parameters.items()
    }
    return Node(
        package=started.package,
        executable=started.executable,
        namespace=namespace,
        parameters=[parameters] if parameters else [],
        remappings=list(started.remappings),
        arguments=list(started.arguments),
        output=output,
    )
