# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""hri_msgs/Expression (ROS4HRI, REP-155) as the seven emotions: labels, or valence and arousal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emotion_motion.emotion import emotion_weights, EMOTIONS, NEUTRAL_INDEX
from emotion_motion.exceptions import EmotionError

__all__ = ['EXPRESSIONS', 'VALENCE_AROUSAL', 'expression_weights', 'valence_arousal_weights']

# Every label of hri_msgs/Expression; what is missing to 1 is neutral. The seven basic ones are
# exact, the others are our reading of the word.
EXPRESSIONS: Mapping[str, Mapping[str, float]] = {
    'neutral': {'neutral': 1.0},
    'angry': {'anger': 1.0},
    'sad': {'sadness': 1.0},
    'happy': {'happiness': 1.0},
    'surprised': {'surprise': 1.0},
    'disgusted': {'disgust': 1.0},
    'scared': {'fear': 1.0},
    'pleading': {'sadness': 0.5, 'fear': 0.2},
    'vulnerable': {'fear': 0.4, 'sadness': 0.3},
    'despaired': {'sadness': 0.8, 'fear': 0.2},
    'guilty': {'sadness': 0.5, 'fear': 0.2},
    'disappointed': {'sadness': 0.6, 'anger': 0.1},
    'embarrassed': {'fear': 0.3, 'sadness': 0.2},
    'horrified': {'fear': 0.7, 'disgust': 0.3},
    'skeptical': {'disgust': 0.3},
    'annoyed': {'anger': 0.4, 'disgust': 0.1},
    'furious': {'anger': 1.0},
    'suspicious': {'disgust': 0.2, 'fear': 0.2},
    'rejected': {'sadness': 0.7, 'anger': 0.1},
    'bored': {'sadness': 0.3},
    'tired': {'sadness': 0.4},
    'asleep': {'neutral': 1.0},
    'confused': {'surprise': 0.4, 'fear': 0.1},
    'amazed': {'surprise': 0.7, 'happiness': 0.3},
    'excited': {'happiness': 0.8, 'surprise': 0.2},
}

# (valence, arousal) of each emotion, -1 to 1: means of ratings of the words, rounded, after
# Russell and Mehrabian, "Evidence for a three-factor theory of emotions", J. Res. Pers. 11 (1977).
VALENCE_AROUSAL: Mapping[str, tuple[float, float]] = {
    'anger': (-0.5, 0.6),
    'disgust': (-0.6, 0.35),
    'fear': (-0.65, 0.6),
    'happiness': (0.8, 0.5),
    'neutral': (0.0, 0.0),
    'sadness': (-0.65, -0.25),
    'surprise': (0.4, 0.65),
}
_FELT = [EMOTIONS.index(name) for name in EMOTIONS if name != 'neutral']
_CENTRES = np.array([VALENCE_AROUSAL[EMOTIONS[i]] for i in _FELT])
# How sharply a direction picks its emotion: at the centre of happiness, 26 degrees from surprise,
# 5 % of it. Anger and fear stay mixed, being 7 degrees apart: only dominance would part them.
_SHARPNESS = 30.0


def expression_weights(label: str, valence: float, arousal: float) -> np.ndarray:
    """Turn the fields of an Expression into weights [7].

    A label wins: the common recogniser sets one and leaves valence and arousal at 0.

    Args:
        label: one of `EXPRESSIONS` or whatever `emotion_weights` reads; '' for none.
        valence: unpleasant to pleasant, -1 to 1; read only without a label.
        arousal: calm to excited, -1 to 1; read only without a label.

    Raises:
        EmotionError: the label is unknown, or valence or arousal is out of range.
    """
    name = label.strip().lower()
    if name:
        return emotion_weights(EXPRESSIONS.get(name, label))
    return valence_arousal_weights(valence, arousal)


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
