# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Is it a body? Bones that keep their length, poses that bodies take, smooth, on the ground."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.averages import finite_mean
from emotion_motion.evaluation.measures.neighbours import about_hips, Neighbours
from emotion_motion.evaluation.streams import BODY_HEIGHT_M, bone_error, Streams

_MARGIN, _LEAST_MARGIN_M = 0.10, 0.03
_EVERY_S = 0.2  # poses nearer in time are nearly the same
_CONTACT_M = 0.025
_SUNK_M = 0.005
_FOOT = ('Ankle', 'BigToe', 'SmallToe', 'Heel')
_LOWEST = 1.0  # percentile of heights over a stream; the very lowest frame may be an outlier


class Bounds(NamedTuple):
    """Where the keypoints of reference motion are, with a margin."""

    low: np.ndarray  # [K, 3] in metres
    high: np.ndarray

    @classmethod
    def measure(cls, reference: Iterable[Streams]) -> Bounds:
        """Return the range of all reference streams and 10 % of it on either side.

        The reference counts as it is and mirrored. The margin is at least 3 cm: planted feet
        have next to no range of their own, and where they stand differs by two centimetres from
        clip to clip, since it is the mid-hip that stands over the origin. With the corpus, eight
        people leave 0.2 % of the frames of other people out of range, 32 people 0.03 %.
        """
        ranges = [(p.keypoints.min(axis=(0, 1)), p.keypoints.max(axis=(0, 1))) for p in reference]
        lows, highs = zip(*ranges, strict=True)
        low, high = np.min(lows, axis=0), np.max(highs, axis=0)
        # A mirror exchanges the ends of what it turns round (y), and keeps those of the rest.
        ends = [load_skeleton().mirrored(end) for end in (low, high)]
        low, high = np.minimum(low, np.minimum(*ends)), np.maximum(high, np.maximum(*ends))
        margin = np.maximum(_MARGIN * (high - low), _LEAST_MARGIN_M)
        return cls(low - margin, high + margin)

    def outside(self, streams: Streams) -> np.ndarray:
        """Return the share of frames with any coordinate out of bounds, of each stream [B]."""
        points = streams.keypoints
        out = (points < self.low) | (points > self.high) | ~np.isfinite(points)
        return out.any(axis=(2, 3)).mean(axis=1)


class Manifold:
    """The poses that bodies take: those of training or reference motion.

    A pose is off the body manifold where it is farther than `off_body_m` from each of them, by the
    distance of `Neighbours`, the mid-hip's x and y taken out.
    """

    def __init__(self, poses: np.ndarray, off_body_m: float) -> None:
        """Store poses [N, K, 3] of BODY_25 in metres; 5 to 20 thousand are enough."""
        self._root = load_skeleton().root
        self._known = Neighbours(about_hips(poses, self._root))
        self.off_body_m = off_body_m

    @classmethod
    def of(cls, known: Streams, unseen: Streams, kept: float = 0.995) -> Manifold:
        """Return the manifold of streams, which has a share `kept` of the poses of unseen ones."""
        manifold = cls(poses_of(known), float('nan'))
        manifold.off_body_m = float(np.quantile(manifold.distances(poses_of(unseen)), kept))
        return manifold

    def distances(self, poses: np.ndarray) -> np.ndarray:
        """Return how far poses [N, K, 3] in metres are from the nearest known one [N], [m]."""
        return self._known.distances(about_hips(poses, self._root))

    def off(self, streams: Streams) -> np.ndarray:
        """Return the share of poses off the manifold, of each stream [B]; five a second."""
        away = self.distances(poses_of(streams)) > self.off_body_m
        return away.reshape(len(streams), -1).mean(axis=1)


