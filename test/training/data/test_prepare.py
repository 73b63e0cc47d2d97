# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Resampling, the canonical body and its place: what must stay stays, what must go is gone."""

import dataclasses

from hypothesis import example, given, strategies as st
from moving import AT, clip_of, filmed, moved, other_body, rotated, SKELETON, swaying, walking
import numpy as np
import pytest

from emotion_motion.exceptions import TrainingError
from emotion_motion.training.data.geometry import facing
from emotion_motion.training.data.prepare import prepare, resample_clip, resample_values


def prepared(points, **options):
    return prepare(clip_of(points), SKELETON, **options).keypoints


FEET = [AT[s + n] for s in 'LR' for n in ('Ankle', 'BigToe', 'SmallToe', 'Heel')]


def amplitude(frequency_hz, rate_hz, new_rate_hz):
    """What is left of a sine of amplitude 1, away from the ends."""
    time = np.arange(int(10 * rate_hz)) / rate_hz
    result = resample_values(np.sin(2 * np.pi * frequency_hz * time), rate_hz, new_rate_hz)
    middle = result[len(result) // 4 : -len(result) // 4]
    return np.sqrt(2.0 * np.mean(middle**2))


@pytest.mark.parametrize('rate_hz', [60.0, 100.0, 120.0, 240.0])
def test_what_the_new_rate_cannot_hold_is_gone_40_db_and_more(rate_hz):
    for frequency_hz in (15.5, 18.0, 22.0, 29.0):
        assert amplitude(frequency_hz, rate_hz, 30.0) < 0.01


def test_more_frames_than_a_clip_may_have_are_refused_before():
    clip = clip_of(np.zeros((2000, 25, 3), dtype=np.float32), rate_hz=1.0)
    with pytest.raises(TrainingError, match=r'would be 2,000,000 at 1000 Hz'):
        resample_clip(clip, 1000.0)


@pytest.mark.parametrize('rate_hz', [24.0, 25.0, 29.97, 60.0, 120.0])
def test_slow_motion_passes_within_one_percent(rate_hz):
    time = np.arange(int(10 * rate_hz)) / rate_hz
    for frequency_hz in (0.2, 1.0, 4.0, 0.3 * min(rate_hz, 30.0)):
        wave = np.sin(2 * np.pi * frequency_hz * time)
        result = resample_values(np.stack([wave, -wave], axis=1), rate_hz, 30.0)
        wanted = np.sin(2 * np.pi * frequency_hz * np.arange(len(result)) / 30.0)
        middle = slice(len(result) // 4, -len(result) // 4)
        np.testing.assert_allclose(result[middle, 0], wanted[middle], atol=0.01)
        np.testing.assert_allclose(result[:, 1], -result[:, 0], atol=1e-12)


@example(60.0, 32)  # as long as half of the filter
@given(st.sampled_from([12.0, 24.0, 25.0, 29.97, 30.0, 60.0, 100.0, 120.0]), st.integers(1, 300))
def test_duration_stays_and_straight_lines_stay_straight(rate_hz, frames):
    line = 3.0 + 0.5 * np.arange(frames) / rate_hz
    result = resample_values(line, rate_hz, 30.0)
    assert abs((frames - 1) / rate_hz - (len(result) - 1) / 30.0) < 1.0 / 30.0 + 1e-6
    np.testing.assert_allclose(result, 3.0 + 0.5 * np.arange(len(result)) / 30.0, atol=1e-3)


@pytest.mark.parametrize('rate_hz', [30.0, 60.0])
def test_frames_without_confidence_do_not_ring_into_the_others(rate_hz):
    points = swaying(rate_hz=rate_hz)
    broken, confidence = points.copy(), np.ones(points.shape[:2])
    gap = slice(round(1.7 * rate_hz), round(1.8 * rate_hz))
    broken[gap, AT['LWrist']], confidence[gap, AT['LWrist']] = 50.0, 0.0
    result = prepare(clip_of(broken, rate_hz, confidence=confidence), SKELETON)
    clean = prepare(clip_of(points, rate_hz), SKELETON)
    np.testing.assert_allclose(result.keypoints, clean.keypoints, atol=0.03)
    assert (result.confidence[51:54, AT['LWrist']] == 0.0).all()
    assert result.confidence.sum() >= result.confidence.size - 5


def test_emotions_keep_their_moment_and_their_sum():
    emotions = np.repeat(np.eye(7)[[0, 3]], 120, axis=0)  # anger for a second, then happiness
    clip = clip_of(swaying(2.0, 120.0), 120.0, emotions=emotions)
    result = resample_clip(clip, 30.0)
    assert result.emotions.shape == (len(result), 7)
    np.testing.assert_allclose(result.emotions.sum(-1), 1.0, atol=1e-6)
    assert result.emotions[:30].argmax(-1).max() == 0
    assert result.emotions[30:].argmax(-1).min() == 3


BODIES = st.fixed_dictionaries(
    {
        'height_m': st.floats(1.2, 2.1),
        'arm': st.floats(0.8, 1.25),
        'leg': st.floats(0.85, 1.1),
        'hips': st.floats(0.8, 1.4),
    }
)


@given(BODIES, st.floats(-3.1, 3.1))
def test_every_body_becomes_the_canonical_one_facing_forward(body, angle):
    points = rotated(swaying(3.0, rest=other_body(**body)), angle) + np.array([20.0, -7.0, 1.3])
    clip = prepare(clip_of(points), SKELETON)
    points = clip.keypoints
    assert clip.prepared and clip.skeleton == 'body_25'
    np.testing.assert_allclose(SKELETON.project(points), points, atol=1e-5)
    assert SKELETON.bone_error(points) < 1e-5
    assert abs(np.angle(np.exp(1j * facing(points, SKELETON)).sum())) < 1e-4
    np.testing.assert_allclose(points[:, AT['MidHip'], :2].mean(0), 0.0, atol=1e-5)
    assert points[:, FEET, 2].min() == pytest.approx(SKELETON.rest[FEET, 2].min(), abs=2e-3)
    assert points[:, AT['Nose'], 0].mean() > 0.02


def test_the_canonical_body_itself_stays_as_it_is():
    points = SKELETON.project(swaying(rest=SKELETON.rest))
    result = prepared(points)
    shift = points[:, AT['MidHip'], :2].mean(axis=0)
    arms = [AT[s + n] for s in 'LR' for n in ('Shoulder', 'Elbow', 'Wrist', 'Ankle', 'BigToe')]
    np.testing.assert_allclose(result[:, arms, :2], points[:, arms, :2] - shift, atol=4e-3)
    np.testing.assert_allclose(result[..., 2], points[..., 2], atol=4e-3)


@pytest.mark.parametrize('travel', ['keep', 'remove'])
def test_bone_directions_and_the_heads_orientation_are_kept(travel):
    points = swaying()
    result = prepared(points, travel=travel)
    bones = 'Neck LShoulder,RShoulder RElbow,LElbow LWrist,MidHip Neck,LEar REar'
    for bone in bones.split(','):
        first, second = (AT[name] for name in bone.split())
        before, after = (p[:, second] - p[:, first] for p in (points, result.astype(float)))
        cosine = (before * after).sum(-1)
        cosine /= np.linalg.norm(before, axis=-1) * np.linalg.norm(after, axis=-1)
        assert cosine.min() > np.cos(np.radians(3.0)), bone


@given(BODIES)
def test_planted_feet_stay_planted(body):
    rest = other_body(**body)
    points = walking(rest=rest)
    result = prepared(points, travel='keep')
    for name in ('LAnkle', 'RAnkle', 'LBigToe', 'RHeel'):
        before = np.linalg.norm(np.diff(points[:, AT[name]], axis=0), axis=-1) * 30.0
        after = np.linalg.norm(np.diff(result[:, AT[name]], axis=0), axis=-1) * 30.0
        assert (before < 0.005).sum() > 40
        assert after[before < 0.005].max() < 0.005


def test_a_jump_leaves_the_ground():
    time = np.arange(90) / 30.0
    up = np.zeros((90, 3))
    up[30:60, 2] = 0.4 * np.sin(np.pi * (time[30:60] - 1.0))
    crouch = up - [0.0, 0.0, 0.05]
    points = moved(other_body(), crouch, {'L': up, 'R': up}, 0.0 * time)
    result = prepared(points)
    lowest = result[:, FEET, 2].min(axis=1)
    assert lowest[:25] == pytest.approx(0.01, abs=3e-3)
    assert lowest[45] > 0.15


def test_feet_that_the_source_has_tilted_stand_flat():
    rest = other_body()
    toes = [AT[s + n] for s in 'LR' for n in ('BigToe', 'SmallToe')]
    rest[toes, 2] += 0.04  # a skeleton whose toe joint lies high above the sole
    soles = [*toes, AT['LHeel'], AT['RHeel']]
    tilt = prepared(swaying(rest=rest))[:, soles, 2] - SKELETON.rest[soles, 2]
    assert np.abs(tilt).max() < 2e-3


def test_who_stands_on_tiptoe_stays_there():
    points, toes = swaying(), [AT['LBigToe'], AT['RBigToe']]
    for side in 'LR':
        for name, rise in (('Ankle', 0.10), ('Heel', 0.16)):
            points[:, AT[side + name], 2] += rise
            points[:, AT[side + name], 0] += 0.07
    result = prepared(points)
    assert result[:, toes, 2] == pytest.approx(0.01, abs=4e-3)
    assert result[:, [AT['LHeel'], AT['RHeel']], 2].min() > 0.05


def test_a_clip_that_is_prepared_only_changes_its_rate():
    clip = prepare(clip_of(walking(turn=0.5)), SKELETON, travel='keep')
    np.testing.assert_allclose(prepare(clip, SKELETON).keypoints, clip.keypoints, atol=1e-6)
    slower = prepare(clip, SKELETON, rate_hz=15.0)
    assert slower.rate_hz == 15.0
    assert SKELETON.bone_error(slower.keypoints) < 1e-5


@pytest.mark.parametrize('turn', [0.0, 0.6])
def test_a_walk_stays_in_place_where_travel_is_removed(turn):
    points = walking(turn=turn)
    kept, result = prepared(points, travel='keep'), prepared(points)
    assert np.ptp(kept[:, AT['MidHip'], :2], axis=0).max() > 1.0
    assert np.abs(result[:, AT['MidHip'], :2]).max() < 0.12
    if turn:
        assert np.ptp(facing(kept, SKELETON)) > 3.0
    assert np.abs(facing(result, SKELETON)).max() < 0.8
    steps = result[:, AT['LAnkle'], 0] - result[:, AT['RAnkle'], 0]
    assert np.ptp(steps) > 0.3, 'the legs still walk'
    assert SKELETON.bone_error(result) < 1e-5


@pytest.mark.parametrize('points', [walking(), rotated(swaying(), np.linspace(0.0, 3.0, 120))])
def test_people_who_walk_or_turn_round_are_refused(points):
    with pytest.raises(TrainingError, match=r'goes farther than 0.5 .* turns .* --travel remove'):
        prepare(clip_of(points), SKELETON, travel='refuse')
    assert 'taken out' in prepare(clip_of(points), SKELETON, travel='remove').remarks[0]
    assert not prepare(clip_of(points), SKELETON, travel='keep').remarks


@pytest.mark.parametrize('travel', ['refuse', 'remove'])
def test_sway_in_place_is_left_alone(travel):
    points = swaying(8.0)
    left = prepared(points, travel='keep')
    np.testing.assert_array_equal(left, prepared(points, travel=travel))


def test_mirroring_before_and_after_is_the_same():
    points = walking(turn=0.3)
    mirrored = prepared(SKELETON.mirrored(points))
    np.testing.assert_allclose(SKELETON.mirrored(prepared(points)), mirrored, atol=2e-4)


def test_preparing_takes_emotions_confidence_and_origin_along():
    points = swaying(4.0, 60.0)
    confidence = np.ones(points.shape[:2])
    confidence[:, FEET] = 0.0
    texts = {'source': 'a.bvh', 'actor': 'Ann', 'label': 'sad', 'licence': 'MIT', 'content': 'b'}
    clip = clip_of(points, 60.0, confidence=confidence, emotions=np.eye(7)[5], **texts)
    result = prepare(clip, SKELETON)
    assert (result.rate_hz, len(result)) == (30.0, 120)
    assert result.emotions[:, 5].min() == 1.0
    assert result.confidence[:, FEET].max() == 0.0
    assert {name: getattr(result, name) for name in texts} == texts


@pytest.mark.parametrize('angle', [0.0, 2.0])
def test_a_body_of_13_points_gets_the_rest_of_them(angle):
    points = swaying()
    given = [AT['Nose']] + [
        AT[s + n] for s in 'LR' for n in ('Shoulder', 'Elbow', 'Wrist', 'Hip', 'Knee', 'Ankle')
    ]
    few, confidence = np.zeros_like(points), np.zeros(points.shape[:2])
    few[:, given], confidence[:, given] = rotated(points, angle)[:, given], 1.0
    result = prepare(clip_of(few, confidence=confidence), SKELETON)
    whole = prepare(clip_of(points), SKELETON)
    assert SKELETON.bone_error(result.keypoints) < 1e-5
    np.testing.assert_allclose(result.keypoints, whole.keypoints, atol=0.06)
    assert set(np.flatnonzero(result.confidence.max(axis=0))) == set(given)


FLAT = SKELETON.flat()
UNNAMED = dataclasses.replace(SKELETON, names=tuple('abcdefghijklmnopqrstuvwxy'))


def test_pixels_become_body_heights_seen_from_the_front():
    result = prepare(clip_of(filmed(swaying(rest=SKELETON.rest * 1.7))), FLAT)
    assert result.dims == 2
    assert result.skeleton == FLAT.name
    points = result.keypoints
    assert points[:, AT['LShoulder'], 0].min() > 0.0 > points[:, AT['RShoulder'], 0].max()
    np.testing.assert_allclose(
        points[:, FEET, 1], FLAT.rest[FEET, 1][None].repeat(120, 0), atol=0.01
    )
    trunk = np.linalg.norm(points[:, AT['Neck']] - points[:, AT['MidHip']], axis=-1)
    assert trunk == pytest.approx(0.3, abs=0.01)
    assert points[:, AT['MidHip'], 0].mean() == pytest.approx(0.0, abs=1e-5)


def test_legs_that_were_never_seen_hang_below_the_hips():
    points, confidence = filmed(swaying()), np.ones((120, 25))
    legs = [AT[s + n] for s in 'LR' for n in ('Knee', 'Ankle', 'BigToe', 'SmallToe', 'Heel')]
    points[:, legs], confidence[:, legs] = 0.0, 0.0
    result = prepare(clip_of(points, confidence=confidence), FLAT).keypoints
    offsets = result[:, legs] - result[:, AT['MidHip'], None]
    np.testing.assert_allclose(
        offsets, (FLAT.rest[legs] - FLAT.rest[AT['MidHip']])[None].repeat(120, 0), atol=1e-5
    )
    assert np.abs(result).max() < 1.3


def without(points, name):
    """A clip [T, 25, D] in which a keypoint was never seen."""
    points, confidence = points.copy(), np.ones(points.shape[:2])
    points[:, AT[name]], confidence[:, AT[name]] = 0.0, 0.0
    return clip_of(points, confidence=confidence)


@pytest.mark.parametrize(
    'clip, skeleton, options, says',
    [
        (clip_of(swaying() * 0.0), SKELETON, {}, 'no length'),
        (clip_of(swaying()[:, :18]), SKELETON, {}, r'\[18, 3\]'),
        (clip_of(swaying()[..., :2]), SKELETON, {}, r'\[25, 2\]'),
        (clip_of(swaying()), SKELETON, {'travel': 'fly'}, 'travel'),
        (clip_of(swaying()), SKELETON, {'rate_hz': 0.0}, 'rate'),
        (without(swaying(), 'LShoulder'), SKELETON, {}, 'LShoulder'),
        (without(filmed(swaying()), 'Neck'), FLAT, {}, 'trunk'),
        (clip_of(swaying()), UNNAMED, {}, 'body_25'),
    ],
)
def test_what_cannot_be_prepared_is_refused(clip, skeleton, options, says):
    with pytest.raises(TrainingError, match=says):
        prepare(clip, skeleton, **options)
