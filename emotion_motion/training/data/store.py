# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A data set: prepared clips in a folder that opens at once and loads clip by clip.

The folder holds `manifest.json` (what it is made of), `index.safetensors` (a row a clip) and
shards with the frames. Opening reads the index alone; a clip is read when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
import json
from pathlib import Path
from typing import Any, cast, NamedTuple

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ConfigError, SkeletonError, TrainingError
from emotion_motion.files import check_free, new_folder, read_json, storage_errors
from emotion_motion.io.clip import Clip
from emotion_motion.training.data.shards import (
    Frames,
    Index,
    IndexRow,
    ShardReader,
    ShardWriter,
    SPLITS,
    TEXTS,
)
from emotion_motion.training.data.splits import fingerprint

__all__ = ['FORMAT', 'SPLITS', 'ClipInfo', 'MotionDataset', 'is_dataset', 'write_dataset']

FORMAT = 1  # raised when a folder of before can no longer be read
_MANIFEST, _INDEX = 'manifest.json', 'index.safetensors'

# A split for each clip in order, or what tells the split of a clip; None: all 'train'.
Splits = Callable[[Clip], str] | Sequence[str] | None


class ClipInfo(NamedTuple):
    """Where a clip comes from, as `Clip` has it; '' for what nobody knows."""

    source: str
    actor: str
    content: str
    licence: str
    label: str


class MotionDataset:
    """Prepared clips of one skeleton and rate, in a folder or in memory.

    Attributes:
        skeleton: whose keypoints they are.
        rate_hz: frames a second of every clip.
        dims: coordinates of a keypoint D, 3 or 2.
        lengths: [N] int64, frames of each clip.
        emotions: [N, 7] float32, mean emotion of each clip.
        splits: [N] of 'train', 'val' and 'test'.
        fingerprints: [N, 16] float32, see `fingerprint`.
        manifest: what the data set is made of.
        path: its folder; None in memory.
    """

    def __init__(
        self,
        index: Index,
        frames: _Memory | ShardReader,
        *,
        skeleton: Skeleton,
        rate_hz: float,
        manifest: dict[str, Any],
        path: Path | None = None,
    ) -> None:
        """Join an index and where the frames are, for `open` and `from_clips`."""
        self.skeleton, self.rate_hz, self.manifest, self.path = skeleton, rate_hz, manifest, path
        self.dims = int(skeleton.rest.shape[-1])
        self.lengths, self.emotions = index.lengths, index.emotions
        self.splits, self.fingerprints = index.splits, index.fingerprints
        self._index, self._frames = index, frames

    def __len__(self) -> int:
        return len(self.lengths)

    def info(self, i: int) -> ClipInfo:
        """Return where clip i comes from."""
        self._check(i)
        return ClipInfo(**self._index.texts(i))

    def frames(self, i: int, start: int = 0, stop: int | None = None) -> Frames:
        """Read frames `start` to `stop` (like a slice) of clip i, and no others.

        Returns:
            Keypoints [n, K, D], confidence [n, K] and emotions [n, 7], float32, yours to change.

        Raises:
            IndexError: there is no clip i.
            TrainingError: the shard is missing or damaged.
        """
        self._check(i)
        first, last, _ = slice(start, stop).indices(int(self.lengths[i]))
        shard, row = int(self._index.shards[i]), int(self._index.rows[i])
        return self._frames.read(shard, row + first, max(0, last - first))

    def clip(self, i: int) -> Clip:
        """Read clip i."""
        points, confidence, emotions = self.frames(i)
        return Clip(
            keypoints=points,
            rate_hz=self.rate_hz,
            skeleton=self.skeleton.name,
            confidence=confidence,
            emotions=emotions,
            prepared=True,
            valence_arousal=self._index.rating(i),
            **cast(dict[str, Any], self._index.texts(i)),
        )

    def chosen(self, split: str) -> np.ndarray:
        """Return the numbers of the clips of a split."""
        return np.flatnonzero(self.splits == split)

    @property
    def minutes(self) -> float:
        """Length of all clips in minutes."""
        return float(self.lengths.sum()) / self.rate_hz / 60.0

    def summary(self) -> list[str]:
        """Return minutes of each emotion and clips of each split, a line of text each."""
        minutes, splits = self.manifest['minutes_by_emotion'], self.manifest['splits']
        return [
            'minutes: ' + ', '.join(f'{name} {value:.1f}' for name, value in minutes.items()),
            'clips: ' + ', '.join(f'{name} {size["clips"]}' for name, size in splits.items()),
        ]

    @classmethod
    def open(cls, path: str | Path) -> MotionDataset:
        """Open the data set in a folder; reads its index, no frames.

        Raises:
            TrainingError: there is none, it is of another format, or something of it is missing
                or damaged.
        """
        path = Path(path)
        manifest = _read_manifest(path)
        index = Index.load(path / _INDEX)
        try:
            skeleton = Skeleton.from_dict(manifest['skeleton'])
            shards = [(entry['file'], int(entry['bytes'])) for entry in manifest['shards']]
            rate_hz = float(manifest['rate_hz'])
        except (KeyError, TypeError, ValueError, SkeletonError) as error:
            raise TrainingError(
                f'got {path / _MANIFEST}, which lacks or garbles something '
                f'({type(error).__name__}: {error}); import the data again'
            ) from error
        for name, size in shards:
            file = path / name
            actual = file.stat().st_size if file.is_file() else 'none'
            if actual != size:
                raise TrainingError(
                    f'got {actual} bytes in {file}; expected {size}, import the data again'
                )
        reader = ShardReader(path, [name for name, _ in shards])
        return cls(index, reader, skeleton=skeleton, rate_hz=rate_hz, manifest=manifest, path=path)

    @classmethod
    def from_clips(
        cls,
        clips: Iterable[Clip],
        *,
        skeleton: Skeleton | None = None,
        splits: Splits = None,
        manifest: dict[str, Any] | None = None,
    ) -> MotionDataset:
        """Hold prepared clips with emotions in memory: at least one, all of one rate.

        The skeleton is body_25, or its flat form for clips of D = 2, where none is given.

        Raises:
            TrainingError: no clip, or one that does not fit (see `write_dataset`).
        """
        clips = list(clips)
        if skeleton is None:
            skeleton = load_skeleton('body_25')
            skeleton = skeleton.flat() if clips and clips[0].dims == 2 else skeleton
        rate_hz = clips[0].rate_hz if clips else 0.0
        memory = _Memory()
        rows = list(_rows(clips, memory.add, skeleton, rate_hz, splits))
        index = Index.from_rows(rows)
        manifest = _manifest(index, skeleton, rate_hz, [], manifest)
        return cls(index, memory, skeleton=skeleton, rate_hz=rate_hz, manifest=manifest)

    def _check(self, i: int) -> None:
        if not 0 <= i < len(self):
            raise IndexError(f'got clip {i} of a data set of {len(self)}')


