# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says how fast and how smoothly a model follows another emotion."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from emotion_motion.evaluation.judge.judge import Judge
from emotion_motion.evaluation.measures.averages import emotion_means, interval
from emotion_motion.evaluation.measures.switching import (
    believe,
    Believed,
    read_too_soon,
    Roughness,
    roughness,
)
from emotion_motion.evaluation.report.report import Measure, measure
from emotion_motion.evaluation.streams import Streams, SWITCH_S
from emotion_motion.evaluation.yardstick import Yardstick

_NONE = 'No stream switched: the plan has no switches.'


def switch_measures(
    streams: Streams | None, yardstick: Yardstick
) -> tuple[list[Measure], dict[str, Any]]:
    """Return the measures of switches, and what their curve is drawn from."""
    judge = yardstick.judge
    watch = functools.partial(believe, predict=judge.predict, window_s=judge.seconds)
    reference, rough = watch(yardstick.switches), roughness(yardstick.switches, yardstick.p99_m_s3)
    if streams is None:
        return _not_measured(reference, rough), {}
    own, floor = watch(streams), watch(yardstick.cuts)
    details = {
        'believed_s': _times(own),
        'reference_s': _times(reference),
        'floor_s': _times(floor),
        'after_s': SWITCH_S[1],
    }
    measures = [
        *_belief(own, reference, floor, streams),
        _fooled(streams, judge, floor),
        *_jerk(roughness(streams, yardstick.p99_m_s3), rough),
    ]
    return measures, details


def _not_measured(reference: Believed, rough: Roughness) -> list[Measure]:
    known = {
        'believed': reference.median_s,
        'share': reference.share,
        'fooled': None,
        'peak_jerk': _p90(rough.ratio),
        'peak_jerk_median': float(np.median(rough.ratio)),
        'calm_jerk': _p90(rough.calm_ratio),
    }
    return [
        measure(f'switch.{name}', None, reference=value, note=_NONE)
        for name, value in known.items()
    ]


def _belief(
    own: Believed, reference: Believed, floor: Believed, streams: Streams
) -> list[Measure]:
    times, new = own.time_s, streams.emotions[:, -1]
    return [
        measure(
            'switch.believed',
            own.median_s,
            reference=reference.median_s,
            by_emotion=emotion_means(times, new, _median),
            interval=interval(times, np.median),
            note=f'From the first new frame to the end of the first trailing window after which '
            f"the judge's likeliest emotion stays for 0.5 s; the reference is corpus people who "
            f'switch. Where nothing but the judge has to catch up, at a hard cut, it takes '
            f'{floor.median_s:.2g} s.',
        ),
        measure('switch.share', own.share, reference=reference.share),
    ]


def _fooled(streams: Streams, judge: Judge, floor: Believed) -> Measure:
    """Return how often the model reads its condition while its motion shows the old emotion."""
    # A judge that never believes is at most as late as its window is long.
    late = float(np.fmin(floor.median_s, judge.seconds))
    looks = read_too_soon(streams, judge.predict, late, window_s=judge.seconds)
    return measure(
        'switch.fooled',
        _share(looks),
        interval=interval(looks, _share) if looks.any() else None,
        note=f'Of {looks[:, 0].sum()} looks after a switch at which the judge still sees the old '
        f'emotion: those at which the model reads the new one in itself.',
    )


def _jerk(own: Roughness, reference: Roughness) -> list[Measure]:
    return [
        measure(
            'switch.peak_jerk',
            _p90(own.ratio),
            reference=_p90(reference.ratio),
            interval=interval(own.ratio, _p90),
        ),
        measure(
            'switch.peak_jerk_median',
            float(np.median(own.ratio)),
            reference=float(np.median(reference.ratio)),
            interval=interval(own.ratio, np.median),
        ),
        measure('switch.calm_jerk', _p90(own.calm_ratio), reference=_p90(reference.calm_ratio)),
    ]


def _share(looks: np.ndarray) -> float:
    """Return the share of looks [B, 2]: all, and those that count; NaN of none."""
    total, those = looks.sum(axis=0)
    return float(those / total) if total else float('nan')


def _times(belief: Believed) -> list[float]:
    """Return the times [s] of those that could be waited for; NaN for those never believed."""
    counted = np.isfinite(belief.time_s)
    return np.where(belief.believed, belief.time_s, np.nan)[counted].tolist()


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float('nan')


def _p90(values: np.ndarray) -> float:
    return float(np.percentile(values, 90.0))
