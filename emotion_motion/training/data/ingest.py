# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion files in, a data set out; what cannot be used is reported at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
import dataclasses
from dataclasses import dataclass, field
import hashlib
import itertools
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import EmotionMotionError, TrainingError
from emotion_motion.files import check_free
from emotion_motion.io.clip import Clip, FASTEST_HZ, SLOWEST_HZ
from emotion_motion.io.doubts import odd_body, rest_frames
from emotion_motion.io.reading import find_motion, is_motion, JointReader, read_clips
from emotion_motion.settings import Checked, plain, setting
from emotion_motion.training.data.labels import LabelMap
from emotion_motion.training.data.prepare import prepare, Travel
from emotion_motion.training.data.shards import file_hash
from emotion_motion.training.data.splits import check_leaks, GroupBy, SplitRule
from emotion_motion.training.data.store import is_dataset, MotionDataset, write_dataset

__all__ = ['IngestReport', 'IngestSettings', 'ingest']

_STILL = 0.004  # body heights: who moves no keypoint farther than that does not move
_PATHS_SHOWN = 6


@dataclass(frozen=True)
class IngestSettings(Checked):
    """How motion becomes a data set."""

    rate_hz: float = setting(30.0, 'frames a second of the data set [Hz]', SLOWEST_HZ, FASTEST_HZ)
    val_share: float = setting(0.1, 'share of actors (or sources) for validation', 0.0, 1.0)
    test_share: float = setting(0.1, 'share of actors (or sources) for the test', 0.0, 1.0)
    seed: int = setting(0, 'of the splits')
    group: GroupBy = setting(
        'auto',
        'what stays in one split: actor, source, or auto: as the label file says, else the actor '
        'where known',
    )
    travel: Travel = setting(
        'refuse',
        'refuse rejects people who go farther than 0.5 body heights or turn by more than 150 '
        'degrees: the model stands; remove takes walking and turning out, feet then glide; keep '
        'leaves them',
    )
    min_seconds: float = setting(0.5, 'shorter clips are rejected [s]', 0.0)
    any_body: bool = setting(
        False, 'take bodies, too, that are not upright or have not the proportions of a person'
    )

    def check(self) -> None:
        """Raise ConfigError where no splits can be made."""
        self.rule()

    def rule(self, labels: LabelMap | None = None) -> SplitRule:
        """Return the rule of the splits; `auto` is what the label file says."""
        group = labels.file.group if labels and self.group == 'auto' else self.group
        return SplitRule(self.val_share, self.test_share, self.seed, group)


@dataclass
class IngestReport:
    """What became of the files.

    Attributes:
        read: files read.
        clips: clips written.
        dataset: that they are in; None where no clip could be used.
        rejected: path and reason of what could not be used.
        ignored: clips left out for their label, by label.
        remarks: path and what is odd about clips that were written.
        leaks: what the leak check says, '' for nothing.
    """

    read: int = 0
    clips: int = 0
    dataset: MotionDataset | None = None
    rejected: list[tuple[str, str]] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    leaks: str = ''

    @property
    def status(self) -> int:
        """Exit status: 0, 1 where something was rejected or leaks, 2 where nothing was usable."""
        if not self.clips:
            return 2
        return 1 if self.rejected or self.leaks else 0

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        minutes = self.dataset.minutes if self.dataset else 0.0
        lines = [f'read {self.read} files: {self.clips} clips, {minutes:.1f} minutes']
        if self.dataset:
            lines += self.dataset.summary()
            empty = [split for split in ('train', 'val') if not len(self.dataset.chosen(split))]
            if empty:
                lines.append(
                    f'no clip is in {" or ".join(empty)}: with few groups, try another --seed or '
                    f'larger shares'
                )
        if self.ignored:
            labels = ', '.join(f'{label} {n}' for label, n in sorted(self.ignored.items()))
            lines.append(f'left out as the label file says: {labels}')
        lines += [self.leaks] if self.leaks else []
        return lines + _grouped('remarks', self.remarks) + _grouped('rejected', self.rejected)


