# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, strategies as st
import numpy as np
import pytest

from emotion_motion.emotion import dominant, EMOTIONS, VALENCE_AROUSAL, valence_arousal_weights
from emotion_motion.exceptions import EmotionError


def test_every_emotion_has_a_place():
    assert set(VALENCE_AROUSAL) == set(EMOTIONS)


def test_centre_of_each_emotion_is_mostly_it():
    for name, (valence, arousal) in VALENCE_AROUSAL.items():
        assert dominant(valence_arousal_weights(valence, arousal)) == name


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_every_point_is_an_emotion_and_near_the_middle_neutral(v, a):
    weights = valence_arousal_weights(v, a)
    assert (weights >= 0.0).all() and abs(weights.sum() - 1.0) < 1e-5
    assert valence_arousal_weights(0.05 * v, 0.05 * a)[4] > 0.85


@given(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9), st.floats(-1e-4, 1e-4))
def test_weights_change_as_the_ratings_do(v, a, step):
    near = valence_arousal_weights(v + step, a)
    assert np.abs(near - valence_arousal_weights(v, a)).max() < 0.01


def test_calm_and_pleasant_is_neutral_more_than_sad_or_happy():
    assert dominant(valence_arousal_weights(0.3, -0.4)) == 'neutral'


@pytest.mark.parametrize('point', [(2.0, 0.0), (0.0, -1.1), (float('nan'), 0.0), (0.0, 1e999)])
def test_point_off_the_plane_is_refused(point):
    with pytest.raises(EmotionError, match='from -1 to 1'):
        valence_arousal_weights(*point)
