# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from emotion_motion.exceptions import TrainingError
from emotion_motion.skeleton import load_skeleton
from emotion_motion.training.clip import Clip, load_clips, save_clips
from emotion_motion.training.corpus import make_corpus
from emotion_motion.training.dataset import ClipDataset

BODY = load_skeleton()


def clip_of(frames, *, first=0.0, rate_hz=30.0, keypoints=25, emotion=3):
    points = np.broadcast_to(
        np.arange(frames, dtype=np.float32)[:, None, None] + first, (frames, keypoints, 3)
    )
    return Clip(points, np.tile(np.eye(7)[emotion], (frames, 1)), rate_hz, 'test', 'test', 4)


@pytest.fixture(scope='module')
def clips():
    return make_corpus(2.0, seed=1)


def arrays_of(path):
    with np.load(path) as file:
        return dict(file)


def test_clips_come_back_from_a_file_as_they_were(clips, tmp_path):
    path = tmp_path / 'clips.npz'
    save_clips(path, clips)
    loaded = load_clips(path)
    assert len(loaded) == len(clips)
    for one, other in zip(clips, loaded, strict=True):
        assert np.array_equal(one.keypoints, other.keypoints)
        assert np.array_equal(one.emotions, other.emotions)
        for name in ('rate_hz', 'content', 'source', 'seed'):
            assert getattr(one, name) == getattr(other, name)


def test_a_file_is_written_under_the_name_that_was_given(clips, tmp_path):
    save_clips(tmp_path / 'clips.data', clips)
    assert load_clips(tmp_path / 'clips.data')


def damaged(arrays):
    yield 'missing', {k: v for k, v in arrays.items() if k != 'emotions'}
    yield 'short', {**arrays, 'keypoints': arrays['keypoints'][:-5]}
    yield 'lengths', {**arrays, 'lengths': arrays['lengths'] + 1}
    yield 'negative', {**arrays, 'lengths': -arrays['lengths']}
    yield 'float lengths', {**arrays, 'lengths': arrays['lengths'].astype(float)}
    yield 'fewer rates', {**arrays, 'rates_hz': arrays['rates_hz'][:-1]}
    yield 'no rate', {**arrays, 'rates_hz': arrays['rates_hz'] * 0}
    yield 'nan', {**arrays, 'keypoints': arrays['keypoints'] * np.nan}
    yield 'emotions', {**arrays, 'emotions': arrays['emotions'] * 2}
    yield 'shape', {**arrays, 'keypoints': arrays['keypoints'][..., :2]}
    yield 'scalar', {**arrays, 'keypoints': np.array(1.0)}
    yield 'text', {**arrays, 'keypoints': np.array(['a'] * len(arrays['keypoints']))}
    yield 'objects', {**arrays, 'contents': np.array([{}, []], dtype=object)}
    yield 'none', {k: v[:0] for k, v in arrays.items()}


def test_a_damaged_file_gives_an_error_that_names_it(clips, tmp_path):
    path = tmp_path / 'clips.npz'
    save_clips(path, clips)
    for what, arrays in damaged(arrays_of(path)):
        np.savez(path, allow_pickle=True, **arrays)
        with pytest.raises(TrainingError, match=r'clips\.npz'):
            load_clips(path)
            pytest.fail(what)


@pytest.mark.parametrize('content', [b'', b'no archive', b'PK\x03\x04 cut off', b'\x93NUMPY\x01'])
def test_what_is_no_archive_gives_an_error_that_names_it(content, tmp_path):
    path = tmp_path / 'bad.npz'
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r'bad\.npz'):
        load_clips(path)


def test_a_truncated_file_a_single_array_and_no_file_give_errors(clips, tmp_path):
    path = tmp_path / 'clips.npz'
    save_clips(path, clips)
    path.write_bytes(path.read_bytes()[:5000])
    np.save(tmp_path / 'one.npy', np.zeros(3))
    for name in ('clips.npz', 'one.npy', 'none.npz'):
        with pytest.raises(TrainingError, match=name):
            load_clips(tmp_path / name)


