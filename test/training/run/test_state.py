# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Training states on disk: they come back bit for bit, and whatever happens one is whole."""

from collections.abc import Callable
import contextlib
import os

import pytest
from support import mounted_disk
import torch
from training_support import run_python

from emotion_motion.exceptions import StorageError, TrainingError
from emotion_motion.training.run.state import load_state, newest_state, save_state, TrainState


def state_of(step: int, size: int = 100) -> TrainState:
    """Return a state whose tensors tell its step."""
    return TrainState(step, {'model.weight': torch.full((size,), float(step))}, {'best': 0.5})


# What is saved comes back


def test_every_tensor_and_number_comes_back_bit_for_bit(tmp_path):
    random = torch.Generator().manual_seed(3)
    shared = torch.randn(4, 6, generator=random)
    tensors = {
        'model.a': shared,
        'model.turned': shared.T,  # not contiguous, and the same memory
        'average.a': shared.double() * 1e-300,
        'optimiser.step': torch.tensor(17.0),
        'optimiser.half': torch.tensor([1.5, float('nan')], dtype=torch.bfloat16),
        'random': random.get_state(),
        'empty': torch.zeros(0, 3),
    }
    numbers = {'best': float('inf'), 'third': 1 / 3, 'seen': 10**15, 'who': 'ä', 'list': [1, [2]]}
    loaded = load_state(save_state(tmp_path, TrainState(12, tensors, numbers)))
    assert loaded.step == 12 and loaded.numbers == numbers
    assert loaded.tensors.keys() == tensors.keys()
    for name, tensor in tensors.items():
        again = loaded.tensors[name]
        assert again.dtype == tensor.dtype and again.shape == tensor.shape, name
        torch.testing.assert_close(again, tensor, rtol=0, atol=0, equal_nan=True)


def test_the_newest_are_kept_and_the_newest_is_found(tmp_path):
    assert newest_state(tmp_path / 'nothing') is None
    for step in (0, 5, 1000, 99_999_999, 100_000_000):
        path = save_state(tmp_path, state_of(step), keep=3)
        assert newest_state(tmp_path) == path and load_state(path).step == step
    kept = {folder.name for folder in tmp_path.iterdir()}
    assert kept == {'step_00001000', 'step_100000000', 'step_99999999'}


def test_a_state_of_the_same_step_is_replaced(tmp_path):
    save_state(tmp_path, state_of(7))
    path = save_state(tmp_path, TrainState(7, {'w': torch.ones(1)}, {'second': 1}))
    assert load_state(path).numbers == {'second': 1}
    assert [folder.name for folder in tmp_path.iterdir()] == ['step_00000007']


# Damage


