# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A logged run made again as a motion, with what there is to tell of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
import contextlib
import math
import os
from typing import NamedTuple

import numpy as np
import torch

from emotion_motion.emotion import dominant, recognised_distribution
from emotion_motion.exceptions import ConfigError, MotionFileError
from emotion_motion.generator import MotionGenerator
from emotion_motion.io.motion import Motion
from emotion_motion.replay.log_file import read_runs, Run
from emotion_motion.replay.replay import Replay, Replayed

__all__ = ['ReplayedRun', 'emotion_rows', 'replay_run']

_ROWS = 24


class ReplayedRun(NamedTuple):
    """What came of a replay.

    Attributes:
        motion: the first stream.
        generator: what made it, at the run's end.
        notes: what a user should know, a sentence each; the first says whether it is the run.
    """

    motion: Motion
    generator: MotionGenerator
    notes: list[str]


def replay_run(
    path: str | os.PathLike[str],
    *,
    number: int = 0,
    model: str | None = None,
    seconds: float | None = None,
    model_frames: bool = False,
) -> ReplayedRun:
    """Make a run again on the device and with the number of threads that made it.

    Args:
        path: a file of runs.
        number: which of them, from 1; 0 is the last.
        model: name or folder of the model; None: as it was named in the run.
        seconds: how much of the run [s]; None: as much as the log knows of.
        model_frames: the frames of the model in place of the poses that were shown.

    Raises:
        ConfigError: number or seconds is out of range, or the device is not there.
        CheckpointError: the model cannot be found or loaded.
        MotionFileError: the file cannot be read, the model is another one, or there is no frame.
    """
    if seconds is not None and not 0.0 < seconds < math.inf:
        raise ConfigError(f'got {seconds} s of a run; expected seconds above 0')
    run = _chosen(read_runs(path), number)
    with _threads(run.begin['machine'].get('threads')):
        return _replayed(run, model, seconds, model_frames)


def _replayed(
    run: Run, model: str | None, seconds: float | None, model_frames: bool
) -> ReplayedRun:
    loaded = MotionGenerator.from_pretrained(
        run.begin['model'] if model is None else model, device=run.begin['device']
    )
    replay = Replay(run, loaded.checkpoint)
    rates: Counter[float] = Counter()
    frames = list(_frames(replay, seconds, model_frames, rates))
    if not frames:
        raise MotionFileError(
            f'got {run.path}, whose run {run.number} has no frame; give --seconds, or --run'
        )
    keypoints, requested, recognised = (np.stack(part) for part in zip(*frames, strict=True))
    skeleton = replay.generator.skeleton
    motion = Motion(
        keypoints=keypoints,
        requested=requested,
        recognised=recognised,
        rate_hz=replay.generator.rate if model_frames else rates.most_common(1)[0][0],
        skeleton=skeleton.name,
        names=skeleton.names,
    )
    return ReplayedRun(motion, replay.generator, _notes(replay, rates, model_frames))


def emotion_rows(motion: Motion) -> dict[str, np.ndarray]:
    """Return keypoints [T, K, D] of each stretch in which one emotion was asked for most, by name.

    Raises:
        MotionFileError: there are too many to draw.
    """
    names = [dominant(weights) for weights in motion.requested]
    ends = [i for i in range(1, len(names)) if names[i] != names[i - 1]] + [len(names)]
    if len(ends) > _ROWS:
        raise MotionFileError(
            f'got {len(ends)} changes of emotion; a picture holds {_ROWS}: write .npz or .csv, or '
            f'give --seconds'
        )
    rows: dict[str, np.ndarray] = {}
    for number, (begin, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True), 1):
        name = names[begin]
        rows[name if name not in rows else f'{name} ({number})'] = motion.keypoints[begin:end]
    return rows


@contextlib.contextmanager
def _threads(number: object) -> Iterator[None]:
    """Let torch use as many threads for a while: sums of another order end in other bits."""
    before = torch.get_num_threads()
    if type(number) is int and 0 < number < 1024:
        torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _chosen(runs: list[Run], number: int) -> Run:
    if not 0 <= number <= len(runs):
        raise ConfigError(
            f'got the run {number} of {runs[0].path}; expected 1 to {len(runs)}, or 0 for the last'
        )
    return runs[number - 1]


def _frames(
    replay: Replay, seconds: float | None, model_frames: bool, rates: Counter[float]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield keypoints [K, D], requested [7] and recognised [7]; count the poses of each rate."""
    for pose in replay.poses(seconds):
        rates[_rate_hz(pose)] += 1
        if not model_frames:
            yield pose.keypoints[0], pose.requested[0], pose.recognised[0]
            continue
        for frame in pose.frames:
            seen = recognised_distribution(frame.emotion_logits[0])
            yield frame.keypoints[0], pose.requested[0], seen


def _rate_hz(pose: Replayed) -> float:
    return round(1.0 / pose.period_s, 6) if pose.period_s else math.inf


def _notes(replay: Replay, rates: Counter[float], model_frames: bool) -> list[str]:
    run = replay.run
    if replay.differs_at is None:
        notes = [f'the same run, bit for bit, at all {replay.checked} places that the log checks']
    else:
        notes = [f'NOT the same run: it differs by pose {replay.differs_at}']
    notes += [f'{name} was {then}, is {now}' for name, (then, now) in run.differences().items()]
    if not run.ended:
        notes.append('its log tells no end: --seconds says how far to go on')
    if len(rates) > 1 and not model_frames:
        told = ', '.join(f'{rate:g} Hz: {count} poses' for rate, count in rates.most_common())
        notes.append(f'its publish rate changed ({told}); the file names the first of these')
    return notes
