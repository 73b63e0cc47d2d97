# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The index of a data set: a row a clip, kept as columns so that 100,000 rows load at once.

A column of it are fingerprints: a few numbers that tell motions apart, and are the same for a
motion and its mirror image. A hash of the frames would change with the last bit of one of them, so
that the mirror image of a file, prepared on its own, would pass for another motion. These numbers
move as little as the frames do: motions whose numbers differ by less than `TOLERANCE` are the
same, to be looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import functools
from pathlib import Path

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import TrainingError

__all__ = ['SPLITS', 'TOLERANCE', 'Index', 'IndexRow', 'fingerprint']

SPLITS = ('train', 'val', 'test')
TOLERANCE = 2e-4  # body heights; different takes of one gesture lie 0.01 apart and more
_SIZE = 16
_WAVES = 4  # the mean over time and three cosines
_NUMBERS = ('shards', 'rows', 'lengths', 'emotions', 'fingerprints', 'split_ids')
_TEXTS = ('source', 'actor', 'content', 'licence', 'label')


@dataclass(frozen=True)
class IndexRow:
    """A clip: shard and first row, frames, split, mean emotion [7], fingerprint, texts, rating."""

    shard: int
    row: int
    length: int
    split: str
    emotions: np.ndarray
    fingerprint: np.ndarray
    texts: dict[str, str]
    valence_arousal: tuple[float, float] | None = None


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
        sizes = {len(columns[name]) for name in (*_NUMBERS, *_TEXTS)}
        if len(sizes) > 1 or len(columns.get('ratings', self.lengths)) not in sizes:
            raise IndexError('columns of different lengths')

    def texts(self, i: int) -> dict[str, str]:
        """Return the texts of clip i by name."""
        texts = {}
        for name in _TEXTS:
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
        """Build the columns.

        Raises:
            TrainingError: there is no row.
        """
        if not rows:
            raise TrainingError('got no clip; a data set needs at least one')
        ratings = [row.valence_arousal or (np.nan, np.nan) for row in rows]
        columns: dict[str, np.ndarray] = {
            'shards': np.array([row.shard for row in rows], dtype=np.int32),
            'rows': np.array([row.row for row in rows], dtype=np.int64),
            'lengths': np.array([row.length for row in rows], dtype=np.int64),
            'emotions': np.stack([row.emotions for row in rows]).astype(np.float32),
            'fingerprints': np.stack([row.fingerprint for row in rows]),
            'split_ids': np.array([SPLITS.index(row.split) for row in rows], dtype=np.uint8),
            'ratings': np.array(ratings, dtype=np.float32),
        }
        for name in _TEXTS:
            columns |= _text_columns(name, [row.texts[name] for row in rows])
        return cls(columns)

    def save(self, path: Path) -> None:
        """Write the columns as safetensors."""
        from safetensors.numpy import save_file

        save_file(self._columns, path)

    @classmethod
    def load(cls, path: Path) -> Index:
        """Read what `save` wrote.

        Raises:
            TrainingError: the file is missing or damaged, or its columns do not fit together.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

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


def fingerprint(keypoints: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return the fingerprint [16] float32 of keypoints [T, K, D]."""
    points = np.asarray(keypoints, dtype=np.float64)
    even = _even(points, skeleton)  # [T, F]
    time = (np.arange(len(points)) + 0.5) / len(points)
    waves = np.cos(np.pi * np.arange(_WAVES)[:, None] * time) / len(points)  # [W, T]
    moments = (waves @ even).ravel()
    return (_directions(len(moments)) @ moments).astype(np.float32)


def _even(points: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return features [T, F] that mirroring leaves alone."""
    side = points.shape[-1] - 2  # y of (x, y, z); the first of (y, z)
    pairs = [(i, j) for i, j in enumerate(skeleton.mirror) if i <= j]
    first, second = points[:, [i for i, _ in pairs]], points[:, [j for _, j in pairs]]
    total, gap = 0.5 * (first + second), first - second
    # Mirroring turns the sign of the sum across and of the difference along; squares hold them.
    even, odd = total.copy(), gap.copy()
    even[..., side], odd[..., side] = gap[..., side], total[..., side]
    # Scaled so that the movement of a limb counts as much here as there.
    parts = (even, 4.0 * odd * odd, 4.0 * odd[:, 1:] * odd[:, :-1])
    return np.concatenate([part.reshape(len(points), -1) for part in parts], axis=1)


@functools.cache
def _directions(size: int) -> np.ndarray:
    """Return fixed directions [16, size] of length 1."""
    directions = np.random.default_rng(20260101).standard_normal((_SIZE, size))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)
