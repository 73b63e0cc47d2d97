# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of a run: film strips and curves show what they say."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from support import one_hot, random_checkpoint
from training_support import flattened

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import StorageError, TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.run import pictures
from emotion_motion.training.run.metrics import MetricsLog, read_metrics
from emotion_motion.training.run.pictures import draw_curves, draw_strips, panels_of, real_motions

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
    draw = pictures.film_strips

    def watched(motions, *arguments, **options):
        seen.clear()
        seen.update(motions)
        return draw(motions, *arguments, **options)

    monkeypatch.setattr(pictures, 'film_strips', watched)
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
        motions = real_motions([dataset], seconds=2.0, seed=seed)
        numbers = {name: number_of(motion) for name, motion in motions.items()}
        assert numbers == {'fear': 2, 'anger': 5}
        assert {len(motion) for motion in motions.values()} == {60}


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
    choices = [real_motions([first, second], seconds=1.0, seed=seed) for seed in range(12)]
    assert number_of(choices[0]['happiness']) == 1 and number_of(choices[0]['sadness']) == 3
    assert {number_of(motions['fear']) for motions in choices} == {2, 4}


# Curves


@pytest.fixture
def metrics(tmp_path) -> Path:
    log = MetricsLog(tmp_path / 'metrics.csv')
    for step in range(10, 410, 10):
        row = {'loss/total': 1.0 / step, 'loss/nll': 2.0 / step, 'rate': 1e-3}
        log.log(step, {**row, 'speed/wait_share': 0.02, 'speed/steps_a_second': 3.0})
        if step % 100 == 0:
            row = {'val/total': 1.5 / step, 'free_run/score': 3.0 / step, 'never': float('nan')}
            log.log(step, {**row, 'free_run/speed_ratio/anger': 0.9})
    return tmp_path / 'metrics.csv'


def test_a_panel_a_quantity_with_held_out_over_training(metrics):
    assert panels_of(read_metrics(metrics)) == {
        'total': ['loss/total', 'val/total'],
        'nll': ['loss/nll'],
        'rate': ['rate'],
        'free_run/score': ['free_run/score'],
    }


def test_the_picture_shows_every_panel(metrics, tmp_path):
    path = draw_curves(metrics, tmp_path / 'docs' / 'curves.png', title='a run')
    assert path.read_bytes().startswith(b'\x89PNG')
    text = draw_curves(metrics, tmp_path / 'curves.svg').read_text()
    for panel in ('total', 'nll', 'free run/score', 'rate', 'held out'):
        assert f'<!-- {panel} -->' in text
    assert 'wait' not in text


def test_too_little_to_draw_is_refused_by_name(tmp_path):
    MetricsLog(tmp_path / 'metrics.csv').log(1, {'total': 1.0})
    with pytest.raises(TrainingError, match=r'metrics\.csv with 1 rows'):
        draw_curves(tmp_path / 'metrics.csv', tmp_path / 'a.png')
    with pytest.raises(TrainingError, match=r'none\.csv'):
        draw_curves(tmp_path / 'none.csv', tmp_path / 'a.png')


def test_numbers_that_are_not_finite_leave_a_gap(tmp_path):
    log = MetricsLog(tmp_path / 'metrics.csv')
    for step, value in enumerate((1.0, np.inf, 0.5)):
        log.log(step, {'free_run/score': value})
    assert draw_curves(tmp_path / 'metrics.csv', tmp_path / 'a.png').exists()
