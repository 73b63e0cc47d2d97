# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command line, run as a user runs it, and the files that it writes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import tyro

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import from_pretrained
from emotion_motion.cli import REGISTRY
from emotion_motion.exceptions import MotionFileError, StorageError
from emotion_motion.generator import MotionGenerator
from emotion_motion.io import load_motion, Motion, save_motion
from emotion_motion.replay.log import record

COMMANDS = [
    '',
    'generate',
    'train',
    'evaluate',
    'ablate',
    'view',
    'models',
    'data',
    'data inspect',
    'data import',
    'data corpus',
    'robot',
    'robot check',
    'robot init',
    'robot simulate',
]


@pytest.mark.parametrize('command', COMMANDS)
def test_help_explains_every_option(command, run):
    done = run(*command.split(), '--help')
    assert done.returncode == 0
    options = [line for line in done.stdout.splitlines() if line.startswith('│ --')]
    assert '-h, --help' in done.stdout
    # An option without an explanation would show nothing between its name and its default.
    assert all('{fixed}' not in line for line in options)
    # Options have their plain type, and their text does not end at the line of its docstring.
    assert '{None}' not in done.stdout and '--no-no-' not in done.stdout
    assert done.stdout.count('(default:') + done.stdout.count('(required)') >= len(options)


def test_generate_writes_what_load_motion_reads(saved, tmp_path):
    out = tmp_path / 'motion.npz'
    options = f'--model {saved} --emotion joy sadness:0.5 --seconds 0.5 --seed 3 --body-height-m 2'
    command = [sys.executable, '-m', 'emotion_motion.cli', 'generate', *options.split()]
    done = subprocess.run(
        [*command, '--out', out], capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr
    motion = load_motion(out)
    generator = MotionGenerator.from_pretrained(saved, seed=3, body_height_m=2.0)
    expected = record(generator, ['joy', 'sadness:0.5'], 0.5)
    for name in ('keypoints', 'requested', 'recognised'):
        np.testing.assert_array_equal(getattr(motion, name), getattr(expected, name))
    assert (motion.rate_hz, motion.skeleton, motion.names) == (30.0, 'body_25', expected.names)
    assert motion.keypoints.shape == (30, 25, 3)
    assert motion.requested[14, 3] == 1.0 and motion.requested[15, 5] == 0.5
    assert load_skeleton().bone_error(motion.keypoints / 2.0) < 1e-5


@pytest.mark.parametrize(
    ('args', 'says'),
    [
        (['--model', 'nope'], "got the model 'nope'"),
        (['--emotion', 'hapiness'], 'hapiness'),
        (['--seconds', '0'], 'seconds above 0'),
        (['--seed', '-1'], 'got seed = -1'),
        (['--device', 'abacus'], "got device = 'abacus'"),
        (['--out', 'motion.doc'], "'motion.doc'"),
    ],
)
def test_bad_input_is_one_line_and_exit_1(args, says, saved, refused):
    model = [] if '--model' in args else ['--model', saved]
    refused(says, 'generate', *model, '--seconds', '0.1', *args)


@pytest.mark.parametrize('word', ['none', 'None'])
def test_none_is_taken_as_help_writes_it(word):
    def command(seed: int | None = 3) -> int | None:
        return seed

    with REGISTRY:
        assert tyro.cli(command, args=['--seed', word]) is None


def test_who_stops_reading_ends_the_command_quietly():
    command = [sys.executable, '-m', 'emotion_motion.cli', '--help']
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == (b'', 141)


def test_corpus_and_train_make_a_run_whose_best_model_moves(tmp_path, run, refused):
    clips, out = tmp_path / 'clips', tmp_path / 'run'
    for command in (
        f'data corpus --out {clips} --minutes 3 --val-share 0.3',
        f'train --out {out} --data {clips} --steps 3 --batch-size 2 --workers 0 --select-s 2',
    ):
        done = run(*command.split())
        assert done.returncode == 0, done.stderr
    checkpoint = from_pretrained(out / 'best')
    assert 'CC' not in checkpoint.training['licence']
    assert (out / 'config.yaml').is_file() and (out / 'metrics.csv').is_file()
    frame = MotionGenerator(checkpoint, seed=0).step()
    assert np.isfinite(frame.keypoints).all()
    refused('--resume', 'train', '--out', out, '--data', clips)


def test_bad_motion_files_are_refused(tmp_path):
    names, weights = load_skeleton().names, np.eye(7)
    motion = Motion(np.zeros((7, 25, 3)), weights, weights, 30.0, 'body_25', names)
    with pytest.raises(MotionFileError, match=r'expected an ending of \.npz, \.csv'):
        save_motion(tmp_path / 'motion.txt', motion)
    (tmp_path / 'file').write_text('')
    with pytest.raises(StorageError, match='could not write'):
        save_motion(tmp_path / 'file' / 'motion.npz', motion)
    for content in (b'', b'no archive', b'PK\x03\x04 cut'):
        (tmp_path / 'bad.npz').write_bytes(content)
        with pytest.raises(MotionFileError, match=r'bad\.npz'):
            load_motion(tmp_path / 'bad.npz')
    with pytest.raises(MotionFileError, match='missing'):
        load_motion(tmp_path / 'missing.npz')
