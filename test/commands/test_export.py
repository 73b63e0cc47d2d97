# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What `emotion-motion generate --out` writes, by the ending of the name."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
from support import random_checkpoint

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import save_pretrained
from emotion_motion.commands.generate import ENDINGS, export_motion, generate
from emotion_motion.drawing import film
from emotion_motion.exceptions import ConfigError, SkeletonError, StorageError
from emotion_motion.files import storage_errors, whole_file
from emotion_motion.generator import MotionGenerator
from emotion_motion.io.bvh.reader import read_bvh
from emotion_motion.io.bvh.roles import MEASURED
from emotion_motion.replay.log import record

BODY = load_skeleton()


@pytest.fixture(scope='module')
def motion(packaged_model):
    """Two seconds of the packaged model, a second an emotion."""
    generator = MotionGenerator.from_pretrained(packaged_model, seed=4)
    return record(generator, ['happiness', 'anger:0.6, fear:0.4'], 1.0)


def pictures(path):
    """Return the pictures [H, W, 3] of a GIF."""
    image = pytest.importorskip('PIL.Image').open(path)
    shown = []
    for number in range(image.n_frames):
        image.seek(number)
        shown.append(np.array(image.convert('RGB')).astype(int))
    assert image.info['duration'] == 50 and image.info['loop'] == 0
    return shown


def lit(picture):
    """Return how many points show the body, which is light; what is behind it is dark."""
    return int((picture.min(axis=-1) > 90).sum())


def test_a_gif_shows_the_motion_in_its_own_time_and_is_small(motion, tmp_path):
    path = tmp_path / 'new' / 'two.gif'
    export_motion(path, motion, BODY, rows={})
    shown = pictures(path)
    assert len(shown) == 40  # 2 s, 20 a second
    assert path.stat().st_size < 400_000, 'five seconds are less than 1 MB'
    assert all(picture.shape == shown[0].shape for picture in shown)
    bodies = [lit(picture) for picture in shown]
    assert min(bodies) > 0.6 * max(bodies) > 1000, 'no picture without its figure, or two of them'
    moved = [np.abs(a - b).sum() for a, b in itertools.pairwise(shown)]
    assert np.mean(np.array(moved) > 0) > 0.9
    marks = [picture[:, 14:20] for picture in (shown[10], shown[19], shown[30])]
    assert (marks[0] == marks[1]).all() and (marks[0] != marks[2]).any(), 'the label is marked'


def test_an_mp4_has_every_frame(motion, tmp_path):
    ffmpeg = pytest.importorskip('imageio_ffmpeg')
    path = film(motion.keypoints[:45], BODY, tmp_path / 'film.mp4', height_px=200)
    count, seconds = ffmpeg.count_frames_and_secs(str(path))
    assert count == 45 and seconds == pytest.approx(1.5, abs=0.1)
    reader = ffmpeg.read_frames(str(path))
    size = next(reader)['size']
    picture = np.frombuffer(next(reader), np.uint8).reshape(size[1], size[0], 3)
    assert lit(picture.astype(int)) > 200
    reader.close()


def test_a_bvh_is_read_back_as_the_same_motion(motion, tmp_path):
    path = tmp_path / 'motion.bvh'
    export_motion(path, motion, BODY, rows={})
    clip = read_bvh(path)
    assert clip.rate_hz == pytest.approx(30.0)
    # The reader puts the lowest foot on the ground; face and toes, which are no joints, it builds.
    root = BODY.index('MidHip')
    rise = clip.keypoints[:, root, 2].mean() - motion.keypoints[:, root, 2].mean()
    off = np.linalg.norm(clip.keypoints - motion.keypoints - [0.0, 0.0, rise], axis=-1)
    joints = [BODY.index(name) for name in (*MEASURED, 'MidHip', 'Neck')]
    assert off[:, joints].max() < 0.001 and off.max() < 0.012


def test_a_csv_has_units_in_its_header_and_a_row_a_frame(motion, tmp_path):
    path = tmp_path / 'motion.csv'
    export_motion(path, motion, BODY, rows={})
    table = np.genfromtxt(path, delimiter=',', names=True)
    assert table.dtype.names[0] == 'time_s' and len(table) == len(motion.keypoints)
    np.testing.assert_allclose(np.diff(table['time_s']), 1 / 30, atol=2e-5)
    wrist = motion.keypoints[:, BODY.index('RWrist'), 2]
    np.testing.assert_allclose(table['RWrist_z_m'], wrist, atol=1e-5)
    np.testing.assert_allclose(table['anger'], motion.requested[:, 0], atol=1e-5)


