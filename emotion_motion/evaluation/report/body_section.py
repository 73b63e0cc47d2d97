# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a report that says whether motion is that of a body, with the figures wanted."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.on_body import BodyMeasures, jerk_ratio, measure_body
from emotion_motion.evaluation.reference.yardstick import Yardstick
from emotion_motion.evaluation.report.alive_section import by_name, emotion_interval
from emotion_motion.evaluation.report.report import Measure, Target
from emotion_motion.evaluation.streams import Streams

__all__ = ['body_measures']

_EXACT = 1e-5  # of a bone's length: what 32-bit numbers leave
_SLIDE_M_S = 0.001  # the corpus plants its feet exactly; a millimetre a second nobody sees


def body_measures(streams: Streams, yardstick: Yardstick) -> list[Measure]:
    """Return the measures of bones, range, manifold, jerk, feet and candidates drawn back.

    Args:
        streams: of the model, one emotion each.
        yardstick: what they are held against.
    """
    found = measure_body(streams, bounds=yardstick.bounds, manifold=yardstick.manifold)
    table = _Table(found, streams, yardstick)
    slide = yardstick.body.feet.slide_m_s
    p90 = max(_SLIDE_M_S, float(np.nanpercentile(slide, 90.0)))
    return [
        table.row(
            'bone_before',
            'bone-length error before projection',
            unit='share',
            note='Mean over bones of |length - rest length| / rest length, of frames as '
            'they are sampled.',
        ),
        table.row(
            'bone_after',
            'bone-length error of what is published',
            unit='share',
            target=Target((None, _EXACT)),
            note='0 but for the rounding of 32-bit numbers.',
        ),
        table.row(
            'out_of_range',
            'frames out of range',
            unit='share',
            target=Target((None, 0.0)),
            note="Frames with any coordinate beyond the reference's range and 10 % of it.",
        ),
        table.row(
            'off_body',
            'frames off the body manifold',
            unit='share',
            target=Target((None, 0.005)),
            note=f'Farther than {100.0 * yardstick.thresholds.off_body_m:.1f} cm from any '
            f'reference pose; 99.5 % of unseen reference frames are nearer.',
        ),
        table.row(
            'jerk_m_s3',
            'jerk',
            unit='m/s³',
            note='Mean size of the third difference of keypoints; trembling shows here.',
        ),
        _jerk_ratio(streams, yardstick),
        table.row(
            'slide_m_s',
            'foot sliding',
            unit='m/s',
            target=Target((None, p90)),
            note="Horizontal speed of the lower foot in contact. Wanted: the reference's "
            '90th percentile over streams, or 1 mm/s where that is less.',
        ),
        table.row(
            'drag_m_s',
            'sliding of all feet in contact',
            unit='m/s',
            note='An anchored foot may not hide one that is dragged beside it.',
        ),
        table.row(
            'penetration',
            'frames with a foot in the ground',
            unit='share',
            target=Target((None, 0.0)),
            note='A keypoint of a foot below z = -5 mm.',
        ),
        table.row(
            'sunk',
            'frames with a sole in the ground',
            unit='share',
            target=Target((None, 0.0)),
            note='A toe or heel more than 5 mm lower than in the rest pose: the sole, below '
            'the keypoints, is in the ground.',
        ),
        table.row('depth_m', 'deepest sole in the ground', unit='m', largest=True),
        _drawn_back(streams),
    ]


class _Table:
    """Makes measures of a model, of the reference and of recorded motion."""

    def __init__(self, found: BodyMeasures, streams: Streams, yardstick: Yardstick) -> None:
        self._own = found.columns()
        self._reference, self._unseen = yardstick.body.columns(), yardstick.unseen
        self._emotions, self._shown = streams.emotions[:, 0], yardstick.streams.emotions[:, 0]
        parts = [
            measure_body(part, bounds=yardstick.bounds, manifold=yardstick.manifold).columns()
            for part in yardstick.real
        ]
        self._real = (
            {name: np.concatenate([part[name] for part in parts]) for name in self._own}
            if parts
            else {}
        )

    def row(self, name: str, title: str, *, largest: bool = False, **more: Any) -> Measure:
        """Return the measure of a column: the mean over streams, or their largest value."""
        take = _largest if largest else _mean
        own, reference = self._own[name], self._reference[name]
        known = bool(np.isfinite(reference).any()) and name not in self._unseen
        return Measure(
            f'body.{name}',
            title,
            take(own),
            reference=take(reference) if known else self._unseen.get(name),
            real=take(self._real[name]) if name in self._real else None,
            interval=None if largest else emotion_interval(own, self._emotions),
            by_emotion=_by_emotion(own, self._emotions, take),
            reference_by_emotion=(_by_emotion(reference, self._shown, take) if known else {}),
            **more,
        )


def _jerk_ratio(streams: Streams, yardstick: Yardstick) -> Measure:
    ratio, emotions = jerk_ratio(streams, yardstick.streams), streams.emotions[:, 0]
    return Measure(
        'body.jerk_ratio',
        'jerk against the reference',
        _mean(ratio),
        reference=1.0,
        by_emotion=_by_emotion(ratio, emotions, _mean),
        target=Target((None, 2.5), (None, 1.5)),
        interval=emotion_interval(ratio, emotions),
    )


def _drawn_back(streams: Streams) -> Measure:
    assert streams.drawn_back is not None  # motion of a model
    shares, emotions = np.array([_mean(row) for row in streams.drawn_back]), streams.emotions[:, 0]
    note = 'Of the components that the sampler chooses between; mean over frames.'
    return Measure(
        'body.drawn_back',
        'candidates drawn back to an anchor',
        _mean(shares),
        'share',
        by_emotion=_by_emotion(shares, emotions, _mean),
        target=Target((None, 0.25)),
        interval=emotion_interval(shares, emotions),
        note=note if np.isfinite(shares).any() else 'Not measured: the generator does not tell.',
    )


def _by_emotion(values: np.ndarray, emotions: np.ndarray, take: Any) -> dict[str, float]:
    return by_name([take(values[emotions == emotion]) for emotion in range(len(EMOTIONS))])


def _largest(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if len(finite) else float('nan')


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float('nan')
