# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Any motion that this package reads: what a path is, its clips, what is to be said of it."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Protocol

from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.bvh.reader import describe_bvh, read_bvh
from emotion_motion.io.clip import checked_rate, Clip
from emotion_motion.io.clip_file import load_clips
from emotion_motion.io.doubts import doubts
from emotion_motion.io.openpose import describe_openpose, read_openpose

KINDS = {
    'bvh': 'motion capture, .bvh',
    'openpose': 'OpenPose BODY_25, a folder of *_keypoints.json or one .json a clip',
    'joints': "a robot's joint angles, .csv, with the robot's name (--robot)",
    'npz': 'clips with documented keys, .npz',
}
_BY_ENDING = {'.bvh': 'bvh', '.json': 'openpose', '.npz': 'npz'}
_FRAME_ENDING = '_keypoints.json'
_OPENPOSE_HZ = 30.0
_DATASET_INDEX = 'index.safetensors'


class JointReader(Protocol):
    """Reads tables of a robot's joint angles: `emotion_motion.robot.description.recordings`."""

    def recognises(self, path: Path) -> bool: ...
    def read(self, path: Path, rate_hz: float | None = None) -> list[Clip]: ...
    def describe(self, path: Path, rate_hz: float | None = None) -> list[str]: ...


def read_clips(
    path: str | Path, *, joints: JointReader | None = None, rate_hz: float | None = None
) -> list[Clip]:
    """Read every clip of a motion file, whatever its format, with what is odd about it.

    Args:
        path: a file, or a folder with one OpenPose file a frame.
        joints: what reads tables of joint angles, .csv; None: they are refused.
        rate_hz: frames a second instead of what the file says; of OpenPose, which says nothing, 30
            by default. A table of joint angles with times is interpolated to it.

    Raises:
        MotionFileError: with path and reason: no motion, damaged, or joint angles without a robot.
    """
    path = Path(path)
    try:
        clips = _read(path, joints, rate_hz)
    except MotionFileError as error:
        if str(path) in str(error):
            raise
        raise MotionFileError(f'{path}: {error}') from error
    given: tuple[str, ...] = ()
    if rate_hz is not None and _BY_ENDING.get(path.suffix.lower()) in ('bvh', 'npz'):
        given = (f'its rate is the given {rate_hz:g} Hz, not what the file says',)
    return [
        dataclasses.replace(clip, remarks=(*clip.remarks, *given, *doubts(clip))) for clip in clips
    ]


def describe_motion(
    path: str | Path, *, joints: JointReader | None = None, rate_hz: float | None = None
) -> list[str]:
    """Return what a motion file holds, as lines of text; arguments and errors as `read_clips`."""
    path = Path(path)
    kind = _kind(path, joints)
    if kind == 'bvh':
        return describe_bvh(path, rate_hz).lines()
    if kind == 'openpose':
        return describe_openpose(path, rate_hz=rate_hz or _OPENPOSE_HZ)
    if kind == 'joints' and joints is not None:
        return joints.describe(path, rate_hz)
    clips = read_clips(path, rate_hz=rate_hz)
    dims = sorted({clip.dims for clip in clips})
    return [f'{path}: npz, {len(clips)} clips, keypoints in {" and ".join(map(str, dims))}D']


def _read(path: Path, joints: JointReader | None, rate_hz: float | None) -> list[Clip]:
    if rate_hz is not None:
        checked_rate(rate_hz, given=True)
    kind = _kind(path, joints)
    if kind == 'bvh':
        return [read_bvh(path, rate_hz)]
    if kind == 'openpose':
        return read_openpose(path, rate_hz=rate_hz or _OPENPOSE_HZ)
    if kind == 'joints' and joints is not None:
        return joints.read(path, rate_hz)
    return load_clips(path, rate_hz)


def is_motion(path: str | Path, joints: JointReader | None = None) -> bool:
    """Tell whether a path looks like motion; what is in it may still be damaged."""
    path = Path(path)
    if path.name.startswith('.'):
        return False
    if path.is_dir():
        return any(name.endswith(_FRAME_ENDING) for name in os.listdir(path))
    if path.suffix.lower() == '.csv':
        return joints is not None and joints.recognises(path)
    return path.is_file() and path.suffix.lower() in _BY_ENDING


def find_motion(folder: str | Path, joints: JointReader | None = None) -> list[Path]:
    """Return every motion in a folder and those below it, sorted.

    A folder with one OpenPose file a frame counts as one. Hidden files and folders are left out,
    and so are data sets that were made of motion.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MotionFileError(f'got {folder}, which is no folder; expected one with motion files')
    motions = []
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith('.'))
        if _DATASET_INDEX in names:
            below.clear()
            continue
        if any(name.endswith(_FRAME_ENDING) for name in names):
            motions.append(Path(place))
            names = [name for name in names if not name.endswith('.json')]
        motions += [path for name in names if is_motion(path := Path(place, name), joints)]
    return sorted(motions)


def _kind(path: Path, joints: JointReader | None) -> str:
    """Return the key of KINDS that a path is."""
    if not path.exists():
        raise MotionFileError(f'got {path}, which does not exist; expected a motion file')
    ending = path.suffix.lower()
    if path.is_dir():
        if any(name.endswith('.json') for name in os.listdir(path)):
            return 'openpose'
        raise MotionFileError(
            f'got the folder {path} without OpenPose files; name the motion files in it'
        )
    if ending in _BY_ENDING:
        return _BY_ENDING[ending]
    if ending == '.csv' and joints is not None:
        return 'joints'
    raise MotionFileError(f'got {path}; expected one of: {"; ".join(KINDS.values())}')
