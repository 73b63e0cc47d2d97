# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The index of a data set: a row a clip, kept as columns so that 100,000 rows load at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
import functools
from pathlib import Path

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import TrainingError

__all__ = ['SPLITS', 'TEXTS', 'Index', 'IndexRow', 'SIZE', 'TOLERANCE', 'fingerprint']

# A few numbers that tell motions apart, and are the same for a motion and its mirror image.
#
# A hash of the frames would change with the last bit of one of them, so that the mirror image of a
# file, prepared on its own, would pass for another motion. These numbers move as little as the
# frames do: motions whose numbers differ by less than `TOLERANCE` are the same, to be looked at.

SIZE = 16
TOLERANCE = 2e-4  # body heights; different takes of one gesture lie 0.01 apart and more
_WAVES = 4  # the mean over time and three cosines


def fingerprint(keypoints: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return the fingerprint [SIZE] float32 of keypoints [T, K, D]."""
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
    """Return fixed directions [SIZE, size] of length 1."""
    directions = np.random.default_rng(20260101).standard_normal((SIZE, size))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


SPLITS = ('train', 'val', 'test')
TEXTS = ('source', 'actor', 'content', 'licence', 'label')
_NUMBERS = ('shards', 'rows', 'lengths', 'emotions', 'fingerprints', 'split_ids')


@dataclass(frozen=True)
class IndexRow:
    """A clip: shard and first row, frames, split, mean emotion [7], fingerprint, texts, rating."""

    shard: int
    row: int
    length: int
    split: str
    emotions: np.ndarray
    fingerprint: np.ndarray
    texts: tuple[str, ...]
    valence_arousal: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Index:
    """The rows as columns.

    Attributes:
        shards: [N] int32.
        rows: [N] int64, first row in the shard.
        lengths: [N] int64, frames.
        emotions: [N, 7] float32.
        fingerprints: [N, 16] float32.
        split_ids: [N] uint8, into SPLITS.
        columns: each text as numbers [N] into its different values, these as one run of bytes
            (UTF-8) with the places of their ends.
        ratings: [N, 2] float32, valence and arousal from -1 to 1; NaN where nobody rated. None,
            as in an index of before they were kept: nobody rated any.
    """

    shards: np.ndarray
    rows: np.ndarray
    lengths: np.ndarray
    emotions: np.ndarray
    fingerprints: np.ndarray
    split_ids: np.ndarray
    columns: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
    ratings: np.ndarray | None = None
    splits: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, 'splits', np.array(SPLITS)[self.split_ids])

    def texts(self, i: int) -> dict[str, str]:
        """Return the texts of clip i by name."""
        found = {}
        for name, (numbers, ends, values) in self.columns.items():
            place = int(numbers[i])
            first = int(ends[place - 1]) if place else 0
            found[name] = values[first : int(ends[place])].tobytes().decode()
        return found

    def rating(self, i: int) -> tuple[float, float] | None:
        """Return valence and arousal of clip i, or None where nobody rated it."""
        if self.ratings is None or np.isnan(self.ratings[i]).any():
            return None
        return float(self.ratings[i, 0]), float(self.ratings[i, 1])

    @classmethod
    def from_rows(cls, rows: Sequence[IndexRow]) -> Index:
        """Build the columns.

        Raises:
            TrainingError: there is no row.
        """
        if not rows:
            raise TrainingError('got no clip; a data set needs at least one')
        return cls(
            shards=np.array([row.shard for row in rows], dtype=np.int32),
            rows=np.array([row.row for row in rows], dtype=np.int64),
            lengths=np.array([row.length for row in rows], dtype=np.int64),
            emotions=np.stack([row.emotions for row in rows]).astype(np.float32),
            fingerprints=np.stack([row.fingerprint for row in rows]),
            split_ids=np.array([SPLITS.index(row.split) for row in rows], dtype=np.uint8),
            columns={
                name: _column([row.texts[number] for row in rows])
                for number, name in enumerate(TEXTS)
            },
            ratings=np.array(
                [row.valence_arousal or (np.nan, np.nan) for row in rows], dtype=np.float32
            ),
        )

    def save(self, path: Path) -> None:
        """Write the columns as safetensors."""
        from safetensors.numpy import save_file

        tensors = {name: getattr(self, name) for name in _NUMBERS}
        if self.ratings is not None:
            tensors['ratings'] = self.ratings
        for name, (numbers, ends, values) in self.columns.items():
            tensors |= {name: numbers, f'{name}.ends': ends, f'{name}.values': values}
        save_file(tensors, path)

    @classmethod
    def load(cls, path: Path) -> Index:
        """Read what `save` wrote.

        Raises:
            TrainingError: the file is missing or damaged, or its columns do not fit together.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            tensors = load_file(path)
            index = cls(
                **{name: tensors[name] for name in _NUMBERS},
                columns={
                    name: (tensors[name], tensors[f'{name}.ends'], tensors[f'{name}.values'])
                    for name in TEXTS
                },
                ratings=tensors.get('ratings'),
            )
        except (OSError, KeyError, IndexError, SafetensorError) as error:
            raise TrainingError(
                f'got the index {path}, which cannot be read ({error}); import the data again'
            ) from error
        count = len(index.lengths)
        columns = [getattr(index, name) for name in _NUMBERS]
        columns += [numbers for numbers, _, _ in index.columns.values()]
        columns += [] if index.ratings is None else [index.ratings]
        if any(len(column) != count for column in columns):
            raise TrainingError(
                f'got the index {path} with columns of different lengths; import the data again'
            )
        return index


def _column(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return numbers [N] into the values, the values' ends and their bytes."""
    numbers: dict[str, int] = {}
    chosen = np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int32)
    # A file name may hold bytes that are no UTF-8; Python keeps them as surrogates.
    values = [text.encode('utf-8', 'replace') for text in numbers]
    ends = np.cumsum([len(value) for value in values], dtype=np.int64)
    return chosen, ends, np.frombuffer(b''.join(values) or b' ', dtype=np.uint8).copy()
