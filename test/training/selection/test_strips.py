# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Film strips of a model: which rows there are, and that they show what they say."""

import dataclasses

import numpy as np
import pytest
from support import one_hot, random_checkpoint
from training_support import flattened

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import StorageError
from emotion_motion.io.clip import Clip
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.selection import strips
from emotion_motion.training.selection.strips import draw_strips, real_motions

BODY = load_skeleton()


def swaying(number: int, emotion: str, seconds: float = 3.0) -> Clip:
    """Return a body whose keypoints are `number` centimetres to the left."""
    points = np.repeat(BODY.rest[None], round(seconds * 30.0), axis=0)
    points[..., 1] += 0.01 * number
    return Clip(keypoints=points, rate_hz=30.0, emotions=one_hot(emotion), prepared=True)


def number_of(motion: np.ndarray) -> int:
    return round(float((motion - BODY.rest)[..., 1].mean()) * 100.0)


@pytest.fixture
def rows(monkeypatch) -> dict[str, np.ndarray]:
    """What was drawn last, by the name of the row; it is drawn all the same."""
    seen: dict[str, np.ndarray] = {}
    draw = strips.film_strips

    def watched(motions, *arguments, **options):
        seen.clear()
        seen.update(motions)
        return draw(motions, *arguments, **options)

    monkeypatch.setattr(strips, 'film_strips', watched)
    return seen


def is_picture(path) -> bool:
    return path.read_bytes().startswith(b'\x89PNG') and path.stat().st_size > 5000


def test_real_motion_stands_above_what_is_generated(checkpoint, tmp_path, rows):
    data = MotionDataset.from_clips([swaying(3, 'sadness'), swaying(5, 'anger')])
    path = draw_strips(checkpoint, tmp_path / 'strips' / 'step_00000500.png', [data], seconds=1.0)
    assert is_picture(path)
    assert list(rows) == ['anger real', 'anger generated', 'sadness real', 'sadness generated']
    assert number_of(rows['sadness real']) == 3 and number_of(rows['anger real']) == 5
    assert all(motion.shape == (30, 25, 3) for motion in rows.values())


def test_the_seed_decides_the_motion(checkpoint, tmp_path, rows):
    data = MotionDataset.from_clips([swaying(1, 'fear')])

    def drawn(seed: int) -> np.ndarray:
        draw_strips(checkpoint, tmp_path / 'a.png', [data], seconds=0.5, seed=seed)
        return rows['fear generated']

    first, again, other = drawn(0), drawn(0), drawn(1)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


def test_bodies_seen_from_the_front_are_drawn(tmp_path, rows):
    data = MotionDataset.from_clips([flattened(swaying(1, 'anger'))])
    checkpoint = random_checkpoint(keypoint_dims=2)
    path = draw_strips(checkpoint, tmp_path / 'flat.png', [data], seconds=1.0)
    assert is_picture(path) and rows['anger generated'].shape == (30, 25, 2)


def test_mixtures_alone_show_what_is_generated_for_every_emotion(checkpoint, tmp_path, rows):
    mixed = dataclasses.replace(swaying(1, 'fear'), emotions=np.full(7, 1.0 / 7.0, np.float32))
    draw_strips(checkpoint, tmp_path / 'a.png', [MotionDataset.from_clips([mixed])], seconds=1.0)
    assert list(rows) == [f'{name} generated' for name in EMOTIONS]


def test_held_out_clips_are_shown_where_they_are_long_enough():
    clips = [
        swaying(1, 'fear'),
        swaying(2, 'fear'),
        swaying(3, 'fear', 9.0),
        swaying(4, 'anger', 1.0),
        swaying(5, 'anger'),
        swaying(6, 'sadness', 9.0),
    ]
    splits = ['train', 'val', 'test', 'val', 'train', 'test']
    dataset = MotionDataset.from_clips(clips, splits=splits)
    for seed in range(5):
        found = real_motions([dataset], seconds=2.0, seed=seed)
        numbers = {name: number_of(motion) for name, motion in found.items()}
        assert numbers == {'fear': 2, 'anger': 5}
        assert {len(motion) for motion in found.values()} == {60}


def test_the_seed_chooses_among_real_clips():
    dataset = MotionDataset.from_clips([swaying(i, 'fear') for i in range(8)])
    numbers = [number_of(real_motions([dataset], seed=s)['fear']) for s in range(12)]
    assert len(set(numbers)) > 3
    assert number_of(real_motions([dataset], seed=3)['fear']) == numbers[3]


def test_real_motion_is_of_middle_speed():
    clips = []
    for speed in (0.0, 0.1, 0.1, 0.1, 2.0):
        clip = swaying(0, 'fear')
        clip.keypoints[..., 1] += speed * np.arange(len(clip))[:, None] / 30.0
        clips.append(clip)
    dataset = MotionDataset.from_clips(clips)
    for seed in range(8):
        motion = real_motions([dataset], seconds=1.0, seed=seed)['fear']
        assert motion[-1, 0, 1] - motion[0, 0, 1] == pytest.approx(0.1 * 29 / 30, abs=1e-3)


def test_a_picture_that_cannot_be_written_is_named(checkpoint, tmp_path):
    (tmp_path / 'file').write_text('in the way')
    data = MotionDataset.from_clips([swaying(1, 'fear')])
    with pytest.raises(StorageError, match='could not write the film strips'):
        draw_strips(checkpoint, tmp_path / 'file' / 'a.png', [data], seconds=0.5)


def test_several_data_sets_show_what_each_of_them_has():
    first = MotionDataset.from_clips([swaying(1, 'happiness'), swaying(2, 'fear')])
    second = MotionDataset.from_clips([swaying(3, 'sadness'), swaying(4, 'fear')])
    found = [real_motions([first, second], seconds=1.0, seed=seed) for seed in range(12)]
    assert number_of(found[0]['happiness']) == 1 and number_of(found[0]['sadness']) == 3
    assert {number_of(motions['fear']) for motions in found} == {2, 4}
