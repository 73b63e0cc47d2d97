# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of a report that say whether motion is alive, and whether it is that of a body."""

from __future__ import annotations

from collections.abc import Sequence
import functools
from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.alive import Alive, drift, measure_alive, speed
from emotion_motion.evaluation.measures.averages import (
    emotion_interval,
    emotion_means,
    finite_max,
    finite_mean,
    interval,
)
from emotion_motion.evaluation.measures.on_body import BodyMeasures, jerk_ratio, measure_body
from emotion_motion.evaluation.measures.posture import held_trunk, held_wrist, pieces
from emotion_motion.evaluation.report.report import mean_measure, Measure, measure, Target
from emotion_motion.evaluation.streams import Streams
from emotion_motion.evaluation.yardstick import Yardstick

_LATE_S = (240.0, 300.0)
_EARLY_S = (60.0, 120.0)
_BIN_S = 10.0
_SLIDE_M_S = 0.001  # the corpus plants its feet exactly; a millimetre a second nobody sees
_TOO_SHORT = 'Not measured: repetition takes streams of a minute or more.'
_NOT_LONG = 'No stream ran for 300 s; the full evaluation, without --quick, has such.'


def alive_measures(streams: Streams, long: Streams | None, yardstick: Yardstick) -> list[Measure]:
    """Return the measures of speed, stillness, held postures, repetition and drift."""
    thresholds = yardstick.thresholds
    parts = [measure_alive(streams, thresholds), yardstick.alive]
    if yardstick.real:
        parts.append(Alive.joined([measure_alive(part, thresholds) for part in yardstick.real]))
    whole = parts[:1] if long is None else [parts[0], measure_alive(long, thresholds)]
    return [
        *_speeds(parts),
        *_stillness(parts, Alive.joined(whole)),
        *_held(streams, yardstick.streams),
        *_repetition(parts),
        *_late(long, yardstick),
        _beside('drift_speed', 'drift_speed', parts),
        _beside('drift_pose', 'drift_pose_m', parts),
    ]


def speed_over_run(streams: Streams) -> dict[str, Any]:
    """Return the mean speed of each emotion in every whole 10 s of the run, and 'time_s'."""
    count = max(1, int(streams.seconds / _BIN_S + 1e-6))
    parts = [streams.part(i * _BIN_S, (i + 1) * _BIN_S) for i in range(count)]
    speeds = np.stack([speed(part) for part in parts], axis=1)
    curves: dict[str, Any] = {'time_s': (np.arange(count) + 0.5) * _BIN_S}
    for emotion, name in enumerate(EMOTIONS):
        mine = (streams.emotions == emotion).all(axis=1)
        if mine.any():
            curves[name] = speeds[mine].mean(axis=0)
    return curves


def _beside(key: str, name: str, parts: Sequence[Alive], target: Target | None = None) -> Measure:
    """Return a measure of Alive of the model, beside the reference's and the recorded one's."""
    own, reference, *recorded = parts
    real = recorded[0].by_emotion(name) if recorded else None
    return mean_measure(
        f'alive.{key}',
        own.by_emotion(name),
        reference.by_emotion(name),
        real=None if real is None else finite_mean(real),
        real_by_emotion=real,
        interval=emotion_interval(own.of_stream(name), own.emotions),
        target=target,
    )


def _speeds(parts: Sequence[Alive]) -> list[Measure]:
    own, reference = parts[:2]
    usual = reference.by_emotion('speed_m_s')
    ratios = own.by_emotion('speed_m_s') / usual
    rests = own.by_emotion('rest_speed_m_s') / usual
    ratio, rest = (own.against(reference, name) for name in ('speed_m_s', 'rest_speed_m_s'))
    return [
        _beside('speed', 'speed_m_s', parts),
        mean_measure('alive.speed_ratio', ratios, 1.0),
        measure(
            'alive.speed_ratio_median',
            float(np.median(ratios)),
            reference=1.0,
            interval=emotion_interval(ratio, own.emotions, np.median),
        ),
        mean_measure(
            'alive.rest_start', rests, 1.0, interval=emotion_interval(rest, own.emotions)
        ),
    ]


def _stillness(parts: Sequence[Alive], whole: Alive) -> list[Measure]:
    """Return freezing; `whole` has the streams that ran longer as well."""
    own, reference = parts[:2]
    excess = own.by_emotion('freeze') - reference.by_emotion('freeze')
    known, minutes = (
        part.longest_still_s[np.isfinite(part.longest_still_s)] for part in (reference, whole)
    )
    p99 = float(np.percentile(known, 99.0))
    return [
        _beside('freeze', 'freeze', parts),
        measure('alive.freeze_excess', float(excess.max()), reference=0.0, by_emotion=excess),
        measure(
            'alive.still_run',
            float(np.percentile(minutes, 90.0)),
            reference=float(np.percentile(known, 90.0)),
            target=Target((None, max(5.0, p99))),
            note=f"At most 5 s, or the reference's 99th percentile, {p99:.3g} s, where that is "
            f'longer.',
        ),
        measure(
            'alive.longest_still',
            float(np.nanmax(whole.longest_run_s)),
            reference=float(np.nanmax(reference.longest_run_s)),
        ),
    ]


