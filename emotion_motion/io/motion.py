# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A stretch of generated motion and its files: .npz (all of it) and .csv (keypoints)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import zipfile

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import MotionFileError
from emotion_motion.files import storage_errors, whole_file

__all__ = ['Motion', 'check_ending', 'load_motion', 'save_motion', 'write_table']


@dataclass(frozen=True, eq=False)
class Motion:
    """Keypoints over time with the emotions that were requested and recognised.

    Attributes:
        keypoints: [T, K, D] float32 in metres; D = 2: y and z of a body seen from the front.
        requested: [T, 7] weights.
        recognised: [T, 7] weights.
        rate_hz: frames a second.
        skeleton: name of the keypoint set.
        names: K keypoint names.
    """

    keypoints: np.ndarray
    requested: np.ndarray
    recognised: np.ndarray
    rate_hz: float
    skeleton: str
    names: tuple[str, ...]


def save_motion(path: str | Path, motion: Motion) -> Path:
    """Write a motion by the ending of its name.

    Args:
        path: `.npz` holds every field of Motion; `.csv` one row a frame: time in seconds, the
            requested emotion's seven weights, x, y, z of each keypoint in metres (`RWrist_z_m`).
        motion: what to write.

    Returns:
        The path.

    Raises:
        MotionFileError: another ending.
        StorageError: the file cannot be written.
    """
    path = Path(path)
    writers = {'.npz': _write_npz, '.csv': _write_csv}
    check_ending(path, *writers)
    with storage_errors(path), whole_file(path) as partial:
        writers[path.suffix](partial, motion)
    return path


def check_ending(path: Path, *endings: str) -> None:
    """Raise MotionFileError where the name ends in none of `endings`."""
    if path.suffix not in endings:
        raise MotionFileError(
            f'got the file name {str(path)!r}; expected an ending of {", ".join(endings)}'
        )


def load_motion(path: str | Path) -> Motion:
    """Read a `.npz` that `save_motion` wrote.

    Raises:
        MotionFileError: the file is missing, damaged or lacks a field.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            return Motion(
                keypoints=data['keypoints'],
                requested=data['requested'],
                recognised=data['recognised'],
                rate_hz=float(data['rate_hz']),
                skeleton=str(data['skeleton']),
                names=tuple(str(name) for name in data['names']),
            )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise MotionFileError(
            f'got {path}, which is no motion file ({error}); expected an .npz that '
            f'`emotion-motion generate --out` wrote'
        ) from error


def _write_npz(path: Path, motion: Motion) -> None:
    np.savez_compressed(
        path,
        keypoints=motion.keypoints,
        requested=motion.requested,
        recognised=motion.recognised,
        rate_hz=motion.rate_hz,
        skeleton=motion.skeleton,
        names=np.array(motion.names),
    )


def _write_csv(path: Path, motion: Motion) -> None:
    axes = 'xyz'[-motion.keypoints.shape[-1] :]
    names = [f'{name}_{axis}_m' for name in motion.names for axis in axes]
    write_table(path, motion.rate_hz, motion.requested, names, motion.keypoints)


def write_table(
    path: Path, rate_hz: float, requested: np.ndarray, names: Sequence[str], values: np.ndarray
) -> None:
    """Write a row a frame: time [s], the requested emotion's seven weights, and numbers.

    Args:
        path: file to write.
        rate_hz: rows a second.
        requested: [T, 7] weights.
        names: of the N columns after them, each with its unit at the end.
        values: [T, ...], N numbers a row.
    """
    time_s = np.arange(len(values))[:, None] / rate_hz
    rows = np.hstack((time_s, requested, np.reshape(values, (len(values), -1))))
    header = ','.join(['time_s', *EMOTIONS, *names])
    np.savetxt(path, rows, fmt='%.5f', delimiter=',', header=header, comments='')
