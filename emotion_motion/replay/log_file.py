# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Logs of runs, read back and checked line by line: docs/replay.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import json
import os
from pathlib import Path
import re
from typing import Any
import zlib

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.exceptions import MotionFileError
from emotion_motion.replay.log import FORMAT, FORMAT_VERSION, machine, settings_sha256

__all__ = ['Event', 'Run', 'read_runs']

_CHECKSUM = re.compile(rb'(\{.*), "crc": "([0-9a-f]{8})"\}')
# The kinds of values in the first line of a run and in the others; () is any.
_BEGIN: Mapping[str, tuple[type, ...]] = {
    'format': (str,),
    'format_version': (int,),
    'release': (str,),
    'model': (str,),
    'model_sha256': (str,),
    'settings_sha256': (str,),
    'device': (str,),
    'machine': (dict,),
    'batch_size': (int,),
    'rate_hz': (float, int),
    'seed': (int,),
    'emotion': (list,),
    'sampler': (dict,),
    'body_height_m': (float,),
    'playback': (dict, type(None)),
}
_EVENT: Mapping[str, tuple[type, ...]] = {
    'pose': (int,),
    'step': (int,),
    'seen': (str,),
    'event': (str,),
    'value': (),
}
_EVENTS: Mapping[str, type] = {
    'emotion': list,
    'sampler': dict,
    'body_height_m': float,
    'held': bool,
    'period_s': float,
    'reset': int,
    'end': type(None),
}
_SEEN = re.compile('[0-9a-f]{8}')


@dataclass(frozen=True)
class Event:
    """What changed.

    Attributes:
        pose: the first pose that it is in, counted from the run's beginning.
        step: number of frames that the model had made before that pose.
        seen: checksum (CRC-32) of the keypoints of every pose before.
        name: one of emotion, sampler, body_height_m, held, period_s, reset, end.
        value: as the log tells it: the new value; of a reset the seed.
    """

    pose: int
    step: int
    seen: int
    name: str
    value: Any


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a file.

    Attributes:
        path: the file.
        number: which of its runs, from 1.
        begin: the first line, see docs/replay.md.
        events: in the order in which they happened.
    """

    path: Path
    number: int
    begin: Mapping[str, Any]
    events: tuple[Event, ...]

    @property
    def ended(self) -> bool:
        """Whether the log tells the end; that of a killed process does not."""
        return bool(self.events) and self.events[-1].name == 'end'

    @property
    def poses(self) -> int:
        """Number of poses that the log knows of."""
        if not self.events:
            return 0
        last = self.events[-1]
        return last.pose + (last.name not in ('reset', 'end'))

    @property
    def played(self) -> bool:
        """Whether its poses were made from the model's frames by a Playback."""
        return self.begin['playback'] is not None

    def check(self, checkpoint: Checkpoint) -> None:
        """Raise MotionFileError where a model is not the one that made the run."""
        theirs = self.begin['model_sha256'], self.begin['settings_sha256']
        ours = checkpoint.sha256, settings_sha256(checkpoint)
        for what, wanted, found in zip(('weights', 'settings'), theirs, ours, strict=True):
            if wanted != found:
                raise MotionFileError(
                    f'got the model {checkpoint.name!r} for {self.path}, whose run was made by '
                    f'{self.begin["model"]!r}: expected {what} with the SHA-256 {wanted[:12]}..., '
                    f'got {found[:12]}...; name the model that made it with --model'
                )

    def differences(self) -> dict[str, tuple[Any, Any]]:
        """Return what is not as it was where the run was made: name to (then, now)."""
        then, now = self.begin['machine'], machine()
        return {n: (then.get(n), now[n]) for n in now if then.get(n) != now[n]}


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
    if not lines or not _begins(lines[0]):
        raise MotionFileError(
            f'got {path}, which holds no run; expected a log, as `emotion-motion generate --log` '
            f'or the parameter replay_file of the node writes it'
        )
    parts: list[list[dict[str, Any]]] = []
    chain = 0
    for number, line in enumerate(lines, 1):
        try:
            if _begins(line):
                _check_version(line, path)
                entry, chain = _unsealed(line, 0)
                parts.append([_checked(entry, _BEGIN)])
            else:
                entry, chain = _unsealed(line, chain)
                _check_order(_checked(entry, _EVENT), parts[-1][1:])
                parts[-1].append(entry)
        except (ValueError, RecursionError) as error:
            raise MotionFileError(
                f'got {path}, damaged in line {number} ({error}); copy it again from where it was '
                f'written'
            ) from error
    return [
        Run(path, number, begin, tuple(_event(entry) for entry in events))
        for number, (begin, *events) in enumerate(parts, 1)
    ]


def _begins(line: bytes) -> bool:
    return line.startswith(f'{{"format": "{FORMAT}"'.encode())


def _check_version(line: bytes, path: Path) -> None:
    """Look at the version first: another one may be sealed in other ways."""
    begin = json.loads(line)
    if begin.get('format_version') != FORMAT_VERSION:
        raise MotionFileError(
            f'got {path} with a run of version {begin.get("format_version")!r}; this release '
            f'reads version {FORMAT_VERSION}: replay it with the release that wrote it '
            f'({begin.get("release")})'
        )


def _unsealed(line: bytes, chain: int) -> tuple[dict[str, Any], int]:
    """Return what `run_log.sealed` was given, and the checksum up to it."""
    found = _CHECKSUM.fullmatch(line)
    if found is None:
        raise ValueError('it has no checksum')
    text = found[1] + b'}'
    chain = zlib.crc32(text, chain)
    if chain != int(found[2], 16):
        raise ValueError('its checksum is wrong, or a line before it is missing')
    return json.loads(text), chain


def _checked(entry: dict[str, Any], kinds: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """Raise ValueError where an entry has other names or kinds of values than it should."""
    if set(entry) != set(kinds):
        raise ValueError(f'got the entries {sorted(entry)}; expected {sorted(kinds)}')
    for name, wanted in kinds.items():
        if wanted and type(entry[name]) not in wanted:
            raise ValueError(f'got {name} = {str(entry[name])[:60]}')
    return entry


def _check_order(entry: dict[str, Any], before: list[dict[str, Any]]) -> None:
    last = before[-1] if before else {'pose': 0, 'step': 0, 'event': ''}
    if entry['event'] not in _EVENTS or last['event'] == 'end':
        raise ValueError(f'got the event {entry["event"]!r} after {last["event"]!r}')
    if type(entry['value']) is not _EVENTS[entry['event']] or not _SEEN.fullmatch(entry['seen']):
        raise ValueError(f'got the {entry["event"]} {str(entry["value"])[:60]}')
    if entry['pose'] < last['pose'] or entry['step'] < last['step']:
        raise ValueError('it happens before the line above it')


def _event(entry: dict[str, Any]) -> Event:
    seen = int(entry['seen'], 16)
    return Event(entry['pose'], entry['step'], seen, entry['event'], entry['value'])
