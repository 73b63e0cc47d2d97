# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from emotion_motion.evaluation.measures.distribution import (
    diversity,
    frechet,
    frechet_against_floor,
    variety,
    Windows,
)
from emotion_motion.evaluation.measures.repetition import Novelty
from emotion_motion.evaluation.reference import corpus_streams
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError

RATE = 30.0


def samples_of(mean, covariance, count, seed=0):
    """Samples whose mean and covariance are exactly these."""
    draws = np.random.default_rng(seed).normal(size=(count, len(mean)))
    draws -= draws.mean(axis=0)
    white = draws @ np.linalg.inv(np.linalg.cholesky(np.cov(draws.T)).T)
    return white @ np.linalg.cholesky(covariance).T + mean


def turned(values, seed):
    """A covariance with these eigenvalues."""
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values), len(values))))[0]
    return basis @ np.diag(values) @ basis.T


# Frechet distance


def test_the_distance_of_two_gaussians_is_that_of_the_formula():
    means = np.zeros(3), np.array([1.0, -2.0, 0.5])
    first = samples_of(means[0], np.diag([1.0, 4.0, 9.0]), 50)
    second = samples_of(means[1], np.diag([4.0, 1.0, 9.0]), 70, seed=1)
    assert frechet(first, second, shrink=False) == pytest.approx(5.25 + 1.0 + 1.0)
    assert frechet(first, first, shrink=False) == pytest.approx(0.0, abs=1e-9)


def test_covariances_need_not_have_the_same_axes():
    one, two = turned([1.0, 2.0, 7.0, 0.3], 1), turned([3.0, 0.5, 1.0, 4.0], 2)
    mixed = np.sqrt(np.linalg.eigvals(one @ two).real).sum()
    wanted = np.trace(one) + np.trace(two) - 2.0 * mixed
    first, second = samples_of(np.zeros(4), one, 60), samples_of(np.zeros(4), two, 60, 1)
    assert frechet(first, second, shrink=False) == pytest.approx(wanted)
    assert frechet(second, first, shrink=False) == pytest.approx(wanted)


def test_shrinking_brings_few_samples_nearer_to_the_truth():
    scale = np.sqrt(np.geomspace(2.0, 0.2, 40))
    rng = np.random.default_rng(0)
    truth = np.square(2.0 * scale - scale).sum()
    few = [
        (scale * rng.normal(size=(30, 40)), 2.0 * scale * rng.normal(size=(30, 40)))
        for _ in range(6)
    ]
    plain, shrunk = (np.mean([frechet(*pair, shrink=s) for pair in few]) for s in (False, True))
    assert abs(shrunk - truth) < 0.7 * abs(plain - truth)
    large = scale * rng.normal(size=(20000, 40)), 2.0 * scale * rng.normal(size=(20000, 40))
    assert frechet(*large) == pytest.approx(truth, rel=0.03)


# Against the floor


def people(count, windows, *, seed, shift=0.0, spread=1.0, personal=0.5, emotions=range(7)):
    """Features of people: an emotion's place, a person's place about it, windows about that."""
    rng, rows, labels = np.random.default_rng(seed), [], []
    for emotion in emotions:
        for person in range(count):
            place = shift + 3.0 * np.eye(12)[emotion] + personal * rng.normal(size=12)
            rows.append(place + spread * rng.normal(size=(windows, 12)))
            labels += [(emotion, person, float(start)) for start in range(windows)]
    emotion, person, start = (np.array(column) for column in zip(*labels, strict=True))
    return Windows(np.concatenate(rows), emotion, person, start)


REFERENCE = people(12, 40, seed=1)


def test_other_people_are_as_far_as_the_reference_from_itself():
    measured = frechet_against_floor(people(6, 40, seed=2), REFERENCE)
    assert 0.8 < measured.ratio < 1.3
    assert measured.windows == 7 * 6 * 40 and measured.splits == 20
    assert measured.ratio == pytest.approx(measured.distance / measured.floor)


def test_what_moves_elsewhere_collapses_or_scatters_is_farther():
    for changed in ({'shift': 0.5}, {'spread': 0.3, 'personal': 0.1}, {'spread': 2.0}):
        assert frechet_against_floor(people(6, 40, seed=2, **changed), REFERENCE).ratio > 3.0


