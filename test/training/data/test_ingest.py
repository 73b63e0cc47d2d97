# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Import of files: good ones become a data set, bad ones a line each, whatever is wrong."""

import hashlib
import json
from pathlib import Path
import shutil

from moving import filmed, SKELETON, swaying
import numpy as np
import pytest

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import MotionFileError, StorageError
from emotion_motion.io.reading import find_motion, is_motion, read_clips
from emotion_motion.training.data.ingest import ingest, IngestSettings
from emotion_motion.training.data.labels import LabelMap
from emotion_motion.training.data.store import MotionDataset

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / 'shared'
LABELS = LabelMap(
    {
        'from': 'name',
        'pattern': r'(?P<actor>[a-z]+)_(?P<label>[a-z]+)(_\d+)?',
        'licence': 'MIT',
        'labels': {'angry': 'anger', 'sad': 'sadness', 'mixed': {'anger': 0.5, 'fear': 0.5}},
        'ignore': ['proud'],
    }
)


def save(path, points, rate_hz=30.0, **keys):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, keypoints=np.asarray(points, np.float32), rate_hz=rate_hz, **keys)
    return path


@pytest.fixture
def folder(tmp_path):
    """Six good files of three actors, in a folder of folders."""
    data = tmp_path / 'set'
    for number, actor in enumerate(('ann', 'bob', 'cat')):
        save(data / actor / f'{actor}_angry.npz', swaying(3.0, seed=number), 30.0)
        save(data / actor / f'{actor}_sad_1.npz', swaying(2.0, 60.0, seed=9 + number), 60.0)
    return data


def test_a_folder_becomes_a_data_set(folder, tmp_path):
    report = ingest(
        [folder], tmp_path / 'out', IngestSettings(val_share=0.4, test_share=0.2), labels=LABELS
    )
    data = MotionDataset.open(tmp_path / 'out')
    assert (report.read, report.clips, len(data), report.status) == (6, 6, 6, 0)
    assert report.dataset.minutes == pytest.approx(15.0 / 60.0, abs=1e-3)
    assert data.manifest['minutes_by_emotion']['anger'] == pytest.approx(9.0 / 60.0, abs=1e-3)
    assert data.info(0).source == 'set/ann/ann_angry.npz'
    assert (data.info(3).actor, data.info(3).label, data.info(3).licence) == ('bob', 'sad', 'MIT')
    for i in range(6):
        clip = data.clip(i)
        assert SKELETON.bone_error(clip.keypoints) < 1e-5
        assert clip.rate_hz == 30.0
        pair = {data.splits[j] for j in range(6) if data.info(j).actor == clip.actor}
        assert len(pair) == 1, 'an actor is in one split'


def test_the_manifest_holds_hashes_settings_and_labels(folder, tmp_path):
    ingest([folder], tmp_path / 'out', IngestSettings(seed=4), labels=LABELS)
    manifest = json.loads((tmp_path / 'out' / 'manifest.json').read_text())
    source = manifest['sources'][0]
    content = (folder / 'ann' / 'ann_angry.npz').read_bytes()
    assert source['sha256'] == hashlib.sha256(content).hexdigest()
    assert source['path'] == 'set/ann/ann_angry.npz' and source['bytes'] == len(content)
    assert source['clips'] == 1 and source['licence'] == 'MIT'
    assert len(manifest['sources']) == 6
    assert manifest['settings']['seed'] == 4
    assert manifest['settings']['labels']['labels']['mixed'] == {'anger': 0.5, 'fear': 0.5}


def test_moving_the_data_moves_no_split(folder, tmp_path):
    settings = IngestSettings(val_share=0.4, group='source')
    ingest([folder], tmp_path / 'out', settings, labels=LABELS)
    before = MotionDataset.open(tmp_path / 'out')
    moved = tmp_path / 'elsewhere' / 'set'
    shutil.copytree(folder, moved)
    for number in range(4):
        save(moved / f'dan_sad_{number}.npz', swaying(2.0, seed=100 + number))
    ingest([moved], tmp_path / 'again', settings, labels=LABELS)
    after = MotionDataset.open(tmp_path / 'again')
    splits = {after.info(i).source: after.splits[i] for i in range(len(after))}
    assert len(splits) == 10
    for i in range(6):
        assert splits[before.info(i).source] == before.splits[i]


