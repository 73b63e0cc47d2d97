# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Held postures: how long a trunk, or a raised wrist, stays in one place."""

from __future__ import annotations

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.evaluation.streams import Streams
from emotion_motion.training.selection.free_run import SMOOTHED_FRAMES, STILL_M_S

__all__ = ['held_trunk', 'held_wrist', 'pieces']

_EVERY_S = 0.1
_TRUNK_M, _WRIST_M, _RAISED_M = 0.03, 0.10, 0.20


def held_trunk(streams: Streams) -> np.ndarray:
    """Return the longest time [B] that trunk and head stay in one place while arms move [s].

    A stretch lasts while all keypoints of trunk and head are within 3 cm of where they are at its
    beginning. Counted is the time in it during which a wrist is faster than 0.05 m/s (motion
    averaged over 7 frames): a body that stands still altogether is another measure's matter.

    Args:
        streams: of bodies of 1.70 m, looked at ten times a second.
    """
    wrists = streams.keypoints[:, :, _at('LWrist', 'RWrist')]
    moved = wrists[:, SMOOTHED_FRAMES:] - wrists[:, :-SMOOTHED_FRAMES]
    speed = np.linalg.norm(moved, axis=-1).max(axis=-1) * (streams.rate_hz / SMOOTHED_FRAMES)
    first = SMOOTHED_FRAMES // 2
    speed = np.pad(speed, ((0, 0), (first, SMOOTHED_FRAMES - first)), mode='edge')
    every, seconds = _every(streams)
    parts = load_skeleton().groups
    points = streams.keypoints[:, ::every, [*parts['trunk'], *parts['head']]]
    allowed = np.ones(points.shape[:2], dtype=bool)
    return seconds * _longest(points, _TRUNK_M, allowed, speed[:, ::every] >= STILL_M_S)


def held_wrist(streams: Streams) -> np.ndarray:
    """Return the longest time [B] that a raised wrist stays in one place [s].

    Raised is more than 20 cm above the hip of its side; a stretch lasts while the wrist is raised
    and within 10 cm of where it is at its beginning. The longer of both sides counts.

    Args:
        streams: of bodies of 1.70 m, looked at ten times a second.
    """
    every, seconds = _every(streams)
    found = []
    for side in 'LR':
        wrist, hip = (
            streams.keypoints[:, ::every, _at(f'{side}{name}')] for name in ('Wrist', 'Hip')
        )
        raised = (wrist - hip)[:, :, 0, 2] > _RAISED_M
        found.append(_longest(wrist, _WRIST_M, raised, raised))
    return seconds * np.maximum(*found)


def pieces(streams: Streams, seconds: float) -> Streams:
    """Return streams cut into whole pieces of so many seconds; what is left over is not in them.

    Shorter streams are returned as they are.
    """
    count = max(1, int(streams.seconds / seconds + 1e-6))
    return Streams.joined([streams.part(i * seconds, (i + 1) * seconds) for i in range(count)])


def _longest(
    points: np.ndarray, radius_m: float, allowed: np.ndarray, counted: np.ndarray
) -> np.ndarray:
    """Return the most looks that are counted within one stretch of each stream [B].

    Args:
        points: [B, N, K, 3] at each look [m].
        radius_m: how far a keypoint may go from where it is when the stretch begins [m].
        allowed: [B, N] whether a stretch may have this look.
        counted: [B, N] whether it counts.
    """
    total = np.pad(np.cumsum(counted, axis=1), ((0, 0), (1, 0)))
    found = np.zeros(len(points))
    stream, begin = np.nonzero(allowed)
    end = begin.copy()
    while len(stream):  # all stretches grow by one look, those that cannot are left behind
        end += 1
        np.maximum.at(found, stream, total[stream, end] - total[stream, begin])
        inside = end < points.shape[1]
        stream, begin, end = stream[inside], begin[inside], end[inside]
        moved = np.square(points[stream, end] - points[stream, begin]).sum(axis=-1)
        held = (moved <= radius_m**2).all(axis=-1) & allowed[stream, end]
        stream, begin, end = stream[held], begin[held], end[held]
    return found


def _every(streams: Streams) -> tuple[int, float]:
    """Return every how many frames a stream is looked at, and how long that is [s]."""
    every = max(1, round(_EVERY_S * streams.rate_hz))
    return every, every / streams.rate_hz


def _at(*names: str) -> list[int]:
    return [load_skeleton().index(name) for name in names]
