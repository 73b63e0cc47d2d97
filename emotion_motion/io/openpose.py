# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""OpenPose BODY_25 JSON, 2D: a folder with one file a frame, or one file a clip as in MEED."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import json
from pathlib import Path
import re
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.clip import Clip
from emotion_motion.io.gaps import clean, Cleaning

__all__ = [
    'OpenPoseFacts',
    'OpenPoseReport',
    'describe_openpose',
    'read_openpose',
    'BODY_25_SIZE',
    'load_object',
    'numbers',
    'people_of',
    'shares',
    'EMOTION_CODES',
    'actor_of',
    'emotion_of',
]

# Emotion and actor from the names of folders and files, as data sets such as MEED write them.
#
# MEED (Multi-view Emotional Expressions Dataset, Zhang et al. 2023,
# doi 10.1038/s41597-023-02551-y) names folders by the emotion's code; the same group's kinematic
# data set joins actor, code and numbers (`F01A0V1`). Both are read. Codes count only in capitals
# and as whole words.

EMOTION_CODES = {
    'A': 'anger',
    'D': 'disgust',
    'F': 'fear',
    'H': 'happiness',
    'N': 'neutral',
    'SA': 'sadness',
    'SU': 'surprise',
}
# Farther up are drives and projects, whose names mean something else.
_FOLDERS = 3
_JOINED = re.compile(r'([FM]\d{2})(SA|SU|[ADFHN])\d*(?:V\d+)?')
_ACTOR = re.compile(r'(?:actor|actress|person|participant|subject)_?\d+|[FMP]\d{1,3}', re.I)


def emotion_of(path: Path) -> str:
    """Return the emotion that the folders or the file's name say; '' for none.

    Looks at the three folders above the file, nearest first, then at the file's name. `F` beside
    another code in one name is taken for 'female' or 'front'.
    """
    for name in _names(path):
        words = _words(name)
        joined = [match[2] for word in words if (match := _JOINED.fullmatch(word))]
        codes = set(joined) or {word for word in words if word in EMOTION_CODES}
        if len(codes) > 1:
            codes.discard('F')
        if len(codes) == 1:
            return EMOTION_CODES[codes.pop()]
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
    """The names to look at, most telling first."""
    return [*(folder.name for folder in list(path.parents)[:_FOLDERS]), path.stem]


def _words(name: str) -> list[str]:
    return [word for word in re.split(r'[^0-9A-Za-z]+', name) if word]


# The JSON inside OpenPose files: numbers checked, people as arrays.

BODY_25_SIZE = 25


def people_of(data: Mapping[str, Any], path: Path) -> np.ndarray:
    """Return the people [P, 25, 3] of one frame who have a measured keypoint."""
    given = data.get('people')
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise MotionFileError(
            f'got {path}, which is JSON without a list of people; expected what OpenPose writes '
            f'with --write_json, or flat lists x, y and confidence'
        )
    found = []
    for one in given:
        if 'pose_keypoints_2d' not in one:
            raise MotionFileError(
                f'got {path} with a person without pose_keypoints_2d (it has '
                f'{", ".join(one) or "nothing"}); expected what OpenPose 1.3 or newer writes'
            )
        values = numbers(one['pose_keypoints_2d'], 'pose_keypoints_2d', path)
        if not len(values):  # a person of whom only a face or a hand was found
            continue
        if len(values) != 3 * BODY_25_SIZE:
            raise MotionFileError(
                f'got {path} with {len(values)} numbers in pose_keypoints_2d, another skeleton; '
                f'expected {3 * BODY_25_SIZE} (BODY_25: x, y and confidence of {BODY_25_SIZE} '
                f'keypoints)'
            )
        person = values.reshape(BODY_25_SIZE, 3)
        person[:, 2] = np.where((person[:, :2] == 0).all(axis=1), 0, shares(person[:, 2], path))
        if person[:, 2].any():
            found.append(person)
    return np.array(found).reshape(-1, BODY_25_SIZE, 3)


def load_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; MotionFileError where there is none."""
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise MotionFileError(f'could not read {path} ({error.strerror})') from error
    except (ValueError, RecursionError) as error:  # bad UTF-8 is a ValueError as well
        raise MotionFileError(
            f'got {path}, which is not JSON ({error}); it may be truncated'
        ) from error
    if not isinstance(data, dict):
        raise MotionFileError(
            f'got {path}, which is JSON but no object; expected people (one file a frame) or x, '
            f'y and confidence (one file a clip)'
        )
    return data


def numbers(values: Any, key: str, path: Path) -> np.ndarray:
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


def shares(confidence: np.ndarray, path: Path) -> np.ndarray:
    """Clip confidence to 1, which OpenPose's sometimes passes by a little."""
    if (confidence < 0).any() or (confidence > 2).any():
        wrong = confidence[(confidence < 0) | (confidence > 2)][0]
        raise MotionFileError(
            f'got {path} with the confidence {wrong:g}; expected 0 to 1, as OpenPose writes it'
        )
    return np.minimum(confidence, 1.0)


