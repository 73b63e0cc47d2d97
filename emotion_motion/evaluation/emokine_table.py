# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""EMOKINE's features of streams, one number each, an emotion a column."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.emokine import Emokine, measure_emokine
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError
from emotion_motion.skeleton import load_skeleton

__all__ = ['emokine_by_emotion', 'emokine_of_streams']


def emokine_of_streams(
    streams: Streams, *, part_s: float = 10.0, parts: int = 1
) -> dict[str, np.ndarray]:
    """Return one number of each of EMOKINE's twelve features, of each stream [B].

    Units and definitions are those of `emokine.Emokine`. What EMOKINE has of each keypoint is that
    of the wrists, the mean of both. The dimensionless jerk depends on how long the motion is, so
    every stream is measured in parts of one length, and the parts are averaged.

    Args:
        streams: facing +x.
        part_s: length of a part [s]; all that is compared must have the same.
        parts: how many of each stream, evenly spread over it; a part of 10 s takes half a second,
            most of it for silhouettes and hulls.

    Returns:
        By name, in EMOKINE's order; NaN is the jerk of wrists that never move.

    Raises:
        TrainingError: streams shorter than a part.
    """
    size = round(part_s * streams.rate_hz)
    if size < 5 or size > streams.frames or parts < 1:
        raise TrainingError(
            f'got streams of {streams.seconds} s and {parts} parts of {part_s} s; expected at '
            f'least one part of 5 frames or more, and streams as long as it'
        )
    starts = np.linspace(0, streams.frames - size, parts).round().astype(int)
    rows = []
    for points in streams.keypoints:
        found = [
            _numbers(measure_emokine(points[start : start + size], streams.rate_hz))
            for start in starts
        ]
        rows.append({name: _mean([part[name] for part in found]) for name in found[0]})
    return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else {})}


def emokine_by_emotion(
    streams: Streams, *, per_emotion: int = 3, part_s: float = 10.0, parts: int = 1
) -> dict[str, np.ndarray]:
    """Return the mean of each feature over the first streams of each emotion, [7].

    Args:
        streams: those whose emotion changes are left out.
        per_emotion: how many streams of each emotion are measured.
        part_s: see `emokine_of_streams`.
        parts: see `emokine_of_streams`.

    Returns:
        By name; NaN for an emotion that no stream has.
    """
    steady = [np.flatnonzero((streams.emotions == e).all(axis=1)) for e in range(len(EMOTIONS))]
    chosen = [places[:per_emotion] for places in steady]
    order = np.concatenate(chosen)
    found = emokine_of_streams(streams.chosen(order), part_s=part_s, parts=parts)
    labels = np.repeat(np.arange(len(EMOTIONS)), [len(places) for places in chosen])
    return {
        name: np.array([_mean(values[labels == e]) for e in range(len(EMOTIONS))])
        for name, values in found.items()
    }


def _numbers(found: Emokine) -> dict[str, float]:
    index = load_skeleton().index
    hands = [index('LWrist'), index('RWrist')]
    numbers = {
        '1 speed': found.speed.mean[hands].mean(),
        '2 acceleration': found.acceleration.mean[hands].mean(),
        '3 angular speed': found.angular_speed.mean[hands].mean(),
        '4 angular acceleration': found.angular_acceleration.mean[hands].mean(),
        '5 limb contraction': found.limb_contraction.mean,
        '6 distance to centre of mass': found.mass_distance.mean[hands].mean(),
        '7 quantity of motion': found.quantity_of_motion.mean,
        '8 log dimensionless jerk': _mean(found.jerk[hands]),
        '9 head to vertical': found.head_to_vertical.mean,
        '10 head to back': found.head_to_back.mean,
        '11 hull from the front': found.hull_2d.mean,
        '12 hull in space': found.hull_3d.mean,
    }
    return {name: float(value) for name, value in numbers.items()}


def _mean(values: Any) -> float:
    """Return the mean of what is finite; NaN where nothing is."""
    finite = np.asarray(values)[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float('nan')
