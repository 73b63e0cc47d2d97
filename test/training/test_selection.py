# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The free run that selects: what it measures in data and models, and what it prefers."""

import dataclasses
import math

import numpy as np
import pytest
from support import one_hot, random_checkpoint
import torch

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import Checkpoint, Normaliser
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import TrainingError
from emotion_motion.generator import MotionGenerator
from emotion_motion.io.clip import Clip
from emotion_motion.settings import SamplerConfig
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.free_run import free_run, longest_still_s, smoothed_speed, thirds
from emotion_motion.training.selection import Reference, score_checkpoint, WEIGHTS

BODY = load_skeleton()
RATE_HZ = 30.0


def gliding(speed: float, emotions: np.ndarray | str, seconds: float = 4.0, **about) -> Clip:
    """Return a body that glides to its left at a speed [body heights / s]."""
    points = np.repeat(BODY.rest[None], round(seconds * RATE_HZ), axis=0)
    points[..., 1] += (np.arange(len(points)) * speed / RATE_HZ)[:, None]
    emotions = one_hot(emotions) if isinstance(emotions, str) else emotions
    return Clip(keypoints=points, rate_hz=RATE_HZ, emotions=emotions, prepared=True, **about)


def measured(*clips: Clip, splits: tuple[str, ...] | None = None, **how) -> Reference:
    return Reference.measure([MotionDataset.from_clips(clips, splits=splits)], **how)


def own_motion(checkpoint: Checkpoint, names: tuple[str, ...], seconds: float = 8.0) -> Reference:
    """Return how a checkpoint itself moves when asked for some emotions."""
    generator = MotionGenerator(checkpoint, batch_size=len(names), seed=77, body_height_m=1.0)
    run = free_run(generator, seconds, names)
    about = {'rate_hz': run.rate_hz, 'prepared': True}
    clips = [
        Clip(keypoints=points, emotions=one_hot(name), **about)
        for name, points in zip(names, run.keypoints, strict=True)
    ]
    return measured(*clips)


def slowed(checkpoint: Checkpoint, share: float) -> Checkpoint:
    """Return a checkpoint whose every displacement is a share of what it was."""
    model = random_checkpoint().model
    model.load_state_dict(checkpoint.model.state_dict())
    model.unit.mul_(share)
    unit = checkpoint.normaliser.unit * share
    normaliser = dataclasses.replace(checkpoint.normaliser, unit=unit)
    return dataclasses.replace(checkpoint, model=model, normaliser=normaliser)


# One stretch of motion


@pytest.mark.parametrize('dims', [2, 3])
def test_the_speed_of_a_glide_is_its_speed(dims):
    points = gliding(0.5, 'fear').keypoints[..., -dims:]
    assert smoothed_speed(points, RATE_HZ) == pytest.approx(0.5, rel=1e-3)
    parts = thirds(points, RATE_HZ)
    assert parts.speed_m_s == pytest.approx(0.5, rel=1e-3) and not parts.still.any()
    assert parts.jerk == pytest.approx(0.0, abs=1e-6)


def test_thirds_of_a_second_tell_when_it_stands():
    moving, still = gliding(1.0, 'fear', 2.0).keypoints, gliding(0.0, 'fear', 3.0).keypoints
    points = np.concatenate((moving, still + (moving[-1] - still[0])))
    parts = thirds(points, RATE_HZ)
    begins = parts.first + np.arange(len(parts.still)) * parts.size
    assert not parts.still[begins + parts.size < 57].any()
    assert parts.still[begins > 63].all()
    assert longest_still_s(parts.still, RATE_HZ) == pytest.approx(8 / 3, abs=0.34)


def test_jitter_is_no_speed_but_jerk():
    random = np.random.default_rng(0)
    still = gliding(0.0, 'fear').keypoints
    trembling = still + random.normal(scale=0.004, size=still.shape)
    assert thirds(trembling, RATE_HZ).still.all()
    assert (thirds(trembling, RATE_HZ).jerk > 10 * 0.002).all()


# The data


def test_manners_are_those_of_an_emotion_s_clips_at_that_height():
    clips = gliding(0.2, 'happiness'), gliding(0.4, 'happiness'), gliding(0.01, 'sadness')
    reference = measured(*clips, body_height_m=1.6)
    assert tuple(reference.manners) == ('happiness', 'sadness')
    happy, sad = reference.manners['happiness'], reference.manners['sadness']
    assert happy.speed_m_s == pytest.approx(0.3 * 1.6, rel=1e-3)
    assert happy.still_share == 0.0 and happy.longest_still_s == 0.0
    assert sad.speed_m_s == pytest.approx(0.016, rel=1e-2)
    assert sad.still_share == 1.0 and sad.longest_still_s == pytest.approx(3.67, abs=0.01)
    assert happy.seconds == pytest.approx(2 * 3.67, abs=0.01)


