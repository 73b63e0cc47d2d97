# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""`emotion-motion robot check` and `robot init` from the command line, as users call them."""

from __future__ import annotations

import re
import sys

import pytest
from robot_support import damaged_urdf, HUMANOID_URDF

from emotion_motion import cli


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, 'argv', ['emotion-motion', 'robot', *map(str, arguments)])
    cli.main()


def test_check_reports_figures_and_a_verdict_and_draws(monkeypatch, capsys, tmp_path, saved):
    picture = tmp_path / 'check.png'
    options = f'--emotion fear joy --seconds 2 --model {saved} --out {picture}'
    command(monkeypatch, 'check', 'humanoid', *options.split())
    printed = capsys.readouterr().out
    assert 'humanoid' in printed and 'direction error [degrees]' in printed
    assert re.search('^fear: (reachable|partly|not)', printed, re.MULTILINE)
    assert re.search('^joy: ', printed, re.MULTILINE)
    assert picture.read_bytes().startswith(b'\x89PNG')


def test_init_writes_a_file_that_check_takes(monkeypatch, capsys, tmp_path, saved):
    out = tmp_path / 'mine.yaml'
    command(monkeypatch, 'init', HUMANOID_URDF, '--out', out)
    printed = capsys.readouterr().out
    assert 'elbow pitch' in printed and 'confidence' in printed and str(out) in printed
    assert (tmp_path / 'mine.png').is_file()
    with pytest.raises(SystemExit):
        command(monkeypatch, 'init', HUMANOID_URDF, '--out', out)
    assert '--force' in capsys.readouterr().err
    command(monkeypatch, 'check', out, '--emotion', 'anger', '--seconds', 2, '--model', saved)
    assert 'anger: ' in capsys.readouterr().out


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
def test_bad_input_is_one_line_and_exit_1(arguments, says, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        command(monkeypatch, *arguments)
    assert stop.value.code == 1
    error = capsys.readouterr().err
    assert says in error and len(error.splitlines()) == 1


def test_what_is_no_humanoid_is_refused(monkeypatch, capsys, tmp_path):
    urdf = damaged_urdf(tmp_path, drop=['l_p_shoulder', 'r_p_shoulder'])
    with pytest.raises(SystemExit):
        command(monkeypatch, 'init', urdf, '--out', tmp_path / 'none.yaml')
    assert 'no arms' in capsys.readouterr().err
    assert not (tmp_path / 'none.yaml').exists()


@pytest.mark.parametrize('arguments', [['--help'], ['check', '--help'], ['init', '--help']])
def test_help_explains_every_option(arguments, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        command(monkeypatch, *arguments)
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    for option in {'check': ('--urdf', '--seed', '--model'), 'init': ('--force', '--name')}.get(
        arguments[0], ('check', 'init', 'simulate')
    ):
        assert option in printed
