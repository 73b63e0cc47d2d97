# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The run folder: what it takes to repeat a run, made before the training or not at all."""

import dataclasses
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys

import numpy as np
import pytest
from support import mounted_disk
import torch
import yaml

import emotion_motion
from emotion_motion.checkpoint import Checkpoint, from_pretrained
from emotion_motion.exceptions import CheckpointError, TrainingError
from emotion_motion.training.run.metrics import read_metrics
from emotion_motion.training.run.run_folder import RunFolder
from emotion_motion.training.run.state import save_state, TrainState

ROOT = Path(__file__).resolve().parents[3]
MANIFEST = {'sources': [{'path': 'a.bvh', 'sha256': '00', 'licence': 'MIT'}], 'clips': 3}


@dataclasses.dataclass(frozen=True)
class Optimiser:
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.98)


@dataclasses.dataclass(frozen=True)
class Config:
    seed: int = 7
    out: Path = Path('runs/a')
    start: str | None = None
    optimiser: Optimiser = dataclasses.field(default_factory=Optimiser)


@pytest.fixture
def run(tmp_path) -> RunFolder:
    return RunFolder.create(tmp_path / 'deep' / 'run', Config(), MANIFEST)


def children(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != '.lock'}


# A new run


def test_it_holds_the_whole_configuration_the_data_and_the_surroundings(run):
    config = yaml.safe_load(run.config_path.read_text())
    assert config == {
        'seed': 7,
        'out': 'runs/a',
        'start': None,
        'optimiser': {'learning_rate': 1e-3, 'betas': [0.9, 0.98]},
    }
    assert run.manifest == MANIFEST
    environment = json.loads((run.root / 'environment.json').read_text())
    assert environment['seed'] == 7 and environment['resumed'] == []
    assert environment['emotion_motion'] == emotion_motion.__version__
    assert environment['torch'] == torch.__version__
    assert environment['packages']['numpy'] == np.__version__
    assert environment['threads'] == torch.get_num_threads()
    assert environment['cores'] == os.cpu_count()
    for key in ('date', 'command', 'python', 'platform', 'processor'):
        assert environment[key], key
    assert len(environment['gpus']) == torch.cuda.device_count()


@pytest.mark.parametrize('text', ['# as written\nseed: 3\n', {'seed': 3}])
def test_a_configuration_may_be_text_or_a_mapping(tmp_path, text):
    run = RunFolder.create(tmp_path / 'run', text, {}, seed=3)
    assert yaml.safe_load(run.config_text) == {'seed': 3}
    assert run.environment['seed'] == 3


def test_the_seed_may_lie_in_a_part_of_the_configuration(tmp_path):
    nested = dataclasses.make_dataclass('Nested', [('run', Config)])(Config(seed=11))
    assert RunFolder.create(tmp_path / 'run', nested, {}).environment['seed'] == 11


def test_data_that_is_made_in_the_folder_is_noted_afterwards(run):
    run.manifest = {'clips': 9}
    assert run.manifest == {'clips': 9}


