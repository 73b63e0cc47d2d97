# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""OpenPose BODY_25 JSON, 2D: a folder with one file a frame, or one file a clip as in MEED.

Emotion and actor come from the names of folders and files. MEED (Multi-view Emotional Expressions
Dataset, Zhang et al. 2023, doi 10.1038/s41597-023-02551-y) names folders by the emotion's code;
the same group's kinematic data set joins actor, code and numbers (`F01A0V1`). Both are read. Codes
count only in capitals and as whole words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import ConfigError, MotionFileError
from emotion_motion.files import read_json
from emotion_motion.io.clip import checked_rate, Clip
from emotion_motion.io.gaps import clean
from emotion_motion.io.tracking import follow, mend_sides

_SIZE = 25  # keypoints of BODY_25
_CODES = {
    'A': 'anger',
    'D': 'disgust',
    'F': 'fear',
    'H': 'happiness',
    'N': 'neutral',
    'SA': 'sadness',
    'SU': 'surprise',
}
_FOLDERS = 3  # farther up are drives and projects, whose names mean something else
_JOINED = re.compile(r'([FM]\d{2})(SA|SU|[ADFHN])\d*(?:V\d+)?')
_ACTOR = re.compile(r'(?:actor|actress|person|participant|subject)_?\d+|[FMP]\d{1,3}', re.I)
_FRAME = re.compile(r'(?P<video>.*?)_?(?P<number>\d+)_keypoints\.json')


@dataclass(frozen=True, eq=False)
class _Video:
    """One person as detected.

    Attributes:
        path: a file whose name and folders say emotion and actor.
        source: the file, or the folder and the video's prefix.
        person: [T, 25, 3] pixels and confidence, as followed.
        missing: frames without a file.
        crowded: frames with several people.
        lost: frame after which the person was lost among others; None: followed to the end.
    """

    path: Path
    source: Path
    person: np.ndarray
    missing: int = 0
    crowded: int = 0
    lost: int | None = None


def read_openpose(path: str | Path, *, rate_hz: float = 30.0) -> list[Clip]:
    """Read OpenPose BODY_25 keypoints; gaps are filled in time, what is left has confidence 0.

    Args:
        path: a folder of `PREFIX_NUMBER_keypoints.json`, one file a frame (one clip a prefix;
            missing numbers are unmeasured frames; where there are several people, the most
            confident of the first frame is followed, see `tracking`), or a
            JSON file with flat lists `x`, `y`, `confidence` of 25 values a frame (MEED), or a
            folder of such files. Label and actor come from the names.
        rate_hz: frames a second; the files do not say.

    Returns:
        Clips with keypoints [T, 25, 2] in pixels, x right and y down, from the first to the last
        frame with a person.

    Raises:
        MotionFileError: with path and reason: missing, no JSON, another skeleton, lists of
            different lengths, numbers that are none, nobody in any frame.
    """
    return [_clip(video, rate_hz)[0] for video in _videos(Path(path), rate_hz)]


def describe_openpose(path: str | Path, *, rate_hz: float = 30.0) -> list[str]:
    """Return what a path holds, as lines of text; arguments and errors as `read_openpose`."""
    videos = _videos(Path(path), rate_hz)
    return [line for video in videos for line in _clip(video, rate_hz)[1]]


def emotion_of(path: Path) -> str:
    """Return the emotion that the folders or the file's name say; '' for none.

    Looks at the three folders above the file, nearest first, then at the file's name. `F` beside
    another code in one name is taken for 'female' or 'front'.
    """
    for name in _names(path):
        words = _words(name)
        joined = {match[2] for word in words if (match := _JOINED.fullmatch(word))}
        codes = joined or {word for word in words if word in _CODES}
        if len(codes) > 1:
            codes.discard('F')
        if len(codes) == 1:
            return _CODES[codes.pop()]
    return ''


def actor_of(path: Path) -> str:
    """Return the actor that the folders or the file's name say (`actor03`, `F01`); '' for none."""
    for name in _names(path):
        if _ACTOR.fullmatch(name):
            return name
        for word in _words(name):
            joined = _JOINED.fullmatch(word)
            if joined or _ACTOR.fullmatch(word):
                return joined[1] if joined else word
    return ''


