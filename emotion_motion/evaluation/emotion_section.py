# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says whether a model shows what it was asked to feel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
import warnings

import numpy as np

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.affect_span import AffectRegressor, SCALES, spans
from emotion_motion.evaluation.alive_section import by_name, emotion_interval
from emotion_motion.evaluation.bootstrap import interval
from emotion_motion.evaluation.judge import CHANCE, Judge, REFUSED
from emotion_motion.evaluation.report import Measure, Target
from emotion_motion.evaluation.streams import Streams
from emotion_motion.evaluation.yardstick import RUN_IN_S, Yardstick
from emotion_motion.training.store import MotionDataset

__all__ = ['emotion_measures']

_NO_RATINGS = (
    'Give the data set with ratings: --ratings FOLDER (REBL-Pepper, CC BY 4.0, imported with '
    'config/labels/rebl_pepper.yaml).'
)

_SPANS = {
    'valence': 'Happiness and surprise against anger, disgust, fear and sadness.',
    'arousal': 'Anger, fear, happiness and surprise against neutral and sadness.',
}


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
    checkpoint: Checkpoint, streams: Streams, yardstick: Yardstick,
    ratings: MotionDataset | None,
) -> tuple[list[Measure], dict[str, Any]]:  # fmt: skip
    """Return what the judge, the model itself and raters' regressor see, and the matrices.

    Args:
        checkpoint: the model, which reads motion as well.
        streams: its motion, one emotion each; the judge does not see the first seconds, from rest.
        yardstick: what it is held against.
        ratings: clips with ratings of valence and arousal; None: the spans are not measured.
    """
    after = streams.part(RUN_IN_S, streams.seconds)
    own, ceiling = _seen(after, yardstick.judge), _seen(yardstick.streams, yardstick.judge)
    told = yardstick.told(checkpoint)
    details = {
        'confusion': own.confusion, 'confusion_reference': ceiling.confusion,
        'own_reading': _reading(streams), 'own_reading_reference': told.confusion,
    }  # fmt: skip
    measures = [*_judged(own, ceiling, after), *_own(streams, told),
                *_spans(after, yardstick, ratings)]  # fmt: skip
    return measures, details


def _seen(streams: Streams, judge: Judge) -> _Seen:
    cut = judge.windows(streams)
    seen = judge.seen(cut.keypoints)
    confusion = np.zeros((len(EMOTIONS), REFUSED + 1))
    np.add.at(confusion, (cut.emotions, seen), 1.0)
    counts = confusion.sum(axis=1, keepdims=True)
    confusion = np.where(counts > 0.0, confusion / np.maximum(counts, 1.0), np.nan)
    right = np.array([(seen == cut.emotions)[cut.streams == i].mean()
                      for i in range(len(streams))])  # fmt: skip
    return _Seen(confusion, right)


def _judged(own: _Seen, ceiling: _Seen, streams: Streams) -> list[Measure]:
    with np.errstate(divide='ignore', invalid='ignore'):
        shares = own.recall / ceiling.recall
    blind = [name for name, share in by_name(ceiling.recall).items() if not share > 0.0]
    note = f'The judge recognises no {", ".join(blind)} in the reference, either.' if blind else ''
    accuracy, most = float(own.recall.mean()), float(ceiling.recall.mean())
    low, high = emotion_interval(own.right, streams.emotions[:, 0])
    return [
        Measure('emotion.accuracy', 'accuracy of the judge, macro average', accuracy, 'share',
                reference=most, by_emotion=by_name(own.recall), interval=(low, high),
                reference_by_emotion=by_name(ceiling.recall),
                note=f'Share of two-second windows in which it sees what was asked for; chance is '
                     f'{CHANCE:.1%}, the reference is its ceiling.'),
        Measure('emotion.accuracy_of_ceiling', 'accuracy of the judge against its ceiling',
                accuracy / most if most > 0.0 else None, reference=1.0,
                interval=(low / most, high / most) if most > 0.0 else None,
                target=Target((0.85, None), (0.95, None))),
        Measure('emotion.recall_of_ceiling',
                'accuracy of the judge against its ceiling, each emotion', float(shares.min()),
                reference=1.0, by_emotion=by_name(shares), target=Target((0.6, None)), each=True,
                note=note),
    ]  # fmt: skip


