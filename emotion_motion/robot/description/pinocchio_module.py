# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Pinocchio, imported where it is first needed, with an error that says how to install it."""

from __future__ import annotations

from typing import Any

from emotion_motion.exceptions import RobotError

__all__ = ['load_pinocchio']


def load_pinocchio() -> Any:
    """Return the module pinocchio.

    Raises:
        RobotError: it is not installed.
    """
    try:
        import pinocchio
    except ImportError as error:
        raise RobotError(
            f'could not import pinocchio ({error}), which computes where the parts of a robot '
            f"are; install it with pip install 'emotion_motion[robot]'"
        ) from error
    return pinocchio
