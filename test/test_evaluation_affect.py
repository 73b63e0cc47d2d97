# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The regression on ratings of valence and arousal, and the spans that it gives."""

from __future__ import annotations

import numpy as np
import pytest

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation import affect_span
from emotion_motion.evaluation.affect_span import (
    affect_features,
    AffectRegressor,
    FEATURES,
    spans,
)
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


def test_the_strength_is_the_one_that_leaves_clips_out_best() -> None:
    """The closed form against fitting anew without each clip."""
    features, ratings = linear(15, noise=0.4)
    scale = ratings[:, 0]
    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    totals = []
    for strength in affect_span._STRENGTHS:
        errors = []
        for i in range(len(scale)):
            kept = np.arange(len(scale)) != i
            # The mean is a column of its own without a penalty.
            table = np.column_stack((standard[kept], np.ones(kept.sum())))
            penalty = np.diag([*np.full(standard.shape[1], strength), 0.0])
            found = np.linalg.solve(table.T @ table + penalty, table.T @ scale[kept])
            errors.append(scale[i] - np.append(standard[i], 1.0) @ found)
        totals.append(np.square(errors).sum())
    assert affect_span._strength(features, scale) == affect_span._STRENGTHS[np.argmin(totals)]
    assert len(set(totals)) > 1


def test_a_clip_that_is_left_out_has_no_part_in_its_own_prediction() -> None:
    features, ratings = linear(12, noise=0.3)
    scale = ratings[:, 0]
    strange = scale.copy()
    strange[3] += 1e6
    # Its prediction does not follow it, so that it is as wrong as it is strange, and R2 below 0. A
    # fit that had seen it would follow it in part.
    assert affect_span._leave_one_out(features, strange) < 0.0


def test_a_scale_is_read_from_its_own_features_alone() -> None:
    features, ratings = linear(30, noise=0.01)
    regressor = AffectRegressor.train(features, ratings, [[0, 2], [1]])
    assert np.count_nonzero(regressor.weights, axis=0).tolist() == [2, 1]
    changed = features.copy()
    changed[:, 1] += 5.0
    moved = regressor.predict(changed) - regressor.predict(features)
    np.testing.assert_allclose(moved[:, 0], 0.0, atol=1e-12)
    assert np.abs(moved[:, 1]).min() > 0.5


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


def test_features_do_not_see_legs_nor_size_nor_place_nor_heading() -> None:
    motion = corpus_streams(people=1, seconds=3.0).keypoints[0]
    turn = np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
    moved = 1.3 * motion @ turn.T + [2.0, -1.0, 0.5]
    legs = [i for i, name in enumerate(BODY.names)
            if name.endswith(('Knee', 'Ankle', 'Toe', 'Heel'))]  # fmt: skip
    moved[:, legs] = 0.0
    np.testing.assert_allclose(
        affect_features(moved, 30.0), affect_features(motion, 30.0), atol=1e-5
    )


def known(change: dict[str, np.ndarray], frames: int = 90) -> dict[str, float]:
    """Return the features of the rest pose with keypoints moved by `change` [T, 3]."""
    points = np.repeat(BODY.rest[None], frames, axis=0)
    for name, by in change.items():
        points[:, BODY.index(name)] += by
    return dict(zip(FEATURES, affect_features(points, 30.0), strict=True))


def test_features_of_motion_whose_features_are_known() -> None:
    time = np.arange(90) / 30.0
    still = known({})
    assert still['still_share'] == 1.0 and still['log_speed'] == pytest.approx(np.log(0.01))
    # Both wrists, two of six points, at 0.3 torsos a second.
    torso = np.linalg.norm(BODY.rest[BODY.index('Neck')] - BODY.rest[BODY.index('MidHip')])
    glide = np.outer(time, [0.3 * torso, 0.0, 0.0])
    moving = known({'LWrist': glide, 'RWrist': glide})
    assert moving['log_speed'] == pytest.approx(np.log(0.1 + 0.01), abs=0.02)
    assert moving['still_share'] < 0.3  # a far hand's forearm hardly turns any more
    # The nose goes down by as much as it is in front: the face pitches by 45 degrees.
    ears = 0.5 * (BODY.rest[BODY.index('LEar')] + BODY.rest[BODY.index('REar')])
    face = BODY.rest[BODY.index('Nose')] - ears
    down = np.array([0.0, 0.0, -face[2] - face[0]])
    assert known({'Nose': down})['head_pitch'] == pytest.approx(np.pi / 4)
    aside = np.where(time < 1.5, 1.0, -1.0)[:, None] * np.array([0.0, face[0], 0.0])
    shaking = known({'Nose': aside})
    assert shaking['head_yaw_spread'] == pytest.approx(np.pi / 4, rel=0.05)
    assert still['head_yaw_spread'] == pytest.approx(0.0, abs=1e-9)


def test_a_bent_elbow_is_seen_as_its_angle() -> None:
    change = {}
    for side in 'LR':
        shoulder, elbow = BODY.rest[BODY.index(f'{side}Shoulder')], BODY.index(f'{side}Elbow')
        upper = BODY.rest[elbow] - shoulder
        ahead = np.array([np.linalg.norm(upper), 0.0, 0.0])
        ahead -= upper * (ahead @ upper) / (upper @ upper)  # at a right angle to the upper arm
        change[f'{side}Wrist'] = BODY.rest[elbow] + ahead - BODY.rest[BODY.index(f'{side}Wrist')]
    assert known(change)['elbow_flexion'] == pytest.approx(np.pi / 2)


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
    wide = np.random.default_rng(4).normal(size=(20, len(FEATURES)))
    regressor = AffectRegressor.train(wide, ratings)
    streams = corpus_streams(people=1, seconds=12.0)
    both = regressor.of_streams(streams)
    halves = [regressor.of_streams(streams.part(*span)) for span in ((0.0, 6.0), (6.0, 12.0))]
    np.testing.assert_allclose(both, np.mean(halves, axis=0), atol=1e-9)
    with pytest.raises(TrainingError, match='2 s or more'):
        regressor.of_streams(Streams(streams.keypoints[:, :30], streams.emotions[:, :30], 30.0))
