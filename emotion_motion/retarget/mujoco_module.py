# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""MuJoCo, imported where it is first needed, with an error that says how to install it."""

from __future__ import annotations

import os
import sys
from typing import Any

from emotion_motion.exceptions import RobotError

__all__ = ['load_mujoco']


def load_mujoco() -> Any:
    """Return the module mujoco.

    Raises:
        RobotError: it is not installed.
    """
    # MuJoCo chooses how to draw when it is imported; without a screen only EGL and OSMesa can.
    if sys.platform == 'linux' and not os.environ.get('DISPLAY'):
        os.environ.setdefault('MUJOCO_GL', 'egl')
    try:
        import mujoco
    except ImportError as error:
        raise RobotError(
            f'could not import mujoco ({error}), which simulates robots; install it with '
            f"pip install 'emotion_motion[robot]'"
        ) from error
    return mujoco
