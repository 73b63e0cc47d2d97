# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""MuJoCo, imported where it is first needed, with an error that says how to install it."""

from __future__ import annotations

import ctypes.util
import os
import sys
from typing import Any

from emotion_motion.exceptions import RobotError

__all__ = ['can_render', 'load_mujoco']

# What MuJoCo can draw with where there is no screen, and the library that each needs.
_OFF_SCREEN = (('egl', 'EGL'), ('osmesa', 'OSMesa'))


def load_mujoco() -> Any:
    """Return the module mujoco.

    Raises:
        RobotError: it is not installed, or MUJOCO_GL names what is not.
    """
    # MuJoCo chooses how to draw when it is imported, and cannot be imported with a choice whose
    # library is missing.
    if not _screen():
        found = [name for name, library in _OFF_SCREEN if ctypes.util.find_library(library)]
        os.environ.setdefault('MUJOCO_GL', [*found, 'disable'][0])
    try:
        import mujoco
    except (ImportError, AttributeError, RuntimeError, OSError) as error:
        raise RobotError(
            f'could not import mujoco ({error}), which simulates robots; install it with '
            f"pip install 'emotion_motion[robot]', and leave MUJOCO_GL unset"
        ) from error
    return mujoco


def can_render() -> bool:
    """Tell whether MuJoCo has something to draw with; trying without ends the process."""
    context = getattr(load_mujoco(), 'GLContext', None)
    return context is not None and (_screen() or not context.__module__.endswith('.glfw'))


def _screen() -> bool:
    shown = os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')
    return sys.platform != 'linux' or bool(shown)
