# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Valence and arousal as the seven emotions: for what is rated on two scales and not named."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emotion_motion.emotion import emotion_weights, EMOTIONS, NEUTRAL_INDEX
from emotion_motion.exceptions import EmotionError

__all__ = ['VALENCE_AROUSAL', 'valence_arousal_weights']

# (valence, arousal) of each emotion, -1 to 1: mean ratings of pleasure and arousal after Russell
# and Mehrabian 1977, Evidence for a three-factor theory of emotions, J. Res. Pers. 11, doi
# 10.1016/0092-6566(77)90037-X. Neutral is the origin.
VALENCE_AROUSAL: Mapping[str, tuple[float, float]] = {
    'anger': (-0.51, 0.59),
    'disgust': (-0.60, 0.35),
    'fear': (-0.64, 0.60),
    'happiness': (0.81, 0.51),
    'neutral': (0.0, 0.0),
    'sadness': (-0.63, -0.27),
    'surprise': (0.40, 0.67),
}
_FELT = [EMOTIONS.index(name) for name in EMOTIONS if name != 'neutral']
_CENTRES = np.array([VALENCE_AROUSAL[EMOTIONS[i]] for i in _FELT])
# How sharply a direction picks its emotion: at the centre of happiness, 26 degrees from surprise,
# 5 % of it. Anger and fear stay mixed, being 7 degrees apart: only dominance would part them.
_SHARPNESS = 30.0


def valence_arousal_weights(valence: float, arousal: float) -> np.ndarray:
    """Turn a point of the valence-arousal plane into weights [7].

    Its direction from the middle chooses between the emotions; how far it goes along an emotion's
    own direction says how much of it: 1 at the centre, half of it halfway, the rest neutral.

    Args:
        valence: unpleasant to pleasant, -1 to 1.
        arousal: calm to excited, -1 to 1.

    Raises:
        EmotionError: a coordinate is out of range or not a number.
    """
    point = np.array([valence, arousal], dtype=np.float64)
    if not (np.abs(point) <= 1.0).all():  # so for NaN too
        raise EmotionError(
            f'got valence {valence} and arousal {arousal}; expected each from -1 to 1'
        )
    radius = np.linalg.norm(point)
    weights = np.zeros(len(EMOTIONS))
    if radius > 0.0:
        along = _CENTRES @ point  # [6]
        lengths = np.linalg.norm(_CENTRES, axis=1)
        shares = np.exp(_SHARPNESS * (along / (lengths * radius) - 1.0))
        amount = np.clip(along / lengths**2, 0.0, 1.0)
        weights[_FELT] = shares / shares.sum() * amount
    weights[NEUTRAL_INDEX] = max(0.0, 1.0 - weights.sum())
    return emotion_weights(weights)
