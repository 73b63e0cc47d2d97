# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Clips in .npz files: what a stranger writes, round trips, and files that are none."""

from hypothesis import given, HealthCheck, settings, strategies as st
import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import MotionFileError, StorageError
from emotion_motion.io.clip import Clip, Motion, save_motion
from emotion_motion.io.clip_file import load_clips, save_clips

SKELETON = load_skeleton()
TEXTS = ('label', 'source', 'actor', 'content', 'licence')
FIELDS = ('rate_hz', 'skeleton', 'valence_arousal', 'prepared', *TEXTS)
ARRAYS = ('keypoints', 'confidence', 'emotions')


def standing(frames=4):
    return np.tile(SKELETON.rest.astype(np.float32), (frames, 1, 1))


def assert_same(first, second):
    for key in FIELDS:
        assert getattr(first, key) == getattr(second, key), key
        assert type(getattr(first, key)) is type(getattr(second, key)), key
    for key in ARRAYS:
        a, b = getattr(first, key), getattr(second, key)
        assert (a is None) == (b is None), key
        if a is not None:
            np.testing.assert_array_equal(a, b, err_msg=key)
            assert a.dtype == b.dtype == np.float32


ANY_TEXT = st.text(st.characters(exclude_categories=['Cs'], exclude_characters='\0'), max_size=12)


@st.composite
def clips(draw, dims):
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frames = draw(st.integers(1, 5))
    weights = random.dirichlet(np.ones(7), draw(st.sampled_from([1, frames])))
    sure = random.uniform(0.0, 1.0, (frames, 25))
    return Clip(
        keypoints=random.normal(0.0, 100.0, (frames, 25, dims)),
        rate_hz=draw(st.floats(1.0, 240.0)),
        skeleton=draw(st.sampled_from(['body_25', 'body_25_2d'] if dims == 2 else ['body_25'])),
        confidence=draw(st.sampled_from([None, sure, sure > 0.5])),
        emotions=draw(st.sampled_from([None, weights[0], np.tile(weights[0], (frames, 1))])),
        valence_arousal=draw(st.none() | st.tuples(*[st.floats(-1.0, 1.0)] * 2)),
        prepared=draw(st.booleans()),
        **{key: draw(ANY_TEXT) for key in TEXTS},
    )


# The folder is shared by the examples: each writes its file anew.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([2, 3]).flatmap(lambda dims: st.lists(clips(dims), min_size=1, max_size=4)))
def test_what_is_saved_is_loaded_again(tmp_path, given_clips):
    path = save_clips(tmp_path / 'clips.npz', given_clips)
    loaded = load_clips(path)
    assert len(loaded) == len(given_clips)
    for first, second in zip(given_clips, loaded, strict=True):
        assert_same(first, second)


def test_the_smallest_file_of_a_stranger_is_a_clip(tmp_path):
    path = tmp_path / 'mine.npz'
    np.savez(path, keypoints=standing(), rate_hz=60)
    [clip] = load_clips(path)
    np.testing.assert_array_equal(clip.keypoints, standing())
    assert (clip.confidence == 1.0).all()
    assert (clip.rate_hz, clip.skeleton, clip.source) == (60.0, 'body_25', str(path))
    assert clip.emotions is clip.valence_arousal is None
    assert (clip.label, clip.actor, clip.prepared) == ('', '', False)


def test_names_order_the_keypoints_and_missing_ones_are_masked(tmp_path):
    order = np.random.default_rng(0).permutation(25)[:20]
    names = [SKELETON.names[k] for k in order]
    sure = np.linspace(0.1, 1.0, 20)[None].repeat(4, axis=0)
    np.savez(
        tmp_path / 'a.npz',
        keypoints=standing()[:, order],
        rate_hz=30.0,
        names=names,
        confidence=sure,
    )
    [clip] = load_clips(tmp_path / 'a.npz')
    np.testing.assert_array_equal(clip.keypoints[:, order], standing()[:, order])
    np.testing.assert_allclose(clip.confidence[:, order], sure, rtol=1e-6)
    missing = [k for k in range(25) if k not in order]
    assert (clip.confidence[:, missing] == 0.0).all()


def test_nan_stands_for_unmeasured(tmp_path):
    points = standing()
    points[2, 7] = np.nan
    np.savez(tmp_path / 'a.npz', keypoints=points, rate_hz=30.0)
    [clip] = load_clips(tmp_path / 'a.npz')
    assert clip.confidence[2, 7] == 0.0
    assert clip.confidence.sum() == clip.confidence.size - 1
    assert np.isfinite(clip.keypoints).all()


