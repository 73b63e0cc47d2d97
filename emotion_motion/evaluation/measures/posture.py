# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Held postures, and what carries arousal and valence: acceleration, and the pitch of the head.

The two correlates are those of people's ratings of REBL-Pepper's 36 animations (Marmpena et al.
2018): arousal goes with acceleration (Spearman 0.66), valence with a head held up (0.40).
"""

from __future__ import annotations

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.averages import emotion_means
from emotion_motion.evaluation.streams import Streams
from emotion_motion.training.free_run import SMOOTHED_FRAMES, STILL_M_S

_EVERY_S = 0.1
_TRUNK_M, _WRIST_M, _RAISED_M = 0.03, 0.10, 0.20


def held_trunk(streams: Streams) -> np.ndarray:
    """Return the longest time [B] that trunk and head stay in one place while arms move [s].

    A stretch lasts while all keypoints of trunk and head are within 3 cm of where they are at its
    beginning. Counted is the time in it during which a wrist is faster than 0.05 m/s (motion
    averaged over 7 frames): a body that stands still altogether is another measure's matter.
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
    """
    every, seconds = _every(streams)
    held = []
    for side in 'LR':
        wrist, hip = (
            streams.keypoints[:, ::every, _at(f'{side}{name}')] for name in ('Wrist', 'Hip')
        )
        raised = (wrist - hip)[:, :, 0, 2] > _RAISED_M
        held.append(_longest(wrist, _WRIST_M, raised, raised))
    return seconds * np.maximum(*held)


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

    In a stretch all looks are `allowed` [B, N], and all points [B, N, K, 3] are within the radius
    of where they are when it begins [m].
    """
    total = np.pad(np.cumsum(counted, axis=1), ((0, 0), (1, 0)))
    longest = np.zeros(len(points))
    stream, begin = np.nonzero(allowed)
    end = begin.copy()
    while len(stream):  # all stretches grow by one look, those that cannot are left behind
        end += 1
        np.maximum.at(longest, stream, total[stream, end] - total[stream, begin])
        inside = end < points.shape[1]
        stream, begin, end = stream[inside], begin[inside], end[inside]
        moved = np.square(points[stream, end] - points[stream, begin]).sum(axis=-1)
        held = (moved <= radius_m**2).all(axis=-1) & allowed[stream, end]
        stream, begin, end = stream[held], begin[held], end[held]
    return longest


def _every(streams: Streams) -> tuple[int, float]:
    """Return every how many frames a stream is looked at, and how long that is [s]."""
    every = max(1, round(_EVERY_S * streams.rate_hz))
    return every, every / streams.rate_hz


def _at(*names: str) -> list[int]:
    return [load_skeleton().index(name) for name in names]


def acceleration(streams: Streams) -> np.ndarray:
    """Return the mean acceleration of each stream [B] [m/s^2].

    Mean over all keypoints and frames of the size of the second difference of the motion averaged
    over 7 frames, so that trembling is no arousal. With all keypoints people differ less from one
    another at one emotion than with the wrists alone (6 to 14 % against 8 to 19 %).
    """
    # The difference of two averages of 7 frames is that of the frames at their ends.
    velocity = streams.keypoints[:, SMOOTHED_FRAMES:] - streams.keypoints[:, :-SMOOTHED_FRAMES]
    change = np.diff(velocity, axis=1) * (streams.rate_hz**2 / SMOOTHED_FRAMES)
    return np.asarray(np.linalg.norm(change, axis=-1).mean(axis=(1, 2)), dtype=np.float64)


def head_pitch(streams: Streams) -> np.ndarray:
    """Return the mean pitch of the face of each stream [B], up is positive [degrees].

    The angle against the horizon of the line from the middle of the ears to the nose. In the rest
    pose it is -14 degrees, the nose being lower than the ears.
    """
    nose, left, right = np.moveaxis(streams.keypoints[:, :, _at('Nose', 'LEar', 'REar')], 2, 0)
    face = nose - 0.5 * (left + right)
    pitch = np.arctan2(face[..., 2], np.hypot(face[..., 0], face[..., 1]))
    return np.asarray(np.degrees(pitch).mean(axis=1), dtype=np.float64)


def exchanged(own: np.ndarray, reference: np.ndarray, emotions: np.ndarray) -> float:
    """Return how many pairs of emotions come in another order than in the reference.

    A pair counts where the reference separates it: where its means differ by more than the
    standard deviation between people at one emotion (the root of the mean of both variances).

    0 to 21; NaN where an emotion lacks. `own` [7] are means; `reference` [B] has a value a person
    at the emotion `emotions` [B].
    """
    means = emotion_means(reference, emotions)
    if not np.isfinite(own + means).all():
        return float('nan')
    counts = np.bincount(emotions, minlength=len(EMOTIONS))
    variances = emotion_means(np.square(reference - means[emotions]), emotions)
    variances *= counts / np.maximum(counts - 1, 1)  # of people, of whom these are a sample
    noise = np.sqrt(0.5 * (variances[:, None] + variances))
    apart = means[:, None] - means > noise
    return float((apart & (own[:, None] <= own)).sum())


def rank_correlation(own: np.ndarray, reference: np.ndarray) -> float:
    """Return Spearman's rank correlation of two times seven values; NaN where one lacks."""
    if not np.isfinite(own + reference).all():
        return float('nan')
    own_ranks, their_ranks = (np.argsort(np.argsort(values)) - 3.0 for values in (own, reference))
    return float(own_ranks @ their_ranks) / 28.0  # of 7 ranks from -3 to 3


def slope(own: np.ndarray, reference: np.ndarray) -> float:
    """Return the slope of the line of least squares of own values [7] over the reference's.

    1 where the emotions are as far apart as in the reference, whatever all have in common; those
    that lack are left out, and of fewer than two nothing can be said (NaN).
    """
    there = np.isfinite(own + reference)
    off = reference[there] - reference[there].mean() if there.sum() > 1 else np.zeros(1)
    return float(off @ own[there] / (off @ off)) if off.any() else float('nan')
