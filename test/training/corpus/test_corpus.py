# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings, strategies as st
from kinematic_table import against_neutral, measure_style, WANTED
import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ConfigError, SkeletonError, TrainingError
from emotion_motion.training.corpus.corpus import corpus_proportions, make_clip, make_corpus
from emotion_motion.training.corpus.performer.arm import arm_angles, arm_directions, ARM_LIMITS
from emotion_motion.training.corpus.performer.body import Body, CHANNELS, mirror_channels, SIZE
from emotion_motion.training.corpus.performer.inverse import body_channels
from emotion_motion.training.corpus.performer.proportions import Proportions, SPREADS
from emotion_motion.training.corpus.phrase import Phrase
from emotion_motion.training.corpus.poses import PLACES, solve_poses, wrist_place
from emotion_motion.training.corpus.repertoire import ACCENTS, COMPANIONS, families_of, REPERTOIRE
from emotion_motion.training.corpus.score import minimum_jerk, Track
from emotion_motion.training.corpus.style import FEAR_MODES, mixed_style, STYLES

HEIGHT_M = 1.7
BODY = load_skeleton()
AT = {name: i for i, name in enumerate(BODY.names)}


SEED = 5


@pytest.fixture(scope='module')
def corpus():
    return make_corpus(12.0, seed=SEED)


def person(clip):
    """The build of the actor of a clip of `corpus`."""
    return corpus_proportions(SEED, int(clip.actor.split('-')[-1]))


def upright(clip):
    """Keypoints of a clip of `corpus` in heights of its body, float64."""
    return clip.keypoints.astype(float) / person(clip).height_m


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
    return against_neutral(
        {
            name: measure_style(
                [make_clip(name, 30.0, 60 + n, actor=n).keypoints for n in range(9)], 30.0
            )
            for name in EMOTIONS
        }
    )


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
    for clip in corpus:
        assert person(clip).skeleton().bone_error(upright(clip)) < 1e-6


def test_nothing_is_below_the_ground_and_a_foot_is_always_on_it(corpus):
    feet = [AT[name] for name in ('LBigToe', 'LHeel', 'RBigToe', 'RHeel')]
    for clip in corpus:
        points = upright(clip)
        assert points[..., 2].min() > -1e-6
        assert points[:, feet, 2].min(axis=1).max() < 0.016


