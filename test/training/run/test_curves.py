# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The curves of a run: a panel a quantity, training and held out in the same."""

from pathlib import Path

import numpy as np
import pytest

from emotion_motion.exceptions import TrainingError
from emotion_motion.training.run.curves import draw_curves, panels_of
from emotion_motion.training.run.metrics import MetricsLog, read_metrics


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
