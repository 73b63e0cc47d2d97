# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Preparing a clip: the model's rate, the canonical body, facing +x, standing over the origin."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.training.data.canonical import completed, onto_body, standing_height
from emotion_motion.training.data.geometry import facing, turned
from emotion_motion.training.data.resample import bridged, resample_clip

__all__ = ['prepare', 'Travel']

Travel = Literal['remove', 'keep']

_FAR = 0.3  # body heights: who gets farther than that walks
_SWAY = 0.08  # body heights around the path that stay, a shift of weight to one foot
_FAR_TURN, _SWAY_TURN = np.radians(75.0), np.radians(30.0)
_SMOOTH_S = 0.25  # of the path: a step a second stays, its speed goes


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
        travel: 'remove' takes a path farther than 0.3 body heights and the turns along it out, so
            that a walk stays in place; small sway stays. 'keep' leaves the path. A clip that is
            prepared already is left where it is.

    Returns:
        A new clip with `prepared` set; the emotions go along.

    Raises:
        TrainingError: the clip's keypoints are not the skeleton's, the body has no size, or the
            rate or `travel` is none.
    """
    if clip.keypoints.shape[1:] != skeleton.rest.shape:
        raise TrainingError(
            f'got a clip with keypoints {list(clip.keypoints.shape[1:])}; the skeleton '
            f'{skeleton.name!r} has {list(skeleton.rest.shape)}'
        )
    if travel not in ('remove', 'keep'):
        raise TrainingError(f"got travel = {travel!r}; expected 'remove' or 'keep'")
    prepared = clip.prepared
    clip = resample_clip(clip, rate_hz)
    if prepared:  # only the rate may differ, which bends bones a little
        return dataclasses.replace(clip, keypoints=skeleton.project(clip.keypoints))
    place = _in_space if clip.dims == 3 else _in_picture
    points = place(clip, skeleton, travel == 'remove')
    return dataclasses.replace(
        clip, keypoints=points, skeleton=skeleton.name, rate_hz=rate_hz, prepared=True
    )


def _in_space(clip: Clip, skeleton: Skeleton, remove: bool) -> np.ndarray:
    points = completed(bridged(clip.keypoints, clip.confidence), clip.confidence, skeleton)
    points = onto_body(points, skeleton)  # feet on the ground
    if remove:
        points = _in_place(points, skeleton, clip.rate_hz)
    points = turned(points, -_mean_angle(facing(points, skeleton)))
    points[..., :2] -= points[:, skeleton.root, :2].mean(axis=0)
    return points


def _in_picture(clip: Clip, skeleton: Skeleton, remove: bool) -> np.ndarray:
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
    points = points * (float(np.linalg.norm(skeleton.rest[neck] - skeleton.rest[hip])) / length)
    if remove:
        points = _in_place(points, skeleton, clip.rate_hz)
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
    return points


def _mean_angle(angles: np.ndarray) -> float:
    return float(np.angle(np.exp(1j * angles).sum()))


def _in_place(points: np.ndarray, skeleton: Skeleton, rate_hz: float) -> np.ndarray:
    """Take the path and the turns of a walk out of points [T, K, D] in body heights, z up.

    The path is a follower that stands still while the body is near it and is drawn along when it
    leaves, smoothed. It is taken out where it gets farther than 0.3 body heights; the turns, of
    bodies in 3D, where they get farther than 75 degrees. Every frame is moved and turned as a
    whole.
    """
    ground = slice(0, points.shape[-1] - 1)
    path = points[:, skeleton.root, ground]
    if _extent(path) > _FAR:
        path = _smooth(_followed(path, _SWAY), rate_hz)
        points = points.copy()
        points[..., ground] -= (path - path.mean(axis=0))[:, None]
    if points.shape[-1] == 2:
        return points
    angle = facing(points, skeleton)[:, None]
    if _extent(angle) <= _FAR_TURN:
        return points
    angle = _smooth(_followed(angle, _SWAY_TURN), rate_hz)[:, 0]
    centre = np.append(points[:, skeleton.root, :2].mean(axis=0), 0.0)
    return turned(points - centre, -angle) + centre


def _extent(path: np.ndarray) -> float:
    """Return the larger side of the box around a path [T, n]."""
    return float(np.ptp(path, axis=0).max())


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
    reach = max(1, round(3.0 * _SMOOTH_S * rate_hz))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (_SMOOTH_S * rate_hz)) ** 2)
    kernel /= kernel.sum()
    reach = min(reach, len(path) - 1)
    if reach == 0:
        return path
    middle = len(kernel) // 2
    kernel = kernel[middle - reach : middle + reach + 1]
    kernel /= kernel.sum()
    head = 2.0 * path[0] - path[reach:0:-1]
    tail = 2.0 * path[-1] - path[-2 : -reach - 2 : -1]
    padded = np.concatenate((head, path, tail))
    columns = [np.convolve(column, kernel, mode='valid') for column in padded.T]
    return np.stack(columns, axis=1)
