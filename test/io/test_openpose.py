# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""OpenPose BODY_25 JSON: frames and clips, people, names, and files that are none."""

import json
from pathlib import Path

import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.openpose import actor_of, describe_openpose, emotion_of, read_openpose

SKELETON = load_skeleton()


def person(frames=12, at=500.0, height=400.0):
    """A standing body that moves steadily to the right, [T, 25, 2] in pixels."""
    body = np.stack((SKELETON.rest[:, 1], 1.0 - SKELETON.rest[:, 2]), axis=-1) * height
    walk = np.arange(frames)[:, None] * np.array([2.0, 0.5])
    return body + np.array([at, 100.0]) + walk[:, None]


def detection(points, confidence=0.9):
    """One of the `people` of a frame, with points [25, 2]."""
    sure = np.broadcast_to(confidence, len(points))
    return {'pose_keypoints_2d': np.column_stack((points, sure)).ravel().tolist()}


def write_frames(folder, frames, video='clip'):
    """Write a file a frame; frames maps numbers to lists of people, or is a list of those."""
    folder.mkdir(parents=True, exist_ok=True)
    numbered = frames.items() if isinstance(frames, dict) else enumerate(frames)
    for number, people in numbered:
        file = folder / f'{video}_{number:012d}_keypoints.json'
        file.write_text(json.dumps({'version': 1.3, 'people': people}))
    return folder


def write_clip(file, points, confidence=0.9):
    """Write a clip [T, 25, 2] in MEED's form."""
    file.parent.mkdir(parents=True, exist_ok=True)
    flat = points.reshape(-1, 2)
    data = {'x': flat[:, 0], 'y': flat[:, 1], 'confidence': np.full(len(flat), confidence)}
    file.write_text(json.dumps({key: values.tolist() for key, values in data.items()}))
    return file


def test_frames_and_clip_forms_give_the_same_motion(tmp_path):
    points = person()
    [frames] = read_openpose(write_frames(tmp_path / 'f', [[detection(p)] for p in points]))
    [clip] = read_openpose(write_clip(tmp_path / 'c.json', points))
    np.testing.assert_array_equal(frames.keypoints, clip.keypoints)
    np.testing.assert_allclose(clip.keypoints, points, rtol=1e-6)
    np.testing.assert_allclose(frames.confidence, 0.9, rtol=1e-6)
    assert (clip.dims, clip.skeleton, clip.rate_hz) == (2, 'body_25', 30.0)
    assert frames.source == str(tmp_path / 'f' / 'clip')
    assert clip.source == str(tmp_path / 'c.json')


def test_frames_are_ordered_by_number_not_by_name(tmp_path):
    points = person(12)
    for number, frame in enumerate(points):
        file = tmp_path / f'take_{number}_keypoints.json'
        file.write_text(json.dumps({'people': [detection(frame)]}))
    [clip] = read_openpose(tmp_path)
    np.testing.assert_allclose(clip.keypoints, points, rtol=1e-6)


def test_each_video_of_a_folder_is_a_clip(tmp_path):
    write_frames(tmp_path, [[detection(p)] for p in person(5)], 'first')
    write_frames(tmp_path, [[detection(p)] for p in person(7)], 'second_2')
    clips = read_openpose(tmp_path, rate_hz=25.0)
    assert [(clip.content, len(clip), clip.rate_hz) for clip in clips] == [
        ('first', 5, 25.0),
        ('second_2', 7, 25.0),
    ]


def test_a_folder_of_clip_files_gives_all_of_them(tmp_path):
    write_clip(tmp_path / 'a.json', person(3))
    write_clip(tmp_path / 'b.json', person(4))
    assert [len(clip) for clip in read_openpose(tmp_path)] == [3, 4]


def test_frames_without_a_file_or_a_person_are_filled_in_time(tmp_path):
    points = person(12)
    frames = {number: [detection(frame)] for number, frame in enumerate(points, start=100)}
    del frames[104], frames[105]
    frames[107] = []
    frames[109] = [detection(np.zeros((25, 2)), 0.0)]
    folder = write_frames(tmp_path / 'f', frames)
    [clip] = read_openpose(folder)
    np.testing.assert_allclose(clip.keypoints, points, rtol=1e-5)
    np.testing.assert_allclose(clip.confidence[[4, 5, 7, 9]], 0.45)
    text = '\n'.join(describe_openpose(folder))
    assert '2 frames without a file, 4 without a usable person' in text
    assert '100 of 300 keypoints filled in time, 0 masked' in text


