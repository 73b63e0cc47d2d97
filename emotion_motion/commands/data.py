# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The commands `emotion-motion data inspect`, `data import` and `data corpus`.

What stands before a `/` has no option's name on the command line, but its place.
"""

from __future__ import annotations

from pathlib import Path
import sys

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import format_emotion
from emotion_motion.exceptions import (
    ConfigError,
    EmotionMotionError,
    MotionFileError,
    TrainingError,
)
from emotion_motion.files import check_free
from emotion_motion.io.clip import checked_rate, Clip
from emotion_motion.io.reading import (
    describe_motion,
    find_motion,
    is_motion,
    JointReader,
    read_clips,
)
from emotion_motion.training.data.ingest import ingest, IngestSettings
from emotion_motion.training.data.labels import LabelMap
from emotion_motion.training.data.prepare import prepare
from emotion_motion.training.data.splits import SplitRule
from emotion_motion.training.data.store import is_dataset, MotionDataset, write_dataset

__all__ = ['import_data', 'inspect_data', 'make_corpus_data']

_CLIPS_SHOWN = 12
_DEFAULTS = IngestSettings()


def inspect_data(
    file: Path,
    /,
    out: Path | None = None,
    robot: str | None = None,
    urdf: Path | None = None,
    rate_hz: float | None = None,
    labels: Path | None = None,
) -> None:
    """Print what a motion file or a data set holds, and draw its first frame.

    Args:
        file: a motion file, a folder of OpenPose frames, a folder of motion files or a data set.
        out: picture to write; default NAME_first_frame.png in the current folder.
        robot: whose joint angles a .csv holds: a name (g1, pepper) or its YAML file.
        urdf: the robot's URDF, where its YAML file names none or another one.
        rate_hz: frames a second, instead of what the file says; of OpenPose, which says nothing,
            30 by default.
        labels: a label file; says what it makes of the clips.
    """
    from emotion_motion.training.data.first_frame import draw_first_frame

    if is_dataset(file):
        dataset = MotionDataset.open(file)
        lines, first = _dataset_lines(dataset), dataset.clip(0)
        step = _train_step(file)
    else:
        lines, first = _file_lines(file, _joint_reader(robot, urdf), rate_hz, labels)
        options = f'{f"--robot {robot} " if robot else ""}--labels {labels or "FILE"}'
        step = f'emotion-motion data import {file} {options} --out my_data'
    print('\n'.join(lines))
    out = out or Path(f'{file.resolve().stem}_first_frame.png')
    try:
        draw_first_frame(first, out, first.content or file.stem)
    except TrainingError as error:
        raise TrainingError(f'could not draw {file}: {error}') from error
    print(f'first frame: {out}; look at it, then: {step}')


def import_data(
    paths: tuple[Path, ...],
    /,
    out: Path,
    labels: Path | None = None,
    robot: str | None = None,
    urdf: Path | None = None,
    source_rate_hz: float | None = None,
    settings: IngestSettings = _DEFAULTS,
    overwrite: bool = False,
) -> None:
    """Make a data set of motion files.

    Files that cannot be used are listed at the end with the reason, and the exit status is 1 (2
    where none could be used); the others are in the data set.

    Args:
        paths: motion files, and folders to search for them.
        out: folder of the data set.
        labels: YAML that says what the clips mean, such as those in config/labels; without it
            they must bring their emotions.
        robot: whose joint angles a .csv holds: a name (g1, pepper) or its YAML file.
        urdf: the robot's URDF, where its YAML file names none or another one.
        source_rate_hz: frames a second of the files, instead of what they say; of OpenPose, which
            says nothing, 30 by default.
        settings: rate, splits and what is left out.
        overwrite: replace the data set that is in `out`.
    """
    if not paths:
        raise ConfigError('got no path; name the motion files or their folders')
    report = ingest(
        paths,
        out,
        settings,
        labels=LabelMap.load(labels) if labels else None,
        joints=_joint_reader(robot, urdf),
        source_rate_hz=source_rate_hz,
        overwrite=overwrite,
        on_file=_say_file if sys.stderr.isatty() else None,
    )
    print('\n'.join(report.lines()))
    if report.clips:
        look = f'look at it (emotion-motion data inspect {out})'
        print(f'wrote {out}; {look}, then: {_train_step(out)}')
    else:
        print(f'nothing could be used; {out} was not written')
    if report.status:
        sys.exit(report.status)


def make_corpus_data(
    out: Path,
    minutes: float = 300.0,
    seed: int = 0,
    rate_hz: float = 30.0,
    idle: Path | None = None,
    poses: Path | None = None,
    val_share: float = 0.05,
    test_share: float = 0.0,
    overwrite: bool = False,
) -> None:
    """Generate the expressive corpus as a data set.

    Args:
        out: folder of the data set.
        minutes: how much motion [min].
        seed: the same seed gives the same motion.
        rate_hz: frames a second.
        idle: data set of real idle motion whose sway is used (ReActIdle).
        poses: data set of animations whose key poses are used (REBL-Pepper).
        val_share: share of the generated people for validation.
        test_share: share of the generated people for the test.
        overwrite: replace the data set that is in `out`.
    """
    from emotion_motion.training.corpus.corpus import make_corpus

    checked_rate(rate_hz, given=True)
    check_free(out, replace=overwrite and is_dataset(out))
    rule = SplitRule(val_share, test_share, seed)
    real = {
        name: MotionDataset.open(path) for name, path in (('idle', idle), ('poses', poses)) if path
    }
    skeleton, carriers = load_skeleton(), None
    if real:
        from emotion_motion.training.corpus.carriers import Carriers

        carriers = Carriers.load(  # held-out clips are left alone
            **{name: [d.clip(int(i)) for i in d.chosen('train')] for name, d in real.items()}
        )
    clips = make_corpus(minutes, seed, rate_hz, carriers=carriers)
    source = {
        'path': f'corpus:{seed}',
        'minutes': minutes,
        'licence': clips[0].licence,
        'carriers': [{'path': str(data.path)} for data in real.values()],
    }
    owed = (data.manifest.get('attribution', '') for data in real.values())
    manifest = {
        'name': f'expressive corpus, {minutes:g} minutes, seed {seed}',
        'attribution': '; '.join(filter(None, owed)),
        'settings': {'minutes': minutes, 'seed': seed, 'group': 'auto'},
        'sources': [source],
    }
    dataset = write_dataset(
        out,
        (prepare(clip, skeleton, rate_hz=rate_hz) for clip in clips),
        skeleton=skeleton,
        rate_hz=rate_hz,
        splits=rule,
        manifest=manifest,
        overwrite=overwrite,
    )
    print('\n'.join(_dataset_lines(dataset)))
    print(f'wrote {out}; train on it: {_train_step(out)}')


def _joint_reader(robot: str | None, urdf: Path | None) -> JointReader | None:
    """Return what reads a robot's joint angles; None where no robot was named."""
    if robot is None:
        if urdf is not None:
            raise ConfigError(f'got --urdf {urdf} without --robot; name the robot, or its YAML')
        return None
    from emotion_motion.robot.description.recordings import JointRecordings
    from emotion_motion.robot.description.robot import Robot

    return JointRecordings(Robot.load(robot, urdf))