def _grouped(title: str, entries: list[tuple[str, str]]) -> list[str]:
    """Return each reason once, with its paths; a reason that names its path stands alone."""
    if not entries:
        return []
    lines = [f'{title} {len(entries)}:']
    by_reason = sorted(entries, key=itemgetter(1))
    for reason, group in itertools.groupby(by_reason, key=itemgetter(1)):
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
    settings: IngestSettings | None = None,
    *,
    labels: LabelMap | None = None,
    joints: JointReader | None = None,
    source_rate_hz: float | None = None,
    overwrite: bool = False,
    on_file: Callable[[int, int, Path], None] | None = None,
) -> IngestReport:
    """Read, label, prepare and split motion and write it as a data set.

    Args:
        paths: motion files, and folders that are searched for them.
        out: folder of the data set.
        settings: rate, splits and what is left out.
        labels: what the clips mean; None where they bring their emotions.
        joints: what reads tables of joint angles, see `emotion_motion.io.reading`.
        source_rate_hz: frames a second of the files, see `read_clips`.
        overwrite: replace a data set that is there.
        on_file: called before each file with its number, how many there are, and its path.

    Returns:
        What became of the files. Nothing is written where no clip could be used.

    Raises:
        StorageError: `out` exists or cannot be written.
    """
    out, settings = Path(out), settings or IngestSettings()
    check_free(out, replace=overwrite and is_dataset(out))
    run = _Import(settings, labels)
    clips = run.clips(run.motions(paths, joints), joints, source_rate_hz, on_file)
    first = next(clips, None)
    if first is not None:
        run.report.dataset = write_dataset(
            out,
            itertools.chain([first], clips),
            skeleton=run.skeleton,
            rate_hz=settings.rate_hz,
            splits=run.rule,
            manifest=run.manifest,
            overwrite=overwrite,
        )
        try:
            check_leaks(run.report.dataset)
        except TrainingError as error:
            run.report.leaks = str(error)
    return run.report


