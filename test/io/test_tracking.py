# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Who is followed through a video, and left and right that a detector exchanged."""

from pathlib import Path

from moving import filmed, rotated, SKELETON, walking
import numpy as np
import pytest

from emotion_motion.io.openpose import read_openpose
from emotion_motion.io.tracking import follow, mend_sides

FLIPPED = Path(__file__).resolve().parents[3] / 'shared' / 'cases' / 'openpose' / 'lr_flip'
SIDES = [
    SKELETON.names.index({'L': 'R', 'R': 'L'}[name[0]] + name[1:])
    if name[0] in 'LR'
    else SKELETON.names.index(name)
    for name in SKELETON.names
]


def seen(points):
    """Return a person [T, 25, 3] with confidence 0.9."""
    return np.concatenate((points, np.full((*points.shape[:2], 1), 0.9)), axis=-1)


def passer(start, speed, frames=120, shift=0.0):
    """Somebody who passes through the picture, [T, 25, 3]."""
    body = filmed(SKELETON.rest)[None] + [0.0, shift]
    way = start + speed * np.arange(frames)
    swing = 6.0 * np.sin(0.3 * np.arange(frames) + shift)
    return seen(body + np.stack((way, swing), axis=-1)[:, None])


def video(first, second, hidden):
    """Return frames of two people, the first not seen in `hidden`, in changing order."""
    frames = []
    for number, people in enumerate(zip(first, second, strict=True)):
        shown = people[1:] if number in hidden else people
        frames.append(np.array(shown[:: 1 - 2 * (number % 2)]))
    frames[0][:] = np.array([first[0], second[0]])
    frames[0][0, :, 2] = 1.0
    return frames


@pytest.mark.parametrize('shift', [0.0, 40.0])
@pytest.mark.parametrize('speed', [-3.0, -8.0, 1.0])
def test_who_crosses_does_not_take_over_a_hidden_person(speed, shift):
    first, second = passer(0.0, 6.0), passer(360.0 - 60.0 * speed, speed, shift=shift)
    for begin in (52, 56, 61):
        person, lost = follow(video(first, second, range(begin, begin + 8)), 30.0)
        shown = person[..., 2].any(axis=1)
        assert lost is None and shown.sum() == 112
        np.testing.assert_array_equal(person[shown, :, :2], first[shown, :, :2])


def test_who_is_lost_among_others_ends_the_clip():
    first, second = passer(0.0, 6.0), passer(720.0, -6.0)
    person, lost = follow(video(first, second, range(50, 120)), 30.0)
    assert lost == 49 and not person[50:].any()
    both_hidden = video(first, second, range(56, 66))
    for number in range(56, 66):
        both_hidden[number] = np.zeros((0, 25, 3))
    both_hidden[66] = np.array([first[66], first[66] + [4.0, 0.0, 0.0]])
    assert follow(both_hidden, 30.0)[1] == 55, 'two may be meant'


def test_one_person_alone_is_taken_up_again_after_a_leap():
    person = passer(300.0, 0.5)
    leaps = np.concatenate((person[:50], person[50:] + np.array((300.0, 0.0, 0.0))))
    ghost = np.concatenate((person[:1] + np.array((700.0, 0.0, 0.0)), person[1:]))
    for shown in (leaps, ghost):
        followed, lost = follow([frame[None] for frame in shown], 30.0)
        assert lost is None
        np.testing.assert_array_equal(followed[-60:], shown[-60:])


def test_exchanged_sides_are_put_back_exactly():
    points = rotated(walking(4.0, turn=0.6), 0.4)
    person = seen(filmed(points))
    flipped = person.copy()
    for number in (20, 41, 42, 43, 80):
        flipped[number] = flipped[number, SIDES]
    legs = [i for i, n in enumerate(SKELETON.names) if n[1:] in ('Hip', 'Knee', 'Ankle')]
    legs += [i for i, n in enumerate(SKELETON.names) if n[1:] in ('BigToe', 'SmallToe', 'Heel')]
    flipped[60, legs] = flipped[60][SIDES][legs]
    mended, count = mend_sides(flipped, 30.0)
    assert count == 6
    np.testing.assert_array_equal(mended, person)
    assert mend_sides(person, 30.0)[1] == 0
    person[50:] = person[50:, SIDES]
    assert mend_sides(person, 30.0)[1] == 0, 'it does not change back'


def test_the_exchanged_frames_of_a_real_detector_are_counted():
    if not FLIPPED.is_dir():
        pytest.skip(f'the frames are missing: {FLIPPED}')
    [clip] = read_openpose(FLIPPED)
    assert clip.remarks == ('left and right were exchanged in 6 frames and put back',)
    speed = np.linalg.norm(np.diff(clip.keypoints, axis=0), axis=-1) * clip.rate_hz
    assert speed.mean() == pytest.approx(25.2, abs=0.1)
    assert speed.mean(axis=1).max() < 80.0
