# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Runs made again from their logs, bit for bit on the machine that made them: docs/replay.md."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
import dataclasses
import math
from typing import Any, NamedTuple
import zlib

import numpy as np

from emotion_motion.checkpoint import Checkpoint, SamplerConfig
from emotion_motion.emotion import recognised_distribution
from emotion_motion.exceptions import ConfigError, EmotionMotionError, MotionFileError
from emotion_motion.generator import MotionFrame, MotionGenerator
from emotion_motion.playback import Playback
from emotion_motion.replay.log_file import Event, Run

__all__ = ['Replay', 'Replayed']


class Replayed(NamedTuple):
    """A pose of a run that is made again.

    Attributes:
        keypoints: [B, K, D] float32 in metres, as they were shown.
        recognised: [B, E] weights that the model saw in its own motion.
        requested: [B, E] weights that the newest frame was made with.
        frames: the frames that the model made for it.
        period_s: time since the pose before [s].
    """

    keypoints: np.ndarray
    recognised: np.ndarray
    requested: np.ndarray
    frames: list[MotionFrame]
    period_s: float


class Replay:
    """Makes a run again, once, and compares it with the checksums of the log as it goes.

    Attributes:
        checked: number of events before which all was as it had been.
        differs_at: the first pose by which it no longer was; None while all is well.
    """

    def __init__(self, run: Run, checkpoint: Checkpoint) -> None:
        """Stand at the beginning of a run.

        Args:
            run: of `read_runs`.
            checkpoint: the model that made it, on the device where it was made.

        Raises:
            MotionFileError: the model is another one, or the run begins with what this release
                cannot take.
        """
        run.check(checkpoint)
        begin = run.begin
        self.run, self.checked = run, 0
        self.differs_at: int | None = None
        self._poses = self._steps = self._seen = 0
        self._period_s, self._playback = 1.0 / checkpoint.rate_hz, None
        try:
            self.generator = _Kept(checkpoint, batch_size=begin['batch_size'], seed=begin['seed'])
            for name in ('emotion', 'sampler', 'body_height_m'):
                self._apply(name, begin[name])
            if run.played:
                self._playback = self._begun(**begin['playback'])
        except (EmotionMotionError, TypeError) as error:
            raise self._unknown(0, error) from error

    def poses(self, seconds: float | None = None) -> Iterator[Replayed]:
        """Make the poses one after another; what is skipped by no one costs no memory.

        Args:
            seconds: how much of the run, from its beginning [s]; None: up to the last event of
                the log. Beyond that, a run whose end is not told goes on as it was.

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

    def _begun(self, settle_s: float, held: bool, period_s: float) -> Playback:
        playback = Playback(self.generator, settle_s=settle_s)
        if held:
            playback.hold()
            playback.settle()
        self._apply('period_s', period_s)
        return playback

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
        if (event.step, event.seen) == (self._steps, self._seen):
            self.checked += 1
        elif self.differs_at is None:
            self.differs_at = event.pose
        try:
            self._apply(event.name, event.value)
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
            f'replay it with release {self.run.begin["release"]}, which wrote it'
        )


class _Kept(MotionGenerator):
    """Keeps the frames that it makes until they are taken."""

    frames: list[MotionFrame]

    def reset(self, seed: int | None = None) -> None:
        self.frames = []
        super().reset(seed)

    def step(self) -> MotionFrame:
        self.frames.append(super().step())
        return self.frames[-1]


def _sampler(value: Any) -> SamplerConfig:
    """Return the settings that a log tells; none may be missing: a default is another sampler."""
    wanted = {field.name for field in dataclasses.fields(SamplerConfig)}
    if not isinstance(value, dict) or set(value) != wanted:
        raise ConfigError(f'got the sampler {value}; expected the settings {sorted(wanted)}')
    fields: dict[str, Any] = {n: tuple(v) if type(v) is list else v for n, v in value.items()}
    return SamplerConfig(**fields)
