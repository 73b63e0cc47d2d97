# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Clips in .npz files with documented keys, so that any format is one conversion away.

docs/formats.md documents the keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.emotion import emotion_weights, EMOTIONS
from emotion_motion.exceptions import ConfigError, EmotionError, MotionFileError, SkeletonError
from emotion_motion.files import read_npz, storage_errors, whole_file
from emotion_motion.io.clip import check_ending, Clip

_TEXTS = ('label', 'source', 'actor', 'content', 'licence')
_NEEDED = ('keypoints', 'rate_hz')
_OPTIONAL = (
    *('lengths', 'names', 'skeleton', 'confidence', 'emotions', 'emotion', 'valence_arousal'),
    *_TEXTS,
    *('prepared', 'requested', 'recognised'),
)


@dataclass(frozen=True)
class _Npz:
    """The arrays of one file, with errors that name path, key, shape and what is expected."""

    path: Path
    arrays: dict[str, np.ndarray]

    @classmethod
    def open(cls, path: Path) -> _Npz:
        """Read all arrays."""
        try:
            arrays = read_npz(path)
        except ConfigError as error:
            raise MotionFileError(str(error)) from error
        unknown = [key for key in arrays if key not in (*_NEEDED, *_OPTIONAL)]
        if unknown:
            raise MotionFileError(
                f'got {path} with the keys {", ".join(unknown)}; expected keypoints, rate_hz '
                f'and, as needed, {", ".join(_OPTIONAL)}'
            )
        return cls(path, arrays)

    def __contains__(self, key: str) -> bool:
        return key in self.arrays

    def error(self, key: str, got: str, expected: Any) -> MotionFileError:
        """Return an error to raise about a key."""
        return MotionFileError(f'got {self.path}, where {key} {got}; expected {expected}')

    def numbers(self, key: str) -> np.ndarray:
        """Return an array of numbers; floats as float64, since float16 would pass its range."""
        if key not in self:
            names = ', '.join(self.arrays) or 'none'
            raise MotionFileError(f'got {self.path} without the key {key}; it has {names}')
        array = self.arrays[key]
        if array.dtype.kind not in 'fiub':
            raise self.error(key, f'has dtype {array.dtype}', 'numbers')
        return array.astype(np.float64) if array.dtype.kind == 'f' else array

    def rows(self, key: str, count: int, shape: tuple[int, ...]) -> list[Any]:
        """Return `count` values of `shape`, from one for all or one for each."""
        array = self.numbers(key)
        if array.shape == shape:
            array = np.broadcast_to(array, (count, *shape))
        if array.shape != (count, *shape):
            raise self.error(key, f'has shape {array.shape}', f'{shape} or {(count, *shape)}')
        return list(array) if shape else array.tolist()

    def texts(self, key: str, count: int, default: str | None = None) -> list[str]:
        """Return `count` texts, from one for all or one for each; `default` where missing."""
        if key not in self and default is not None:
            return [default] * count
        array = self.arrays[key]
        if array.dtype.kind != 'U' or array.shape not in ((), (count,)):
            shapes = f'({count},)' if default is None else f'() or ({count},)'
            got = f'has shape {array.shape} and dtype {array.dtype}'
            raise self.error(key, got, f'text of shape {shapes}')
        return [str(text) for text in np.broadcast_to(array, (count,))]


def save_clips(path: str | Path, clips: Iterable[Clip]) -> Path:
    """Write clips so that `load_clips` gives back the same; returns the path.

    One clip is written with plain keys; several have `lengths` and are laid end to end.

    Args:
        path: file to write, ending in `.npz`; a whole one or none is left.
        clips: at least one; all of the same number of keypoints and coordinates.

    Raises:
        MotionFileError: another ending, no clip, clips of different shapes, or a skeleton that is
            not known.
        StorageError: the file cannot be written.
    """
    path, clips = Path(path), list(clips)
    check_ending(path, '.npz')
    if not clips:
        raise MotionFileError(f'got no clip to write to {path}; expected at least one')
    shapes = {clip.keypoints.shape[1:] for clip in clips}
    if len(shapes) > 1:
        raise MotionFileError(
            f'got clips of [K, D] {sorted(shapes)} for {path}; expected one shape a file, so '
            f'write them to several'
        )
    arrays = _arrays(path, clips)
    with storage_errors(path), whole_file(path) as partial:
        np.savez_compressed(partial, **arrays)
    return path