def _names(path: Path) -> list[str]:
    """Return the names to look at, most telling first."""
    return [*(folder.name for folder in list(path.parents)[:_FOLDERS]), path.stem]


def _words(name: str) -> list[str]:
    return [word for word in re.split(r'[^0-9A-Za-z]+', name) if word]


def _videos(path: Path, rate_hz: float) -> list[_Video]:
    checked_rate(rate_hz, given=True)
    if not path.is_dir():
        return [_read_file(path, rate_hz)]
    if numbered := _numbered(path):
        return [_read_frames(path, prefix, files, rate_hz) for prefix, files in numbered.items()]
    files = sorted(path.glob('*.json'))
    if not files:
        raise MotionFileError(
            f'got the folder {path} without OpenPose files; expected *_keypoints.json, one a '
            f'frame, or JSON files with x, y and confidence, one a clip'
        )
    return [_read_file(file, rate_hz) for file in files]


def _numbered(folder: Path) -> dict[str, dict[int, Path]]:
    """Return the files of each video's frames: prefix -> frame number -> file."""
    videos: dict[str, dict[int, Path]] = {}
    for file in sorted(folder.glob('*_keypoints.json')):
        if match := _FRAME.fullmatch(file.name):
            other = videos.setdefault(match['video'], {}).setdefault(int(match['number']), file)
            if other != file:
                raise MotionFileError(
                    f'got {file} and {other.name}, which have the same frame number; expected '
                    f'one file a frame'
                )
    return videos


def _clip(video: _Video, rate_hz: float) -> tuple[Clip, list[str]]:
    """Clean a video and describe it.

    What lies before the first and after the last person is left out.
    """
    person, mended = mend_sides(video.person, rate_hz)
    points, confidence, cleaning = clean(
        person[..., :2], person[..., 2], load_skeleton('body_25'), rate_hz=rate_hz
    )
    seen = np.flatnonzero((confidence > 0).any(axis=1))
    if not len(seen):
        raise MotionFileError(
            f'got {video.source}, where no keypoint is measured in any of {len(points)} frames; '
            f'expected a person with confidence of 0.1 or more'
        )
    span = slice(seen[0], seen[-1] + 1)
    remarks = [f'left and right were exchanged in {mended} frames and put back'] * (mended > 0)
    if video.lost is not None:
        remarks.append(
            f'the person is lost among others after frame {video.lost + 1} of {len(points)}; the '
            f'clip ends there'
        )
    clip = Clip(
        keypoints=points[span],
        confidence=confidence[span],
        rate_hz=rate_hz,
        label=emotion_of(video.path),
        source=str(video.source),
        actor=actor_of(video.path),
        content=video.source.name.removesuffix('.json'),
        remarks=tuple(remarks),
    )
    empty = int((person[span, :, 2] == 0).all(axis=1).sum())
    return clip, [
        f'{clip.source}: OpenPose BODY_25, 2D, pixels',
        f'  {len(clip)} frames, {clip.duration_s:.1f} s at {rate_hz:g} Hz '
        f'(the rate that was given: the files do not say)',
        f'  from the names: label {clip.label or "none"}, actor {clip.actor or "unknown"}',
        f'  {video.missing} frames without a file, {empty} without a usable person, '
        f'{video.crowded} with several people (followed the most confident of the first frame)',
        f'  {cleaning.implausible} implausible keypoints cut out, with {cleaning.frames_cut} '
        f'whole frames',
        f'  {cleaning.filled} of {len(clip) * _SIZE} keypoints filled in time, '
        f'{int((confidence[span] == 0).sum())} masked',
    ]


def _read_file(path: Path, rate_hz: float) -> _Video:
    data = _load_object(path)
    if 'people' in data:
        return _followed(path, path, [_people_of(data, path)], rate_hz)
    missing = [key for key in ('x', 'y', 'confidence') if key not in data]
    if missing:
        raise MotionFileError(
            f'got {path} with the keys {", ".join(map(str, data)) or "none"}; expected x, y and '
            f'confidence (one file a clip) or people (one file a frame)'
        )
    x, y, confidence = (_numbers(data[key], key, path) for key in ('x', 'y', 'confidence'))
    if not len(x) == len(y) == len(confidence):
        raise MotionFileError(
            f'got {path} with {len(x)} x, {len(y)} y and {len(confidence)} confidence; expected '
            f'as many of each: the file may be truncated'
        )
    if not len(x) or len(x) % _SIZE:
        raise MotionFileError(
            f'got {path} with {len(x)} values; expected {_SIZE} a frame (BODY_25): it is empty, '
            f'truncated or of another skeleton'
        )
    person = np.stack((x, y, _shares(confidence, path)), axis=-1)
    return _Video(path, path, person.reshape(-1, _SIZE, 3))


