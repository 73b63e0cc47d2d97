# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The ablation: what each row takes away, and what the file and the table say."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from support import random_checkpoint

from emotion_motion.checkpoint import Checkpoint, save_pretrained
from emotion_motion.commands import ablate as command
from emotion_motion.commands.ablate import ablate
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation import ablation
from emotion_motion.evaluation.ablation import (
    markdown,
    measure_row,
    MEASURES,
    POSE_TABLE,
    pose_table,
    ROWS,
    run_row,
)
from emotion_motion.evaluation.judge.judge import Judge, stream_windows
from emotion_motion.evaluation.reference import corpus_streams
from emotion_motion.evaluation.streams import Streams
from emotion_motion.evaluation.yardstick import ReferenceSize, Yardstick
from emotion_motion.exceptions import ConfigError
from emotion_motion.settings import SamplerConfig

NAMES = [row.name for row in ROWS]
SECONDS = 0.8  # three targets


@pytest.fixture(autouse=True)
def few_poses(monkeypatch):
    """Let the pose table draw from little training motion."""
    monkeypatch.setattr(ablation, '_POSES_S', 3.0)
    monkeypatch.setattr(ablation, '_POSES_ACTORS', 2)


@pytest.fixture(scope='module')
def motions(checkpoint: Checkpoint) -> dict[str, Streams]:
    """Return what every row with a network makes of a small model with random weights."""
    return {
        row.name: run_row(row, checkpoint, streams=1, seconds=SECONDS, seed=2)
        for row in ROWS
        if row.name != POSE_TABLE
    }


# The rows


def test_the_rows_are_those_of_the_contract():
    assert ' '.join(NAMES) == (
        'packaged emotion-score-off guidance-off both-off movement-off movement-doubled k-off '
        'k-doubled one-choice-for-the-body uncoupled random-component most-probable pose-table'
    )
    assert len({row.title for row in ROWS}) == len(ROWS)


def test_all_terms_of_the_packaged_score_are_at_work():
    names = ('k', 'emotion_weight', 'movement_weight', 'guidance')
    assert all(getattr(SamplerConfig(), name) > 0.0 for name in names)


def test_every_row_moves_in_its_own_way(motions):
    assert len(motions) == len(ROWS) - 1
    for name, motion in motions.items():
        assert motion.keypoints.shape == (7, 24, 25, 3), name
        assert np.isfinite(motion.keypoints).all() and motion.recognised is not None
    for one, other in itertools.combinations(motions, 2):
        away = np.abs(motions[one].keypoints - motions[other].keypoints).max()
        assert away > 1e-4, (one, other)


def test_the_packaged_row_is_repeated_by_its_seed(checkpoint, motions):
    again = run_row(ROWS[0], checkpoint, streams=1, seconds=SECONDS, seed=2)
    np.testing.assert_array_equal(again.keypoints, motions['packaged'].keypoints)
    other = run_row(ROWS[0], checkpoint, streams=1, seconds=SECONDS, seed=3)
    assert np.abs(other.keypoints - again.keypoints).max() > 1e-4
    assert again.emotions[:, 0].tolist() == list(range(len(EMOTIONS)))


# The pose table


def test_the_pose_table_needs_no_network_and_stays_on_the_body(checkpoint):
    row = ROWS[NAMES.index(POSE_TABLE)]
    nobody = dataclasses.replace(checkpoint, model=SimpleNamespace(config=checkpoint.model.config))
    motion = run_row(row, nobody, streams=2, seconds=1.0, seed=0)
    assert motion.recognised is None and motion.keypoints.shape == (14, 30, 25, 3)
    body = checkpoint.skeleton
    assert body.bone_error(motion.keypoints / 1.7) * 1.7 < 1e-5
    first = motion.keypoints[:, 0] / 1.7 - checkpoint.rest_pose
    assert np.abs(first).max() < 0.1, 'it begins at rest'
    assert not np.array_equal(motion.keypoints[0], motion.keypoints[7]), 'two streams of one'