def test_feet_stand_still_most_of_the_time(corpus):
    ankles = [AT['LAnkle'], AT['RAnkle']]
    moved = np.concatenate(
        [np.linalg.norm(np.diff(upright(c)[:, ankles], axis=0), axis=-1) for c in corpus]
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
        points = upright(clip)
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
        points = upright(clip)
        hip, neck = points[:, AT['MidHip']], points[:, AT['Neck']]
        up = (neck - hip) / np.linalg.norm(neck - hip, axis=-1, keepdims=True)
        for side in 'LR':
            offset = points[:, AT[f'{side}Wrist']] - hip
            height = (offset * up).sum(-1)
            away = np.linalg.norm(offset - height[:, None] * up, axis=-1)
            assert away[(height > 0.02) & (height < 0.22)].min() > 0.06


def test_people_stand_over_the_origin_and_face_forward(corpus):
    for clip in corpus:
        hip = upright(clip)[:, AT['MidHip'], :2]
        assert np.abs(hip).max() < 0.15
        line = clip.keypoints[:, AT['LHip']] - clip.keypoints[:, AT['RHip']]
        assert np.degrees(np.arctan2(-line[:, 0], line[:, 1])).mean() == pytest.approx(0.0, abs=8)


def test_no_joint_is_quicker_than_a_person(corpus):
    for clip in corpus:
        metres = clip.keypoints.astype(float)
        assert np.linalg.norm(np.diff(metres, axis=0), axis=-1).max() * clip.rate_hz < 8.0


def test_nobody_is_ever_still(corpus):
    for clip in corpus:
        quarter = round(clip.rate_hz / 4)
        ahead = clip.keypoints[quarter:].astype(float) - clip.keypoints[:-quarter]
        assert np.linalg.norm(ahead, axis=-1).max(axis=1).min() > 1e-4


def test_speed_and_acceleration_follow_the_kinematic_table(people):
    """Over minutes to a quarter (docs/corpus.md); here is less, which varies more."""
    for name, found in people.items():
        wanted = WANTED[name]
        assert found.speed == pytest.approx(wanted['speed'], rel=0.3), name
        assert found.acceleration == pytest.approx(wanted['acceleration'], rel=0.34), name
        if name == 'fear':  # 0.6 frozen, 1.3 startled
            assert 0.6 < found.amplitude < 1.3
        else:
            assert found.amplitude == pytest.approx(wanted['amplitude'], rel=0.34), name


def test_postures_lean_to_the_side_of_the_kinematic_table(people):
    for name, found in people.items():
        for key in ('head_deg', 'trunk_deg', 'elbow_deg'):
            low, high = WANTED[name][key]
            assert low - 7.0 < getattr(found, key) < high + 7.0, (name, key)
    assert people['sadness'].head_deg > 10.0 and people['happiness'].head_deg < -4.0
    assert people['surprise'].trunk_deg < -3.0 < 5.0 < people['anger'].trunk_deg
    assert people['fear'].elbow_deg > 30.0 and people['sadness'].elbow_deg < -4.0


def test_stillness_is_neutral_and_sad_not_angry_or_happy(people):
    assert 0.15 < people['neutral'].still < 0.35 and 0.1 < people['sadness'].still < 0.4
    assert people['anger'].still < 0.08 and people['happiness'].still < 0.05


def test_acceleration_carries_arousal(people):
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
def test_nothing_is_held_for_longer_than_a_few_seconds(pure, name):
    core = [AT[n] for n in ('MidHip', 'Neck', 'LShoulder', 'RShoulder', 'Nose', 'LEar', 'REar')]
    for points in pure[name]:
        metres = points[::3].astype(float) * HEIGHT_M
        assert longest_s(metres[:, core], 0.03).max() < 3.0, 'a trunk of stone'
        for side in 'LR':
            wrist = metres[:, AT[f'{side}Wrist']]
            raised = wrist[:, 2] > metres[:, AT[f'{side}Hip'], 2] + 0.2
            if raised.any():
                assert longest_s(wrist[:, None], 0.1)[raised].max() < 5.0, 'an arm held up'


def test_a_long_hold_ends_in_the_posture_even_where_the_next_gesture_needs_no_arm():
    phrase = Phrase(np.random.default_rng(3), STYLES['disgust'])
    phrase.beat(0.5, lead='push_out')
    phrase.beat(0.5, head=(5, 0, 0), hold=6.0)
    phrase.rest()
    phrase.lower()
    raised, home, *_ = (move for move in phrase.moves if move.part == 'l_arm')
    assert raised.values is not None and home.values is None
    assert home.start_s - raised.end_s < 2.0
    assert [move.start_s for move in phrase.moves] == sorted(m.start_s for m in phrase.moves)


def knees(points):
    """Flexion of the left and the right knee in degrees, [2, ...]."""
    return np.stack(
        [
            joint_angle(
                *(points[..., AT[f'{side}{part}'], :] for part in ('Hip', 'Knee', 'Ankle'))
            )
            for side in 'LR'
        ]
    )


def test_knees_are_nearly_straight_but_in_fear(pure):
    bent = {name: knees(points.astype(float)) for name, points in pure.items()}
    assert np.median(bent['neutral']) < 10.0
    for name in ('neutral', 'disgust', 'happiness', 'sadness', 'surprise'):
        assert np.median(bent[name].min(axis=0)) < 10.0, name  # the leg that carries
    assert np.median(bent['fear']) > 25.0


def test_the_weight_goes_from_foot_to_foot_and_the_free_knee_gives(pure):
    points = pure['neutral'].astype(float)
    across = points[..., AT['MidHip'], 1] * HEIGHT_M
    for clip in across:
        assert np.ptp(clip.reshape(-1, 300), axis=1).min() > 0.02  # within every 10 s
    left, right = knees(points)
    to_the_left = across > 0.015
    to_the_right = across < -0.015
    assert right[to_the_left].mean() > left[to_the_left].mean() + 3.0
    assert left[to_the_right].mean() > right[to_the_right].mean() + 3.0


def test_surprise_is_a_burst_and_a_hold():
    peaks, after = [], []
    for seed in range(4):
        family = next(f for f, _ in REPERTOIRE['surprise'] if f.__name__ == 'arms_fly_out')
        clip = make_clip('surprise', 1.9, 40 + seed, family=family)
        moved = np.linalg.norm(np.diff(clip.keypoints, axis=0), axis=-1).mean(axis=1)
        first = int(moved[:30].argmax())
        peaks.append(moved[first])
        after.append(moved[first + 8 : first + 16].mean())
    assert np.mean(after) < 0.35 * np.mean(peaks)


def test_fear_has_two_modes_that_differ_in_speed_and_in_families():
    frozen, startled = (mixed_style(np.eye(7)[2], mode) for mode in (0, 1))
    assert frozen == FEAR_MODES[0] and startled.speed > 1.2 * frozen.speed
    names = [{family.__name__ for family in families_of('fear', mode)[0]} for mode in (0, 1)]
    assert 'freeze' in names[0] - names[1] and 'jump' in names[1] - names[0]
    assert min(map(len, names)) >= 6


def test_posture_carries_the_emotion_too(pure):
    def mean(name, key, axis, against):
        points = pure[name][..., AT[key], axis] - pure[name][..., AT[against], axis]
        return float(points.mean())

    nose = {name: mean(name, 'Nose', 2, 'Neck') for name in EMOTIONS}
    lean = {name: mean(name, 'Neck', 0, 'MidHip') for name in EMOTIONS}
    assert min(nose, key=nose.get) == 'sadness'  # the head hangs
    assert nose['happiness'] > nose['neutral'] and nose['surprise'] > nose['neutral']
    assert lean['anger'] > 0.03 + lean['neutral'] and lean['sadness'] > 0.02 + lean['neutral']
    assert lean['surprise'] < lean['neutral'] and lean['disgust'] < lean['neutral'] - 0.02
    spread = {
        name: np.abs(pure[name][..., [AT['LWrist'], AT['RWrist']], 1]).mean() for name in EMOTIONS
    }
    assert spread['fear'] < spread['neutral'] < spread['surprise']


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


def test_each_emotion_has_at_least_nine_families_and_all_of_them_move():
    for name in EMOTIONS:
        assert len({family for family, _ in REPERTOIRE[name]}) >= 9
        for family, share in REPERTOIRE[name]:
            phrase = Phrase(np.random.default_rng(0), STYLES[name])
            family(phrase)
            assert share > 0.0 and phrase.moves and phrase.clock_s > 0.3, family.__name__
        assert set(COMPANIONS[name]) <= set(PLACES) and ACCENTS[name]


FAMILIES = [(name, family) for name in EMOTIONS for family, _ in REPERTOIRE[name]]


@pytest.mark.parametrize('name, family', FAMILIES, ids=[f'{n}-{f.__name__}' for n, f in FAMILIES])
def test_every_family_is_humanly_possible_on_several_bodies(name, family):
    for actor in (2, 7):
        who = corpus_proportions(0, actor)
        clip = make_clip(name, 6.0, 3 + actor, family=family, actor=actor)
        points, skeleton = clip.keypoints.astype(float) / who.height_m, who.skeleton()
        assert skeleton.bone_error(points) < 1e-6
        assert points[..., 2].min() > -1e-6
        step = np.linalg.norm(np.diff(clip.keypoints, axis=0), axis=-1)
        assert step.max() * 30.0 < 8.0, 'quicker than a person'
        for side in 'LR':
            arm = (points[:, AT[f'{side}{part}']] for part in ('Shoulder', 'Elbow', 'Wrist'))
            assert joint_angle(*arm).max() < ARM_LIMITS['elbow'][1] + 12.0
        hip, neck = points[:, AT['MidHip']], points[:, AT['Neck']]
        up = (neck - hip) / np.linalg.norm(neck - hip, axis=-1, keepdims=True)
        ears = 0.5 * (points[:, AT['LEar']] + points[:, AT['REar']])
        for wrist in ('LWrist', 'RWrist'):
            offset = points[:, AT[wrist]] - hip
            height = (offset * up).sum(-1)
            away = np.linalg.norm(offset - height[:, None] * up, axis=-1)
            inside = (height > 0.02) & (height < 0.22)
            assert away[inside].min(initial=1.0) > 0.055, 'a hand in the trunk'
            assert np.linalg.norm(points[:, AT[wrist]] - ears, axis=-1).min() > 0.055


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
@given(st.tuples(st.floats(-40, 110), st.floats(-40, 110), st.floats(-90, 90), st.floats(5, 140)))
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
        'other',
        tuple(names.values()),
        BODY.parents,
        BODY.rest,
        BODY.bars,
        BODY.rigid,
        BODY.mirror,
        BODY.groups,
    )
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


