# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The kinematic table of the emotions: how each moves and stands against neutral.

Speeds and sizes are those of the hands against the pelvis, in torsos (mid-hip to neck); postures
are angles in degrees. `WANTED` comes from measurements of hand-made robot animations (REBL-Pepper,
CC BY 4.0), of acted styles and from the literature; it is where the corpus aims.
"""

from dataclasses import dataclass

import numpy as np

from emotion_motion.body.skeleton import load_skeleton

_STILL = 0.05 / 1.7  # of a body height a second: a third of a second below it is still
_WINDOW_S = 4.0  # in which the size of movements is taken
_REST = load_skeleton()
_TORSO = float(_REST.bone_lengths[_REST.index('Neck')])


@dataclass(frozen=True)
class StyleMeasures:
    """How one emotion moves.

    Attributes:
        speed: mean speed of the hands [torso/s], or its ratio to neutral's, as the next two.
        amplitude: size of their movements: 5 to 95 % range within 4 s, over all directions.
        acceleration: mean acceleration of the hands.
        head_deg: pitch of the face, down is positive; absolute, or against neutral's.
        trunk_deg: lean of the trunk, forward is positive.
        elbow_deg: flexion of the elbows.
        still: share of thirds of a second in which the body stands still, never a ratio.
    """

    speed: float
    amplitude: float
    acceleration: float
    head_deg: float
    trunk_deg: float
    elbow_deg: float
    still: float

    def against(self, neutral):
        """These measures as ratios to and differences from neutral's."""
        ratios = {
            name: getattr(self, name) / getattr(neutral, name)
            for name in ('speed', 'amplitude', 'acceleration')
        }
        differences = {
            name: getattr(self, name) - getattr(neutral, name)
            for name in ('head_deg', 'trunk_deg', 'elbow_deg')
        }
        return StyleMeasures(**ratios, **differences, still=self.still)


# Against neutral: ratios of speed, amplitude, acceleration; degrees of head, trunk, elbow.
WANTED = {
    'anger': ((1.5, 1.15, 2.3), (0, 10), (5, 10), (10, 20)),
    'disgust': ((0.9, 0.8, 1.0), (0, 10), (-7, -3), (10, 60)),
    'fear': ((0.9, 0.6, 1.2), (-5, 10), (-5, 10), (30, 60)),
    'happiness': ((1.4, 1.5, 1.9), (-12, -4), (0, 4), (5, 25)),
    'neutral': ((1.0, 1.0, 1.0), (0, 0), (0, 0), (0, 0)),
    'sadness': ((0.5, 0.75, 0.3), (10, 20), (3, 8), (-10, 0)),
    'surprise': ((1.3, 1.25, 1.6), (-13, -6), (-7, -3), (5, 40)),
}


def measure_style(motions, rate_hz):
    """Measure motions of one emotion together: keypoints [T, 25, 3] each, of 4 s and more."""
    return StyleMeasures(*np.mean([_measure(np.float64(m), rate_hz) for m in motions], axis=0))


def _measure(points, rate_hz):
    size = round(_WINDOW_S * rate_hz)
    at = {name: points[:, i] for i, name in enumerate(_REST.names)}
    torso = float(np.median(np.linalg.norm(at['Neck'] - at['MidHip'], axis=-1)))
    hands = np.stack((at['LWrist'] - at['MidHip'], at['RWrist'] - at['MidHip']), axis=1) / torso
    velocity = np.gradient(hands, 1.0 / rate_hz, axis=0)
    acceleration = np.gradient(velocity, 1.0 / rate_hz, axis=0)
    windows = hands[: len(hands) // size * size].reshape(-1, size, 2, 3)
    low, high = np.percentile(windows, (5, 95), axis=1)
    means = [np.linalg.norm(v, axis=-1).mean() for v in (velocity, high - low, acceleration)]
    return *means, *_posture(at), _still_share(points * _TORSO / torso, rate_hz)


def _posture(at):
    """Mean pitch of the face, lean of the trunk and flexion of the elbows, degrees."""
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
    return pitch.mean(), lean.mean(), np.mean(elbows)


def _still_share(points, rate_hz):
    """Share of thirds of a second whose mean keypoint speed is next to nothing."""
    moved = np.linalg.norm(np.diff(points, axis=0), axis=-1).mean(-1) * rate_hz
    size = max(1, round(rate_hz / 3.0))
    return (moved[: len(moved) // size * size].reshape(-1, size).mean(1) < _STILL).mean()
