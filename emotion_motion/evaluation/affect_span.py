# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Valence and arousal as raters of recorded motion would give them, by a small regression.

People rated REBL-Pepper's animations (Marmpena et al. 2018) from unpleasant to pleasant and from
calm to excited. Pepper has no legs, so only head, trunk and arms are measured. With some 36 clips
to learn from, the regression is weak, and how weak it is stands beside what it says: on those 36
the leave-one-out R2 is 0.22 for valence and 0.56 for arousal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emotion_motion.affect import VALENCE_AROUSAL
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.streams import BODY_HEIGHT_M, Streams
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.skeleton import load_skeleton
from emotion_motion.training.prepare import prepare
from emotion_motion.training.store import MotionDataset

__all__ = ['FEATURES', 'SCALES', 'AffectRegressor', 'affect_features', 'spans']

SCALES = ('valence', 'arousal')
FEATURES = (
    'log_speed', 'log_acceleration', 'elbow_flexion', 'still_share', 'head_pitch',
    'head_pitch_spread', 'head_yaw_spread',
)  # fmt: skip
# What each scale is read from, few for the sake of 36 clips. Movement carries arousal and posture
# valence, as in all that was measured of REBL-Pepper; a head that turns and nods much is rated
# unpleasant there. These were chosen among 19 sets with an eye on those very clips: where the
# choice is left to each fold as well, R2 is 0.22 for valence and 0.40 for arousal.
_USED = {
    'valence': ('head_pitch', 'head_pitch_spread', 'head_yaw_spread', 'elbow_flexion'),
    'arousal': ('log_acceleration', 'log_speed', 'elbow_flexion', 'still_share'),
}
_STILL_RAD_S = 0.15  # slower than this in arms, head and trunk at once is still
_PART_S = 6.0  # about the length of the rated animations
_SHORTEST_S = 2.0
_FEWEST = 10
_STRENGTHS = 10.0 ** np.arange(-1.0, 3.5, 0.25)


