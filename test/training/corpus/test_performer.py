# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The jointed body: any angles make one, its own landmarks are reached, and it goes both ways."""

from human_limits import AT
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ConfigError
from emotion_motion.training.corpus.arm import arm_angles, arm_directions
from emotion_motion.training.corpus.body import Body, CHANNELS, mirror_channels, SIZE
from emotion_motion.training.corpus.carriers import body_channels
from emotion_motion.training.corpus.corpus import corpus_proportions, make_clip
from emotion_motion.training.corpus.people import Proportions, solve_poses, SPREADS, wrist_place

BODY = load_skeleton()


def with_left_arm(body, angles):
    """Where the left wrist is [3] with an arm's angles, as if the hips stood at rest height."""
    channels = body.rest_channels.copy()
    channels[CHANNELS['l_arm']] = angles
    points = body.keypoints(channels[None])[0]
    drop = body.skeleton.rest[AT['MidHip'], 2] - points[AT['MidHip'], 2]
    return points[AT['LWrist']] + [0, 0, drop]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_angles_make_a_body_whose_mirror_image_is_one(seed):
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


def test_hands_reach_face_hips_and_trunk_on_every_body():
    for number in range(8):
        body = Body(corpus_proportions(4, number).skeleton())
        contacts = {name: pose for name, pose in solve_poses(body).items() if pose.contact}
        assert len(contacts) > 20
        for name, pose in contacts.items():
            away = with_left_arm(body, pose.angles) - wrist_place(name, body.skeleton)
            assert np.linalg.norm(away) < 0.03, name


def test_a_hand_at_the_face_follows_the_head():
    body = Body()
    channels = np.tile(body.rest_channels, (2, 1))
    channels[:, CHANNELS['l_arm']] = solve_poses(body)['mouth'].angles
    channels[1, CHANNELS['head']] = (20.0, 25.0, 0.0)
    moved = []
    for touch in (1.0, 0.0):
        channels[:, CHANNELS['l_face']] = touch
        points = body.keypoints(channels)
        gap = np.linalg.norm(points[:, AT['LWrist']] - points[:, AT['Nose']], axis=-1)
        moved.append(abs(gap[1] - gap[0]))
    assert moved[0] < 0.012 and moved[1] > 0.02


@pytest.mark.parametrize('name', EMOTIONS)
def test_joint_angles_are_found_again_from_keypoints(name):
    points = make_clip(name, 8.0, 11).keypoints
    body = Body()
    again = body.keypoints(body_channels(points, body))
    upper = [AT[n] for n in ('Neck', 'Nose', 'LEar', 'LElbow', 'RElbow', 'LWrist', 'RWrist')]
    assert np.linalg.norm(again - points, axis=-1)[:, upper].mean() < 0.006


def test_people_differ_as_much_as_surveys_say():
    people = [corpus_proportions(1, n) for n in range(300)]
    assert all(1.5 <= person.height_m <= 1.95 for person in people)
    for name, spread in SPREADS.items():
        values = np.array([getattr(person, name) for person in people])
        assert values.mean() == pytest.approx(1.0, abs=0.01)
        assert values.std() == pytest.approx(0.9 * spread, rel=0.2), name  # cut at two deviations


def test_another_build_is_a_body_of_the_same_height():
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
