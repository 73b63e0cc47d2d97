# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The evaluation from end to end with little motion, and the command line around it."""

from __future__ import annotations

import csv
import dataclasses
import json

import numpy as np
import pytest

from emotion_motion.commands.evaluate import ModelSpec, parse_spec, publish, run_evaluation
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.judge.judge import Judge, stream_windows
from emotion_motion.evaluation.reference import corpus_streams, known_motion
from emotion_motion.evaluation.report.report import rows
from emotion_motion.evaluation.streams import Plan
from emotion_motion.evaluation.yardstick import measure_wrong_condition, ReferenceSize, Stages
from emotion_motion.exceptions import ConfigError

PLAN = Plan(seeds=2, seconds=16.0, long_seeds=0, long_seconds=16.0, switches=4)
# Corpus motion has no bones before projection and no candidates, and reads nothing in itself.
WITHOUT = (
    'body.bone_before',
    'body.drawn_back',
    'emotion.fooled',
    'emotion.reading_gap',
    'switch.fooled',
)
SIZE = ReferenceSize(people=4, seconds=16.0, switches=4, known_minutes=1.0)


@pytest.fixture(scope='module')
def judge():
    """A judge of little training: what it says need not be right here."""
    windows = stream_windows(corpus_streams(people=2, seconds=8.0, seed=3), 2.0)
    return Judge.train(windows.keypoints, windows.emotions, steps=20)


@pytest.fixture(scope='module')
def reports(judge, packaged_model):
    specs = [parse_spec('default'), parse_spec('default@temperature=0.5,k=2')]
    return run_evaluation(specs, plan=PLAN, judge=judge, size=SIZE)


@pytest.mark.soak
def test_every_listed_measure_is_there_with_its_reference(reports):
    keys = [measure.key for measure in reports[0].measures]
    assert sorted(keys) == sorted(rows())
    for measure in reports[0].measures:
        value = measure.value
        if value is not None and np.isfinite(value):
            assert measure.reference is not None or measure.key in WITHOUT, measure.key
        elif measure.target is not None:
            # One emotion that could not be measured leaves no mean; the others have their verdict.
            assert measure.verdict == 'not measured' or measure.each, measure.key
            assert measure.note, measure.key


@pytest.mark.soak
def test_a_short_plan_says_what_it_could_not_measure(reports):
    late = reports[0].measure('alive.late_near_duplicate')
    assert late is not None and late.value is None and '300 s' in late.note


@pytest.mark.soak
def test_reports_of_one_run_share_the_reference(reports):
    plain, cool = reports
    assert plain.about['sampler']['temperature'] != 0.5
    assert (cool.about['sampler']['temperature'], cool.about['sampler']['k']) == (0.5, 2.0)
    for measure in plain.measures:
        other = cool.measure(measure.key)
        assert other is not None
        np.testing.assert_equal(other.reference, measure.reference)
    speeds = [report.measure('alive.speed').by_emotion for report in reports]
    assert speeds[0] != speeds[1]


@pytest.mark.soak
def test_bones_are_whole_and_speed_is_that_of_living_motion(reports):
    bones, speed = (reports[0].measure(key) for key in ('body.bone_after', 'alive.speed'))
    assert bones.verdict == 'reach'
    assert 0.01 < speed.value < 1.0 and set(speed.by_emotion) == set(EMOTIONS)


@pytest.mark.soak
def test_publish_writes_three_files_that_agree(reports, tmp_path, capsys):
    publish(tmp_path, reports)
    printed = capsys.readouterr().out
    content = json.loads((tmp_path / 'evaluation.json').read_text())
    with open(tmp_path / 'evaluation.csv', newline='') as file:
        rows = [row for row in csv.DictReader(file) if row['emotion'] == '']
    page = (tmp_path / 'evaluation.html').read_text()
    assert [part['title'] for part in content['reports']] == [r.title for r in reports]
    speed = content['reports'][0]['measures']['alive']['speed']
    (row,) = [r for r in rows if (r['model'], r['measure']) == ('default', 'speed')]
    assert float(row['value']) == speed['value']
    for report in reports:
        assert report.title in printed and report.title in page
    assert page.count('data:image/png') == 3  # strips of both, and of the reference
    assert 'evaluation.html' in printed


@pytest.mark.parametrize(
    ('text', 'model', 'changes'),
    [
        ('default', 'default', {}),
        ('runs/a@temperature=0.8, k=1', 'runs/a', {'temperature': 0.8, 'k': 1.0}),
        ('a@b@k=1', 'a@b', {'k': 1.0}),
    ],
)
def test_a_model_may_bring_settings_of_its_sampler(text, model, changes):
    assert parse_spec(text) == ModelSpec(text, model, changes)


def test_a_folder_with_an_at_sign_is_a_folder(tmp_path):
    (tmp_path / 'run@night').mkdir()
    assert parse_spec(str(tmp_path / 'run@night')).changes == {}


@pytest.mark.parametrize('text', ['a@heat=1', 'a@k', 'a@', 'a@k=hot', 'a@k=1,'])
def test_settings_that_there_are_not_are_refused(text):
    with pytest.raises(ConfigError, match='got'):
        parse_spec(text)


@pytest.mark.parametrize(
    ('args', 'says'),
    [
        (['nope'], "got the model 'nope'"),
        (['default@heat=1'], 'heat=1'),
        (['default@temperature=99'], 'temperature = 99'),
        (['default', 'default'], 'default, default; expected each of them once'),
        (['default', '--data', 'nowhere'], 'nowhere'),
        (['default', '--seed', '-1'], 'got seed = -1'),
        (['default', '--out', '/dev/null/report'], '/dev/null/report'),
    ],
)
def test_bad_input_is_one_line_and_exit_1_before_anything_runs(
    args, says, tmp_path, packaged_model, refused
):
    out = [] if '--out' in args else ['--out', tmp_path]
    refused(says, 'evaluate', *args, *out)


def test_stages_add_up_and_are_reported():
    calls: list[tuple[str, float]] = []
    stages = Stages(lambda name, share: calls.append((name, share)))
    for _ in range(2):
        with stages.stage('run') as steps:
            steps(1, 4)
    assert calls == [('run', 0.0), ('run', 0.25), ('run', 1.0)] * 2
    assert list(stages.seconds) == ['run'] and stages.seconds['run'] > 0.0


def test_known_motion_is_that_of_the_seed_the_model_names(checkpoint):
    of_seed = {}
    for seed in (4, 5):
        training = {'config': {'data': {'corpus_seed': seed}}}
        named = dataclasses.replace(checkpoint, training=training)
        motion, words = known_motion(named, minutes=0.2)
        assert f'seed {seed}' in words
        assert sum(part.seconds for part in motion) == pytest.approx(12.0, abs=0.1)
        of_seed[seed] = motion[0].keypoints
    assert not np.array_equal(of_seed[4][:, :30], of_seed[5][:, :30])


def test_shares_of_a_wrong_condition_are_of_frames(checkpoint):
    streams = corpus_streams(people=1, seconds=2.0)
    shares = measure_wrong_condition(checkpoint, streams, people=1)
    np.testing.assert_allclose(shares.confusion.sum(axis=1), 1.0)
    for values in (shares.fooled, shares.recognised):
        assert values.shape == (7,) and (values >= 0.0).all() and (values <= 1.0).all()
