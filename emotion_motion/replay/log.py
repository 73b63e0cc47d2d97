# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The log of a run: all that it takes to make it again, bit for bit; format in docs/replay.md."""

from __future__ import annotations

from collections.abc import Sequence
import contextlib
import dataclasses
import math
import os
from pathlib import Path
from typing import Any, BinaryIO
import zlib

import numpy as np

import emotion_motion
from emotion_motion.emotion import recognised_distribution
from emotion_motion.exceptions import ConfigError, MotionFileError, StorageError
from emotion_motion.files import storage_errors
from emotion_motion.generator import MotionGenerator
from emotion_motion.io.clip import Motion
from emotion_motion.playback import Playback
from emotion_motion.replay.log_file import (
    BEGINNING,
    Event,
    FORMAT,
    FORMAT_VERSION,
    Header,
    machine,
    sealed,
    settings_sha256,
)

try:
    import fcntl
except ImportError:  # Windows: two processes that log into one file are not kept apart there
    fcntl = None  # type: ignore[assignment]

# An emotion that changes with every frame, day and night, is what fills a file; a disk is safe.
LIMIT_BYTES = 100_000_000
_LONGEST_LINE = 1 << 20


class RunLog:
    """Writes what a run is made of, as it happens: a line for what changes, nothing for the rest.

    Each line is handed to the system before `advanced` returns, so a killed process leaves a
    readable file. Opening raises where the file cannot be used; after that nothing does: a log
    that cannot go on, as on a full disk, stops and says why in `problem`. The motion matters more.

    After an error of the model the run cannot be made again from its log; close it and begin
    another.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        generator: MotionGenerator,
        playback: Playback | None = None,
    ) -> None:
        """Append a run that is about to begin to a file, which is made where it is missing.

        Args:
            path: a file of runs or none; its folder is made.
            generator: what makes the run; it has made no frame since its last reset.
            playback: what plays it, at rest or at full speed; None: its frames are the run.

        Raises:
            ConfigError: the run has begun already, or the model was never saved.
            MotionFileError: the file is no file of runs, or another process writes it.
            StorageError: the file cannot be written, or is full.
        """
        slowing = playback and not (playback.at_rest or playback.moving_at_full_speed)
        if generator.steps or slowing:
            raise ConfigError(
                f'got a run after its step {generator.steps}; a log begins with the run: reset'
            )
        if not generator.model_sha256:
            raise ConfigError('got a model that was never saved; save it to log its runs')
        self.path = Path(os.path.expanduser(path))
        self.problem = ''
        self._generator, self._playback = generator, playback
        self._poses = self._steps = self._steps_of_run = 0
        self._seen = self._chain = self._size = 0
        period_s = None if playback is None else 1.0 / playback.rate_hz
        self._state = self._shaping(1, period_s)
        self._file: BinaryIO | None = _opened(self.path)
        self._write(self._header(period_s))
        if self.problem:
            raise StorageError(self.problem)

    def advanced(
        self, keypoints: np.ndarray, stepped: int = 1, period_s: float | None = None
    ) -> None:
        """Log what the newest pose was made with, where that has changed.

        Args:
            keypoints: [B, K, D] of the pose, or of the frame where nothing plays the run.
            stepped: number of frames that the generator made for it.
            period_s: how far the playback went for it [s].
        """
        if self._file is None:
            return
        if self._generator.steps != self._steps_of_run + stepped:
            self._stop('the generator was stepped or reset without its log')
            return
        for name, value in self._shaping(stepped, period_s).items():
            if value != self._state[name]:
                self._state[name] = value
                self._event(name, value)
        self._poses += 1
        self._steps += stepped
        self._steps_of_run += stepped
        self._seen = zlib.crc32(np.ascontiguousarray(keypoints).data, self._seen)

    def reset(self) -> None:
        """Log that the run was begun anew, by a reset of the playback or the generator just now.

        The seed is written as it was drawn, so a reset without a seed is repeated as well.
        """
        self._steps_of_run = 0
        self._event('reset', self._generator.seed)

    def look(self) -> None:
        """Notice that somebody has renamed, removed or cut the file; `problem` then says so."""
        if self._file is None:
            return
        try:
            own = os.fstat(self._file.fileno())
            there = os.path.samestat(own, os.stat(self.path))
        except OSError:  # gone, or its disk is
            there = False
        if not there:
            self._stop('it was renamed or removed; choose a file that stays where it is')
        elif own.st_size < self._size:
            self._stop(f'it was cut to {own.st_size} bytes; its runs cannot be made again')

    def close(self) -> None:
        """Log that the run has ended, and let go of the file."""
        self._event('end', None)
        self._release()

    def _header(self, period_s: float | None) -> Header:
        generator, playback = self._generator, self._playback
        played = None
        if playback is not None:
            played = {'settle_s': playback.settle_s, 'held': playback.held, 'period_s': period_s}
        return Header(
            format=FORMAT,
            format_version=FORMAT_VERSION,
            release=emotion_motion.__version__,
            model=generator.model_name,
            model_sha256=generator.model_sha256,
            settings_sha256=settings_sha256(generator.checkpoint),
            device=generator.device,
            machine=machine(),
            batch_size=generator.batch_size,
            rate_hz=generator.rate,
            seed=generator.seed,
            **self._shaping(1, None),
            playback=played,
        )

    def _shaping(self, stepped: int, period_s: float | None) -> dict[str, Any]:
        """Return what shapes a pose. Emotion and sampler do so only where the model steps.

        So an emotion that fades writes a line a step of the model, not one a pose.
        """
        generator = self._generator
        state: dict[str, Any] = {'body_height_m': generator.body_height_m}
        if self._playback is not None and period_s is not None:
            state |= {'held': self._playback.held, 'period_s': float(period_s)}
        if stepped:
            state['emotion'] = generator.emotion.tolist()
            # Every field there is: a log knows nothing of samplers.
            state['sampler'] = dataclasses.asdict(generator.sampler)
        return state

    def _event(self, name: str, value: Any) -> None:
        self._write(Event(self._poses, self._steps, f'{self._seen:08x}', name, value))

    def _write(self, entry: Header | Event) -> None:
        """Append a line as a whole or not at all."""
        if self._file is None:
            return
        size = os.fstat(self._file.fileno()).st_size
        line, chain = sealed(dataclasses.asdict(entry), self._chain)
        if size + len(line) > LIMIT_BYTES:
            self._stop(f'it has reached {LIMIT_BYTES / 1e6:g} MB; choose another file')
            return
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(size)
            self._stop(f'{error.strerror}; free some space or choose another file')
            return
        self._chain, self._size = chain, size + len(line)

    def _stop(self, why: str) -> None:
        self.problem = f'stopped the log {self.path} at step {self._steps} ({why})'
        self._release()

    def _release(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        self._file = None


def record(
    generator: MotionGenerator, emotions: Sequence[str], seconds: float, log: RunLog | None = None
) -> Motion:
    """Run the first stream of a generator through emotions, each for `seconds`.

    Raises:
        ConfigError: no emotion, or seconds not above 0.
        EmotionError: an emotion cannot be read; nothing was run.
    """
    if not emotions or not 0.0 < seconds < math.inf:
        raise ConfigError(
            f'got the emotions {list(emotions)} for {seconds} s each; expected at least one '
            f'emotion and seconds above 0'
        )
    before = generator.emotion[0]
    for emotion in emotions:  # a bad one is found before anything moves
        generator.set_emotion(emotion, index=0)
    generator.set_emotion(before, index=0)
    frames, requested = [], []
    for emotion in emotions:
        generator.set_emotion(emotion, index=0)
        for _ in range(max(1, round(seconds * generator.rate))):
            frames.append(generator.step())
            if log is not None:
                log.advanced(frames[-1].keypoints)
            requested.append(generator.emotion[0])
    return Motion(
        keypoints=np.stack([frame.keypoints[0] for frame in frames]),
        requested=np.stack(requested),
        recognised=recognised_distribution(np.stack([f.emotion_logits[0] for f in frames])),
        rate_hz=generator.rate,
        skeleton=generator.skeleton.name,
        names=generator.skeleton.names,
    )


def _opened(path: Path) -> BinaryIO:
    """Open a file of runs to append to it, and cut off what a kill has left of a last line."""
    try:
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = open(path, 'a+b', buffering=0)  # noqa: SIM115 - the log closes it
    except ValueError as error:  # a name that no file can have
        raise MotionFileError(f'could not write {str(path)!r} ({error})') from error
    try:
        _lock(file, path)
        with storage_errors(path):
            _mend(file, path)
    except BaseException:
        file.close()
        raise
    return file


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep others from writing between our lines; the system unlocks it when the process ends.

    The lock is on the file itself: a lock file beside each log (filelock) would stay behind.
    """
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise MotionFileError(
            f'got {path}, which another run is being logged to; give each its own file'
        ) from error
    except OSError:
        pass  # a file system that knows no locks


def _mend(file: BinaryIO, path: Path) -> None:
    """Refuse a file that holds no runs; cut off a last line without an end."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(len(BEGINNING)) or b''
    file.seek(max(0, size - _LONGEST_LINE))
    end = file.read(_LONGEST_LINE) or b''
    has_line = b'\n' in end
    is_log = start == BEGINNING or (not has_line and BEGINNING.startswith(start))
    if not is_log or (not has_line and size > _LONGEST_LINE):
        raise MotionFileError(f'got {path}, which holds no runs; choose another file')
    kept = end.rfind(b'\n') + 1
    if kept < len(end):
        file.truncate(size - len(end) + kept)