def load_clips(path: str | Path, rate_hz: float | None = None) -> list[Clip]:
    """Read an `.npz` of one clip or of many, or of a motion that `save_motion` wrote.

    `rate_hz` stands for the file's own rate.

    Returns:
        The clips. Where the file says nothing, `source` is its path and the other texts are ''.

    Raises:
        MotionFileError: with path, key, what it holds and what was expected.
    """
    path = Path(path)
    file = _Npz.open(path)
    if 'requested' in file:  # a motion of ours: what was requested is what it expresses
        file.arrays['emotions'] = file.arrays.pop('requested')
        file.arrays.pop('recognised', None)
    if rate_hz is not None:
        file.arrays['rate_hz'] = np.array(rate_hz)
    points = file.numbers('keypoints')
    if points.ndim != 3 or points.shape[-1] not in (2, 3) or 0 in points.shape:
        raise file.error(
            'keypoints',
            f'has shape {points.shape}',
            '[T, K, 3] in metres or [T, K, 2] in pixels, with at least one frame',
        )
    lengths = _lengths(file, len(points))
    points, confidence = _measured(file, points)
    shared = _shared(file, len(lengths))
    per_frame = _emotions(file, lengths)
    ends = np.cumsum(lengths)
    clips = []
    for number, (start, stop) in enumerate(zip(ends - lengths, ends, strict=True)):
        fields = {key: values[number] for key, values in shared.items()}
        frames = slice(start, stop)
        try:
            points_of, sure = _arranged(file, points[frames], confidence[frames], fields)
            emotions = None if per_frame is None else _or_none(per_frame[frames])
            clips.append(Clip(keypoints=points_of, confidence=sure, emotions=emotions, **fields))
        except MotionFileError as error:
            which = f' (clip {number} of {len(lengths)})' if len(lengths) > 1 else ''
            known = str(path) in str(error)
            raise error if known else MotionFileError(f'{path}{which}: {error}') from error
    return clips


def _arrays(path: Path, clips: Sequence[Clip]) -> dict[str, Any]:
    """Return what to write, without pickles."""
    single = len(clips) == 1
    arrays: dict[str, Any] = {
        'keypoints': np.concatenate([clip.keypoints for clip in clips]),
        'confidence': np.concatenate([clip.confidence for clip in clips]),
    }
    for key in ('rate_hz', 'skeleton', 'prepared', *_TEXTS):
        values = [getattr(clip, key) for clip in clips]
        if any(isinstance(value, str) and '\0' in value for value in values):
            raise MotionFileError(
                f'got a {key} with a zero character for {path}, which numpy cuts off; remove it'
            )
        arrays[key] = np.array(values[0] if single else values)
    if not single:
        arrays['lengths'] = np.array([len(clip) for clip in clips])
    if any(clip.emotions is not None for clip in clips):
        unknown = [np.full((len(clip), len(EMOTIONS)), np.nan, np.float32) for clip in clips]
        known = [clip.emotions for clip in clips]
        pairs = zip(known, unknown, strict=True)
        arrays['emotions'] = np.concatenate([b if a is None else a for a, b in pairs])
    if any(clip.valence_arousal is not None for clip in clips):
        ratings = np.array([clip.valence_arousal or (np.nan, np.nan) for clip in clips])
        arrays['valence_arousal'] = ratings[0] if single else ratings
    names = {_skeleton(path, clip.skeleton, clip.keypoints.shape[1]).names for clip in clips}
    if len(names) == 1:
        arrays['names'] = np.array(names.pop())
    return arrays


def _lengths(file: _Npz, frames: int) -> np.ndarray:
    if 'lengths' not in file:
        return np.array([frames])
    lengths = file.numbers('lengths')
    if lengths.ndim != 1 or lengths.dtype.kind not in 'iu' or not (lengths > 0).all():
        raise file.error(
            'lengths',
            f'has shape {lengths.shape} and dtype {lengths.dtype}',
            '[N] whole numbers above 0, the frames of each clip',
        )
    if lengths.sum() != frames:
        raise file.error(
            'lengths', f'sums to {lengths.sum()}', f'{frames}, the frames of keypoints'
        )
    return lengths.astype(np.int64)


