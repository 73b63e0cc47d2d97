# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np
import pytest
import torch

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.window_classifier import emotion_windows, WindowClassifier
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.corpus import make_clip, make_corpus


@pytest.fixture(scope='module')
def people():
    """Two people's clips of each emotion, not of the people in `strangers`."""
    return [make_clip(e, 20.0, 10 * n + 1, actor=n) for e in EMOTIONS for n in range(2)]


@pytest.fixture(scope='module')
def strangers():
    return [make_clip(e, 12.0, 900 + n, actor=50 + n) for e in EMOTIONS for n in range(2)]


@pytest.fixture(scope='module')
def judge(people):
    return WindowClassifier.train(people, seconds=1.0, steps=120)


def test_emotions_of_strangers_are_recognised(judge, strangers):
    found = judge.judge(strangers)
    assert found.accuracy > 0.7 and found.chance == pytest.approx(1 / 7)
    assert found.counts.sum() == 7 * 2 * 23
    assert np.allclose(found.confusion.sum(axis=1), 1.0)
    assert len(found.lines()) == 9


def test_emotions_cannot_be_told_where_labels_are_shuffled(people, strangers):
    """The judge has no way round the motion: wrong labels give chance."""
    rng = np.random.default_rng(0)
    wrong = [
        dataclasses.replace(clip, emotions=np.eye(7)[rng.integers(7)]) for clip in people
    ]
    judge = WindowClassifier.train(wrong, seconds=1.0, steps=40)
    assert judge.judge(strangers).accuracy < 0.5


def test_training_again_gives_the_same_judge_and_leaves_the_global_generator(people, strangers):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    windows, _ = emotion_windows(strangers[:1], 1.0)
    first, second = (WindowClassifier.train(people, steps=5, seed=3) for _ in range(2))
    assert np.array_equal(first.predict(windows), second.predict(windows))
    assert torch.equal(before, torch.get_rng_state())


def test_predictions_are_probabilities(judge, strangers):
    windows, labels = emotion_windows(strangers[:3], 1.0)
    found = judge.predict(windows)
    assert found.shape == (len(labels), 7) and np.allclose(found.sum(axis=1), 1.0, atol=1e-5)


def test_the_size_of_a_person_does_not_matter(judge):
    clip = make_clip('anger', 10.0, 5)
    tall = dataclasses.replace(clip, keypoints=1.9 * clip.keypoints)
    one, other = (judge.predict(emotion_windows([c], 1.0)[0]) for c in (clip, tall))
    assert np.allclose(one, other, atol=1e-3)


def test_windows_across_a_switch_are_left_out():
    clips = make_corpus(1.5, seed=3)
    windows, labels = emotion_windows(clips, 1.0)
    assert windows.shape[1:] == (30, 25, 3) and len(windows) == len(labels)
    pure = sum(
        clip.emotions[start : start + 30].min(axis=0).max() >= 0.7
        for clip in clips
        for start in range(0, len(clip) - 29, 15)
    )
    assert len(windows) == pure


def test_what_cannot_be_judged_is_refused(judge):
    clip = make_clip('fear', 3.0, 1)
    with pytest.raises(TrainingError, match='without emotions'):
        emotion_windows([dataclasses.replace(clip, emotions=None)], 1.0)
    with pytest.raises(TrainingError, match='no window'):
        emotion_windows([clip], 10.0)
    with pytest.raises(TrainingError, match='one emotion only'):
        WindowClassifier.train([clip], steps=1)
    with pytest.raises(TrainingError, match='this judge knows'):
        judge.predict(np.zeros((2, 60, 25, 3), np.float32))