def test_emotions_that_change_within_a_clip_are_told_apart():
    quick, slow = gliding(0.9, 'anger', 5.0), gliding(0.1, 'neutral', 5.0)
    points = np.concatenate(
        (quick.keypoints, slow.keypoints + (quick.keypoints[-1] - slow.keypoints[0]))
    )
    emotions = np.concatenate((quick.emotions, slow.emotions))
    clip = dataclasses.replace(quick, keypoints=points, emotions=emotions, confidence=None)
    reference = measured(clip, body_height_m=1.0)
    # A third of a second at the change has both speeds.
    assert reference.manners['anger'].speed_m_s == pytest.approx(0.9, rel=0.05)
    assert reference.manners['neutral'].speed_m_s == pytest.approx(0.1, rel=0.6)


def test_a_mixture_belongs_to_what_weighs_half_or_most():
    half = 0.5 * (one_hot('anger') + one_hot('disgust'))
    most = 0.4 * one_hot('fear') + 0.3 * one_hot('neutral') + 0.3 * one_hot('surprise')
    assert tuple(measured(gliding(0.2, half)).manners) == ('anger', 'disgust')
    assert tuple(measured(gliding(0.2, most)).manners) == ('fear',)


def test_validation_clips_are_measured_others_where_few_exist():
    clips = [gliding(0.2, 'fear', 12.0), gliding(0.8, 'fear', 12.0), gliding(0.6, 'anger', 12.0)]
    for order in ((0, 1, 2), (2, 1, 0)):
        splits = np.array(['val', 'train', 'train'])[list(order)]
        reference = measured(*(clips[i] for i in order), splits=tuple(splits), body_height_m=1.0)
        assert reference.manners['fear'].speed_m_s == pytest.approx(0.2, rel=1e-3)
        assert reference.manners['anger'].speed_m_s == pytest.approx(0.6, rel=1e-3)


def test_clips_for_the_final_test_are_never_looked_at():
    clips = [gliding(0.2, 'fear'), gliding(0.8, 'fear'), gliding(0.5, 'anger')]
    reference = measured(*clips, splits=('train', 'test', 'test'), body_height_m=1.0)
    assert tuple(reference.manners) == ('fear',)
    assert reference.manners['fear'].speed_m_s == pytest.approx(0.2, rel=1e-3)
    with pytest.raises(TrainingError, match='got 0 clips'):
        measured(clips[0], splits=('test',))


def test_the_requested_seconds_are_measured_chosen_by_seed():
    clips = [gliding(0.05 * 1.2**i, 'fear') for i in range(20)]
    first, again, other = (
        measured(*clips, seconds=12.0, seed=seed).manners['fear'] for seed in (0, 0, 1)
    )
    assert first == again and first.speed_m_s != other.speed_m_s
    assert first.seconds == pytest.approx(11.0, abs=0.1)  # three clips of 4 s


def test_keypoints_that_nobody_measured_do_not_count():
    clip = gliding(0.5, 'fear')
    legs = [i for group in ('left_leg', 'right_leg') for i in BODY.groups[group]]
    points, confidence = clip.keypoints.copy(), clip.confidence.copy()
    points[:, legs], confidence[:, legs] = points[0, legs], 0.0
    clip = dataclasses.replace(clip, keypoints=points, confidence=confidence)
    reference = measured(clip, body_height_m=1.0)
    assert not reference.keypoints[legs].any()
    assert reference.keypoints.sum() == BODY.size - len(legs)
    assert reference.manners['fear'].speed_m_s == pytest.approx(0.5, rel=1e-3)


def test_several_data_sets_count_by_their_shares():
    slow = MotionDataset.from_clips([gliding(0.2, 'fear') for _ in range(80)])
    fast = MotionDataset.from_clips([gliding(0.8, 'fear') for _ in range(10)])
    for shares, speed in (((0.5, 0.5), 0.5), ((0.8, 0.2), 0.32), ((), 0.2667)):
        reference = Reference.measure([slow, fast], shares=shares, seconds=80.0, body_height_m=1.0)
        assert reference.manners['fear'].speed_m_s == pytest.approx(speed, rel=0.1), shares


