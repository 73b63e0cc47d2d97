# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A run that is killed and goes on is the run that was never killed.

Tolerance: on one machine and one thread the losses are the same to 1e-6 of their size, and so are
the weights; in practice bit for bit.
"""

from collections.abc import Iterator
import dataclasses
import json
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest
from training_support import config_of, environment, stored, swaying, without_pictures
import yaml

from emotion_motion.checkpoint import from_pretrained
from emotion_motion.commands.train import settings_from
from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.run.metrics import read_metrics
from emotion_motion.training.run.state import load_state, newest_state
from emotion_motion.training.session import train
from emotion_motion.training.trainer import Trainer

TOLERANCE = 1e-6
TIMED = ('speed/wait_share', 'speed/steps_a_second')


@pytest.fixture(scope='module')
def data(tmp_path_factory) -> Path:
    return stored(tmp_path_factory.mktemp('data') / 'set').path


@pytest.fixture(autouse=True)
def no_pictures(straight) -> Iterator[None]:
    """Only the straight run draws."""
    with without_pictures():
        yield


def same_run(one: Path, other: Path) -> None:
    """Compare metrics and the last state of two run folders."""
    tables = [read_metrics(path / 'metrics.csv') for path in (one, other)]
    assert set(tables[0]) == set(tables[1])
    for name, column in tables[0].items():
        if name not in TIMED:
            np.testing.assert_allclose(column, tables[1][name], rtol=TOLERANCE, err_msg=name)
    states = [load_state(newest_state(path / 'checkpoints')) for path in (one, other)]
    assert states[0].step == states[1].step
    assert set(states[0].tensors) == set(states[1].tensors)
    for name, tensor in states[0].tensors.items():
        np.testing.assert_allclose(
            tensor, states[1].tensors[name], rtol=TOLERANCE, atol=1e-9, err_msg=name
        )


@pytest.fixture(scope='module')
def straight(data, tmp_path_factory) -> tuple[TrainConfig, Path]:
    """A run without any interruption."""
    config = config_of(
        data=(str(data),),
        steps=9,
        save_every=4,
        log_every=3,
        val_every=4,
        val_windows=4,
        rollout=1,
        rollout_after=0.0,
    )
    out = tmp_path_factory.mktemp('straight') / 'run'
    train(out, config)
    return config, out


def test_a_run_folder_holds_all_that_it_takes(straight):
    config, out = straight
    assert TrainConfig.from_yaml(out / 'config.yaml') == config
    manifest = json.loads((out / 'manifest.json').read_text())
    assert manifest['data_sets'][0]['clips'] == 4
    assert json.loads((out / 'environment.json').read_text())['seed'] == 0
    table = read_metrics(out / 'metrics.csv')
    assert table['step'].tolist() == [3, 4, 6, 8, 9]
    assert np.isfinite(table['loss/nll'][[0, 2, 4]]).all() and np.isnan(table['loss/nll'][1])
    assert np.isfinite(table['val/mse'][[1, 3, 4]]).all()
    assert list((out / 'strips').glob('*.png')) and list((out / 'tensorboard').iterdir())
    assert (out / 'curves.png').stat().st_size > 1000
    best = from_pretrained(out / 'best')
    assert best.training['steps'] == 9 and best.training['free_run']['value'] < 10.0
    assert 'emotion-motion train' in (out / 'best' / 'README.md').read_text()


@pytest.mark.parametrize(
    'step', [4, *(pytest.param(step, marks=pytest.mark.soak) for step in (1, 7))]
)
def test_a_run_that_is_stopped_goes_on_as_if_it_had_not_been(
    straight, tmp_path, monkeypatch, step
):
    config, reference = straight
    steps = Trainer.step

    def stopped_after(trainer, *arguments):
        values = steps(trainer, *arguments)
        if trainer.done == step:
            os.kill(os.getpid(), signal.SIGTERM)
        return values

    out = tmp_path / 'run'
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, 'step', stopped_after)
        with pytest.raises(SystemExit) as stop:
            train(out, config)
    assert stop.value.code == 143
    # The signal is noticed in the step after it came.
    assert load_state(newest_state(out / 'checkpoints')).step == step + 1
    train(out, config, resume=True)
    same_run(reference, out)
    assert json.loads((out / 'environment.json').read_text())['resumed'][0]['step'] == step + 1


def test_a_killed_run_goes_on_from_its_newest_whole_checkpoint(straight, data, tmp_path):
    """SIGKILL while it trains, in another process; what came after the checkpoint is forgotten."""
    config, out = straight[0], tmp_path / 'run'
    settings = tmp_path / 'config.yaml'
    config.to_yaml(settings)
    script = Path(__file__).parents[2] / 'training_support.py'
    command = [sys.executable, str(script), str(settings), str(out)]
    process = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120.0
        while newest_step(out) < 4:
            assert process.poll() is None or newest_step(out) >= 4, process.communicate()[1]
            assert time.monotonic() < deadline, 'no checkpoint came'
            time.sleep(0.005)
    finally:
        process.kill()
        process.communicate()
    assert newest_step(out) < 9, 'it was done before it was killed'
    train(out, config, resume=True)
    same_run(straight[1], out)


def but(config: TrainConfig, **run: Any) -> TrainConfig:
    """Return a configuration whose run differs."""
    return dataclasses.replace(config, run=dataclasses.replace(config.run, **run))


def newest_step(out: Path) -> int:
    """Return the step of the newest checkpoint, -1 for none, without touching any."""
    names = [path.name for path in (out / 'checkpoints').glob('step_*') if path.suffix == '']
    return max((int(name.removeprefix('step_')) for name in names), default=-1)


@pytest.mark.soak
def test_a_run_that_is_done_says_so_and_may_be_prolonged(straight, tmp_path, capsys):
    config, out = straight[0], shutil.copytree(straight[1], tmp_path / 'run')
    before = (out / 'metrics.csv').read_bytes()
    train(out, config, resume=True)
    assert 'it has all of its 9 steps' in capsys.readouterr().err
    assert (out / 'metrics.csv').read_bytes() == before
    train(out, but(config, steps=11), resume=True)
    assert read_metrics(out / 'metrics.csv')['step'][-1] == 11
    assert settings_from(['--resume', '--out', str(out)]).run.steps == 11


def test_a_run_does_not_go_on_as_another(straight, data, tmp_path):
    config, out = straight
    with pytest.raises(TrainingError, match='--resume'):
        train(out, config)
    with pytest.raises(ConfigError, match='seed'):
        train(out, but(config, seed=5), resume=True)
    with pytest.raises(TrainingError, match='expected the folder of an earlier'):
        train(tmp_path / 'nowhere', config, resume=True)


def test_a_run_does_not_go_on_with_other_data(straight):
    config, out = straight
    state = load_state(newest_state(out / 'checkpoints'))
    other = MotionDataset.from_clips([swaying(e) for e in (0, 3)])
    with pytest.raises(TrainingError, match='other data'):
        Trainer(other, config, state=state)


def test_a_loss_that_goes_wrong_names_the_last_good_checkpoint(straight, tmp_path, monkeypatch):
    config, out = straight[0], tmp_path / 'run'
    guard = 'emotion_motion.training.objective.LossGuard.complaint'
    losses = iter(range(100))
    with monkeypatch.context() as patch:
        patch.setattr(guard, lambda *_: 'the loss nan' if next(losses) == 6 else '')
        with pytest.raises(TrainingError) as error:
            train(out, config)
    text = str(error.value)
    assert 'at step 6' in text and 'sway' in text
    assert str(out / 'checkpoints' / 'step_00000004') in text
    train(out, config, resume=True)
    assert read_metrics(out / 'metrics.csv')['step'][-1] == 9


@pytest.mark.soak
def test_a_run_makes_its_corpus_and_finds_it_again(tmp_path):
    config = config_of(minutes=1.0, steps=2, save_every=1)
    out = tmp_path / 'run'
    train(out, but(config, steps=1))
    made = (out / 'data' / 'manifest.json').read_bytes()
    train(out, config, resume=True)
    assert (out / 'data' / 'manifest.json').read_bytes() == made
    assert 'procedural corpus' in from_pretrained(out / 'best').training['data']
    assert yaml.safe_load((out / 'config.yaml').read_text())['data']['data'] == []


@pytest.mark.soak
def test_a_run_that_begins_with_a_model_goes_on_without_it(straight, tmp_path):
    config, before = straight
    given = shutil.copytree(before / 'best', tmp_path / 'given')
    described = json.loads((given / 'config.json').read_text())
    described['training']['licences'] = ['CC-BY-NC-4.0']
    (given / 'config.json').write_text(json.dumps(described))
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, keep=0.0))
    config, out = but(config, start=str(given), steps=2), tmp_path / 'run'
    train(out, config)
    card = (out / 'best' / 'README.md').read_text()
    assert card.count(f'--start {given}') == 1
    shutil.rmtree(given)
    longer = but(config, steps=3)
    train(out, longer, resume=True)
    state = load_state(newest_state(out / 'checkpoints'))
    trainer = Trainer(MotionDataset.open(config.data.data[0]), longer, state=state)
    assert trainer.origin['start'] == str(given)
    assert trainer.origin['licence'] == 'CC-BY-NC-4.0'
