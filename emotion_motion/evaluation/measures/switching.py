# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A switch of emotion: how soon a judge believes the new one, and how rough the change is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emotion_motion.evaluation.measures.on_body import jerk_by_frame
from emotion_motion.evaluation.streams import Streams

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

    The time is that to the end of that window, or what was left where the judge does not believe;
    NaN where it took the motion for the new emotion before the switch already.
    """

    time_s: np.ndarray  # [B]
    believed: np.ndarray  # [B] False where the time is NaN
    median_s: float  # NaN without any
    share: float  # of the switches with a time, those believed


class Roughness(NamedTuple):
    """The largest `jerk_by_frame` at B switches, of the reference's p99."""

    ratio: np.ndarray  # [B] within 1 s after the switch
    calm_ratio: np.ndarray  # [B] in the second that ends 1 s before it: what gestures make


def switch_frames(streams: Streams) -> np.ndarray:
    """Return the first frame [B] at which another emotion was asked for than before."""
    return (streams.emotions[:, 1:] != streams.emotions[:, :-1]).argmax(axis=1) + 1


def believe(streams: Streams, predict: Predict, *, window_s: float = 2.0) -> Believed:
    """Let a judge watch switches.

    Much of the time is the judge's own: at a hard cut from one reference stream to another
    (`hard_cuts`) a judge of 2 s windows took 1.3 s, one of 1 s windows 0.6 s. A verdict of no
    emotion, which windows across a switch often get, delays it further.

    Streams have one switch each, at least a window after their beginning. `predict` gives
    probabilities [N, 7] (more columns may follow, for what is no emotion) of windows [N, n, K, 3]
    of the canonical body of height 1, each `window_s` long.
    """
    size, step = round(window_s * streams.rate_hz), max(1, round(_EVERY_S * streams.rate_hz))
    switches, points = switch_frames(streams), streams.prepared()
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
        return Believed(time, believed, np.nan, np.nan)
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
        streams: of a model, as of `believe`.
        predict: as of `believe`.
        delay_s: how late the judge is, its median at hard cuts [s], up to `window_s`.
        window_s: as of `believe`.

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
    """Measure the jerk at switches, more than 2 s after the beginning and 1 s before the end."""
    switches, second = switch_frames(streams), round(_AT_SWITCH_S * streams.rate_hz)
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


def _first_stay(sees: np.ndarray, needed: int, step_s: float) -> tuple[float, bool]:
    """Return when looks [n] first stay true for `needed` more looks, and whether they do."""
    for first in np.flatnonzero(sees):
        if first + needed < len(sees) and sees[first : first + needed + 1].all():
            return float(first) * step_s, True
    return (len(sees) - 1) * step_s, False
