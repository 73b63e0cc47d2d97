# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Valence and arousal to the seven emotions, by where each of these lies."""

from __future__ import annotations

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import TrainingError

__all__ = ['CENTRES', 'valence_arousal_weights']

# Valence and arousal, -1 to 1, of people who judged themselves angry, disgusted, fearful, happy,
# sad and surprised: mean ratings of pleasure and arousal, Russell and Mehrabian 1977, Evidence for
# a three-factor theory of emotions, doi 10.1016/0092-6566(77)90037-X. Neutral is the origin.
CENTRES: dict[str, tuple[float, float]] = {
    'anger': (-0.51, 0.59),
    'disgust': (-0.60, 0.35),
    'fear': (-0.64, 0.60),
    'happiness': (0.81, 0.51),
    'neutral': (0.00, 0.00),
    'sadness': (-0.63, -0.27),
    'surprise': (0.40, 0.67),
}
# What ratings scatter. Anger and fear differ in dominance, which is not among the two numbers: at
# the centre of one the other keeps a tenth.
_SCATTER = 0.1


def valence_arousal_weights(valence: float, arousal: float) -> np.ndarray:
    """Return the emotions that valence and arousal speak for.

    Inverse distance weights of order 4: w = 1 / (d^2 + 0.1^2)^2, normalised, with d the distance
    from an emotion's centre. Continuous; each centre speaks for its own emotion above all.

    Args:
        valence: -1 (unpleasant) to 1 (pleasant).
        arousal: -1 (calm) to 1 (excited).

    Returns:
        Weights [7] float32, sum 1, in the order of `EMOTIONS`.

    Raises:
        TrainingError: a number outside -1 to 1.
    """
    point = np.array([valence, arousal], dtype=np.float64)
    if not (np.abs(point) <= 1.0).all():
        raise TrainingError(
            f'got valence {valence} and arousal {arousal}; expected numbers from -1 to 1'
        )
    centres = np.array([CENTRES[name] for name in EMOTIONS])
    weights = 1.0 / (np.square(centres - point).sum(axis=-1) + _SCATTER**2) ** 2
    return (weights / weights.sum()).astype(np.float32)
