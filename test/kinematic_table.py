# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The kinematic table of the emotions: how each moves and stands against neutral.

Speeds and sizes are those of the hands against the pelvis, in torsos (mid-hip to neck); postures
are angles in degrees. `WANTED` comes from measurements of hand-made robot animations (REBL-Pepper,
CC BY 4.0), of acted styles and from the literature; it is where the corpus aims.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import MotionFileError

__all__ = ['StyleMeasures', 'WANTED', 'RATIOS', 'measure_style', 'against_neutral', 'table_lines']

_STILL = 0.05 / 1.7  # of a body height a second: a third of a second below it is still
_WINDOW_S = 4.0  # in which the size of movements is taken


@dataclass(frozen=True)
class StyleMeasures:
    """How one emotion moves.

    Attributes:
        speed: mean speed of the hands [torso/s], or its ratio to neutral's, as the next three.
        amplitude: size of their movements: 5 to 95 % range within 4 s, over all directions.
        acceleration: mean acceleration of the hands.
        lateral: mean distance of the hands from the middle of the body.
        head_deg: pitch of the face, down is positive; absolute, or against neutral's.
        trunk_deg: lean of the trunk, forward is positive.
        elbow_deg: flexion of the elbows.
        still: share of thirds of a second in which the body stands still, never a ratio.
        burst: speed reached a tenth of the time, against the mean speed.
    """

    speed: float
    amplitude: float
    acceleration: float
    lateral: float
    head_deg: float
    trunk_deg: float
    elbow_deg: float
    still: float
    burst: float


RATIOS = ('speed', 'amplitude', 'acceleration', 'lateral')

# Ratios to neutral; ranges of degrees against neutral; range of the still share.
WANTED: dict[str, dict[str, float | tuple[float, float]]] = {
    'anger': {'speed': 1.5, 'amplitude': 1.15, 'acceleration': 2.3, 'lateral': 1.1,
              'head_deg': (0, 10), 'trunk_deg': (5, 10), 'elbow_deg': (10, 20),
              'still': (0, 0.03)},
    'disgust': {'speed': 0.9, 'amplitude': 0.8, 'acceleration': 1.0, 'lateral': 0.7,
                'head_deg': (0, 10), 'trunk_deg': (-7, -3), 'elbow_deg': (10, 60),
                'still': (0.05, 0.15)},
    'fear': {'speed': 0.9, 'amplitude': 0.6, 'acceleration': 1.2, 'lateral': 0.4,
             'head_deg': (-5, 10), 'trunk_deg': (-5, 10), 'elbow_deg': (30, 60),
             'still': (0.10, 0.20)},
    'happiness': {'speed': 1.4, 'amplitude': 1.5, 'acceleration': 1.9, 'lateral': 1.0,
                  'head_deg': (-12, -4), 'trunk_deg': (0, 4), 'elbow_deg': (5, 25),
                  'still': (0, 0.01)},
    'neutral': {'speed': 1.0, 'amplitude': 1.0, 'acceleration': 1.0, 'lateral': 1.0,
                'head_deg': (0, 0), 'trunk_deg': (0, 0), 'elbow_deg': (0, 0),
                'still': (0.20, 0.30)},
    'sadness': {'speed': 0.5, 'amplitude': 0.75, 'acceleration': 0.3, 'lateral': 0.8,
                'head_deg': (10, 20), 'trunk_deg': (3, 8), 'elbow_deg': (-10, 0),
                'still': (0.10, 0.30)},
    'surprise': {'speed': 1.3, 'amplitude': 1.25, 'acceleration': 1.6, 'lateral': 1.2,
                 'head_deg': (-13, -6), 'trunk_deg': (-7, -3), 'elbow_deg': (5, 40),
                 'still': (0, 0.15)},
}  # fmt: skip


def measure_style(motions: Iterable[np.ndarray], rate_hz: float) -> StyleMeasures:
    """Measure motions of one emotion together.

    Args:
        motions: keypoints [T, 25, 3] of BODY_25 each, facing +x, any unit, at least 4 s.
        rate_hz: frames a second.

    Raises:
        MotionFileError: no motion, or one that is too short.
    """
    parts = [_measure(np.asarray(motion, dtype=np.float64), rate_hz) for motion in motions]
    if not parts:
        raise MotionFileError('got no motion to measure; give at least one clip')
    return StyleMeasures(*np.mean(parts, axis=0).tolist())


