# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says whether a model is like the reference as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.distribution import (
    diversity,
    frechet_against_floor,
    FrechetFound,
    variety,
    Windows,
)
from emotion_motion.evaluation.reference.yardstick import feature_windows, RUN_IN_S, Yardstick
from emotion_motion.evaluation.report.alive_section import by_name, emotion_interval
from emotion_motion.evaluation.report.report import Measure, Target
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError

__all__ = ['distribution_measures']


def distribution_measures(
    checkpoint: Checkpoint, streams: Streams, yardstick: Yardstick
) -> list[Measure]:
    """Return distance, diversity, variety and the distance to the training motion.

    Args:
        checkpoint: the model, which says what it was trained on.
        streams: its motion, one emotion each; the first seconds, from rest, are left out.
        yardstick: what it is held against.
    """
    streams = streams.part(RUN_IN_S, streams.seconds)
    windows = feature_windows(streams, yardstick.judge)
    found, why = _attempt(lambda: frechet_against_floor(windows, yardstick.features))
    return [
        *_frechet(found, why),
        *_spread(
            'diversity',
            'diversity between seeds',
            diversity,
            windows,
            yardstick,
            "Mean distance of the judge's features of two windows of different seeds at "
            'one emotion; of the reference, of different people.',
            Target((0.7, None)),
        ),
        *_spread(
            'variety',
            'variety within an emotion',
            variety,
            windows,
            yardstick,
            'The same of two windows of one stream, 4 s apart or more.',
            None,
        ),
        *_novelty(checkpoint, streams, yardstick),
    ]


def _frechet(found: FrechetFound | None, why: str) -> list[Measure]:
    note = why or (
        f"Of the judge's features, {found.windows} windows a side; the reference is the distance "
        f'between two halves of its people, mean over {len(found.floors)} splits.'
        if found
        else ''
    )
    return [
        Measure(
            'distribution.frechet',
            'Frechet distance',
            found and found.distance,
            reference=found and found.floor,
            note=note,
        ),
        Measure(
            'distribution.frechet_ratio',
            'Frechet distance against the floor',
            found and found.ratio,
            reference=1.0,
            target=Target((None, 3.0), (None, 1.5)),
            note=why,
        ),
    ]


def _spread(
    key: str,
    title: str,
    measure: Any,
    windows: Windows,
    yardstick: Yardstick,
    note: str,
    target: Target | None,
) -> list[Measure]:
    """Return a spread of features and what it is of the reference's."""
    own, reference = measure(windows), measure(yardstick.features)
    there = np.isfinite(own) & np.isfinite(reference)
    ratios = np.where(there, own / reference, np.nan)
    return [
        Measure(
            f'distribution.{key}',
            title,
            _mean(own),
            reference=_mean(reference),
            by_emotion=by_name(own),
            reference_by_emotion=by_name(reference),
            note=note,
        ),
        Measure(
            f'distribution.{key}_ratio',
            f'{title} against the reference',
            _mean(ratios),
            reference=1.0,
            by_emotion=by_name(ratios),
            target=target,
        ),
    ]


def _novelty(checkpoint: Checkpoint, streams: Streams, yardstick: Yardstick) -> list[Measure]:
    novelty, beside, words = yardstick.known(checkpoint)
    own = novelty.measure(streams).median_m
    emotions, shown = streams.emotions[:, 0], yardstick.streams.emotions[:, 0]
    mine, theirs = (
        np.array([_mean(values[labels == e]) for e in range(len(EMOTIONS))])
        for values, labels in ((own, emotions), (beside.median_m, shown))
    )
    reference = _mean(theirs)
    ratio = _mean(mine) / reference
    bounds = emotion_interval(own, emotions)
    return [
        Measure(
            'distribution.nearest',
            'distance to the nearest training window',
            _mean(mine),
            'm',
            reference=reference,
            by_emotion=by_name(mine),
            reference_by_emotion=by_name(theirs),
            interval=bounds,
            note=f'Median over moving windows of a second. Known: {words}.',
        ),
        Measure(
            'distribution.nearest_ratio',
            "distance to the nearest training window against the reference's",
            ratio,
            reference=1.0,
            target=Target((0.5, None)),
            interval=(bounds[0] / reference, bounds[1] / reference),
            note='Near 0 it replays what it was trained on.',
        ),
    ]


def _attempt(measure: Any) -> tuple[Any, str]:
    """Return what is measured, or None and why it cannot be."""
    try:
        return measure(), ''
    except TrainingError as error:
        return None, f'Not measured: {error}.'


def _mean(values: np.ndarray) -> float:
    finite = np.asarray(values)[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float('nan')
