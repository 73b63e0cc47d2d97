# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Runs made again from their logs, bit for bit on the machine that made them: docs/replay.md."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
import contextlib
import dataclasses
import math
import os
from typing import Any, NamedTuple
import zlib

import numpy as np
import torch

from emotion_motion.checkpoint import Checkpoint, SamplerConfig
from emotion_motion.emotion import dominant, recognised_distribution
from emotion_motion.exceptions import ConfigError, EmotionMotionError, MotionFileError
from emotion_motion.generator import LiveFrame, MotionFrame, MotionGenerator
from emotion_motion.io.clip import Motion
from emotion_motion.playback import Playback
from emotion_motion.replay.log_file import Event, read_runs, Run
from emotion_motion.settings import from_mapping, renamed

_ROWS = 24


class Replayed(NamedTuple):
    """A pose of a run that is made again."""

    keypoints: np.ndarray  # [B, K, D] float32 in metres, as they were shown
    recognised: np.ndarray  # [B, E] weights that the model saw in its own motion
    requested: np.ndarray  # [B, E] weights that the newest frame was made with
    frames: list[MotionFrame]  # that the model made for it
    period_s: float  # since the pose before


class Replay:
    """Makes a run again, once, and compares it with the checksums of the log as it goes.

    Attributes:
        checked: number of events before which all was as it had been.
        differs_at: the first pose by which it no longer was; None while all is well.
    """

    def __init__(self, run: Run, checkpoint: Checkpoint) -> None:
        """Stand at the beginning of a run of `read_runs`; the checkpoint is on its device.

        Raises:
            MotionFileError: the model is another one, or the run begins with what this release
                cannot take.
        """
        run.check(checkpoint)
        header = run.header
        self.run, self.checked = run, 0
        self.differs_at: int | None = None
        self._poses = self._steps = self._seen = 0
        self._period_s = 1.0 / checkpoint.rate_hz
        self._playback: Playback | None = None
        try:
            self.generator = _Keeper(checkpoint, batch_size=header.batch_size, seed=header.seed)
            for name in ('emotion', 'sampler', 'body_height_m'):
                self._apply(name, getattr(header, name))
            if header.playback is not None:
                self._begin_playback(**header.playback)
        except (EmotionMotionError, TypeError) as error:
            raise self._unknown(0, error) from error

    def poses(self, seconds: float | None = None) -> Iterator[Replayed]:
        """Make the poses one after another; what nobody keeps costs no memory.

        Args:
            seconds: how much of the run, from its beginning [s]; None: up to the last event of
                the log. Beyond that, a run whose end is not in the log goes on as it was.

        Raises:
            MotionFileError: an event is none that this release can take.
            ModelError: the model gave a frame that is not finite, as it will have in the run.
        """
        events = deque(self.run.events)
        elapsed_s = 0.0
        while True:
            while events and events[0].pose == self._poses:
                self._happen(events.popleft())
            if self._poses >= self.run.poses and (
                seconds is None or self.run.ended or self._period_s == 0.0
            ):
                return
            elapsed_s += self._period_s
            if seconds is not None and elapsed_s > seconds + 0.5 * self._period_s:
                return
            yield self._next()

    def _begin_playback(self, settle_s: float, held: bool, period_s: float) -> None:
        self._playback = Playback(self.generator, settle_s=settle_s)
        if held:
            self._playback.hold()
            self._playback.settle()
        self._apply('period_s', period_s)

    def _next(self) -> Replayed:
        generator = self.generator
        if self._playback is None:
            frame = generator.step()
            shown, recognised = frame.keypoints, recognised_distribution(frame.emotion_logits)
        else:
            pose = self._playback.advance(self._period_s)
            shown, recognised = pose.keypoints, pose.recognised
        frames, generator.frames = generator.frames, []
        self._poses += 1
        self._steps += len(frames)
        self._seen = zlib.crc32(np.ascontiguousarray(shown).data, self._seen)
        return Replayed(shown, recognised, generator.emotion, frames, self._period_s)

    def _happen(self, event: Event) -> None:
        if (event.step, int(event.seen, 16)) == (self._steps, self._seen):
            self.checked += 1
        elif self.differs_at is None:
            self.differs_at = event.pose
        try:
            self._apply(event.event, event.value)
        except (EmotionMotionError, TypeError) as error:
            raise self._unknown(event.pose, error) from error

    def _apply(self, name: str, value: Any) -> None:
        if name == 'emotion':
            self.generator.emotion = value
        elif name == 'sampler':
            self.generator.sampler = _sampler(value)
        elif name == 'body_height_m':
            self.generator.body_height_m = value
        elif name == 'held' and self._playback is not None:
            self._playback.hold(value)
        elif name == 'period_s':
            if type(value) is not float or not 0.0 <= value < math.inf:
                raise ConfigError(f'got period_s = {value!r}; expected seconds, 0 or more')
            self._period_s = value
        elif name == 'reset':
            (self._playback or self.generator).reset(value)

    def _unknown(self, pose: int, error: Exception) -> MotionFileError:
        return MotionFileError(
            f'got {self.run.path} with what this release cannot take at pose {pose} ({error}); '
            f'replay it with release {self.run.header.release}, which wrote it'
        )