def test_a_data_set_that_measures_less_of_the_body_stays_out():
    confidence = np.ones((120, 25))
    confidence[:, 10] = 0.0
    part = gliding(0.8, 'fear', confidence=confidence)
    both = [MotionDataset.from_clips([one]) for one in (gliding(0.2, 'fear'), part)]
    reference = Reference.measure(both, body_height_m=1.0)
    assert reference.keypoints.all()
    assert reference.manners['fear'].speed_m_s == pytest.approx(0.2, rel=0.05)


def test_clips_that_are_too_short_are_refused():
    with pytest.raises(TrainingError, match='too short'):
        measured(gliding(0.5, 'fear', 0.4))


# The score


@pytest.fixture(scope='module')
def lively() -> Checkpoint:
    # Its own settings: what random weights make of them is nothing to the defaults.
    warm = SamplerConfig(temperature=1.0, variance_div=2.0, movement_weight=0.5, pose_radius=1.0)
    return dataclasses.replace(random_checkpoint(4), sampler=warm)


@pytest.fixture(scope='module')
def reference(lively) -> Reference:
    return own_motion(lively, ('anger', 'sadness'))


def score(checkpoint: Checkpoint, reference: Reference, **how):
    return score_checkpoint(checkpoint, reference, **{'seconds': 4.0, **how})


@pytest.mark.usefixtures('keep_global_random_state')
def test_the_seed_decides_the_score(lively, reference):
    first, again, other = (score(lively, reference, seed=seed) for seed in (0, 0, 1))
    assert first == again and first.value != other.value


def test_the_value_is_the_weighted_sum_of_parts_from_0_to_1(lively, reference):
    result = score(lively, reference)
    assert result.parts.keys() == WEIGHTS.keys()
    assert all(0.0 <= part <= 1.0 for part in result.parts.values())
    assert result.value == pytest.approx(sum(WEIGHTS[n] * p for n, p in result.parts.items()))
    metrics = result.metrics()
    assert metrics['free_run/score'] == result.value
    assert metrics['free_run/speed'] == result.parts['speed']
    assert metrics['free_run/speed_ratio/anger'] == result.speed_ratio['anger']


def test_a_model_is_like_its_own_motion(lively, reference):
    result = score(lively, reference)
    for name, ratio in result.speed_ratio.items():
        assert 0.5 < ratio < 2.0, name
    assert result.parts['speed'] < 0.4 and result.parts['freeze'] < 0.1


def test_a_frozen_model_scores_worse_than_a_moving_one(lively, reference):
    moving, frozen = score(lively, reference), score(slowed(lively, 1e-4), reference)
    for part in ('speed', 'freeze', 'still'):
        assert frozen.parts[part] > moving.parts[part] + 0.3, part
    assert frozen.value > moving.value + 1.0


def test_trembling_is_worse(lively, reference):
    calm = {n: dataclasses.replace(m, jerk=0.1 * m.jerk) for n, m in reference.manners.items()}
    calmer = dataclasses.replace(reference, manners=calm)
    assert score(lively, calmer).parts['jerk'] > score(lively, reference).parts['jerk'] + 0.3


def test_frames_at_the_bounds_of_the_training_motion_count(lively, reference):
    n = lively.normaliser
    tight, wide = (
        dataclasses.replace(
            lively,
            normaliser=Normaliser(n.mean, n.pose_std, n.unit, share * n.low, share * n.high),
        )
        for share in (1e-4, 10.0)
    )
    assert score(tight, reference).parts['range'] > 0.9
    assert score(wide, reference).parts['range'] == 0.0


def test_what_the_head_sees_decides_the_emotion_part(lively, reference):
    model = random_checkpoint(4).model
    torch.nn.init.zeros_(model.emotion_fc2[-1].weight)
    model.emotion_fc2[-1].bias.copy_(torch.from_numpy(one_hot('anger')))
    result = score(dataclasses.replace(lively, model=model), reference)
    assert result.recognised == {'anger': 1.0, 'sadness': 0.0}
    assert result.parts['emotion'] == pytest.approx(0.5)


def test_only_the_emotions_of_the_data_are_run(lively):
    names = tuple(name for name in EMOTIONS if name != 'surprise')
    result = score(lively, own_motion(lively, names, 4.0), seconds=2.0)
    assert tuple(result.recognised) == tuple(result.speed_ratio) == names


def test_a_run_that_leaves_the_numbers_is_the_worst(lively, reference):
    model = random_checkpoint(4).model
    torch.nn.init.constant_(model.norm.weight, float('nan'))
    result = score(dataclasses.replace(lively, model=model), reference)
    assert result.value == math.inf and set(result.parts.values()) == {1.0}
    assert result.to_dict()['value'] == 1e9, 'JSON knows no infinity'
