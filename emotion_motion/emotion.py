# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The seven emotions: names, aliases, text and numbers to weights, mixing.

An emotion is a vector [7] of weights, each at least 0, that sum to 1, in the order of `EMOTIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from emotion_motion.exceptions import EmotionError

EMOTIONS = ('anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness', 'surprise')
NEUTRAL_INDEX = EMOTIONS.index('neutral')

# The adjectives are the labels of hri_msgs/Expression; the rest is what people type.
ALIASES = {
    'angry': 'anger',
    'mad': 'anger',
    'rage': 'anger',
    'disgusted': 'disgust',
    'aversion': 'disgust',
    'afraid': 'fear',
    'scared': 'fear',
    'fearful': 'fear',
    'happy': 'happiness',
    'joy': 'happiness',
    'joyful': 'happiness',
    'excited': 'happiness',
    'calm': 'neutral',
    'none': 'neutral',
    'idle': 'neutral',
    'sad': 'sadness',
    'sorrow': 'sadness',
    'depressed': 'sadness',
    'surprised': 'surprise',
    'amazed': 'surprise',
    'astonished': 'surprise',
}


def emotion_weights(spec: Any, intensity: float = 1.0) -> np.ndarray:
    """Turn what a person or a program wrote into the weights of an emotion.

    Weights that sum to less than 1 leave the rest to neutral (`happiness:0.7` is 0.7 happiness and
    0.3 neutral); sums above 1 are normalised.

    Args:
        spec: a name or alias (`'joy'`), a mixture as text (`'happiness:0.7, surprise:0.3'`), a
            mapping from names to weights, or seven weights in the order of `EMOTIONS`.
        intensity: share of the emotion, 0 to 1; the rest is neutral.

    Returns:
        Weights [7], float32, each at least 0, sum 1.

    Raises:
        EmotionError: unknown name, no weight above 0, negative or non-finite weight, wrong length,
            intensity outside 0 to 1.
    """
    if isinstance(spec, str):
        weights = _from_mapping(_parse_text(spec), spec)
    elif isinstance(spec, Mapping):
        weights = _from_mapping(spec, spec)
    else:
        weights = _from_sequence(spec)
    largest = float(weights.max())
    if largest <= 0.0:
        raise EmotionError(
            f'got the emotion {_short(spec)} whose weights sum to 0; give at least one above 0 '
            f"('neutral' for no emotion)"
        )
    if largest > 1.0:
        weights = weights / largest  # so that the sum of huge weights stays finite
    total = float(weights.sum())
    if total > 1.0 or largest > 1.0:
        weights = weights / total
    else:
        weights[NEUTRAL_INDEX] += 1.0 - total
    return mix(_NEUTRAL, weights, _checked_intensity(intensity)).astype(np.float32)


def canonical_name(name: str) -> str:
    """Return the emotion that `name` or alias stands for; letter case does not matter.

    Raises:
        EmotionError: the name is unknown; the message lists the names and aliases.
    """
    key = name.strip().lower()
    key = ALIASES.get(key, key)
    if key not in EMOTIONS:
        raise EmotionError(
            f'got the emotion {_short(name)}; expected one of {", ".join(EMOTIONS)} '
            f'or an alias ({", ".join(ALIASES)})'
        )
    return key


def mix(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Return (1 - share) * first + share * second; weights [..., 7], share 0 to 1."""
    return (1.0 - share) * np.asarray(first) + share * np.asarray(second)


def dominant(weights: np.ndarray) -> str:
    """Return the name of the largest of seven weights; the first one on a tie."""
    return EMOTIONS[int(np.argmax(weights))]


def format_emotion(weights: np.ndarray) -> str:
    """Write weights [7] as text that `emotion_weights` reads: 'happiness:0.70, neutral:0.30'."""
    order = np.argsort(-np.asarray(weights), kind='stable')
    parts = [f'{EMOTIONS[i]}:{weights[i]:.2f}' for i in order if weights[i] >= 0.005]
    return ', '.join(parts) or 'neutral:1.00'


def recognised_distribution(emotion_logits: np.ndarray) -> np.ndarray:
    """Turn raw emotion scores [..., 7] into weights that sum to 1.

    The scores are clipped at 0 and normalised; where nothing is above 0 the result is neutral.
    """
    scores = np.clip(np.asarray(emotion_logits, dtype=np.float32), 0.0, None)
    total = scores.sum(axis=-1, keepdims=True)
    neutral = _NEUTRAL.astype(np.float32)
    return np.where(total > 0.0, scores / np.where(total > 0.0, total, 1.0), neutral)


_NEUTRAL = np.eye(len(EMOTIONS), dtype=np.float64)[NEUTRAL_INDEX]


def _short(value: Any) -> str:
    """Return a repr that fits a log line, whatever a user sent."""
    text = repr(value)
    return text if len(text) <= 60 else f'{text[:57]}...'


def _parse_text(text: str) -> dict[str, float]:
    """Read 'name', or 'name:weight, name:weight'; a repeated name adds up."""
    parts = [part.strip() for part in text.replace(';', ',').split(',') if part.strip()]
    if not parts:
        raise EmotionError(
            f"got an empty emotion {_short(text)}; expected a name such as 'happiness' or a "
            f"mixture such as 'happiness:0.7, surprise:0.3'"
        )
    weights: dict[str, float] = {}
    for part in parts:
        name, colon, number = part.partition(':')
        try:
            weight = float(number) if colon else 1.0
        except ValueError:
            raise EmotionError(
                f'got the weight {_short(number)} in the emotion {_short(text)}; expected a '
                f"number, as in 'happiness:0.7'"
            ) from None
        name = canonical_name(name)
        weights[name] = weights.get(name, 0.0) + weight
    return weights


def _from_mapping(spec: Mapping[str, float], given: Any) -> np.ndarray:
    weights = np.zeros(len(EMOTIONS))
    for name, weight in spec.items():
        if not isinstance(name, str):
            raise EmotionError(
                f'got the emotion name {_short(name)}; expected text such as {EMOTIONS[0]!r}'
            )
        index = EMOTIONS.index(canonical_name(name))
        # Names and aliases may add up, even past the largest float: the sum is checked as well.
        total = float(weights[index]) + _checked_weight(weight, given)
        weights[index] = _checked_weight(total, given)
    return weights


def _from_sequence(spec: Any) -> np.ndarray:
    try:
        weights = np.asarray(spec, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise EmotionError(
            f'got the emotion {_short(spec)}; expected a name, a mapping of names to weights or '
            f'{len(EMOTIONS)} numbers'
        ) from None
    if weights.shape != (len(EMOTIONS),):
        raise EmotionError(
            f'got emotion weights of shape {weights.shape}; expected ({len(EMOTIONS)},) in the '
            f'order {", ".join(EMOTIONS)}'
        )
    return np.array([_checked_weight(weight, spec) for weight in weights])


def _checked_weight(weight: Any, given: Any) -> float:
    value = _number(weight)
    if not 0.0 <= value < float('inf'):
        raise EmotionError(
            f'got the weight {_short(weight)} in the emotion {_short(given)}; expected a finite '
            f'number, at least 0'
        )
    return value


def _checked_intensity(intensity: Any) -> float:
    value = _number(intensity)
    if not 0.0 <= value <= 1.0:
        raise EmotionError(
            f'got the intensity {_short(intensity)}; expected a number from 0 (neutral) to 1'
        )
    return value


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float('nan')


# Valence and arousal as the seven emotions: for what is rated on two scales and not named.

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
