# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Feet on the ground: whether they slide over it, and whether they are in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.evaluation.measures.averages import finite_mean
from emotion_motion.evaluation.streams import BODY_HEIGHT_M
from emotion_motion.exceptions import TrainingError

__all__ = ['Feet', 'measure_feet']

_CONTACT_M = 0.025
_SUNK_M = 0.005
_FOOT = ('Ankle', 'BigToe', 'SmallToe', 'Heel')
_LOWEST = 1.0  # percentile of heights over a stream; the very lowest frame may be an outlier


@dataclass(frozen=True, eq=False)
class Feet:
    """What the feet of B streams do on the ground; each value [B].

    A foot is its ankle, big toe, small toe and heel; its height is that of the lowest of them. It
    is in contact over a step from one frame to the next where at both its height is within 2.5 cm
    of its lowest height (1st percentile over the stream). A keypoint of it is in contact likewise,
    by its own lowest height. How fast a foot in contact slides is the horizontal speed of the
    slowest of its keypoints in contact: who turns on the ball of the foot does not slide. (CAMDM's
    measure divides by the root's step instead; who stands has none, so this one is absolute.)

    Attributes:
        slide_m_s: mean sliding speed of the lower foot, where it is in contact.
        drag_m_s: mean sliding speed of all feet in contact, the lower one or not: an anchored
            foot may not hide one that is dragged beside it.
        sunk: share of frames in which a toe or heel is more than 5 mm lower than a toe or heel of
            the rest pose is: the sole, which lies under the keypoints, is in the ground.
        penetration: share of frames in which a keypoint of a foot itself is below z = -5 mm.
        depth_m: how far the sole is in the ground in the deepest frame; 0 where it never is.
    """

    slide_m_s: np.ndarray
    drag_m_s: np.ndarray
    sunk: np.ndarray
    penetration: np.ndarray
    depth_m: np.ndarray


def measure_feet(keypoints: np.ndarray, rate_hz: float) -> Feet:
    """Measure streams [B, T, K, 3] of a body 1.70 m tall, ground at z = 0."""
    skeleton = load_skeleton()
    if keypoints.ndim != 4 or keypoints.shape[2:] != (skeleton.size, 3) or keypoints.shape[1] < 2:
        raise TrainingError(
            f'got keypoints of shape {keypoints.shape}; expected [B, T, {skeleton.size}, 3] with '
            f'at least 2 frames'
        )
    places = np.array([[skeleton.index(side + name) for name in _FOOT] for side in 'LR'])
    soles = places[:, 1:]  # all but the ankle
    sole = float(skeleton.rest[soles, 2].min()) * BODY_HEIGHT_M
    rows = [
        _of_stream(stream[:, places].astype(np.float64), rate_hz, sole) for stream in keypoints
    ]
    return Feet(*(np.array(column) for column in zip(*rows, strict=True)))


def _of_stream(feet: np.ndarray, rate_hz: float, sole: float) -> tuple[float, ...]:
    """Return the values of Feet for feet [T, 2, 4, 3]."""
    heights = feet[..., 2]
    lowest = heights.min(axis=-1)
    touches = _stays_low(lowest)
    speed = np.linalg.norm(np.diff(feet[..., :2], axis=0), axis=-1) * rate_hz
    speed = np.where(_stays_low(heights), speed, np.inf).min(axis=-1)
    # A foot in contact always has a keypoint that is; all the same, none may count as infinite.
    touches &= np.isfinite(speed)
    lower = (lowest[1:] + lowest[:-1]).argmin(axis=-1)[:, None]
    of_lower = np.take_along_axis(speed, lower, axis=-1)[:, 0]
    stands = np.take_along_axis(touches, lower, axis=-1)[:, 0]
    depth = sole - heights[..., 1:].min(axis=(1, 2))
    return (
        finite_mean(of_lower[stands]),
        finite_mean(speed[touches]),
        float((depth > _SUNK_M).mean()),
        float((lowest < -_SUNK_M).any(axis=-1).mean()),
        max(0.0, float(depth.max())),
    )


def _stays_low(heights: np.ndarray) -> np.ndarray:
    """Return whether heights [T, ...] are near their lowest over each step, [T - 1, ...]."""
    low = heights <= np.percentile(heights, _LOWEST, axis=0) + _CONTACT_M
    return low[1:] & low[:-1]
