# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The corpus: the same again for a seed, human, alive, and each emotion as it is measured."""

from human_limits import AT, check_human, joint_angle
from kinematic_table import measure_style, WANTED
import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.corpus.corpus import corpus_proportions, make_clip, make_corpus
from emotion_motion.training.corpus.style import mixed_style, styles

HEIGHT_M = 1.7
BODY = load_skeleton()
SEED = 5


@pytest.fixture(scope='module')
def corpus():
    return make_corpus(12.0, seed=SEED)


def person(clip):
    """The build of the actor of a clip of `corpus`."""
    return corpus_proportions(SEED, int(clip.actor.split('-')[-1]))


@pytest.fixture(scope='module')
def pure():
    """Two minutes of each emotion."""
    return {
        name: np.stack([make_clip(name, 30.0, seed).keypoints for seed in range(4)])
        for name in EMOTIONS
    }


@pytest.fixture(scope='module')
def people():
    """Minutes of each emotion by different people, against neutral."""
    measured = {
        name: measure_style(
            [make_clip(name, 30.0, 60 + n, actor=n).keypoints for n in range(9)], 30.0
        )
        for name in EMOTIONS
    }
    return {name: measures.against(measured['neutral']) for name, measures in measured.items()}


def speed(points):
    """Mean keypoint speed in m/s of [..., T, K, 3]."""
    return np.linalg.norm(np.diff(points, axis=-3), axis=-1).mean() * 30.0 * HEIGHT_M


def test_the_same_call_gives_the_same_corpus_bit_for_bit():
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = make_corpus(2.0, seed=9), make_corpus(2.0, seed=9)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    assert [c.content for c in first] == [c.content for c in second]
    for one, other in zip(first, second, strict=True):
        assert one.keypoints.tobytes() == other.keypoints.tobytes()
        assert one.emotions.tobytes() == other.emotions.tobytes()


def test_a_longer_corpus_starts_with_the_shorter_one(corpus):
    other = make_corpus(0.5, seed=SEED + 1)[0].keypoints
    assert np.abs(other - corpus[0].keypoints[: len(other)]).max() > 0.01
    short = make_corpus(3.0, seed=SEED)
    for one, other in zip(short[:-1], corpus, strict=False):
        assert np.array_equal(one.keypoints, other.keypoints)


@pytest.mark.parametrize('minutes, rate_hz', [(0, 30), (-1, 30), (1, 0), (float('nan'), 30)])
def test_an_impossible_duration_or_rate_is_refused(minutes, rate_hz):
    with pytest.raises(TrainingError, match='above 0'):
        make_corpus(minutes, seed=0, rate_hz=rate_hz)


def test_every_clip_is_humanly_possible_over_planted_feet(corpus):
    feet = [AT[name] for name in ('LBigToe', 'LHeel', 'RBigToe', 'RHeel')]
    moved = []
    for clip in corpus:
        points = check_human(clip, person(clip))
        assert points[:, feet, 2].min(axis=1).max() < 0.016, 'a foot is always on the ground'
        ankles = points[:, [AT['LAnkle'], AT['RAnkle']]]
        moved.append(np.linalg.norm(np.diff(ankles, axis=0), axis=-1))
    assert (np.concatenate(moved) < 1e-6).mean() > 0.9


def test_a_foot_that_moves_is_lifted():
    clips = [make_clip('surprise', 20.0, seed) for seed in range(4)]
    for clip in clips:
        for side in 'LR':
            ankle = clip.keypoints[:, AT[f'{side}Ankle']]
            way = np.abs(np.gradient(ankle[:, 0])) * 30.0
            assert np.all(ankle[way > 0.1, 2] > BODY.rest[AT[f'{side}Ankle'], 2] + 0.003)


def test_people_stand_over_the_origin_face_forward_and_move(corpus):
    for clip in corpus:
        points = clip.keypoints.astype(float) / person(clip).height_m
        assert np.abs(points[:, AT['MidHip'], :2]).max() < 0.15
        line = points[:, AT['LHip']] - points[:, AT['RHip']]
        assert np.degrees(np.arctan2(-line[:, 0], line[:, 1])).mean() == pytest.approx(0.0, abs=8)
        quarter = round(clip.rate_hz / 4)
        ahead = clip.keypoints[quarter:].astype(float) - clip.keypoints[:-quarter]
        assert np.linalg.norm(ahead, axis=-1).max(axis=1).min() > 1e-4, 'nobody is ever still'


def test_speed_and_size_follow_the_kinematic_table(people):
    """Over minutes to a quarter (docs/corpus.md); here is less, which varies more."""
    for name, measures in people.items():
        speed, amplitude, acceleration = WANTED[name][0]
        assert measures.speed == pytest.approx(speed, rel=0.3), name
        assert measures.acceleration == pytest.approx(acceleration, rel=0.34), name
        if name == 'fear':  # 0.6 frozen, 1.3 startled
            assert 0.6 < measures.amplitude < 1.3
        else:
            assert measures.amplitude == pytest.approx(amplitude, rel=0.34), name


def test_postures_follow_the_kinematic_table(people):
    for name, measures in people.items():
        angles = measures.head_deg, measures.trunk_deg, measures.elbow_deg
        for angle, (low, high) in zip(angles, WANTED[name][1:], strict=True):
            assert low - 7.0 < angle < high + 7.0, name
    assert people['sadness'].head_deg > 10.0 and people['happiness'].head_deg < -4.0
    assert people['surprise'].trunk_deg < -3.0 < 5.0 < people['anger'].trunk_deg
    assert people['fear'].elbow_deg > 30.0 and people['sadness'].elbow_deg < -4.0


