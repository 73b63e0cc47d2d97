# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What is odd about a clip: the same words for every reader, and no false alarm."""

import json

import bvh_humanoid
from moving import AT, clip_of, filmed, moved, other_body, SKELETON, swaying, walking
import numpy as np
import pytest

from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.doubts import doubts, rest_frames
from emotion_motion.io.reading import read_clips


def npz(path, points):
    np.savez(path.with_suffix('.npz'), keypoints=points, rate_hz=30.0)
    return path.with_suffix('.npz')


def openpose(path, points):
    flat = points.reshape(-1, 2)
    data = {'x': flat[:, 0], 'y': flat[:, 1], 'confidence': np.full(len(flat), 0.9)}
    path = path.with_suffix('.json')
    path.write_text(json.dumps({key: values.tolist() for key, values in data.items()}))
    return path


def bvh(path, monkeypatch, **offsets):
    """Write our humanoid with other offsets of some joints, of both sides alike."""
    tree = dict(bvh_humanoid.TREE)
    for name, (parent, offset) in tree.items():
        side, _, part = name.partition('_')
        new = np.array(offsets.get(part or side, offset), dtype=float)
        tree[name] = (parent, new * [1.0, -1.0 if side == 'right' and part in offsets else 1, 1])
    monkeypatch.setattr(bvh_humanoid, 'TREE', tree)
    return bvh_humanoid.write_humanoid(path.with_suffix('.bvh'), bvh_humanoid.Variant())


LEG = (0.0, 0.0, -0.38)
FOUR_LEGGED = {'spine': (0.3, 0, 0), 'chest': (0.35, 0, 0), 'neck': (0.25, 0, 0.1)}
FOUR_LEGGED |= {'upper': (0, 0, 0), 'forearm': LEG, 'hand': LEG, 'upper_arm': (0.0, 0.1, -0.05)}
SHORT = {'lower_leg': (0.0, 0.0, -0.12), 'foot': (0.0, 0.0, -0.12)}


def test_each_reader_says_the_same_of_bodies_that_are_none(tmp_path, monkeypatch):
    sideways = filmed(swaying(1.0))[..., ::-1]
    given = {
        'npz': (npz(tmp_path / 'a', swaying(1.0)[..., [1, 2, 0]]), 'along +y'),
        'picture': (openpose(tmp_path / 'a', sideways), 'expected a standing person, y down'),
        'animal': (bvh(tmp_path / 'a', monkeypatch, **FOUR_LEGGED), 'four-legged'),
    }
    for path, says in given.values():
        [text] = [t for t in read_clips(path)[0].remarks if t.startswith('it is not upright')]
        assert says in text
    short = other_body(leg=0.3) * 1.0
    for path in (
        npz(tmp_path / 'b', moved(short, *still(30))),
        bvh(tmp_path / 'b', monkeypatch, **SHORT),
    ):
        assert any('times as long as its trunk' in text for text in read_clips(path)[0].remarks)


def still(frames):
    """Return hips, feet and arms that do not move, for `moved`."""
    zero = np.zeros((frames, 3))
    return zero, {'L': zero, 'R': zero}, np.zeros(frames)


def lively(seconds=3.0):
    """Somebody whose arms swing by 0.4 m from frame to frame."""
    time = np.arange(round(seconds * 30.0)) / 30.0
    hips, feet, _ = still(len(time))
    return moved(other_body(), hips, feet, 1.2 * np.sin(16.0 * time))


def rest_pose(points):
    """Return the T-pose [1, K, 3] where a motion begins."""
    pose = other_body()
    for side, sign in (('L', 1.0), ('R', -1.0)):
        shoulder = pose[AT[f'{side}Shoulder']]
        for name, far in (('Elbow', 0.3), ('Wrist', 0.57)):
            pose[AT[f'{side}{name}']] = shoulder + np.array([0.0, sign * far, 0.0])
    return (pose + points[0, SKELETON.root] - pose[SKELETON.root])[None]


@pytest.mark.parametrize(
    ('held', 'between', 'noise_m'),
    [(1, 0, 0.0), (6, 0, 0.0), (1, 1, 0.0), (5, 1, 0.004), (60, 0, 0.004)],
)
@pytest.mark.parametrize('motion', [swaying, walking, lively, lambda: swaying(2.0, 120.0)])
def test_a_rest_pose_in_front_is_found_in_calm_and_lively_takes(motion, held, between, noise_m):
    points = motion()
    between = 0 if motion is lively else between  # its own steps are as far
    assert doubts(clip_of(points)) == []
    front = np.repeat(rest_pose(points), held, axis=0)
    front += np.random.default_rng(1).normal(0.0, noise_m / np.sqrt(3.0), front.shape)
    way = 0.5 * (front[-1:] + points[:between])
    assert rest_frames(clip_of(np.concatenate((front, way, points)))) == held + between


def test_a_take_that_stays_in_a_rest_pose_is_no_doubt():
    points = swaying(2.0)
    front = np.repeat(rest_pose(points), 20, axis=0)
    share = np.linspace(0.0, 1.0, 20)[:, None, None]
    into = (1.0 - share) * front + share * points[0]
    assert rest_frames(clip_of(np.concatenate((front, into, points)))) == 0
    assert rest_frames(clip_of(front)) == 0


def test_bones_that_change_are_said_for_any_reader(tmp_path):
    points = swaying(1.0)
    points[10:, AT['LWrist']] += [0.0, 0.1, 0.0]
    [text] = read_clips(npz(tmp_path / 'a', points))[0].remarks
    assert text.startswith('its bones change their length by up to')


def test_a_given_rate_stands_for_the_file_s_own(tmp_path, monkeypatch):
    path = bvh(tmp_path / 'a', monkeypatch)
    path.write_text(path.read_text().replace('0.0333333', '33.3333'))
    for file in (path, npz(tmp_path / 'a', swaying(1.0))):
        [clip] = read_clips(file, rate_hz=25.0)
        assert clip.rate_hz == 25.0
        assert clip.remarks == ('its rate is the given 25 Hz, not what the file says',)
        with pytest.raises(MotionFileError, match=r'expected 1 to 1,000 Hz$'):
            read_clips(file, rate_hz=0.0)