def test_leading_and_trailing_frames_without_a_person_are_cut(tmp_path):
    frames = [[], [], *([detection(p)] for p in person(6)), [], [], []]
    [clip] = read_openpose(write_frames(tmp_path, frames))
    assert len(clip) == 6
    text = '\n'.join(describe_openpose(tmp_path))
    assert '0 without a usable person' in text and ' 0 masked' in text


def test_undetected_keypoints_are_filled_or_masked_per_keypoint(tmp_path):
    points = person(40)
    broken = points.copy()
    broken[10:14, 4] = 0.0
    broken[5:35, 7] = 0.0
    [clip] = read_openpose(write_clip(tmp_path / 'clip.json', broken))
    np.testing.assert_allclose(clip.keypoints[10:14, 4], points[10:14, 4], rtol=1e-5)
    assert (clip.confidence[5:35, 7] == 0.0).all()
    others = [k for k in range(25) if k not in (4, 7)]
    np.testing.assert_array_equal(clip.keypoints[:, others], points[:, others].astype(np.float32))


def test_the_most_confident_person_is_tracked_when_reordered(tmp_path):
    left, right = person(20, at=300.0), person(20, at=900.0)
    frames = []
    for number, (a, b) in enumerate(zip(left, right, strict=True)):
        people = [detection(a, 0.6 if number == 0 else 0.95), detection(b, 0.8)]
        frames.append(people[:: 1 - 2 * (number % 2)])
    [clip] = read_openpose(write_frames(tmp_path, frames))
    np.testing.assert_allclose(clip.keypoints, right, rtol=1e-6)
    assert '20 with several people' in '\n'.join(describe_openpose(tmp_path))


def test_a_lost_person_is_not_replaced_by_someone_else(tmp_path):
    points, other = person(20), person(20, at=2500.0)
    frames = [[detection(p), detection(o, 0.5)] for p, o in zip(points, other, strict=True)]
    frames[8] = [detection(other[8])]
    [clip] = read_openpose(write_frames(tmp_path, frames))
    np.testing.assert_allclose(clip.keypoints, points, rtol=1e-5)
    np.testing.assert_allclose(clip.confidence[8], 0.45)


def test_people_without_a_body_are_passed_over(tmp_path):
    frames = [[{'pose_keypoints_2d': []}, detection(p)] for p in person(4)]
    [clip] = read_openpose(write_frames(tmp_path, frames))
    np.testing.assert_allclose(clip.keypoints, person(4), rtol=1e-6)


def test_confidence_a_little_above_one_is_clipped(tmp_path):
    [clip] = read_openpose(write_clip(tmp_path / 'clip.json', person(3), 1.04))
    assert (clip.confidence == 1.0).all()


def test_a_report_counts_what_was_cut_out(tmp_path):
    points = person(20)
    points[6, 4] += 3000.0
    file = write_clip(tmp_path / 'actor03' / 'SA' / 'clip.json', points)
    text = '\n'.join(describe_openpose(file))
    for words in ('20 frames', '1 implausible', '1 of 500 keypoints filled', 'sadness', 'actor03'):
        assert words in text


@pytest.mark.parametrize(
    ('path', 'emotion', 'actor'),
    [
        ('meed/actor03/A/clip_001.json', 'anger', 'actor03'),
        ('meed/SU/P12/front.json', 'surprise', 'P12'),
        ('meed/F_SA_02/clip.json', 'sadness', ''),
        ('meed/F01/N/view1.json', 'neutral', 'F01'),
        ('meed/F/clip.json', 'fear', ''),
        ('videos/F01A0V1.json', 'anger', 'F01'),
        ('videos/M11SU2V3_front.json', 'surprise', 'M11'),
        ('videos/actor_7_H.json', 'happiness', ''),
        ('a/D_H/clip.json', '', ''),
        ('Angry/SAD/hello.json', '', ''),
        ('D/work/one/two/three/clip.json', '', ''),
    ],
)
def test_emotion_and_actor_come_from_whole_words_of_the_names(path, emotion, actor):
    assert emotion_of(Path(path)) == emotion
    assert actor_of(Path(path)) == actor


def test_clips_carry_the_label_and_actor_of_their_folders(tmp_path):
    [clip] = read_openpose(write_clip(tmp_path / 'actor03' / 'D' / 'take.json', person(3)))
    assert (clip.label, clip.actor, clip.content) == ('disgust', 'actor03', 'take')
    folder = write_frames(tmp_path / 'F01' / 'H', [[detection(p)] for p in person(3)])
    [clip] = read_openpose(folder)
    assert (clip.label, clip.actor) == ('happiness', 'F01')


