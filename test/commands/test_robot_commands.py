# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""`emotion-motion robot check` and `robot init` from the command line, as users call them."""

from __future__ import annotations

import re

import pytest
from robot_support import damaged_urdf, HUMANOID_URDF


def test_check_reports_figures_and_a_verdict_and_draws(tmp_path, saved, run):
    picture = tmp_path / 'check.png'
    options = f'--emotion fear joy --seconds 2 --model {saved} --out {picture}'
    printed = run('robot', 'check', 'humanoid', *options.split()).stdout
    assert 'humanoid' in printed and 'direction error [degrees]' in printed
    assert re.search('^fear: (reachable|partly|not)', printed, re.MULTILINE)
    assert re.search('^joy: ', printed, re.MULTILINE)
    assert picture.read_bytes().startswith(b'\x89PNG')


def test_init_writes_a_file_that_check_takes(tmp_path, saved, run, refused):
    out = tmp_path / 'mine.yaml'
    printed = run('robot', 'init', HUMANOID_URDF, '--out', out).stdout
    assert 'elbow pitch' in printed and 'confidence' in printed and str(out) in printed
    assert (tmp_path / 'mine.png').is_file()
    refused('--force', 'robot', 'init', HUMANOID_URDF, '--out', out)
    options = f'--emotion anger --seconds 2 --model {saved}'
    assert 'anger: ' in run('robot', 'check', out, *options.split()).stdout


@pytest.mark.parametrize('name', ['../escaped', '../../a/escaped', '/escaped', 'escaped'])
@pytest.mark.parametrize('ending', ['yaml', 'png'])
def test_init_stays_in_its_folder_and_keeps_files(name, ending, monkeypatch, refused, tmp_path):
    folder = tmp_path / 'inner'
    folder.mkdir()
    monkeypatch.chdir(folder)
    for stem in ('escaped', 'a_escaped'):
        (folder / f'{stem}.{ending}').write_text('mine')
    says = f'escaped.{ending}, which is there already; --force'
    refused(says, 'robot', 'init', HUMANOID_URDF, '--name', name)
    assert [path.name for path in tmp_path.iterdir()] == ['inner']
    assert all(path.read_text() == 'mine' for path in folder.iterdir())


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['check', 'nobody'], 'humanoid'),
        (['check', 'pepper'], '--urdf'),
        (['check', 'humanoid', '--urdf', 'nowhere.urdf'], 'nowhere.urdf'),
        (['check', 'humanoid', '--seconds', '0.5'], '--seconds'),
        (['check', 'humanoid', '--rate-hz', '0'], '--rate-hz'),
        (['check', 'humanoid', '--out', 'picture.txt'], '.png'),
        (['init', 'nowhere.urdf'], 'nowhere.urdf'),
    ],
)
def test_bad_input_is_one_line_and_exit_1(arguments, says, refused):
    refused(says, 'robot', *arguments)


def test_what_is_no_humanoid_is_refused(tmp_path, refused):
    urdf = damaged_urdf(tmp_path, drop=['l_p_shoulder', 'r_p_shoulder'])
    refused('no arms', 'robot', 'init', urdf, '--out', tmp_path / 'none.yaml')
    assert not (tmp_path / 'none.yaml').exists()