def test_the_pose_table_arrives_at_poses_of_the_emotion(checkpoint, monkeypatch):
    """With one pose an emotion it comes to rest there, as a spring without a swing does."""
    bent = 0.02 * np.sin(np.arange(7.0)[:, None] + np.arange(75.0)).reshape(7, 25, 3)
    goals = checkpoint.skeleton.project(checkpoint.rest_pose + bent.astype(np.float32))
    monkeypatch.setattr(ablation, '_training_poses', lambda name, _: goals[[EMOTIONS.index(name)]])
    made = pose_table(checkpoint, np.arange(7), 90, seed=0) / 1.7
    away = np.linalg.norm(made - goals[:, None], axis=-1).mean(axis=-1)  # [7, T]
    assert (away[:, -1] < 0.02 * away[:, 0]).all()
    assert (np.diff(away, axis=1) < 1e-4).all(), 'it swings'
    assert (away[:, 14] < 0.4 * away[:, 0]).all(), 'it is there within about half a second'


# What is measured


@pytest.fixture(scope='module')
def yardstick() -> Yardstick:
    """One with a judge of little training: what it says need not be right here."""
    windows = stream_windows(corpus_streams(people=2, seconds=6.0, seed=3), 2.0)
    judge = Judge.train(windows.keypoints, windows.emotions, steps=3)
    size = ReferenceSize(people=4, seconds=10.0, switches=2, known_minutes=0.5)
    return Yardstick.make(judge=judge, size=size)


def test_a_row_has_every_measure_over_its_seeds(yardstick, checkpoint):
    motion = run_row(ROWS[0], checkpoint, streams=2, seconds=9.0, seed=0)
    measured = measure_row(motion, yardstick)
    assert list(measured) == list(MEASURES)
    assert ' '.join(MEASURES) == 'judge least own speed jerk off frechet gestures'
    for key in ('judge', 'own', 'speed', 'jerk', 'off'):
        assert measured[key]['low'] <= measured[key]['value'] <= measured[key]['high'], key
    assert measured['frechet'] > 1.0
    late = motion.recognised[:, round(5.0 * 30.0) :].argmax(axis=-1)
    own = (late == np.tile(np.arange(7), 2)[:, None]).mean()
    assert measured['own']['value'] == pytest.approx(own, abs=1e-4)
    without = dataclasses.replace(motion, recognised=None)
    assert measure_row(without, yardstick)['own'] is None
    json.dumps(measured, allow_nan=False)


def test_the_file_and_the_table_have_a_line_a_row(tmp_path, monkeypatch, capsys):
    source = save_pretrained(tmp_path / 'model', random_checkpoint())

    def measured(motion: Streams, _) -> dict:
        known = motion.recognised is not None
        part = {'value': 0.5, 'low': 0.25, 'high': 1.0}
        return dict.fromkeys(MEASURES, part if known else None) | {'frechet': 2.0}

    monkeypatch.setattr(Yardstick, 'make', lambda **_: None)
    monkeypatch.setattr(command, 'measure_row', measured)
    rows = ('pose-table', 'packaged', 'k-off')
    out = tmp_path / 'ablation'
    monkeypatch.setattr(command, 'RUN_IN_S', -1.9)  # runs as short as can be
    ablate(str(source), out, rows=rows, streams=1, seconds=0.2)
    written = json.loads((out / 'ablation.json').read_text())
    assert [row['name'] for row in written] == ['packaged', 'k-off', 'pose-table']
    assert all(set(row) == {'name', *MEASURES} for row in written)
    assert written[0]['judge'] == {'value': 0.5, 'low': 0.25, 'high': 1.0}
    assert written[2]['own'] is None
    table = (out / 'ablation.md').read_text()
    assert table == markdown(written) and table in capsys.readouterr().out
    cells = [[cell.strip() for cell in line.split('|')[1:-1]] for line in table.splitlines()]
    assert cells[0][1:] == list(MEASURES.values())
    titles = [f'{row.title} (`{row.name}`)' for row in ROWS if row.name in rows]
    assert [line[0] for line in cells[2:]] == titles
    assert cells[2][1] == '0.5 (0.25 to 1)' and cells[4][1] == '-' and cells[4][7] == '2'


@pytest.mark.parametrize(
    ('change', 'says'),
    [
        ({'rows': ('packaged', 'plain')}, 'got the rows plain; expected some of packaged, emo'),
        ({'streams': 0}, 'expected one or more of over'),
        ({'seconds': float('nan')}, 'expected one or more of over'),
    ],
)
def test_what_cannot_be_measured_is_refused_at_once(tmp_path: Path, change, says):
    with pytest.raises(ConfigError, match=says):
        ablate('default', tmp_path / 'ablation', **change)
    assert not (tmp_path / 'ablation').exists()