def _own(streams: Streams, told: Any) -> list[Measure]:
    assert streams.recognised is not None  # motion of a model
    right = (streams.recognised.argmax(axis=-1) == streams.emotions).mean(axis=1)
    emotions = streams.emotions[:, 0]
    agreement = np.array([right[emotions == e].mean() for e in range(len(EMOTIONS))])
    return [
        Measure('emotion.agreement', 'frames in which the model sees in itself what was asked for',
                float(agreement.mean()), 'share', reference=float(told.told.mean()),
                by_emotion=by_name(agreement), reference_by_emotion=by_name(told.told),
                interval=emotion_interval(right, emotions),
                note='The reference is what it reads in reference motion of that emotion.'),
        Measure('emotion.fooled', 'frames of real motion in which a wrong condition is seen',
                float(told.fooled.mean()), 'share', by_emotion=by_name(told.fooled),
                target=Target((None, 0.10)),
                note='Reference motion is shown to the model under every other emotion; counted '
                     'is what it then reads as that emotion.'),
    ]  # fmt: skip


def _spans(
    streams: Streams, yardstick: Yardstick, ratings: MotionDataset | None
) -> list[Measure]:
    """Return what a regression on people's ratings gives, and its span against the reference's."""
    target = Target((0.8, None), (1.0, None))
    if ratings is None:
        return [
            Measure(f'emotion.{name}_span', f'{name} span against the reference', None,
                    target=target, note=_NO_RATINGS)
            for name in SCALES
        ]  # fmt: skip
    regressor = AffectRegressor.of_dataset(ratings, rate_hz=streams.rate_hz)
    asked, shown = streams.emotions[:, 0], yardstick.streams.emotions[:, 0]
    own, reference = (regressor.of_streams(part) for part in (streams, yardstick.streams))
    wide, beside = spans(own, asked), spans(reference, shown)
    measures = []
    for scale, name in enumerate(SCALES):
        means, theirs = (
            np.array([rows[labels == e, scale].mean() for e in range(len(EMOTIONS))])
            for rows, labels in ((own, asked), (reference, shown))
        )
        bounds = interval(np.column_stack((own, asked)), partial(_span, scale=scale))
        measures += [
            Measure(f'emotion.{name}', f'{name}, span of what raters would say '
                    f'(leave-one-out R2 {regressor.r2[scale]:.2f})',
                    float(wide[scale]), reference=float(beside[scale]), interval=bounds,
                    by_emotion=by_name(means), reference_by_emotion=by_name(theirs),
                    note=f'By a ridge regression on {regressor.clips} rated clips. '
                         f'{_SPANS[name]}'),
            Measure(f'emotion.{name}_span', f'{name} span against the reference',
                    float(wide[scale] / beside[scale]) if beside[scale] > 0.0 else None,
                    reference=1.0, target=target,
                    interval=(bounds[0] / beside[scale], bounds[1] / beside[scale])
                    if beside[scale] > 0.0 else None,
                    note='' if beside[scale] > 0.0 else
                    'The regression sees no span in the reference: it cannot judge.'),
        ]  # fmt: skip
    return measures


def _span(rows: np.ndarray, scale: int) -> float:
    """Return a span of rows [B, 3] of valence, arousal and emotion; NaN where one end lacks."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # an end of which no stream was drawn
        return float(spans(rows[:, :2], rows[:, 2].astype(int))[scale])


def _reading(streams: Streams) -> np.ndarray:
    """Return how often each emotion weighs most in what the model sees in itself, [7, 7]."""
    assert streams.recognised is not None  # motion of a model
    found = np.zeros((len(EMOTIONS), len(EMOTIONS)))
    np.add.at(found, (streams.emotions, streams.recognised.argmax(axis=-1)), 1.0)
    return found / np.maximum(found.sum(axis=1, keepdims=True), 1.0)
