# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the node that need no graph."""

from __future__ import annotations

import itertools

from builtin_interfaces.msg import Time
from hypothesis import given, strategies as st
import numpy as np
import pytest
from support import malformed, one_hot

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import emotion_weights, EMOTIONS
from emotion_motion.exceptions import EmotionError
from emotion_motion.generator import MotionGenerator
from emotion_motion.msg import Emotion
from emotion_motion.ros.demo import tour_emotion
from emotion_motion.ros.node.conversions import emotion_of_message, KeypointsMessage
from emotion_motion.ros.node.emotion_input import (
    EmotionInput,
    expression_weights,
    EXPRESSIONS,
    FADE_S,
)
from emotion_motion.ros.node.health import LoopStatistics, STEPS_KEPT
from emotion_motion.ros.node.live_motion import LiveMotion
from emotion_motion.ros.node.parameters import MotionParameters
from emotion_motion.viewer.controls import TOUR

NEUTRAL = one_hot('neutral')


def as_weights(emotion: np.ndarray) -> bool:
    return bool((emotion >= 0.0).all() and abs(emotion.sum() - 1.0) < 1e-5)


# EmotionInput


def test_emotion_without_timeout_never_ends() -> None:
    emotion = EmotionInput(NEUTRAL)
    np.testing.assert_array_equal(emotion.at(0.0), NEUTRAL)
    emotion.set(one_hot('fear'), 1.0)
    np.testing.assert_array_equal(emotion.at(1e9), one_hot('fear'))
    assert emotion.age_s(3.0) == 2.0


@given(st.lists(st.floats(0.0, 20.0), min_size=2).map(sorted))
def test_emotion_fades_steadily_and_ends_neutral(times: list[float]) -> None:
    emotion = EmotionInput(NEUTRAL)
    emotion.timeout_s = 5.0
    emotion.set(one_hot('anger'), 0.0)
    shown = [emotion.at(time) for time in times]
    assert all(as_weights(weights) for weights in shown)
    for earlier, later in itertools.pairwise(shown):
        assert later[4] >= earlier[4]
    np.testing.assert_array_equal(emotion.at(5.0), one_hot('anger'))
    np.testing.assert_allclose(emotion.at(5.0 + FADE_S), NEUTRAL)


def test_new_emotion_ends_the_fade_and_none_is_younger_than_new() -> None:
    emotion = EmotionInput(NEUTRAL)
    emotion.timeout_s = 1.0
    emotion.set(one_hot('anger'), 0.0)
    emotion.at(100.0)
    emotion.set(one_hot('fear'), 100.0)
    np.testing.assert_array_equal(emotion.at(100.5), one_hot('fear'))
    assert emotion.age_s(3.0) == 0.0, 'the clock was set back'


# Expressions


def test_labels_are_known_and_the_basic_ones_are_exact() -> None:
    assert len(EXPRESSIONS) == 25
    for label in EXPRESSIONS:
        assert as_weights(expression_weights(label, 0.0, 0.0))
    basic = ('angry', 'disgusted', 'scared', 'happy', 'neutral', 'sad', 'surprised')
    for name, label in zip(EMOTIONS, basic, strict=True):
        np.testing.assert_array_equal(expression_weights(label, 0.0, 0.0), one_hot(name))


def test_label_wins_over_valence_and_arousal() -> None:
    np.testing.assert_array_equal(expression_weights(' Happy', -1.0, 0.2), one_hot('happiness'))
    np.testing.assert_array_equal(expression_weights('joy', -9.0, 0.2), one_hot('happiness'))


@pytest.mark.parametrize('label', ['melancholy', 'happy sad', '0'])
def test_unknown_label_is_refused(label: str) -> None:
    with pytest.raises(EmotionError, match=label):
        expression_weights(label, 0.0, 0.0)


# Messages


@given(st.sampled_from(EMOTIONS), st.floats(0.0, 1.0, width=32))
def test_emotion_message_means_what_python_means(name: str, intensity: float) -> None:
    message = Emotion(weights=one_hot(name), intensity=intensity)
    np.testing.assert_allclose(
        emotion_of_message(message), emotion_weights(name, intensity), atol=1e-6
    )


@pytest.mark.parametrize('case', malformed('emotions.intensities'))
def test_wrong_intensity_is_refused(case: dict[str, object]) -> None:
    if isinstance(case['value'], float):
        with pytest.raises(EmotionError):
            emotion_of_message(Emotion(weights=NEUTRAL, intensity=case['value']))


