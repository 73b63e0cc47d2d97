# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Shards: the frames of many clips in a few safetensors files, read slice by slice.

A reader keeps no file open: it can be copied into worker processes, and a data set of a thousand
shards needs no thousand handles.
"""

from __future__ import annotations

from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
import struct
from typing import Any

import numpy as np

from emotion_motion.exceptions import TrainingError

__all__ = ['FRAMES_PER_SHARD', 'ShardWriter', 'ShardReader', 'Frames', 'file_hash']

FRAMES_PER_SHARD = 65_536
# Confidence is kept in steps of 1/255: finer than any detector means it.
_TENSORS = {'keypoints': ('F32', '<f4'), 'confidence': ('U8', 'u1'), 'emotions': ('F32', '<f4')}

# Keypoints [n, K, D], confidence [n, K] and emotions [n, 7], all float32.
Frames = tuple[np.ndarray, np.ndarray, np.ndarray]


class ShardWriter:
    """Collects clips and writes a shard whenever enough frames have come; clips stay whole."""

    def __init__(self, folder: Path) -> None:
        self.shards: list[dict[str, Any]] = []
        self._folder = folder
        self._waiting: list[Frames] = []
        self._rows = 0

    def add(self, keypoints: np.ndarray, confidence: np.ndarray, emotions: np.ndarray) -> tuple:
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

        points, confidence, emotions = (
            np.concatenate(parts) for parts in zip(*self._waiting, strict=True)
        )
        path = self._folder / f'shard_{len(self.shards):05d}.safetensors'
        save_file(
            {
                'keypoints': np.ascontiguousarray(points, dtype=np.float32),
                'confidence': np.round(confidence * 255.0).astype(np.uint8),
                'emotions': np.ascontiguousarray(emotions, dtype=np.float32),
            },
            path,
        )
        self.shards.append(
            {
                'file': path.name,
                'frames': self._rows,
                'bytes': path.stat().st_size,
                'sha256': file_hash(path),
            }
        )
        self._waiting, self._rows = [], 0


@dataclass(frozen=True)
class _Place:
    """Where a tensor lies in a file: first byte and shape."""

    offset: int
    shape: tuple[int, ...]


class ShardReader:
    """Reads rows of the shards in a folder."""

    def __init__(self, folder: Path, files: list[str]) -> None:
        self._paths = [folder / name for name in files]
        self._layouts: dict[int, dict[str, _Place]] = {}

    def read(self, shard: int, first: int, count: int) -> Frames:
        """Return `count` rows from row `first` on.

        Raises:
            TrainingError: the file is missing, damaged or shorter than it should be.
        """
        path = self._paths[shard]
        try:
            with open(path, 'rb') as file:
                if shard not in self._layouts:
                    self._layouts[shard] = _layout(file.read)
                layout = self._layouts[shard]
                points, confidence, emotions = (
                    _rows(file, layout[name], kind, first, count)
                    for name, (_, kind) in _TENSORS.items()
                )
        except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
            raise TrainingError(
                f'got the shard {path}, which cannot be read ({error}); import the data again'
            ) from error
        return points, confidence.astype(np.float32) / np.float32(255.0), emotions


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def _layout(read: Any) -> dict[str, _Place]:
    """Read the header of a safetensors file: its length (8 bytes), then JSON."""
    (size,) = struct.unpack('<Q', read(8))
    if size > 1_000_000:
        raise ValueError(f'a header of {size} bytes')
    header = json.loads(read(size))
    layout = {}
    for name, (kind, _) in _TENSORS.items():
        entry = header[name]
        if entry['dtype'] != kind:
            raise ValueError(f'{name} as {entry["dtype"]}, not {kind}')
        layout[name] = _Place(8 + size + entry['data_offsets'][0], tuple(entry['shape']))
    return layout


def _rows(file: Any, place: _Place, kind: str, first: int, count: int) -> np.ndarray:
    total, *shape = place.shape
    if first < 0 or first + count > total:
        raise ValueError(f'{total} frames, not the {first + count} of the index')
    each = int(np.prod(shape))
    file.seek(place.offset + first * each * np.dtype(kind).itemsize)
    values = np.fromfile(file, dtype=kind, count=count * each)
    if len(values) != count * each:
        raise ValueError('it ends too early')
    return values.reshape(count, *shape)
