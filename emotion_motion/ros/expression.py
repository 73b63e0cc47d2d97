# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""hri_msgs/Expression (ROS4HRI, REP-155) as the seven emotions: labels, or valence and arousal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emotion_motion.affect import valence_arousal_weights
from emotion_motion.emotion import emotion_weights

__all__ = ['EXPRESSIONS', 'expression_weights']

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
