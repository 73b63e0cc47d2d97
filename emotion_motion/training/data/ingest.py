# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion files in, a data set out; what cannot be used is told at the end, the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import dataclasses
from dataclasses import dataclass, field
import hashlib
import itertools
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import EmotionMotionError, TrainingError
from emotion_motion.files import check_free
from emotion_motion.io.clip import Clip
from emotion_motion.io.reading import find_motion, is_motion, read_clips
from emotion_motion.training.data.labels import LabelMap
from emotion_motion.training.data.prepare import prepare, Travel
from emotion_motion.training.data.shards import file_hash
from emotion_motion.training.data.splits import check_leaks, GroupBy, SplitRule
from emotion_motion.training.data.store import is_dataset, write_dataset

__all__ = ['IngestReport', 'ingest']

_STILL = 0.004  # body heights: who moves no keypoint farther than that does not move
_PATHS_SHOWN = 6


@dataclass
class IngestReport:
    """What became of the files.

    Attributes:
        out: the data set's folder.
        read: files read.
        clips: clips written.
        minutes: their length.
        by_emotion: minutes of each emotion.
        by_split: clips of each split.
        rejected: path and reason of what could not be used.
        ignored: clips left out for their label, by label.
        leaks: what the leak check says, '' for nothing.
    """

    out: Path
    read: int = 0
    clips: int = 0
    minutes: float = 0.0
    by_emotion: dict[str, float] = field(default_factory=dict)
    by_split: dict[str, int] = field(default_factory=dict)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    leaks: str = ''

    @property
    def status(self) -> int:
        """Exit status: 0, 1 where something was rejected or leaks, 2 where nothing was usable."""
        if not self.clips:
            return 2
        return 1 if self.rejected or self.leaks else 0

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        lines = [f'read {self.read} files: {self.clips} clips, {self.minutes:.1f} minutes']
        if self.clips:
            lines.append('minutes: ' + _listed(self.by_emotion, '.1f'))
            lines.append('clips: ' + _listed(self.by_split, 'd'))
            empty = [split for split in ('train', 'val') if not self.by_split.get(split)]
            if empty:
                lines.append(
                    f'no clip is in {" or ".join(empty)}: with few groups, try another --seed or '
                    f'larger shares'
                )
        if self.ignored:
            lines.append('left out as the label file says: ' + _listed(self.ignored, 'd'))
        lines += [self.leaks] if self.leaks else []
        return lines + self._rejected_lines()

    def _rejected_lines(self) -> list[str]:
        """Return each reason once, with its paths; a reason that names its path stands alone."""
        if not self.rejected:
            return []
        lines = [f'rejected {len(self.rejected)}:']
        for reason, group in itertools.groupby(sorted(self.rejected, key=_reason), key=_reason):
            paths = [path for path, _ in group]
            if len(paths) == 1 and paths[0] in reason:
                lines.append(f'  {reason}')
                continue
            shown = ', '.join(paths[:_PATHS_SHOWN])
            more = f' and {len(paths) - _PATHS_SHOWN} more' if len(paths) > _PATHS_SHOWN else ''
            lines.append(f'  {shown}{more}: {reason}')
        return lines


def ingest(
    paths: Sequence[str | Path],
    out: str | Path,
    *,
    labels: LabelMap | None = None,
    rate_hz: float = 30.0,
    urdf: str | Path | None = None,
    source_rate_hz: float | None = None,
    val_share: float = 0.1,
    test_share: float = 0.1,
    seed: int = 0,
    group: GroupBy = 'auto',
    travel: Travel = 'remove',
    min_seconds: float = 0.5,
    overwrite: bool = False,
    on_file: Callable[[int, int, Path], None] | None = None,
) -> IngestReport:
    """Read, label, prepare and split motion and write it as a data set.

    Args:
        paths: motion files, and folders that are searched for them.
        out: folder of the data set.
        labels: what the clips mean; None where they bring their emotions.
        rate_hz: frames a second of the data set.
        urdf: the robot of joint angles.
        source_rate_hz: frames a second of files that do not say (OpenPose); default 30.
        val_share: share of groups for validation.
        test_share: share of groups for the test.
        seed: of the splits.
        group: what is not torn by the splits: 'actor', 'source', or 'auto': as the label file
            says, else the actor where known and the source where not.
        travel: see `prepare`.
        min_seconds: shorter clips are rejected.
        overwrite: replace a data set that is there.
        on_file: called before each file with its number, how many there are, and its path.

    Returns:
        What became of the files. Nothing is written where no clip could be used.

    Raises:
        TrainingError: a setting is out of its range, or `out` exists or cannot be written.
    """
    out = Path(out)
    check_free(out, replace=overwrite and is_dataset(out))
    if group == 'auto' and labels is not None:
        group = labels.group
    rule = SplitRule(val_share, test_share, seed, group)
    settings = {
        'rate_hz': rate_hz,
        'val_share': val_share,
        'test_share': test_share,
        'seed': seed,
        'group': group,
        'travel': travel,
        'min_seconds': min_seconds,
        'labels': dict(labels.given) if labels else None,
    }
    report = IngestReport(out)
    manifest: dict[str, Any] = {'settings': settings, 'sources': [], 'rejected': []}
    if labels is not None:  # for the model card
        told = {'name': labels.name, 'attribution': labels.attribution}
        manifest |= {key: value for key, value in told.items() if value}
    work = _Work(report, manifest, labels, rate_hz, travel, min_seconds, rule)
    clips = work.clips(work.expanded(paths), urdf, source_rate_hz, on_file)
    first = next(clips, None)
    if first is None:
        return report
    dataset = write_dataset(
        out,
        itertools.chain([first], clips),
        skeleton=work.skeleton,
        rate_hz=rate_hz,
        splits=rule,
        manifest=manifest,
        overwrite=overwrite,
    )
    report.minutes = dataset.minutes
    report.by_emotion = dict(dataset.manifest['minutes_by_emotion'])
    report.by_split = {s: n['clips'] for s, n in dataset.manifest['splits'].items()}
    try:
        check_leaks(dataset)
    except TrainingError as error:
        report.leaks = str(error)
    return report