class _Import:
    """One import: what is known while files are read, one after the other."""

    def __init__(self, settings: IngestSettings, labels: LabelMap | None) -> None:
        self.skeleton = load_skeleton()
        self.report, self.rule = IngestReport(), settings.rule(labels)
        self._settings, self._labels = settings, labels
        self._licence = ''  # of the last clip
        self._here = ('', '')  # where the motion lies that is read, and its name in the manifest
        given = dict(labels.given) if labels else None
        kept = {**plain(settings), 'group': self.rule.by, 'labels': given}
        self.manifest: dict[str, Any] = {
            'settings': kept,
            'sources': [],
            'remarks': [],
            'rejected': [],
        }
        if labels is not None:  # for the model card
            texts = {'name': labels.file.name, 'attribution': labels.file.attribution}
            self.manifest |= {key: text for key, text in texts.items() if text}

    def motions(
        self, paths: Sequence[str | Path], joints: JointReader | None
    ) -> list[tuple[Path, str]]:
        """Return every motion with a name that does not depend on where the data lies."""
        names: dict[Path, str] = {}
        for given in map(Path, paths):
            search = given.is_dir() and not is_motion(given)
            below = find_motion(given, joints) if search else [given]
            if not below:
                self._here = str(given), given.name
                self._reject(str(given), TrainingError('holds no motion file'))
            root = given.resolve().parent if given.is_dir() else given.resolve().parent.parent
            for path in below:
                names.setdefault(path, path.resolve().relative_to(root).as_posix())
        return list(names.items())

    def clips(
        self,
        motions: list[tuple[Path, str]],
        joints: JointReader | None,
        source_rate_hz: float | None,
        on_file: Callable[[int, int, Path], None] | None,
    ) -> Iterator[Clip]:
        """Yield prepared clips, and note what else there is."""
        for number, (path, name) in enumerate(motions):
            if on_file is not None:
                on_file(number, len(motions), path)
            self._here = str(path), name
            try:
                clips = read_clips(path, joints=joints, rate_hz=source_rate_hz)
            except Exception as error:  # a damaged file may fail in any way
                self._reject(str(path), error)
                continue
            self.report.read += 1
            before = self.report.clips
            for clip in clips:
                yield from self._prepared(clip, str(path))
            if self.report.clips > before:
                entry = {'path': name, **_origin(path), 'clips': self.report.clips - before}
                self.manifest['sources'].append({**entry, 'licence': self._licence})
        self.manifest['ignored'] = dict(self.report.ignored)

    def _prepared(self, clip: Clip, path: str) -> Iterator[Clip]:
        """Yield the clip prepared, or nothing."""
        where = clip.source or path
        try:
            if self._labels is not None and clip.emotions is None and self._labels.ignores(clip):
                self.report.ignored[self._labels.label_of(clip)] += 1
                return
            clip = self._usable(clip)
        except Exception as error:  # so may what it holds
            self._reject(where, error)
            return
        source = self._named(where)
        self.report.clips += 1
        self.report.remarks += [(where, text) for text in clip.remarks]
        self.manifest['remarks'] += [{'path': source, 'remark': text} for text in clip.remarks]
        self._licence = clip.licence
        yield dataclasses.replace(clip, source=source)

    def _usable(self, clip: Clip) -> Clip:
        """Return the clip labelled and prepared; raises where it cannot be used."""
        least_s = self._settings.min_seconds
        if clip.duration_s < least_s:
            raise TrainingError(f'lasts {clip.duration_s:.2f} s; expected at least {least_s:g} s')
        if (problems := odd_body(clip)) and not self._settings.any_body:
            raise TrainingError(f'{"; ".join(problems)} (--any-body takes it all the same)')
        clip = _without_rest(clip)
        clip = self._labels.labelled(clip) if self._labels else clip
        if clip.emotions is None:
            raise TrainingError('has no emotions of its own; give a label file (--labels)')
        if not self.report.clips:
            self.skeleton = load_skeleton() if clip.dims == 3 else load_skeleton().flat()
        if clip.dims != self.skeleton.dims:
            raise TrainingError(
                f'has {clip.dims} coordinates; this data set is {self.skeleton.dims}D, import '
                f'the others into one of their own'
            )
        rate_hz, travel = self._settings.rate_hz, self._settings.travel
        clip = prepare(clip, self.skeleton, rate_hz=rate_hz, travel=travel)
        measured = (clip.confidence > 0.0)[..., None]
        highest = np.where(measured, clip.keypoints, -np.inf).max(axis=0)
        if (highest - np.where(measured, clip.keypoints, np.inf).min(axis=0)).max() < _STILL:
            raise TrainingError('nothing in it moves')
        self.rule(clip)  # an unknown group is this clip's fault, not the data set's
        return clip

    def _reject(self, where: str, error: Exception) -> None:
        kind = '' if isinstance(error, EmotionMotionError) else f'{type(error).__name__}: '
        reason = f'{kind}{error}'
        self.report.rejected.append((where, reason))
        entry = {'path': self._named(where), 'reason': self._named(reason)}
        self.manifest['rejected'].append(entry)

    def _named(self, text: str) -> str:
        """Return a text with the motion's name: where data lies changes no splits or manifest."""
        return text.replace(*self._here)


def _without_rest(clip: Clip) -> Clip:
    """Return the clip without a rest pose in front of the motion."""
    count = rest_frames(clip)
    if not count:
        return clip
    emotions = clip.emotions if clip.emotions is None else clip.emotions[count:]
    return dataclasses.replace(
        clip,
        keypoints=clip.keypoints[count:],
        confidence=clip.confidence[count:],
        emotions=emotions,
    )


def _origin(path: Path) -> dict[str, Any]:
    """Return hash and size of a file, or of all files in a folder."""
    if path.is_file():
        return {'sha256': file_hash(path), 'bytes': path.stat().st_size}
    files = sorted(file for file in path.iterdir() if file.is_file())
    hashes = ''.join(f'{file.name} {file_hash(file)}\n' for file in files)
    digest = hashlib.sha256(hashes.encode('utf-8', 'replace')).hexdigest()
    return {'sha256': digest, 'bytes': sum(file.stat().st_size for file in files)}