def test_gestures_of_one_phrase_flow_into_each_other_without_a_rest_between():
    explain, nod = (
        next(f for f, _ in REPERTOIRE['neutral'] if f.__name__ == name)
        for name in ('explain', 'nod')
    )
    phrase = Phrase(np.random.default_rng(1), STYLES['neutral'], flowing=True)
    explain(phrase)
    assert not any(move.values is None for move in phrase.moves)
    phrase.flowing = False
    nod(phrase)
    home = {move.part for move in phrase.moves if move.values is None}
    assert {'l_arm', 'head'} <= home  # what the first gesture raised comes back as well


def test_an_idle_arm_accompanies_and_comes_back():
    phrase = Phrase(np.random.default_rng(2), STYLES['anger'])
    phrase.beat(1.0, lead='point_out', hold=2.0)
    phrase.rest()
    phrase.accompany('hip')
    moves = [move for move in phrase.moves if move.part == 'r_arm']
    assert len(moves) == 2 and moves[-1].values is None
    both = Phrase(np.random.default_rng(2), STYLES['anger'])
    both.beat(1.0, both='fist_up', hold=2.0)
    count = len(both.moves)
    both.accompany('hip')
    assert len(both.moves) == count


def test_people_differ_and_a_person_stays_the_same_through_clips(corpus):
    builds = [person(clip) for clip in corpus]
    assert len({build.height_m for build in builds}) > 2
    assert corpus[0].actor == corpus[1].actor and builds[0] == builds[1]
    drawn = [corpus_proportions(1, n) for n in range(300)]
    assert all(1.5 <= one.height_m <= 1.95 for one in drawn)
    for name, spread in SPREADS.items():
        values = np.array([getattr(one, name) for one in drawn])
        assert values.mean() == pytest.approx(1.0, abs=0.01)
        assert values.std() == pytest.approx(0.9 * spread, rel=0.2), name  # cut at two deviations


