# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says whether motion is alive, with the figures that are wanted."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.alive import Alive, drift, measure_alive, speed
from emotion_motion.evaluation.measures.bootstrap import interval
from emotion_motion.evaluation.measures.held import held_trunk, held_wrist, pieces
from emotion_motion.evaluation.reference.yardstick import Yardstick
from emotion_motion.evaluation.report.report import Measure, Target
from emotion_motion.evaluation.streams import Streams

__all__ = ['alive_measures', 'by_name', 'emotion_interval', 'speed_over_run']

_LATE_S = (240.0, 300.0)
_EARLY_S = (60.0, 120.0)
_BIN_S = 10.0
_TOO_SHORT = 'Not measured: repetition takes streams of a minute or more.'
_NOT_LONG = 'No stream ran for 300 s; the full evaluation, without --quick, has such.'


def alive_measures(streams: Streams, long: Streams | None, yardstick: Yardstick) -> list[Measure]:
    """Return the measures of speed, stillness, held postures, repetition and drift.

    Args:
        streams: of the model, one emotion each.
        long: those that went on to 300 s, if any did.
        yardstick: what they are held against.
    """
    own, reference = measure_alive(streams, yardstick.thresholds), yardstick.alive
    late = None
    if long is not None and long.seconds >= _LATE_S[1]:
        late = measure_alive(long.part(*_LATE_S), yardstick.thresholds)
    real = measure_alive(yardstick.real, yardstick.thresholds) if yardstick.real else None
    beside = functools.partial(_beside, own=own, reference=reference, real=real)
    still = own if long is None else Alive.joined([own, measure_alive(long, yardstick.thresholds)])
    return [
        *_speeds(own, reference, beside),
        *_stillness(own, still, reference, beside),
        *_held(streams, yardstick.streams),
        *_repetition(own, reference, beside),
        *_late(late, long, reference),
        *_drifts(own, reference, beside),
    ]


def by_name(values: Any) -> dict[str, float]:
    """Return values [7] by the names of the emotions."""
    return dict(zip(EMOTIONS, map(float, values), strict=True))


def emotion_interval(
    values: np.ndarray, emotions: np.ndarray, statistic: Any = np.mean
) -> tuple[float, float]:
    """Return the bootstrap interval, over streams, of a statistic of the emotions' means.

    Args:
        values: [B] of each stream.
        emotions: [B] index into EMOTIONS.
        statistic: of the means of the emotions that were drawn.
    """

    def of_means(rows: np.ndarray) -> float:
        means = [rows[rows[:, 1] == e, 0].mean() for e in np.unique(rows[:, 1])]
        return float(statistic(means))

    return interval(np.column_stack((values, emotions)), of_means)


def speed_over_run(streams: Streams) -> dict[str, Any]:
    """Return the mean speed of each emotion in every 10 s of the run: 'time_s' and a curve each.

    Of the last stretch nothing is shown where it is shorter.
    """
    count = max(1, int(streams.seconds / _BIN_S + 1e-6))
    parts = [streams.part(i * _BIN_S, (i + 1) * _BIN_S) for i in range(count)]
    speeds = np.stack([speed(part) for part in parts], axis=1)
    curves: dict[str, Any] = {'time_s': (np.arange(count) + 0.5) * _BIN_S}
    for emotion, name in enumerate(EMOTIONS):
        mine = (streams.emotions == emotion).all(axis=1)
        if mine.any():
            curves[name] = speeds[mine].mean(axis=0)
    return curves


def _beside(
    key: str,
    title: str,
    name: str,
    *,
    own: Alive,
    reference: Alive,
    real: Alive | None,
    **more: Any,
) -> Measure:
    """Return a measure of Alive over all emotions, with the reference's and the recorded one's."""
    columns = [part.by_emotion(name) for part in (own, reference, real) if part is not None]
    values = [_mean(column) for column in columns]
    return Measure(
        f'alive.{key}',
        title,
        values[0],
        reference=values[1],
        real=values[2] if real is not None else None,
        by_emotion=by_name(columns[0]),
        reference_by_emotion=by_name(columns[1]),
        real_by_emotion=by_name(columns[2]) if real is not None else {},
        interval=emotion_interval(own.of_stream(name), own.emotions),
        **more,
    )