@pytest.mark.parametrize(
    'keypoints, emotions, rate_hz, message',
    [
        (np.zeros((4, 75)), np.eye(7)[[1] * 4], 30, 'shape'),
        (np.zeros((0, 25, 3)), np.zeros((0, 7)), 30, 'shape'),
        (np.zeros((4, 25, 3)), np.eye(7)[[1] * 3], 30, 'one row per frame'),
        (np.full((4, 25, 3), np.inf), np.eye(7)[[1] * 4], 30, 'finite'),
        (np.zeros((4, 25, 3)), np.zeros((4, 7)), 30, 'sum to 1'),
        (np.zeros((4, 25, 3)), np.eye(7)[[1] * 4], -30, 'rate'),
        (np.zeros((4, 25, 3)), np.eye(7)[[1] * 4], float('nan'), 'rate'),
    ],
)
def test_an_impossible_clip_is_refused(keypoints, emotions, rate_hz, message):
    with pytest.raises(TrainingError, match=message):
        Clip(keypoints, emotions, rate_hz)


def test_windows_are_runs_of_frames_of_one_clip():
    data = ClipDataset([clip_of(10), clip_of(7, first=100.0), clip_of(3, first=200.0)])
    frames, emotions = data.sample(400, 5, torch.Generator().manual_seed(0), mirror=0.0)
    assert frames.shape == (400, 5, 75) and emotions.shape == (400, 5, 7)
    assert frames.dtype == emotions.dtype == torch.float32
    steps = frames[:, 1:] - frames[:, :-1]
    assert torch.equal(steps, torch.ones_like(steps))
    firsts = set(frames[:, 0, 0].tolist())
    assert firsts == {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 100.0, 101.0, 102.0}  # each possible place


def test_windows_depend_on_the_generator_alone(clips):
    data = ClipDataset(clips)
    state = torch.get_rng_state()
    first = data.sample(16, 40, torch.Generator().manual_seed(3))
    second = data.sample(16, 40, torch.Generator().manual_seed(3))
    other = data.sample(16, 40, torch.Generator().manual_seed(4))
    assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1])
    assert not torch.equal(first[0], other[0])
    assert torch.equal(state, torch.get_rng_state())


def test_mirrored_windows_are_bodies_and_leave_the_data_alone(clips):
    data = ClipDataset(clips)
    kept = data.frames.clone()
    plain, labels = data.sample(32, 20, torch.Generator().manual_seed(1), mirror=0.0)
    mirrored, same = data.sample(32, 20, torch.Generator().manual_seed(1), mirror=1.0)
    assert BODY.bone_error(mirrored.unflatten(-1, (25, 3)).numpy()) < 1e-6
    again = BODY.mirrored(mirrored.unflatten(-1, (25, 3))).flatten(-2)
    assert torch.equal(plain, again) and torch.equal(labels, same)
    assert torch.equal(kept, data.frames)
    half, _ = data.sample(400, 20, torch.Generator().manual_seed(2))
    whole, _ = data.sample(400, 20, torch.Generator().manual_seed(2), mirror=0.0)
    assert 0.4 < (half != whole).any(-1).any(-1).float().mean() < 0.6


def test_clips_that_do_not_fit_are_refused():
    with pytest.raises(TrainingError, match='at least one clip'):
        ClipDataset([])
    with pytest.raises(TrainingError, match=r'rates \[25.0, 30.0\]'):
        ClipDataset([clip_of(5), clip_of(5, rate_hz=25.0)])
    with pytest.raises(TrainingError, match='17'):
        ClipDataset([clip_of(5, keypoints=17)])
    with pytest.raises(TrainingError, match='longest clip has 5'):
        ClipDataset([clip_of(5)]).sample(1, 6, torch.Generator())
    with pytest.raises(TrainingError, match='at least one clip'):
        save_clips('unused.npz', [])
    with pytest.raises(TrainingError, match=r'\[17, 25\]'):
        save_clips('unused.npz', [clip_of(5), clip_of(5, keypoints=17)])


def test_the_balance_counts_frames():
    data = ClipDataset([clip_of(6, emotion=0), clip_of(2, emotion=5)])
    assert len(data) == 8
    assert data.balance()['anger'] == 0.75 and data.balance()['sadness'] == 0.25