def test_the_ratio_does_not_depend_on_how_much_motion_there_is():
    few = frechet_against_floor(people(2, 12, seed=3), REFERENCE)
    much = frechet_against_floor(people(30, 100, seed=3), REFERENCE)
    assert few.windows == 7 * 2 * 12 and much.windows == 7 * 6 * 40
    assert few.distance > 2.0 * much.distance  # a distance does
    assert 0.6 < few.ratio < 1.5 and 0.7 < much.ratio < 1.4


def test_emotions_exchanged_are_seen_in_any_one_of_them():
    model = people(6, 40, seed=2)
    exchanged = Windows(model.features, (model.emotions + 1) % 7, model.movers, model.starts_s)
    only = exchanged.emotions == 0
    part = Windows(*(values[only] for values in vars(exchanged).values()))
    assert frechet_against_floor(part, REFERENCE).ratio > 3.0


# Diversity and variety


def test_diversity_is_how_far_seeds_are_from_each_other():
    places = 3.0 * np.eye(4)  # four movers, each as far from each other: 3 sqrt 2
    rows, movers = np.repeat(places, 10, axis=0), np.repeat(np.arange(4), 10)
    windows = Windows(rows, np.full(40, 2), movers, np.tile(np.arange(10.0), 4))
    measured = diversity(windows)
    assert measured[2] == pytest.approx(3.0 * np.sqrt(2.0))
    assert np.isnan(np.delete(measured, 2)).all()
    assert variety(windows)[2] == 0.0  # each does one thing for ever


def test_seeds_that_do_the_same_have_no_diversity_but_variety():
    wave = np.stack((np.arange(20) // 5 % 2, np.zeros(20)), axis=1).astype(float)
    rows, movers = 2.0 * np.tile(wave, (3, 1)), np.repeat(np.arange(3), 20)
    windows = Windows(rows, np.zeros(60, dtype=int), movers, np.tile(np.arange(20.0), 3))
    assert 0.8 < variety(windows)[0] < 1.4
    one = Windows(*(values[:20] for values in vars(windows).values()))
    assert np.isnan(diversity(one)).all() and variety(one)[0] > 0.8


def test_windows_of_variety_are_apart():
    for count, wanted in ((4, np.nan), (5, 4.0)):  # a second from one to the next
        labels = np.zeros(count, dtype=int)
        windows = Windows(np.arange(count)[:, None], labels, labels, np.arange(count))
        np.testing.assert_equal(variety(windows)[0], wanted)


def test_draws_are_repeated():
    for measure in (diversity, variety):
        assert np.array_equal(measure(REFERENCE), measure(REFERENCE))
    one, two = (frechet_against_floor(REFERENCE, REFERENCE, splits=3) for _ in range(2))
    assert one == two


# Novelty


@pytest.fixture(scope='module')
def corpus():
    return corpus_streams(people=4, seconds=10.0, seed=3)


def test_a_replay_is_at_no_distance_and_other_people_are(corpus):
    known, unseen = corpus.chosen(range(0, 28, 2)), corpus.chosen(range(1, 28, 2))
    novelty = Novelty([known])
    replayed, other = novelty.distances(known), novelty.distances(unseen)
    assert np.nanmax(replayed) < 1e-6 < 0.02 < np.nanmin(other)
    late = Streams(
        known.keypoints[:, 1:] + np.float32([1.0, 0.0, 0.0]), known.emotions[:, 1:], RATE
    )
    assert np.nanmedian(novelty.distances(late)) < 0.3 * np.nanmedian(other)


def test_what_stands_still_is_left_out(corpus):
    novelty = Novelty([corpus])
    frozen = Streams(np.repeat(corpus.keypoints[:2, :1], 300, axis=1), corpus.emotions[:2], RATE)
    assert np.isnan(novelty.distances(frozen)).all()
    for nothing in ([frozen], [corpus.part(0.0, 0.5)], []):
        with pytest.raises(TrainingError, match='moves for a second'):
            Novelty(nothing)