GOOD = {'x': [1.0] * 25, 'y': [2.0] * 25, 'confidence': [0.5] * 25}
BAD = {
    'truncated': ('{"x": [1.0, 2.0', 'not JSON'),
    'empty': ('', 'not JSON'),
    'not an object': ('[1, 2]', 'no object'),
    'other keys': ('{"pose": 3}', 'with the keys pose'),
    'binary': (b'\xff\xfe\x00', 'not JSON'),
    'deep': ('[' * 100_000, 'nested hundreds deep'),
    'zero length': (json.dumps({'x': [], 'y': [], 'confidence': []}), '0 values; expected 25'),
    'unequal': (json.dumps({**GOOD, 'y': [2.0] * 24}), '25 x, 24 y'),
    'part of a frame': (
        json.dumps({k: v[:20] for k, v in GOOD.items()}),
        '20 values; expected 25',
    ),
    'text': (json.dumps({**GOOD, 'x': ['1.0'] * 25}), r'x\[0\] is 1.0'),
    'null': (json.dumps({**GOOD, 'x': [1.0, None] + [1.0] * 23}), r'x\[1\] is None'),
    'NaN': (json.dumps({**GOOD, 'y': [float('nan')] * 25}), r'y\[0\] is nan'),
    'infinite': ('{"x": [1e999], "y": [1], "confidence": [1]}', r'x\[0\] is inf'),
    'nested': (json.dumps({**GOOD, 'x': [[1.0] * 25]}), r'x\[0\] is \[1'),
    'number': (json.dumps({**GOOD, 'x': 3}), 'x is int'),
    'percent': (json.dumps({**GOOD, 'confidence': [90.0] * 25}), 'confidence 90'),
    'negative': (json.dumps({**GOOD, 'confidence': [-0.1] * 25}), 'confidence -0.1'),
    'nobody': (json.dumps({**GOOD, 'confidence': [0.0] * 25}), 'no keypoint is measured'),
    'people are no list': ('{"people": 5}', 'without a list of people'),
    'person is no object': ('{"people": [5]}', 'without a list of people'),
    'old key': ('{"people": [{"pose_keypoints": [1]}]}', 'it has pose_keypoints'),
    'COCO': (json.dumps({'people': [{'pose_keypoints_2d': [1.0] * 54}]}), '54 numbers'),
    'no people': ('{"people": []}', 'no keypoint is measured'),
}


@pytest.mark.parametrize('case', BAD)
def test_a_bad_file_is_named_with_the_reason(tmp_path, case):
    content, reason = BAD[case]
    file = tmp_path / 'bad.json'
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(MotionFileError, match=reason) as error:
        read_openpose(file)
    assert str(file) in str(error.value)


def test_a_bad_frame_among_good_ones_is_named(tmp_path):
    write_frames(tmp_path, [[detection(p)] for p in person(4)])
    bad = tmp_path / 'clip_000000000002_keypoints.json'
    bad.write_text(bad.read_text()[:100])
    with pytest.raises(MotionFileError, match='not JSON') as error:
        read_openpose(tmp_path)
    assert str(bad) in str(error.value)


def test_missing_paths_and_folders_without_files_are_errors(tmp_path):
    with pytest.raises(MotionFileError, match='No such file'):
        read_openpose(tmp_path / 'none.json')
    with pytest.raises(MotionFileError, match='without OpenPose files'):
        read_openpose(tmp_path)


def test_frame_numbers_must_be_unique_and_numbers_of_frames(tmp_path):
    frame = json.dumps({'people': [detection(person(1)[0])]})
    for name in ('a_1_keypoints.json', 'a_01_keypoints.json'):
        (tmp_path / name).write_text(frame)
    with pytest.raises(MotionFileError, match='same frame number'):
        read_openpose(tmp_path)
    (tmp_path / 'a_01_keypoints.json').rename(tmp_path / 'a_1700000000000_keypoints.json')
    with pytest.raises(MotionFileError, match='expected the numbers of frames'):
        read_openpose(tmp_path)


@pytest.mark.parametrize('rate_hz', [0.0, -30.0, float('nan'), float('inf')])
def test_a_rate_that_is_none_is_refused(tmp_path, rate_hz):
    with pytest.raises(MotionFileError, match='Hz'):
        read_openpose(write_clip(tmp_path / 'clip.json', person(2)), rate_hz=rate_hz)