@pytest.mark.parametrize(
    ('name', 'damage'),
    [
        ('state.safetensors', lambda content: content[:-1] + bytes([content[-1] ^ 1])),
        ('state.safetensors', lambda content: content[: len(content) // 2]),
        ('state.safetensors', None),
        ('state.json', lambda _: b'{"step": 3,'),
        ('state.json', lambda content: content.replace(b'version": 1', b'version": 99')),
        ('state.json', None),
    ],
)
def test_a_damaged_state_is_refused_by_name_and_skipped(
    tmp_path, caplog, name: str, damage: Callable[[bytes], bytes] | None
):
    good = save_state(tmp_path, state_of(1))
    bad = save_state(tmp_path, state_of(2))
    content = (bad / name).read_bytes()
    (bad / name).unlink()
    if damage:
        (bad / name).write_bytes(damage(content))
    with pytest.raises(TrainingError, match='step_00000002'):
        load_state(bad)
    assert newest_state(tmp_path) == good
    assert 'step_00000002' in caplog.text and 'step_00000001' not in caplog.text
    # Going on from the good one overwrites the bad one.
    again = save_state(tmp_path, state_of(2))
    assert newest_state(tmp_path) == again


def test_saving_removes_what_a_killed_run_left(tmp_path):
    left = tmp_path / 'step_00000004.partial'
    left.mkdir(parents=True)
    (left / 'state.safetensors').write_bytes(b'half')
    assert newest_state(tmp_path) is None
    save_state(tmp_path, state_of(5))
    assert [folder.name for folder in tmp_path.iterdir()] == ['step_00000005']


def test_a_kill_between_the_renames_of_a_save_loses_nothing(tmp_path):
    path = save_state(tmp_path, state_of(7))
    path.rename(tmp_path / 'step_00000007.old')
    assert newest_state(tmp_path) == path and load_state(path).step == 7


# The end of the disk, and of the process


FULL = """
import sys, torch
from pathlib import Path
from emotion_motion.exceptions import StorageError
from emotion_motion.training.run.state import TrainState, newest_state, save_state
folder = Path(sys.argv[1])
if sys.argv[2] == 'limit':
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
save_state(folder, TrainState(1, {'w': torch.ones(10)}))
for size, name in ((4_000_000, 'tensors'), (10, 'numbers')):
    numbers = {'long': 'x' * 8_000_000} if name == 'numbers' else {}
    try:
        save_state(folder, TrainState(2, {'w': torch.ones(size)}, numbers))
    except StorageError as error:
        print(error)
    else:
        print('saved')
    print(newest_state(folder).name, *sorted(path.name for path in folder.iterdir()))
"""


@pytest.mark.parametrize('end', [pytest.param('limit', marks=pytest.mark.soak), 'disk'])
def test_a_full_disk_leaves_the_last_good_checkpoint(tmp_path, end):
    if end == 'limit':
        pytest.importorskip('resource', reason='limits of processes are a matter of POSIX')
    disk = mounted_disk(tmp_path, 'size=4m') if end == 'disk' else contextlib.nullcontext()
    with disk:
        first, after_first, second, after_second = run_python(FULL, tmp_path, end).splitlines()
    for line, size in ((first, '16.0 MB'), (second, '8.0 MB')):
        assert 'could not write the checkpoint' in line and 'step_00000002' in line
        assert size in line and 'are free on that disk' in line
        assert 'the last good checkpoint is' in line and 'step_00000001' in line
        assert end == 'limit' or 'No space left' in line
    # The newest whole one is the old one, and the half-written one is gone.
    assert after_first == after_second == 'step_00000001 step_00000001'


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / 'file').write_text('in the way')
    with pytest.raises(StorageError, match=r'could not write the checkpoint .*file/checkpoints'):
        save_state(tmp_path / 'file' / 'checkpoints', state_of(1))


KILLED = """
import os, random, signal, sys, time, torch
from pathlib import Path
from emotion_motion.training.run.state import TrainState, load_state, newest_state, save_state
torch.set_num_threads(1)
folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
draw = random.Random(0)
begin = time.monotonic()
for _ in range(4):
    save_state(folder, TrainState(1, {'w': torch.ones(100_000)}))
longest_s = time.monotonic() - begin  # of a round, on a busy machine too
reached = []
for number in range(rounds):
    child = os.fork()
    if child == 0:
        step = load_state(newest_state(folder)).step
        while True:  # each state twice, so that replacements are hit as well
            for step in (step, step + 1):
                save_state(folder, TrainState(step, {'w': torch.full((100_000,), float(step))}),
                           keep=1 + number % 3)
    time.sleep(draw.uniform(0.03, 1.0) * longest_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    state = load_state(newest_state(folder))
    assert (state.tensors['w'] == state.step).all()
    reached.append(state.step)
assert reached == sorted(reached), reached
print(reached[-1])
"""


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='the test kills forks of one process')
def test_a_kill_at_any_moment_leaves_a_state_that_loads(tmp_path):
    reached = int(run_python(KILLED, tmp_path, 40))
    assert reached > 5  # it was really saving when it was killed
