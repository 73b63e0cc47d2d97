# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The data set on disk: what goes in comes out, slice by slice; opening reads no frames."""

import dataclasses
import json
import pickle
import shutil
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import StorageError, TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.training.data import shards
from emotion_motion.training.data.splits import fingerprint, TOLERANCE
from emotion_motion.training.data.store import MotionDataset, write_dataset

SKELETON = load_skeleton('body_25')


def moving(frames=20, seed=0, **fields):
    """A prepared clip that wanders around the rest pose; not yet a body."""
    random = np.random.default_rng(seed)
    steps = random.standard_normal((frames, SKELETON.size, 3)).cumsum(axis=0)
    fields = {
        'source': f'take_{seed}.bvh',
        'actor': f'actor {seed % 3}',
        'label': 'angry',
        'emotions': random.dirichlet(np.ones(7), frames),
        **fields,
    }
    return Clip(
        keypoints=SKELETON.rest + 0.003 * steps,
        rate_hz=30.0,
        prepared=True,
        confidence=random.integers(0, 256, (frames, 25)) / 255.0,
        **fields,
    )


def written(path, clips, **options):
    return write_dataset(path, clips, skeleton=SKELETON, rate_hz=30.0, **options)


def same(first, second):
    for name in ('keypoints', 'confidence', 'emotions'):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=1e-7)
    texts = ('source', 'actor', 'content', 'licence', 'label')
    for name in ('rate_hz', 'skeleton', 'valence_arousal', *texts):
        assert getattr(first, name) == getattr(second, name)


def test_clips_come_back_as_they_went_in(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, 'FRAMES_PER_SHARD', 30)
    clips = [moving(n, n, content='Ärger, 怒', licence='MIT') for n in (7, 40, 1, 25, 5)]
    clips[1] = dataclasses.replace(clips[1], valence_arousal=(-0.25, 0.75))
    stored = written(tmp_path / 'data', clips)
    assert len(stored.manifest['shards']) == 2, 'this test shall cross shards'
    copy = pickle.loads(pickle.dumps(stored))  # as a worker process gets it
    for data in (stored, copy, MotionDataset.from_clips(clips)):
        assert (data.rate_hz, data.dims, data.skeleton.names) == (30.0, 3, SKELETON.names)
        assert data.lengths.tolist() == [7, 40, 1, 25, 5]
        for number, clip in enumerate(clips):
            same(data.clip(number), clip)
            np.testing.assert_allclose(data.emotions[number], clip.emotions.mean(0), atol=1e-6)


def test_a_data_set_from_before_ratings_opens_without_them(tmp_path):
    written(tmp_path / 'data', [moving()])
    index = tmp_path / 'data' / 'index.safetensors'
    tensors = load_file(index)
    del tensors['ratings']
    save_file(tensors, index)
    assert MotionDataset.open(tmp_path / 'data').clip(0).valence_arousal is None


def test_a_slice_holds_these_frames_alone(tmp_path):
    clips = [moving(30, 1), moving(50, 2)]
    for data in (written(tmp_path / 'data', clips), MotionDataset.from_clips(clips)):
        for start, stop in ((0, None), (3, 9), (48, 90), (10, 10), (-4, None), (20, 10)):
            points, confidence, emotions = data.frames(1, start, stop)
            np.testing.assert_array_equal(points, clips[1].keypoints[start:stop])
            assert confidence.shape == points.shape[:2]
            assert emotions.shape == (len(points), 7)
            points += 1.0  # belongs to the caller
        np.testing.assert_array_equal(data.frames(1)[0], clips[1].keypoints)
        with pytest.raises(IndexError):
            data.frames(2)


def test_splits_come_from_a_list_or_a_rule(tmp_path):
    clips = [moving(5, n) for n in range(6)]
    rule = {'actor 0': 'train', 'actor 1': 'val', 'actor 2': 'test'}
    for splits in ([rule[clip.actor] for clip in clips], lambda clip: rule[clip.actor]):
        data = written(tmp_path / 'data', clips, splits=splits, overwrite=True)
        assert data.splits.tolist() == ['train', 'val', 'test'] * 2
        assert data.chosen('val').tolist() == [1, 4]
        assert data.manifest['splits']['val'] == {'clips': 2, 'frames': 10}
    with pytest.raises(TrainingError, match='dev'):
        MotionDataset.from_clips(clips, splits=lambda clip: 'dev')
    with pytest.raises(TrainingError, match='5 splits'):
        MotionDataset.from_clips(clips, splits=['train'] * 5)


def test_the_manifest_says_what_is_inside(tmp_path):
    sources = {'sources': []}

    def stream():
        for n in range(3):
            sources['sources'].append({'path': f'{n}.bvh', 'sha256': '0'})
            yield moving(30, n, emotions=np.eye(7)[n])

    data = written(tmp_path / 'data', stream(), manifest=sources)
    manifest = json.loads((tmp_path / 'data' / 'manifest.json').read_text())
    assert manifest == data.manifest
    assert [source['path'] for source in manifest['sources']] == ['0.bvh', '1.bvh', '2.bvh']
    assert (manifest['clips'], manifest['frames']) == (3, 90)
    assert manifest['minutes_by_emotion']['anger'] == pytest.approx(1 / 60, abs=1e-3)
    assert set(manifest['minutes_by_emotion']) == set(EMOTIONS)
    for shard in manifest['shards']:
        assert shards.file_hash(tmp_path / 'data' / shard['file']) == shard['sha256']


