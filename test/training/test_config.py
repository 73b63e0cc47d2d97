# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The configuration of a training run: checked, in and out of YAML, flags of a command line."""

from collections import Counter
import dataclasses
import inspect

import pytest
from support import malformed
from training_support import config_of, SIZES
import tyro
import yaml

from emotion_motion.commands.train import settings_from, train_command
from emotion_motion.exceptions import ConfigError
from emotion_motion.training.config import TrainConfig

GROUPS = [field.name for field in dataclasses.fields(TrainConfig)]


@pytest.mark.parametrize('case', malformed('train_config'))
def test_bad_setting_is_refused_by_name(case):
    with pytest.raises(ConfigError) as error:
        TrainConfig.from_dict(case['value'], source='here')
    assert case['says'] in str(error.value)
    assert 'here' in str(error.value)


def test_what_was_written_is_read_back(tmp_path):
    config = config_of(drift=(0.1, 0.3), data=('a', 'b'), shares=(1.0, 2.0), project=False)
    config.to_yaml(tmp_path / 'config.yaml')
    assert TrainConfig.from_yaml(tmp_path / 'config.yaml') == config
    assert TrainConfig.from_dict(yaml.safe_load(config.to_yaml())) == config


def test_settings_that_a_file_leaves_out_have_defaults(tmp_path):
    path = tmp_path / 'config.yaml'
    path.write_text('')
    assert TrainConfig.from_yaml(path) == TrainConfig()
    path.write_text('run: {steps: 7}\noptimiser: {learning_rate: 1e-3}\n')
    config = TrainConfig.from_yaml(path)
    assert config.run.steps == 7 and config.optimiser.learning_rate == 1e-3
    assert config.noise == TrainConfig().noise


@pytest.mark.parametrize('text', ['[1, 2]', 'run: [', 'run: 3', '\x00'])
def test_a_file_that_holds_no_settings_is_refused(tmp_path, text):
    path = tmp_path / 'config.yaml'
    path.write_text(text)
    with pytest.raises(ConfigError, match=r'config\.yaml'):
        TrainConfig.from_yaml(path)
    with pytest.raises(ConfigError, match='missing'):
        TrainConfig.from_yaml(tmp_path / 'missing.yaml')


def test_every_name_stands_once_and_is_explained():
    groups = [getattr(TrainConfig(), group) for group in GROUPS]
    names = Counter(field.name for group in groups for field in dataclasses.fields(group))
    assert not [name for name, count in names.items() if count > 1]
    for group in groups:
        text = inspect.getdoc(type(group))
        for field in dataclasses.fields(group):
            assert f'{field.name}: ' in text, f'{type(group).__name__}.{field.name}'


def test_flags_override_the_file_and_need_no_group(tmp_path, monkeypatch):
    path = tmp_path / 'config.yaml'
    config_of(steps=50, drift=(0.1, 0.2)).to_yaml(path)
    seen = []
    monkeypatch.setattr(
        'emotion_motion.training.session.train',
        lambda out, settings, *, resume: seen.append((out, settings, resume)),
    )
    flags = '--steps 9 --no-chain --white 0.1 0.2 --learning-rate 1e-4 --layers 1'
    arguments = ['--out', str(tmp_path / 'run'), '--config', str(path), *flags.split()]
    tyro.cli(train_command(arguments), args=arguments, config=(tyro.conf.OmitArgPrefixes,))
    out, settings, resume = seen[0]
    assert out == tmp_path / 'run' and not resume
    assert settings == config_of(
        steps=9, drift=(0.1, 0.2), chain=False, white=(0.1, 0.2), learning_rate=1e-4, layers=1
    )


def test_help_explains_every_setting(capsys):
    with pytest.raises(SystemExit):
        tyro.cli(train_command([]), args=['--help'], config=(tyro.conf.OmitArgPrefixes,))
    text = ' '.join(capsys.readouterr().out.replace('│', ' ').split())
    assert 'one is drawn a window, evenly on a logarithmic scale' in text
    assert '--drift-memory' in text and '--no-noise' in text
    assert '--decoys' in text and '--forget' in text and '--target-every' in text


def test_a_run_that_goes_on_has_the_settings_of_its_folder(tmp_path):
    config_of(steps=50).to_yaml(tmp_path / 'config.yaml')
    assert settings_from(['--out', str(tmp_path), '--resume']) == config_of(steps=50)
    assert settings_from(['--out', str(tmp_path)]) == TrainConfig()
    with pytest.raises(ConfigError, match='--config'):
        settings_from(['--out', str(tmp_path), '--resume', '--config', 'x'])


def test_what_may_change_when_a_run_goes_on():
    before = config_of()
    longer = config_of(steps=99, checkpoints=1, workers=2, select_every=3)
    assert before.changes_since(longer) == []
    changed = config_of(seed=1, drift=(0.1, 0.2), layers=1).changes_since(before)
    assert [entry.split()[0] for entry in changed] == ['seed', 'drift', 'layers']
    assert SIZES.layers == 2
