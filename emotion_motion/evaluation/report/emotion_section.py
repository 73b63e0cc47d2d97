# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says whether a model shows what it was asked to feel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.judge.judge import Judge
from emotion_motion.evaluation.judge.negative_controls import REFUSED
from emotion_motion.evaluation.measures.averages import (
    emotion_interval,
    emotion_means,
    finite_max,
    interval,
)
from emotion_motion.evaluation.measures.posture import (
    acceleration,
    exchanged,
    head_pitch,
    rank_correlation,
    slope,
)
from emotion_motion.evaluation.report.report import mean_measure, Measure, measure, Target
from emotion_motion.evaluation.streams import Streams
from emotion_motion.evaluation.yardstick import (
    measure_wrong_condition,
    RUN_IN_S,
    WrongCondition,
    Yardstick,
)


@dataclass(frozen=True, eq=False)
class _Seen:
    """What a judge sees in streams: confusion [7, 8] of shares, share of right windows [B]."""

    confusion: np.ndarray
    right: np.ndarray

    @property
    def recall(self) -> np.ndarray:  # [7]
        return np.diag(self.confusion)


class _Correlate:
    """A correlate of streams [B], their emotions [B] and its mean at each emotion [7]."""

    def __init__(self, correlate: Callable[[Streams], np.ndarray], streams: Streams) -> None:
        self.values, self.emotions = correlate(streams), streams.emotions[:, 0]
        self.means = emotion_means(self.values, self.emotions)


def emotion_measures(
    checkpoint: Checkpoint, streams: Streams, yardstick: Yardstick
) -> tuple[list[Measure], dict[str, Any]]:
    """Return what the judge and the model itself see, arousal and valence, and the matrices."""
    after = streams.part(RUN_IN_S, streams.seconds)
    own, ceiling = _seen(after, yardstick.judge), _seen(yardstick.streams, yardstick.judge)
    conditioned = measure_wrong_condition(checkpoint, yardstick.streams)
    details = {
        'confusion': own.confusion,
        'confusion_reference': ceiling.confusion,
        'own_reading': _reading(streams),
        'own_reading_reference': conditioned.confusion,
    }
    measures = [
        *_judged(own, ceiling, after),
        *_own(streams, conditioned),
        _gap(own, ceiling, after),
        *_affect(after, yardstick),
    ]
    return measures, details


def _seen(streams: Streams, judge: Judge) -> _Seen:
    cut = judge.windows(streams)
    seen = judge.seen(cut.keypoints)
    confusion = np.zeros((len(EMOTIONS), REFUSED + 1))
    np.add.at(confusion, (cut.emotions, seen), 1.0)
    counts = confusion.sum(axis=1, keepdims=True)
    confusion = np.where(counts > 0.0, confusion / np.maximum(counts, 1.0), np.nan)
    return _Seen(confusion, cut.right_shares(seen))


def _judged(own: _Seen, ceiling: _Seen, streams: Streams) -> list[Measure]:
    shares = _of_ceiling(own, ceiling)
    blind = [name for name, share in zip(EMOTIONS, ceiling.recall, strict=True) if not share > 0.0]
    note = f'The judge recognises no {", ".join(blind)} in the reference, either.' if blind else ''
    accuracy, most = float(own.recall.mean()), float(ceiling.recall.mean())
    low, high = emotion_interval(own.right, streams.emotions[:, 0])
    return [
        measure(
            'emotion.accuracy',
            accuracy,
            reference=most,
            by_emotion=own.recall,
            reference_by_emotion=ceiling.recall,
            interval=(low, high),
        ),
        measure(
            'emotion.accuracy_of_ceiling',
            accuracy / most if most > 0.0 else None,
            reference=1.0,
            interval=(low / most, high / most) if most > 0.0 else None,
        ),
        measure(
            'emotion.recall_of_ceiling',
            float(shares.min()),
            reference=1.0,
            by_emotion=shares,
            note=note,
        ),
    ]


