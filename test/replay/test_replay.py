# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Runs that are logged and made again: every frame and every pose, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import itertools
import json
from pathlib import Path
import re
import subprocess
import sys

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
from support import mounted_disk, one_hot, random_checkpoint
import torch

from emotion_motion.checkpoint import from_pretrained, save_pretrained
from emotion_motion.commands.generate import generate
from emotion_motion.emotion import EMOTIONS, mix
from emotion_motion.exceptions import ConfigError, MotionFileError, StorageError
from emotion_motion.generator import MotionFrame, MotionGenerator
from emotion_motion.io.clip import Motion
from emotion_motion.playback import Playback, Pose
from emotion_motion.replay import log as run_log
from emotion_motion.replay.log import RunLog
from emotion_motion.replay.log_file import read_runs, sealed
from emotion_motion.replay.replay import emotion_rows, Replay, replay_run

RATES = (30.0, 47.3, 60.0, 12.0, 250.0)


@pytest.fixture(scope='module')
def loaded(tmp_path_factory):
    """A small model with random weights, saved and loaded."""
    folder = tmp_path_factory.mktemp('models') / 'random'
    return from_pretrained(save_pretrained(folder, random_checkpoint()))


class Shown:
    """A played run of one or more streams, logged, with all that it has shown."""

    def __init__(self, path, checkpoint, **settings):
        self.generator = MotionGenerator(checkpoint, **settings)
        self.playback = Playback(self.generator)
        self.log = RunLog(path, self.generator, self.playback)
        self.poses: list[Pose] = []

    def go(self, count, period_s=None):
        for _ in range(count):
            rate_s = 1.0 / self.playback.rate_hz if period_s is None else period_s
            pose = self.playback.advance(rate_s)
            self.log.advanced(pose.keypoints, pose.stepped, rate_s)
            self.poses.append(pose)

    def reset(self, seed=None):
        self.playback.reset(seed)
        self.log.reset()

    def fade(self, before, after, poses):
        for number in range(poses):
            self.generator.set_emotion(mix(before, after, number / poses))
            self.go(1)

    def change_sampler(self, **values):
        self.generator.sampler = dataclasses.replace(self.generator.sampler, **values)


def replayed(path, checkpoint, seconds=None):
    """Return a file's last run, which must find itself to be the run."""
    replay = Replay(read_runs(path)[-1], checkpoint)
    poses = list(replay.poses(seconds))
    assert replay.differs_at is None and replay.checked == len(replay.run.events)
    return poses


def assert_same(made, shown):
    assert len(made) == len(shown)
    for name in ('keypoints', 'recognised'):
        np.testing.assert_array_equal(
            np.stack([getattr(pose, name) for pose in made]),
            np.stack([getattr(pose, name) for pose in shown]),
        )
    assert [len(pose.frames) for pose in made] == [pose.stepped for pose in shown]


def eventful(shown):
    """Show a run with every kind of event."""
    shown.go(20)
    shown.generator.set_emotion('happiness:0.7, surprise:0.2')
    shown.go(25)
    shown.fade(shown.generator.emotion[0], one_hot('neutral'), 40)
    shown.playback.hold()
    shown.go(9)  # on its way to rest
    shown.change_sampler(temperature=1.7, k=0.3)
    shown.go(40)
    shown.generator.set_emotion('fear')  # unseen until it moves
    shown.go(10)
    shown.playback.hold(False)
    shown.go(30)
    shown.generator.body_height_m = 0.58
    shown.go(10)
    shown.playback.hold()
    shown.go(5)
    shown.reset(7)  # while it slows down
    shown.go(60)
    shown.playback.hold(False)
    shown.go(30)
    shown.reset()
    shown.playback.rate_hz = 100.0
    shown.change_sampler(emotion_weight=0.1, movement_weight=-1.0, variance_div=30.0)
    shown.go(50)
    shown.go(3, 0.1)


