# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A switch of emotion: how soon a judge believes the new one, and how rough the change is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from emotion_motion.evaluation.measures.on_body import jerk_by_frame
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError

__all__ = [
    'Believed',
    'Roughness',
    'believe',
    'read_too_soon',
    'reference_p99',
    'roughness',
    'switch_frames',
]

Predict = Callable[[np.ndarray], np.ndarray]

_EVERY_S = 0.1
_STAYS_S = 0.5
_AT_SWITCH_S = 1.0


@dataclass(frozen=True, eq=False)
class Believed:
    """How soon a judge believed the new emotions of B switches.

    A switch counts from the frame made first with the new emotion. The judge looks at the trailing
    window every tenth of a second; it believes from the first look on after which its most likely
    emotion stays the new one for half a second.

    Attributes:
        time_s: [B] time from the switch to the end of that window; where the judge does not
            believe before the stream ends, the time that was left (`believed` is False: at least
            so long); NaN where it took the motion for the new emotion before the switch already,
            so that there is nothing to wait for.
        believed: [B] whether it came to believe, False where the time is NaN.
        median_s: median of `time_s`, late ones counting as they are; NaN without any.
        share: of the switches with a time, those believed.
        before: share of all switches that were taken for the new emotion before.
    """

    time_s: np.ndarray
    believed: np.ndarray
    median_s: float
    share: float
    before: float


@dataclass(frozen=True, eq=False)
class Roughness:
    """How rough B switches are.

    Attributes:
        peak_m_s3: [B] largest `jerk_by_frame` within 1 s after the switch [m/s^3].
        calm_m_s3: [B] the same within the second that ends 1 s before the switch, where nothing
            happens: what the motion's own gestures make.
        ratio: [B] `peak_m_s3` against the reference's p99, NaN without one.
    """

    peak_m_s3: np.ndarray
    calm_m_s3: np.ndarray
    ratio: np.ndarray


def switch_frames(streams: Streams) -> np.ndarray:
    """Return the first frame [B] at which another emotion was asked for than before.

    Raises:
        TrainingError: a stream without a switch, or with more than one.
    """
    changes = streams.emotions[:, 1:] != streams.emotions[:, :-1]
    if not (changes.sum(axis=1) == 1).all():
        raise TrainingError(
            f'got streams with {np.unique(changes.sum(axis=1)).tolist()} changes of emotion; '
            f'expected exactly one in each'
        )
    return changes.argmax(axis=1) + 1


def believe(
    streams: Streams, predict: Predict, *, window_s: float = 2.0, every_s: float = _EVERY_S
) -> Believed:
    """Let a judge watch switches.

    Much of the time is the judge's own: at a hard cut from one reference stream to another
    (`reference_switches.hard_cuts`) a judge of 2 s windows took 1.3 s, one of 1 s windows 0.6 s.
    A verdict of no emotion, which windows across a switch often get, delays it further.

    Args:
        streams: with one switch each, at least a window after their beginning.
        predict: probabilities [N, 7] (more columns may follow, for what is no emotion) of windows
            [N, n, K, 3] of the canonical body of height 1.
        window_s: length of the windows that the judge knows [s].
        every_s: time from one look to the next [s].

    Raises:
        TrainingError: a switch that comes before there is a window, or no time after it.
    """
    size, step = round(window_s * streams.rate_hz), max(1, round(every_s * streams.rate_hz))
    at, points = switch_frames(streams), streams.prepared()
    if at.min() < size or at.max() + step > streams.frames:
        raise TrainingError(
            f'got switches at {at.min() / streams.rate_hz:g} to {at.max() / streams.rate_hz:g} s '
            f'of {streams.seconds:g} s; expected {window_s:g} s before and some time after'
        )
    needed = max(1, round(_STAYS_S * streams.rate_hz / step))
    time, known = np.empty(len(streams)), np.empty(len(streams), dtype=bool)
    for number, frame in enumerate(at):
        ends = np.arange(frame, streams.frames + 1, step)  # the last frame is the one before it
        windows = points[number][ends[:, None] - size + np.arange(size)]
        sees = predict(windows).argmax(axis=-1) == streams.emotions[number, frame]
        time[number], known[number] = _first_stay(sees, needed, step / streams.rate_hz)
        if sees[0]:
            time[number], known[number] = np.nan, False
    counted = np.isfinite(time)
    return Believed(
        time,
        known,
        float(np.median(time[counted])) if counted.any() else float('nan'),
        float(known[counted].mean()) if counted.any() else float('nan'),
        float(1.0 - counted.mean()),
    )


