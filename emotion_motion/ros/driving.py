# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the part of a node that drives a robot, where what that takes is installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emotion_motion.exceptions import RobotError
from emotion_motion.skeleton import Skeleton

__all__ = ['drive_robot']


def drive_robot(
    node: Any,
    values: Mapping[str, Any],
    skeleton: Skeleton,
    rate_hz: float,
    *,
    on_stop: Callable[[bool], None],
) -> Any:
    """Return the RobotOutput of a node; see there for arguments and errors.

    Imported here: Pinocchio and Pink take seconds, and a node without a robot does without them.

    Raises:
        RobotError: what drives robots is not installed.
    """
    try:
        from emotion_motion.ros.robot_output import RobotOutput
    except ModuleNotFoundError as error:
        raise RobotError(
            f'got the robot {values["robot"]!r}, and {error.name} is not installed; expected what '
            f'drives robots: pip install emotion_motion[robot]'
        ) from error
    return RobotOutput(node, values, skeleton=skeleton, rate_hz=rate_hz, on_stop=on_stop)