@pytest.mark.parametrize(('rate_hz', 'seed'), zip(RATES, itertools.cycle([None, 3]), strict=False))
def test_a_played_run_is_made_again_bit_for_bit(tmp_path, loaded, rate_hz, seed):
    shown = Shown(tmp_path / 'run.jsonl', loaded, seed=seed)
    shown.playback.rate_hz = rate_hz
    eventful(shown)
    shown.log.close()
    assert not shown.log.problem
    made = replayed(tmp_path / 'run.jsonl', loaded)
    assert_same(made, shown.poses)
    resets = [e for e in read_runs(tmp_path / 'run.jsonl')[0].events if e.event == 'reset']
    assert len(resets) == 2 and all(type(event.value) is int for event in resets)


@settings(max_examples=8)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just('go'), st.integers(1, 20)),
            st.tuples(st.just('go'), st.integers(1, 20)),
            st.tuples(st.just('emotion'), st.sampled_from(EMOTIONS)),
            st.tuples(st.just('mixture'), st.floats(0.0, 1.0)),
            st.tuples(st.just('hold'), st.booleans()),
            st.tuples(st.just('reset'), st.none() | st.integers(0, 2**63 - 1)),
            st.tuples(st.just('k'), st.floats(0.0, 20.0)),
            st.tuples(st.just('height'), st.floats(0.1, 10.0)),
            st.tuples(st.just('rate'), st.sampled_from(RATES)),
        ),
        max_size=25,
    )
)
def test_whatever_happens_is_made_again(tmp_path_factory, loaded, happens):
    path = tmp_path_factory.mktemp('any') / 'run.jsonl'
    shown = Shown(path, loaded, batch_size=2)
    acts: dict[str, Callable] = {
        'go': shown.go,
        'emotion': lambda name: shown.generator.set_emotion(name, index=1),
        'mixture': lambda x: shown.generator.set_emotion(mix(one_hot('anger'), [1 / 7] * 7, x)),
        'hold': shown.playback.hold,
        'reset': shown.reset,
        'k': lambda value: shown.change_sampler(k=value),
        'height': lambda value: setattr(shown.generator, 'body_height_m', value),
        'rate': lambda value: setattr(shown.playback, 'rate_hz', value),
    }
    for name, value in happens:
        acts[name](value)
    shown.log.close()
    made = replayed(path, loaded)
    assert len(made) == len(shown.poses)
    if made:
        assert_same(made, shown.poses)


def run_frames(generator, log, count, frames):
    for _ in range(count):
        frames.append(generator.step())
        log.advanced(frames[-1].keypoints)


def test_frames_without_a_playback_are_made_again(tmp_path, loaded):
    generator = MotionGenerator(loaded, batch_size=3, body_height_m=1.1)
    generator.set_emotion(np.eye(7)[[0, 3, 6]])
    log = RunLog(tmp_path / 'run.jsonl', generator)
    frames: list[MotionFrame] = []
    run_frames(generator, log, 40, frames)
    generator.reset()
    log.reset()
    generator.set_emotion('anger:0.6, fear:0.4', index=2)
    generator.sampler = dataclasses.replace(generator.sampler, temperature=2.0)
    generator.body_height_m = 3.0
    run_frames(generator, log, 40, frames)
    log.close()
    made = replayed(tmp_path / 'run.jsonl', loaded)
    assert [len(pose.frames) for pose in made] == [1] * 80
    for pose, frame in zip(made, frames, strict=True):
        np.testing.assert_array_equal(pose.keypoints, frame.keypoints)
        np.testing.assert_array_equal(pose.frames[0].emotion_logits, frame.emotion_logits)
    np.testing.assert_array_equal(made[0].requested, np.eye(7)[[0, 3, 6]])


def test_what_is_asked_for_again_writes_nothing(tmp_path, loaded):
    shown = Shown(tmp_path / 'run.jsonl', loaded)
    shown.generator.set_emotion('anger:0.3, fear:0.4')
    shown.go(3)
    size = (tmp_path / 'run.jsonl').stat().st_size
    for _ in range(200):
        shown.generator.set_emotion('anger:0.3, fear:0.4')
        shown.change_sampler()
        shown.playback.hold(True)
        shown.playback.hold(False)
        shown.generator.body_height_m = 1.7
        shown.go(1)
    assert (tmp_path / 'run.jsonl').stat().st_size == size