def _read_frames(folder: Path, prefix: str, files: Mapping[int, Path], rate_hz: float) -> _Video:
    first, last = min(files), max(files)
    if last + 1 - first > 100 * len(files) + 1000:
        raise MotionFileError(
            f'got {folder} with {len(files)} files of {prefix!r} numbered {first} to {last}; '
            f'expected the numbers of frames'
        )
    frames = [
        _people_of(_load_object(files[n]), files[n]) if n in files else None
        for n in range(first, last + 1)
    ]
    return _followed(files[first], folder / prefix, frames, rate_hz)


def _followed(path: Path, source: Path, frames: list[np.ndarray | None], rate_hz: float) -> _Video:
    """Choose one person of each frame; frames hold people [P, 25, 3], or None without a file."""
    person, lost = follow(frames, rate_hz)
    missing = sum(people is None for people in frames)
    crowded = sum(people is not None and len(people) > 1 for people in frames)
    return _Video(path, source, person, missing, crowded, lost)


def _people_of(data: Mapping[str, Any], path: Path) -> np.ndarray:
    """Return the people [P, 25, 3] of one frame who have a measured keypoint."""
    given = data.get('people')
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise MotionFileError(
            f'got {path}, which is JSON without a list of people; expected what OpenPose writes '
            f'with --write_json, or flat lists x, y and confidence'
        )
    people = []
    for one in given:
        if 'pose_keypoints_2d' not in one:
            raise MotionFileError(
                f'got {path} with a person without pose_keypoints_2d (it has '
                f'{", ".join(one) or "nothing"}); expected what OpenPose 1.3 or newer writes'
            )
        values = _numbers(one['pose_keypoints_2d'], 'pose_keypoints_2d', path)
        if not len(values):  # a person of whom only a face or a hand was found
            continue
        if len(values) != 3 * _SIZE:
            raise MotionFileError(
                f'got {path} with {len(values)} numbers in pose_keypoints_2d, another skeleton; '
                f'expected {3 * _SIZE} (BODY_25: x, y and confidence of {_SIZE} keypoints)'
            )
        person = values.reshape(_SIZE, 3)
        person[:, 2] = np.where((person[:, :2] == 0).all(axis=1), 0, _shares(person[:, 2], path))
        if person[:, 2].any():
            people.append(person)
    return np.array(people).reshape(-1, _SIZE, 3)


def _load_object(path: Path) -> dict[str, Any]:
    try:
        data = read_json(path, 'long JSON')
    except ConfigError as error:
        raise MotionFileError(str(error)) from error
    if not isinstance(data, dict):
        raise MotionFileError(
            f'got {path}, which is JSON but no object; expected people (one file a frame) or x, '
            f'y and confidence (one file a clip)'
        )
    return data


def _numbers(values: Any, key: str, path: Path) -> np.ndarray:
    """Return a flat list of finite numbers as float64 [N]."""
    if not isinstance(values, list):
        raise MotionFileError(
            f'got {path}, where {key} is {type(values).__name__}; expected a flat list of numbers'
        )
    for number, value in enumerate(values):
        if type(value) not in (int, float) or not abs(value) < 1e9:
            raise MotionFileError(
                f'got {path}, where {key}[{number}] is {str(value)[:40]}; expected a finite '
                f'number (0 for what was not detected)'
            )
    return np.array(values, dtype=np.float64)


def _shares(confidence: np.ndarray, path: Path) -> np.ndarray:
    """Clip confidence to 1, which OpenPose's sometimes passes by a little."""
    wrong = confidence[(confidence < 0) | (confidence > 2)]
    if len(wrong):
        raise MotionFileError(
            f'got {path} with the confidence {wrong[0]:g}; expected 0 to 1, as OpenPose writes it'
        )
    return np.minimum(confidence, 1.0)
