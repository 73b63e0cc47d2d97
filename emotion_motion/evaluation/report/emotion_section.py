# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says whether a model shows what it was asked to feel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.judge.judge import CHANCE, Judge, REFUSED
from emotion_motion.evaluation.judge.wrong_condition import WrongCondition
from emotion_motion.evaluation.measures.correlates import emotion_means
from emotion_motion.evaluation.reference.yardstick import RUN_IN_S, Yardstick
from emotion_motion.evaluation.report.affect_section import affect_measures
from emotion_motion.evaluation.report.alive_section import by_name, emotion_interval
from emotion_motion.evaluation.report.report import Measure, Target
from emotion_motion.evaluation.streams import Streams

__all__ = ['emotion_measures']


@dataclass(frozen=True, eq=False)
class _Seen:
    """What a judge sees in streams: confusion [7, 8] of shares, share of right windows [B]."""

    confusion: np.ndarray
    right: np.ndarray

    @property
    def recall(self) -> np.ndarray:
        """Return the share of right windows of each emotion [7]."""
        return np.diag(self.confusion)


def emotion_measures(
    checkpoint: Checkpoint, streams: Streams, yardstick: Yardstick
) -> tuple[list[Measure], dict[str, Any]]:
    """Return what the judge and the model itself see, arousal and valence, and the matrices.

    Args:
        checkpoint: the model, which reads motion as well.
        streams: its motion, one emotion each; the judge does not see the first seconds, from rest.
        yardstick: what it is held against.
    """
    after = streams.part(RUN_IN_S, streams.seconds)
    own, ceiling = _seen(after, yardstick.judge), _seen(yardstick.streams, yardstick.judge)
    told = yardstick.told(checkpoint)
    details = {
        'confusion': own.confusion,
        'confusion_reference': ceiling.confusion,
        'own_reading': _reading(streams),
        'own_reading_reference': told.confusion,
    }
    measures = [
        *_judged(own, ceiling, after),
        *_own(streams, told),
        _gap(own, ceiling, after),
        *affect_measures(after, yardstick),
    ]
    return measures, details


def _seen(streams: Streams, judge: Judge) -> _Seen:
    cut = judge.windows(streams)
    seen = judge.seen(cut.keypoints)
    confusion = np.zeros((len(EMOTIONS), REFUSED + 1))
    np.add.at(confusion, (cut.emotions, seen), 1.0)
    counts = confusion.sum(axis=1, keepdims=True)
    confusion = np.where(counts > 0.0, confusion / np.maximum(counts, 1.0), np.nan)
    right = np.array(
        [(seen == cut.emotions)[cut.streams == i].mean() for i in range(len(streams))]
    )
    return _Seen(confusion, right)


def _judged(own: _Seen, ceiling: _Seen, streams: Streams) -> list[Measure]:
    shares = _of_ceiling(own, ceiling)
    blind = [name for name, share in by_name(ceiling.recall).items() if not share > 0.0]
    note = f'The judge recognises no {", ".join(blind)} in the reference, either.' if blind else ''
    accuracy, most = float(own.recall.mean()), float(ceiling.recall.mean())
    low, high = emotion_interval(own.right, streams.emotions[:, 0])
    return [
        Measure(
            'emotion.accuracy',
            'accuracy of the judge, macro average',
            accuracy,
            'share',
            reference=most,
            by_emotion=by_name(own.recall),
            interval=(low, high),
            reference_by_emotion=by_name(ceiling.recall),
            note=f'Share of two-second windows in which it sees what was asked for; chance is '
            f'{CHANCE:.1%}, the reference is its ceiling.',
        ),
        Measure(
            'emotion.accuracy_of_ceiling',
            'accuracy of the judge against its ceiling',
            accuracy / most if most > 0.0 else None,
            reference=1.0,
            interval=(low / most, high / most) if most > 0.0 else None,
            target=Target((0.95, None), (0.98, None)),
        ),
        Measure(
            'emotion.recall_of_ceiling',
            'accuracy of the judge against its ceiling, each emotion',
            float(shares.min()),
            reference=1.0,
            by_emotion=by_name(shares),
            each=True,
            target=Target((0.85, None), (0.9, None)),
            note=note,
        ),
    ]


def _own(streams: Streams, told: WrongCondition) -> list[Measure]:
    right, emotions = _agreement(streams), streams.emotions[:, 0]
    agreement = emotion_means(right, emotions)
    return [
        Measure(
            'emotion.agreement',
            'frames in which the model sees in itself what was asked for',
            float(agreement.mean()),
            'share',
            reference=float(told.told.mean()),
            by_emotion=by_name(agreement),
            reference_by_emotion=by_name(told.told),
            interval=emotion_interval(right, emotions),
            target=Target((0.95, None)),
            note='The reference is what it reads in reference motion of that emotion.',
        ),
        Measure(
            'emotion.fooled',
            'frames of real motion in which a wrong condition is seen',
            float(told.fooled.mean()),
            'share',
            by_emotion=by_name(told.fooled),
            target=Target((None, 0.05)),
            note='Reference motion is shown to the model under every other emotion; counted '
            'is what it then reads as that emotion.',
        ),
    ]


def _gap(own: _Seen, ceiling: _Seen, streams: Streams) -> Measure:
    """Return how far apart are what the model sees in itself and what the judge sees in it."""
    read = emotion_means(_agreement(streams), streams.emotions[:, 0])
    gaps = np.abs(read - _of_ceiling(own, ceiling))
    return Measure(
        'emotion.reading_gap',
        'difference of what the model and the judge see in it, each emotion',
        float(np.fmax.reduce(gaps)),
        'share',
        by_emotion=by_name(gaps),
        target=Target((None, 0.1)),
        each=True,
        note="Of its agreement and the judge's accuracy against its ceiling, both from 5 s on.",
    )


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
    found = np.zeros((len(EMOTIONS), len(EMOTIONS)))
    np.add.at(found, (streams.emotions, streams.recognised.argmax(axis=-1)), 1.0)
    return found / np.maximum(found.sum(axis=1, keepdims=True), 1.0)