@pytest.mark.parametrize(
    ('given_as', 'expected'),
    [
        ({'emotion': 'joy'}, {'happiness': 1.0}),
        ({'emotion': 'anger:0.5, disgust:0.5'}, {'anger': 0.5, 'disgust': 0.5}),
        ({'emotions': np.eye(7)[6]}, {'surprise': 1.0}),
        ({'emotions': np.eye(7)[[6, 6, 6, 6]]}, {'surprise': 1.0}),
    ],
)
def test_emotions_are_text_or_weights_for_all_or_each_frame(tmp_path, given_as, expected):
    np.savez(tmp_path / 'a.npz', keypoints=standing(), rate_hz=30.0, **given_as)
    [clip] = load_clips(tmp_path / 'a.npz')
    weights = [expected.get(name, 0.0) for name in EMOTIONS]
    np.testing.assert_allclose(clip.emotions, np.tile(weights, (4, 1)), atol=1e-6)


def test_many_clips_take_one_value_for_all_or_one_for_each(tmp_path):
    np.savez(
        tmp_path / 'a.npz',
        keypoints=standing(7),
        lengths=[3, 4],
        rate_hz=[30.0, 60.0],
        emotion=['anger', 'sadness:0.6'],
        valence_arousal=[[0.1, 0.2], [np.nan, np.nan]],
        actor=['ann', 'bob'],
        licence='CC0-1.0',
    )
    first, second = load_clips(tmp_path / 'a.npz')
    assert (len(first), len(second)) == (3, 4)
    assert (first.rate_hz, second.rate_hz) == (30.0, 60.0)
    assert second.emotions[0, EMOTIONS.index('sadness')] == pytest.approx(0.6)
    assert (first.valence_arousal, second.valence_arousal) == ((0.1, 0.2), None)
    assert (first.actor, second.actor, second.licence) == ('ann', 'bob', 'CC0-1.0')
    np.savez(
        tmp_path / 'b.npz',
        keypoints=standing(7),
        lengths=[3, 4],
        rate_hz=30.0,
        emotions=np.eye(7)[[0, 5]],
    )
    assert [clip.emotions.argmax(axis=1).tolist() for clip in load_clips(tmp_path / 'b.npz')] == [
        [0, 0, 0],
        [5, 5, 5, 5],
    ]


def test_a_generated_motion_is_a_clip_of_the_requested_emotion(tmp_path):
    requested = np.eye(7, dtype=np.float32)[[3, 3, 5, 5]]
    motion = Motion(standing(), requested, np.full((4, 7), 1 / 7), 30.0, 'body_25', SKELETON.names)
    path = save_motion(tmp_path / 'motion.npz', motion)
    [clip] = load_clips(path)
    np.testing.assert_array_equal(clip.keypoints, motion.keypoints)
    np.testing.assert_array_equal(clip.emotions, requested)


GOOD = {'keypoints': standing(), 'rate_hz': 30.0}
MIXED = standing()
MIXED[1, 2, 0] = np.nan
BAD = {
    'no keypoints': ({'keypoints': None}, 'without the key keypoints'),
    'no rate': ({'rate_hz': None}, 'without the key rate_hz'),
    'unknown key': ({'fps': 30}, 'keys fps; expected keypoints'),
    'flat': ({'keypoints': standing().reshape(4, 75)}, r'keypoints has shape \(4, 75\)'),
    'zero length': ({'keypoints': standing(0)}, r'keypoints has shape \(0, 25, 3\)'),
    'four coordinates': ({'keypoints': np.zeros((4, 25, 4))}, r'shape \(4, 25, 4\)'),
    'other skeleton': ({'keypoints': np.zeros((4, 17, 3))}, r'17 keypoints without names.* 25'),
    'text': ({'keypoints': np.full((4, 25, 3), 'x')}, 'keypoints has dtype <U1'),
    'half NaN': ({'keypoints': MIXED}, 'frame 1, keypoint 2; expected'),
    'infinite': ({'keypoints': np.full((4, 25, 3), np.inf)}, 'frame 0, keypoint 0'),
    'rate 0': ({'rate_hz': 0.0}, 'rate of 0 Hz'),
    'frame time': ({'rate_hz': 1 / 30}, r'in seconds a frame \(30 Hz\)'),
    'microseconds': ({'rate_hz': 33333}, 'in microseconds a frame'),
    'rate NaN': ({'rate_hz': np.nan}, 'rate of nan'),
    'rates': ({'rate_hz': [30.0, 30.0]}, r'rate_hz has shape \(2,\)'),
    'confidence shape': ({'confidence': np.ones(4)}, r'confidence has shape \(4,\); .*\(4, 25\)'),
    'confidence range': ({'confidence': np.full((4, 25), 90)}, 'confidence outside 0 to 1'),
    'confidence NaN': ({'confidence': np.full((4, 25), np.nan)}, 'confidence outside 0 to 1'),
    'emotions shape': ({'emotions': np.ones((4, 6))}, r'emotions has shape \(4, 6\).*anger'),
    'emotions sum': ({'emotions': np.ones(7)}, 'do not sum to 1'),
    'emotions some NaN': ({'emotions': [1.0, np.nan, 0, 0, 0, 0, 0]}, 'not finite'),
    'emotion unknown': ({'emotion': 'hungry'}, "key emotion: .* 'hungry'"),
    'emotion number': ({'emotion': 3}, 'emotion has shape .* expected text'),
    'both emotions': ({'emotion': 'joy', 'emotions': np.eye(7)[0]}, 'one of the two'),
    'valence shape': ({'valence_arousal': 0.5}, r'valence_arousal has shape \(\)'),
    'valence range': ({'valence_arousal': [2.0, 0.0]}, 'valence and arousal'),
    'unknown name': ({'names': ['Hand', *SKELETON.names[1:]]}, 'names has Hand; expected'),
    'same name': ({'names': ['Neck', *SKELETON.names[1:]]}, 'names has a name twice'),
    'few names': ({'names': SKELETON.names[:5]}, r'names has shape \(5,\).*\(25,\)'),
    'skeleton': ({'skeleton': 'smpl'}, "key skeleton: got the skeleton 'smpl'"),
    'long skeleton': ({'skeleton': 'x' * 5000}, 'key skeleton'),
    'label number': ({'label': 3}, 'label has shape .* expected text'),
    'objects': ({'label': np.array([None])}, 'Python objects such as None'),
    'lengths sum': ({'lengths': [1, 2]}, 'lengths sums to 3; expected 4'),
    'length 0': ({'lengths': [0, 4]}, 'lengths has'),
    'lengths float': ({'lengths': [1.5, 2.5]}, 'lengths has .* whole numbers'),
    'texts of other count': ({'lengths': [2, 2], 'actor': ['a', 'b', 'c']}, 'actor has shape'),
}


