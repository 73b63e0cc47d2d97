# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Logs of runs, read back and checked line by line; docs/replay.md has the format."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
import hashlib
import json
import os
from pathlib import Path
import re
from typing import Any
import zlib

import numpy as np
import torch

from emotion_motion.checkpoint import Checkpoint, Normaliser
from emotion_motion.exceptions import MotionFileError
from emotion_motion.settings import Checked, from_mapping

FORMAT, FORMAT_VERSION = 'emotion_motion_run', 2
BEGINNING = f'{{"format": "{FORMAT}"'.encode()
_CHECKSUM = re.compile(rb'(\{.*), "crc": "([0-9a-f]{8})"\}')
_VALUES: dict[str, type] = {
    'emotion': list,
    'sampler': dict,
    'body_height_m': float,
    'held': bool,
    'period_s': float,
    'reset': int,
    'end': type(None),
}


@dataclass(frozen=True)
class Header(Checked):
    """The first line of a run, as docs/replay.md explains it."""

    format: str
    format_version: int
    release: str
    model: str
    model_sha256: str
    settings_sha256: str
    device: str
    machine: dict
    batch_size: int
    rate_hz: float
    seed: int
    emotion: list
    sampler: dict
    body_height_m: float
    playback: dict | None


@dataclass(frozen=True)
class Event(Checked):
    """Any other line: what changed, as docs/replay.md explains it."""

    pose: int
    step: int
    seen: str
    event: str
    value: Any

    def check(self) -> None:
        """Refuse events that no run has."""
        self.expect('event', self.event in _VALUES, f'one of {", ".join(_VALUES)}')
        kind = _VALUES[self.event]
        self.expect('value', type(self.value) is kind, f'a {kind.__name__} of {self.event}')
        self.expect('seen', re.fullmatch('[0-9a-f]{8}', self.seen) is not None, '8 digits')


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a file."""

    path: Path
    number: int  # which of the file's runs, from 1
    header: Header
    events: list[Event]  # in the order in which they happened

    @property
    def ended(self) -> bool:
        """Whether the log has the end; that of a killed process does not."""
        return bool(self.events) and self.events[-1].event == 'end'

    @property
    def poses(self) -> int:
        """Number of poses that the log knows of."""
        if not self.events:
            return 0
        last = self.events[-1]
        return last.pose + (last.event not in ('reset', 'end'))

    def check(self, checkpoint: Checkpoint) -> None:
        """Raise MotionFileError where a model is not the one that made the run."""
        for what, wanted, got in (
            ('weights', self.header.model_sha256, checkpoint.sha256),
            ('settings', self.header.settings_sha256, settings_sha256(checkpoint)),
        ):
            if wanted != got:
                raise MotionFileError(
                    f'got the model {checkpoint.name!r} for {self.path}, whose run was made by '
                    f'{self.header.model!r}: expected {what} with the SHA-256 {wanted[:12]}..., '
                    f'got {got[:12]}...; name the model that made it with --model'
                )

    def differences(self) -> dict[str, tuple[Any, Any]]:
        """Return what is not as it was where the run was made: name to (then, now)."""
        then, now = self.header.machine, machine()
        return {n: (then.get(n), now[n]) for n in now if then.get(n) != now[n]}

    def add(self, event: Event) -> None:
        """Append an event; raise ValueError where it cannot follow the one before."""
        pose, step = (self.events[-1].pose, self.events[-1].step) if self.events else (0, 0)
        if self.ended or event.pose < pose or event.step < step:
            raise ValueError('it happens before what stands above it, or after the end')
        self.events.append(event)


def read_runs(path: str | os.PathLike[str]) -> list[Run]:
    """Read every run of a file, at least one.

    What a kill or a full disk has left of a last line is left out: its pose was never shown.

    Raises:
        MotionFileError: the file is missing, holds no run, is damaged or of another version.
    """
    path = Path(os.path.expanduser(path))
    try:
        lines = path.read_bytes().split(b'\n')[:-1]
    except (OSError, ValueError) as error:
        raise MotionFileError(
            f'could not read {str(path)!r} ({getattr(error, "strerror", error)}); expected a log '
            f'of runs, as `emotion-motion generate --log` writes it'
        ) from error
    if not lines or not lines[0].startswith(BEGINNING):
        raise MotionFileError(
            f'got {path}, which holds no run; expected a log, as `emotion-motion generate --log` '
            f'or the parameter replay_file of the node writes it'
        )
    runs: list[Run] = []
    chain = 0
    for number, line in enumerate(lines, 1):
        where = f'line {number}'
        try:
            if line.startswith(BEGINNING):
                _check_version(line, path)
                entry, chain = _unsealed(line, 0)
                runs.append(Run(path, len(runs) + 1, from_mapping(Header, entry, where), []))
            else:
                entry, chain = _unsealed(line, chain)
                runs[-1].add(from_mapping(Event, entry, where))
        except (ValueError, TypeError, RecursionError) as error:  # TypeError: an entry is missing
            raise MotionFileError(
                f'got {path}, damaged in line {number} ({error}); copy it again from where it was '
                f'written'
            ) from error
    return runs


def _check_version(line: bytes, path: Path) -> None:
    """Look at the version first: another one may be sealed in other ways."""
    header = json.loads(line)
    if header.get('format_version') != FORMAT_VERSION:
        raise MotionFileError(
            f'got {path} with a run of version {header.get("format_version")!r}; this release '
            f'reads version {FORMAT_VERSION}: replay it with the release that wrote it '
            f'({header.get("release")})'
        )


def sealed(entry: dict[str, Any], chain: int) -> tuple[bytes, int]:
    """Return an entry as a line, and the checksum of it and all lines before it in its run.

    The checksum stands at the line's end: a line that is changed, left out or moved is noticed.
    `chain` is that of the line before; 0 for the first line of a run.
    """
    text = json.dumps(entry)
    chain = zlib.crc32(text.encode(), chain)
    return f'{text[:-1]}, "crc": "{chain:08x}"}}\n'.encode(), chain


def _unsealed(line: bytes, chain: int) -> tuple[dict[str, Any], int]:
    """Return what `sealed` was given, and the checksum up to it."""
    match = _CHECKSUM.fullmatch(line)
    if match is None:
        raise ValueError('it has no checksum')
    text = match[1] + b'}'
    chain = zlib.crc32(text, chain)
    if chain != int(match[2], 16):
        raise ValueError('its checksum is wrong, or a line before it is missing')
    return json.loads(text), chain


def settings_sha256(checkpoint: Checkpoint) -> str:
    """Return a hash of all but the weights that shapes a model's frames."""
    settings = {
        'model': dataclasses.asdict(checkpoint.model.config),
        'rate_hz': checkpoint.rate_hz,
        'skeleton': checkpoint.skeleton.to_dict(),
    }
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
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
