# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command line of `motion_node`: `--help` tells its parameters."""

from __future__ import annotations

import argparse
import textwrap

from emotion_motion.ros.parameters import PARAMETERS

__all__ = ['command_line']


def command_line() -> argparse.ArgumentParser:
    """Return a parser that has only `--help`: all else is given in the ways of ROS."""
    rows = [f'{s.name} ({s.default_text}; {s.range_text}): {s.meaning}' for s in PARAMETERS]
    lines = [textwrap.fill(r, 99, initial_indent='  ', subsequent_indent='      ') for r in rows]
    return argparse.ArgumentParser(
        prog='motion_node',
        usage='%(prog)s [--ros-args -p NAME:=VALUE --params-file FILE -r FROM:=TO ...]',
        description='An emotion topic in, living keypoints out.',
        epilog='\n'.join(['parameters (default; range):', *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
