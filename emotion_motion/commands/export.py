# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion written as what the ending of a file's name says: data, animation, picture or film."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.emotion import dominant, format_emotion
from emotion_motion.exceptions import ConfigError, MotionFileError
from emotion_motion.files import check_place, storage_errors, whole_file
from emotion_motion.io.motion import Motion, save_motion, write_table

if TYPE_CHECKING:
    from emotion_motion.robot.description.robot import Robot

__all__ = ['ENDINGS', 'check_out', 'export_motion', 'next_step']

ENDINGS = {
    '.npz': 'keypoints and emotions, for Python',
    '.csv': 'keypoints in metres, or joint angles in rad with --robot',
    '.bvh': 'animation, for Blender and others',
    '.png': 'film strip, a row an emotion',
    '.gif': 'film',
    '.mp4': 'film',
}


def check_out(path: Path, *, robot: bool) -> None:
    """Find out, before anything runs, that a motion cannot be written to a file.

    Raises:
        MotionFileError: another ending than those of ENDINGS.
        StorageError: no file can be written there.
        ConfigError: a robot, whose joint angles go to a .csv alone.
    """
    if path.suffix not in ENDINGS:
        known = '; '.join(f'{ending} ({what})' for ending, what in ENDINGS.items())
        raise MotionFileError(f'got the file name {str(path)!r}; expected an ending of {known}')
    if robot and path.suffix != '.csv':
        raise ConfigError(
            f'got --robot with --out {path}; expected a file that ends in .csv: joint angles are '
            f'written as a table'
        )
    check_place(path)


def export_motion(
    path: Path,
    motion: Motion,
    skeleton: Skeleton,
    *,
    rows: Mapping[str, np.ndarray],
    every_s: float = 0.5,
    robot: Robot | None = None,
) -> list[str]:
    """Write a motion; the file is whole, or not there.

    Args:
        path: file to write; its ending is one of ENDINGS.
        motion: what to write.
        skeleton: of its keypoints.
        rows: keypoints [T, K, D] of each row of a film strip, by name.
        every_s: time between two figures of a film strip [s].
        robot: whose joint angles a .csv shall hold; None: keypoints.

    Returns:
        What is to be said of it, a sentence each.

    Raises:
        MotionFileError: such a skeleton cannot be written.
        StorageError: the file cannot be written.
        ConfigError: every_s is out of range, or a library is missing.
        RobotError: the robot cannot follow.
    """
    if robot is not None:
        return _write_joints(path, motion, skeleton, robot)
    if path.suffix in ('.npz', '.csv'):
        save_motion(path, motion)
        return []
    if path.suffix == '.bvh':
        from emotion_motion.io.bvh.writer import write_bvh

        write_bvh(path, motion.keypoints, motion.rate_hz, skeleton)
        return []
    from emotion_motion.drawing import film, film_strips

    rate_hz = motion.rate_hz
    with storage_errors(path), whole_file(path) as partial:
        if path.suffix == '.png':
            film_strips(rows, skeleton, partial, every_s=every_s, rate_hz=rate_hz)
        else:
            labels = [_label(weights) for weights in motion.requested]
            film(motion.keypoints, skeleton, partial, rate_hz=rate_hz, labels=labels)
    return []


def next_step(path: Path) -> str:
    """Say what a file can be used for."""
    if path.suffix == '.npz':
        return f'read it with emotion_motion.io.load_motion({str(path)!r})'
    if path.suffix == '.bvh':
        return 'open it in Blender: File > Import > Motion Capture (.bvh), Scale 0.01'
    return ''


def _label(weights: np.ndarray) -> str:
    """Return an emotion's name, or the mixture."""
    return dominant(weights) if weights.max() > 0.995 else format_emotion(weights)


def _write_joints(path: Path, motion: Motion, skeleton: Skeleton, robot: Robot) -> list[str]:
    from emotion_motion.robot.drive.display_drive import follow

    followed = follow(robot, motion.keypoints, motion.rate_hz, skeleton)
    angles = followed.motion.positions
    with storage_errors(path), whole_file(path) as partial:
        write_table(
            partial,
            motion.rate_hz,
            motion.requested[followed.frames],
            [f'{name}_rad' for name in robot.names],
            angles,
        )
    notes = [
        f'{len(angles)} rows of {len(robot.names)} joint angles of {robot.config.name}, '
        f'retargeted and limited as motion_node would send them'
    ]
    late_s = (len(angles) - len(motion.keypoints)) / motion.rate_hz
    if late_s > 0.5:
        notes.append(f'its limits make the robot {late_s:.1f} s slower than the person')
    return notes
