# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Film strips of a model: which rows there are, and that they show what they say."""

import numpy as np
import pytest
from support import one_hot, random_checkpoint

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import TrainingError
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


def test_there_is_a_row_an_emotion_and_the_picture_is_written(checkpoint, tmp_path, rows):
    path = draw_strips(checkpoint, tmp_path / 'strips' / 'step_00000500.png', seconds=1.0)
    assert is_picture(path)
    assert tuple(rows) == EMOTIONS
    assert all(motion.shape == (30, 25, 3) for motion in rows.values())


def test_the_seed_decides_the_motion(checkpoint, tmp_path, rows):
    def drawn(seed: int) -> np.ndarray:
        draw_strips(
            checkpoint, tmp_path / 'a.png', emotions=['fear'], seconds=0.5, seed=seed, every_s=0.5
        )
        return rows['fear']

    first, again, other = drawn(0), drawn(0), drawn(1)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


def test_real_motion_stands_above_the_generated(checkpoint, tmp_path, rows):
    real = {'sadness': swaying(3, 'sadness').keypoints, 'anger': swaying(5, 'anger').keypoints}
    path = draw_strips(checkpoint, tmp_path / 'both.png', seconds=1.0, real=real)
    assert is_picture(path)
    assert list(rows) == ['sadness real', 'sadness generated', 'anger real', 'anger generated']
    assert number_of(rows['sadness real']) == 3 and number_of(rows['anger real']) == 5
    assert {len(motion) for motion in rows.values()} == {30}


def test_a_data_set_gives_the_emotions_it_has(checkpoint, tmp_path, rows):
    dataset = MotionDataset.from_clips([swaying(1, 'happiness'), swaying(2, 'neutral')])
    draw_strips(checkpoint, tmp_path / 'a.png', seconds=1.0, real=dataset)
    assert list(rows) == [
        'happiness real',
        'happiness generated',
        'neutral real',
        'neutral generated',
    ]


def test_bodies_seen_from_the_front_are_drawn(tmp_path, rows):
    checkpoint = random_checkpoint(keypoint_dims=2)
    path = draw_strips(checkpoint, tmp_path / 'flat.png', emotions=['anger'], seconds=1.0)
    assert is_picture(path) and rows['anger'].shape == (30, 25, 2)


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
        found = real_motions(dataset, seconds=2.0, seed=seed)
        assert {name: number_of(motion) for name, motion in found.items()} == {
            'fear': 2,
            'anger': 5,
        }
        assert {len(motion) for motion in found.values()} == {60}


def test_the_seed_chooses_among_real_clips():
    dataset = MotionDataset.from_clips([swaying(i, 'fear') for i in range(8)])
    numbers = [number_of(real_motions(dataset, ['fear'], seed=s)['fear']) for s in range(12)]
    assert len(set(numbers)) > 3
    assert number_of(real_motions(dataset, ['fear'], seed=3)['fear']) == numbers[3]


def test_real_motion_is_of_middle_speed():
    clips = []
    for speed in (0.0, 0.1, 0.1, 0.1, 2.0):
        clip = swaying(0, 'fear')
        clip.keypoints[..., 1] += speed * np.arange(len(clip))[:, None] / 30.0
        clips.append(clip)
    dataset = MotionDataset.from_clips(clips)
    for seed in range(8):
        motion = real_motions(dataset, ['fear'], seconds=1.0, seed=seed)['fear']
        assert motion[-1, 0, 1] - motion[0, 0, 1] == pytest.approx(0.1 * 29 / 30, abs=1e-3)


@pytest.mark.parametrize('emotions', [['joyfulness'], []])
def test_emotions_that_nobody_knows_are_refused(checkpoint, tmp_path, emotions):
    with pytest.raises(TrainingError, match='expected some of anger'):
        draw_strips(checkpoint, tmp_path / 'a.png', emotions=emotions)


def test_a_picture_that_cannot_be_written_is_named(checkpoint, tmp_path):
    (tmp_path / 'file').write_text('in the way')
    with pytest.raises(TrainingError, match='could not write the film strips'):
        draw_strips(checkpoint, tmp_path / 'file' / 'a.png', emotions=['fear'], seconds=0.5)


def test_several_data_sets_show_what_each_of_them_has(checkpoint, tmp_path, rows):
    first = MotionDataset.from_clips([swaying(1, 'happiness'), swaying(2, 'fear')])
    second = MotionDataset.from_clips([swaying(3, 'sadness'), swaying(4, 'fear')])
    found = real_motions([first, second], seconds=1.0)
    assert number_of(found['happiness']) == 1 and number_of(found['sadness']) == 3
    seen = {
        number_of(real_motions([first, second], ['fear'], seconds=1.0, seed=seed)['fear'])
        for seed in range(12)
    }
    assert seen == {2, 4}
    draw_strips(checkpoint, tmp_path / 'a.png', seconds=1.0, real=[first, second])
    assert [name for name in rows if 'real' in name] == [
        'fear real',
        'happiness real',
        'sadness real',
    ]
