# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The twelve kinematic features of EMOKINE (Christensen et al. 2024), for BODY_25 keypoints.

EMOKINE measures an Xsens suit; what BODY_25 lacks is replaced and said here. All lengths are in
torsos (mid-hip to neck of the clip's median), so that bodies of any size compare; times in
seconds. A keypoint's angular speed is that of the bone from its parent (of the mid-hip: of the
line between the hips); a turn about the bone itself is not seen. Hands are wrists, toes are big
toes, the back runs from mid-hip to neck and T8 is half way up. The centre of mass is that of the
segments of Winter (2009). Silhouettes and the flat hull are those seen from the front.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emotion_motion.evaluation.hulls import (
    extreme_points,
    hull_2d,
    hull_volumes,
    polygon_area,
    silhouettes,
    union_area,
)
from emotion_motion.exceptions import MotionFileError
from emotion_motion.skeleton import load_skeleton, Skeleton

__all__ = ['Spread', 'Hull', 'Emokine', 'measure_emokine', 'log_dimensionless_jerk', 'mad']

_QUANTITY_S = 0.2  # window of the quantity of motion
_CELL = 0.06  # of silhouettes, in torsos
_FINE_CELL = 0.03  # of the union of hulls
_HULLS_HZ = 10.0  # hulls change little within a tenth of a second
_LIMB, _TRUNK, _HEAD = 0.11, 0.30, 0.22  # radii of the silhouette's rods
# Winter: share of the body's mass, and where between two keypoints its centre lies. Head and neck
# lie at the ears, hands are with the forearms.
_SEGMENTS = (
    ('Neck', 'MidHip', 0.497, 0.50),
    ('LShoulder', 'LElbow', 0.028, 0.436), ('RShoulder', 'RElbow', 0.028, 0.436),
    ('LElbow', 'LWrist', 0.022, 0.682), ('RElbow', 'RWrist', 0.022, 0.682),
    ('LHip', 'LKnee', 0.100, 0.433), ('RHip', 'RKnee', 0.100, 0.433),
    ('LKnee', 'LAnkle', 0.0465, 0.433), ('RKnee', 'RAnkle', 0.0465, 0.433),
    ('LHeel', 'LBigToe', 0.0145, 0.50), ('RHeel', 'RBigToe', 0.0145, 0.50),
    ('LEar', 'REar', 0.081, 0.50),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Spread:
    """A quantity over time, summed up; scalars, or one number a keypoint [K].

    Attributes:
        mean: mean.
        maximum: largest.
        mad: median of the absolute distance from the median.
    """

    mean: np.ndarray
    maximum: np.ndarray
    mad: np.ndarray


@dataclass(frozen=True)
class Hull:
    """Sizes of convex hulls: areas [torso^2] or volumes [torso^3].

    Attributes:
        mean: of the frames' hulls.
        mad: of the frames' hulls.
        whole: of the hull of all frames together.
        union: of what the frames' hulls cover together; None in 3D, where EMOKINE has none.
    """

    mean: float
    mad: float
    whole: float
    union: float | None


@dataclass(frozen=True, eq=False)
class Emokine:
    """The features of one clip, in EMOKINE's order.

    Attributes:
        speed: 1, of each keypoint [torso/s].
        acceleration: 2, of each keypoint [torso/s^2].
        angular_speed: 3, of each bone [rad/s].
        angular_acceleration: 4, of each bone [rad/s^2].
        limb_contraction: 5, mean distance of wrists and big toes to the head; more is less
            contracted.
        mass_distance: 6, of each keypoint to the centre of mass.
        quantity_of_motion: 7, area newly swept in 0.2 s, against the silhouette's.
        quantity_of_motion_sum: 7, its sum over all frames.
        jerk: 8, log dimensionless jerk of each keypoint (Hogan and Sternad 2009); nearer to 0 is
            smoother; NaN where a keypoint never moves.
        emokine_jerk: 8 as EMOKINE's code has it, T^3 * mean absolute jerk * T; not dimensionless.
        head_to_vertical: 9, angle of neck to head against the vertical [rad].
        head_to_back: 10, angle of neck to head against the upper back [rad].
        hull_2d: 11, convex hull seen from the front, ten a second.
        hull_3d: 12, convex hull in space, ten a second; `whole` is that of extremes in 96
            directions, which is a few per cent less than that of all points.
        torso: the unit of length, in the unit of the keypoints.
    """

    speed: Spread
    acceleration: Spread
    angular_speed: Spread
    angular_acceleration: Spread
    limb_contraction: Spread
    mass_distance: Spread
    quantity_of_motion: Spread
    quantity_of_motion_sum: float
    jerk: np.ndarray
    emokine_jerk: np.ndarray
    head_to_vertical: Spread
    head_to_back: Spread
    hull_2d: Hull
    hull_3d: Hull
    torso: float


def measure_emokine(
    keypoints: np.ndarray, rate_hz: float, skeleton: Skeleton | None = None
) -> Emokine:
    """Measure a clip.

    Args:
        keypoints: [T, K, 3] facing +x, z up, in any unit; smooth them before if they are measured.
        rate_hz: frames a second.
        skeleton: names of the keypoints; default BODY_25.

    Raises:
        MotionFileError: fewer than 5 frames, or not the keypoints of the skeleton.
    """
    skeleton = skeleton or load_skeleton()
    points = np.asarray(keypoints, dtype=np.float64)
    if points.ndim != 3 or points.shape[1:] != (skeleton.size, 3) or len(points) < 5:
        raise MotionFileError(
            f'got keypoints of shape {points.shape} to measure; expected [T, {skeleton.size}, 3] '
            f'with at least 5 frames'
        )
    at = {name: points[:, i] for i, name in enumerate(skeleton.names)}
    torso = float(np.median(np.linalg.norm(at['Neck'] - at['MidHip'], axis=-1)))
    if not torso > 0.0:
        raise MotionFileError('got a body whose neck is at its mid-hip; expected a trunk')
    points = points / torso
    at = {name: place / torso for name, place in at.items()}
    velocity = np.gradient(points, 1.0 / rate_hz, axis=0)
    acceleration = np.gradient(velocity, 1.0 / rate_hz, axis=0)
    turning = _turning(points, skeleton, rate_hz)
    quantity = _quantity_of_motion(points, skeleton, rate_hz)
    head = 0.5 * (at['LEar'] + at['REar'])
    up = np.broadcast_to([0.0, 0.0, 1.0], head.shape)
    back = at['Neck'] - 0.5 * (at['Neck'] + at['MidHip'])
    return Emokine(
        speed=_spread(_norm(velocity)),
        acceleration=_spread(_norm(acceleration)),
        angular_speed=_spread(_norm(turning)),
        angular_acceleration=_spread(_norm(np.gradient(turning, 1.0 / rate_hz, axis=0))),
        limb_contraction=_spread(_contraction(at, head)),
        mass_distance=_spread(_norm(points - _centre_of_mass(at)[:, None])),
        quantity_of_motion=_spread(quantity),
        quantity_of_motion_sum=float(quantity.sum()),
        jerk=log_dimensionless_jerk(points, rate_hz),
        emokine_jerk=_emokine_jerk(points, rate_hz),
        head_to_vertical=_spread(_angle(head - at['Neck'], up)),
        head_to_back=_spread(_angle(head - at['Neck'], back)),
        hull_2d=_flat_hull(points[..., 1:], rate_hz),
        hull_3d=_solid_hull(points, rate_hz),
        torso=torso,
    )


def log_dimensionless_jerk(points: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return -ln(D^3 / v_peak^2 * integral of jerk^2) of points [T, K, 3], as [K].

    NaN for a point that never moves.
    """
    velocity = np.diff(points, axis=0) * rate_hz
    jerk = np.diff(velocity, n=2, axis=0) * rate_hz**2
    peak = _norm(velocity).max(axis=0)
    total = (jerk**2).sum(axis=(0, 2)) / rate_hz
    duration = len(points) / rate_hz
    moves = (peak > 1e-9) & (total > 0.0)
    value = np.full(points.shape[1], np.nan)
    value[moves] = -np.log(duration**3 / peak[moves] ** 2 * total[moves])
    return value


def mad(values: np.ndarray) -> np.ndarray:
    """Return the median absolute deviation from the median, along time."""
    return np.median(np.abs(values - np.median(values, axis=0)), axis=0)


def _spread(values: np.ndarray) -> Spread:
    return Spread(values.mean(axis=0), values.max(axis=0), mad(values))


def _norm(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1)


def _angle(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    sine, cosine = _norm(np.cross(first, second)), (first * second).sum(-1)
    return np.arctan2(sine, cosine)


def _turning(points: np.ndarray, skeleton: Skeleton, rate_hz: float) -> np.ndarray:
    """Return the angular velocity [T, K, 3] of each bone, without turns about itself."""
    parents = [max(parent, 0) for parent in skeleton.parents]
    bones = points - points[:, parents]
    hips = points[:, skeleton.index('LHip')] - points[:, skeleton.index('RHip')]
    bones[:, skeleton.root] = hips
    unit = bones / np.maximum(_norm(bones)[..., None], 1e-12)
    return np.cross(unit, np.gradient(unit, 1.0 / rate_hz, axis=0))


def _contraction(at: dict[str, np.ndarray], head: np.ndarray) -> np.ndarray:
    ends = [at[name] for name in ('LWrist', 'RWrist', 'LBigToe', 'RBigToe')]
    return np.mean([_norm(end - head) for end in ends], axis=0)


def _centre_of_mass(at: dict[str, np.ndarray]) -> np.ndarray:
    parts = [m * (at[a] + share * (at[b] - at[a])) for a, b, m, share in _SEGMENTS]
    return np.sum(parts, axis=0) / sum(segment[2] for segment in _SEGMENTS)


def _quantity_of_motion(points: np.ndarray, skeleton: Skeleton, rate_hz: float) -> np.ndarray:
    """Return the area swept in the window before each frame but not covered in it, [T - n]."""
    bones = [(p, c, _LIMB) for p, c in skeleton.edges]
    index = skeleton.index
    bones += [(index('Neck'), index('MidHip'), _TRUNK), (index('LEar'), index('REar'), _HEAD)]
    covered = silhouettes(points[..., 1:], bones, _CELL)
    size = min(max(1, round(_QUANTITY_S * rate_hz)), len(points) - 1)
    swept = np.zeros_like(covered[size:])
    for back in range(1, size + 1):
        swept |= covered[size - back : len(covered) - back]
    last = covered[size:]
    return (swept & ~last).sum(axis=1) / last.sum(axis=1)


def _emokine_jerk(points: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return T^3 * sum of |second difference of velocity| * f^2 / f, as EMOKINE's code has it."""
    jerk = np.diff(points, n=3, axis=0) * rate_hz**3
    return (len(points) / rate_hz) ** 3 * _norm(jerk).sum(axis=0) / rate_hz


def _flat_hull(points: np.ndarray, rate_hz: float) -> Hull:
    hulls = [hull_2d(frame) for frame in points[:: _every(rate_hz)]]
    areas = np.array([polygon_area(hull) for hull in hulls])
    whole = polygon_area(hull_2d(np.concatenate(hulls)))
    return Hull(float(areas.mean()), float(mad(areas)), whole, union_area(hulls, _FINE_CELL))


def _solid_hull(points: np.ndarray, rate_hz: float) -> Hull:
    volumes = hull_volumes(points[:: _every(rate_hz)])
    extremes = extreme_points(points.reshape(-1, 3))
    whole = float(hull_volumes(extremes[None])[0])
    return Hull(float(volumes.mean()), float(mad(volumes)), whole, None)


def _every(rate_hz: float) -> int:
    return max(1, round(rate_hz / _HULLS_HZ))
