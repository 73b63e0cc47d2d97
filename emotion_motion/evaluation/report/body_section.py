# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says whether motion is that of a body."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.evaluation.measures.averages import (
    emotion_interval,
    emotion_means,
    finite_max,
    finite_mean,
)
from emotion_motion.evaluation.measures.on_body import jerk_ratio, measure_body
from emotion_motion.evaluation.reference.yardstick import Yardstick
from emotion_motion.evaluation.report.report import Measure, measure, Target
from emotion_motion.evaluation.streams import Streams

_SLIDE_M_S = 0.001  # the corpus plants its feet exactly; a millimetre a second nobody sees


def body_measures(streams: Streams, yardstick: Yardstick) -> list[Measure]:
    """Return the measures of bones, range, manifold, jerk, feet and candidates drawn back."""
    columns = _Columns(streams, yardstick)
    slide = max(_SLIDE_M_S, float(np.nanpercentile(yardstick.body.slide_m_s, 90.0)))
    near = (
        f'Farther than {100.0 * yardstick.thresholds.off_body_m:.1f} cm from any reference pose; '
        f'99.5 % of unseen reference frames are nearer.'
    )
    return [
        columns.measure('bone_before'),
        columns.measure('bone_after'),
        columns.measure('out_of_range'),
        columns.measure('off_body', note=near),
        columns.measure('jerk_m_s3'),
        _mean_of_streams('body.jerk_ratio', jerk_ratio(streams, yardstick.streams), streams, 1.0),
        columns.measure('slide_m_s', target=Target((None, slide))),
        columns.measure('drag_m_s'),
        columns.measure('penetration'),
        columns.measure('sunk'),
        columns.measure('depth_m', largest=True),
        _drawn_back(streams),
    ]


class _Columns:
    """The values of a model's streams, of the reference's and of recorded ones, by name."""

    def __init__(self, streams: Streams, yardstick: Yardstick) -> None:
        self._own, *real = (
            vars(measure_body(part, bounds=yardstick.bounds, manifold=yardstick.manifold))
            for part in (streams, *yardstick.real)
        )
        self._reference, self._unseen = vars(yardstick.body), yardstick.unseen
        self._real = {
            name: np.concatenate([part[name] for part in real]) for name in self._own if real
        }
        self._emotions, self._shown = streams.emotions[:, 0], yardstick.streams.emotions[:, 0]

    def measure(self, name: str, *, largest: bool = False, **more: Any) -> Measure:
        """Return the measure of a column: the mean over streams, or their largest value."""
        take = finite_max if largest else finite_mean
        own, reference = self._own[name], self._reference[name]
        known = bool(np.isfinite(reference).any()) and name not in self._unseen
        return measure(
            f'body.{name}',
            take(own),
            reference=take(reference) if known else self._unseen.get(name),
            real=take(self._real[name]) if self._real else None,
            interval=None if largest else emotion_interval(own, self._emotions),
            by_emotion=emotion_means(own, self._emotions, take),
            reference_by_emotion=emotion_means(reference, self._shown, take) if known else None,
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
