# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Shards: the frames of many clips in a few safetensors files, read slice by slice.

A reader keeps no file open: it can be copied into worker processes, and a data set of a thousand
shards needs no thousand handles.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.exceptions import TrainingError

__all__ = ['FRAMES_PER_SHARD', 'ShardWriter', 'ShardReader', 'Frames', 'file_hash']

FRAMES_PER_SHARD = 65_536

# Keypoints [n, K, D], confidence [n, K] and emotions [n, 7], all float32.
Frames = tuple[np.ndarray, np.ndarray, np.ndarray]


class ShardWriter:
    """Collects clips and writes a shard whenever enough frames have come; clips stay whole."""

    def __init__(self, folder: Path) -> None:
        self.shards: list[dict[str, Any]] = []
        self._folder = folder
        self._waiting: list[Frames] = []
        self._rows = 0

    def add(
        self, keypoints: np.ndarray, confidence: np.ndarray, emotions: np.ndarray
    ) -> tuple[int, int]:
        """Take the frames of one clip; return the number of its shard and its first row there."""
        place = len(self.shards), self._rows
        self._waiting.append((keypoints, confidence, emotions))
        self._rows += len(keypoints)
        if self._rows >= FRAMES_PER_SHARD:
            self.flush()
        return place

    def flush(self) -> None:
        """Write what waits."""
        if not self._waiting:
            return
        from safetensors.numpy import save_file

        points, confidence, emotions = map(np.concatenate, zip(*self._waiting, strict=True))
        path = self._folder / f'shard_{len(self.shards):05d}.safetensors'
        tensors: dict[str, np.ndarray] = {
            'keypoints': np.ascontiguousarray(points, dtype=np.float32),
            # Confidence is kept in steps of 1/255: finer than any detector means it.
            'confidence': np.round(confidence * 255.0).astype(np.uint8),
            'emotions': np.ascontiguousarray(emotions, dtype=np.float32),
        }
        save_file(tensors, path)
        self.shards.append(
            {
                'file': path.name,
                'frames': self._rows,
                'bytes': path.stat().st_size,
                'sha256': file_hash(path),
            }
        )
        self._waiting, self._rows = [], 0


class ShardReader:
    """Reads rows of the shards in a folder."""

    def __init__(self, folder: Path, files: list[str]) -> None:
        self._paths = [folder / name for name in files]

    def read(self, shard: int, first: int, count: int) -> Frames:
        """Return `count` rows from row `first` on.

        Raises:
            TrainingError: the file is missing, damaged or shorter than it should be.
        """
        from safetensors import safe_open, SafetensorError

        path, rows = self._paths[shard], slice(first, first + count)
        try:
            with safe_open(path, framework='numpy') as file:
                points, confidence, emotions = (
                    file.get_slice(name)[rows] for name in ('keypoints', 'confidence', 'emotions')
                )
        except (OSError, SafetensorError) as error:
            raise TrainingError(
                f'got the shard {path}, which cannot be read ({error}); import the data again'
            ) from error
        return points, confidence.astype(np.float32) / np.float32(255.0), emotions


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()
