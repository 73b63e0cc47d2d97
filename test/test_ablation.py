# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The ablation: what each row takes away, and what the table says."""

import dataclasses
import functools

import numpy as np
import pytest
import torch

from emotion_motion.checkpoint import from_pretrained
from emotion_motion.evaluation.ablation import ablate, COLUMNS, markdown, ROWS, settings_of
from emotion_motion.evaluation.report import Measure, Report, to_json
from emotion_motion.exceptions import ConfigError
from emotion_motion.generator import MotionGenerator
from emotion_motion.model import MotionModel
from emotion_motion.model_config import MotionModelConfig
from emotion_motion.sampler_config import SamplerConfig
from emotion_motion.training.config import TrainConfig

NAMES = [row.name for row in ROWS]
SMALL = MotionModelConfig(
    motion_channels=24, emotion_channels=8, layers=1, heads=2, window=8, mdn_channels=16,
    plan_dims=from_pretrained('default').model.config.plan_dims,
)  # fmt: skip


def test_every_row_has_a_name_and_a_title_of_its_own():
    assert len(set(NAMES)) == len(ROWS) == len({row.title for row in ROWS})
    assert all(not row.weights or row.weights in NAMES for row in ROWS)
    # Weights are trained before they are run in other ways.
    for number, row in enumerate(ROWS):
        assert not row.weights or NAMES.index(row.weights) < number


@pytest.mark.parametrize('row', ROWS[1:], ids=NAMES[1:])
def test_every_row_differs_from_the_base_in_something(row):
    base = TrainConfig(model=SMALL)
    changed = settings_of(row, base) != base
    loop = dataclasses.replace(SMALL, **row.loop) != SMALL
    sampler = dataclasses.replace(SamplerConfig(), **row.sampler) != SamplerConfig()
    assert (changed, loop or sampler) == (not row.weights, bool(row.weights))


@functools.cache
def motion_of(config, sampler):
    """Return half a second of a model with random weights that is run like that."""
    packaged = from_pretrained('default')
    torch.manual_seed(3)
    model = MotionModel(config)
    for name in ('pose_std', 'unit'):
        getattr(model, name).copy_(getattr(packaged.model, name))
    known = packaged.model.plan_basis[: config.plan_size]
    model.plan_basis[: len(known)] = known  # what it has more are single coordinates
    model.eval().requires_grad_(False)
    streams = MotionGenerator(
        dataclasses.replace(packaged, model=model, sampler=sampler), batch_size=2, seed=1
    )
    streams.set_emotion('anger')
    return np.stack([streams.step().keypoints for _ in range(15)])


@pytest.mark.parametrize('row', ROWS, ids=NAMES)
def test_every_row_runs_and_moves_in_its_own_way(row):
    base = TrainConfig(model=SMALL)
    config = dataclasses.replace(settings_of(row, base).model, **row.loop)
    sampler = dataclasses.replace(SamplerConfig(), **row.sampler)
    motion = motion_of(config, sampler)
    assert np.isfinite(motion).all()
    if config != SMALL:
        assert np.abs(motion - motion_of(SMALL, SamplerConfig())).max() > 1e-5


def test_an_unknown_row_is_named_with_those_that_there_are(tmp_path):
    with pytest.raises(ConfigError, match=r'got the rows plane; expected some of base, logits'):
        ablate(tmp_path / 'ablation', rows=('plain', 'plane'))
    assert not (tmp_path / 'ablation').exists()


def test_a_row_without_its_weights_says_what_to_run_first(tmp_path):
    with pytest.raises(ConfigError, match=r'before those were trained; run --rows base'):
        ablate(tmp_path, minutes=0.2, rows=('plain',))


def test_the_table_has_a_line_a_row_and_one_of_the_reference(tmp_path):
    for row, value in (('base', 0.5), ('plain', None)):
        measures = [Measure(key, title, value, reference=1.0) for key, title in COLUMNS.items()]
        (tmp_path / row).mkdir()
        text = to_json([Report(row, measures=measures)])
        (tmp_path / row / 'evaluation.json').write_text(text)
    lines = markdown(tmp_path).splitlines()
    cells = [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]
    assert [line[0] for line in cells[2:]] == [ROWS[0].title, ROWS[3].title, '*reference*']
    assert all(len(line) == 1 + len(COLUMNS) for line in cells)
    assert set(cells[2][1:]) == {'0.5'} and set(cells[3][1:]) == {'-'}
    assert set(cells[4][1:]) == {'1'}


@pytest.mark.soak
def test_an_ablation_goes_on_where_it_was_left(tmp_path):
    ablate(tmp_path, minutes=2.0, steps=4, rows=('base', 'no-leash'))
    done = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob('*/evaluation.json')}
    weights = (tmp_path / 'base' / 'run' / 'best' / 'model.safetensors').read_bytes()
    ablate(tmp_path, minutes=2.0, steps=4, rows=('base', 'no-leash', 'plain'))
    assert (tmp_path / 'base' / 'run' / 'best' / 'model.safetensors').read_bytes() == weights
    assert {p.name: p.stat().st_mtime_ns for p in tmp_path.glob('base/*.json')} == done
    table = (tmp_path / 'ablation.md').read_text()
    assert all(row.title in table for row in ROWS if row.name in ('base', 'no-leash', 'plain'))
    assert 'without plans' not in table
    base = next(line for line in table.splitlines() if ROWS[0].title in line)
    assert '| - |' not in base, 'a measure is not found under its key'
