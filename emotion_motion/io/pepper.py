# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""REBL-Pepper (Marmpena et al. 2018): the robot Pepper's joint angles as motion of a body."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import re

import numpy as np

from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.clip import Clip
from emotion_motion.io.pepper_body import JOINTS, PepperBody
from emotion_motion.io.pepper_csv import Animation, read_animations, read_ratings

__all__ = ['PepperReport', 'describe_rebl_pepper', 'read_rebl_pepper']

_RATE_HZ = 25.0
_LICENCE = 'CC-BY-4.0'
# A recorded angle may pass its limit by the play of the joint; degrees pass it by far.
_PLAY_RAD = 0.1


@dataclass(frozen=True)
class PepperReport:
    """What a REBL-Pepper file holds.

    Attributes:
        path: the table of joint angles.
        urdf: the robot.
        ratings: the table of valence and arousal, '' for none.
        clips: (animation, frames, valence and arousal or None) of each.
    """

    path: str
    urdf: str
    ratings: str
    clips: tuple[tuple[str, int, tuple[float, float] | None], ...]

    def lines(self) -> list[str]:
        """Return what to print."""
        found = [
            f'{self.path}: REBL-Pepper, {len(JOINTS)} joint angles that move keypoints, licence '
            f'{_LICENCE}',
            f'  {len(self.clips)} animations, {sum(count for _, count, _ in self.clips)} frames '
            f'at {_RATE_HZ:g} Hz, through {self.urdf}',
            '  arms, neck and mid-hip measured; face and hips derived (confidence 0.5); legs '
            'made up (confidence 0)',
            f'  valence and arousal from {self.ratings or "nowhere"}',
        ]
        for name, count, pair in self.clips:
            rated = f', valence {pair[0]:+.2f}, arousal {pair[1]:+.2f}' if pair else ''
            found.append(f'  {name}: {count / _RATE_HZ:.1f} s{rated}')
        return found


def read_rebl_pepper(
    path: str | Path, urdf: str | Path, labels_csv: str | Path | None = None
) -> list[Clip]:
    """Read Pepper's joint angles as keypoints of a body; `PepperBody` says how.

    Args:
        path: CSV with a column `id` and one of radians for each of `pepper_body.JOINTS`, a row a
            frame, 25 Hz; other columns are ignored.
        urdf: Pepper's URDF; meshes are not needed.
        labels_csv: CSV with `id`, `valence` and `arousal` of 0 to 1, which become -1 to 1. None:
            the file beside `path` with 'labels' for 'data' in its name (`labels_raw.csv`), if
            there is one.

    Returns:
        A clip for each animation: keypoints [T, 25, 3] in metres, about 1.21 m tall, facing +x on
        the ground; `label` the name without its number, `content` the name, `source` 'path#name',
        `actor` 'animator'.

    Raises:
        MotionFileError: with path and reason: a table that is missing or malformed, missing
            columns or joints (all are listed), angles far beyond a joint's limits.
        ConfigError: Pinocchio is not installed.
    """
    return _read(Path(path), Path(urdf), labels_csv)[0]


def describe_rebl_pepper(
    path: str | Path, urdf: str | Path, labels_csv: str | Path | None = None
) -> PepperReport:
    """Say what `read_rebl_pepper` finds; arguments and errors are the same."""
    clips, ratings = _read(Path(path), Path(urdf), labels_csv)
    return PepperReport(
        path=str(path),
        urdf=str(urdf),
        ratings=str(ratings or ''),
        clips=tuple((clip.content, len(clip), clip.valence_arousal) for clip in clips),
    )


def _read(path: Path, urdf: Path, labels_csv: str | Path | None) -> tuple[list[Clip], Path | None]:
    animations = read_animations(path, JOINTS)
    ratings = Path(labels_csv) if labels_csv is not None else _ratings_beside(path)
    rated = read_ratings(ratings) if ratings else {}
    body = PepperBody(urdf)
    for animation in animations:
        _check_limits(path, animation, body)
    return [
        Clip(
            keypoints=body.keypoints(animation.angles),
            rate_hz=_RATE_HZ,
            confidence=np.tile(body.confidence, (len(animation.angles), 1)),
            valence_arousal=rated.get(animation.name),
            label=re.sub(r'_?\d+$', '', animation.name),
            source=f'{path}#{animation.name}',
            actor='animator',
            content=animation.name,
            licence=_LICENCE,
        )
        for animation in animations
    ], ratings


def _ratings_beside(path: Path) -> Path | None:
    beside = path.with_name(path.name.replace('data', 'labels'))
    return beside if beside != path and beside.is_file() else None


def _check_limits(path: Path, animation: Animation, body: PepperBody) -> None:
    angles = animation.angles
    beyond = (angles < body.lower - _PLAY_RAD) | (angles > body.upper + _PLAY_RAD)
    if beyond.any():
        frame, joint = np.argwhere(beyond)[0]
        raise MotionFileError(
            f'got {path}, where {JOINTS[joint]} in line {animation.line + frame} is '
            f'{angles[frame, joint]:g}; expected radians, {body.lower[joint]:.2f} to '
            f'{body.upper[joint]:.2f} for this joint (not degrees)'
        )
