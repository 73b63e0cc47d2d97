# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Preparing a clip: the model's rate, the canonical body, facing +x, standing over the origin.

Another rate comes without the aliases of fast motion: one windowed sinc filters and interpolates,
which at each new time weighs the old frames around it.
"""

from __future__ import annotations

import dataclasses
from typing import get_args, Literal

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip, MOST_FRAMES
from emotion_motion.training.data.canonical import completed, onto_body, standing_height
from emotion_motion.training.data.geometry import facing, turned

__all__ = ['prepare', 'resample_clip', 'resample_values', 'Travel']

Travel = Literal['refuse', 'remove', 'keep']

_FAR = 0.3  # body heights: who gets farther than that walks
_TOO_FAR, _TOO_FAR_TURN = 0.5, np.radians(150.0)  # once taken out, feet glide at 0.3 m/s and more
_SWAY = 0.08  # body heights around the path that stay, a shift of weight to one foot
_FAR_TURN, _SWAY_TURN = np.radians(75.0), np.radians(30.0)
_SMOOTH_S = 0.25  # of the path: a step a second stays, its speed goes
_CUT = 0.45  # of the lower rate: half of the amplitude passes there, none at half of the rate
_CYCLES = 15.0  # half width of the filter in frames of the lower rate
_KAISER = 5.0  # shape of its window: 50 dB down beyond the transition
_CHUNK = 4096  # new frames worked on at once

_REFUSED = (
    f'the person goes farther than {_TOO_FAR:g} body heights or turns by more than 150 degrees; '
    f'the model stands, and in place these feet would glide: cut out where the person stands, or '
    f'take it with --travel remove'
)
_TAKEN_OUT = 'walking and turning were taken out; the feet glide'


def prepare(
    clip: Clip, skeleton: Skeleton, *, rate_hz: float = 30.0, travel: Travel = 'remove'
) -> Clip:
    """Normalise a clip.

    In 3D the body becomes `skeleton`'s, so that `skeleton.project` gives the same, faces +x and
    stands over the origin on average, feet on the ground. In 2D the axes become (y left, z up)
    and the unit the body's height, by the length of the trunk; nothing is projected. Gaps in time
    are bridged and keypoints that the source lacks put where the rest pose has them; both keep
    confidence 0.

    Args:
        clip: as a reader gives it.
        skeleton: the canonical body; its `flat()` form for clips of D = 2.
        rate_hz: frames a second of the result.
        travel: 'remove' takes a path farther than 0.3 body heights and turns beyond 75 degrees
            out, so that a walk stays in place, with a remark; small sway stays. 'refuse' does so
            up to 0.5 body heights and 150 degrees. 'keep' leaves the path. A clip that is prepared
            already is left where it is.

    Returns:
        A new clip with `prepared` set; the emotions go along.

    Raises:
        TrainingError: the clip's keypoints are not the skeleton's, the body has no size, or the
            rate or `travel` is none, or the person goes or turns farther than is to be refused.
    """
    if clip.keypoints.shape[1:] != skeleton.rest.shape:
        raise TrainingError(
            f'got a clip with keypoints {list(clip.keypoints.shape[1:])}; the skeleton '
            f'{skeleton.name!r} has {list(skeleton.rest.shape)}'
        )
    if travel not in get_args(Travel):
        raise TrainingError(f'got travel = {travel!r}; expected one of {get_args(Travel)}')
    clip = resample_clip(clip, rate_hz)
    if clip.prepared:  # only the rate may differ, which bends bones a little
        return dataclasses.replace(clip, keypoints=skeleton.project(clip.keypoints))
    place = _in_space if clip.dims == 3 else _in_picture
    points, taken_out = place(clip, skeleton, travel)
    return dataclasses.replace(
        clip,
        keypoints=points,
        skeleton=skeleton.name,
        rate_hz=rate_hz,
        prepared=True,
        remarks=(*clip.remarks, _TAKEN_OUT) if taken_out else clip.remarks,
    )


def _in_space(clip: Clip, skeleton: Skeleton, travel: Travel) -> tuple[np.ndarray, bool]:
    points = completed(bridged(clip.keypoints, clip.confidence), clip.confidence, skeleton)
    points = onto_body(points, skeleton)  # feet on the ground
    points, taken_out = _in_place(points, skeleton, clip.rate_hz, travel)
    mean = float(np.angle(np.exp(1j * facing(points, skeleton)).sum()))
    points = turned(points, -mean)
    points[..., :2] -= points[:, skeleton.root, :2].mean(axis=0)
    return points, taken_out


def _in_picture(clip: Clip, skeleton: Skeleton, travel: Travel) -> tuple[np.ndarray, bool]:
    """Turn pixels, x right and y down, into body heights, y left and z up.

    Who faces the camera has their left at the picture's right.
    """
    seen = clip.confidence > 0.0
    neck, hip = skeleton.index('Neck'), skeleton.root
    sure = seen[:, neck] & seen[:, hip]
    points = bridged(clip.keypoints, clip.confidence) * [1.0, -1.0]
    trunk = np.linalg.norm(points[:, neck] - points[:, hip], axis=-1)
    length = float(np.median(trunk[sure])) if sure.any() else 0.0
    if not length > 1e-3:
        raise TrainingError(
            'got a clip without a trunk: neck and mid-hip are never seen together; leave it out'
        )
    points *= float(np.linalg.norm(skeleton.rest[neck] - skeleton.rest[hip])) / length
    points, taken_out = _in_place(points, skeleton, clip.rate_hz, travel)
    points[..., 0] -= points[:, hip, 0].mean()
    never = ~seen.any(axis=0)
    ankles = [skeleton.index('LAnkle'), skeleton.index('RAnkle')]
    standing = seen[:, ankles].all(axis=1)
    if standing.mean() > 0.5:
        low = standing_height(points[standing][:, ankles])
        points[..., 1] += skeleton.rest[ankles[0], 1] - low
    else:  # legs out of the picture: the hips tell the height
        points[..., 1] += skeleton.rest[hip, 1] - float(np.median(points[:, hip, 1]))
    # What was never seen goes along with the hips, where it is in the rest pose.
    points[:, never] = points[:, hip, None] + skeleton.rest[never] - skeleton.rest[hip]
    return points, taken_out


def _in_place(
    points: np.ndarray, skeleton: Skeleton, rate_hz: float, travel: Travel
) -> tuple[np.ndarray, bool]:
    """Take the path and the turns of a walk out of points [T, K, D] in body heights, z up.

    The path is a follower that stands still while the body is near it and is drawn along when it
    leaves, smoothed. It is taken out where it gets farther than 0.3 body heights; the turns, of
    bodies in 3D, where they get farther than 75 degrees. Every frame is moved and turned as a
    whole. Tells whether anything was taken out.
    """
    ground = slice(0, points.shape[-1] - 1)
    path = points[:, skeleton.root, ground]
    far = float(np.ptp(path, axis=0).max())
    angle = facing(points, skeleton)[:, None] if points.shape[-1] == 3 else np.zeros((1, 1))
    turn = float(np.ptp(angle))
    if travel == 'refuse' and (far > _TOO_FAR or turn > _TOO_FAR_TURN):
        raise TrainingError(_REFUSED)
    walks, turns = (travel != 'keep' and far > _FAR), (travel != 'keep' and turn > _FAR_TURN)
    if walks:
        path = _smooth(_followed(path, _SWAY), rate_hz)
        points = points.copy()
        points[..., ground] -= (path - path.mean(axis=0))[:, None]
    if turns:
        angle = _smooth(_followed(angle, _SWAY_TURN), rate_hz)[:, 0]
        centre = np.append(points[:, skeleton.root, :2].mean(axis=0), 0.0)
        points = turned(points - centre, -angle) + centre
    return points, walks or turns


def _followed(path: np.ndarray, radius: float) -> np.ndarray:
    """Return what follows a path [T, n] at `radius`, as much behind as ahead of it."""
    return 0.5 * (_dragged(path, radius) + _dragged(path[::-1], radius)[::-1])


def _dragged(path: np.ndarray, radius: float) -> np.ndarray:
    place, result = path[0].copy(), np.empty_like(path)
    for number, point in enumerate(path):
        away = point - place
        distance = float(np.linalg.norm(away))
        if distance > radius:
            place = place + away * (1.0 - radius / distance)
        result[number] = place
    return result


def _smooth(path: np.ndarray, rate_hz: float) -> np.ndarray:
    """Smooth [T, n] with a Gaussian; beyond its ends the path goes on as it came."""
    reach = min(max(1, round(3.0 * _SMOOTH_S * rate_hz)), len(path) - 1)
    if reach == 0:
        return path
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (_SMOOTH_S * rate_hz)) ** 2)
    padded = np.pad(path, ((reach, reach), (0, 0)), mode='reflect', reflect_type='odd')
    return np.apply_along_axis(np.convolve, 0, padded, kernel / kernel.sum(), mode='valid')


def resample_values(values: np.ndarray, rate_hz: float, new_rate_hz: float) -> np.ndarray:
    """Resample smooth signals [T, ...].

    Returns:
        [T', ...] float64; the first frame has the time of the first. What lies above 0.5 of the
        lower rate is at least 40 dB weaker, what lies below 0.4 of it passes within 1 %.
    """
    values = np.asarray(values, dtype=np.float64)
    if rate_hz == new_rate_hz or len(values) == 1:
        return values.copy()
    lower = min(rate_hz, new_rate_hz) / rate_hz  # in frames of the old rate
    reach = int(np.ceil(_CYCLES / lower))
    # Beyond both ends the signal goes on, turned about the end frames: no step, no kink.
    around = ((reach + 1, reach + 1), (0, 0))
    flat = values.reshape(len(values), -1)
    padded = np.pad(flat, around, mode='reflect', reflect_type='odd')
    new = _new_times(len(values), rate_hz, new_rate_hz)
    parts = [
        _weigh(padded, part, reach, lower)
        for part in np.array_split(new, max(1, len(new) // _CHUNK))
    ]
    return np.concatenate(parts).reshape(-1, *values.shape[1:])


def resample_clip(clip: Clip, rate_hz: float) -> Clip:
    """Return the clip at another rate.

    Keypoints without confidence are bridged in time first, so that whatever stood there does not
    ring into what was measured; a confidence is the lowest around; emotions go over linearly.

    Raises:
        TrainingError: the rate is not above 0, or the result would have more than 1,000,000
            frames.
    """
    if not 0.0 < rate_hz < float('inf'):
        raise TrainingError(f'got a rate of {rate_hz} Hz to resample to; expected one above 0')
    if (frames := len(clip) * rate_hz / clip.rate_hz) > MOST_FRAMES:
        raise TrainingError(
            f'got {len(clip)} frames at {clip.rate_hz:g} Hz, which would be {frames:,.0f} at '
            f'{rate_hz:g} Hz; expected {MOST_FRAMES:,} at most: check its rate, or cut it'
        )
    if abs(rate_hz - clip.rate_hz) <= 1e-6 * rate_hz:
        return dataclasses.replace(clip, rate_hz=rate_hz)
    points = resample_values(bridged(clip.keypoints, clip.confidence), clip.rate_hz, rate_hz)
    emotions = clip.emotions
    if emotions is not None:
        emotions = np.clip(_linear(emotions, clip.rate_hz, rate_hz), 0.0, None)
        emotions /= emotions.sum(axis=-1, keepdims=True)
    return dataclasses.replace(
        clip,
        keypoints=points,
        rate_hz=rate_hz,
        confidence=_lowest(clip.confidence, clip.rate_hz, rate_hz),
        emotions=emotions,
    )


def bridged(points: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Return points [T, K, D] with straight lines in time where confidence [T, K] is 0.

    A keypoint that has none at all stays as it is.
    """
    missing = confidence <= 0.0
    some = np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0))
    if not len(some):
        return points
    points, frames = points.copy(), np.arange(len(points))
    for keypoint in some:
        gap = missing[:, keypoint]
        for axis in range(points.shape[-1]):
            known = points[~gap, keypoint, axis]
            points[gap, keypoint, axis] = np.interp(frames[gap], frames[~gap], known)
    return points