def _measured(file: _Npz, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points [F, K, D] with NaN put to 0, and confidence [F, K], 0 there."""
    gone = np.isnan(points).all(axis=-1)
    points = np.where(gone[..., None], 0.0, points)
    # Written so that NaN fails as well.
    wrong = ~(np.abs(points) < 1e6).all(axis=-1)
    if wrong.any():
        frame, keypoint = np.argwhere(wrong)[0]
        raise file.error(
            'keypoints',
            f'is {points[frame, keypoint].tolist()} in frame {frame}, keypoint {keypoint}',
            'metres or pixels; all coordinates NaN where it is not measured',
        )
    confidence = np.ones(points.shape[:2])
    if 'confidence' in file:
        confidence = file.numbers('confidence')
        if confidence.shape != points.shape[:2]:
            raise file.error('confidence', f'has shape {confidence.shape}', points.shape[:2])
    return points, np.where(gone, 0.0, confidence)


def _shared(file: _Npz, count: int) -> dict[str, list]:
    """Return what holds for whole clips, a list of `count` values a key, as Clip takes them."""
    shared: dict[str, list] = {key: file.texts(key, count, '') for key in _TEXTS}
    if 'source' not in file:
        shared['source'] = [str(file.path)] * count
    shared['skeleton'] = file.texts('skeleton', count, 'body_25')
    shared['rate_hz'] = file.rows('rate_hz', count, ())
    if 'prepared' in file:
        shared['prepared'] = [bool(value) for value in file.rows('prepared', count, ())]
    if 'valence_arousal' in file:
        pairs = file.rows('valence_arousal', count, (2,))
        shared['valence_arousal'] = [_or_none(pair) for pair in pairs]
    return shared


def _emotions(file: _Npz, lengths: np.ndarray) -> np.ndarray | None:
    """Return emotion weights a frame [F, 7], NaN where not known; None where none are."""
    if 'emotion' in file:
        if 'emotions' in file:
            raise file.error('emotion', 'stands beside emotions', 'one of the two')
        texts = file.texts('emotion', len(lengths), '')
        try:
            weights = np.stack([emotion_weights(text) for text in texts])
        except EmotionError as error:
            raise MotionFileError(f'{file.path}, key emotion: {error}') from error
        return np.repeat(weights, lengths, axis=0)
    if 'emotions' not in file:
        return None
    weights, frames = file.numbers('emotions'), int(lengths.sum())
    if weights.shape == (len(EMOTIONS),):
        return np.tile(weights, (frames, 1))
    if weights.shape == (frames, len(EMOTIONS)):
        return weights
    if weights.shape == (len(lengths), len(EMOTIONS)):
        return np.repeat(weights, lengths, axis=0)
    each = f' or ({len(lengths)}, 7)' if 'lengths' in file else ''
    raise file.error(
        'emotions',
        f'has shape {weights.shape}',
        f'(7,){each} or ({frames}, 7) in the order {", ".join(EMOTIONS)}',
    )


def _arranged(
    file: _Npz, points: np.ndarray, confidence: np.ndarray, fields: dict
) -> tuple[np.ndarray, np.ndarray]:
    """Put one clip's keypoints in the skeleton's order; those that the file lacks get 0."""
    if 'names' not in file:
        _skeleton(file.path, fields['skeleton'], points.shape[1])
        return points, confidence
    skeleton = _skeleton(file.path, fields['skeleton'])
    names = file.texts('names', points.shape[1])
    unknown = [name for name in names if name not in skeleton.names]
    if unknown or len(set(names)) != len(names):
        what = f'has {", ".join(unknown)}' if unknown else 'has a name twice'
        raise file.error(
            'names', what, f'names of {skeleton.name!r}, each once: {", ".join(skeleton.names)}'
        )
    places = [skeleton.index(name) for name in names]
    arranged = np.zeros((len(points), skeleton.size, points.shape[-1]))
    sure = np.zeros((len(points), skeleton.size))
    arranged[:, places], sure[:, places] = points, confidence
    return arranged, sure


def _skeleton(path: Path, name: str, size: int | None = None) -> Skeleton:
    """Return the skeleton `name`; of K = `size` keypoints where they have no names."""
    try:
        skeleton = load_skeleton(name)
    except (SkeletonError, OSError) as error:  # a name may be too long for a path
        raise MotionFileError(f'{path}, key skeleton: {error}') from error
    if size not in (None, skeleton.size):
        raise MotionFileError(
            f'{path}: got {size} keypoints without names; the skeleton {name!r} has '
            f'{skeleton.size}: add the key names, [{size}] of {", ".join(skeleton.names)}'
        )
    return skeleton


def _or_none(values: np.ndarray) -> np.ndarray | None:
    """Return None for nothing but NaN, which stands for not known."""
    return None if np.isnan(values).all() else values