@pytest.fixture(scope='module', params=[5_000, pytest.param(100_000, marks=pytest.mark.soak)])
def huge(request, tmp_path_factory):
    """A data set of so many clips of 4 frames, and how many."""
    some = [moving(4, seed) for seed in range(50)]

    def stream():
        for number in range(request.param // len(some)):
            for clip in some:
                copy = object.__new__(Clip)  # the checks of a clip would take most of the time
                copy.__dict__.update(vars(clip), source=f'folder/take_{number}.bvh')
                yield copy

    path = tmp_path_factory.mktemp('huge') / 'data'
    written(path, stream())
    return path, request.param


def test_many_thousand_clips_open_without_their_frames(huge):
    path, count = huge
    frames_bytes = sum(file.stat().st_size for file in path.glob('shard_*'))
    tracemalloc.start()
    data = MotionDataset.open(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(data) == count
    assert peak < frames_bytes / 3
    same(data.clip(count - 23), moving(4, 27, source=f'folder/take_{count // 50 - 1}.bvh'))


def test_index_answers_where_shards_are_gone(huge, tmp_path):
    (path, count), copy = huge, tmp_path / 'data'
    shutil.copytree(path, copy)
    data = MotionDataset.open(copy)
    for file in copy.glob('shard_*'):
        file.unlink()
    assert data.lengths.sum() == 4 * count
    assert data.info(count - 1).source == f'folder/take_{count // 50 - 1}.bvh'
    with pytest.raises(TrainingError, match='shard_00000'):
        data.frames(0)
    with pytest.raises(TrainingError, match='shard_00000'):
        MotionDataset.open(copy)


@pytest.mark.parametrize(
    'change, says',
    [
        ({'prepared': False}, 'not prepared'),
        ({'emotions': None}, 'without emotions'),
        ({'rate_hz': 25.0}, '25.0 Hz'),
        ({'skeleton': 'coco_18'}, 'coco_18'),
        ({'keypoints': np.zeros((20, 25, 2))}, r'\[25, 2\]'),
    ],
)
def test_a_clip_that_does_not_fit_is_refused_by_name(change, says, tmp_path):
    clips = [moving(seed=1), dataclasses.replace(moving(seed=2), **change)]
    with pytest.raises(TrainingError, match=says) as raised:
        written(tmp_path / 'data', clips)
    assert 'take_2.bvh' in str(raised.value)
    with pytest.raises(TrainingError, match='no clip'):
        written(tmp_path / 'data', [])
    assert list(tmp_path.iterdir()) == [], 'nothing half written stays'


def test_a_data_set_is_replaced_only_whole_and_on_demand(tmp_path):
    def failing():
        yield moving(seed=5)
        raise RuntimeError('power cut')

    path = tmp_path / 'data'
    written(path, [moving(seed=1)])
    with pytest.raises(StorageError, match='exists already'):
        written(path, [moving(seed=2)])
    with pytest.raises(RuntimeError):
        written(path, failing(), overwrite=True)
    assert MotionDataset.open(path).info(0).source == 'take_1.bvh'
    written(path, [moving(seed=2)], overwrite=True)
    assert MotionDataset.open(path).info(0).source == 'take_2.bvh'
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_but_a_data_set_is_ever_replaced(tmp_path):
    (tmp_path / 'thesis.txt').write_text('years of work')
    with pytest.raises(StorageError, match='exists already'):
        written(tmp_path, [moving()], overwrite=True)
    assert (tmp_path / 'thesis.txt').read_text() == 'years of work'
    with pytest.raises(StorageError, match='could not write'):
        written(tmp_path / 'thesis.txt' / 'data', [moving()])


def _cut(file):
    file.write_bytes(file.read_bytes()[:-40])


def _noise(file):
    file.write_bytes((bytes(range(256)) * file.stat().st_size)[: file.stat().st_size])


@pytest.mark.parametrize(
    'damage, says',
    [
        (lambda path: (path / 'manifest.json').unlink(), 'holds no data set'),
        (lambda path: (path / 'manifest.json').write_text('{'), 'not JSON'),
        (lambda path: (path / 'manifest.json').write_text('[]'), 'format None'),
        (lambda path: (path / 'manifest.json').write_text('{"format": 99}'), 'format 99'),
        (lambda path: (path / 'manifest.json').write_text('{"format": 1}'), 'skeleton'),
        (lambda path: (path / 'index.safetensors').unlink(), 'index'),
        (lambda path: _cut(path / 'index.safetensors'), 'index'),
        (lambda path: _cut(path / 'shard_00000.safetensors'), 'bytes'),
        (lambda path: (path / 'shard_00000.safetensors').unlink(), 'none bytes'),
        (lambda path: _noise(path / 'shard_00000.safetensors'), 'shard_00000'),
    ],
)
def test_a_damaged_data_set_says_what_is_wrong(damage, says, tmp_path):
    path = tmp_path / 'data'
    written(path, [moving()])
    damage(path)
    with pytest.raises(TrainingError, match=says):
        MotionDataset.open(path).frames(0)


def test_fingerprints_know_a_motion_and_its_mirror_image():
    clips = [moving(40, seed) for seed in range(30)]
    random = np.random.default_rng(0)
    prints = np.stack([fingerprint(clip.keypoints, SKELETON) for clip in clips])
    for clip, own in zip(clips, prints, strict=True):
        trembling = clip.keypoints + 1e-5 * random.standard_normal(clip.keypoints.shape)
        for image in (SKELETON.mirrored(clip.keypoints), trembling):
            assert np.abs(fingerprint(image, SKELETON) - own).max() < TOLERANCE
    gaps = np.abs(prints[:, None] - prints).max(-1) + np.eye(30)
    assert gaps.min() > 5 * TOLERANCE