def _speeds(own: Alive, reference: Alive, beside: Any) -> list[Measure]:
    ratio = own.against(reference, 'speed_m_s')
    ratios = own.by_emotion('speed_m_s') / reference.by_emotion('speed_m_s')
    rest = own.against(reference, 'rest_speed_m_s')
    rests = own.by_emotion('rest_speed_m_s') / reference.by_emotion('speed_m_s')
    return [
        beside(
            'speed',
            'mean keypoint speed',
            'speed_m_s',
            unit='m/s',
            note='Of the motion averaged over 7 frames, so that jitter is no life.',
        ),
        Measure(
            'alive.speed_ratio',
            'speed against the reference, each emotion',
            _mean(ratios),
            reference=1.0,
            by_emotion=by_name(ratios),
            target=Target((0.7, 1.4)),
            each=True,
        ),
        Measure(
            'alive.speed_ratio_median',
            'speed against the reference, median over emotions',
            float(np.median(ratios)),
            reference=1.0,
            target=Target((0.85, 1.2), (0.9, 1.1)),
            interval=emotion_interval(ratio, own.emotions, np.median),
        ),
        Measure(
            'alive.rest_start',
            'speed in the first 5 s, from a single rest frame',
            _mean(rests),
            reference=1.0,
            by_emotion=by_name(rests),
            target=Target((0.7, None)),
            interval=emotion_interval(rest, own.emotions),
            note="Against the reference's mean speed at the same emotion.",
        ),
    ]


def _stillness(own: Alive, still: Alive, reference: Alive, beside: Any) -> list[Measure]:
    """Return freezing; `still` has the streams that ran longer, whole, as well."""
    excess = own.by_emotion('freeze') - reference.by_emotion('freeze')
    known = reference.longest_still_s[np.isfinite(reference.longest_still_s)]
    allowed = max(5.0, float(np.percentile(known, 99.0)))
    minutes = still.longest_still_s[np.isfinite(still.longest_still_s)]
    return [
        beside(
            'freeze',
            'freeze share',
            'freeze',
            unit='share',
            note='Share of thirds of a second with a mean keypoint speed below 0.05 m/s.',
        ),
        Measure(
            'alive.freeze_excess',
            'freeze share above that of the reference, each emotion',
            float(excess.max()),
            'share',
            reference=0.0,
            by_emotion=by_name(excess),
            target=Target((None, 0.05)),
            each=True,
        ),
        Measure(
            'alive.still_run',
            'longest still run of a minute, 90th percentile of minutes',
            float(np.percentile(minutes, 90.0)),
            's',
            reference=float(np.percentile(known, 90.0)),
            target=Target((None, allowed)),
            note=f"At most 5 s, or the reference's 99th percentile, "
            f'{np.percentile(known, 99.0):.3g} s, where that is longer.',
        ),
        Measure(
            'alive.longest_still',
            'longest still run of all',
            float(np.nanmax(still.longest_run_s)),
            's',
            reference=float(np.nanmax(reference.longest_run_s)),
            target=Target((None, 15.0)),
        ),
    ]


def _held(streams: Streams, reference: Streams) -> list[Measure]:
    """Return how long postures are held, in streams as long as the shorter of both."""
    seconds = min(streams.seconds, reference.seconds)
    parts = [pieces(part, seconds) for part in (streams, reference)]
    measures = []
    for key, title, measure in (
        ('held_trunk', 'longest time that trunk and head stay in place', held_trunk),
        ('held_wrist', 'longest time that a raised wrist stays in place', held_wrist),
    ):
        own, theirs = (measure(part) for part in parts)
        longest, known = (
            by_name(
                [
                    np.fmax.reduce(values[part.emotions[:, 0] == emotion], initial=np.nan)
                    for emotion in range(len(EMOTIONS))
                ]
            )
            for values, part in zip((own, theirs), parts, strict=True)
        )
        allowed = float(np.percentile(theirs, 99.0))
        measures.append(
            Measure(
                f'alive.{key}',
                f'{title}, 95th percentile of streams',
                float(np.percentile(own, 95.0)),
                's',
                reference=float(np.percentile(theirs, 95.0)),
                by_emotion=longest,
                reference_by_emotion=known,
                target=Target((None, allowed)),
                note=f"In pieces of {seconds:g} s. At most the reference's 99th percentile, "
                f'{allowed:.3g} s; of each emotion the longest is shown.',
            )
        )
    return measures