def test_keypoints_of_two_coordinates_are_published_in_space() -> None:
    flat = load_skeleton().flat()
    message = KeypointsMessage(flat).fill(flat.rest.astype(np.float32), Time(), 'frame')
    assert message.skeleton == 'body_25_2d'
    points = np.array([(p.x, p.y, p.z) for p in message.points])
    assert np.allclose(points, flat.in_space(flat.rest), atol=1e-6)


# Statistics


def ticked(*times_s: float, period_s: float = 0.02) -> LoopStatistics:
    statistics = LoopStatistics()
    for time_s in times_s:
        statistics.tick(time_s, period_s)
    return statistics


@pytest.mark.parametrize(
    ('times_s', 'misses', 'rate_hz'),
    [
        (np.arange(300) * 0.02, 0, 50.0),
        ((0.0, 0.032), 1, 31.25),
        ((100.0, 100.02, 3.0, 3.02), 0, 50.0),  # the clock was set back
    ],
    ids=['even', 'late', 'set back'],
)
def test_ticks_make_a_rate_and_misses(times_s, misses: int, rate_hz: float) -> None:
    statistics = ticked(*times_s)
    assert statistics.misses == misses
    assert statistics.rate_hz(times_s[-1]) == pytest.approx(rate_hz)
    assert statistics.rate_hz(times_s[-1] + 5.0) == 0.0, 'the ticks have stopped'


@given(st.integers(2, 200))
def test_ticks_left_out_are_counted(left_out: int) -> None:
    assert ticked(0.0, 0.02, 0.02 + 0.02 * (left_out + 1)).misses == left_out


def test_pause_that_is_meant_is_no_miss() -> None:
    statistics = ticked(0.0, 0.02)
    statistics.restart()
    statistics.tick(60.0, 0.02)
    assert statistics.misses == 0


def test_memory_of_statistics_is_bounded() -> None:
    statistics = LoopStatistics()
    for number in range(20000):
        statistics.tick(number * 0.001, 0.001)
        statistics.step([0.001])
    assert len(statistics._ticks) < 2100 and len(statistics._step_times_s) == STEPS_KEPT
    assert statistics.step_ms(50) == pytest.approx(1.0)


# LiveMotion


@pytest.fixture
def motion(checkpoint: Checkpoint) -> LiveMotion:
    return LiveMotion(MotionGenerator(checkpoint, seed=3))


def test_motion_begins_at_rest_and_goes_when_nothing_holds_it(motion: LiveMotion) -> None:
    begin = motion.pose.keypoints
    for number in range(30):
        motion.advance(1.0 / 30.0, number / 30.0)
    np.testing.assert_array_equal(motion.pose.keypoints, begin)
    assert motion.generator.steps == 0
    motion.hold('user', True)
    motion.hold('inactive', False)
    assert motion.playback.held
    motion.hold('user', False)
    for number in range(30):
        motion.advance(1.0 / 30.0, number / 30.0)
    assert motion.generator.steps > 20


@pytest.mark.parametrize('rate_hz', [30.0, 60.0, 100.0])
def test_emotion_is_in_the_very_next_model_frame(checkpoint: Checkpoint, rate_hz: float) -> None:
    """Two runs with one seed part at the first model step after the emotion, not later."""
    twins = [LiveMotion(MotionGenerator(checkpoint, seed=3)) for _ in range(2)]
    for twin in twins:
        twin.hold('inactive', False)
        twin.apply(MotionParameters(rate_hz=rate_hz), {})
    for number in range(200):
        now_s = number / rate_hz
        if number == 100:
            twins[1].emotion.set(one_hot('anger'), now_s)
        poses = [twin.advance(1.0 / rate_hz, now_s) for twin in twins]
        same = np.array_equal(poses[0].keypoints, poses[1].keypoints)
        if number >= 100 and poses[0].stepped:
            assert not same
            return
        assert same
    pytest.fail('the model never stepped')


def test_draws_of_unseeded_runs_differ_and_can_be_repeated(checkpoint: Checkpoint) -> None:
    motion = LiveMotion(MotionGenerator(checkpoint, seed=3))
    seeds = set()
    for _ in range(3):
        motion.reset()
        seeds.add(motion.generator.seed)
    assert len(seeds) == 3 and all(0 <= seed < 2**31 for seed in seeds)
    motion.apply(MotionParameters(seed=9), {})
    motion.reset()
    assert motion.generator.seed == 9


# The walk


def test_walk_visits_all_seven_in_equal_times() -> None:
    asked = [tour_emotion(2.0 * number + 1.0, emotion_s=2.0) for number in range(8)]
    assert asked == [*TOUR, TOUR[0]] and set(TOUR) == set(EMOTIONS)