def against_neutral(found: Mapping[str, StyleMeasures]) -> dict[str, StyleMeasures]:
    """Return measures of each emotion as ratios to and differences from neutral's."""
    base = asdict(found['neutral'])
    result = {}
    for name, measures in found.items():
        values = asdict(measures)
        for key in values:
            if key in RATIOS:
                values[key] /= base[key]
            elif key.endswith('_deg'):
                values[key] -= base[key]
        result[name] = StyleMeasures(**values)
    return result


def table_lines(relative: Mapping[str, StyleMeasures]) -> list[str]:
    """Return a Markdown table of wanted and measured values, one line an emotion."""
    names = [field.name for field in fields(StyleMeasures) if field.name != 'burst']
    head = ['emotion', *(name.removesuffix('_deg') for name in names), 'burst']
    lines = [f'| {" | ".join(head)} |', f'|{"---|" * len(head)}']
    for emotion in EMOTIONS:
        cells = [
            f'{_text(WANTED[emotion][name])} / **{_text(getattr(relative[emotion], name))}**'
            for name in names
        ]
        lines.append(f'| {emotion} | {" | ".join(cells)} | {relative[emotion].burst:.1f} |')
    return lines


def _text(value: float | tuple[float, float]) -> str:
    if isinstance(value, tuple):
        return '…'.join(f'{part:g}' for part in value)
    return f'{value:.2f}' if abs(value) < 3 else f'{value:.0f}'


def _measure(points: np.ndarray, rate_hz: float) -> tuple[float, ...]:
    size = round(_WINDOW_S * rate_hz)
    if len(points) < size:
        raise MotionFileError(
            f'got {len(points)} frames at {rate_hz} Hz; measuring style needs {_WINDOW_S} s'
        )
    names = load_skeleton().names
    at = {name: points[:, i] for i, name in enumerate(names)}
    torso = float(np.median(np.linalg.norm(at['Neck'] - at['MidHip'], axis=-1)))
    hands = np.stack((at['LWrist'] - at['MidHip'], at['RWrist'] - at['MidHip']), axis=1) / torso
    velocity = np.gradient(hands, 1.0 / rate_hz, axis=0)
    speed = np.linalg.norm(velocity, axis=-1)
    acceleration = np.linalg.norm(np.gradient(velocity, 1.0 / rate_hz, axis=0), axis=-1)
    windows = hands[: len(hands) // size * size].reshape(-1, size, 2, 3)
    low, high = np.percentile(windows, (5, 95), axis=1)
    hips = at['LHip'] - at['RHip']
    left = hips / np.linalg.norm(hips, axis=-1, keepdims=True)
    return (
        speed.mean(), np.linalg.norm(high - low, axis=-1).mean(), acceleration.mean(),
        np.abs((hands * left[:, None]).sum(-1)).mean(), *_posture(at),
        _still_share(points, at, rate_hz), np.percentile(speed, 90) / speed.mean(),
    )  # fmt: skip


def _posture(at: dict[str, np.ndarray]) -> tuple[float, float, float]:
    """Return mean pitch of the face, lean of the trunk and flexion of the elbows, degrees."""
    face = at['Nose'] - 0.5 * (at['LEar'] + at['REar'])
    pitch = np.degrees(np.arctan2(-face[:, 2], np.hypot(face[:, 0], face[:, 1])))
    trunk = at['Neck'] - at['MidHip']
    lean = np.degrees(np.arctan2(trunk[:, 0], trunk[:, 2]))
    elbows = []
    for side in 'LR':
        upper = at[f'{side}Elbow'] - at[f'{side}Shoulder']
        forearm = at[f'{side}Wrist'] - at[f'{side}Elbow']
        sine = np.linalg.norm(np.cross(upper, forearm), axis=-1)
        elbows.append(np.degrees(np.arctan2(sine, (upper * forearm).sum(-1))).mean())
    return float(pitch.mean()), float(lean.mean()), float(np.mean(elbows))


def _still_share(points: np.ndarray, at: dict[str, np.ndarray], rate_hz: float) -> float:
    """Return the share of thirds of a second whose mean keypoint speed is next to nothing."""
    rest = load_skeleton()
    trunk = rest.rest[rest.index('Neck')] - rest.rest[rest.index('MidHip')]
    torso = np.median(np.linalg.norm(at['Neck'] - at['MidHip'], axis=-1))
    height = float(torso / np.linalg.norm(trunk))
    moved = np.linalg.norm(np.diff(points, axis=0), axis=-1).mean(-1) * rate_hz / height
    size = max(1, round(rate_hz / 3.0))
    return float((moved[: len(moved) // size * size].reshape(-1, size).mean(1) < _STILL).mean())
