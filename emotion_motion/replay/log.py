# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The log of a run: all that it takes to make it again, bit for bit; format in docs/replay.md."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any, BinaryIO
import zlib

import numpy as np
import torch

import emotion_motion
from emotion_motion.checkpoint import Checkpoint, Normaliser
from emotion_motion.exceptions import ConfigError, MotionFileError
from emotion_motion.generator import MotionGenerator
from emotion_motion.playback import Playback

try:
    import fcntl
except ImportError:  # Windows: two processes that log into one file are not kept apart there
    fcntl = None  # type: ignore[assignment]

__all__ = [
    'FORMAT',
    'FORMAT_VERSION',
    'LIMIT_BYTES',
    'RunLog',
    'machine',
    'sealed',
    'settings_sha256',
]

FORMAT, FORMAT_VERSION = 'emotion_motion_run', 2
# An emotion that changes with every frame, day and night, is what fills a file; a disk is safe.
LIMIT_BYTES = 100_000_000
_BEGINNING = f'{{"format": "{FORMAT}"'.encode()
_LONGEST_LINE = 1 << 20


class RunLog:
    """Writes what a run is made of, as it happens: a line for what changes, nothing for the rest.

    Each line is handed to the system before `advanced` returns, so a killed process leaves a
    readable file. Opening raises where the file cannot be used; after that nothing does: a log
    that cannot go on, as on a full disk, stops and says why in `problem`. The motion matters more.

    After an error of the model the run cannot be told from its log; close it and begin another.
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
            ConfigError: the run has begun already, or the model was never saved: nothing could
                find it again.
            MotionFileError: the file cannot be written, is no file of runs, is full, or another
                process writes it.
        """
        if generator.steps or (playback is not None and not _stands_or_runs(playback)):
            raise ConfigError(
                f'got a run after its step {generator.steps}; a log begins with the run: reset'
            )
        if not generator.model_sha256:
            raise ConfigError('got a model that was never saved; save it to log its runs')
        self.path = Path(os.path.expanduser(path))
        self.problem = ''
        self._generator, self._playback = generator, playback
        self._poses = self._steps = self._steps_of_run = 0
        self._seen = self._chain = 0
        header = self._header()
        self._known = {name: header[name] for name in ('emotion', 'sampler', 'body_height_m')}
        self._known |= (
            {name: header['playback'][name] for name in ('held', 'period_s')}
            if (playback is not None)
            else {}
        )
        self._file: BinaryIO | None = _opened(self.path)
        self._write(header)
        if self.problem:
            raise MotionFileError(self.problem)

    def advanced(
        self, keypoints: np.ndarray, stepped: int = 1, period_s: float | None = None
    ) -> None:
        """Log what the newest pose was made with, where that is news.

        Args:
            keypoints: [B, K, D] of the pose, or of the frame where nothing plays the run.
            stepped: number of frames that the generator made for it.
            period_s: how far the playback went for it [s].
        """
        if self._file is None:
            return
        if self._generator.steps != self._steps_of_run + stepped:
            self._stop('the generator was stepped or reset without its log being told')
            return
        for name, value in self._state(stepped, period_s).items():
            if value != self._known[name]:
                self._known[name] = value
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

    def close(self) -> None:
        """Log that the run has ended, and let go of the file."""
        self._event('end', None)
        self._release()

    def _header(self) -> dict[str, Any]:
        generator, playback = self._generator, self._playback
        return {
            'format': FORMAT,
            'format_version': FORMAT_VERSION,
            'release': emotion_motion.__version__,
            'model': generator.model_name,
            'model_sha256': generator.model_sha256,
            'settings_sha256': settings_sha256(generator.checkpoint),
            'device': generator.device,
            'machine': machine(),
            'batch_size': generator.batch_size,
            'rate_hz': generator.rate,
            'seed': generator.seed,
            **self._state(1, None),
            'playback': None
            if playback is None
            else {
                'settle_s': playback.settle_s,
                'held': playback.held,
                'period_s': 1.0 / playback.rate_hz,
            },
        }

    def _state(self, stepped: int, period_s: float | None) -> dict[str, Any]:
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
        self._write(
            {
                'pose': self._poses,
                'step': self._steps,
                'seen': f'{self._seen:08x}',
                'event': name,
                'value': value,
            }
        )

    def _write(self, entry: dict[str, Any]) -> None:
        """Append a line as a whole or not at all."""
        if self._file is None:
            return
        size = 0
        try:
            line, chain = sealed(entry, self._chain)
            size = os.fstat(self._file.fileno()).st_size
            if size + len(line) > LIMIT_BYTES:
                self._stop(f'it has reached {LIMIT_BYTES / 1e6:g} MB; choose another file')
                return
            rest = memoryview(line)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(size)
            self._stop(f'{error.strerror}; free some space or choose another file')
            return
        except (TypeError, ValueError) as error:  # a setting of a kind that JSON cannot tell
            self._stop(str(error))
            return
        self._chain = chain

    def _stop(self, why: str) -> None:
        self.problem = f'stopped the log {self.path} at step {self._steps} ({why})'
        self._release()

    def _release(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        self._file = None


def sealed(entry: dict[str, Any], chain: int) -> tuple[bytes, int]:
    """Return an entry as a line, and the checksum of it and all lines before it in its run.

    The checksum stands at the line's end: a line that is changed, left out or moved is noticed.

    Args:
        entry: what JSON can say.
        chain: checksum of the line before; 0 for the first line of a run.
    """
    text = json.dumps(entry)
    chain = zlib.crc32(text.encode(), chain)
    return f'{text[:-1]}, "crc": "{chain:08x}"}}\n'.encode(), chain


def settings_sha256(checkpoint: Checkpoint) -> str:
    """Return a hash of all but the weights that shapes a model's frames, whatever they are."""
    told = {
        'model': dataclasses.asdict(checkpoint.model.config),
        'rate_hz': checkpoint.rate_hz,
        'skeleton': checkpoint.skeleton.to_dict(),
    }
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    parts = [getattr(checkpoint.normaliser, f.name) for f in dataclasses.fields(Normaliser)]
    for part in (*parts, checkpoint.rest_pose):
        digest.update(np.ascontiguousarray(part, dtype=np.float32).tobytes())
    return digest.hexdigest()


def machine() -> dict[str, Any]:
    """Return what else may move the last bits of a frame: libraries, threads, the processor."""
    return {
        'torch': torch.__version__,
        'numpy': np.__version__,
        'threads': torch.get_num_threads(),
        'cpu': torch.backends.cpu.get_cpu_capability(),
    }


def _stands_or_runs(playback: Playback) -> bool:
    return playback.at_rest or playback.moving_at_full_speed


def _opened(path: Path) -> BinaryIO:
    """Open a file of runs to append to it, and cut off what a kill has left of a last line."""
    try:
        if path.exists() and not path.is_file():
            raise MotionFileError(f'got {path}, which is no file; choose the name of a file')
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, 'a+b', buffering=0)  # noqa: SIM115 - the log closes it
    except (OSError, ValueError) as error:  # the latter for a name that no file can have
        raise MotionFileError(
            f'could not write {str(path)!r} ({getattr(error, "strerror", error)}); choose a file '
            f'that you may write'
        ) from error
    try:
        _lock(file, path)
        _mend(file, path)
    except BaseException:
        file.close()
        raise
    return file


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep others from writing between our lines; the system unlocks it when the process ends."""
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
    try:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        begins = file.read(len(_BEGINNING)) or b''
        file.seek(max(0, size - _LONGEST_LINE))
        end = file.read(_LONGEST_LINE) or b''
        ours = begins == _BEGINNING or (b'\n' not in end and _BEGINNING.startswith(begins))
        if not ours or (b'\n' not in end and size > _LONGEST_LINE):
            raise MotionFileError(f'got {path}, which holds no runs; choose another file')
        kept = end.rfind(b'\n') + 1
        if kept < len(end):
            file.truncate(size - len(end) + kept)
    except OSError as error:
        raise MotionFileError(f'could not read {path} ({error.strerror})') from error