def test_another_build_is_a_body_of_the_same_height_standing_on_the_ground():
    for number in range(20):
        skeleton = corpus_proportions(3, number).skeleton()
        rest = skeleton.rest
        assert rest[:, 2].min() >= 0.0 and rest[:, 2].max() < 1.0
        assert np.allclose(skeleton.mirrored(rest), rest)
        assert rest[AT['Nose'], 2] == pytest.approx(BODY.rest[AT['Nose'], 2], abs=0.02)
    assert np.allclose(Proportions().skeleton().rest, BODY.rest)


@pytest.mark.parametrize('name, value', [('height_m', 0.0), ('thigh', -1.0), ('head', np.nan)])
def test_an_impossible_length_is_refused(name, value):
    with pytest.raises(ConfigError, match=name):
        Proportions(**{name: value})


def test_hands_reach_face_hips_and_trunk_on_every_body():
    for number in range(8):
        body = Body(corpus_proportions(4, number).skeleton())
        contacts = {name: pose for name, pose in solve_poses(body).items() if pose.contact}
        assert len(contacts) > 20
        for name, pose in contacts.items():
            channels = body.rest_channels.copy()
            channels[CHANNELS['l_arm']] = pose.angles
            points = body.keypoints(channels[None])[0]
            drop = body.skeleton.rest[AT['MidHip'], 2] - points[AT['MidHip'], 2]
            reached = points[AT['LWrist']] + [0, 0, drop]
            assert np.linalg.norm(reached - wrist_place(name, body.skeleton)) < 0.03, name


def test_a_hand_at_the_face_follows_the_head():
    body = Body()
    channels = np.tile(body.rest_channels, (2, 1))
    channels[:, CHANNELS['l_arm']] = solve_poses(body)['mouth'].angles
    channels[:, CHANNELS['l_face']] = 1.0
    channels[1, CHANNELS['head']] = (20.0, 25.0, 0.0)
    points = body.keypoints(channels)
    gap = np.linalg.norm(points[:, AT['LWrist']] - points[:, AT['Nose']], axis=-1)
    assert gap[1] == pytest.approx(gap[0], abs=0.012)
    channels[:, CHANNELS['l_face']] = 0.0
    loose = body.keypoints(channels)
    left = np.linalg.norm(loose[:, AT['LWrist']] - loose[:, AT['Nose']], axis=-1)
    assert abs(left[1] - left[0]) > 0.02


@pytest.mark.parametrize('name', EMOTIONS)
def test_joint_angles_are_found_again_from_keypoints(name):
    points = make_clip(name, 8.0, 11).keypoints
    body = Body()
    again = body.keypoints(body_channels(points, body))
    upper = [AT[n] for n in ('Neck', 'Nose', 'LEar', 'LElbow', 'RElbow', 'LWrist', 'RWrist')]
    assert np.linalg.norm(again - points, axis=-1)[:, upper].mean() < 0.006


def test_a_clip_of_the_mean_body_has_height_one_unless_asked():
    one, tall = make_clip('neutral', 2.0, 1), make_clip('neutral', 2.0, 1, height_m=1.8)
    assert BODY.bone_error(one.keypoints) < 1e-6
    assert np.allclose(tall.keypoints, 1.8 * one.keypoints, atol=1e-6)
    someone = make_clip('neutral', 2.0, 1, actor=7)
    assert someone.actor == 'corpus-0-0007' and BODY.bone_error(someone.keypoints) > 0.1


def test_every_clip_says_what_it_is(corpus):
    for number, clip in enumerate(corpus):
        assert clip.source == f'corpus:{SEED}:{number}' and clip.licence == 'Apache-2.0'
        assert clip.skeleton == 'body_25' and not clip.prepared and clip.content