def read_too_soon(
    streams: Streams, predict: Predict, delay_s: float, *, window_s: float = 2.0
) -> np.ndarray:
    """Ask whether a model reads in its own motion what it is told, before the motion shows it.

    Ten times a second after a switch, its reading of that frame stands beside the judge's of the
    window that ends so much later as the judge is late: at a hard cut the judge would name the new
    emotion from the very frame of the cut on.

    Args:
        streams: of a model, with one switch each, at least a window after their beginning.
        predict: as of `believe`.
        delay_s: how late the judge is, its median at hard cuts [s], up to `window_s`.
        window_s: length of the windows that the judge knows [s].

    Returns:
        [B, 2] looks at which the judge still sees the old emotion, and those of them at which
        the model already reads the new one.
    """
    assert streams.recognised is not None  # motion of a model
    size, step, late = (round(time * streams.rate_hz) for time in (window_s, _EVERY_S, delay_s))
    found, points = np.zeros((len(streams), 2), dtype=np.int64), streams.prepared()
    for number, frame in enumerate(switch_frames(streams)):
        looks = np.arange(frame, streams.frames - late, max(1, step))
        if not len(looks):
            continue
        windows = points[number][looks[:, None] + late - size + np.arange(size)]
        old, new = streams.emotions[number, [frame - 1, frame]]
        shown = predict(windows).argmax(axis=-1) == old
        read = streams.recognised[number, looks].argmax(axis=-1) == new
        found[number] = shown.sum(), (shown & read).sum()
    return found


def roughness(streams: Streams, p99_m_s3: float = float('nan')) -> Roughness:
    """Measure the jerk at switches.

    Args:
        streams: with one switch each, at least 2 s after their beginning.
        p99_m_s3: see `reference_p99`.

    Raises:
        TrainingError: a switch too near to the beginning or to the end.
    """
    at, long = switch_frames(streams), round(_AT_SWITCH_S * streams.rate_hz)
    if at.min() < 2 * long + 3 or at.max() + long > streams.frames:
        raise TrainingError(
            f'got switches at {at.min() / streams.rate_hz:g} to {at.max() / streams.rate_hz:g} s '
            f'of {streams.seconds:g} s; expected more than 2 s before and 1 s after each'
        )
    peaks, calm = np.empty(len(streams)), np.empty(len(streams))
    for number, frame in enumerate(at):
        jerk = jerk_by_frame(streams.keypoints[number], streams.rate_hz)
        # Value t takes the frames t to t + 3: from the first that has the new frame in it.
        peaks[number] = jerk[frame - 3 : frame + long - 3].max()
        calm[number] = jerk[frame - 2 * long - 3 : frame - long - 3].max()
    return Roughness(peaks, calm, peaks / p99_m_s3)


def reference_p99(reference: Streams) -> float:
    """Return the 99th percentile of `jerk_by_frame` over all frames of reference streams."""
    return float(
        np.percentile([jerk_by_frame(one, reference.rate_hz) for one in reference.keypoints], 99.0)
    )


def _first_stay(sees: np.ndarray, needed: int, step_s: float) -> tuple[float, bool]:
    """Return when looks [n] first stay true for `needed` more looks, and whether they do."""
    for first in np.flatnonzero(sees):
        if first + needed < len(sees) and sees[first : first + needed + 1].all():
            return float(first) * step_s, True
    return (len(sees) - 1) * step_s, False
