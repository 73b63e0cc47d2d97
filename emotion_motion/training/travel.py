# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Walking away: a body's facing and path, and how to take both out of a motion."""

from __future__ import annotations

import numpy as np

from emotion_motion.skeleton import Skeleton

__all__ = ['facing', 'turned', 'in_place']

_FAR = 0.3  # body heights: who gets farther than that walks
_SWAY = 0.08  # body heights around the path that stay, a shift of weight to one foot
_FAR_TURN, _SWAY_TURN = np.radians(75.0), np.radians(30.0)
_SMOOTH_S = 0.25  # of the path: a step a second stays, its speed goes


def facing(points: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return the angle [T] from +x to where hips and shoulders [T, K, 3] face, unwrapped."""
    left = sum(
        points[:, skeleton.index(f'L{name}')] - points[:, skeleton.index(f'R{name}')]
        for name in ('Hip', 'Shoulder')
    )
    return np.unwrap(np.arctan2(-left[:, 0], left[:, 1]))


def turned(points: np.ndarray, angle: np.ndarray | float) -> np.ndarray:
    """Return points [T, K, 3] turned about the vertical by an angle, one or [T]."""
    cosine, sine = (np.reshape(f(angle), (-1, 1)) for f in (np.cos, np.sin))
    result = points.copy()
    result[..., 0] = cosine * points[..., 0] - sine * points[..., 1]
    result[..., 1] = sine * points[..., 0] + cosine * points[..., 1]
    return result


def in_place(points: np.ndarray, skeleton: Skeleton, rate_hz: float) -> np.ndarray:
    """Take the path and the turns of a walk out; sway and what stays near is left alone.

    The path is a follower that stands still while the body is near it and is drawn along when it
    leaves, smoothed. It is taken out where it gets farther than 0.3 body heights; the turns, of
    bodies in 3D, where they get farther than 75 degrees.

    Args:
        points: [T, K, D] in body heights, z up.
        skeleton: names the keypoints.
        rate_hz: frames a second.

    Returns:
        [T, K, D], every frame moved and turned as a whole.
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
