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
    """

    time_s: np.ndarray
    believed: np.ndarray
    median_s: float
    share: float


@dataclass(frozen=True, eq=False)
class Roughness:
    """How rough B switches are.

    Attributes:
        ratio: [B] largest `jerk_by_frame` within 1 s after the switch, of the reference's p99.
        calm_ratio: [B] the same within the second that ends 1 s before the switch, where nothing
            happens: what the motion's own gestures make.
    """

    ratio: np.ndarray
    calm_ratio: np.ndarray


def switch_frames(streams: Streams) -> np.ndarray:
    """Return the first frame [B] at which another emotion was asked for than before."""
    changes = streams.emotions[:, 1:] != streams.emotions[:, :-1]
    if not (changes.sum(axis=1) == 1).all():
        raise TrainingError(
            f'got streams with {np.unique(changes.sum(axis=1)).tolist()} changes of emotion; '
            f'expected exactly one in each'
        )
    return changes.argmax(axis=1) + 1


def believe(streams: Streams, predict: Predict, *, window_s: float = 2.0) -> Believed:
    """Let a judge watch switches.

    Much of the time is the judge's own: at a hard cut from one reference stream to another
    (`hard_cuts`) a judge of 2 s windows took 1.3 s, one of 1 s windows 0.6 s. A verdict of no
    emotion, which windows across a switch often get, delays it further.

    Args:
        streams: with one switch each, at least a window after their beginning.
        predict: probabilities [N, 7] (more columns may follow, for what is no emotion) of windows
            [N, n, K, 3] of the canonical body of height 1.
        window_s: length of the windows that the judge knows [s].
    """
    size, step = round(window_s * streams.rate_hz), max(1, round(_EVERY_S * streams.rate_hz))
    switches, points = switch_frames(streams), streams.prepared()
    if switches.min() < size or switches.max() + step > streams.frames:
        raise _too_near(streams, switches, f'{window_s:g} s before and some time after')
    needed = max(1, round(_STAYS_S * streams.rate_hz / step))
    time, believed = np.empty(len(streams)), np.empty(len(streams), dtype=bool)
    for number, frame in enumerate(switches):
        ends = np.arange(frame, streams.frames + 1, step)  # the last frame is the one before it
        windows = points[number][ends[:, None] - size + np.arange(size)]
        sees = predict(windows).argmax(axis=-1) == streams.emotions[number, frame]
        time[number], believed[number] = _first_stay(sees, needed, step / streams.rate_hz)
        if sees[0]:
            time[number], believed[number] = np.nan, False
    counted = np.isfinite(time)
    if not counted.any():
        return Believed(time, believed, float('nan'), float('nan'))
    share = float(believed[counted].mean())
    return Believed(time, believed, float(np.median(time[counted])), share)


def read_too_soon(
    streams: Streams, predict: Predict, delay_s: float, *, window_s: float = 2.0
) -> np.ndarray:
    """Ask whether a model reads its condition in its own motion before the motion shows it.

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
    counts, points = np.zeros((len(streams), 2), dtype=np.int64), streams.prepared()
    for number, frame in enumerate(switch_frames(streams)):
        looks = np.arange(frame, streams.frames - late, max(1, step))
        if not len(looks):
            continue
        windows = points[number][looks[:, None] + late - size + np.arange(size)]
        old, new = streams.emotions[number, [frame - 1, frame]]
        shown = predict(windows).argmax(axis=-1) == old
        read = streams.recognised[number, looks].argmax(axis=-1) == new
        counts[number] = shown.sum(), (shown & read).sum()
    return counts


def roughness(streams: Streams, p99_m_s3: float) -> Roughness:
    """Measure the jerk at switches.

    Args:
        streams: with one switch each, at least 2 s after their beginning.
        p99_m_s3: see `reference_p99`.
    """
    switches, second = switch_frames(streams), round(_AT_SWITCH_S * streams.rate_hz)
    if switches.min() < 2 * second + 3 or switches.max() + second > streams.frames:
        raise _too_near(streams, switches, 'more than 2 s before and 1 s after each')
    peaks, calm = np.empty(len(streams)), np.empty(len(streams))
    for number, frame in enumerate(switches):
        jerk = jerk_by_frame(streams.keypoints[number], streams.rate_hz)
        # Value t takes the frames t to t + 3: from the first that has the new frame in it.
        peaks[number] = jerk[frame - 3 : frame + second - 3].max()
        calm[number] = jerk[frame - 2 * second - 3 : frame - second - 3].max()
    return Roughness(peaks / p99_m_s3, calm / p99_m_s3)


def reference_p99(reference: Streams) -> float:
    """Return the 99th percentile of `jerk_by_frame` over all frames of reference streams."""
    return float(
        np.percentile([jerk_by_frame(one, reference.rate_hz) for one in reference.keypoints], 99.0)
    )


def _too_near(streams: Streams, switches: np.ndarray, wanted: str) -> TrainingError:
    first, last = switches.min() / streams.rate_hz, switches.max() / streams.rate_hz
    return TrainingError(
        f'got switches at {first:g} to {last:g} s of {streams.seconds:g} s; expected {wanted}'
    )


def _first_stay(sees: np.ndarray, needed: int, step_s: float) -> tuple[float, bool]:
    """Return when looks [n] first stay true for `needed` more looks, and whether they do."""
    for first in np.flatnonzero(sees):
        if first + needed < len(sees) and sees[first : first + needed + 1].all():
            return float(first) * step_s, True
    return (len(sees) - 1) * step_s, False
