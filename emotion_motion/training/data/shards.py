# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The files of a data set: an index with a row a clip, and shards with the frames of many clips.

The index is kept as columns, so that 100,000 rows load at once. Shards are read slice by slice,
and a reader keeps no file open: it can be copied into worker processes, and a data set of a
thousand shards needs no thousand handles.
"""

from __future__ import annotations

from collections.abc import Sequence
import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import safe_open, SafetensorError
from safetensors.numpy import load_file, save_file

from emotion_motion.exceptions import TrainingError

SPLITS = ('train', 'val', 'test')
_NUMBERS = ('shards', 'rows', 'lengths', 'emotions', 'fingerprints', 'split_ids')
TEXTS = ('source', 'actor', 'content', 'licence', 'label')
FRAMES_PER_SHARD = 65_536
# Keypoints [n, K, D], confidence [n, K] and emotions [n, 7], all float32.
Frames = tuple[np.ndarray, np.ndarray, np.ndarray]


class IndexRow(NamedTuple):
    """A clip in the index."""

    shard: int
    row: int  # the first of the clip in its shard
    length: int  # frames
    emotions: np.ndarray  # [7], their mean
    fingerprint: np.ndarray  # [16]
    split: str
    rating: tuple[float, float]  # valence and arousal, NaN where nobody rated
    texts: tuple[str, ...]  # in the order of TEXTS


class Index:
    """The rows as columns.

    A text's column holds numbers [N] into its different values, these as one run of bytes (UTF-8)
    with the places of their ends.

    Attributes:
        shards: [N] int32.
        rows: [N] int64, first row in the shard.
        lengths: [N] int64, frames.
        emotions: [N, 7] float32.
        fingerprints: [N, 16] float32.
        splits: [N] of SPLITS.
    """

    def __init__(self, columns: dict[str, np.ndarray]) -> None:
        """Take the columns as they stand in the file; KeyError where one is missing.

        `ratings` [N, 2], valence and arousal with NaN where nobody rated, may be missing as in an
        index of before they were kept.
        """
        self._columns = columns
        self.shards, self.rows, self.lengths, self.emotions, self.fingerprints, split_ids = (
            columns[name] for name in _NUMBERS
        )
        self.splits = np.array(SPLITS)[split_ids]
        sizes = {len(columns[name]) for name in (*_NUMBERS, *TEXTS)}
        if len(sizes) > 1 or len(columns.get('ratings', self.lengths)) not in sizes:
            raise IndexError('columns of different lengths')

    def texts(self, i: int) -> dict[str, str]:
        """Return the texts of clip i by name."""
        texts = {}
        for name in TEXTS:
            place, ends = int(self._columns[name][i]), self._columns[f'{name}.ends']
            first = int(ends[place - 1]) if place else 0
            values = self._columns[f'{name}.values'][first : int(ends[place])]
            texts[name] = values.tobytes().decode()
        return texts

    def rating(self, i: int) -> tuple[float, float] | None:
        """Return valence and arousal of clip i, or None where nobody rated it."""
        ratings = self._columns.get('ratings')
        if ratings is None or np.isnan(ratings[i]).any():
            return None
        return float(ratings[i, 0]), float(ratings[i, 1])

    @classmethod
    def from_rows(cls, rows: Sequence[IndexRow]) -> Index:
        """Build the columns; raises TrainingError where there is no row."""
        if not rows:
            raise TrainingError('got no clip; a data set needs at least one')
        shards, first, lengths, emotions, prints, splits, ratings, texts = zip(*rows, strict=True)
        columns: dict[str, np.ndarray] = {
            'shards': np.array(shards, dtype=np.int32),
            'rows': np.array(first, dtype=np.int64),
            'lengths': np.array(lengths, dtype=np.int64),
            'emotions': np.stack(emotions).astype(np.float32),
            'fingerprints': np.stack(prints),
            'split_ids': np.array([SPLITS.index(split) for split in splits], dtype=np.uint8),
            'ratings': np.array(ratings, dtype=np.float32),
        }
        for name, column in zip(TEXTS, zip(*texts, strict=True), strict=True):
            columns |= _text_columns(name, column)
        return cls(columns)

    def save(self, path: Path) -> None:
        save_file(self._columns, path)

    @classmethod
    def load(cls, path: Path) -> Index:
        """Read what `save` wrote; TrainingError where it is missing or damaged."""
        try:
            return cls(load_file(path))
        except (OSError, KeyError, IndexError, SafetensorError) as error:
            raise TrainingError(
                f'got the index {path}, which cannot be read ({error}); import the data again'
            ) from error


def _text_columns(name: str, texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Return numbers [N] into the different texts, their ends and their bytes."""
    numbers: dict[str, int] = {}
    places = [numbers.setdefault(text, len(numbers)) for text in texts]
    # A file name may hold bytes that are no UTF-8; Python keeps them as surrogates.
    values = [text.encode('utf-8', 'replace') for text in numbers]
    return {
        name: np.array(places, dtype=np.int32),
        f'{name}.ends': np.cumsum([len(value) for value in values], dtype=np.int64),
        f'{name}.values': np.frombuffer(b''.join(values) or b' ', dtype=np.uint8).copy(),
    }


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
        points, confidence, emotions = map(np.concatenate, zip(*self._waiting, strict=True))
        path = self._folder / f'shard_{len(self.shards):05d}.safetensors'
        tensors: dict[str, np.ndarray] = {
            'keypoints': np.ascontiguousarray(points, dtype=np.float32),
            # Confidence is kept in steps of 1/255: finer than any detector means it.
            'confidence': np.round(confidence * 255.0).astype(np.uint8),
            'emotions': np.ascontiguousarray(emotions, dtype=np.float32),
        }
        save_file(tensors, path)
        size = {'frames': self._rows, 'bytes': path.stat().st_size}
        self.shards.append({'file': path.name, **size, 'sha256': file_hash(path)})
        self._waiting, self._rows = [], 0


class ShardReader:
    """Reads rows of the shards in a folder."""

    def __init__(self, folder: Path, files: list[str]) -> None:
        self._paths = [folder / name for name in files]

    def read(self, shard: int, first: int, count: int) -> Frames:
        """Return `count` rows from row `first` on; TrainingError where they are not there."""
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
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
