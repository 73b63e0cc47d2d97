# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion files and recorded runs as tracks that can be looked at from any place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.exceptions import MotionFileError
from emotion_motion.io import Clip, load_motion, Motion
from emotion_motion.io.reading import read_clips
from emotion_motion.viewer.sources.source import Figure

__all__ = ['Track', 'read_track']

_GROUND_SHARE = 2.0  # percentile of the lowest keypoints that counts as the ground


@dataclass(frozen=True, eq=False)
class Track:
    """Motion over time, placed to be looked at.

    Attributes:
        keypoints: [T, K, 3] in metres; NaN where not measured. It begins over the origin and
            faces x.
        rate_hz: frames a second.
        skeleton: name of the keypoint set.
        names: K keypoint names.
        label: what it is.
        requested: [T, 7] weights, or None.
        recognised: [T, 7] weights, or None.
    """

    keypoints: np.ndarray
    rate_hz: float
    skeleton: str
    names: tuple[str, ...]
    label: str
    requested: np.ndarray | None = None
    recognised: np.ndarray | None = None

    @property
    def duration_s(self) -> float:
        """Time from the first to the last frame [s]."""
        return (len(self.keypoints) - 1) / self.rate_hz

    def number(self, time_s: float) -> int:
        """Return the number of the frame at a time; before and after it is the first or last."""
        return int(np.clip(round(time_s * self.rate_hz), 0, len(self.keypoints) - 1))

    def figure(self, number: int) -> Figure:
        """Return the body in a frame."""
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

        return _of_motion(replay_run(path).motion, path.name)
    if path.suffix.lower() == '.npz' and path.is_file() and _has_recognised(path):
        return _of_motion(load_motion(path), path.name)
    clips = read_clips(path)
    if not 1 <= clip <= len(clips):
        raise MotionFileError(f'got clip {clip} of {path}; expected 1 to {len(clips)}')
    label = path.name if len(clips) == 1 else f'{path.name} ({clip} of {len(clips)})'
    return _of_clip(clips[clip - 1], label)


def _of_motion(motion: Motion, label: str) -> Track:
    keypoints = _in_space(motion.keypoints)
    return Track(
        keypoints,
        motion.rate_hz,
        motion.skeleton,
        tuple(motion.names),
        label,
        motion.requested,
        motion.recognised,
    )


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
    return Track(
        keypoints.astype(np.float32),
        clip.rate_hz,
        clip.skeleton,
        skeleton.names,
        label,
        clip.emotions,
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
        with np.load(path, allow_pickle=False) as data:
            return 'recognised' in data and 'requested' in data
    except (OSError, ValueError, EOFError):
        return False  # whoever reads it next says what is wrong
