# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The data commands as a user calls them: what they print, write and return."""

from pathlib import Path

from moving import filmed, swaying
import numpy as np
import pytest

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


@pytest.mark.parametrize(
    ('good', 'status', 'parts'),
    [
        (True, 1, ('2 clips', 'anger 0.0', 'rejected 1', 'cat_sad.bvh')),
        (False, 2, ('rejected 1', 'was not written')),
    ],
)
def test_import_of_bad_files_writes_the_rest_and_says_so(folder, run, good, status, parts):
    (folder / 'cat_sad.bvh').write_text('HIERARCHY')
    given, out = folder if good else folder / 'cat_sad.bvh', folder / 'out'
    done = run('data', 'import', given, '--labels', folder / 'labels.yaml', '--out', out)
    assert done.returncode == status and all(part in done.stdout for part in parts)
    assert out.exists() == good
    if good:
        assert 'data set of 2 clips' in run('data', 'inspect', out, '--out', out / 'a.png').stdout


def test_inspecting_a_file_prints_what_it_holds_and_draws_it(folder, run, monkeypatch):
    monkeypatch.chdir(folder)
    options = ('data', 'inspect', 'ann_angry.npz', '--labels', 'labels.yaml')
    said = run(*options).stdout
    parts = ('60 frames at 30 Hz, 2.00 s, 3D', 'm/s', 'measured 100%', 'means anger:1.00')
    assert all(part in said for part in (*parts, 'ann_angry_first_frame.png'))
    assert Path('ann_angry_first_frame.png').read_bytes()[:4] == PNG
    Path('labels.yaml').write_text('labels: {joyous: happiness}\n')
    assert 'joyous' in run(*options).stdout, 'a label that is not mapped'
    said = run('data', 'inspect', folder, '--out', 'b.png').stdout
    assert '2 motion files; the first one' in said and Path('b.png').read_bytes()[:4] == PNG


def test_inspecting_2d_draws_only_what_was_seen(tmp_path, run):
    points, out = filmed(swaying(1.0)), tmp_path / 'pictures' / 'a.png'
    points[:, 10:15] = np.nan
    np.savez(tmp_path / 'a.npz', keypoints=points, rate_hz=30.0)
    assert 'measured 80%' in run('data', 'inspect', tmp_path / 'a.npz', '--out', out).stdout
    assert out.read_bytes()[:4] == PNG


def test_what_cannot_be_inspected_or_imported_is_one_clear_error(tmp_path, refused):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'notes.txt').write_text('')
    for name in ('none.bvh', 'empty', 'notes.txt'):
        refused(name, 'data', 'inspect', tmp_path / name)
    refused('no path', 'data', 'import', '--out', tmp_path / 'out')
    refused('exists already', 'data', 'import', tmp_path, '--out', tmp_path)


def test_the_corpus_becomes_a_data_set_that_is_the_same_again(tmp_path, run, refused):
    for name in ('one', 'two'):
        options = f'--out {tmp_path / name} --minutes 1 --seed 3'
        assert 'data set of' in run('data', 'corpus', *options.split()).stdout
    one, two = (MotionDataset.open(tmp_path / name) for name in ('one', 'two'))
    assert one.minutes == pytest.approx(1.0, abs=0.01)
    assert one.manifest['shards'] == two.manifest['shards']
    assert one.skeleton.bone_error(one.frames(0)[0]) < 1e-5
    check_leaks(one)
    refused('exists already', 'data', 'corpus', '--out', tmp_path / 'one', '--minutes', 1)


def test_a_real_file_is_inspected(tmp_path, run):
    path = SHARED / 'data' / 'bandai' / 'dataset-1_bow_angry_001.bvh'
    if not path.is_file():
        pytest.skip('needs the motion in ../shared/data')
    labels, out = ROOT / 'config/labels/bandai_styles.yaml', tmp_path / 'bow.png'
    said = run('data', 'inspect', path, '--labels', labels, '--out', out).stdout
    for part in ('units', 'facing', 'UpperLeg_L', '3.00 s', 'means anger:1.00'):
        assert part in said
    assert out.read_bytes()[:4] == PNG
