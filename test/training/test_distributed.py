# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Two processes (gloo on the CPU) that share each batch train what one process trains alone.

Tolerance: the weights after N steps agree to 3e-5 of the largest of their tensor; sums are taken
in another order, and AdamW divides by the size of small gradients.
"""

from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest
import torch
from training_support import config_of, environment, stored, without_pictures

from emotion_motion.exceptions import ConfigError
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.run.metrics import read_metrics
from emotion_motion.training.run.state import load_state, newest_state
from emotion_motion.training.session import train
from emotion_motion.training.trainer import Trainer

TOLERANCE = 3e-5
LAUNCHERS = {
    'torchrun': 'torch.distributed.run --standalone --nproc_per_node 2',
    'accelerate': 'accelerate.commands.launch --cpu --num_processes 2 --num_machines 1 '
    '--mixed_precision no --dynamo_backend no --main_process_port 0',
}


def launched(name: str, config: Path, out: Path, *more: str) -> subprocess.CompletedProcess:
    script = Path(__file__).parents[1] / 'training_support.py'
    given = map(str, (*LAUNCHERS[name].split(), script, config, out, *more))
    command = [sys.executable, '-m', *given]
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=600, check=False
    )


def same_weights(one: Path, other: Path) -> None:
    states = [load_state(newest_state(path / 'checkpoints')) for path in (one, other)]
    assert states[0].step == states[1].step
    for name, tensor in states[0].tensors.items():
        # A constant added to every score changes no softmax: its gradient is rounding alone.
        if name.startswith('optimiser.') or name.endswith('pooling.score.bias'):
            continue
        scale = float(tensor.abs().max()) + 1e-12
        off = float((tensor - states[1].tensors[name]).abs().max())
        assert off <= TOLERANCE * scale, f'{name} is off by {off / scale:.1e} of its largest'


@pytest.fixture(scope='module')
def alone(tmp_path_factory):
    """The configuration and the run of one process with batches of 8."""
    folder = tmp_path_factory.mktemp('alone')
    data = stored(folder / 'data')
    config = config_of(
        data=(str(data.path),),
        batch_size=8,
        steps=6,
        save_every=3,
        rollout=1,
        rollout_after=0.0,
        learning_rate=1e-3,
    )
    config.to_yaml(folder / 'config.yaml')
    with without_pictures():
        train(folder / 'run', config)
    return folder


@pytest.mark.soak
def test_two_processes_of_four_windows_train_as_one_of_eight(alone, tmp_path):
    out = tmp_path / 'run'
    done = launched('torchrun', alone / 'config.yaml', out)
    assert done.returncode == 0, done.stderr
    assert 'in 2 processes' in done.stderr and done.stderr.count('wrote') == 1
    same_weights(alone / 'run', out)
    tables = [read_metrics(path / 'metrics.csv') for path in (alone / 'run', out)]
    for name in ('loss/total', 'loss/mse', 'loss/nll', 'loss/emotion', 'gradient'):
        np.testing.assert_allclose(tables[0][name], tables[1][name], rtol=1e-4, err_msg=name)


@pytest.mark.soak
def test_a_run_of_one_process_goes_on_in_two(alone, tmp_path):
    config, out = TrainConfig.from_yaml(alone / 'config.yaml'), tmp_path / 'run'
    steps = Trainer.step

    def interrupted(trainer, *arguments):
        if trainer.done == 4:
            raise KeyboardInterrupt
        return steps(trainer, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, 'step', interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(out, config)
    assert newest_state(out / 'checkpoints').name == 'step_00000003'
    done = launched('accelerate', alone / 'config.yaml', out, '--resume')
    assert done.returncode == 0, done.stderr
    same_weights(alone / 'run', out)


def test_a_batch_that_does_not_divide_is_refused(alone):
    class Three:
        num_processes, process_index, device = 3, 0, torch.device('cpu')

    data = stored(alone / 'other')
    with pytest.raises(ConfigError, match='batch_size = 8 for 3 processes'):
        Trainer(data, config_of(batch_size=8), accelerator=Three())