@dataclass(frozen=True, eq=False)
class AffectRegressor:
    """Ridge regression (Hoerl and Kennard 1970) from features of motion to ratings.

    Attributes:
        mean: [F] of the features.
        spread: [F] standard deviation of them.
        weights: [F, 2] of standardised features, 0 where a scale does not use one.
        offset: [2] mean rating.
        r2: [2] leave-one-out coefficient of determination of valence and arousal, 1 - (sum of
            squared errors) / (sum of squares about the mean of all ratings). Each clip is
            predicted by a fit to the others, whose strength of the ridge is the one that leaves
            these others out best (nested, so that the choice does not flatter the figure).
        clips: how many were rated.
    """

    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    r2: np.ndarray
    clips: int

    @classmethod
    def train(
        cls, features: np.ndarray, ratings: np.ndarray,
        used: Sequence[Sequence[int]] | None = None,
    ) -> AffectRegressor:  # fmt: skip
        """Fit features [N, F] to ratings [N, 2]; each scale has a strength of its own.

        Args:
            features: [N, F] of the clips.
            ratings: [N, 2] valence and arousal of each.
            used: columns that valence and arousal are read from; None: all.

        Raises:
            TrainingError: fewer than ten clips, or something that is not finite.
        """
        features, ratings = (np.asarray(a, dtype=np.float64) for a in (features, ratings))
        if len(features) < _FEWEST or ratings.shape != (len(features), 2):
            raise TrainingError(
                f'got {len(features)} clips and ratings of shape {ratings.shape}; expected at '
                f'least {_FEWEST} clips, each with valence and arousal'
            )
        if not (np.isfinite(features).all() and np.isfinite(ratings).all()):
            raise TrainingError(
                'got features or ratings that are not finite; leave such clips out'
            )
        mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
        weights, r2 = np.zeros((features.shape[1], 2)), np.empty(2)
        for scale, given in enumerate(ratings.T):
            columns = list(range(features.shape[1]) if used is None else used[scale])
            chosen = features[:, columns]
            weights[columns, scale] = _fit(chosen, given, _strength(chosen, given))[2]
            r2[scale] = _leave_one_out(chosen, given)
        return cls(mean, spread, weights, ratings.mean(axis=0), r2, len(features))

    @classmethod
    def of_dataset(cls, data: MotionDataset, *, rate_hz: float = 30.0) -> AffectRegressor:
        """Fit the clips of a data set that have ratings, of every split.

        Raises:
            TrainingError: too few have any; data sets imported before ratings were kept have none.
        """
        clips = [data.clip(i) for i in range(len(data))]
        rated = [clip for clip in clips if clip.valence_arousal is not None]
        if len(rated) < _FEWEST:
            raise TrainingError(
                f'got {len(rated)} clips with ratings of valence and arousal in {data.path}; '
                f'expected at least {_FEWEST}: import REBL-Pepper again, with '
                f'config/labels/rebl_pepper.yaml'
            )
        features = np.stack([_of_clip(clip, rate_hz) for clip in rated])
        ratings = np.array([clip.valence_arousal for clip in rated])
        used = [[FEATURES.index(name) for name in _USED[scale]] for scale in SCALES]
        return cls.train(features, ratings, used)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Return valence and arousal [N, 2] of features [N, F]."""
        return (features - self.mean) / self.spread @ self.weights + self.offset

    def of_streams(self, streams: Streams) -> np.ndarray:
        """Return valence and arousal of each stream [B, 2], the mean of its parts of 6 s.

        Raises:
            TrainingError: streams shorter than two seconds.
        """
        size = min(streams.frames, round(_PART_S * streams.rate_hz))
        if size < _SHORTEST_S * streams.rate_hz:
            raise TrainingError(
                f'got streams of {streams.seconds:g} s; expected {_SHORTEST_S:g} s or more'
            )
        starts = range(0, streams.frames - size + 1, size)
        return np.stack([
            self.predict(np.stack([
                affect_features(points[start : start + size], streams.rate_hz) for start in starts
            ])).mean(axis=0)
            for points in streams.keypoints
        ])  # fmt: skip


def affect_features(keypoints: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the FEATURES [7] of motion [T, K, 3] of BODY_25, of any size, anywhere.

    Points are averaged over 5 frames, taken from the mid-hip and divided by the median distance
    of mid-hip and neck. With the motion of elbows, wrists, nose and neck:

    - `log_speed`, `log_acceleration`: logarithm of their mean speed and mean acceleration;
    - `elbow_flexion`: mean angle between upper arm and forearm, 0 for a straight arm [rad];
    - `still_share`: share of frames in which upper arms, forearms, face and trunk all turn
      slower than 0.15 rad/s;
    - `head_pitch`, `head_pitch_spread`: mean and standard deviation over time of the pitch of the
      face, from the ears to the nose, down is positive [rad];
    - `head_yaw_spread`: standard deviation of its direction against the shoulders [rad].
    """
    names = load_skeleton().names
    points = _smoothed(np.asarray(keypoints, dtype=np.float64))
    points = points - points[:, names.index('MidHip'), None]
    points = points / np.median(np.linalg.norm(points[:, names.index('Neck')], axis=-1))
    at = {name: points[:, i] for i, name in enumerate(names)}
    moving = [at[name] for name in ('LElbow', 'RElbow', 'LWrist', 'RWrist', 'Nose', 'Neck')]
    velocity = np.gradient(np.stack(moving, axis=1), 1.0 / rate_hz, axis=0)
    acceleration = np.gradient(velocity, 1.0 / rate_hz, axis=0)
    face = at['Nose'] - 0.5 * (at['LEar'] + at['REar'])
    pitch = np.arctan2(-face[:, 2], np.hypot(face[:, 0], face[:, 1]))
    upper, fore = (
        np.stack([at[s + end] - at[s + start] for s in 'LR'], axis=1)
        for start, end in (('Shoulder', 'Elbow'), ('Elbow', 'Wrist'))
    )
    bones = np.concatenate((upper, fore, face[:, None], at['Neck'][:, None]), axis=1)
    bones = bones / np.linalg.norm(bones, axis=-1, keepdims=True)
    turning = np.linalg.norm(np.gradient(bones, 1.0 / rate_hz, axis=0), axis=-1)
    return np.array([
        np.log(np.linalg.norm(velocity, axis=-1).mean() + 0.01),
        np.log(np.linalg.norm(acceleration, axis=-1).mean() + 0.1),
        _angle(upper, fore).mean(),
        (turning.max(axis=1) < _STILL_RAD_S).mean(),
        pitch.mean(), pitch.std(), _yaw(face, at['LShoulder'] - at['RShoulder']).std(),
    ])  # fmt: skip