@pytest.mark.parametrize('case', BAD)
def test_a_bad_key_is_named_with_shape_and_expectation(tmp_path, case):
    changed, reason = BAD[case]
    path = tmp_path / 'bad.npz'
    keys = {key: value for key, value in {**GOOD, **changed}.items() if value is not None}
    np.savez(path, **keys)
    with pytest.raises(MotionFileError, match=reason) as error:
        load_clips(path)
    assert str(path) in str(error.value)


def test_a_damaged_clip_of_many_is_numbered(tmp_path):
    np.savez(tmp_path / 'bad.npz', keypoints=standing(), lengths=[2, 2], rate_hz=[30.0, -1.0])
    with pytest.raises(MotionFileError, match=r'clip 1 of 2.*of -1 Hz'):
        load_clips(tmp_path / 'bad.npz')


def test_files_that_are_no_npz_are_named(tmp_path):
    whole = save_clips(tmp_path / 'good.npz', [Clip(keypoints=standing(), rate_hz=30.0)])
    data = whole.read_bytes()
    middle = len(data) // 2
    flipped = data[:60] + bytes(255 - byte for byte in data[60:120]) + data[120:]
    for number, content in enumerate((data[:middle], data[:-1], flipped, b'', b'hello')):
        path = tmp_path / f'bad{number}.npz'
        path.write_bytes(content)
        with pytest.raises(MotionFileError, match='truncated') as error:
            load_clips(path)
        assert str(path) in str(error.value)
    np.save(tmp_path / 'array.npy', standing())
    with pytest.raises(MotionFileError, match='a single array'):
        load_clips(tmp_path / 'array.npy')
    with pytest.raises(MotionFileError, match='No such file'):
        load_clips(tmp_path / 'none.npz')


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_bytes_changed_at_random_give_clips_or_a_clear_error(tmp_path, seed):
    whole = tmp_path / 'whole.npz'
    if not whole.exists():
        np.savez(whole, **GOOD, emotion='joy', names=SKELETON.names)
    data, random = bytearray(whole.read_bytes()), np.random.default_rng(seed)
    for place in random.integers(0, len(data), random.integers(1, 6)):
        data[place] = random.integers(256)
    path = tmp_path / 'changed.npz'
    path.write_bytes(data)
    try:
        assert all(isinstance(clip, Clip) for clip in load_clips(path))
    except MotionFileError as error:
        assert str(path) in str(error)


def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path):
    clip = Clip(keypoints=standing(), rate_hz=30.0)
    flat = Clip(keypoints=standing()[..., 1:], rate_hz=30.0)
    odd = Clip(keypoints=standing()[:, :5], rate_hz=30.0)
    zero = Clip(keypoints=standing(), rate_hz=30.0, label='a\0')
    for clips_given, reason in (
        ([], 'no clip'),
        ([clip, flat], 'one shape a file'),
        ([odd], '5 keypoints'),
        ([zero], 'label with a zero character'),
    ):
        with pytest.raises(MotionFileError, match=reason):
            save_clips(tmp_path / 'a.npz', clips_given)
    with pytest.raises(MotionFileError, match='ending'):
        save_clips(tmp_path / 'a.csv', [clip])
    (tmp_path / 'file').write_text('')
    with pytest.raises(StorageError, match='could not write'):
        save_clips(tmp_path / 'file' / 'a.npz', [clip])
    assert [path.name for path in tmp_path.iterdir()] == ['file']