@dataclass
class _Work:
    """What is known while files are read, one after the other."""

    report: IngestReport
    manifest: dict[str, Any]
    labels: LabelMap | None
    rate_hz: float
    travel: Travel
    min_seconds: float
    rule: SplitRule
    skeleton: Skeleton = field(default_factory=load_skeleton)
    licence: str = ''  # of the last clip

    def expanded(self, paths: Sequence[str | Path]) -> list[tuple[Path, str]]:
        """Return every motion with a name that does not depend on where the data lies."""
        found: dict[Path, str] = {}
        for given in map(Path, paths):
            below = find_motion(given) if given.is_dir() and not is_motion(given) else [given]
            if not below:
                self.reject(str(given), TrainingError('holds no motion file'))
            root = given.resolve().parent if given.is_dir() else given.resolve().parent.parent
            for path in below:
                found.setdefault(path, path.resolve().relative_to(root).as_posix())
        return list(found.items())

    def clips(
        self, found: list[tuple[Path, str]], urdf: Any, source_rate_hz: float | None, on_file: Any
    ) -> Iterator[Clip]:
        """Yield prepared clips, and note what else there is."""
        for number, (path, name) in enumerate(found):
            if on_file is not None:
                on_file(number, len(found), path)
            try:
                clips = read_clips(path, urdf=urdf, rate_hz=source_rate_hz)
            except Exception as error:  # a damaged file may fail in any way
                self.reject(str(path), error)
                continue
            self.report.read += 1
            before = self.report.clips
            for clip in clips:
                yield from self.one(clip, path, name)
            if self.report.clips > before:
                self.manifest['sources'].append(
                    {
                        'path': name,
                        **_origin(path),
                        'clips': self.report.clips - before,
                        'licence': self.licence,
                    }
                )
        self.manifest['ignored'] = dict(self.report.ignored)

    def one(self, clip: Clip, path: Path, name: str) -> Iterator[Clip]:
        """Yield the clip prepared, or nothing."""
        where = clip.source or str(path)
        try:
            if self.labels is not None and clip.emotions is None and self.labels.ignores(clip):
                label = self.labels.label_of(clip)
                self.report.ignored[label] = self.report.ignored.get(label, 0) + 1
                return
            clip = self.usable(clip)
        except Exception as error:  # so may what it holds
            self.reject(where, error)
            return
        # Where the data lies on this machine shall change neither splits nor manifest.
        source = name + where[len(str(path)) :] if where.startswith(str(path)) else where
        self.report.clips += 1
        self.licence = clip.licence
        yield dataclasses.replace(clip, source=source)

    def usable(self, clip: Clip) -> Clip:
        """Return the clip labelled and prepared; raises where it cannot be used."""
        if clip.duration_s < self.min_seconds:
            raise TrainingError(
                f'lasts {clip.duration_s:.2f} s; expected at least {self.min_seconds:g} s'
            )
        if self.labels is not None:
            clip = self.labels.labelled(clip)
        if clip.emotions is None:
            raise TrainingError('has no emotions of its own; give a label file (--labels)')
        if not self.report.clips:
            self.skeleton = load_skeleton() if clip.dims == 3 else load_skeleton().flat()
        if clip.dims != self.skeleton.dims:
            raise TrainingError(
                f'has {clip.dims} coordinates; this data set is {self.skeleton.dims}D, import '
                f'the others into one of their own'
            )
        clip = prepare(clip, self.skeleton, rate_hz=self.rate_hz, travel=self.travel)
        measured = (clip.confidence > 0.0)[..., None]
        highest = np.where(measured, clip.keypoints, -np.inf).max(axis=0)
        if (highest - np.where(measured, clip.keypoints, np.inf).min(axis=0)).max() < _STILL:
            raise TrainingError('nothing in it moves')
        self.rule(clip)  # an unknown group is this clip's fault, not the data set's
        return clip

    def reject(self, where: str, error: Exception) -> None:
        reason = (
            str(error)
            if isinstance(error, EmotionMotionError)
            else (f'{type(error).__name__}: {error}')
        )
        self.report.rejected.append((where, reason))
        self.manifest['rejected'].append({'path': where, 'reason': reason})


def _origin(path: Path) -> dict[str, Any]:
    """Return hash and size of a file, or of all files in a folder."""
    if path.is_file():
        return {'sha256': file_hash(path), 'bytes': path.stat().st_size}
    files = sorted(file for file in path.iterdir() if file.is_file())
    each = ''.join(f'{file.name} {file_hash(file)}\n' for file in files)
    digest = hashlib.sha256(each.encode('utf-8', 'replace')).hexdigest()
    return {'sha256': digest, 'bytes': sum(file.stat().st_size for file in files)}


def _reason(rejected: tuple[str, str]) -> str:
    return rejected[1]


def _listed(numbers: dict[str, Any], form: str) -> str:
    order = {name: place for place, name in enumerate(EMOTIONS)}
    keys = sorted(numbers, key=lambda name: (order.get(name, -1), name))
    return ', '.join(f'{key} {numbers[key]:{form}}' for key in keys)