def test_joint_angles_of_a_robot_stay_in_its_limits(motion, tmp_path):
    pytest.importorskip('pink')
    from emotion_motion.robot.description.robot import Robot

    robot, path = Robot.load('humanoid'), tmp_path / 'joints.csv'
    parts = {name: getattr(motion, name)[:45] for name in ('keypoints', 'requested', 'recognised')}
    short = dataclasses.replace(motion, **parts)
    notes = export_motion(path, short, BODY, rows={}, robot=robot)
    table = np.genfromtxt(path, delimiter=',', names=True)
    assert table.dtype.names[8:] == tuple(f'{name}_rad' for name in robot.names)
    angles = np.array([list(row)[8:] for row in table])
    assert len(angles) >= 45 and f'{len(angles)} rows' in notes[0]
    assert (angles >= robot.limits.lower - 1e-5).all()
    assert (angles <= robot.limits.upper + 1e-5).all()
    steps = np.abs(np.diff(angles, axis=0)).max(axis=0) * motion.rate_hz
    assert (steps <= robot.limits.velocity + 1e-3).all()
    assert np.ptp(angles, axis=0).max() > 0.1, 'it moves'


@pytest.mark.parametrize('ending', ENDINGS)
def test_the_command_writes_each_kind(ending, saved, tmp_path, run):
    out = tmp_path / 'out' / f'motion{ending}'
    options = f'--model {saved} --seconds 0.4 --seed 1 --out {out}'
    assert f'wrote {out}' in run('generate', *options.split()).stdout
    begin = out.read_bytes()[:12]
    signs = {
        '.npz': b'PK',
        '.csv': b'time_s,',
        '.bvh': b'HIERARCHY',
        '.png': b'\x89PNG',
        '.gif': b'GIF89a',
        '.mp4': begin[:4] + b'ftyp',
    }
    assert begin.startswith(signs[ending])
    assert list(out.parent.iterdir()) == [out], 'nothing else is left'


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['--out', 'motion.avi'], '.gif (film)'),
        (['--out', 'motion'], '.bvh'),
        (['--out', 'no_folder/x.gif'], 'is no folder'),
        (['--out', 'here.gif'], 'which is a folder'),
        (['--out', 'x.gif', '--robot', 'humanoid'], '.csv'),
        (['--robot', 'humanoid'], '--out'),
        (['--out', 'x.csv', '--robot', 'nobody'], 'nobody'),
        (['--out', 'x.csv', '--urdf', 'x.urdf'], '--robot'),
    ],
)
def test_what_cannot_be_written_is_reported_before_anything_runs(
    arguments, says, tmp_path, monkeypatch, refused
):
    monkeypatch.chdir(tmp_path)
    Path('no_folder').write_text('')
    Path('here.gif').mkdir()
    refused(says, 'generate', '--model', 'not looked for', *arguments)
    assert {path.name for path in tmp_path.iterdir()} == {'no_folder', 'here.gif'}


def test_a_replay_is_exported_as_well(saved, tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    done = run('generate', '--model', saved, '--seconds', 1, '--log', 'run.jsonl')
    assert '--replay run.jsonl' in done.stdout
    run('generate', '--replay', 'run.jsonl', '--out', 'b.gif')
    assert Path('b.gif').read_bytes().startswith(b'GIF89a')


@pytest.mark.parametrize(
    ('args', 'says'),
    [
        (['--seed', '3'], 'leave them out'),
        (['--emotion', 'joy'], 'leave them out'),
        (['--run', '2'], 'expected 1 to 1'),
        (['--seconds', '-1'], 'seconds above 0'),
        (['--model', 'other'], 'SHA-256'),
        (['--model', 'nope'], "got the model 'nope'"),
    ],
)
def test_a_replay_that_cannot_be_is_refused(args, says, saved, tmp_path, monkeypatch, refused):
    monkeypatch.chdir(tmp_path)
    generate(('joy',), 0.1, model=str(saved), log=Path('run.jsonl'))
    save_pretrained('other', random_checkpoint(seed=1))
    refused(says, 'generate', '--replay', 'run.jsonl', *args)


def test_a_file_that_was_there_stays_whole_when_writing_fails(tmp_path):
    path = tmp_path / 'motion.gif'
    path.write_text('old')
    for error in (ZeroDivisionError, OSError):
        with pytest.raises(error), whole_file(path) as partial:
            partial.write_text('half')
            raise error
    with pytest.raises(StorageError, match='no space'), storage_errors(path):
        raise OSError('no space')
    assert path.read_text() == 'old' and list(tmp_path.iterdir()) == [path]
    with whole_file(path) as partial:
        partial.write_text('new')
    assert path.read_text() == 'new' and list(tmp_path.iterdir()) == [path]


def test_a_film_refuses_what_it_cannot_draw(motion, tmp_path):
    points, path = motion.keypoints, tmp_path / 'x.gif'
    with pytest.raises(SkeletonError):
        film(points[:, :24], BODY, path)
    with pytest.raises(ConfigError, match='finite'):
        film(points * np.nan, BODY, path)
    with pytest.raises(ConfigError, match='labels'):
        film(points, BODY, path, labels=['one'])
    with pytest.raises(ConfigError, match='rate_hz'):
        film(points, BODY, path, rate_hz=0.0)
    with pytest.raises(ConfigError, match=r'\.gif, \.mp4'):
        film(points, BODY, tmp_path / 'x.avi')
    assert not list(tmp_path.iterdir())