def test_a_fade_writes_a_line_a_step_of_the_model_not_a_pose(tmp_path, loaded):
    shown = Shown(tmp_path / 'run.jsonl', loaded)
    shown.playback.rate_hz = 300.0
    shown.fade(one_hot('anger'), one_hot('neutral'), 300)
    events = [e for e in read_runs(tmp_path / 'run.jsonl')[0].events if e.event == 'emotion']
    assert 25 <= len(events) <= 31


def test_an_unclosed_log_plays_to_its_last_event_or_as_asked(tmp_path, loaded):
    shown = Shown(tmp_path / 'run.jsonl', loaded)
    shown.playback.rate_hz = 60.0
    shown.go(30)
    shown.generator.set_emotion('joy')
    shown.go(60)
    made = replayed(tmp_path / 'run.jsonl', loaded)
    assert 30 < len(made) <= 33, 'up to the pose with the last event'
    assert_same(made, shown.poses[: len(made)])
    assert_same(replayed(tmp_path / 'run.jsonl', loaded, seconds=1.5), shown.poses)
    some = list(Replay(read_runs(tmp_path / 'run.jsonl')[0], loaded).poses(0.25))
    assert_same(some, shown.poses[:15])


def test_a_run_that_has_ended_goes_no_further(tmp_path, loaded):
    shown = Shown(tmp_path / 'run.jsonl', loaded)
    shown.go(10)
    shown.log.close()
    shown.go(5)  # not logged any more
    assert len(replayed(tmp_path / 'run.jsonl', loaded, seconds=9.0)) == 10


def test_runs_are_appended_and_a_cut_line_goes(tmp_path, loaded):
    path = tmp_path / 'new' / 'runs.jsonl'
    first = Shown(path, loaded)
    first.go(5)
    first.log._release()  # as if killed, with a line half written
    with path.open('ab') as file:
        file.write(b'{"pose": 5, "step": 5, "se')
    assert_same(replayed(path, loaded, seconds=5 / 30), first.poses)
    second = Shown(path, loaded)
    second.go(8)
    second.log.close()
    runs = read_runs(path)
    assert [run.number for run in runs] == [1, 2] and [run.ended for run in runs] == [False, True]
    assert_same(list(Replay(runs[0], loaded).poses(5 / 30)), first.poses)
    assert_same(replayed(path, loaded), second.poses)


@pytest.mark.parametrize('kept', [0, 1, 25, 300])
def test_a_first_line_that_was_cut_is_no_obstacle(tmp_path, loaded, kept):
    path = tmp_path / 'runs.jsonl'
    Shown(path, loaded).log.close()
    path.write_bytes(path.read_bytes()[:kept])
    shown = Shown(path, loaded)
    shown.go(3)
    assert_same(replayed(path, loaded, seconds=0.1), shown.poses)


def test_a_replay_that_is_another_run_says_so(tmp_path, loaded):
    shown = Shown(tmp_path / 'run.jsonl', loaded, seed=1)
    shown.go(10)
    shown.generator.set_emotion('joy')
    shown.go(10)
    shown.log.close()
    run = read_runs(tmp_path / 'run.jsonl')[0]
    replay = Replay(run, loaded)
    replay.generator._random.manual_seed(2)  # as another machine would draw other numbers
    assert len(list(replay.poses())) == 20
    assert replay.differs_at == run.events[-2].pose and replay.checked < len(run.events)


