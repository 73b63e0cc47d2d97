# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The emotion that is asked for at a time: the last good one, and neutral after a timeout."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emotion_motion.emotion import emotion_weights, mix, valence_arousal_weights

__all__ = ['EmotionInput', 'EXPRESSIONS', 'expression_weights']

# hri_msgs/Expression (ROS4HRI, REP-155) as the seven emotions: labels, or valence and arousal.

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

    A label wins, one of `EXPRESSIONS` or whatever `emotion_weights` reads: the common recogniser
    sets one and leaves valence and arousal, each -1 to 1, at 0.

    Raises:
        EmotionError: the label is unknown, or valence or arousal is out of range.
    """
    name = label.strip().lower()
    if name:
        return emotion_weights(EXPRESSIONS.get(name, label))
    return valence_arousal_weights(valence, arousal)


FADE_S = 1.0


class EmotionInput:
    """Keeps the last emotion and lets it fade to neutral once nobody renews it.

    Times are seconds of any one clock that the caller keeps to.
    """

    def __init__(self, neutral: np.ndarray) -> None:
        self.timeout_s = 0.0
        self._neutral = neutral
        self._weights = neutral
        self._received_s: float | None = None

    @property
    def last(self) -> np.ndarray:
        return self._weights

    def set(self, weights: np.ndarray, now_s: float) -> None:
        self._weights = weights
        self._received_s = now_s

    def age_s(self, now_s: float) -> float | None:
        # A clock that was set back must not make an emotion younger than new.
        return None if self._received_s is None else max(0.0, now_s - self._received_s)

    def at(self, now_s: float) -> np.ndarray:
        """Return the emotion [7] to show at `now_s`.

        With `timeout_s` above 0 it goes to neutral within `FADE_S` after that time, smoothly, and
        stays there until the next emotion.
        """
        age_s = self.age_s(now_s)
        if age_s is None or self.timeout_s <= 0.0 or age_s <= self.timeout_s:
            return self._weights
        share = min(1.0, (age_s - self.timeout_s) / FADE_S)
        return mix(self._weights, self._neutral, share * share * (3.0 - 2.0 * share))
