# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import SkeletonError, TrainingError
from emotion_motion.skeleton import load_skeleton, Skeleton
from emotion_motion.training.body import Body, CHANNELS, mirror_channels, SIZE
from emotion_motion.training.corpus import make_clip, make_corpus
from emotion_motion.training.phrase import Phrase
from emotion_motion.training.reach import arm_angles, arm_directions, ARM_LIMITS
from emotion_motion.training.repertoire import REPERTOIRE
from emotion_motion.training.score import minimum_jerk, Track
from emotion_motion.training.style import mixed_style, STYLES

HEIGHT_M = 1.7
BODY = load_skeleton()
AT = {name: i for i, name in enumerate(BODY.names)}


@pytest.fixture(scope='module')
def corpus():
    return make_corpus(12.0, seed=5)


@pytest.fixture(scope='module')
def pure():
    """Two minutes of each emotion."""
    return {
        name: np.stack([make_clip(name, 30.0, seed).keypoints for seed in range(4)])
        for name in EMOTIONS
    }


def speed(points):
    """Mean keypoint speed in m/s of [..., T, K, 3]."""
    return np.linalg.norm(np.diff(points, axis=-3), axis=-1).mean() * 30.0 * HEIGHT_M


def joint_angle(first, middle, last):
    """Angle between two bones in degrees, 0 when straight."""
    upper, lower = middle - first, last - middle
    cosine = (upper * lower).sum(-1)
    cosine /= np.linalg.norm(upper, axis=-1) * np.linalg.norm(lower, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def test_the_same_call_gives_the_same_corpus_bit_for_bit():
    first, second = make_corpus(2.0, seed=9), make_corpus(2.0, seed=9)
    assert [c.content for c in first] == [c.content for c in second]
    for one, other in zip(first, second, strict=True):
        assert one.keypoints.tobytes() == other.keypoints.tobytes()
        assert one.emotions.tobytes() == other.emotions.tobytes()


def test_another_seed_gives_another_corpus():
    first, second = make_corpus(0.5, seed=1)[0], make_corpus(0.5, seed=2)[0]
    assert np.abs(first.keypoints - second.keypoints).max() > 0.01


def test_a_longer_corpus_starts_with_the_shorter_one(corpus):
    short = make_corpus(3.0, seed=5)
    for one, other in zip(short[:-1], corpus, strict=False):
        assert np.array_equal(one.keypoints, other.keypoints)


def test_the_global_random_state_is_untouched():
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_corpus(0.2, seed=1)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_the_corpus_lasts_as_long_as_asked(corpus):
    assert sum(clip.duration_s for clip in corpus) == pytest.approx(720.0, abs=0.1)
    assert all(clip.duration_s <= 90.1 for clip in corpus)


@pytest.mark.parametrize('minutes, rate_hz', [(0, 30), (-1, 30), (1, 0), (float('nan'), 30)])
def test_an_impossible_length_or_rate_is_refused(minutes, rate_hz):
    with pytest.raises(TrainingError, match='above 0'):
        make_corpus(minutes, seed=0, rate_hz=rate_hz)


def test_bones_keep_their_length(corpus):
    assert max(BODY.bone_error(clip.keypoints) for clip in corpus) < 1e-6


def test_nothing_is_below_the_ground_and_a_foot_is_always_on_it(corpus):
    feet = [AT[name] for name in ('LBigToe', 'LHeel', 'RBigToe', 'RHeel')]
    for clip in corpus:
        assert clip.keypoints[..., 2].min() > -1e-6
        assert clip.keypoints[:, feet, 2].min(axis=1).max() < 0.016


def test_feet_stand_still_most_of_the_time(corpus):
    ankles = [AT['LAnkle'], AT['RAnkle']]
    moved = np.concatenate(
        [np.linalg.norm(np.diff(c.keypoints[:, ankles], axis=0), axis=-1) for c in corpus]
    )
    assert (moved < 1e-6).mean() > 0.9


def test_a_foot_that_moves_is_lifted():
    clips = [make_clip('surprise', 20.0, seed) for seed in range(4)]
    for clip in clips:
        for side in 'LR':
            ankle = clip.keypoints[:, AT[f'{side}Ankle']]
            way = np.abs(np.gradient(ankle[:, 0])) * 30.0
            assert np.all(ankle[way > 0.1, 2] > BODY.rest[AT[f'{side}Ankle'], 2] + 0.003)


def test_joints_stay_within_human_limits(corpus):
    for clip in corpus:
        points = clip.keypoints.astype(float)
        for side in 'LR':
            elbow = joint_angle(
                *(points[:, AT[f'{side}{name}']] for name in ('Shoulder', 'Elbow', 'Wrist'))
            )
            knee = joint_angle(
                *(points[:, AT[f'{side}{name}']] for name in ('Hip', 'Knee', 'Ankle'))
            )
            assert elbow.min() >= 0.0 and elbow.max() < ARM_LIMITS['elbow'][1] + 12.0
            assert knee.max() < 110.0
            ankle, hip = points[:, AT[f'{side}Ankle']], points[:, AT[f'{side}Hip']]
            straight = 0.5 * (ankle + hip)
            assert (points[:, AT[f'{side}Knee'], 0] - straight[:, 0]).min() > 0.0  # knees forward


def test_wrists_stay_outside_of_the_trunk(corpus):
    for clip in corpus:
        points = clip.keypoints.astype(float)
        hip, neck = points[:, AT['MidHip']], points[:, AT['Neck']]
        up = (neck - hip) / np.linalg.norm(neck - hip, axis=-1, keepdims=True)
        for side in 'LR':
            offset = points[:, AT[f'{side}Wrist']] - hip
            height = (offset * up).sum(-1)
            away = np.linalg.norm(offset - height[:, None] * up, axis=-1)
            assert away[(height > 0.02) & (height < 0.22)].min() > 0.06


def test_people_stand_over_the_origin_and_face_forward(corpus):
    for clip in corpus:
        hip = clip.keypoints[:, AT['MidHip'], :2]
        assert np.abs(hip).max() < 0.15
        line = clip.keypoints[:, AT['LHip']] - clip.keypoints[:, AT['RHip']]
        assert np.degrees(np.arctan2(-line[:, 0], line[:, 1])).mean() == pytest.approx(0.0, abs=8)


def test_no_joint_is_quicker_than_a_person(corpus):
    for clip in corpus:
        metres = clip.keypoints.astype(float) * HEIGHT_M
        assert np.linalg.norm(np.diff(metres, axis=0), axis=-1).max() * clip.rate_hz < 8.0


def test_nobody_is_ever_still(corpus):
    for clip in corpus:
        quarter = round(clip.rate_hz / 4)
        ahead = clip.keypoints[quarter:].astype(float) - clip.keypoints[:-quarter]
        assert np.linalg.norm(ahead, axis=-1).max(axis=1).min() > 1e-4


def test_emotions_differ_in_speed_in_the_order_of_the_literature(pure):
    found = {name: speed(points) for name, points in pure.items()}
    for quick in ('anger', 'happiness'):
        assert found[quick] > 1.3 * found['surprise']
    assert found['surprise'] > found['neutral'] > found['sadness']
    assert found['surprise'] > found['disgust'] and found['fear'] > found['sadness']


def test_acceleration_carries_arousal(pure):
    found = {
        name: np.linalg.norm(np.diff(points, n=2, axis=-3), axis=-1).mean()
        for name, points in pure.items()
    }
    order = sorted(found, key=found.get)
    assert order[0] == 'sadness' and set(order[-2:]) == {'anger', 'happiness'}
    assert found['fear'] > found['neutral']


def test_posture_carries_the_emotion_too(pure):
    def mean(name, key, axis, against):
        points = pure[name][..., AT[key], axis] - pure[name][..., AT[against], axis]
        return float(points.mean())

    nose = {name: mean(name, 'Nose', 2, 'Neck') for name in EMOTIONS}
    lean = {name: mean(name, 'Neck', 0, 'MidHip') for name in EMOTIONS}
    assert min(nose, key=nose.get) == 'sadness'  # the head hangs
    assert nose['happiness'] > nose['neutral'] and nose['surprise'] > nose['neutral']
    assert lean['anger'] > 0.03 + lean['neutral'] and lean['sadness'] > 0.03 + lean['neutral']
    assert lean['surprise'] < lean['neutral'] and lean['disgust'] < lean['neutral'] - 0.02
    spread = {name: np.abs(pure[name][..., [AT['LWrist'], AT['RWrist']], 1]).mean()
              for name in EMOTIONS}  # fmt: skip
    assert spread['fear'] < spread['neutral'] < spread['happiness']


def test_near_still_windows_are_as_frequent_as_in_people(pure):
    def share(points):
        metres = points.astype(float) * HEIGHT_M
        moved = np.linalg.norm(np.diff(metres, axis=-3), axis=-1).mean(-1) * 30.0  # [N, T]
        return (moved[:, : moved.shape[1] // 10 * 10].reshape(-1, 10).mean(-1) < 0.05).mean()

    assert share(pure['anger']) < 0.08 and share(pure['happiness']) < 0.06
    assert 0.1 < share(pure['neutral']) < 0.5 and 0.1 < share(pure['sadness']) < 0.55


def test_emotions_get_equal_shares_and_some_are_mixed(corpus):
    clips = make_corpus(60.0, seed=2)
    labels = np.concatenate([clip.emotions for clip in clips])
    shares = labels.mean(axis=0)
    assert shares.min() > 0.06 and shares.max() < 0.30
    soft = np.mean([clip.emotions.max(axis=1).min() < 0.99 for clip in clips])
    switching = np.mean([len(np.unique(clip.emotions, axis=0)) > 1 for clip in clips])
    assert 0.05 < soft < 0.4 and 0.2 < switching < 0.65


def test_motion_is_smooth_across_a_switch(corpus):
    for clip in corpus:
        for frame in np.flatnonzero(np.abs(np.diff(clip.emotions, axis=0)).max(axis=1) > 0.2):
            near = clip.keypoints[max(0, frame - 3) : frame + 30].astype(float) * HEIGHT_M
            assert np.linalg.norm(np.diff(near, axis=0), axis=-1).max() < 0.25  # 7.5 m/s


def test_a_clip_can_start_in_the_rest_pose_and_leaves_it_at_once():
    for seed in range(3):
        points = make_clip('happiness', 3.0, seed, from_rest=True).keypoints.astype(float)
        assert np.abs(points[0] - BODY.rest).max() < 0.012
        assert np.linalg.norm(points[30] - BODY.rest, axis=-1).max() > 0.05


def test_a_mixture_lies_between_its_emotions():
    half = mixed_style(np.array([0, 0, 0, 0.5, 0.5, 0, 0]))
    assert half.speed == pytest.approx(0.5 * (STYLES['happiness'].speed + STYLES['neutral'].speed))
    full, weak = (
        np.mean([speed(make_clip(spec, 20.0, seed).keypoints) for seed in range(3)])
        for spec in ('happiness', 'happiness:0.4')
    )
    assert speed(make_clip('neutral', 20.0, 0).keypoints) < weak < full


def test_each_emotion_has_several_families_and_all_of_them_move():
    for name in EMOTIONS:
        assert len(REPERTOIRE[name]) >= 6
        for family, _ in REPERTOIRE[name]:
            phrase = Phrase(np.random.default_rng(0), STYLES[name])
            family(phrase)
            assert phrase.moves and phrase.clock_s > 0.3, family.__name__


def test_one_family_is_played_differently_each_time():
    family = REPERTOIRE['happiness'][0][0]
    clips = [make_clip('happiness', 4.0, seed, family=family) for seed in (1, 2)]
    assert np.abs(clips[0].keypoints - clips[1].keypoints).max() > 0.05


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_angles_make_a_body_and_mirroring_them_mirrors_it(seed):
    body = Body()
    channels = np.random.default_rng(seed).normal(0.0, 30.0, (4, SIZE))
    for place in ('pelvis', 'l_foot', 'r_foot'):
        channels[:, CHANNELS[place]] *= 0.001
    channels[:, CHANNELS['l_foot']] = np.abs(channels[:, CHANNELS['l_foot']])
    points = body.keypoints(channels)
    assert BODY.bone_error(points) < 1e-9
    assert np.allclose(body.keypoints(mirror_channels(channels)), BODY.mirrored(points), atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(
    st.tuples(st.floats(-40, 110), st.floats(-40, 110), st.floats(-90, 90), st.floats(5, 140))
)
def test_arm_angles_undo_arm_directions(angles):
    assert np.allclose(arm_angles(*arm_directions(np.array(angles))), angles, atol=1e-5)


def test_a_reached_point_is_where_the_wrist_ends():
    body = Body()
    channels = body.rest_channels.copy()
    channels[CHANNELS['l_arm']] = body.reach((0.2, 0.15, 0.8), 30.0)
    points = body.keypoints(channels[None])[0]
    drop = BODY.rest[AT['MidHip'], 2] - points[AT['MidHip'], 2]
    assert np.allclose(points[AT['LWrist']] + [0, 0, drop], (0.2, 0.15, 0.8), atol=2e-3)


def test_a_skeleton_without_the_keypoints_is_refused():
    data = BODY.to_dict()
    names = {name: f'x{name}' for name in BODY.names}
    renamed = Skeleton(
        'other', tuple(names.values()), BODY.parents, BODY.rest, BODY.bars, BODY.rigid,
        BODY.mirror, BODY.groups,
    )  # fmt: skip
    assert data['names'] != list(renamed.names)
    with pytest.raises(SkeletonError, match='body_25'):
        make_corpus(0.1, seed=0, skeleton=renamed)


def test_a_track_moves_without_jumps_and_arrives():
    track = Track(np.zeros(2))
    track.move(1.0, 2.0, np.array([1.0, -2.0]))
    track.move(1.5, 2.5, np.array([0.0, 0.0]))  # begins when the first has ended
    values = track.play(np.linspace(0.0, 4.0, 4001))
    assert np.abs(np.diff(values, axis=0)).max() < 0.009
    assert np.allclose(values[2000], (1.0, -2.0)) and np.allclose(values[-1], 0.0)
    assert minimum_jerk(np.array([-1.0, 0.0, 0.5, 1.0, 2.0])).tolist() == [0, 0, 0.5, 1, 1]
