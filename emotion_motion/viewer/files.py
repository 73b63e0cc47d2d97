# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Files as a source: one, or two side by side, with a time that plays and can be set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
import threading
import time
import zipfile

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.exceptions import MotionFileError
from emotion_motion.io import Clip, load_motion, Motion
from emotion_motion.io.reading import read_clips
from emotion_motion.viewer.source import Figure, Snapshot


class FilePlayer:
    """Plays one or more tracks by one time, again and again; it is its own timeline.

    Shorter tracks rest in their last frame. `clock` gives the present time [s].
    """

    steering = None
    tape = None

    def __init__(
        self, tracks: Sequence[Track], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tracks = tuple(tracks)
        self._clock = clock
        self._lock = threading.Lock()
        self.duration_s = max(track.duration_s for track in tracks)
        self.title = ' and '.join(track.label for track in tracks)
        self.timeline = self
        self._position_s, self._begin_s, self._playing = 0.0, clock(), True
        self._shown: tuple[int, ...] = ()
        self._number = 0

    @property
    def position_s(self) -> float:
        """The time that is shown [s]."""
        with self._lock:
            return self._now()

    @position_s.setter
    def position_s(self, value: float) -> None:
        with self._lock:
            self._position_s = min(max(0.0, value), self.duration_s)
            self._begin_s = self._clock()

    @property
    def playing(self) -> bool:
        return self._playing

    @playing.setter
    def playing(self, value: bool) -> None:
        with self._lock:
            self._position_s, self._begin_s = self._now(), self._clock()
            self._playing = value

    def snapshot(self) -> Snapshot:
        time_s = self.position_s
        shown = tuple(track.number(time_s) for track in self._tracks)
        if shown != self._shown:
            self._shown = shown
            self._number += 1
        first = self._tracks[0]
        return Snapshot(
            number=self._number,
            figures=tuple(
                track.figure(number) for track, number in zip(self._tracks, shown, strict=True)
            ),
            requested=first.requested[shown[0]],
            recognised=first.recognised[shown[0]],
            health=f'{time_s:.2f} of {self.duration_s:.2f} s',
        )

    def close(self) -> None:
        """Do nothing: there is no thread to end."""

    def _now(self) -> float:
        if not self._playing or self.duration_s <= 0.0:
            return self._position_s
        return (self._position_s + self._clock() - self._begin_s) % self.duration_s


_GROUND_SHARE = 2.0  # percentile of the lowest keypoints that counts as the ground


@dataclass(frozen=True, eq=False)
class Track(Motion):
    """Motion to be looked at: in space, NaN where not measured, weights of 0 where nobody knows.

    It begins over the origin and faces x; `label` says what it is.
    """

    label: str

    @property
    def duration_s(self) -> float:
        return (len(self.keypoints) - 1) / self.rate_hz

    def number(self, time_s: float) -> int:
        """Return the number of the frame at a time, or of the nearest one."""
        return int(np.clip(round(time_s * self.rate_hz), 0, len(self.keypoints) - 1))

    def figure(self, number: int) -> Figure:
        return Figure(self.keypoints[number], self.skeleton, self.names, self.label)


def read_track(path: Path, clip: int = 1) -> Track:
    """Read a motion file or the last run of a log.

    Args:
        path: .npz, .bvh, OpenPose files, or the log of a run (--log, replay_file), which is made
            again with its model.
        clip: which one of a file of several, from 1.

    Raises:
        EmotionMotionError: it cannot be read or shown; the message says why.
    """
    if path.is_file() and _is_run(path):
        from emotion_motion.replay.replay import replay_run

        return _of_motion(replay_run(path)[0], path.name)
    if path.suffix.lower() == '.npz' and path.is_file() and _has_recognised(path):
        return _of_motion(load_motion(path), path.name)
    clips = read_clips(path)
    if not 1 <= clip <= len(clips):
        raise MotionFileError(f'got clip {clip} of {path}; expected 1 to {len(clips)}')
    label = path.name if len(clips) == 1 else f'{path.name} ({clip} of {len(clips)})'
    return _of_clip(clips[clip - 1], label)


def _of_motion(motion: Motion, label: str) -> Track:
    return Track(**vars(motion) | {'keypoints': _in_space(motion.keypoints), 'label': label})


def _of_clip(clip: Clip, label: str) -> Track:
    if clip.dims == 2 and not clip.prepared:
        raise MotionFileError(
            f'got {label}, whose keypoints are those of an image (2D); the viewer shows '
            f'metres: a .bvh, an .npz with [T, K, 3], or a recorded run'
        )
    skeleton = load_skeleton(clip.skeleton)
    keypoints = _in_space(clip.keypoints.astype(np.float64))
    keypoints[clip.confidence == 0.0] = np.nan
    if not clip.prepared:
        keypoints = _placed(keypoints, skeleton)
    unknown = np.zeros((len(keypoints), 7), dtype=np.float32)
    return Track(
        keypoints.astype(np.float32),
        unknown if clip.emotions is None else clip.emotions,
        unknown,
        clip.rate_hz,
        clip.skeleton,
        skeleton.names,
        label,
    )


def _placed(keypoints: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return keypoints [T, K, 3] that begin over the origin, face x and stand on the ground."""
    left, right = skeleton.names.index('LHip'), skeleton.names.index('RHip')
    across = keypoints[:, left] - keypoints[:, right]
    seen = np.flatnonzero(np.isfinite(across).all(axis=-1))
    if not len(seen):
        return keypoints
    first = seen[0]
    y_x, y_y = across[first, :2] / max(float(np.linalg.norm(across[first, :2])), 1e-9)
    turn = np.array([[y_y, -y_x, 0.0], [y_x, y_y, 0.0], [0.0, 0.0, 1.0]])
    middle = 0.5 * (keypoints[first, left] + keypoints[first, right])
    lows = np.nanmin(np.where(np.isfinite(keypoints[..., 2]), keypoints[..., 2], np.inf), axis=1)
    middle[2] = np.percentile(lows[np.isfinite(lows)], _GROUND_SHARE)
    return (keypoints - middle) @ turn.T


def _in_space(keypoints: np.ndarray) -> np.ndarray:
    """Return keypoints [..., 3] of [..., 3], or of (y, z) [..., 2]."""
    if keypoints.shape[-1] == 3:
        return keypoints
    return np.concatenate((np.zeros_like(keypoints[..., :1]), keypoints), axis=-1)


def _is_run(path: Path) -> bool:
    with path.open('rb') as file:
        return file.read(20).startswith(b'{"format": "')


def _has_recognised(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return {'recognised.npy', 'requested.npy'} <= set(archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False  # whoever reads it next says what is wrong
