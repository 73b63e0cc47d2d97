# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Is it a body? Bones that keep their length, poses that bodies take, smooth, on the ground."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.feet import Feet, measure_feet
from emotion_motion.evaluation.measures.neighbours import about_hips, Neighbours
from emotion_motion.evaluation.streams import bone_error, Streams
from emotion_motion.exceptions import TrainingError

__all__ = [
    'BodyMeasures',
    'Bounds',
    'Manifold',
    'jerk',
    'jerk_by_frame',
    'jerk_ratio',
    'measure_body',
    'poses_of',
]

_MARGIN, _LEAST_MARGIN_M = 0.10, 0.03
_EVERY_S = 0.2  # poses nearer in time are nearly the same


@dataclass(frozen=True, eq=False)
class Bounds:
    """Where the keypoints of reference motion are.

    Attributes:
        low: [K, 3] smallest coordinates, less the margin [m].
        high: [K, 3] largest ones, plus the margin [m].
    """

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def measure(cls, reference: Iterable[Streams]) -> Bounds:
        """Return the range of all reference streams and 10 % of it on either side.

        The reference counts as it is and mirrored. The margin is at least 3 cm: planted feet
        have next to no range of their own, and where they stand differs by two centimetres from
        clip to clip, since it is the mid-hip that stands over the origin. With the corpus, eight
        people leave 0.2 % of the frames of other people out of range, 32 people 0.03 %.

        Args:
            reference: the more people, the better they are told from what nobody does.
        """
        parts = [part.keypoints for part in reference if part.keypoints.size]
        if not parts:
            raise TrainingError('got no reference motion to take the range of; give at least one')
        low = np.min([part.min(axis=(0, 1)) for part in parts], axis=0)
        high = np.max([part.max(axis=(0, 1)) for part in parts], axis=0)
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

    A pose is off the body manifold where it is farther than `off_body_m` from each of them: root
    mean square over keypoints of the distance of a keypoint, the mid-hip's x and y taken out.
    """

    def __init__(self, poses: np.ndarray, off_body_m: float) -> None:
        """Store poses.

        Args:
            poses: [N, K, 3] of BODY_25 in metres; 5 to 20 thousand are enough and are searched in
                seconds.
            off_body_m: what is too far [m].
        """
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
class BodyMeasures:
    """How far B streams are those of a body; each value [B], NaN where it was not measured.

    Attributes:
        bone_before: mean over frames and bones of |length - rest length| / rest length as the
            frames were sampled, before they were projected onto the body.
        bone_after: the same of the keypoints as they are published.
        out_of_range: share of frames with any coordinate beyond the reference's range and 10 %.
        off_body: share of frames off the body manifold, see `Manifold`.
        jerk_m_s3: mean size of the keypoints' jerk, see `jerk_by_frame` [m/s^3].
        feet: what the feet do on the ground.
    """

    bone_before: np.ndarray
    bone_after: np.ndarray
    out_of_range: np.ndarray
    off_body: np.ndarray
    jerk_m_s3: np.ndarray
    feet: Feet

    def columns(self) -> dict[str, np.ndarray]:
        """Return every value [B] by name, those of the feet among them."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != 'feet'}
        return own | vars(self.feet)


def measure_body(
    streams: Streams, *, bounds: Bounds | None = None, manifold: Manifold | None = None
) -> BodyMeasures:
    """Measure streams.

    Args:
        streams: of a body 1.70 m tall.
        bounds: of the reference; None leaves `out_of_range` NaN.
        manifold: of the reference; None leaves `off_body` NaN.
    """
    nothing = np.full(len(streams), np.nan)
    after = [bone_error(points, load_skeleton()).mean() for points in streams.prepared()]
    return BodyMeasures(
        bone_before=nothing if streams.bone_error is None else streams.bone_error.mean(axis=1),
        bone_after=np.array(after),
        out_of_range=nothing if bounds is None else bounds.outside(streams),
        off_body=nothing if manifold is None else manifold.off(streams),
        jerk_m_s3=jerk(streams),
        feet=measure_feet(streams.keypoints, streams.rate_hz),
    )


def jerk_by_frame(keypoints: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the mean over keypoints of ||third difference|| x rate^3, [T - 3], [m/s^3].

    As GENEA's evaluation defines it. Value t belongs to the frames t to t + 3. It is taken of the
    motion as it is, not smoothed: trembling is what it is to find.
    """
    if len(keypoints) < 4:
        raise TrainingError(f'got {len(keypoints)} frames; jerk is taken over at least 4')
    third = np.diff(keypoints.astype(np.float64), n=3, axis=0)
    return np.linalg.norm(third, axis=-1).mean(axis=-1) * rate_hz**3


def jerk(streams: Streams) -> np.ndarray:
    """Return the mean of `jerk_by_frame` of each stream [B], [m/s^3]."""
    return np.array(
        [jerk_by_frame(points, streams.rate_hz).mean() for points in streams.keypoints]
    )


def jerk_ratio(streams: Streams, reference: Streams) -> np.ndarray:
    """Return the jerk of each stream against the reference's at the same emotion, [B].

    The reference is the mean over its streams of that emotion; NaN where it has none, and for
    streams whose emotion changes.
    """
    if streams.rate_hz != reference.rate_hz:
        raise TrainingError(
            f'got streams at {streams.rate_hz} Hz and a reference at {reference.rate_hz} Hz; jerk '
            f'compares at one rate only: resample the reference'
        )
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