def _repetition(own: Alive, reference: Alive, beside: Any) -> list[Measure]:
    gestures = own.by_emotion('gestures') / reference.by_emotion('gestures')
    return [
        beside(
            'near_duplicate',
            'near-duplicate share',
            'near_duplicate',
            unit='share',
            target=_repeats_target(reference),
            note='Share of moving one-second windows that another one of the same minute, 2 s '
            'away or more, comes nearer to than 5 % of the windows of the reference come '
            'to one of somebody else.',
        ),
        beside(
            'repeat_distance',
            'distance to the nearest window 2 s away or more',
            'repeat_m',
            unit='m',
            note='Median over moving windows; more is less repetition.',
        ),
        beside(
            'gestures',
            'distinct gestures a minute',
            'gestures',
            note='Kinds of one-second windows visited, of 64 clusters of the reference at the '
            'same emotion.',
        ),
        Measure(
            'alive.gestures_ratio',
            'distinct gestures against the reference',
            _mean(gestures),
            reference=1.0,
            by_emotion=by_name(gestures),
            target=Target((0.6, None), (0.9, None)),
            interval=emotion_interval(own.against(reference, 'gestures'), own.emotions),
            note='' if np.isfinite(gestures).any() else _TOO_SHORT,
        ),
    ]


def _late(late: Alive | None, long: Streams | None, reference: Alive) -> list[Measure]:
    """Return repetition and speed after four minutes."""
    note = '' if late is not None else _NOT_LONG
    repeats = gestures = None
    trend = np.full(0, np.nan)
    if late is not None and long is not None:
        repeats = late.by_emotion('near_duplicate')
        gestures = late.by_emotion('gestures') / reference.by_emotion('gestures')
        trend = drift(long, _EARLY_S, _LATE_S)[0]
    return [
        Measure(
            'alive.late_near_duplicate',
            'near-duplicate share at 240 to 300 s',
            None if repeats is None else _mean(repeats),
            'share',
            reference=_mean(reference.by_emotion('near_duplicate')),
            by_emotion={} if repeats is None else by_name(repeats),
            target=_repeats_target(reference),
            note=note,
        ),
        Measure(
            'alive.late_gestures_ratio',
            'distinct gestures against the reference at 240 to 300 s',
            None if gestures is None else _mean(gestures),
            reference=1.0,
            by_emotion={} if gestures is None else by_name(gestures),
            target=Target((0.6, None), (0.9, None)),
            note=note,
        ),
        Measure(
            'alive.late_speed',
            'speed at 240 to 300 s against 60 to 120 s',
            _mean(trend),
            reference=1.0,
            note=note,
            interval=interval(trend) if len(trend) else None,
        ),
    ]


def _drifts(own: Alive, reference: Alive, beside: Any) -> list[Measure]:
    return [
        beside(
            'drift_speed',
            'speed of the last fifth against the first',
            'drift_speed',
            note='1 is no drift over the run; the model begins in its rest pose.',
        ),
        beside(
            'drift_pose',
            'change of the mean pose, first to last fifth',
            'drift_pose_m',
            unit='m',
            note='Root mean square over keypoints.',
        ),
    ]


def _repeats_target(reference: Alive) -> Target:
    """Return what is wanted of the near-duplicate share.

    To be reached for is 0.70, or the reference's and 0.1 where that is more, though never more
    than what is wanted.
    """
    known = _mean(reference.by_emotion('near_duplicate'))
    reach = 0.70 if np.isnan(known) else max(0.70, known + 0.1)
    return Target((None, 0.85), (None, min(0.85, reach)))


def _mean(values: np.ndarray) -> float:
    """Return the mean of what is finite; NaN where nothing is."""
    finite = np.asarray(values)[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float('nan')