_FRAME = re.compile(r'(?P<video>.*?)_?(?P<number>\d+)_keypoints\.json')
# From one frame to the next nobody moves farther than half the size of the body.
_REACH = 0.5


@dataclass(frozen=True, eq=False)
class _Video:
    """One person as detected: points [T, 25, 2] pixels, confidence [T, 25], what was seen."""

    source: str
    content: str
    points: np.ndarray
    confidence: np.ndarray
    missing: int = 0
    crowded: int = 0
    label: str = ''
    actor: str = ''


@dataclass(frozen=True)
class OpenPoseFacts:
    """What one clip of an OpenPose path holds.

    Attributes:
        source: the file, or the folder and the video's prefix.
        frames: frames of the clip, from the first to the last with a person.
        rate_hz: frames a second, as told: OpenPose writes none.
        missing: frames between those without a file.
        empty: frames without a usable person, those without a file included.
        crowded: frames with several people, where the nearest to the one before was followed.
        cleaning: gaps filled, keypoints masked, implausible ones cut out.
        label: emotion that the names say, '' for none.
        actor: actor that the names say, '' for none.
    """

    source: str
    frames: int
    rate_hz: float
    missing: int
    empty: int
    crowded: int
    cleaning: Cleaning
    label: str
    actor: str

    def lines(self) -> list[str]:
        """Return what to print, a line a fact."""
        cleaning = self.cleaning
        return [
            f'{self.source}: OpenPose BODY_25, 2D, pixels',
            f'  {self.frames} frames, {self.frames / self.rate_hz:.1f} s at {self.rate_hz:g} Hz '
            f'(the rate as told: the files do not say)',
            f'  from the names: label {self.label or "none"}, actor {self.actor or "unknown"}',
            f'  {self.missing} frames without a file, {self.empty} without a usable person, '
            f'{self.crowded} with several people (followed the nearest to the frame before)',
            f'  {cleaning.implausible} implausible keypoints cut out, with {cleaning.frames_cut} '
            f'whole frames',
            f'  {cleaning.filled} of {self.frames * BODY_25_SIZE} keypoints filled in time, '
            f'{cleaning.masked} masked',
        ]


@dataclass(frozen=True)
class OpenPoseReport:
    """What an OpenPose path holds: its path and the facts of each clip."""

    path: str
    clips: tuple[OpenPoseFacts, ...]

    def lines(self) -> list[str]:
        """Return what to print."""
        return [line for clip in self.clips for line in clip.lines()]


def read_openpose(path: str | Path, *, rate_hz: float = 30.0) -> list[Clip]:
    """Read OpenPose BODY_25 keypoints; gaps are filled in time, what is left has confidence 0.

    Args:
        path: a folder of `PREFIX_NUMBER_keypoints.json`, one file a frame (one clip a prefix;
            missing numbers are unmeasured frames; where there are several people, the nearest to
            the one of the frame before is followed, beginning with the most confident), or a
            JSON file with flat lists `x`, `y`, `confidence` of 25 values a frame (MEED), or a
            folder of such files. Label and actor come from the names, see `meed_names`.
        rate_hz: frames a second; the files do not say.

    Returns:
        Clips with keypoints [T, 25, 2] in pixels, x right and y down, from the first to the last
        frame with a person.

    Raises:
        MotionFileError: with path and reason: missing, no JSON, another skeleton, lists of
            different lengths, numbers that are none, nobody in any frame.
    """
    return [clip for clip, _ in _read(Path(path), rate_hz)]


def describe_openpose(path: str | Path, *, rate_hz: float = 30.0) -> OpenPoseReport:
    """Say what `read_openpose` finds; arguments and errors are the same."""
    return OpenPoseReport(str(path), tuple(facts for _, facts in _read(Path(path), rate_hz)))


def _read(path: Path, rate_hz: float) -> list[tuple[Clip, OpenPoseFacts]]:
    if not 0.0 < rate_hz < float('inf'):
        raise MotionFileError(f'got a rate of {rate_hz} Hz; expected a finite number above 0')
    if not path.is_dir():
        return [_finish(_read_file(path), rate_hz)]
    if videos := _videos(path):
        return [
            _finish(_read_frames(path, video, files), rate_hz) for video, files in videos.items()
        ]
    files = sorted(path.glob('*.json'))
    if not files:
        raise MotionFileError(
            f'got the folder {path} without OpenPose files; expected *_keypoints.json, one a '
            f'frame, or JSON files with x, y and confidence, one a clip'
        )
    return [_finish(_read_file(file), rate_hz) for file in files]


def _videos(folder: Path) -> dict[str, dict[int, Path]]:
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