def _train_step(data: Path) -> str:
    return f'emotion-motion train --out my_run --data {data}'


def _dataset_lines(dataset: MotionDataset) -> list[str]:
    manifest = dataset.manifest
    licences = sorted({dataset.info(i).licence or 'unknown' for i in range(len(dataset))})
    return [
        f'{dataset.path}: data set of {len(dataset)} clips, {dataset.minutes:.1f} minutes',
        f'{dataset.skeleton.name}, {dataset.dims}D, {dataset.rate_hz:g} Hz, '
        f'{len(manifest["shards"])} shards',
        *dataset.summary(),
        f'sources: {len(manifest.get("sources", []))}, licences: {", ".join(licences)}, '
        f'rejected at import: {len(manifest.get("rejected", []))}',
    ]


def _file_lines(
    file: Path, joints: JointReader | None, rate_hz: float | None, labels: Path | None
) -> tuple[list[str], Clip]:
    """Describe a motion file, or the first of a folder; return its first clip, too."""
    lines = []
    if file.is_dir() and not is_motion(file):
        motions = find_motion(file, joints)
        if not motions:
            raise MotionFileError(f'got the folder {file} without any motion file')
        lines.append(f'{file}: {len(motions)} motion files; the first one:')
        file = motions[0]
    lines += describe_motion(file, joints=joints, rate_hz=rate_hz)
    clips = read_clips(file, joints=joints, rate_hz=rate_hz)
    label_map = LabelMap.load(labels) if labels else None
    for number, clip in enumerate(clips[:_CLIPS_SHOWN]):
        lines.append(f'clip {number + 1} of {len(clips)}: {_clip_line(clip, label_map)}')
        lines += [f'  warning: {text}' for text in clip.remarks]
    if len(clips) > _CLIPS_SHOWN:
        lines.append(f'and {len(clips) - _CLIPS_SHOWN} more clips')
    return lines, clips[0]


def _clip_line(clip: Clip, labels: LabelMap | None) -> str:
    """Describe a clip: size, movement, confidence, labels."""
    measured = clip.confidence > 0.0
    steps = np.linalg.norm(np.diff(clip.keypoints, axis=0), axis=-1) * clip.rate_hz
    both = measured[1:] & measured[:-1]
    speed = float(steps[both].mean()) if both.any() else 0.0
    unit = 'body heights/s' if clip.prepared else 'm/s' if clip.dims == 3 else 'pixels/s'
    parts = [
        f'{len(clip)} frames at {clip.rate_hz:g} Hz, {clip.duration_s:.2f} s, {clip.dims}D',
        f'mean speed {speed:.3g} {unit}',
        f'measured {measured.mean():.0%}, mean confidence {clip.confidence.mean():.2f}',
    ]
    for name in ('label', 'actor', 'content', 'licence'):
        parts += [f'{name} {getattr(clip, name)}'] if getattr(clip, name) else []
    if clip.valence_arousal is not None:
        valence, arousal = clip.valence_arousal
        parts.append(f'valence {valence:+.2f}, arousal {arousal:+.2f}')
    if clip.emotions is not None:
        parts.append(f'emotions {format_emotion(clip.emotions.mean(axis=0))}')
    elif labels is not None:
        parts.append(_meaning(clip, labels))
    return '; '.join(parts)


def _meaning(clip: Clip, labels: LabelMap) -> str:
    """Return what a label map makes of a clip; an error of it is part of the answer."""
    try:
        if labels.ignores(clip):
            return f'left out for its label {labels.label_of(clip)!r}'
        return f'means {format_emotion(labels.emotions(clip))}'
    except EmotionMotionError as error:
        return str(error)


def _say_file(number: int, count: int, path: Path) -> None:
    print(f'\r[{number + 1}/{count}] {path.name[:60]:<60}', end='', file=sys.stderr, flush=True)
    if number + 1 == count:
        print(file=sys.stderr)
