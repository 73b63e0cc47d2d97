# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Holes in measured keypoints: fill the short ones in time, mask the others, cut out the absurd.

Everything here works on one keypoint at a time; no keypoint is ever made from another one.
"""

from __future__ import annotations

from dataclasses import dataclass
import itertools

import numpy as np

from emotion_motion.body.skeleton import Skeleton

# What OpenPose's own drawing leaves out by default is below 0.05; below 0.1 points jump about.
_THRESHOLD = 0.1
_LONGEST_S = 0.5
# Bones shorter than this share of the body (face, feet) say little of its length.
_LONG_BONE = 0.1


@dataclass(frozen=True)
class Cleaning:
    """What `clean` did, counted in keypoints (one keypoint in one frame is one).

    Attributes:
        filled: gaps that were filled in time.
        masked: unmeasured in the result, confidence 0: the loss ignores them.
        implausible: measured, and cut out because the body cannot be like that.
        frames_cut: frames that were cut out whole because most of the body was implausible.
    """

    filled: int
    masked: int
    implausible: int
    frames_cut: int = 0


def fill_gaps(
    points: np.ndarray, confidence: np.ndarray, rate_hz: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fill short gaps of each keypoint by linear interpolation in time; mask what is left.

    A keypoint is measured in a frame where its confidence is at least 0.1 and its
    coordinates are finite; such values come back bit by bit. Between two measured frames of the
    same keypoint, up to 0.5 s of missing frames are interpolated and get half the lower
    confidence of the two, but at least 0.1. Longer gaps hold the last measured value, the
    beginning the first one; both get confidence 0, as does a keypoint that is never measured
    (which is put to 0). Doing it twice changes nothing.

    Args:
        points: [T, K, D] in any unit, floats.
        confidence: [T, K], 0 to 1.
        rate_hz: frames a second.

    Returns:
        Points [T, K, D] and confidence [T, K], new arrays of the given dtypes.
    """
    measured = (confidence >= _THRESHOLD) & np.isfinite(points).all(axis=-1)
    longest = int(_LONGEST_S * rate_hz + 1e-6)
    filled = np.where(measured[..., None], points, 0).astype(points.dtype)
    sure = np.where(measured, confidence, 0).astype(confidence.dtype)
    for k in range(points.shape[1]):
        _fill_one(filled[:, k], sure[:, k], measured[:, k], longest)
    return filled, sure


def _fill_one(
    points: np.ndarray, confidence: np.ndarray, measured: np.ndarray, longest: int
) -> None:
    """Fill one keypoint's gaps of up to `longest` frames; points [T, D], in place."""
    frames = np.flatnonzero(measured)
    if not len(frames):
        return
    points[: frames[0]] = points[frames[0]]
    points[frames[-1] :] = points[frames[-1]]
    for before, after in itertools.pairwise(frames):
        if after - before == 1:
            continue
        gap = slice(before + 1, after)
        if after - before - 1 > longest:
            points[gap] = points[before]
            continue
        share = (np.arange(before + 1, after) - before)[:, None] / (after - before)
        points[gap] = (1.0 - share) * points[before] + share * points[after]
        confidence[gap] = max(0.5 * min(confidence[before], confidence[after]), _THRESHOLD)


def clean(
    points: np.ndarray, confidence: np.ndarray, skeleton: Skeleton, *, rate_hz: float = 30.0
) -> tuple[np.ndarray, np.ndarray, Cleaning]:
    """Cut out what no body can be, then fill gaps in time and mask the rest.

    A keypoint whose coordinates are all exactly 0 counts as unmeasured, as does one below
    0.1. A keypoint is implausible where it is farther from the middle of the body in that
    frame (the median of the measured keypoints), or from the keypoint before it in the skeleton,
    than the body is long. It becomes unmeasured; where more than half of a frame's measured
    keypoints are implausible, the whole frame does.

    Args:
        points: [T, K, D] in any unit, floats.
        confidence: [T, K], 0 to 1.
        skeleton: names, parents and proportions of the K keypoints.
        rate_hz: frames a second.

    Returns:
        Points [T, K, D], confidence [T, K] and the counts.
    """
    measured = (confidence >= _THRESHOLD) & np.isfinite(points).all(axis=-1)
    measured &= (points != 0).any(axis=-1)
    wrong = _implausible(points, measured, skeleton)
    cut = 2 * wrong.sum(axis=1) > measured.sum(axis=1)
    wrong[cut] = measured[cut]
    kept = measured & ~wrong
    confidence = np.where(kept, confidence, 0).astype(confidence.dtype)
    points, confidence = fill_gaps(points, confidence, rate_hz)
    masked = int((confidence == 0).sum())
    counts = Cleaning(
        filled=kept.size - int(kept.sum()) - masked,
        masked=masked,
        implausible=int(wrong.sum()),
        frames_cut=int(cut.sum()),
    )
    return points, confidence, counts


def _implausible(points: np.ndarray, measured: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Find measured keypoints that lie farther off than the body is long; [T, K] bool."""
    length = _body_length(points, measured, skeleton)
    if length is None:
        return np.zeros_like(measured)
    seen = np.where(measured[..., None], points, np.nan).astype(np.float64)
    middle = np.zeros((len(points), 1, points.shape[-1]))
    some = measured.any(axis=1)
    middle[some, 0] = np.nanmedian(seen[some], axis=1)
    # Comparisons with NaN, which stands for unmeasured, are false: nothing is said of those.
    wrong = np.linalg.norm(seen - middle, axis=-1) > length
    for parent, child in skeleton.edges:
        far = np.linalg.norm(seen[:, child] - seen[:, parent], axis=-1) > length
        wrong[:, child] |= far & ~wrong[:, parent]
    return wrong


def _body_length(points: np.ndarray, measured: np.ndarray, skeleton: Skeleton) -> float | None:
    """Return the body's length in the unit of the points; None where no long bone is seen.

    The median over the clip of the trunk's length (the long bone at the root, which the camera
    foreshortens least), over its share of the skeleton's height; or, where that is more, the upper
    quartile of the same for all long bones, so that a trunk seen from its end does not shrink the
    body.
    """
    seen = np.where(measured[..., None], points, np.nan).astype(np.float64)
    lengths = skeleton.bone_lengths
    trunk, bones = [], []
    for parent, child in skeleton.edges:
        both = measured[:, child] & measured[:, parent]
        if lengths[child] < _LONG_BONE or not both.any():
            continue
        bone = np.linalg.norm(seen[both, child] - seen[both, parent], axis=-1)
        bones.append(float(np.median(bone)) / lengths[child])
        if parent == skeleton.root:
            trunk.append(bones[-1])
    if not bones:
        return None
    return max([*trunk, float(np.quantile(bones, 0.75))])
