# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says whether arousal and valence are those of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from emotion_motion.evaluation.measures.bootstrap import interval
from emotion_motion.evaluation.measures.correlates import (
    acceleration,
    emotion_means,
    exchanged,
    head_pitch,
    rank_correlation,
    slope,
)
from emotion_motion.evaluation.reference.yardstick import Yardstick
from emotion_motion.evaluation.report.alive_section import by_name, emotion_interval
from emotion_motion.evaluation.report.report import Measure, Target
from emotion_motion.evaluation.streams import Streams

__all__ = ['affect_measures']

_WANTED = Target((0.8, 1.25))
_AROUSAL = 'Mean over keypoints of the motion averaged over 7 frames: raters find it exciting.'
_VALENCE = 'Ears to nose against the horizon, up is positive: raters find a head held up pleasant.'


@dataclass(frozen=True, eq=False)
class _Found:
    """A correlate of the model's streams `own` [B] and of the reference's `beside` [R]."""

    own: np.ndarray
    asked: np.ndarray
    beside: np.ndarray
    shown: np.ndarray

    @property
    def means(self) -> np.ndarray:
        """Return the model's mean at each emotion [7]."""
        return emotion_means(self.own, self.asked)

    @property
    def theirs(self) -> np.ndarray:
        """Return the reference's mean at each emotion [7]."""
        return emotion_means(self.beside, self.shown)


def affect_measures(streams: Streams, yardstick: Yardstick) -> list[Measure]:
    """Return acceleration and pitch of the head of each emotion against the reference's.

    Args:
        streams: of the model, one emotion each, without the first seconds, from rest.
        yardstick: what they are held against.
    """
    beside = yardstick.streams
    arousal, valence = (
        _Found(measure(streams), streams.emotions[:, 0], measure(beside), beside.emotions[:, 0])
        for measure in (acceleration, head_pitch)
    )
    ratios = arousal.means / arousal.theirs
    return [
        *_scale('arousal', 'acceleration', 'm/s²', arousal, _AROUSAL),
        Measure(
            'emotion.arousal_ratio',
            'acceleration against the reference, each emotion',
            _worst(ratios - 1.0) + 1.0,
            reference=1.0,
            by_emotion=by_name(ratios),
            target=_WANTED,
            each=True,
        ),
        *_scale('valence', 'pitch of the head', '°', valence, _VALENCE),
        *_pitch(valence),
    ]


def _scale(key: str, title: str, unit: str, found: _Found, note: str) -> list[Measure]:
    """Return the values of a correlate, and whether the emotions are in the reference's order."""
    means, theirs = found.means, found.theirs
    return [
        Measure(
            f'emotion.{key}',
            title,
            float(np.nanmean(means)),
            unit,
            reference=float(np.nanmean(theirs)),
            by_emotion=by_name(means),
            reference_by_emotion=by_name(theirs),
            note=note,
            interval=emotion_interval(found.own, found.asked),
        ),
        Measure(
            f'emotion.{key}_rank',
            f"{title}: rank correlation with the reference's emotions",
            rank_correlation(means, theirs),
            reference=1.0,
        ),
        Measure(
            f'emotion.{key}_order',
            f'{title}: pairs of emotions in the wrong order',
            exchanged(means, found.beside, found.shown),
            reference=0.0,
            target=Target((None, 0.0)),
            note='Of the pairs that differ in the reference by more than people differ at '
            'one emotion.',
        ),
    ]


def _pitch(found: _Found) -> list[Measure]:
    """Return how far apart the emotions' pitches are, and how far off each is."""
    off, away = found.means - found.theirs, found.theirs - np.nanmean(found.theirs)
    allowed = 0.2 * float(np.nanmax(np.abs(away)))
    rows = np.column_stack((found.own, found.asked))
    return [
        Measure(
            'emotion.valence_slope',
            "pitch of the head: span of the emotions against the reference's",
            slope(found.means, found.theirs),
            reference=1.0,
            target=_WANTED,
            interval=interval(rows, partial(_slope, theirs=found.theirs)),
            note='Slope of the line of least squares through the emotions; ratios of angles '
            'near 0 would say nothing.',
        ),
        Measure(
            'emotion.valence_difference',
            "pitch of the head less the reference's, each emotion",
            _worst(off),
            '°',
            reference=0.0,
            by_emotion=by_name(off),
            target=Target((-allowed, allowed)),
            each=True,
            note='Wanted: at most a fifth of how far the farthest emotion of the reference '
            'is from the mean of all.',
        ),
    ]


def _slope(rows: np.ndarray, theirs: np.ndarray) -> float:
    """Return the slope of rows [B, 2] of pitch and emotion; emotions that lack are left out."""
    return slope(emotion_means(rows[:, 0], rows[:, 1].astype(int)), theirs)


def _worst(values: np.ndarray) -> float:
    """Return the value that is farthest from 0; NaN without any."""
    finite = values[np.isfinite(values)]
    return float(finite[np.abs(finite).argmax()]) if len(finite) else float('nan')
