# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Another frame rate, without the aliases of fast motion.

One windowed sinc filters and interpolates: at each new time it weighs the old frames around it.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip

__all__ = ['bridged', 'resample_clip', 'resample_values']

_CUT = 0.45  # of the lower rate: half of the amplitude passes there, none at half of the rate
_CYCLES = 15.0  # half width of the filter in frames of the lower rate
_KAISER = 5.0  # shape of its window: 50 dB down beyond the transition
_CHUNK = 4096  # new frames worked on at once


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
    padded = _padded(values.reshape(len(values), -1), reach + 1)
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
        TrainingError: the rate is not above 0.
    """
    if not 0.0 < rate_hz < float('inf'):
        raise TrainingError(f'got a rate of {rate_hz} Hz to resample to; expected one above 0')
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


def _padded(values: np.ndarray, count: int) -> np.ndarray:
    """Go on beyond both ends [T, F], turned about the end frames: no step, no kink."""
    places = np.arange(-count, len(values) + count)
    last = len(values) - 1
    if last < count:  # a short clip is turned about again and again
        turns, inside = np.divmod(places, 2 * last)
        back = inside > last
        rise = 2.0 * (values[last] - values[0])
        within = np.where(
            back[:, None],
            2.0 * values[last] - values[np.minimum(2 * last - inside, last)],
            values[np.minimum(inside, last)],
        )
        return within + turns[:, None] * rise
    head = 2.0 * values[0] - values[count:0:-1]
    tail = 2.0 * values[last] - values[last - 1 : last - count - 1 : -1]
    return np.concatenate((head, values, tail))


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
    times = _new_times(len(values), rate_hz, new_rate_hz)
    low = np.minimum(times.astype(int), len(values) - 1)
    high = np.minimum(low + 1, len(values) - 1)
    share = (times - low)[:, None]
    return (1.0 - share) * values[low] + share * values[high]


def _lowest(confidence: np.ndarray, rate_hz: float, new_rate_hz: float) -> np.ndarray:
    """Return the lowest confidence of the old frames within half a frame, new or old."""
    times = _new_times(len(confidence), rate_hz, new_rate_hz)
    half = max(0.5 * rate_hz / new_rate_hz, 0.5)
    last = len(confidence) - 1
    first = np.clip(np.ceil(times - half - 1e-9).astype(int), 0, last)
    stop = np.clip(np.floor(times + half + 1e-9).astype(int), 0, last)
    result = confidence[first]
    for step in range(1, int((stop - first).max()) + 1):
        result = np.minimum(result, confidence[np.minimum(first + step, stop)])
    return result