class _Keeper(MotionGenerator):
    """Keeps the frames that it makes until they are taken."""

    frames: list[MotionFrame]

    def reset(self, seed: int | None = None) -> None:
        self.frames = []
        super().reset(seed)

    def advance(self) -> LiveFrame:
        frame = super().advance()
        self.frames.append(MotionFrame(self.published(frame.points), frame.emotion_logits))
        return frame


def _sampler(value: Any) -> SamplerConfig:
    """Return the settings of a log; none may be missing: a default is another sampler."""
    wanted = {field.name for field in dataclasses.fields(SamplerConfig)}
    if not isinstance(value, dict) or set(value) != wanted:
        raise ConfigError(
            f'got the sampler {value}; expected the settings {sorted(wanted)}'
            f'{renamed(value) if isinstance(value, dict) else ""}'
        )
    return from_mapping(SamplerConfig, value, 'the log')


def replay_run(
    path: str | os.PathLike[str],
    *,
    number: int = 0,
    model: str | None = None,
    seconds: float | None = None,
    model_frames: bool = False,
) -> tuple[Motion, MotionGenerator, list[str]]:
    """Make a run again on the device and with the number of threads that made it.

    Args:
        path: a file of runs.
        number: which of them, from 1; 0 is the last.
        model: name or folder of the model; None: as it was named in the run.
        seconds: how much of the run [s]; None: as much as the log knows of.
        model_frames: the frames of the model in place of the poses that were shown.

    Returns:
        The first stream; what made it, at the run's end; and what a user should know, a sentence
        each: the first says whether it is the run.

    Raises:
        ConfigError: number or seconds is out of range, or the device is not there.
        CheckpointError: the model cannot be found or loaded.
        MotionFileError: the file cannot be read, the model is another one, or there is no frame.
    """
    if seconds is not None and not 0.0 < seconds < math.inf:
        raise ConfigError(f'got {seconds} s of a run; expected seconds above 0')
    runs = read_runs(path)
    if not 0 <= number <= len(runs):
        raise ConfigError(
            f'got the run {number} of {path}; expected 1 to {len(runs)}, or 0 for the last'
        )
    run = runs[number - 1]
    with _threads(run.header.machine.get('threads')):
        name = run.header.model if model is None else model
        loaded = MotionGenerator.from_pretrained(name, device=run.header.device)
        replay = Replay(run, loaded.checkpoint)
        poses = list(replay.poses(seconds))
        notes = _notes(replay, poses, model_frames)
    return _motion(replay, poses, model_frames), replay.generator, notes


def _motion(replay: Replay, poses: list[Replayed], model_frames: bool) -> Motion:
    if model_frames:
        rows = [
            (frame.keypoints, pose.requested, recognised_distribution(frame.emotion_logits))
            for pose in poses
            for frame in pose.frames
        ]
    else:
        rows = [(pose.keypoints, pose.requested, pose.recognised) for pose in poses]
    if not rows:
        raise MotionFileError(
            f'got {replay.run.path}, whose run {replay.run.number} has no frame; give --seconds, '
            f'or --run'
        )
    keypoints, requested, recognised = (
        np.stack([row[0] for row in part]) for part in zip(*rows, strict=True)
    )
    skeleton = replay.generator.skeleton
    return Motion(
        keypoints=keypoints,
        requested=requested,
        recognised=recognised,
        rate_hz=replay.generator.rate if model_frames else _rates(poses).most_common(1)[0][0],
        skeleton=skeleton.name,
        names=skeleton.names,
    )


def _rates(poses: list[Replayed]) -> Counter[float]:
    """Count the poses of each publish rate [Hz]."""
    return Counter(round(1.0 / p.period_s, 6) if p.period_s else math.inf for p in poses)


def _notes(replay: Replay, poses: list[Replayed], model_frames: bool) -> list[str]:
    run, rates = replay.run, _rates(poses)
    if replay.differs_at is None:
        notes = [f'the same run, bit for bit, at all {replay.checked} places that the log checks']
    else:
        notes = [f'NOT the same run: it differs by pose {replay.differs_at}']
    notes += [f'{name} was {then}, is {now}' for name, (then, now) in run.differences().items()]
    if not run.ended:
        notes.append('its log has no end: --seconds says how far to go on')
    if len(rates) > 1 and not model_frames:
        counts = ', '.join(f'{rate:g} Hz: {count} poses' for rate, count in rates.most_common())
        notes.append(f'its publish rate changed ({counts}); the file names the first of these')
    return notes


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


def emotion_rows(motion: Motion) -> dict[str, np.ndarray]:
    """Return keypoints [T, K, D] of each stretch with one strongest emotion, by its name."""
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
