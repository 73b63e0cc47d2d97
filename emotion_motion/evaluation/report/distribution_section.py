# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says whether a model is like the reference as a whole."""

from __future__ import annotations

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.evaluation.measures.averages import (
    emotion_interval,
    emotion_means,
    finite_mean,
)
from emotion_motion.evaluation.measures.distribution import (
    diversity,
    frechet_against_floor,
    variety,
)
from emotion_motion.evaluation.report.report import mean_measure, Measure, measure
from emotion_motion.evaluation.streams import Streams
from emotion_motion.evaluation.yardstick import feature_windows, RUN_IN_S, Yardstick


def distribution_measures(
    checkpoint: Checkpoint, streams: Streams, yardstick: Yardstick
) -> list[Measure]:
    """Return distance, diversity, variety and the distance to the training motion."""
    streams = streams.part(RUN_IN_S, streams.seconds)
    windows = feature_windows(streams, yardstick.judge)
    frechet = frechet_against_floor(windows, yardstick.features)
    note = (
        f"Of the judge's features, {frechet.windows} windows a side; the reference is the "
        f'distance between two halves of its people, mean over {frechet.splits} splits.'
    )
    measures = [
        measure('distribution.frechet', frechet.distance, reference=frechet.floor, note=note),
        measure('distribution.frechet_ratio', frechet.ratio, reference=1.0),
    ]
    for key, spread in (('diversity', diversity), ('variety', variety)):
        own, theirs = spread(windows), spread(yardstick.features)
        measures += [
            mean_measure(f'distribution.{key}', own, theirs),
            mean_measure(f'distribution.{key}_ratio', own / theirs, 1.0),
        ]
    return measures + _novelty(checkpoint, streams, yardstick)


def _novelty(checkpoint: Checkpoint, streams: Streams, yardstick: Yardstick) -> list[Measure]:
    novelty, beside, words = yardstick.known(checkpoint)
    away, emotions = novelty.distances(streams), streams.emotions[:, 0]
    own = emotion_means(away, emotions)
    theirs = emotion_means(beside, yardstick.streams.emotions[:, 0])
    reference = finite_mean(theirs)
    low, high = emotion_interval(away, emotions)
    return [
        mean_measure(
            'distribution.nearest',
            own,
            theirs,
            interval=(low, high),
            note=f'Median over moving windows of a second. Known: {words}.',
        ),
        measure(
            'distribution.nearest_ratio',
            finite_mean(own) / reference,
            reference=1.0,
            interval=(low / reference, high / reference),
        ),
    ]
