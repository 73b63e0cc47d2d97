# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Real motion in the corpus: its sway, its key poses, its licences."""

import dataclasses
from pathlib import Path

from human_limits import check_human
import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.corpus.body import Body, CHANNELS, SIZE
from emotion_motion.training.corpus.carriers import body_channels, Carriers
from emotion_motion.training.corpus.corpus import corpus_proportions, make_clip, make_corpus
from emotion_motion.training.data.prepare import prepare

SHARED = Path(__file__).resolve().parents[4] / 'shared'
BODY = load_skeleton()


def prepared(emotion, seed, licence='', label='', seconds=12.0):
    clip = make_clip(emotion, seconds, seed, height_m=1.7)
    clip = dataclasses.replace(clip, licence=licence, label=label)
    return prepare(clip, BODY)


@pytest.fixture(scope='module')
def carriers():
    return Carriers.load(
        idle=[prepared('neutral', seed, 'MIT') for seed in (1, 2)],
        poses=[prepared('happiness', 3, 'CC-BY-4.0', 'Joy'), prepared('fear', 4, 'CC-BY-4.0')],
    )


def test_idle_takes_give_sway_and_animations_gestures(carriers):
    assert len(carriers.sways) == 2 and carriers.rate_hz == 30.0
    assert all(sway.shape[1] == SIZE for sway in carriers.sways)
    (joy,) = carriers.gestures['happiness']
    assert joy.name == 'animation_Joy' and len(joy.keys) > 2
    assert set(carriers.gestures) == {'happiness', 'fear'}


def test_motion_with_carriers_is_repeatable_valid_and_licensed(carriers):
    first, second = (make_corpus(2.0, seed=6, carriers=carriers) for _ in range(2))
    plain = make_corpus(2.0, seed=6)
    for one, other, without in zip(first, second, plain, strict=True):
        assert one.licence == 'Apache-2.0 AND MIT AND CC-BY-4.0'
        assert without.licence == 'Apache-2.0'
        assert one.keypoints.tobytes() == other.keypoints.tobytes()
        assert np.abs(one.keypoints - without.keypoints).max() > 0.01
        check_human(one, corpus_proportions(6, 0))


def test_animations_appear_among_the_gestures(carriers):
    content = make_clip('happiness', 240.0, 1, carriers=carriers).content
    assert 0 < content.count('animation_Joy') < 0.7 * len(content.split(', '))


def test_an_animation_is_played_through_its_own_poses(carriers):
    (family,) = carriers.gestures['happiness']
    clip = make_clip('happiness', 20.0, 1, family=family, carriers=carriers)
    channels = body_channels(clip.keypoints, Body())
    arms = np.concatenate([channels[:, CHANNELS[f'{side}_arm']] for side in 'lr'])
    for key in family.keys[-2:]:
        swing = np.hypot(*(arms[:, :2] - np.array(key.left.angles)[:2]).T)
        assert swing.min() < 15.0 < swing.max()


def test_sway_is_that_of_the_take_in_most_clips(carriers):
    noise = np.random.default_rng(0).standard_normal((300, SIZE))
    blends = [carriers.blend_sway(noise, np.random.default_rng(n), 30.0) for n in range(40)]
    untouched = [np.array_equal(blend, noise) for blend in blends]
    assert 0.1 < np.mean(untouched) < 0.6
    lent = next(b for b, same in zip(blends, untouched, strict=True) if not same)
    place = CHANNELS['trunk']
    assert np.abs(np.diff(lent[:, place], axis=0)).max() < 0.5  # smooth, unlike the noise
    long = carriers.blend_sway(np.zeros((3000, SIZE)), np.random.default_rng(7), 30.0)
    assert np.abs(np.diff(long, axis=0)).max() < 1.0  # no jump where the take is over
    assert np.array_equal(Carriers().blend_sway(noise, np.random.default_rng(0), 30.0), noise)


def test_carriers_that_do_not_fit_are_refused_short_ones_skipped():
    assert not Carriers.load(idle=[prepared('neutral', 1, seconds=3.0)]).sways
    clip = make_clip('neutral', 10.0, 1)
    with pytest.raises(TrainingError, match='prepared'):
        Carriers.load(idle=[clip])
    other = prepare(clip, BODY, rate_hz=25.0)
    with pytest.raises(TrainingError, match='one rate'):
        Carriers.load(idle=[other, prepared('neutral', 2)])


def test_real_idle_motion_makes_a_body_that_keeps_its_feet():
    takes = sorted((SHARED / 'data' / 'reactidle').glob('*.bvh'))[:2]
    if not takes:
        pytest.skip('no ReActIdle takes beside the repository')
    bvh = pytest.importorskip('emotion_motion.io.bvh.reader')
    idle = [dataclasses.replace(prepare(bvh.read_bvh(p), BODY), licence='MIT') for p in takes]
    carriers = Carriers.load(idle=idle)
    assert len(carriers.sways) == 2 and carriers.licences == ('MIT',)
    assert all(np.abs(sway).max() <= 3.0 for sway in carriers.sways)
    clip = make_clip('neutral', 20.0, 1, carriers=carriers)
    assert BODY.bone_error(clip.keypoints) < 1e-6
    ankles = clip.keypoints[:, [BODY.index('LAnkle'), BODY.index('RAnkle')]]
    assert (np.abs(np.diff(ankles, axis=0)).max(axis=(1, 2)) < 1e-6).mean() > 0.9