def test_the_commit_is_that_of_the_source_tree(run):
    if not (ROOT / '.git').exists() or shutil.which('git') is None:
        pytest.skip('this source tree is no git repository')
    if Path(emotion_motion.__file__).resolve().parents[1] != ROOT:
        pytest.skip('another copy of the package is tested')
    head = subprocess.run(
        ['git', '-C', str(ROOT), 'rev-parse', 'HEAD'], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert run.environment['commit'].split()[0] == head


def test_a_folder_with_something_in_it_is_refused_and_says_how_to_go_on(run, tmp_path):
    with pytest.raises(TrainingError, match='--resume'):
        RunFolder.create(run.root, Config(), MANIFEST)
    other = tmp_path / 'photos'
    other.mkdir()
    (other / 'cat.jpg').write_bytes(b'')
    with pytest.raises(TrainingError, match='not empty'):
        RunFolder.create(other, Config(), MANIFEST)
    assert children(other) == {'cat.jpg'}
    with pytest.raises(TrainingError, match=r'cat\.jpg'):
        RunFolder.create(other / 'cat.jpg', Config(), MANIFEST)


def test_what_a_kill_within_create_leaves_is_no_run_and_in_nobodys_way(run):
    run.close()
    run.config_path.unlink()
    with pytest.raises(TrainingError, match=r'config\.yaml'):
        RunFolder.open(run.root)
    again = RunFolder.create(run.root, Config(seed=8), MANIFEST)
    assert again.environment['seed'] == 8


def test_too_little_space_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(TrainingError, match=r'needs 10{18}\.0 MB; .* MB are free') as error:
        RunFolder.create(tmp_path / 'run', Config(), MANIFEST, need_bytes=10**24)
    assert 'run' in str(error.value)
    assert not (tmp_path / 'run' / 'config.yaml').exists()
    made = RunFolder.create(tmp_path / 'run', Config(), MANIFEST, need_bytes=1000)
    made.close()
    with pytest.raises(TrainingError, match='MB are free'):
        RunFolder.open(tmp_path / 'run', need_bytes=10**24)


def test_a_folder_below_a_file_cannot_be_made(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(TrainingError, match=r'could not write the run folder .*Not a directory'):
        RunFolder.create(tmp_path / 'file' / 'run', Config(), MANIFEST)


def test_a_folder_without_permission_is_refused(tmp_path):
    if hasattr(os, 'geteuid') and os.geteuid() == 0:
        pytest.skip('root may write everywhere')
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(TrainingError, match='could not write the run folder'):
            RunFolder.create(tmp_path / 'run', Config(), MANIFEST)
    finally:
        tmp_path.chmod(0o700)


def test_a_file_system_that_only_reads_is_refused(tmp_path):
    with mounted_disk(tmp_path, 'size=1m,ro'):
        for path in (tmp_path, tmp_path / 'run'):
            with pytest.raises(TrainingError, match='Read-only'):
                RunFolder.create(path, Config(), MANIFEST)


# Going on


def test_a_run_goes_on_where_its_newest_state_is(run):
    save_state(run.checkpoints, TrainState(10, {'w': torch.ones(2)}))
    for step in (5, 10, 15):
        run.metrics.log(step, {'loss': 1.0})
    run.close()
    again = RunFolder.open(run.root)
    assert again.newest_state() == run.checkpoints / 'step_00000010'
    again.resumed(10)
    assert list(read_metrics(run.root / 'metrics.csv')['step']) == [5, 10]
    assert [entry['step'] for entry in again.environment['resumed']] == [10]
    assert again.environment['seed'] == 7


def test_what_is_no_run_is_not_gone_on_with(tmp_path):
    with pytest.raises(TrainingError, match=r'config\.yaml and no environment\.json'):
        RunFolder.open(tmp_path / 'nothing')
    assert not (tmp_path / 'nothing').exists()


OPEN = """
import sys
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.run.run_folder import RunFolder
try:
    RunFolder.open(sys.argv[1])
    print('opened')
except TrainingError as error:
    print(error)
"""


@pytest.mark.soak
def test_two_processes_cannot_train_in_one_folder(run):
    pytest.importorskip('fcntl', reason='locks are those of POSIX')
    path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])

    def other_process() -> str:
        return subprocess.run(
            [sys.executable, '-c', OPEN, str(run.root)],
            capture_output=True,
            text=True,
            env={**os.environ, 'PYTHONPATH': path},
            check=True,
        ).stdout

    assert 'another process is training' in other_process()
    run.close()
    assert other_process() == 'opened\n'


# The best model


def test_the_best_model_is_in_the_packaged_format(run, checkpoint):
    assert not run.best.exists()
    run.save_best(checkpoint, card='# mine\n')
    loaded = from_pretrained(run.best)
    for name, tensor in checkpoint.model.state_dict().items():
        torch.testing.assert_close(loaded.model.state_dict()[name], tensor, rtol=0, atol=0)
    assert (run.best / 'README.md').read_text() == '# mine\n'
    better = dataclasses.replace(checkpoint, training={'second': True})
    run.save_best(better)
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


FULL = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support import random_checkpoint
from emotion_motion.checkpoint import from_pretrained
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.run.run_folder import RunFolder
run = RunFolder.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    run.save_best(random_checkpoint(1))
except TrainingError as error:
    print(error)
"""


def test_a_full_disk_leaves_the_best_model_and_says_so(run, checkpoint):
    pytest.importorskip('resource', reason='limits of processes are a matter of POSIX')
    run.save_best(checkpoint)
    run.close()
    path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
    said = subprocess.run(
        [sys.executable, '-c', FULL, str(run.root), str(ROOT / 'test')],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': path},
        check=True,
    ).stdout
    assert 'could not write the model' in said and 'is still the one before' in said
    assert from_pretrained(run.best).name == str(run.best)
    assert 'best.partial' not in children(run.root)
