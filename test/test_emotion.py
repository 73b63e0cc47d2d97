# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
from types import MappingProxyType

from hypothesis import given, strategies as st
import numpy as np
import pytest
from support import malformed, one_hot

from emotion_motion.emotion import (
    ALIASES,
    canonical_name,
    dominant,
    emotion_weights,
    EMOTIONS,
    format_emotion,
    mix,
    NEUTRAL_INDEX,
    recognised_distribution,
)
from emotion_motion.exceptions import EmotionError

WEIGHTS = st.lists(st.floats(0.0, 1e300), min_size=7, max_size=7).filter(any)
INTENSITIES = st.floats(0.0, 1.0)
NAMES = st.sampled_from([*EMOTIONS, *ALIASES])


def test_order_is_the_one_of_the_messages():
    assert EMOTIONS == ('anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness', 'surprise')
    assert NEUTRAL_INDEX == 4


def test_every_name_and_alias_stands_for_one_emotion():
    for name in EMOTIONS:
        np.testing.assert_array_equal(emotion_weights(name), one_hot(name))
    for alias, name in ALIASES.items():
        assert alias not in EMOTIONS
        np.testing.assert_array_equal(emotion_weights(alias), one_hot(name))


@given(NAMES, st.integers(0, 3), st.integers(0, 3))
def test_letter_case_and_spaces_do_not_matter(name, before, after):
    written = ' ' * before + name.swapcase() + '\t' * after
    assert canonical_name(written) == canonical_name(name)
    np.testing.assert_array_equal(emotion_weights(written), emotion_weights(name))


@pytest.mark.parametrize(
    ('spec', 'expected'),
    [
        ('happiness:0.7', {'happiness': 0.7, 'neutral': 0.3}),
        ('happiness:0.7, surprise:0.3', {'happiness': 0.7, 'surprise': 0.3}),
        ('happiness:0.5; surprise : 0.3', {'happiness': 0.5, 'surprise': 0.3, 'neutral': 0.2}),
        ('happiness, surprise', {'happiness': 0.5, 'surprise': 0.5}),
        ('happiness:3, surprise:1', {'happiness': 0.75, 'surprise': 0.25}),
        ('joy:0.2, happy:0.2', {'happiness': 0.4, 'neutral': 0.6}),
        ('neutral:0.5', {'neutral': 1.0}),
        ({'sad': 0.25, 'fear': 0.25}, {'sadness': 0.25, 'fear': 0.25, 'neutral': 0.5}),
        ({'sad': 2, 'fear': 2}, {'sadness': 0.5, 'fear': 0.5}),
        (MappingProxyType({'joy': 1}), {'happiness': 1.0}),
        ([0, 0, 0, 0.5, 0, 0, 0], {'happiness': 0.5, 'neutral': 0.5}),
        ((2, 0, 0, 2, 0, 0, 0), {'anger': 0.5, 'happiness': 0.5}),
        (np.full(7, 1e308), dict.fromkeys(EMOTIONS, 1 / 7)),
        (np.array([5e-324, 0, 0, 0, 0, 0, 0]), {'neutral': 1.0}),
    ],
)
def test_rest_goes_to_neutral_and_more_than_one_is_normalised(spec, expected):
    wanted = sum(share * one_hot(name) for name, share in expected.items())
    np.testing.assert_allclose(emotion_weights(spec), wanted, atol=1e-7)


@given(WEIGHTS, INTENSITIES)
def test_weights_are_a_distribution(values, intensity):
    weights = emotion_weights(values, intensity)
    assert weights.shape == (7,) and weights.dtype == np.float32
    assert (weights >= 0.0).all()
    assert weights.sum() == pytest.approx(1.0, abs=1e-6)


@given(WEIGHTS)
def test_weights_of_weights_are_the_same(values):
    once = emotion_weights(values)
    np.testing.assert_allclose(emotion_weights(once), once, atol=1e-6)