def _own(streams: Streams, conditioned: WrongCondition) -> list[Measure]:
    right, emotions = _agreement(streams), streams.emotions[:, 0]
    agreement = emotion_means(right, emotions)
    return [
        measure(
            'emotion.agreement',
            float(agreement.mean()),
            reference=float(conditioned.recognised.mean()),
            by_emotion=agreement,
            reference_by_emotion=conditioned.recognised,
            interval=emotion_interval(right, emotions),
        ),
        measure('emotion.fooled', float(conditioned.fooled.mean()), by_emotion=conditioned.fooled),
    ]


def _gap(own: _Seen, ceiling: _Seen, streams: Streams) -> Measure:
    """Return how far apart are what the model sees in itself and what the judge sees in it."""
    read = emotion_means(_agreement(streams), streams.emotions[:, 0])
    gaps = np.abs(read - _of_ceiling(own, ceiling))
    return measure('emotion.reading_gap', finite_max(gaps), by_emotion=gaps)


def _agreement(streams: Streams) -> np.ndarray:
    """Return the share of frames of each stream [B] in which the model reads what was asked."""
    assert streams.recognised is not None  # motion of a model
    return (streams.recognised.argmax(axis=-1) == streams.emotions).mean(axis=1)


def _of_ceiling(own: _Seen, ceiling: _Seen) -> np.ndarray:
    """Return what the judge recognises of each emotion against its ceiling [7]."""
    with np.errstate(divide='ignore', invalid='ignore'):
        return own.recall / ceiling.recall


def _reading(streams: Streams) -> np.ndarray:
    """Return how often each emotion weighs most in what the model sees in itself, [7, 7]."""
    assert streams.recognised is not None  # motion of a model
    counts = np.zeros((len(EMOTIONS), len(EMOTIONS)))
    np.add.at(counts, (streams.emotions, streams.recognised.argmax(axis=-1)), 1.0)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)


def _affect(streams: Streams, yardstick: Yardstick) -> list[Measure]:
    parts = streams, yardstick.streams
    arousal, excitement = (_Correlate(acceleration, part) for part in parts)
    ratios = arousal.means / excitement.means
    farthest = _farthest(ratios - 1.0)
    return [
        *_level_and_order('arousal', arousal, excitement),
        measure('emotion.arousal_ratio', farthest + 1.0, reference=1.0, by_emotion=ratios),
        *_valence(*(_Correlate(head_pitch, part) for part in parts)),
    ]


def _level_and_order(key: str, own: _Correlate, reference: _Correlate) -> list[Measure]:
    """Return the values of a correlate, and whether the emotions are in the reference's order."""
    spread = emotion_interval(own.values, own.emotions)
    rank = rank_correlation(own.means, reference.means)
    pairs = exchanged(own.means, reference.values, reference.emotions)
    return [
        mean_measure(f'emotion.{key}', own.means, reference.means, interval=spread),
        measure(f'emotion.{key}_rank', rank, reference=1.0),
        measure(f'emotion.{key}_order', pairs, reference=0.0),
    ]


def _valence(own: _Correlate, reference: _Correlate) -> list[Measure]:
    known, gaps = reference.means, own.means - reference.means
    allowed = 0.2 * float(np.nanmax(np.abs(known - np.nanmean(known))))

    def slope_of(drawn: np.ndarray) -> float:
        return slope(emotion_means(drawn[:, 0], drawn[:, 1]), known)

    spread = interval(np.column_stack((own.values, own.emotions)), slope_of)
    return [
        *_level_and_order('valence', own, reference),
        measure('emotion.valence_slope', slope(own.means, known), reference=1.0, interval=spread),
        measure(
            'emotion.valence_difference',
            _farthest(gaps),
            reference=0.0,
            by_emotion=gaps,
            target=Target((-allowed, allowed)),
        ),
    ]


def _farthest(values: np.ndarray) -> float:
    """Return the value that is farthest from 0; NaN without any."""
    finite = values[np.isfinite(values)]
    return float(finite[np.abs(finite).argmax()]) if len(finite) else float('nan')
