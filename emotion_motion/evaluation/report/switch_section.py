# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says how fast and how smoothly a model follows another emotion."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.judge.judge import Judge
from emotion_motion.evaluation.measures.bootstrap import interval
from emotion_motion.evaluation.measures.switching import (
    believe,
    Believed,
    read_too_soon,
    Roughness,
    roughness,
)
from emotion_motion.evaluation.reference.yardstick import Yardstick
from emotion_motion.evaluation.report.report import Measure, Target
from emotion_motion.evaluation.streams import Streams, SWITCH_S

__all__ = ['switch_measures']

_NONE = 'No stream switched: the plan has no switches.'


def switch_measures(
    streams: Streams | None, yardstick: Yardstick
) -> tuple[list[Measure], dict[str, Any]]:
    """Return the measures of switches, and what their curve is drawn from.

    Args:
        streams: of the model, each with one switch; None where none were run.
        yardstick: what they are held against.
    """
    judge = yardstick.judge
    seen = [
        None if part is None else believe(part, judge.predict, window_s=judge.seconds)
        for part in (streams, yardstick.switches, yardstick.cuts)
    ]
    rough = [
        None if part is None else roughness(part, yardstick.p99_m_s3)
        for part in (streams, yardstick.switches)
    ]
    own, reference, floor = seen
    assert reference is not None and floor is not None and rough[1] is not None
    details: dict[str, Any] = {}
    if own is not None:
        details = {
            'believed_s': _times(own),
            'reference_s': _times(reference),
            'floor_s': _times(floor),
            'after_s': SWITCH_S[1],
        }
    measures = [
        *_belief(own, reference, floor, streams),
        _fooled(streams, judge, floor),
        *_jerk(rough[0], rough[1], yardstick.p99_m_s3),
    ]
    return measures, details


def _belief(
    own: Believed | None, reference: Believed, floor: Believed, streams: Streams | None
) -> list[Measure]:
    times = own.time_s if own else np.full(0, np.nan)
    note = (
        _NONE
        if own is None
        else (
            f'From the first new frame to the end of the first trailing window after which '
            f"the judge's likeliest emotion stays for 0.5 s; the reference is corpus people who "
            f'switch. '
            f'Where nothing but the judge has to catch up, at a hard cut, it takes '
            f'{floor.median_s:.2g} s.'
        )
    )
    by_emotion = {}
    if own is not None and streams is not None:
        to = streams.emotions[:, -1]
        there = [times[(to == e) & np.isfinite(times)] for e in range(len(EMOTIONS))]
        by_emotion = {
            name: float(np.median(part)) if len(part) else float('nan')
            for name, part in zip(EMOTIONS, there, strict=True)
        }
    return [
        Measure(
            'switch.believed',
            'time until the judge believes the new emotion, median',
            own and own.median_s,
            's',
            reference=reference.median_s,
            by_emotion=by_emotion,
            interval=interval(times, np.median) if own else None,
            target=Target((None, 1.5), (None, 1.2)),
            note=note,
        ),
        Measure(
            'switch.share',
            'switches believed within 6 s',
            own and own.share,
            'share',
            reference=reference.share,
            note='' if own else _NONE,
        ),
    ]


def _fooled(streams: Streams | None, judge: Judge, floor: Believed) -> Measure:
    """Return how often the model reads what it is told while its motion shows the old emotion."""
    looks = np.zeros((0, 2), dtype=np.int64)
    if streams is not None:
        # A judge that never believes is at most as late as its window is long.
        late = float(np.fmin(floor.median_s, judge.seconds))
        looks = read_too_soon(streams, judge.predict, late, window_s=judge.seconds)
    note = (
        _NONE
        if streams is None
        else (
            f'Of {looks[:, 0].sum()} looks after a switch at which the judge still sees the old '
            f'emotion: those at which the model reads the new one in itself.'
        )
    )
    return Measure(
        'switch.fooled',
        'a wrong condition is seen in motion that still shows the old emotion',
        _share(looks),
        'share',
        target=Target((None, 0.10)),
        note=note,
        interval=interval(looks, _share) if looks.any() else None,
    )


def _share(looks: np.ndarray) -> float:
    """Return the share of looks [B, 2]: all, and those that count; NaN of none."""
    total, those = looks.sum(axis=0)
    return float(those / total) if total else float('nan')


def _jerk(own: Roughness | None, reference: Roughness, p99_m_s3: float) -> list[Measure]:
    ratios = own.ratio if own else np.full(0, np.nan)
    p90 = float(np.percentile(ratios, 90.0)) if own else None
    note = (
        _NONE
        if own is None
        else (
            'Largest jerk within 1 s after the switch against the 99th percentile of the '
            "reference's jerk; 90th percentile over switches."
        )
    )
    return [
        Measure(
            'switch.peak_jerk',
            "peak jerk at a switch against the reference's p99",
            p90,
            reference=float(np.percentile(reference.ratio, 90.0)),
            interval=interval(ratios, _p90) if own else None,
            target=Target((None, 2.0)),
            note=note,
        ),
        Measure(
            'switch.peak_jerk_median',
            'peak jerk at a switch, median over switches',
            float(np.median(ratios)) if own else None,
            reference=float(np.median(reference.ratio)),
            interval=interval(ratios, np.median) if own else None,
        ),
        Measure(
            'switch.calm_jerk',
            'peak jerk a second before the switch, 90th percentile',
            _p90(own.calm_m_s3 / p99_m_s3) if own else None,
            reference=_p90(reference.calm_m_s3 / p99_m_s3),
            note='What gestures make without any switch.',
        ),
    ]


def _times(found: Believed) -> list[float]:
    """Return the times [s] of those that could be waited for; NaN for those never believed."""
    counted = np.isfinite(found.time_s)
    return np.where(found.believed, found.time_s, np.nan)[counted].tolist()


def _p90(values: np.ndarray) -> float:
    return float(np.percentile(values, 90.0))