def write_dataset(
    path: str | Path,
    clips: Iterable[Clip],
    *,
    skeleton: Skeleton,
    rate_hz: float,
    splits: Splits = None,
    manifest: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> MotionDataset:
    """Write a data set, clip by clip, and open it.

    The folder appears when all is written: a crash leaves what was there before.

    Args:
        path: folder to make.
        clips: prepared clips with emotions; held in memory one shard at a time.
        skeleton: whose keypoints they are.
        rate_hz: frames a second of every clip.
        splits: of the clips ('train', 'val', 'test'), see `Splits`.
        manifest: entries to add, read after the last clip: what makes the clips may fill it.
        overwrite: replace a data set that is there.

    Raises:
        TrainingError: no clip, or one that is not prepared, or of another rate or other keypoints.
        StorageError: the folder exists, or cannot be written.
    """
    path = Path(path)
    check_free(path, replace=overwrite and is_dataset(path))
    with storage_errors(path), new_folder(path) as folder:
        writer = ShardWriter(folder)
        rows = list(_rows(clips, writer.add, skeleton, rate_hz, splits))
        writer.flush()
        index = Index.from_rows(rows)
        index.save(folder / _INDEX)
        entries = _manifest(index, skeleton, rate_hz, writer.shards, manifest)
        (folder / _MANIFEST).write_text(json.dumps(entries, indent=1, ensure_ascii=False) + '\n')
    return MotionDataset.open(path)


def is_dataset(path: str | Path) -> bool:
    """Tell whether a folder looks like a data set."""
    return (Path(path) / _MANIFEST).is_file() and (Path(path) / _INDEX).is_file()


class _Memory:
    """Frames of clips in memory; a clip is its own shard."""

    def __init__(self) -> None:
        self._clips: list[Frames] = []

    def add(
        self, keypoints: np.ndarray, confidence: np.ndarray, emotions: np.ndarray
    ) -> tuple[int, int]:
        self._clips.append((keypoints, confidence, emotions))
        return len(self._clips) - 1, 0

    def read(self, shard: int, first: int, count: int) -> Frames:
        points, confidence, emotions = self._clips[shard]
        part = slice(first, first + count)
        return points[part].copy(), confidence[part].copy(), emotions[part].copy()


def _rows(
    clips: Iterable[Clip],
    add: Callable[..., tuple[int, int]],
    skeleton: Skeleton,
    rate_hz: float,
    splits: Splits,
) -> Iterable[IndexRow]:
    """Check each clip, hand its frames to `add` and describe it."""
    for number, clip in enumerate(clips):
        emotions = _checked_emotions(clip, number, skeleton, rate_hz)
        split = _split(splits, clip, number)
        shard, row = add(clip.keypoints, clip.confidence, emotions)
        yield IndexRow(
            shard,
            row,
            len(clip),
            emotions.mean(axis=0),
            fingerprint(clip.keypoints, skeleton),
            split,
            clip.valence_arousal or (np.nan, np.nan),
            tuple(getattr(clip, name) for name in TEXTS),
        )


def _split(splits: Splits, clip: Clip, number: int) -> str:
    if splits is None:
        return 'train'
    if not callable(splits) and number >= len(splits):
        raise TrainingError(f'got {len(splits)} splits and more clips; expected one each')
    split = splits(clip) if callable(splits) else str(splits[number])
    if split not in SPLITS:
        raise TrainingError(f'got the split {split!r}; expected one of {", ".join(SPLITS)}')
    return split


def _checked_emotions(clip: Clip, number: int, skeleton: Skeleton, rate_hz: float) -> np.ndarray:
    """Return the emotions [T, 7] of a clip that fits the data set; raises where it does not."""
    same_body = clip.skeleton == skeleton.name and clip.keypoints.shape[1:] == skeleton.rest.shape
    same_rate = abs(clip.rate_hz - rate_hz) <= 1e-6 * rate_hz
    if clip.emotions is None or not (clip.prepared and same_body and same_rate):
        raise TrainingError(
            f'got clip {number} ({clip.source or "no source"}) at {clip.rate_hz} Hz with '
            f'keypoints {list(clip.keypoints.shape[1:])} of {clip.skeleton!r}, '
            f'{"" if clip.prepared else "not "}prepared, '
            f'with{"out" if clip.emotions is None else ""} emotions; expected a clip of '
            f'{rate_hz} Hz with {list(skeleton.rest.shape)} of {skeleton.name!r}: pass it through '
            f'emotion_motion.training.data.prepare and a label map'
        )
    return clip.emotions


def _manifest(
    index: Index,
    skeleton: Skeleton,
    rate_hz: float,
    shards: list[dict[str, Any]],
    more: dict[str, Any] | None,
) -> dict[str, Any]:
    import emotion_motion

    lengths = {split: index.lengths[index.splits == split] for split in SPLITS}
    minutes = (index.emotions * index.lengths[:, None] / rate_hz / 60.0).sum(axis=0)
    return {
        **(more or {}),
        'format': FORMAT,
        'version': emotion_motion.__version__,
        'rate_hz': float(rate_hz),
        'dims': int(skeleton.rest.shape[-1]),
        'clips': len(index.lengths),
        'frames': int(index.lengths.sum()),
        'splits': {s: {'clips': len(n), 'frames': int(n.sum())} for s, n in lengths.items()},
        'minutes_by_emotion': {
            name: round(float(share), 3) for name, share in zip(EMOTIONS, minutes, strict=True)
        },
        'skeleton': skeleton.to_dict(),
        'shards': shards,
    }


def _read_manifest(path: Path) -> dict[str, Any]:
    file = path / _MANIFEST
    if not file.is_file():
        raise TrainingError(
            f'got {path}, which holds no data set (no {_MANIFEST}); make one with '
            f'`emotion-motion data import` or `emotion-motion data corpus`'
        )
    try:
        manifest = read_json(file, 'long JSON')
    except ConfigError as error:
        raise TrainingError(f'{error}; import the data again') from error
    version = manifest.get('format') if isinstance(manifest, dict) else None
    if version != FORMAT:
        raise TrainingError(
            f'got {file} of the format {version!r}; this version reads {FORMAT}, import the data '
            f'again'
        )
    return manifest
