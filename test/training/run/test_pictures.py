# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of a run: film strips and curves show what they say."""

from pathlib import Path

import numpy as np
import pytest
from support import one_hot, random_checkpoint
from training_support import flattened

from emotion_motion.body.skeleton import load_skeleton
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


def test_bodies_seen_from_the_front_are_drawn(tmp_path, rows):
    data = MotionDataset.from_clips([flattened(swaying(1, 'anger'))])
    checkpoint = random_checkpoint(keypoint_dims=2)
    path = draw_strips(checkpoint, tmp_path / 'flat.png', [data], seconds=1.0)
    assert is_picture(path) and rows['anger generated'].shape == (30, 25, 2)


def test_held_out_clips_are_shown_where_they_are_long_enough():
    fear = [swaying(1, 'fear'), swaying(2, 'fear'), swaying(3, 'fear', 9.0)]
    others = [swaying(4, 'anger', 1.0), swaying(5, 'anger'), swaying(6, 'sadness', 9.0)]
    datasets = [
        MotionDataset.from_clips(fear, splits=['train', 'val', 'test']),
        MotionDataset.from_clips(others, splits=['val', 'train', 'test']),
    ]
    for seed in range(5):
        motions = real_motions(datasets, seconds=2.0, seed=seed)
        numbers = {name: number_of(motion) for name, motion in motions.items()}
        assert numbers == {'fear': 2, 'anger': 5}
        assert {len(motion) for motion in motions.values()} == {60}


def test_a_picture_that_cannot_be_written_is_named(checkpoint, tmp_path):
    (tmp_path / 'file').write_text('in the way')
    data = MotionDataset.from_clips([swaying(1, 'fear')])
    with pytest.raises(StorageError, match='could not write the film strips'):
        draw_strips(checkpoint, tmp_path / 'file' / 'a.png', [data], seconds=0.5)


# Curves


@pytest.fixture
def metrics(tmp_path) -> Path:
    log = MetricsLog(tmp_path / 'metrics.csv')
    for step in range(10, 410, 10):
        row = {'loss/total': 1.0 / step, 'loss/nll': 2.0 / step, 'rate': 1e-3}
        row |= {'speed/wait_share': 0.02, 'speed/steps_a_second': 3.0}
        if step % 100 == 0:
            row |= {'val/total': 1.5 / step, 'never': float('nan')}
            row |= {'free_run/score': 3.0 / step if step > 100 else float('inf')}
            row |= {'free_run/speed_ratio/anger': 0.9}
        log.log(step, row)
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
