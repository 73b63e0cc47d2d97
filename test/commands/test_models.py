# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""`emotion-motion models`: packaged and local models with the key figures of their cards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emotion_motion.checkpoint import save_pretrained
from emotion_motion.commands.models import models
from emotion_motion.exceptions import ConfigError


@pytest.fixture
def folder(checkpoint, tmp_path):
    """A folder with a good model, a damaged one, and a hidden one."""
    for name in ('runs/my_run/best', 'cut', '.hidden'):
        save_pretrained(tmp_path / name, checkpoint)
    (tmp_path / 'cut' / 'model.safetensors').write_bytes(b'cut')
    return tmp_path


def test_whatever_a_damaged_folder_holds_the_others_are_listed(folder, checkpoint, capsys):
    config = json.loads((folder / 'cut' / 'config.json').read_text())
    texts = {
        'huge': json.dumps(config | {'model': config['model'] | {'layers': 10**9}}),
        'deep': '[' * 100_000,
        'numbers': json.dumps(config | {'training': {'minutes': 'many', 'licence': 5}}),
        'old': json.dumps(config | {'format_version': 1}),
        'bytes': '\udcff',
    }
    for name, text in texts.items():
        place = save_pretrained(folder / name, checkpoint) / 'config.json'
        place.write_bytes(text.encode('utf-8', 'surrogateescape'))
    models(folder)
    lines = capsys.readouterr().out.splitlines()
    for name in texts:
        assert any(line.startswith(f'{folder / name}: damaged (') for line in lines)
    assert any('layers = 1000000000' in line for line in lines)
    assert any(line.startswith(str(folder / 'runs' / 'my_run' / 'best')) for line in lines)


def test_packaged_and_local_models_are_listed_with_their_figures(folder, packaged_model, capsys):
    models(folder)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ['model', 'parameters']
    assert lines[1].split()[0] == 'default' and 'CC-BY-4.0' in lines[1], 'REBL-Pepper is in it'
    assert '25 in 3D' in lines[1] and '265 min' in lines[1] and '1.07 M' in lines[1]
    own = next(line for line in lines if str(folder / 'runs' / 'my_run' / 'best') in line)
    assert 'Apache-2.0' in own
    assert any(line.startswith(f'{folder / "cut"}: damaged') for line in lines)
    assert '.hidden' not in '\n'.join(lines)
    assert 'emotion-motion generate --model default' in lines[-1]


def test_json_holds_the_same_and_where_the_card_is(folder, checkpoint, capsys):
    models(folder, json=True)
    printed = json.loads(capsys.readouterr().out)
    own = [model for model in printed['models'] if not model['packaged']]
    assert [Path(model['name']) for model in own] == [folder / 'runs' / 'my_run' / 'best']
    assert own[0]['parameters'] == sum(x.numel() for x in checkpoint.model.parameters())
    assert Path(own[0]['card']).is_file() and own[0]['free_run'] is None
    assert list(printed['damaged']) == [str(folder / 'cut')]


def test_no_model_and_no_folder_are_reported(tmp_path, capsys):
    models(tmp_path)
    assert 'emotion-motion train --out my_run' in capsys.readouterr().out
    with pytest.raises(ConfigError, match='nowhere'):
        models(tmp_path / 'nowhere')