def _held(streams: Streams, reference: Streams) -> list[Measure]:
    """Return how long postures are held, in streams as long as the shorter of both."""
    seconds = min(streams.seconds, reference.seconds)
    parts = [pieces(part, seconds) for part in (streams, reference)]
    measures = []
    for key, held_s in (('held_trunk', held_trunk), ('held_wrist', held_wrist)):
        own, theirs = (held_s(part) for part in parts)
        longest, known = (
            emotion_means(values, part.emotions[:, 0], finite_max)
            for values, part in zip((own, theirs), parts, strict=True)
        )
        allowed = float(np.percentile(theirs, 99.0))
        measures.append(
            measure(
                f'alive.{key}',
                float(np.percentile(own, 95.0)),
                reference=float(np.percentile(theirs, 95.0)),
                by_emotion=longest,
                reference_by_emotion=known,
                target=Target((None, allowed)),
                note=f"In pieces of {seconds:g} s. At most the reference's 99th percentile, "
                f'{allowed:.3g} s; of each emotion the longest is shown.',
            )
        )
    return measures


def _repetition(parts: Sequence[Alive]) -> list[Measure]:
    own, reference = parts[:2]
    ratios = own.by_emotion('gestures') / reference.by_emotion('gestures')
    return [
        _beside('near_duplicate', 'near_duplicate', parts, _repeats_target(reference)),
        _beside('repeat_distance', 'repeat_m', parts),
        _beside('gestures', 'gestures', parts),
        mean_measure(
            'alive.gestures_ratio',
            ratios,
            1.0,
            interval=emotion_interval(own.against(reference, 'gestures'), own.emotions),
            note='' if np.isfinite(ratios).any() else _TOO_SHORT,
        ),
    ]


def _late(long: Streams | None, yardstick: Yardstick) -> list[Measure]:
    reference = yardstick.alive
    known = finite_mean(reference.by_emotion('near_duplicate'))
    target = _repeats_target(reference)
    keys = [f'alive.late_{name}' for name in ('near_duplicate', 'gestures_ratio', 'speed')]
    if long is None or long.seconds < _LATE_S[1]:
        return [
            measure(keys[0], None, reference=known, target=target, note=_NOT_LONG),
            measure(keys[1], None, reference=1.0, note=_NOT_LONG),
            measure(keys[2], float('nan'), reference=1.0, note=_NOT_LONG),
        ]
    late = measure_alive(long.part(*_LATE_S), yardstick.thresholds)
    gestures = late.by_emotion('gestures') / reference.by_emotion('gestures')
    trend = drift(long, _EARLY_S, _LATE_S)[0]
    return [
        mean_measure(keys[0], late.by_emotion('near_duplicate'), known, target=target, note=''),
        mean_measure(keys[1], gestures, 1.0, note=''),
        measure(keys[2], finite_mean(trend), reference=1.0, note='', interval=interval(trend)),
    ]


def _repeats_target(reference: Alive) -> Target:
    """Return what is wanted of the near-duplicate share."""
    known = finite_mean(reference.by_emotion('near_duplicate'))
    reach = 0.70 if np.isnan(known) else max(0.70, known + 0.1)
    return Target((None, 0.85), (None, min(0.85, reach)))


def body_measures(streams: Streams, yardstick: Yardstick) -> list[Measure]:
    """Return the measures of bones, range, manifold, jerk, feet and candidates drawn back."""
    bodies = [
        measure_body(part, bounds=yardstick.bounds, manifold=yardstick.manifold)
        for part in (streams, *yardstick.real)
    ]
    column = functools.partial(_column, streams, bodies, yardstick)
    slide = max(_SLIDE_M_S, float(np.nanpercentile(yardstick.body.slide_m_s, 90.0)))
    near = (
        f'Farther than {100.0 * yardstick.thresholds.off_body_m:.1f} cm from any reference pose; '
        f'99.5 % of unseen reference frames are nearer.'
    )
    return [
        column('bone_before'),
        column('bone_after'),
        column('out_of_range'),
        column('off_body', note=near),
        column('jerk_m_s3'),
        _mean_of_streams('body.jerk_ratio', jerk_ratio(streams, yardstick.streams), streams, 1.0),
        column('slide_m_s', target=Target((None, slide))),
        column('drag_m_s'),
        column('penetration'),
        column('sunk'),
        column('depth_m', largest=True),
        _drawn_back(streams),
    ]


def _column(
    streams: Streams,
    bodies: Sequence[BodyMeasures],
    yardstick: Yardstick,
    name: str,
    *,
    largest: bool = False,
    **more: Any,
) -> Measure:
    """Return the measure of a value a stream: their mean, or the largest of them."""
    take = finite_max if largest else finite_mean
    own, *real = (getattr(body, name) for body in bodies)
    reference = getattr(yardstick.body, name)
    emotions, shown = streams.emotions[:, 0], yardstick.streams.emotions[:, 0]
    known = bool(np.isfinite(reference).any()) and name not in yardstick.unseen
    return measure(
        f'body.{name}',
        take(own),
        reference=take(reference) if known else yardstick.unseen.get(name),
        real=take(np.concatenate(real)) if real else None,
        interval=None if largest else emotion_interval(own, emotions),
        by_emotion=emotion_means(own, emotions, take),
        reference_by_emotion=emotion_means(reference, shown, take) if known else None,
        **more,
    )


def _mean_of_streams(
    key: str, values: np.ndarray, streams: Streams, reference: float | None, **more: Any
) -> Measure:
    """Return the measure of values [B] of a model's streams."""
    emotions = streams.emotions[:, 0]
    return measure(
        key,
        finite_mean(values),
        reference=reference,
        by_emotion=emotion_means(values, emotions),
        interval=emotion_interval(values, emotions),
        **more,
    )


def _drawn_back(streams: Streams) -> Measure:
    assert streams.drawn_back is not None  # motion of a model
    shares = np.array([finite_mean(row) for row in streams.drawn_back])
    note = None if np.isfinite(shares).any() else 'Not measured: the generator does not tell.'
    return _mean_of_streams('body.drawn_back', shares, streams, None, note=note)
