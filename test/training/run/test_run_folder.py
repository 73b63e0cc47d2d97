# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The run folder: what it takes to repeat a run, made before the training or not at all."""

import dataclasses
import errno
import json
import os
from pathlib import Path
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest
from support import mounted_disk
import torch
from training_support import config_of, run_python

import emotion_motion
from emotion_motion.checkpoint import Checkpoint, from_pretrained
from emotion_motion.exceptions import CheckpointError, StorageError, TrainingError
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.run.metrics import read_metrics
from emotion_motion.training.run.run_folder import RunFolder
from emotion_motion.training.run.state import newest_state, save_state, TrainState

ROOT = Path(__file__).resolve().parents[3]
CONFIG = config_of(seed=7)


@pytest.fixture
def run(tmp_path) -> RunFolder:
    return RunFolder.create(tmp_path / 'deep' / 'run', CONFIG)


def children(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != '.lock'}


def environment_of(run: RunFolder) -> dict[str, Any]:
    return json.loads((run.root / 'environment.json').read_text())


# A new run


def test_it_holds_the_configuration_and_the_surroundings(run):
    assert TrainConfig.from_yaml(run.config_path) == CONFIG
    surroundings = environment_of(run)
    assert surroundings['seed'] == 7 and surroundings['resumed'] == []
    assert surroundings['emotion_motion'] == emotion_motion.__version__
    assert surroundings['torch'] == torch.__version__
    assert surroundings['packages']['numpy'] == np.__version__
    assert surroundings['threads'] == torch.get_num_threads()
    for key in ('date', 'command', 'python', 'platform', 'processor'):
        assert surroundings[key], key
    assert len(surroundings['gpus']) == torch.cuda.device_count()


def test_the_commit_is_that_of_the_source_tree(run):
    if not (ROOT / '.git').exists() or shutil.which('git') is None:
        pytest.skip('this source tree is no git repository')
    if Path(emotion_motion.__file__).resolve().parents[1] != ROOT:
        pytest.skip('another copy of the package is tested')
    head = subprocess.check_output(['git', '-C', str(ROOT), 'rev-parse', 'HEAD'], text=True)
    assert environment_of(run)['commit'].split()[0] == head.strip()


def test_a_folder_with_something_in_it_is_refused(run, tmp_path):
    with pytest.raises(TrainingError, match='--resume'):
        RunFolder.create(run.root, CONFIG)
    other = tmp_path / 'photos'
    other.mkdir()
    (other / 'cat.jpg').write_bytes(b'')
    with pytest.raises(TrainingError, match='not empty'):
        RunFolder.create(other, CONFIG)
    assert children(other) == {'cat.jpg'}
    with pytest.raises(TrainingError, match=r'cat\.jpg'):
        RunFolder.create(other / 'cat.jpg', CONFIG)


def test_what_a_kill_within_create_leaves_is_no_run(run):
    run.close()
    run.config_path.unlink()
    (run.root / '.config.00ff.partial.yaml').write_text('half')
    with pytest.raises(TrainingError, match=r'config\.yaml'):
        RunFolder.open(run.root)
    again = RunFolder.create(run.root, config_of(seed=8))
    assert environment_of(again)['seed'] == 8


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(StorageError, match=r'could not write the run folder .*Not a directory'):
        RunFolder.create(tmp_path / 'file' / 'run', CONFIG)


def test_a_file_system_that_only_reads_is_refused(tmp_path):
    with mounted_disk(tmp_path, 'size=1m,ro'):
        for path in (tmp_path, tmp_path / 'run'):
            with pytest.raises(StorageError, match='Read-only'):
                RunFolder.create(path, CONFIG)


# Going on


def test_a_run_goes_on_where_its_newest_state_is(run):
    save_state(run.checkpoints, TrainState(10, {'w': torch.ones(2)}))
    for step in (5, 10, 15):
        run.metrics.log(step, {'loss': 1.0})
    run.close()
    again = RunFolder.open(run.root)
    assert newest_state(again.checkpoints) == run.checkpoints / 'step_00000010'
    again.resumed(10)
    assert list(read_metrics(run.root / 'metrics.csv')['step']) == [5, 10]
    environment = environment_of(again)
    assert [entry['step'] for entry in environment['resumed']] == [10]
    assert environment['seed'] == 7


def test_what_is_no_run_is_not_gone_on_with(tmp_path):
    with pytest.raises(TrainingError, match=r'config\.yaml and no environment\.json'):
        RunFolder.open(tmp_path / 'nothing')
    assert not (tmp_path / 'nothing').exists()


OPEN = """
import os, signal, sys, time
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.run.run_folder import RunFolder
try:
    run = RunFolder.open(sys.argv[1])
    print('opened', flush=True)
    if 'fork and die' in sys.argv and os.fork() == 0:
        os.close(1), os.close(2)
        time.sleep(20.0)
    if 'fork and die' in sys.argv:
        os.kill(os.getpid(), signal.SIGTERM)
except TrainingError as error:
    print(error)
"""


@pytest.mark.soak
def test_two_processes_cannot_train_in_one_folder(run):
    assert 'another process is training' in run_python(OPEN, run.root)
    run.close()
    assert run_python(OPEN, run.root) == 'opened\n'


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='workers are forks of one process')
def test_workers_of_a_killed_run_do_not_lock_its_folder(run):
    run.close()
    code = OPEN.replace('SIGTERM', 'SIGKILL')
    assert run_python(code, run.root, 'fork and die', returns=-9) == 'opened\n'
    RunFolder.open(run.root).close()


# The best model


def test_the_best_model_is_in_the_packaged_format(run, checkpoint):
    assert not run.best.exists()
    run.save_best(checkpoint, '# mine\n')
    loaded = from_pretrained(run.best)
    for name, tensor in checkpoint.model.state_dict().items():  # in 16 bits
        torch.testing.assert_close(loaded.model.state_dict()[name], tensor, rtol=1e-3, atol=1e-4)
    assert (run.best / 'README.md').read_text() == '# mine\n'
    run.save_best(dataclasses.replace(checkpoint, training={'second': True}))
    assert from_pretrained(run.best).training == {'second': True}
    assert not {'best.old', 'best.partial'} & children(run.root)


def test_a_model_that_cannot_be_saved_leaves_the_one_before(run, checkpoint: Checkpoint):
    run.save_best(checkpoint)
    broken = torch.nn.Linear(2, 2)
    torch.nn.init.constant_(broken.weight, float('nan'))
    with pytest.raises(CheckpointError, match='not finite'):
        run.save_best(dataclasses.replace(checkpoint, model=broken))
    assert from_pretrained(run.best).training == checkpoint.training
    assert 'best.partial' not in children(run.root)


def test_a_kill_while_the_best_model_is_exchanged_loses_nothing(run, checkpoint):
    run.save_best(checkpoint)
    run.close()
    run.best.rename(run.root / 'best.old')
    (run.root / 'best.partial').mkdir()
    again = RunFolder.open(run.root)
    assert from_pretrained(again.best).training == checkpoint.training
    again.save_best(checkpoint)
    assert not {'best.old', 'best.partial'} & children(run.root)


def test_a_full_disk_leaves_the_best_model_and_says_so(run, checkpoint, monkeypatch):
    run.save_best(checkpoint)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr('emotion_motion.training.run.run_folder.save_pretrained', full)
    with pytest.raises(StorageError, match=r'could not write .* is still the one before'):
        run.save_best(checkpoint)
    assert from_pretrained(run.best).name == str(run.best)
    assert 'best.partial' not in children(run.root)