@given(st.lists(st.floats(0.0, 1.0), min_size=7, max_size=7).filter(any))
def test_text_mapping_and_numbers_agree(values):
    by_number = emotion_weights(values)
    named = dict(zip(EMOTIONS, values, strict=True))
    text = ', '.join(f'{name}:{value!r}' for name, value in named.items())
    np.testing.assert_array_equal(emotion_weights(named), by_number)
    np.testing.assert_array_equal(emotion_weights(text), by_number)


@given(WEIGHTS, INTENSITIES)
def test_intensity_mixes_with_neutral(values, intensity):
    full = emotion_weights(values)
    expected = (1.0 - intensity) * one_hot('neutral') + intensity * full
    np.testing.assert_allclose(emotion_weights(values, intensity), expected, atol=1e-6)


def test_input_is_not_changed():
    values = np.array([0.2, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0])
    before = values.copy()
    emotion_weights(values)
    np.testing.assert_array_equal(values, before)


@given(WEIGHTS)
def test_format_reads_back(values):
    weights = emotion_weights(values)
    # Two decimals, and what is below 0.005 is left out.
    np.testing.assert_allclose(emotion_weights(format_emotion(weights)), weights, atol=0.04)


def test_format_puts_the_largest_first():
    weights = emotion_weights('surprise:0.2, happiness:0.7')
    assert format_emotion(weights) == 'happiness:0.70, surprise:0.20, neutral:0.10'


def test_dominant_and_mix():
    assert dominant(emotion_weights('fear:0.6')) == 'fear'
    assert dominant(emotion_weights('fear:0.4')) == 'neutral'
    mixed = mix(one_hot('fear'), one_hot('anger'), 0.25)
    np.testing.assert_allclose(mixed, 0.75 * one_hot('fear') + 0.25 * one_hot('anger'))


@given(st.lists(st.floats(-1e30, 1e30), min_size=14, max_size=14))
def test_recognised_is_clipped_and_normalised(values):
    scores = np.array(values, dtype=np.float32).reshape(2, 7)
    weights = recognised_distribution(scores)
    assert weights.shape == (2, 7)
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, atol=1e-5)
    for row, score in zip(weights, scores, strict=True):
        if (score > 1e-30).any():
            positive = np.clip(score.astype(np.float64), 0, None)
            np.testing.assert_allclose(row, positive / positive.sum(), atol=1e-5)


@pytest.mark.parametrize('score', [0.0, -1.0, float('nan')])
def test_nothing_recognised_is_neutral(score):
    np.testing.assert_array_equal(recognised_distribution(np.full(7, score)), one_hot('neutral'))


@pytest.mark.parametrize(
    'case',
    [*malformed('emotions.text'), *malformed('emotions.weights'), *malformed('emotions.objects')],
)
def test_bad_emotion_is_refused_by_name(case):
    with pytest.raises(EmotionError) as error:
        emotion_weights(case['value'])
    assert case['says'] in str(error.value)


@pytest.mark.parametrize('case', malformed('emotions.intensities'))
def test_bad_intensity_is_refused_by_name(case):
    with pytest.raises(EmotionError) as error:
        emotion_weights('joy', case['value'])
    assert case['says'] in str(error.value)


@given(
    st.text(max_size=40)
    | st.binary(max_size=9)
    | st.lists(st.none() | st.floats() | st.integers() | st.text(max_size=3), max_size=8)
    | st.dictionaries(NAMES | st.text(max_size=5), st.floats() | st.none(), max_size=4)
)
def test_whatever_comes_gives_weights_or_the_error(spec):
    try:
        weights = emotion_weights(spec)
    except EmotionError as error:
        assert len(str(error)) < 1000
    else:
        assert np.isfinite(weights).all() and weights.sum() == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize('spec', [10**400, {'joy': 10**400}, [10**400] * 7])
def test_whole_numbers_past_the_largest_float(spec):
    with pytest.raises(EmotionError):
        emotion_weights(spec)
    with pytest.raises(EmotionError):
        emotion_weights('joy', 10**400)


def test_long_input_makes_a_short_message():
    for spec in ('x' * 10_000, {'joy:0': 0, 'y' * 10_000: 1}, 'joy:0,' * 5000):
        with pytest.raises(EmotionError) as error:
            emotion_weights(spec)
        assert len(str(error.value)) < 1000