@dataclass(frozen=True, eq=False)
class Feet:
    """What the feet of B streams do on the ground; each value [B].

    A foot is its ankle, big toe, small toe and heel; its height is that of the lowest of them. It
    is in contact over a step from one frame to the next where at both its height is within 2.5 cm
    of its lowest height (1st percentile over the stream). A keypoint of it is in contact likewise,
    by its own lowest height. How fast a foot in contact slides is the horizontal speed of the
    slowest of its keypoints in contact: who turns on the ball of the foot does not slide. (CAMDM's
    measure divides by the root's step instead; who stands has none, so this one is absolute.)

    A sole, which lies under the keypoints, is in the ground where a toe or heel is lower than that
    of the rest pose.
    """

    slide_m_s: np.ndarray  # mean sliding speed of the lower foot, where it is in contact
    drag_m_s: np.ndarray  # the same of all feet in contact
    sunk: np.ndarray  # share of frames in which a sole is more than 5 mm in the ground
    penetration: np.ndarray  # share in which a keypoint of a foot itself is below z = -5 mm
    depth_m: np.ndarray  # how far a sole is in the ground in the deepest frame


def measure_feet(keypoints: np.ndarray, rate_hz: float) -> Feet:
    """Measure streams [B, T, K, 3] of a body 1.70 m tall, ground at z = 0."""
    skeleton = load_skeleton()
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


@dataclass(frozen=True, eq=False, kw_only=True)
class BodyMeasures(Feet):
    """How far B streams are those of a body; each value [B], NaN where it was not measured."""

    bone_before: np.ndarray  # mean `bone_error` of the frames as they were sampled
    bone_after: np.ndarray  # the same of the keypoints as they are published
    out_of_range: np.ndarray  # share of frames with any coordinate beyond `Bounds`
    off_body: np.ndarray  # share of poses off the `Manifold`
    jerk_m_s3: np.ndarray  # mean of `jerk_by_frame`


def measure_body(
    streams: Streams, *, bounds: Bounds | None = None, manifold: Manifold | None = None
) -> BodyMeasures:
    """Measure streams; without bounds or manifold of a reference their measure is NaN."""
    nothing = np.full(len(streams), np.nan)
    after = [bone_error(points, load_skeleton()).mean() for points in streams.prepared()]
    return BodyMeasures(
        bone_before=nothing if streams.bone_error is None else streams.bone_error.mean(axis=1),
        bone_after=np.array(after),
        out_of_range=nothing if bounds is None else bounds.outside(streams),
        off_body=nothing if manifold is None else manifold.off(streams),
        jerk_m_s3=jerk(streams),
        **vars(measure_feet(streams.keypoints, streams.rate_hz)),
    )


def jerk_by_frame(keypoints: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the mean over keypoints of ||third difference|| x rate^3, [T - 3], [m/s^3].

    As GENEA's evaluation defines it. Value t belongs to the frames t to t + 3. It is taken of the
    motion as it is, not smoothed: trembling is what it is to find.
    """
    third = np.diff(keypoints.astype(np.float64), n=3, axis=0)
    return np.linalg.norm(third, axis=-1).mean(axis=-1) * rate_hz**3


def jerk(streams: Streams) -> np.ndarray:
    """Return the mean of `jerk_by_frame` of each stream [B], [m/s^3]."""
    return np.array(
        [jerk_by_frame(points, streams.rate_hz).mean() for points in streams.keypoints]
    )


def jerk_ratio(streams: Streams, reference: Streams) -> np.ndarray:
    """Return the jerk of each stream against the reference's at the same emotion, [B].

    The reference, of the same rate, is the mean over its streams of that emotion; NaN where it
    has none, and for streams whose emotion changes.
    """
    own, known = jerk(streams), jerk(reference)
    ratio = np.full(len(streams), np.nan)
    for emotion in range(len(EMOTIONS)):
        mine, theirs = ((part.emotions == emotion).all(axis=1) for part in (streams, reference))
        if theirs.any():
            ratio[mine] = own[mine] / known[theirs].mean()
    return ratio


def poses_of(streams: Streams) -> np.ndarray:
    """Return poses [B * n, K, 3], five a second, stream by stream."""
    every = max(1, round(_EVERY_S * streams.rate_hz))
    return streams.keypoints[:, ::every].reshape(-1, *streams.keypoints.shape[2:])