def test_stillness_and_acceleration_carry_arousal(people):
    assert 0.15 < people['neutral'].still < 0.35 and 0.1 < people['sadness'].still < 0.4
    assert people['anger'].still < 0.08 and people['happiness'].still < 0.05
    order = sorted(people, key=lambda name: people[name].acceleration)
    assert order[0] == 'sadness' and set(order[-3:]) == {'anger', 'happiness', 'surprise'}


def longest_s(points, reach_m):
    """Longest time [s] that points [T, K, 3] of a clip of 10 Hz all stay in one place; [T]."""
    stay = np.empty(len(points))
    for start in range(len(points)):
        away = np.linalg.norm(points[start:] - points[start], axis=-1).max(axis=1) > reach_m
        stay[start] = away.argmax() if away.any() else len(away)
    return stay / 10.0


@pytest.mark.parametrize('name', EMOTIONS)
def test_nothing_is_held_for_long(pure, name):
    core = [AT[n] for n in ('MidHip', 'Neck', 'LShoulder', 'RShoulder', 'Nose', 'LEar', 'REar')]
    for points in pure[name]:
        metres = points[::3].astype(float) * HEIGHT_M
        assert longest_s(metres[:, core], 0.03).max() < 3.0, 'a trunk of stone'
        for side in 'LR':
            wrist = metres[:, AT[f'{side}Wrist']]
            raised = wrist[:, 2] > metres[:, AT[f'{side}Hip'], 2] + 0.2
            if raised.any():
                assert longest_s(wrist[:, None], 0.1)[raised].max() < 5.0, 'an arm held up'


def knees(points):
    """Flexion of the left and the right knee in degrees, [2, ...]."""
    return np.stack([joint_angle(points, side, 'Hip', 'Knee', 'Ankle') for side in 'LR'])


def test_knees_are_nearly_straight_but_in_fear(pure):
    bent = {name: knees(points.astype(float)) for name, points in pure.items()}
    assert np.median(bent['neutral']) < 10.0
    for name in ('neutral', 'disgust', 'happiness', 'sadness', 'surprise'):
        assert np.median(bent[name].min(axis=0)) < 10.0, name  # the leg that carries
    assert np.median(bent['fear']) > 25.0


def test_the_weight_goes_from_foot_to_foot(pure):
    points = pure['neutral'].astype(float)
    across = points[..., AT['MidHip'], 1] * HEIGHT_M
    for clip in across:
        assert np.ptp(clip.reshape(-1, 300), axis=1).min() > 0.02  # within every 10 s
    left, right = knees(points)
    assert (right - left)[across > 0.015].mean() > 3.0
    assert (left - right)[across < -0.015].mean() > 3.0


@pytest.mark.soak
def test_emotions_get_equal_shares_and_some_are_mixed(corpus):
    clips = make_corpus(40.0, seed=2)
    labels = np.concatenate([clip.emotions for clip in clips])
    shares = labels.mean(axis=0)
    assert shares.min() > 0.06 and shares.max() < 0.30
    soft = np.mean([clip.emotions.max(axis=1).min() < 0.99 for clip in clips])
    switching = np.mean([len(np.unique(clip.emotions, axis=0)) > 1 for clip in clips])
    assert 0.05 < soft < 0.4 and 0.5 < switching < 0.85


def test_motion_is_smooth_across_a_switch(corpus):
    for clip in corpus:
        for frame in np.flatnonzero(np.abs(np.diff(clip.emotions, axis=0)).max(axis=1) > 0.2):
            near = clip.keypoints[max(0, frame - 3) : frame + 30].astype(float)
            assert np.linalg.norm(np.diff(near, axis=0), axis=-1).max() < 0.25  # 7.5 m/s


def test_a_clip_of_the_mean_body_has_height_one_unless_asked():
    points = make_clip('happiness', 3.0, 0, from_rest=True).keypoints.astype(float)
    assert np.abs(points[0] - BODY.rest).max() < 0.012
    assert np.linalg.norm(points[30] - BODY.rest, axis=-1).max() > 0.05
    one, tall = make_clip('neutral', 2.0, 1), make_clip('neutral', 2.0, 1, height_m=1.8)
    assert BODY.bone_error(one.keypoints) < 1e-6
    assert np.allclose(tall.keypoints, 1.8 * one.keypoints, atol=1e-6)
    someone = make_clip('neutral', 2.0, 1, actor=7)
    assert someone.actor == 'corpus-0-0007' and BODY.bone_error(someone.keypoints) > 0.1


def test_the_corpus_is_as_long_as_asked_and_says_what_it_is(corpus):
    assert sum(clip.duration_s for clip in corpus) == pytest.approx(720.0, abs=0.1)
    assert all(clip.duration_s <= 90.1 for clip in corpus)
    for number, clip in enumerate(corpus):
        assert clip.source == f'corpus:{SEED}:{number}' and clip.licence == 'Apache-2.0'
        assert clip.skeleton == 'body_25' and not clip.prepared and clip.content
    builds = [person(clip) for clip in corpus]
    assert len({build.height_m for build in builds}) > 2
    assert corpus[0].actor == corpus[1].actor and builds[0] == builds[1]


def test_a_mixture_lies_between_its_emotions():
    half = mixed_style(np.array([0, 0, 0, 0.5, 0.5, 0, 0]))
    assert half.speed == pytest.approx(
        0.5 * (styles('happiness')[0].speed + styles('neutral')[0].speed)
    )
    full, weak = (
        np.mean([speed(make_clip(spec, 20.0, seed).keypoints) for seed in range(3)])
        for spec in ('happiness', 'happiness:0.4')
    )
    assert speed(make_clip('neutral', 20.0, 0).keypoints) < weak < full
