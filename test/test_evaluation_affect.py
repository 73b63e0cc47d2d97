# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The regression on ratings of valence and arousal, and the spans that it gives."""

from __future__ import annotations

import numpy as np
import pytest

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.affect_span import affect_features, AffectRegressor, spans
from emotion_motion.evaluation.reference_motion import corpus_streams
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError
from emotion_motion.skeleton import load_skeleton
from emotion_motion.training.store import MotionDataset

BODY = load_skeleton()


def linear(clips: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return features [N, 4] and ratings [N, 2] of which the first feature says all or little."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(clips, 4))
    ratings = 0.3 * features[:, :2] + noise * rng.normal(size=(clips, 2)) + 0.1
    return features, ratings


def test_what_is_linear_is_learnt_and_predicted() -> None:
    features, ratings = linear(40, noise=0.001)
    regressor = AffectRegressor.train(features, ratings)
    assert (regressor.r2 > 0.99).all()
    unseen, truth = linear(20, noise=0.0, seed=1)
    np.testing.assert_allclose(regressor.predict(unseen), truth, atol=0.02)


def test_noise_is_not_learnt() -> None:
    rng = np.random.default_rng(2)
    regressor = AffectRegressor.train(rng.normal(size=(36, 20)), rng.normal(size=(36, 2)))
    assert (regressor.r2 < 0.3).all()


def test_leave_one_out_is_that_of_leaving_clips_out() -> None:
    """The closed form against fitting anew without each clip, at the same strength."""
    from emotion_motion.evaluation import affect_span

    features, ratings = linear(15, noise=0.2)
    scale = ratings[:, 0]
    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    _, r2 = affect_span._ridge(standard, scale)
    best = -np.inf
    for strength in affect_span._STRENGTHS:
        errors = []
        for i in range(len(scale)):
            kept = np.arange(len(scale)) != i
            # The mean is a column of its own without a penalty.
            table = np.column_stack((standard[kept], np.ones(kept.sum())))
            penalty = np.diag([*np.full(standard.shape[1], strength), 0.0])
            found = np.linalg.solve(table.T @ table + penalty, table.T @ scale[kept])
            errors.append(scale[i] - np.append(standard[i], 1.0) @ found)
        around = [scale[i] - np.delete(scale, i).mean() for i in range(len(scale))]
        best = max(best, 1.0 - np.square(errors).sum() / np.square(around).sum())
    assert r2 == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize('clips', [3, 12])
def test_too_little_or_broken_data_is_refused(clips: int) -> None:
    features, ratings = linear(clips, noise=0.1)
    features[0, 0] = np.nan
    with pytest.raises(TrainingError, match='got'):
        AffectRegressor.train(features, ratings)


def test_a_data_set_without_ratings_says_what_to_do(tmp_path: object) -> None:
    from training_support import swaying

    data = MotionDataset.from_clips([swaying(e) for e in (0, 3)])
    with pytest.raises(TrainingError, match='import REBL-Pepper again'):
        AffectRegressor.of_dataset(data)


def test_features_do_not_see_legs_nor_size_nor_place() -> None:
    motion = corpus_streams(people=1, seconds=3.0).keypoints[0]
    moved = 1.3 * motion + [2.0, -1.0, 0.5]
    legs = [i for i, name in enumerate(BODY.names)
            if name.endswith(('Knee', 'Ankle', 'Toe', 'Heel'))]  # fmt: skip
    moved[:, legs] = 0.0
    np.testing.assert_allclose(
        affect_features(moved, 30.0), affect_features(motion, 30.0), atol=1e-5
    )


def test_faster_motion_has_other_features_and_is_finite_when_it_stands() -> None:
    motion = corpus_streams(people=1, seconds=4.0).keypoints[0]
    assert affect_features(motion[::2], 30.0)[0] > affect_features(motion, 30.0)[0]
    still = np.repeat(BODY.rest[None], 60, axis=0)
    assert np.isfinite(affect_features(still, 30.0)).all()


def test_spans_are_pleasant_less_unpleasant_and_excited_less_calm() -> None:
    emotions = np.repeat(np.arange(7), 2)
    ratings = np.zeros((14, 2))
    ratings[emotions == EMOTIONS.index('happiness'), 0] = 1.0  # one of two pleasant ones
    ratings[emotions == EMOTIONS.index('sadness')] = -0.8  # one of four unpleasant, two calm
    np.testing.assert_allclose(spans(ratings, emotions), [0.5 + 0.2, 0.4])
    np.testing.assert_allclose(spans(np.ones((14, 2)), emotions), 0.0)


def test_streams_are_judged_part_by_part() -> None:
    _, ratings = linear(20, noise=0.1)
    wide = np.random.default_rng(4).normal(size=(20, 22))
    regressor = AffectRegressor.train(wide, ratings)
    streams = corpus_streams(people=1, seconds=12.0)
    both = regressor.of_streams(streams)
    halves = [regressor.of_streams(streams.part(*span)) for span in ((0.0, 6.0), (6.0, 12.0))]
    np.testing.assert_allclose(both, np.mean(halves, axis=0), atol=1e-9)
    with pytest.raises(TrainingError, match='2 s or more'):
        regressor.of_streams(Streams(streams.keypoints[:, :30], streams.emotions[:, :30], 30.0))