def _new_times(length: int, rate_hz: float, new_rate_hz: float) -> np.ndarray:
    """Return when the new frames are, in old frames; the last lies no later than before."""
    count = int(np.floor((length - 1) * new_rate_hz / rate_hz + 1e-6)) + 1
    return np.arange(count) * (rate_hz / new_rate_hz)


def _weigh(padded: np.ndarray, times: np.ndarray, reach: int, lower: float) -> np.ndarray:
    """Return values at `times` (in old frames) of signals padded by reach + 1 frames."""
    first = np.floor(times).astype(int) - reach
    places = first[:, None] + np.arange(2 * reach + 2)  # [T', W]
    away = (times[:, None] - places) * lower
    window = np.i0(_KAISER * np.sqrt(np.clip(1.0 - (away / _CYCLES) ** 2, 0.0, None)))
    weights = np.sinc(2.0 * _CUT * away) * window * (np.abs(away) <= _CYCLES)
    weights /= weights.sum(axis=1, keepdims=True)
    result = np.zeros((len(times), padded.shape[1]))
    for column in range(places.shape[1]):  # as many as the filter is wide, whatever the clip
        result += weights[:, column, None] * padded[places[:, column] + reach + 1]
    return result


def _linear(values: np.ndarray, rate_hz: float, new_rate_hz: float) -> np.ndarray:
    times, frames = _new_times(len(values), rate_hz, new_rate_hz), np.arange(len(values))
    return np.stack([np.interp(times, frames, column) for column in values.T], axis=-1)


def _lowest(confidence: np.ndarray, rate_hz: float, new_rate_hz: float) -> np.ndarray:
    """Return the lowest confidence of the old frames within half a frame, new or old."""
    times = _new_times(len(confidence), rate_hz, new_rate_hz)
    half = max(0.5 * rate_hz / new_rate_hz, 0.5)
    ends = np.stack((np.ceil(times - half - 1e-9), np.floor(times + half + 1e-9)), axis=1)
    places = np.clip(ends.astype(int), 0, len(confidence) - 1) + np.array([0, 1])
    padded = np.pad(confidence, ((0, 1), (0, 0)))  # a place to stop at
    return np.minimum.reduceat(padded, places.ravel())[::2]
