# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What carries arousal and valence in movement: acceleration, and the pitch of the head.

They are the two kinematic correlates of people's ratings of REBL-Pepper's 36 animations (Marmpena
et al. 2018): arousal goes with acceleration (Spearman 0.66), valence with a head held up (0.40).
"""

from __future__ import annotations

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.averages import emotion_means
from emotion_motion.evaluation.streams import Streams
from emotion_motion.training.selection.free_run import SMOOTHED_FRAMES

__all__ = ['acceleration', 'exchanged', 'head_pitch', 'rank_correlation', 'slope']


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
    nose, left, right = (
        streams.keypoints[:, :, load_skeleton().index(name)] for name in ('Nose', 'LEar', 'REar')
    )
    face = nose - 0.5 * (left + right)
    pitch = np.arctan2(face[..., 2], np.hypot(face[..., 0], face[..., 1]))
    return np.asarray(np.degrees(pitch).mean(axis=1), dtype=np.float64)


def exchanged(own: np.ndarray, reference: np.ndarray, emotions: np.ndarray) -> float:
    """Return how many pairs of emotions come in another order than in the reference.

    A pair counts where the reference tells it apart: where its means differ by more than the
    standard deviation between people at one emotion (the root of the mean of both variances).

    Args:
        own: [7] mean of each emotion.
        reference: [B] of each stream, one a person.
        emotions: [B] index into EMOTIONS of each.

    Returns:
        0 to 21; NaN where an emotion lacks.
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