def test_a_run_is_replayed_with_its_own_number_of_threads(saved, tmp_path):
    """With another number the packaged model's frames are others; the caller's stays."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        shown = Shown(tmp_path / 'run.jsonl', from_pretrained(saved))
        shown.go(5)
        shown.log.close()
    finally:
        torch.set_num_threads(before)
    assert before == 1 and read_runs(tmp_path / 'run.jsonl')[0].differences()['threads'] == (2, 1)
    _, _, notes = replay_run(tmp_path / 'run.jsonl')
    assert len(notes) == 1 and 'bit for bit' in notes[0]
    assert torch.get_num_threads() == before


def test_another_model_is_refused_with_both_hashes(tmp_path, loaded):
    shown = Shown(tmp_path / 'run.jsonl', loaded)
    shown.go(1)
    run = read_runs(tmp_path / 'run.jsonl')[0]
    other = from_pretrained(save_pretrained(tmp_path / 'other', random_checkpoint(seed=1)))
    hashes = f'{loaded.sha256[:12]}.*{other.sha256[:12]}'
    with pytest.raises(MotionFileError, match=f'weights.*{hashes}'):
        Replay(run, other)
    # The same weights on another body, from another rest pose, are another model too.
    for changes in (
        {'rest_pose': loaded.rest_pose + np.float32(1e-6)},
        {'rate_hz': 31.0},
        {'normaliser': dataclasses.replace(loaded.normaliser, high=loaded.normaliser.high * 2)},
        {'skeleton': dataclasses.replace(loaded.skeleton, rest=loaded.skeleton.rest * 1.01)},
    ):
        with pytest.raises(MotionFileError, match='settings'):
            Replay(run, dataclasses.replace(loaded, **changes))
    Replay(run, dataclasses.replace(loaded, training={'other': 'words'}, name='moved'))


@pytest.fixture
def lines(tmp_path, loaded):
    shown = Shown(tmp_path / 'lines.jsonl', loaded, seed=1)
    for name in ('joy', 'fear', 'anger'):
        shown.generator.set_emotion(name)
        shown.go(5)
    shown.reset(4)
    shown.go(5)
    shown.log.close()
    return (tmp_path / 'lines.jsonl').read_bytes().splitlines(keepends=True)


def written(path, *entries):
    """Write entries as the sound file of one run."""
    content, chain = b'', 0
    for entry in entries:
        entry.pop('crc', None)
        line, chain = sealed(entry, chain)
        content += line
    path.write_bytes(content)
    return path


def refused(path, content, says):
    path.write_bytes(content)
    with pytest.raises(MotionFileError, match=says) as error:
        read_runs(path)
    assert path.name in str(error.value)


def test_a_damaged_file_is_refused_with_its_line(tmp_path, lines):
    path = tmp_path / 'bad.jsonl'
    for number in range(1, len(lines)):
        for damage in (
            lambda line: re.sub(rb'\d', lambda m: b'3' if m[0] == b'2' else b'2', line, count=1),
            lambda line: line[:-3] + b'\n',
            lambda line: b'\n',
            lambda line: b'\xff\xfe\n',
            lambda line: b'[' * 100_000 + b'\n',
        ):
            changed = damage(lines[number])
            assert changed != lines[number]
            content = b''.join([*lines[:number], changed, *lines[number + 1 :]])
            refused(path, content, f'damaged in line {number + 1} ')
    for number in range(1, len(lines) - 1):
        left_out = b''.join(lines[:number] + lines[number + 1 :])
        refused(path, left_out, f'damaged in line {number + 1} .*missing')
        swapped = [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]]
        refused(path, b''.join(swapped), f'damaged in line {number + 1} ')
    refused(path, lines[0].replace(b'"seed": 1', b'"seed": 2') + lines[1], 'line 1 .*checksum')


def test_a_file_without_a_run_is_refused(tmp_path):
    for content in (b'', b'\n', b'motion\n', b'{"a": 1}\n', b'{"format": "emo'):
        refused(tmp_path / 'none.jsonl', content, 'holds no run')
    for path in (tmp_path, tmp_path / 'missing', Path('a\0b')):
        with pytest.raises(MotionFileError, match='could not read'):
            read_runs(path)


def test_another_version_is_refused_by_name(tmp_path, lines):
    newer = json.loads(lines[0]) | {'format_version': 3, 'release': '9.9'}
    path = written(tmp_path / 'new.jsonl', newer)
    refused(path, path.read_bytes(), r'version 3; .*reads version 2.*\(9\.9\)')


@pytest.mark.parametrize(
    'change',
    [
        {'seed': -1},
        {'seed': 2**63},
        {'emotion': [[1.0] * 7]},
        {'emotion': []},
        {'emotion': [['x'] * 7]},
        {'sampler': {}},
        {'body_height_m': 0.0},
        {'batch_size': 0},
        {'body_height_m': float('nan')},
        {'playback': {}},
        {'playback': {'settle_s': 0.4}},
        {'playback': {'settle_s': -1.0, 'held': True, 'period_s': 0.1}},
        {'playback': {'settle_s': 0.4, 'held': True, 'period_s': 'x'}},
        {'event': 'dance'},
        {'pose': -1},
        {'pose': 1.0},
        {'seen': 'x'},
        {'more': 1},
        {'event': 'reset', 'value': None},
        {'event': 'emotion', 'value': 'joy'},
        {'event': 'sampler', 'value': {'k': 1.0}},
        {'event': 'period_s', 'value': -1.0},
        {'event': 'body_height_m', 'value': [1]},
        {'event': 'held', 'value': 1},
    ],
)
def test_a_sound_file_that_asks_for_the_impossible_is_refused(tmp_path, lines, loaded, change):
    begin, event = json.loads(lines[0]), json.loads(lines[1])
    if set(change) <= set(begin):
        begin |= change
    else:
        event |= change
    path = written(tmp_path / 'odd.jsonl', begin, event)
    with pytest.raises(MotionFileError, match=r'odd\.jsonl'):
        list(Replay(read_runs(path)[0], loaded).poses(1.0))


def test_a_log_begins_with_a_run_of_a_saved_model(tmp_path, loaded):
    generator = MotionGenerator(loaded)
    generator.step()
    with pytest.raises(ConfigError, match='step 1'):
        RunLog(tmp_path / 'late.jsonl', generator)
    with pytest.raises(ConfigError, match='never saved'):
        RunLog(tmp_path / 'none.jsonl', MotionGenerator(random_checkpoint()))
    playback = Playback(MotionGenerator(loaded))
    playback.hold()
    playback.advance(0.1)
    with pytest.raises(ConfigError, match='reset'):
        RunLog(tmp_path / 'slowing.jsonl', playback.generator, playback)
    assert not list(tmp_path.glob('*.jsonl'))


def test_a_log_that_cannot_be_written_is_refused(tmp_path, loaded):
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'file').write_text('')
    for name in ('folder', 'file/below.jsonl', 'a\0b', 'x' * 300):
        with pytest.raises((MotionFileError, StorageError)):
            RunLog(tmp_path / name, MotionGenerator(loaded))


def test_a_file_of_another_kind_is_left_alone(tmp_path, loaded):
    for content in (b'my notes\n', b'no line end', b'{"format": "other"}\n'):
        (tmp_path / 'notes').write_bytes(content)
        with pytest.raises(MotionFileError, match='holds no runs'):
            RunLog(tmp_path / 'notes', MotionGenerator(loaded))
        assert (tmp_path / 'notes').read_bytes() == content


def test_two_runs_at_once_do_not_share_a_file(tmp_path, loaded):
    first = Shown(tmp_path / 'run.jsonl', loaded)
    with pytest.raises(MotionFileError, match='another run'):
        RunLog(tmp_path / 'run.jsonl', MotionGenerator(loaded))
    first.log.close()
    RunLog(tmp_path / 'run.jsonl', MotionGenerator(loaded)).close()
    assert len(read_runs(tmp_path / 'run.jsonl')) == 2


def test_a_full_disk_ends_the_log_not_the_run(tmp_path, loaded):
    disk = tmp_path / 'disk'
    disk.mkdir()
    with mounted_disk(disk, 'size=64k'):
        shown = Shown(disk / 'run.jsonl', loaded)
        shown.go(5)
        (disk / 'fill').write_bytes(b'0' * 60_000)
        number = 0
        while not shown.log.problem:
            number += 1
            shown.generator.set_emotion(EMOTIONS[number % 7])
            shown.go(1)
            assert number < 1000
        shown.go(20)
        assert 'space' in shown.log.problem.lower() and 'run.jsonl' in shown.log.problem
        made = replayed(disk / 'run.jsonl', loaded)
        assert_same(made, shown.poses[: len(made)])
        assert len(made) > 5
        shown.log.close()  # and reset, and more: all without effect
        shown.reset(1)


def test_a_file_does_not_outgrow_its_limit(tmp_path, loaded, monkeypatch):
    monkeypatch.setattr(run_log, 'LIMIT_BYTES', 5000)
    shown = Shown(tmp_path / 'run.jsonl', loaded)
    for number in range(100):
        shown.generator.set_emotion(EMOTIONS[number % 7])
        shown.go(1)
    assert 4500 < (tmp_path / 'run.jsonl').stat().st_size <= 5000
    assert 'MB' in shown.log.problem
    made = replayed(tmp_path / 'run.jsonl', loaded)
    assert_same(made, shown.poses[: len(made)])
    with pytest.raises(StorageError, match='MB'):
        Shown(tmp_path / 'run.jsonl', loaded)


def test_a_run_behind_the_log_s_back_ends_the_log(tmp_path, loaded):
    generator = MotionGenerator(loaded)
    log = RunLog(tmp_path / 'run.jsonl', generator)
    run_frames(generator, log, 3, [])
    generator.step()
    run_frames(generator, log, 1, [])
    assert 'without its log' in log.problem


def test_generate_logs_and_replays(saved, tmp_path):
    log, first, again = (tmp_path / name for name in ('run.jsonl', 'first.npz', 'again.npz'))
    generate(
        ('joy', 'fear:0.3,anger:0.3'), 1.0, model=str(saved), body_height_m=1.2, log=log, out=first
    )
    command = [sys.executable, '-m', 'emotion_motion.cli', 'generate', '--replay', str(log)]
    done = subprocess.run(
        [*command, '--out', str(again)], capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr
    assert 'the same run, bit for bit' in done.stdout
    with np.load(first) as one, np.load(again) as other:
        assert one['keypoints'].shape == (60, 25, 3)
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_a_log_that_generate_cannot_write_is_an_error(saved, tmp_path, monkeypatch):
    with pytest.raises(StorageError, match='directory'):
        generate(model=str(saved), seconds=0.1, log=tmp_path)
    monkeypatch.setattr(run_log, 'LIMIT_BYTES', 1200)
    with pytest.raises(StorageError, match='MB'):
        generate(('joy', 'fear', 'anger', 'sadness'), 0.1, model=str(saved), log=tmp_path / 'full')


def test_a_played_run_replays_as_shown_or_as_generated(saved, tmp_path):
    shown = Shown(tmp_path / 'run.jsonl', from_pretrained(saved))
    shown.playback.rate_hz = 60.0
    shown.go(40)
    shown.go(2, 0.05)
    shown.log.close()
    motion, _, notes = replay_run(tmp_path / 'run.jsonl')
    np.testing.assert_array_equal(motion.keypoints, [p.keypoints[0] for p in shown.poses])
    assert motion.rate_hz == 60.0 and '60 Hz: 40 poses, 20 Hz: 2 poses' in notes[-1]
    frames, generator, notes = replay_run(tmp_path / 'run.jsonl', model_frames=True)
    assert len(frames.keypoints) == generator.steps == shown.generator.steps
    assert frames.rate_hz == 30.0 and len(notes) == 1
    twin = MotionGenerator.from_pretrained(saved, seed=shown.generator.seed)
    np.testing.assert_array_equal(
        frames.keypoints, [twin.step().keypoints[0] for _ in frames.keypoints]
    )


def test_a_replay_is_drawn_a_row_for_each_stretch_of_one_emotion():
    keypoints = np.arange(9.0)[:, None, None]
    names = ['happiness'] * 3 + ['fear'] * 2 + ['happiness'] + ['anger'] * 3
    asked = np.stack([one_hot(name) for name in names])
    rows = emotion_rows(Motion(keypoints, asked, asked, 30.0, 'any', ('one',)))
    assert {name: list(row.ravel()) for name, row in rows.items()} == {
        'happiness': [0, 1, 2],
        'fear': [3, 4],
        'happiness (3)': [5],
        'anger': [6, 7, 8],
    }
    changing = np.tile(np.eye(7), (9, 1))
    with pytest.raises(MotionFileError, match='--seconds'):
        emotion_rows(Motion(np.zeros((63, 1, 1)), changing, changing, 30.0, 'any', ('one',)))
