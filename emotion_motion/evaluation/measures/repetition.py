# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Repetition: how near a second of motion comes to another one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.evaluation.measures.neighbours import about_hips, Neighbours
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.selection.free_run import SMOOTHED_FRAMES, smoothed_speed, STILL_M_S

__all__ = ['moving_windows', 'nearest_across', 'nearest_repeats']

_WINDOW_S = 1.0
_SEEN_HZ = 10.0  # of a window's frames; people's movements have next to nothing above 5 Hz


def moving_windows(
    keypoints: np.ndarray, rate_hz: float, every_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Cut motion into windows of one second and leave out those that stand still.

    A window moves where its mean smoothed speed is 0.05 m/s or more.

    Args:
        keypoints: [T, K, 3] of BODY_25 in metres.
        rate_hz: frames a second.
        every_s: from the start of one window to that of the next [s], one frame at least.

    Returns:
        Windows [N, n, K, 3], ten frames each at 30 Hz, the mean of the mid-hip's x and y over the
        window taken out, so that where the body stands does not count; the frame [N] that each
        begins with.
    """
    first, moves = _starts(keypoints, rate_hz, max(1, round(every_s * rate_hz)))
    return _windows(keypoints, rate_hz, first[moves]), first[moves]


def nearest_repeats(
    keypoints: np.ndarray, rate_hz: float, *, lag_s: float = 2.0, every_s: float = 0.5
) -> np.ndarray:
    """Return how near moving windows of one second come to another one of the same motion.

    Args:
        keypoints: [T, K, 3] of BODY_25 in metres.
        rate_hz: frames a second.
        lag_s: the other window, moving or not, begins so much earlier or later at least [s].
        every_s: a window is taken so often; it is held against those that begin at any frame.

    Returns:
        [N] root mean squares over frames and keypoints of the distance of a keypoint [m],
        infinite where no window is far enough away; none where nothing moves.
    """
    starts, moves = _starts(keypoints, rate_hz, max(1, round(every_s * rate_hz)))
    chosen = starts[moves]
    if not len(chosen):
        return np.empty(0)
    first = np.arange(len(keypoints) - round(_WINDOW_S * rate_hz) + 1)
    library = _windows(keypoints, rate_hz, first)
    points = library.shape[1] * library.shape[2]
    rows = library.reshape(len(library), -1)
    rows -= rows.mean(axis=0)  # small numbers keep their digits
    squares = np.square(rows).sum(axis=1)
    table = squares[chosen, None] + squares - 2.0 * (rows[chosen] @ rows.T)
    table[np.abs(chosen[:, None] - first) < round(lag_s * rate_hz)] = np.inf
    return np.sqrt(np.maximum(table.min(axis=1), 0.0).astype(np.float64) / points)


def nearest_across(motions: Sequence[np.ndarray], rate_hz: float) -> np.ndarray:
    """Return how near moving windows of one second come to a window of another motion.

    Args:
        motions: [T, K, 3] each, of BODY_25 in metres.
        rate_hz: frames a second.

    Returns:
        [N] distances as of `nearest_repeats` [m], a window every 2 s of each motion.

    Raises:
        TrainingError: fewer than two motions of a second.
    """
    every = max(1, round(0.1 * rate_hz))
    libraries = [
        _windows(motion, rate_hz, _starts(motion, rate_hz, every)[0]) for motion in motions
    ]
    if sum(len(part) > 0 for part in libraries) < 2:
        raise TrainingError(
            f'got {len(motions)} streams of motion to find near windows across; expected at least '
            f'two people a second or longer'
        )
    queries = [moving_windows(motion, rate_hz, 2.0)[0] for motion in motions]
    labels, theirs = (
        np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        for parts in (queries, libraries)
    )
    known = Neighbours(np.concatenate(libraries))
    return known.nearest(np.concatenate(queries), (labels, theirs))[1]


def _starts(keypoints: np.ndarray, rate_hz: float, every: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first frames [N] of windows and whether they move [N]."""
    size = round(_WINDOW_S * rate_hz)
    first = np.arange(0, len(keypoints) - size + 1, every)
    if size <= SMOOTHED_FRAMES or not len(first):
        return first[:0], np.zeros(0, dtype=bool)
    way = np.concatenate(([0.0], np.cumsum(smoothed_speed(keypoints, rate_hz), dtype=float)))
    within = size - SMOOTHED_FRAMES
    return first, (way[first + within] - way[first]) / within >= STILL_M_S


def _windows(keypoints: np.ndarray, rate_hz: float, first: np.ndarray) -> np.ndarray:
    every = max(1, round(rate_hz / _SEEN_HZ))
    frames = first[:, None] + np.arange(0, round(_WINDOW_S * rate_hz), every)
    return about_hips(keypoints[frames], load_skeleton().root)
