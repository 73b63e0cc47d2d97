# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The data commands as a user calls them: what they print, write and return."""

import inspect
from pathlib import Path

from moving import filmed, swaying
import numpy as np
import pytest
import tyro

from emotion_motion.commands.data import import_data, inspect_data, make_corpus_data
from emotion_motion.exceptions import MotionFileError, StorageError, TrainingError
from emotion_motion.training.data.splits import check_leaks
from emotion_motion.training.data.store import MotionDataset

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / 'shared'
PNG = b'\x89PNG'


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(('ann_angry', 'bob_sad')):
        np.savez(tmp_path / f'{name}.npz', keypoints=swaying(2.0, seed=number), rate_hz=30.0)
    (tmp_path / 'labels.yaml').write_text(
        "from: name\npattern: '(?P<actor>[a-z]+)_(?P<label>[a-z]+)'\n"
        'labels: {angry: anger, sad: sadness}\n'
    )
    return tmp_path


def run(command, *arguments):
    return tyro.cli(command, args=[str(argument) for argument in arguments])


@pytest.mark.parametrize('command', [import_data, inspect_data, make_corpus_data])
def test_every_option_is_documented(command):
    text = inspect.getdoc(command)
    for name in inspect.signature(command).parameters:
        assert f'\n    {name}: ' in text, name


@pytest.mark.parametrize(
    ('good', 'status', 'parts'),
    [
        (True, 1, ('2 clips', 'anger 0.0', 'rejected 1', 'cat_sad.bvh')),
        (False, 2, ('rejected 1', 'was not written')),
    ],
)
def test_import_of_bad_files_writes_the_rest_and_says_so(folder, capsys, good, status, parts):
    (folder / 'cat_sad.bvh').write_text('HIERARCHY')
    given = folder if good else folder / 'cat_sad.bvh'
    with pytest.raises(SystemExit) as exit_:
        run(import_data, given, '--labels', folder / 'labels.yaml', '--out', folder / 'out')
    assert exit_.value.code == status
    text = capsys.readouterr().out
    assert all(part in text for part in parts)
    assert (folder / 'out').exists() == good
    assert not good or len(MotionDataset.open(folder / 'out')) == 2


def test_inspecting_a_file_prints_what_it_holds_and_draws_it(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    run(inspect_data, folder / 'ann_angry.npz', '--labels', folder / 'labels.yaml')
    said = capsys.readouterr().out
    for part in (
        '60 frames at 30 Hz, 2.00 s, 3D',
        'm/s',
        'measured 100%',
        'means anger:1.00',
        'ann_angry_first_frame.png',
    ):
        assert part in said
    assert (folder / 'ann_angry_first_frame.png').read_bytes()[:4] == PNG


def test_inspecting_2d_draws_only_what_was_seen(tmp_path, capsys):
    points = filmed(swaying(1.0))
    points[:, 10:15] = np.nan
    np.savez(tmp_path / 'a.npz', keypoints=points, rate_hz=30.0)
    run(inspect_data, tmp_path / 'a.npz', '--out', tmp_path / 'pictures' / 'a.png')
    assert 'measured 80%' in capsys.readouterr().out
    assert (tmp_path / 'pictures' / 'a.png').read_bytes()[:4] == PNG


def test_inspecting_a_data_set_and_a_folder(folder, capsys):
    run(import_data, folder, '--labels', folder / 'labels.yaml', '--out', folder / 'out')
    capsys.readouterr()
    run(inspect_data, folder / 'out', '--out', folder / 'a.png')
    said = capsys.readouterr().out
    assert 'data set of 2 clips' in said
    assert 'licences: unknown' in said
    run(inspect_data, folder, '--out', folder / 'b.png')
    assert '2 motion files; the first one' in capsys.readouterr().out
    assert (folder / 'b.png').read_bytes()[:4] == PNG


def test_inspect_says_which_label_is_not_mapped(folder, capsys):
    (folder / 'labels.yaml').write_text('labels: {joyous: happiness}\n')
    inspect_data(folder / 'ann_angry.npz', folder / 'a.png', labels=folder / 'labels.yaml')
    assert 'joyous' in capsys.readouterr().out


@pytest.mark.parametrize('name', ['none.bvh', 'empty', 'notes.txt'])
def test_what_cannot_be_inspected_is_one_clear_error(name, tmp_path):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'notes.txt').write_text('')
    with pytest.raises(MotionFileError, match=name):
        inspect_data(tmp_path / name)


def test_import_needs_a_path_and_a_free_folder(folder):
    with pytest.raises(TrainingError, match='no path'):
        import_data((), out=folder / 'out')
    with pytest.raises(StorageError, match='exists already'):
        import_data((folder,), out=folder)


def test_the_corpus_becomes_a_data_set_that_is_the_same_again(tmp_path, capsys):
    for name in ('one', 'two'):
        run(make_corpus_data, '--out', tmp_path / name, '--minutes', 1.0, '--seed', 3)
    one, two = (MotionDataset.open(tmp_path / name) for name in ('one', 'two'))
    assert one.minutes == pytest.approx(1.0, abs=0.01)
    assert one.manifest['shards'] == two.manifest['shards']
    assert one.skeleton.bone_error(one.frames(0)[0]) < 1e-5
    check_leaks(one)
    assert 'data set of' in capsys.readouterr().out
    with pytest.raises(StorageError, match='exists already'):
        make_corpus_data(tmp_path / 'one', minutes=1.0)


def test_a_real_file_is_inspected(tmp_path, capsys):
    path = SHARED / 'data' / 'bandai' / 'dataset-1_bow_angry_001.bvh'
    if not path.is_file():
        pytest.skip('needs the motion in ../shared/data')
    inspect_data(path, tmp_path / 'bow.png', labels=ROOT / 'config/labels/bandai_styles.yaml')
    said = capsys.readouterr().out
    for part in ('units', 'facing', 'UpperLeg_L', '3.00 s', 'means anger:1.00'):
        assert part in said
    assert (tmp_path / 'bow.png').read_bytes()[:4] == PNG
