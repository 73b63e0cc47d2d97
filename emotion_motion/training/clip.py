# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Clips: keypoints with one emotion per frame, and their file form (.npz, never pickle)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import zipfile

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import TrainingError

__all__ = ['Clip', 'save_clips', 'load_clips']

_KEYS = ('keypoints', 'emotions', 'lengths', 'rates_hz', 'contents', 'sources', 'seeds')


@dataclass(frozen=True, eq=False)
class Clip:
    """A stretch of motion of one body of height 1, with what it expresses.

    Attributes:
        keypoints: [T, K, 3] float32, in body heights; facing +x, standing over the origin.
        emotions: [T, 7] float32, the weights of each frame, each row sums to 1.
        rate_hz: frames per second.
        content: what it shows, for people (the gestures in order).
        source: where it comes from, such as 'procedural'.
        seed: the number that made it; -1 when it was not generated.
    """

    keypoints: np.ndarray
    emotions: np.ndarray
    rate_hz: float
    content: str = ''
    source: str = ''
    seed: int = -1

    def __post_init__(self) -> None:
        """Convert to float32 and refuse shapes or numbers that no clip can have.

        Raises:
            TrainingError: wrong shapes, numbers that are not finite, emotions that do not sum to
                1, or a rate that is not above 0.
        """
        object.__setattr__(self, 'keypoints', np.asarray(self.keypoints, dtype=np.float32))
        object.__setattr__(self, 'emotions', np.asarray(self.emotions, dtype=np.float32))
        points, emotions = self.keypoints, self.emotions
        if points.ndim != 3 or points.shape[-1] != 3 or not points.shape[0]:
            raise TrainingError(f'got keypoints of shape {points.shape}; expected [T, K, 3]')
        if emotions.shape != (len(points), len(EMOTIONS)):
            raise TrainingError(
                f'got emotions of shape {emotions.shape}; expected ({len(points)}, '
                f'{len(EMOTIONS)}), one row per frame'
            )
        if not (np.isfinite(points).all() and np.isfinite(emotions).all()):
            raise TrainingError('got a clip with numbers that are not finite; remove those frames')
        if emotions.min() < -1e-6 or np.abs(emotions.sum(axis=-1) - 1.0).max() > 1e-4:
            raise TrainingError(
                'got emotions below 0 or rows that do not sum to 1; normalise each row'
            )
        if not 0.0 < self.rate_hz < float('inf'):
            raise TrainingError(f'got a rate of {self.rate_hz} Hz; expected a number above 0')

    def __len__(self) -> int:
        """Return the number of frames T."""
        return len(self.keypoints)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self) / self.rate_hz


def save_clips(path: str | Path, clips: Sequence[Clip]) -> None:
    """Write clips into one compressed .npz file, which needs no pickle to read.

    Args:
        path: file to write; its folder exists.
        clips: at least one, all with the same number of keypoints.

    Raises:
        TrainingError: there is no clip, or their numbers of keypoints differ.
    """
    sizes = {clip.keypoints.shape[1] for clip in clips}
    if len(sizes) != 1:
        raise TrainingError(
            f'got {len(clips)} clips with {sorted(sizes)} keypoints; expected at least one clip '
            f'and the same skeleton in all'
        )
    arrays = (
        np.concatenate([clip.keypoints for clip in clips]),
        np.concatenate([clip.emotions for clip in clips]),
        np.array([len(clip) for clip in clips], dtype=np.int64),
        np.array([clip.rate_hz for clip in clips], dtype=np.float64),
        np.array([clip.content for clip in clips], dtype=np.str_),
        np.array([clip.source for clip in clips], dtype=np.str_),
        np.array([clip.seed for clip in clips], dtype=np.int64),
    )
    with open(path, 'wb') as file:  # a file object, for savez would append .npz to a name
        np.savez_compressed(file, **dict(zip(_KEYS, arrays, strict=True)))


def load_clips(path: str | Path) -> list[Clip]:
    """Read the clips that `save_clips` wrote.

    Raises:
        TrainingError: the file is missing, is no .npz of clips, or its arrays do not fit.
    """
    data = _read_arrays(Path(path))
    lengths, points, emotions = data['lengths'], data['keypoints'], data['emotions']
    sizes = {key: len(data[key]) for key in _KEYS[2:]}
    if lengths.ndim != 1 or lengths.dtype.kind not in 'iu' or len(set(sizes.values())) != 1:
        raise TrainingError(f'got {path} whose lists differ in length ({sizes}); it is damaged')
    if len(lengths) == 0 or lengths.min() < 1 or not lengths.sum() == len(points) == len(emotions):
        raise TrainingError(
            f'got {path} with {len(points)} frames of keypoints and {len(emotions)} of emotions '
            f'for clips of {lengths.tolist()[:8]} frames; it is damaged'
        )
    ends = np.cumsum(lengths)
    try:
        return [
            Clip(
                points[end - length : end], emotions[end - length : end],
                float(data['rates_hz'][i]), str(data['contents'][i]), str(data['sources'][i]),
                int(data['seeds'][i]),
            )
            for i, (end, length) in enumerate(zip(ends, lengths, strict=True))
        ]  # fmt: skip
    except (TrainingError, ValueError, TypeError) as error:
        raise TrainingError(f'got {path}: {error}') from error


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise TrainingError(f'got {path}, which is no file; expected an .npz of clips')
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            raise ValueError('a single array')
        with loaded as archive:
            missing = [key for key in _KEYS if key not in archive.files]
            if missing:
                raise TrainingError(
                    f'got {path} without {", ".join(missing)}; expected an .npz written by '
                    f'save_clips'
                )
            data = {key: archive[key] for key in _KEYS}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise TrainingError(
            f'got {path}, which cannot be read as an .npz of clips ({error}); expected a file '
            f'written by save_clips'
        ) from error
    if min(array.ndim for array in data.values()) < 1:
        raise TrainingError(f'got {path} with a number where a list should be; it is damaged')
    return data