def test_bad_files_are_reported_together_and_the_rest_goes_on(folder, tmp_path):
    good = (folder / 'ann' / 'ann_angry.npz').read_bytes()
    broken = swaying(2.0)
    broken[5, 3, 0] = np.nan
    bad = {
        'cut_sad.npz': (good[: len(good) // 2], ''),
        'empty_sad.bvh': (b'', ''),
        'wrong_sad.json': (b'{"frames": 3}', ''),
        'broken_sad.json': (b'{"x": [', ''),
        'nan_sad.npz': (broken, 'nan'),
        'other_sad.npz': (broken[:5, :18] * 0.0, ''),
        'short_sad.npz': (swaying(0.4), '0.40 s'),
        'still_sad.npz': (np.repeat(swaying(1.0)[:1], 60, axis=0), 'moves'),
        'point_sad.npz': (np.zeros((60, 25, 3)), 'length'),
        'eve_bored.npz': (swaying(2.0), 'angry, sad, mixed'),
        'unnamed.npz': (swaying(2.0), 'pattern'),
        'flat_sad.npz': (filmed(swaying(2.0)), '2 coordinates'),
        'lying_sad.npz': (swaying(2.0)[..., [1, 2, 0]], 'not upright, its trunk to 0%'),
    }
    for name, (content, _) in bad.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            save(folder / name, content)
    report = ingest([folder, tmp_path / 'nowhere'], tmp_path / 'out', labels=LABELS)
    assert (report.clips, report.status) == (6, 1)
    reasons = {Path(path).name: reason for path, reason in report.rejected}
    assert set(reasons) == {*bad, 'nowhere'}
    text = '\n'.join(report.lines())
    assert 'rejected 14' in text
    assert all(name in text and reason in text for name, reason in reasons.items())
    assert all(says in reasons[name] for name, (_, says) in bad.items())
    manifest = MotionDataset.open(tmp_path / 'out').manifest
    assert (len(manifest['rejected']), len(manifest['sources'])) == (14, 6)
    assert str(tmp_path) not in json.dumps(manifest)


def test_a_rest_pose_in_front_is_left_out_and_listed(tmp_path):
    points, keys = swaying(2.0), {'emotion': 'joy'}
    front = points[:1] + 0.3 * np.sin(np.arange(75.0)).reshape(1, 25, 3)
    with_rest = save(tmp_path / 'rest.npz', np.concatenate((front, points)), **keys)
    lying = save(tmp_path / 'lying.npz', swaying(2.0, seed=1)[..., [1, 2, 0]], **keys)
    report = ingest([with_rest, lying], tmp_path / 'out', IngestSettings(any_body=True))
    assert (report.clips, report.dataset.lengths.tolist()) == (2, [60, 60])
    alone = ingest([save(tmp_path / 'a.npz', points, **keys)], tmp_path / 'alone')
    np.testing.assert_array_equal(report.dataset.frames(0)[0], alone.dataset.frames(0)[0])
    text = '\n'.join(report.lines())
    assert 'rest.npz: frame 1 is a rest pose' in text and 'lying.npz: it is not upright' in text
    assert len(report.dataset.manifest['remarks']) == len(report.remarks) >= 2
    assert str(tmp_path) not in json.dumps(report.dataset.manifest)


def test_ignored_labels_are_counted_and_no_error(folder, tmp_path):
    for number in range(3):
        save(folder / f'dan_proud_{number}.npz', swaying(2.0, seed=50 + number))
    settings = IngestSettings(val_share=0.0, test_share=0.0)
    report = ingest([folder], tmp_path / 'out', settings, labels=LABELS)
    assert (report.clips, report.status, report.ignored) == (6, 0, {'proud': 3})
    assert 'proud 3' in '\n'.join(report.lines())
    assert 'no clip is in val' in '\n'.join(report.lines()), 'an empty split is reported'
    assert MotionDataset.open(tmp_path / 'out').manifest['ignored'] == {'proud': 3}


def test_where_nothing_is_usable_nothing_is_written(tmp_path):
    (tmp_path / 'set').mkdir()
    (tmp_path / 'set' / 'a_sad.bvh').write_text('no')
    report = ingest([tmp_path / 'set'], tmp_path / 'out', labels=LABELS)
    assert (report.clips, report.status) == (0, 2)
    assert not (tmp_path / 'out').exists()
    (tmp_path / 'set' / 'a_sad.bvh').unlink()
    report = ingest([tmp_path / 'set'], tmp_path / 'out', labels=LABELS)
    assert report.status == 2
    assert 'no motion file' in report.lines()[-1]


def test_clips_with_emotions_of_their_own_need_no_label_file(tmp_path):
    path = save(tmp_path / 'a.npz', swaying(2.0), emotions=np.eye(7)[2])
    other = save(tmp_path / 'b.npz', swaying(2.0, seed=1))
    report = ingest([path, other], tmp_path / 'out')
    assert report.clips == 1
    assert report.dataset.manifest['minutes_by_emotion']['fear'] > 0.0
    assert '--labels' in report.rejected[0][1]


def test_flat_motion_becomes_a_flat_data_set(tmp_path):
    for number in range(2):
        save(tmp_path / 'set' / f'ann_sad_{number}.npz', filmed(swaying(2.0, seed=number)))
    ingest([tmp_path / 'set'], tmp_path / 'out', labels=LABELS)
    data = MotionDataset.open(tmp_path / 'out')
    assert (data.dims, data.frames(0)[0].shape) == (2, (60, 25, 2))
    assert data.skeleton.dims == 2


def test_a_copy_in_another_split_is_reported(tmp_path):
    for actor in 'abcdefghijkl':  # surely not all in one split
        save(tmp_path / 'set' / f'{actor}_sad.npz', swaying(3.0))
    settings = IngestSettings(val_share=0.5)
    report = ingest([tmp_path / 'set'], tmp_path / 'out', settings, labels=LABELS)
    assert report.status == 1
    assert 'same motion' in report.leaks
    assert report.leaks in '\n'.join(report.lines())


def test_an_existing_folder_stops_before_anything_is_read(folder, tmp_path):
    ingest([folder], tmp_path / 'out', labels=LABELS)
    with pytest.raises(StorageError, match='exists already'):
        ingest([folder], tmp_path / 'out', on_file=lambda *_: pytest.fail('it read'))
    report = ingest([folder / 'ann'], tmp_path / 'out', labels=LABELS, overwrite=True)
    assert (report.clips, len(MotionDataset.open(tmp_path / 'out'))) == (2, 2)


def test_motion_is_found_in_folders(tmp_path):
    save(tmp_path / 'b' / 'x.npz', swaying(1.0))
    (tmp_path / 'a.BVH').write_text('')
    (tmp_path / 'notes.txt').write_text('')
    (tmp_path / '.hidden.bvh').write_text('')
    (tmp_path / 'ratings.csv').write_text('id,valence\n')
    (tmp_path / 'video').mkdir()
    for number in range(3):
        (tmp_path / 'video' / f'v_{number:012d}_keypoints.json').write_text('{"people": []}')
    (tmp_path / 'made').mkdir()
    (tmp_path / 'made' / 'index.safetensors').write_text('')
    (tmp_path / 'made' / 'manifest.json').write_text('{}')
    names = [str(path.relative_to(tmp_path)) for path in find_motion(tmp_path)]
    assert names == ['a.BVH', 'b/x.npz', 'video']
    assert is_motion(tmp_path / 'video') and not is_motion(tmp_path / 'b')
    with pytest.raises(MotionFileError, match='no folder'):
        find_motion(tmp_path / 'none')


@pytest.mark.parametrize(
    'name, content, says',
    [
        ('notes.txt', '', r'motion capture, \.bvh'),
        ('angles.csv', 'id,HeadPitch\n', '--robot'),
        ('none.bvh', None, 'does not exist'),
        ('', None, 'without OpenPose'),
    ],
)
def test_what_is_no_motion_says_what_would_be(name, content, says, tmp_path):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(MotionFileError, match=says):
        read_clips(tmp_path / name)


@pytest.fixture(scope='module')
def shared():
    if not (SHARED / 'data').is_dir():
        pytest.skip('needs the motion in ../shared/data')
    return SHARED / 'data'


def standing(data, i, low=0.0, high=0.03):
    """Check that clip i is an upright body on the ground that faces +x; return its frames."""
    points = data.frames(i)[0]
    at = {name: number for number, name in enumerate(data.skeleton.names)}
    feet = [at[s + n] for s in 'LR' for n in ('BigToe', 'SmallToe', 'Heel')]
    assert data.skeleton.bone_error(points) < 1e-5
    assert low < np.percentile(points[:, feet, 2].min(axis=1), 10) < high
    assert points[:, at['Nose'], 2].mean() > 0.65
    assert points[:, at['LHip'], 1].mean() > 0.03 > -0.03 > points[:, at['RHip'], 1].mean()
    assert points[:, at['LBigToe'], 0].mean() > points[:, at['LHeel'], 0].mean()
    assert np.abs(points[:, at['MidHip'], :2]).max() < 0.35
    return points


def test_real_motion_capture_stands_and_walks_in_place(shared, tmp_path):
    labels = LabelMap.load(ROOT / 'config' / 'labels' / 'bandai_styles.yaml')
    names = ('walk_normal', 'bow_angry', 'walk-left_sad', 'dash_happy', 'bye_childish')
    files = [shared / 'bandai' / f'dataset-1_{name}_001.bvh' for name in names]
    walks = [str(files[number]) for number in (0, 2, 3)]
    report = ingest(files, tmp_path / 'refused', labels=labels)
    assert report.clips == 2 and [path for path, _ in report.rejected] == walks
    assert any(
        line.startswith(f'  {", ".join(walks)}: the person goes') for line in report.lines()
    )
    report = ingest(files, tmp_path / 'out', IngestSettings(travel='remove'), labels=labels)
    assert (report.clips, report.rejected) == (5, [])
    assert [path for path, _ in report.remarks] == walks
    data = MotionDataset.open(tmp_path / 'out')
    for i in range(5):
        points = standing(data, i)
        speed = np.linalg.norm(np.diff(points, axis=0), axis=-1).mean() * 30.0
        assert 0.02 < speed < 2.0
    assert data.info(2).content == 'walk-left'
    assert EMOTIONS[data.emotions[2].argmax()] == 'sadness'


def test_real_idle_at_another_rate_keeps_its_length(shared, tmp_path):
    labels = LabelMap.load(ROOT / 'config' / 'labels' / 'reactidle.yaml')
    path = shared / 'reactidle' / '003_genuine.bvh'
    ingest([path], tmp_path / 'out', labels=labels)
    data = MotionDataset.open(tmp_path / 'out')
    before = read_clips(path)[0]
    assert before.rate_hz == pytest.approx(24.0, rel=0.01)
    assert data.lengths[0] / 30.0 == pytest.approx(before.duration_s, abs=0.1)
    assert data.info(0).actor == '003'
    standing(data, 0)


def test_real_robot_motion_comes_with_its_labels_and_masked_legs(shared, tmp_path):
    pytest.importorskip('pinocchio')
    from emotion_motion.robot.description.recordings import JointRecordings
    from emotion_motion.robot.description.robot import Robot

    labels = LabelMap.load(ROOT / 'config' / 'labels' / 'rebl_pepper.yaml')
    reader = JointRecordings(Robot.load('pepper', SHARED / 'robots' / 'pepper.urdf'))
    options = {'labels': labels, 'joints': reader, 'source_rate_hz': 25.0}
    report = ingest([shared / 'rebl_pepper'], tmp_path / 'out', **options)
    assert (report.clips, report.rejected) == (36, [])
    data = MotionDataset.open(tmp_path / 'out')
    assert len(set(data.splits)) == 3
    at = data.skeleton.index
    for i in range(0, 36, 5):
        standing(data, i)
        confidence = data.frames(i)[1]
        assert confidence[:, at('LKnee')].max() == 0.0
        assert confidence[:, at('LWrist')].min() > 0.9
