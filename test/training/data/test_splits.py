# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Splits that stay when clips come and go, and leaks that are found however they are hidden."""

from hypothesis import given, strategies as st
from moving import clip_of, SKELETON, swaying, walking
import numpy as np
import pytest

from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.training.data.prepare import prepare
from emotion_motion.training.data.splits import check_leaks, group_of, SplitRule
from emotion_motion.training.data.store import MotionDataset


def clip(seed=0, **fields):
    fields = {'source': f'{seed}.bvh', 'emotions': np.eye(7)[seed % 7], **fields}
    return prepare(clip_of(swaying(2.0, seed=seed), **fields), SKELETON)


def test_an_actor_is_the_group_where_known_else_the_source():
    known, unknown = clip(actor='Ann'), clip()
    assert group_of(known) == 'actor Ann'
    assert group_of(unknown) == 'source 0.bvh'
    assert group_of(known, 'source') == 'source 0.bvh'
    assert group_of(known, 'actor') == 'actor Ann'
    with pytest.raises(TrainingError, match='actor'):
        group_of(unknown, 'actor')
    with pytest.raises(TrainingError, match='actor and source'):
        group_of(clip(source=''))
    with pytest.raises(ConfigError, match='window'):
        SplitRule(by='window')


@given(st.text(max_size=30), st.integers(0, 2**40))
def test_a_group_has_one_split_whatever_else_there_is(group, seed):
    rule = SplitRule(seed=seed)
    assert rule.of_group(group) == rule.of_group(group)
    assert rule.of_group(group) in ('train', 'val', 'test')
    assert SplitRule(0.0, 0.0, seed).of_group(group) == 'train'
    assert SplitRule(1.0, 0.0, seed).of_group(group) == 'val'


def test_shares_hold_for_many_groups_and_seeds_differ():
    splits = [SplitRule(0.2, 0.1, 3).of_group(f'actor {n}') for n in range(4000)]
    assert splits.count('val') / 4000 == pytest.approx(0.2, abs=0.02)
    assert splits.count('test') / 4000 == pytest.approx(0.1, abs=0.02)
    assert splits != [SplitRule(0.2, 0.1, 4).of_group(f'actor {n}') for n in range(4000)]


@pytest.mark.parametrize('shares', [(-0.1, 0.1), (0.6, 0.5), (float('nan'), 0.1)])
def test_shares_that_cannot_be_are_refused(shares):
    with pytest.raises(ConfigError, match='share'):
        SplitRule(*shares)


def test_a_clean_data_set_passes():
    clips = [clip(seed, actor=f'actor {seed // 3}') for seed in range(12)]
    dataset = MotionDataset.from_clips(clips, splits=SplitRule(0.3, 0.3, seed=1))
    assert set(dataset.splits) == {'train', 'val', 'test'}, 'this test shall compare splits'
    check_leaks(dataset)


def test_an_actor_or_a_source_in_two_splits_is_named():
    clips = [clip(seed, actor='Ann') for seed in range(3)]
    dataset = MotionDataset.from_clips(clips, splits=['train', 'train', 'val'])
    with pytest.raises(TrainingError, match='actor Ann is in train and val'):
        check_leaks(dataset)
    by_source = MotionDataset.from_clips(
        clips, splits=['train', 'train', 'val'], manifest={'settings': {'group': 'source'}}
    )
    check_leaks(by_source)
    pieces = [clip(seed, source='long.bvh') for seed in range(2)]
    with pytest.raises(TrainingError, match=r'source long.bvh is in test and train'):
        check_leaks(MotionDataset.from_clips(pieces, splits=['test', 'train']))


@pytest.mark.parametrize('hide', ['copy', 'mirror', 'moved', 'resampled'])
def test_the_same_motion_under_another_name_is_found(hide):
    points = walking(3.0, rate_hz=60.0)
    again, rate_hz = {
        'copy': (points, 60.0),
        'mirror': (SKELETON.mirrored(points), 60.0),
        'moved': (points * 1.02 + np.array([3.0, -1.0, 0.2]), 60.0),
        'resampled': (points[::2], 30.0),
    }[hide]
    anger = np.eye(7)[0]
    first = clip_of(points, 60.0, source='a.bvh', emotions=anger)
    second = clip_of(again, rate_hz, source='b.bvh', emotions=anger)
    clips = [*(prepare(c, SKELETON) for c in (first, second)), *(clip(n) for n in range(4))]
    splits = ['train', 'val', 'train', 'val', 'test', 'train']
    with pytest.raises(TrainingError, match='same motion') as raised:
        check_leaks(MotionDataset.from_clips(clips, splits=splits))
    assert 'a.bvh (train)' in str(raised.value) and 'b.bvh (val)' in str(raised.value)
    check_leaks(MotionDataset.from_clips(clips, splits=['train'] * 6))


def test_a_motion_in_two_data_sets_leaks():
    first = MotionDataset.from_clips([clip(0, actor='1'), clip(1, actor='2')])
    clean = MotionDataset.from_clips([clip(3, actor='1')], splits=['val'])
    check_leaks(first, clean)
    copy = MotionDataset.from_clips([clip(1, source='other.bvh', actor='9')], splits=['test'])
    with pytest.raises(TrainingError, match=r'1\.bvh \(train\) and other\.bvh \(test\)|other'):
        check_leaks(first, clean, copy)
    check_leaks(first, MotionDataset.from_clips([clip(1, source='other.bvh')]))