def spans(ratings: np.ndarray, emotions: np.ndarray) -> np.ndarray:
    """Return the span of valence and that of arousal, [2].

    The mean rating of the pleasant emotions less that of the unpleasant ones, and of the excited
    ones less that of the calm ones; which is which after `affect.VALENCE_AROUSAL`. Excited is
    above an arousal of 0.5 (anger, fear, happiness, surprise), calm is 0 or less (neutral,
    sadness); pleasant is above a valence of 0, unpleasant below it; neutral is neither.

    Args:
        ratings: [B, 2] of each stream.
        emotions: [B] index into EMOTIONS of each.
    """
    means = np.full((len(EMOTIONS), 2), np.nan)
    for emotion in np.unique(emotions):
        means[emotion] = ratings[emotions == emotion].mean(axis=0)
    known = np.array([VALENCE_AROUSAL[name] for name in EMOTIONS])
    high = (known[:, 0] > 0.0, known[:, 1] > 0.5)
    low = (known[:, 0] < 0.0, known[:, 1] <= 0.0)
    return np.array([
        np.nanmean(means[above, scale]) - np.nanmean(means[below, scale])
        for scale, (above, below) in enumerate(zip(high, low, strict=True))
    ])  # fmt: skip


def _fit(
    features: np.ndarray, ratings: np.ndarray, strength: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean and spread of features [N, F] and the weights [F] of the standardised ones."""
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    table = (features - mean) / spread
    square = table.T @ table + strength * np.eye(table.shape[1])
    return mean, spread, np.linalg.solve(square, table.T @ (ratings - ratings.mean()))


def _strength(features: np.ndarray, ratings: np.ndarray) -> float:
    """Return the strength of the ridge with the least leave-one-out error.

    In closed form (Allen 1974, PRESS): the error of a clip that was left out is its error with
    all clips over 1 - h, h the clip's own weight in the fit of it.
    """
    table = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    centred, count = ratings - ratings.mean(), len(ratings)
    errors = []
    for strength in _STRENGTHS:
        square = table.T @ table + strength * np.eye(table.shape[1])
        hat = table @ np.linalg.solve(square, table.T)
        left_out = (centred - hat @ centred) / (1.0 - np.diag(hat) - 1.0 / count)
        errors.append(np.square(left_out).sum())
    return float(_STRENGTHS[int(np.argmin(errors))])


def _leave_one_out(features: np.ndarray, ratings: np.ndarray) -> float:
    """Return the R2 of predictions of each clip from the others alone, strength and all."""
    errors = np.empty(len(ratings))
    for left_out in range(len(ratings)):
        kept = np.arange(len(ratings)) != left_out
        known, given = features[kept], ratings[kept]
        mean, spread, weights = _fit(known, given, _strength(known, given))
        predicted = given.mean() + (features[left_out] - mean) / spread @ weights
        errors[left_out] = ratings[left_out] - predicted
    about = np.maximum(np.square(ratings - ratings.mean()).sum(), 1e-12)
    return 1.0 - float(np.square(errors).sum() / about)


def _of_clip(clip: Clip, rate_hz: float) -> np.ndarray:
    points = prepare(clip, load_skeleton(), rate_hz=rate_hz).keypoints * BODY_HEIGHT_M
    return affect_features(points, rate_hz)


def _angle(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    sine = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.arctan2(sine, (first * second).sum(axis=-1))


def _yaw(face: np.ndarray, shoulders: np.ndarray) -> np.ndarray:
    """Return the angle [T] of the face to the left of the chest, seen from above [rad]."""
    ahead = np.stack((shoulders[:, 1], -shoulders[:, 0]), axis=-1)  # right to left, turned by 90
    cross = ahead[:, 0] * face[:, 1] - ahead[:, 1] * face[:, 0]
    return np.arctan2(cross, (ahead * face[:, :2]).sum(axis=-1))


def _smoothed(points: np.ndarray) -> np.ndarray:
    """Return points [T, ...] averaged over five frames, so that a recording's jitter is none."""
    kernel, flat = np.ones(5) / 5.0, points.reshape(len(points), -1)
    padded = np.pad(flat, ((2, 2), (0, 0)), mode='edge')
    rows = [np.convolve(column, kernel, 'valid') for column in padded.T]
    return np.stack(rows, axis=1).reshape(points.shape)