def _finish(video: _Video, rate_hz: float) -> tuple[Clip, OpenPoseFacts]:
    """Clean a video and leave out what lies before the first and after the last person."""
    points, confidence, cleaning = clean(
        video.points, video.confidence, load_skeleton('body_25'), rate_hz=rate_hz
    )
    seen = np.flatnonzero((confidence > 0).any(axis=1))
    if not len(seen):
        raise MotionFileError(
            f'got {video.source}, where no keypoint is measured in any of {len(points)} frames; '
            f'expected a person with confidence of 0.1 or more'
        )
    span = slice(seen[0], seen[-1] + 1)
    cut = len(points) - (seen[-1] + 1 - seen[0])
    clip = Clip(
        keypoints=points[span],
        confidence=confidence[span],
        rate_hz=rate_hz,
        label=video.label,
        source=video.source,
        actor=video.actor,
        content=video.content,
    )
    facts = OpenPoseFacts(
        source=video.source,
        frames=len(clip),
        rate_hz=rate_hz,
        missing=video.missing,
        empty=int((video.confidence[span] == 0).all(axis=1).sum()),
        crowded=video.crowded,
        cleaning=Cleaning(
            cleaning.filled,
            cleaning.masked - cut * BODY_25_SIZE,
            cleaning.implausible,
            cleaning.frames_cut,
        ),
        label=video.label,
        actor=video.actor,
    )
    return clip, facts


def _read_file(path: Path) -> _Video:
    """Read one JSON file: a clip in MEED's form, or a single frame."""
    data = load_object(path)
    if 'people' in data:
        return _follow(path, path, [people_of(data, path)])
    missing = [key for key in ('x', 'y', 'confidence') if key not in data]
    if missing:
        raise MotionFileError(
            f'got {path} with the keys {", ".join(map(str, data)) or "none"}; expected x, y and '
            f'confidence (one file a clip) or people (one file a frame)'
        )
    x, y, confidence = (numbers(data[key], key, path) for key in ('x', 'y', 'confidence'))
    if not len(x) == len(y) == len(confidence):
        raise MotionFileError(
            f'got {path} with {len(x)} x, {len(y)} y and {len(confidence)} confidence; expected '
            f'as many of each: the file may be truncated'
        )
    if not len(x):
        raise MotionFileError(f'got {path} with empty lists; expected 25 values a frame')
    if len(x) % BODY_25_SIZE:
        raise MotionFileError(
            f'got {path} with {len(x)} values; expected a multiple of {BODY_25_SIZE} (BODY_25): '
            f'it is truncated or of another skeleton'
        )
    return _Video(
        source=str(path),
        content=path.stem,
        points=np.stack((x, y), axis=-1).reshape(-1, BODY_25_SIZE, 2),
        confidence=shares(confidence, path).reshape(-1, BODY_25_SIZE),
        label=emotion_of(path),
        actor=actor_of(path),
    )


def _read_frames(folder: Path, video: str, files: Mapping[int, Path]) -> _Video:
    first, last = min(files), max(files)
    span = last + 1 - first
    if span > 100 * len(files) + 1000:
        raise MotionFileError(
            f'got {folder} with {len(files)} files of {video!r} numbered {first} to {last}; '
            f'expected the numbers of frames'
        )
    frames = [
        people_of(load_object(files[n]), files[n]) if n in files else None
        for n in range(first, last + 1)
    ]
    return _follow(folder / video, files[first], frames)


def _follow(source: Path, named: Path, frames: list[np.ndarray | None]) -> _Video:
    """Choose one person of each frame; frames hold people [P, 25, 3], or None without a file.

    A person farther from the last one seen than a body moves in that time is someone else; then
    nobody is there.
    """
    chosen = np.zeros((len(frames), BODY_25_SIZE, 3))
    last: int | None = None
    for number, people in enumerate(frames):
        if people is None or not len(people):
            continue
        if last is None:
            chosen[number] = people[np.argmax(people[..., 2].sum(axis=1))]
            last = number
            continue
        distances = [_distance(chosen[last], person) for person in people]
        best = int(np.argmin(distances))
        size = max(_extent(chosen[last]), _extent(people[best]))
        if distances[best] <= _REACH * size * (number - last):
            chosen[number], last = people[best], number
    return _Video(
        source=str(source),
        content=source.name,
        points=chosen[..., :2],
        confidence=chosen[..., 2],
        missing=sum(people is None for people in frames),
        crowded=sum(people is not None and len(people) > 1 for people in frames),
        label=emotion_of(named),
        actor=actor_of(named),
    )


def _distance(first: np.ndarray, second: np.ndarray) -> float:
    """Mean distance of the keypoints [25, 3] that both have, else that of their middles."""
    both = (first[:, 2] > 0) & (second[:, 2] > 0)
    if both.any():
        return float(np.linalg.norm(first[both, :2] - second[both, :2], axis=-1).mean())
    middles = [person[person[:, 2] > 0, :2].mean(axis=0) for person in (first, second)]
    return float(np.linalg.norm(middles[0] - middles[1]))


def _extent(person: np.ndarray) -> float:
    """Diagonal of the box around the keypoints [25, 3] that were seen."""
    seen = person[person[:, 2] > 0, :2]
    return float(np.linalg.norm(np.ptp(seen, axis=0)))
