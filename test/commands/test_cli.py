# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command line, run as a user runs it, and the files that it writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest

from emotion_motion import cli
from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import from_pretrained
from emotion_motion.exceptions import MotionFileError, StorageError
from emotion_motion.generator import MotionGenerator
from emotion_motion.io import load_motion, Motion, save_motion
from emotion_motion.replay.log import record


def run_as_a_user_does(*args: str) -> subprocess.CompletedProcess[str]:
    """Run it as a process; a start takes seconds, so most tests use `Run`."""
    return subprocess.run(
        [sys.executable, '-m', 'emotion_motion.cli', *args],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


class Done(NamedTuple):
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return what runs the command line in this process."""

    def call(*args: str) -> Done:
        monkeypatch.setattr(sys, 'argv', ['emotion-motion', *args])
        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 0
        return Done(status, *capfd.readouterr())

    return call


@pytest.mark.parametrize(
    'command', ['generate', 'train', 'models', 'data inspect', 'data import', 'data corpus']
)
def test_help_explains_every_option(command: str, run: Run) -> None:
    done = run(*command.split(), '--help')
    assert done.returncode == 0
    options = [line for line in done.stdout.splitlines() if line.startswith('│ --')]
    assert '-h, --help' in done.stdout
    # An option without an explanation would show nothing between its name and its default.
    assert all('{fixed}' not in line for line in options)
    assert done.stdout.count('(default:') + done.stdout.count('(required)') >= len(options)


def test_generate_writes_what_load_motion_reads(saved: Path, tmp_path: Path) -> None:
    out = tmp_path / 'motion.npz'
    options = f'--model {saved} --emotion joy sadness:0.5 --seconds 0.5 --seed 3 --body-height-m 2'
    done = run_as_a_user_does('generate', *options.split(), '--out', str(out))
    assert done.returncode == 0, done.stderr
    motion = load_motion(out)
    generator = MotionGenerator.from_pretrained(saved, seed=3, body_height_m=2.0)
    expected = record(generator, ['joy', 'sadness:0.5'], 0.5)
    np.testing.assert_array_equal(motion.keypoints, expected.keypoints)
    np.testing.assert_array_equal(motion.requested, expected.requested)
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
def test_bad_input_is_one_line_and_exit_1(
    args: list[str], says: str, saved: Path, run: Run
) -> None:
    model = [] if '--model' in args else ['--model', str(saved)]
    done = run('generate', *model, '--seconds', '0.1', *args)
    assert done.returncode == 1
    assert says in done.stderr
    assert 'Traceback' not in done.stderr


def test_corpus_and_train_make_a_run_whose_best_model_moves(tmp_path: Path, run: Run) -> None:
    clips, out = tmp_path / 'clips', tmp_path / 'run'
    made = run('data', 'corpus', '--out', str(clips), '--minutes', '3', '--val-share', '0.3')
    assert made.returncode == 0, made.stderr
    options = '--steps 3 --batch-size 2 --workers 0 --select-s 2'
    done = run('train', '--out', str(out), '--data', str(clips), *options.split())
    assert done.returncode == 0, done.stderr
    checkpoint = from_pretrained(out / 'best')
    assert 'CC' not in checkpoint.training['licence']
    assert (out / 'config.yaml').is_file() and (out / 'metrics.csv').is_file()
    frame = MotionGenerator(checkpoint, seed=0).step()
    assert np.isfinite(frame.keypoints).all()
    again = run('train', '--out', str(out), '--data', str(clips))
    assert again.returncode == 1 and '--resume' in again.stderr


def test_inspect_says_what_a_file_holds_and_draws_it(tmp_path: Path, run: Run) -> None:
    file, picture = tmp_path / 'stand.npz', tmp_path / 'first.png'
    np.savez(file, keypoints=np.repeat(load_skeleton().rest[None], 40, axis=0), rate_hz=30.0)
    done = run('data', 'inspect', str(file), '--out', str(picture))
    assert done.returncode == 0, done.stderr
    assert '40 frames' in done.stdout and picture.stat().st_size > 1000


def test_import_reports_bad_files_together_and_by_exit_status(tmp_path: Path, run: Run) -> None:
    (tmp_path / 'in').mkdir()
    (tmp_path / 'in' / 'cut.bvh').write_text('HIERARCHY\n')
    labels = tmp_path / 'labels.yaml'
    labels.write_text('from: name\npattern: (?P<label>.*)\nlabels: {cut: neutral}\n')
    command = f'data import {tmp_path}/in --labels {labels} --out {tmp_path}/out'
    done = run(*command.split())
    assert done.returncode == 2
    assert 'cut.bvh' in done.stdout + done.stderr
    assert 'Traceback' not in done.stderr


def _motion() -> Motion:
    skeleton = load_skeleton()
    rest = np.repeat(skeleton.rest[None].astype(np.float32), 4, axis=0)
    weights = np.eye(7, dtype=np.float32)[:4]
    return Motion(rest, weights, weights, 30.0, skeleton.name, skeleton.names)


def test_motion_files_keep_every_field(tmp_path: Path) -> None:
    motion = _motion()
    read = load_motion(save_motion(tmp_path / 'new' / 'motion.npz', motion))
    for name in ('keypoints', 'requested', 'recognised'):
        np.testing.assert_array_equal(getattr(read, name), getattr(motion, name))
    assert (read.rate_hz, read.skeleton, read.names) == (30.0, 'body_25', motion.names)


def test_bad_motion_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MotionFileError, match=r'expected an ending of \.npz, \.csv'):
        save_motion(tmp_path / 'motion.txt', _motion())
    (tmp_path / 'file').write_text('')
    with pytest.raises(StorageError, match='could not write'):
        save_motion(tmp_path / 'file' / 'motion.npz', _motion())
    for content in (b'', b'no archive', b'PK\x03\x04 cut'):
        (tmp_path / 'bad.npz').write_bytes(content)
        with pytest.raises(MotionFileError, match=r'bad\.npz'):
            load_motion(tmp_path / 'bad.npz')
    with pytest.raises(MotionFileError, match='missing'):
        load_motion(tmp_path / 'missing.npz')
