# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Valence and arousal as raters of recorded motion would give them, by a small regression.

People rated REBL-Pepper's animations (Marmpena et al. 2018) from unpleasant to pleasant and from
calm to excited. Pepper has no legs, so only head, trunk and arms are measured. With some 36 clips
to learn from, the regression is weak, and how weak it is stands beside what it says.
"""

from __future__ import annotations

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

__all__ = ['SCALES', 'AffectRegressor', 'affect_features', 'spans']

SCALES = ('valence', 'arousal')
_PART_S = 6.0  # about the length of the rated animations
_SHORTEST_S = 2.0
_FEWEST = 10
_STRENGTHS = 10.0 ** np.arange(-1.0, 4.0, 0.5)


@dataclass(frozen=True, eq=False)
class AffectRegressor:
    """Ridge regression (Hoerl and Kennard 1970) from features of motion to ratings.

    Attributes:
        mean: [F] of the features.
        spread: [F] standard deviation of them.
        weights: [F, 2] of standardised features.
        offset: [2] mean rating.
        r2: [2] leave-one-out coefficient of determination of valence and arousal; that of the
            strength of the ridge that does best at it, so that it is a little optimistic.
        clips: how many were rated.
    """

    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    r2: np.ndarray
    clips: int

    @classmethod
    def train(cls, features: np.ndarray, ratings: np.ndarray) -> AffectRegressor:
        """Fit features [N, F] to ratings [N, 2]; each scale has a strength of its own.

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
        columns = [_ridge((features - mean) / spread, scale) for scale in ratings.T]
        weights, r2 = (np.stack(part, axis=-1) for part in zip(*columns, strict=True))
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
        return cls.train(features, np.array([clip.valence_arousal for clip in rated]))

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
    """Return what head, trunk and arms do in motion [T, K, 3] of BODY_25, [F].

    EMOKINE's features as far as a body without legs has them: mean and spread over time of the
    wrists' speed, acceleration, height, reach to the front and to the sides, distance to the head
    and to each other, of the lean of the head and of the trunk, and the speed of the head. Lengths
    are in torsos, relative to the mid-hip; logarithms of speeds, which people hear in ratios.
    """
    index = load_skeleton().index
    points = np.asarray(keypoints, dtype=np.float64)
    points = points - points[:, index('MidHip'), None]
    neck = points[:, index('Neck')]
    points = points / np.median(np.linalg.norm(neck, axis=-1))
    neck = points[:, index('Neck')]
    head = points[:, [index('LEar'), index('REar')]].mean(axis=1)
    hands = points[:, [index('LWrist'), index('RWrist')]]
    velocity = np.gradient(_smoothed(hands), 1.0 / rate_hz, axis=0)
    acceleration = np.gradient(velocity, 1.0 / rate_hz, axis=0)
    head_speed = np.linalg.norm(np.gradient(_smoothed(head), 1.0 / rate_hz, axis=0), axis=-1)
    over_time = [
        np.log(np.linalg.norm(velocity, axis=-1).mean(axis=1) + 0.01),
        np.log(np.linalg.norm(acceleration, axis=-1).mean(axis=1) + 0.1),
        np.log(head_speed + 0.01),
        hands[..., 2].mean(axis=1), hands[..., 2].max(axis=1), hands[..., 0].mean(axis=1),
        np.abs(hands[..., 1]).mean(axis=1),
        np.linalg.norm(hands - head[:, None], axis=-1).mean(axis=1),
        np.linalg.norm(hands[:, 0] - hands[:, 1], axis=-1),
        _lean(head - neck), _lean(neck),
    ]  # fmt: skip
    table = np.stack(over_time, axis=1)
    return np.concatenate((table.mean(axis=0), table.std(axis=0)))


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


def _ridge(features: np.ndarray, ratings: np.ndarray) -> tuple[np.ndarray, float]:
    """Return weights [F] and the leave-one-out R2 of the strength that has the best one."""
    best: tuple[np.ndarray, float] = (np.zeros(features.shape[1]), -np.inf)
    centred, count = ratings - ratings.mean(), len(ratings)
    for strength in _STRENGTHS:
        inverse = np.linalg.inv(features.T @ features + strength * np.eye(features.shape[1]))
        # The hat matrix, with the mean that is fitted as well; what it says without clip i is its
        # error with all clips over 1 - h_ii (Allen 1974, PRESS).
        hat = features @ inverse @ features.T + 1.0 / count
        left_out = (centred - (hat - 1.0 / count) @ centred) / (1.0 - np.diag(hat))
        around = centred * count / (count - 1.0)  # the same of a mean without clip i
        r2 = 1.0 - float(np.square(left_out).sum() / np.square(around).sum())
        if r2 > best[1]:
            best = inverse @ features.T @ centred, r2
    return best


def _of_clip(clip: Clip, rate_hz: float) -> np.ndarray:
    points = prepare(clip, load_skeleton(), rate_hz=rate_hz).keypoints * BODY_HEIGHT_M
    return affect_features(points, rate_hz)


def _lean(vectors: np.ndarray) -> np.ndarray:
    """Return the angle of vectors [T, 3] against the vertical, forwards above 0 [rad]."""
    return np.arctan2(vectors[:, 0], vectors[:, 2])


def _smoothed(points: np.ndarray) -> np.ndarray:
    """Return points [T, ...] averaged over five frames, so that a recording's jitter is none."""
    kernel, flat = np.ones(5) / 5.0, points.reshape(len(points), -1)
    padded = np.pad(flat, ((2, 2), (0, 0)), mode='edge')
    rows = [np.convolve(column, kernel, 'valid') for column in padded.T]
    return np.stack(rows, axis=1).reshape(points.shape)
