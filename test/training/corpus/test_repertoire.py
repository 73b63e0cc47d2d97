# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures: how they are written, that people could make them, and how they follow each other."""

from human_limits import check_human
import numpy as np
import pytest

from emotion_motion.emotion import EMOTIONS
from emotion_motion.training.corpus.body import Body
from emotion_motion.training.corpus.corpus import corpus_proportions, make_clip
from emotion_motion.training.corpus.people import places, solve_poses
from emotion_motion.training.corpus.phrase import Phrase
from emotion_motion.training.corpus.repertoire import (
    accents,
    companions,
    families,
    families_of,
    Gesture,
)
from emotion_motion.training.corpus.score import minimum_jerk, Track
from emotion_motion.training.corpus.style import mixed_style, styles

FAMILIES = [(name, family) for name in EMOTIONS for family in families(name)]


POSES = solve_poses(Body())


def phrase_of(emotion, seed=0, kind=Phrase):
    return kind(np.random.default_rng(seed), styles(emotion)[0], 'l', POSES)


def named(emotion, name):
    return next(family for family in families(emotion) if family.name == name)


class Recorder(Phrase):
    """Keeps what its beats are called with."""

    def beat(self, **values):
        self.moves.append(values)


@pytest.mark.parametrize(
    'beats, wanted',
    [
        ([{'s': 0.5, 'head': [1, '2 * 3', '1 + -2 * 3']}], [{'s': 0.5, 'head': [1, 6, -5]}]),
        (
            [{'repeat': '2..2', 'beats': [{'s': 1, 'lead': 'a then b', 'trunk': ['3 * side']}]}],
            [{'s': 1, 'lead': 'a', 'trunk': [-3]}, {'s': 1, 'lead': 'b', 'trunk': [3]}],
        ),
        (
            [{'draw': {'high': '100%', 'x': '4..4'}}, {'s': 'x', 'both': 'if high a else b'}],
            [{'s': 4, 'both': 'a'}],
        ),
        ([{'s': 1, 'both': '0% a', 'lead': '0% a else b'}], [{'s': 1, 'both': None, 'lead': 'b'}]),
        ([{'draw': {'p': 'a or a'}}, {'s': 1, 'lead': 'p'}], [{'s': 1, 'lead': 'a'}]),
        ([{'chance': 0.0, 'beats': [{'s': 1}]}, {'s': 2, 'soft': True}], [{'s': 2, 'soft': True}]),
    ],
)
def test_a_gesture_is_played_as_it_is_written(beats, wanted):
    phrase = phrase_of('neutral', kind=Recorder)
    Gesture('one', {'share': 1.0, 'beats': beats, 'rest': 0.8})(phrase)
    assert phrase.moves == wanted


def test_each_emotion_has_at_least_nine_families_that_move():
    for name in EMOTIONS:
        assert len(families(name)) >= 9
        for family in families(name):
            phrase = phrase_of(name)
            family(phrase)
            assert family.share > 0.0 and phrase.moves and phrase.clock_s > 0.3, family.name
        assert set(companions(name)) <= set(places()) and accents(name)


@pytest.mark.parametrize('name, family', FAMILIES, ids=[f'{n}-{f.name}' for n, f in FAMILIES])
def test_every_family_is_possible_on_several_bodies(name, family):
    clips = [make_clip(name, 6.0, 3 + n, family=family, actor=n) for n in (2, 7)]
    for clip, actor in zip(clips, (2, 7), strict=True):
        check_human(clip, corpus_proportions(0, actor))
    assert np.abs(clips[0].keypoints - clips[1].keypoints).max() > 0.02


def test_fear_has_two_modes_of_other_speed_and_families():
    frozen, startled = (mixed_style(np.eye(7)[2], mode) for mode in (0, 1))
    assert frozen == styles('fear')[0] and startled.speed > 1.2 * frozen.speed
    names = [{family.name for family in families_of('fear', mode)[0]} for mode in (0, 1)]
    assert 'freeze' in names[0] - names[1] and 'jump' in names[1] - names[0]
    assert min(map(len, names)) >= 6


def test_surprise_is_a_burst_and_a_hold():
    peaks, after = [], []
    for seed in range(4):
        clip = make_clip('surprise', 1.9, 40 + seed, family=named('surprise', 'arms_fly_out'))
        moved = np.linalg.norm(np.diff(clip.keypoints, axis=0), axis=-1).mean(axis=1)
        first = int(moved[:30].argmax())
        peaks.append(moved[first])
        after.append(moved[first + 8 : first + 16].mean())
    assert np.mean(after) < 0.35 * np.mean(peaks)


def test_a_track_moves_without_jumps_and_arrives():
    track = Track(np.zeros(2))
    track.move(1.0, 2.0, np.array([1.0, -2.0]))
    track.move(1.5, 2.5, np.array([0.0, 0.0]))  # begins when the first has ended
    values = track.play(np.linspace(0.0, 4.0, 4001))
    assert np.abs(np.diff(values, axis=0)).max() < 0.009
    assert np.allclose(values[2000], (1.0, -2.0)) and np.allclose(values[-1], 0.0)
    assert minimum_jerk(np.array([-1.0, 0.0, 0.5, 1.0, 2.0])).tolist() == [0, 0, 0.5, 1, 1]


def test_gestures_of_one_phrase_flow_into_each_other():
    phrase = phrase_of('neutral', 1)
    phrase.flowing = True
    named('neutral', 'explain')(phrase)
    assert not any(move.values is None for move in phrase.moves)
    phrase.flowing = False
    named('neutral', 'nod')(phrase)
    home = {move.part for move in phrase.moves if move.values is None}
    assert {'l_arm', 'head'} <= home  # what the first gesture raised comes back as well


def test_a_long_hold_ends_where_the_next_gesture_needs_no_arm():
    phrase = phrase_of('disgust', 3)
    phrase.beat(0.5, lead='push_out')
    phrase.beat(0.5, head=(5, 0, 0), hold=6.0)
    phrase.rest()
    phrase.lower()
    raised, home, *_ = (move for move in phrase.moves if move.part == 'l_arm')
    assert raised.values is not None and home.values is None
    assert home.start_s - raised.end_s < 2.0
    assert [move.start_s for move in phrase.moves] == sorted(m.start_s for m in phrase.moves)


def test_an_idle_arm_accompanies_and_comes_back():
    phrase = phrase_of('anger', 2)
    phrase.beat(1.0, lead='point_out', hold=2.0)
    phrase.rest()
    phrase.accompany('hip')
    moves = [move for move in phrase.moves if move.part == 'r_arm']
    assert len(moves) == 2 and moves[-1].values is None
    both = phrase_of('anger', 2)
    both.beat(1.0, both='fist_up', hold=2.0)
    count = len(both.moves)
    both.accompany('hip')
    assert len(both.moves) == count
