# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Label files: what they find, what they refuse, and the ones that come with the package."""

from pathlib import Path

import numpy as np
import pytest

from emotion_motion.emotion import dominant, emotion_weights
from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.training.data.labels import LabelMap

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted((ROOT / 'config' / 'labels').glob('*.yaml'))
SHARED = ROOT.parent / 'shared' / 'data'


def clip(source='', **fields):
    return Clip(keypoints=np.zeros((2, 25, 3)), rate_hz=30.0, source=source, **fields)


def mapping(**keys):
    return LabelMap({'labels': {'angry': 'anger', 'sad': 'sadness'}, **keys}, 'my.yaml')


def named(labels, source, **fields):
    return dominant(labels.emotions(clip(source, **fields)))


def test_a_name_pattern_gives_label_actor_and_content():
    pattern = r'(?P<actor>\w+)-(?P<content>.+)_(?P<label>.+)'
    labels = mapping(**{'from': 'name', 'pattern': pattern})
    labelled = labels.labelled(clip('/data/ann-wave-twice_sad.bvh'))
    assert (labelled.actor, labelled.content, labelled.label) == ('ann', 'wave-twice', 'sad')
    assert dominant(labelled.emotions[0]) == 'sadness'


@pytest.mark.parametrize(
    'keys, source, label, emotion',
    [
        ({'from': 'name', 'pattern': 'take._(?P<label>.+)'}, 'take12_angry.bvh', '', None),
        ({'from': 'folder', 'pattern': '(?P<label>angry|sad)'}, '/sad/angry/a/1.bvh', '', 'anger'),
        ({'from': 'folder', 'pattern': '(?P<label>angry|sad)'}, '/sad/ann/1.bvh', '', 'sadness'),
        ({'from': 'folder', 'pattern': '(?P<label>angry|sad)'}, '/sad/a/b/c/d/1.bvh', '', None),
        ({}, 'x.npz', 'Angry', 'anger'),
        ({'from': 'column'}, 'x.csv#7', 'SAD', 'sadness'),
    ],
)
def test_a_label_is_found_where_the_file_says(keys, source, label, emotion):
    labels = mapping(**keys)
    if emotion is None:
        with pytest.raises(TrainingError, match='without a match'):
            labels.emotions(clip(source))
    else:
        assert named(labels, source, label=label) == emotion


def test_a_table_gives_the_label_of_a_file(tmp_path):
    (tmp_path / 'info.csv').write_text('filename,emotion\nF01A0V1,angry\nF01SA0V1.bvh,sad\n')
    path = tmp_path / 'labels.yaml'
    path.write_text(
        'from: column\ntable: {file: info.csv, key: filename, label: emotion}\n'
        'labels: {angry: anger, sad: sadness}\n'
    )
    labels = LabelMap.load(path)
    assert named(labels, '/data/F01A0V1.bvh') == 'anger'
    assert named(labels, '/data/F01SA0V1.bvh') == 'sadness'
    with pytest.raises(TrainingError, match=r'no row.*F02'):
        labels.emotions(clip('/data/F02.bvh'))
    (tmp_path / 'info.csv').write_text('filename,emotion\nF01,angry\nF02,sad\nF01,sad\n')
    with pytest.raises(ConfigError, match="'angry' and 'sad' for filename = 'F01'"):
        LabelMap.load(path)
    (tmp_path / 'info.csv').write_text('filename,emotion\nF01,angry\nF01,Angry \n')
    assert named(LabelMap.load(path), '/data/F01.bvh') == 'anger'


def test_actor_and_content_come_from_the_path_emotions_stay():
    labels = mapping(actor=r'/(actor\d+)/', content=r'bow|wave', licence='MIT')
    labelled = labels.labelled(clip('/data/actor07/wave.bvh', label='sad'))
    assert (labelled.actor, labelled.content, labelled.licence) == ('actor07', 'wave', 'MIT')
    own = mapping().labelled(clip('x.npz', label='unheard of', emotions=np.eye(7)[2]))
    assert dominant(own.emotions[0]) == 'fear'


@pytest.mark.parametrize(
    'meaning, wanted',
    [
        ({'anger': 0.5, 'disgust': 0.5}, 'anger:0.5,disgust:0.5'),
        ({'angry': 0.25}, 'anger:0.25,neutral:0.75'),
        ('joy:0.7', 'happiness:0.7,neutral:0.3'),
        ({'fear': 2, 'surprise': 2}, 'fear:0.5,surprise:0.5'),
    ],
)
def test_soft_labels_are_weights_and_the_rest_is_neutral(meaning, wanted):
    emotions = LabelMap({'labels': {'it': meaning}}).emotions(clip(label='it'))
    np.testing.assert_allclose(emotions, emotion_weights(wanted), atol=1e-6)


def test_an_unmapped_label_lists_what_is_mapped_unless_ignored():
    labels = mapping(ignore=['Proud', 7])
    ignored = {label: labels.ignores(clip(label=label)) for label in ('proud', '7', 'sad', 'x')}
    assert ignored == {'proud': True, '7': True, 'sad': False, 'x': False}
    with pytest.raises(TrainingError, match=r"'chimpira'.*my\.yaml.*angry, sad"):
        labels.emotions(clip('x.bvh', label='chimpira'))


def test_ratings_win_where_a_clip_has_them():
    labels = mapping(valence_arousal=True)
    assert named(labels, 'x', label='angry', valence_arousal=(0.8, 0.5)) == 'happiness'
    assert named(labels, 'x', label='angry') == 'anger'
    only = LabelMap({'valence_arousal': True})
    labelled = only.labelled(clip('x', valence_arousal=(-0.6, -0.3), label='Lonely'))
    assert (dominant(labelled.emotions[0]), labelled.label) == ('sadness', 'Lonely')
    with pytest.raises(TrainingError, match='maps none'):
        only.emotions(clip('x', label='angry'))


@pytest.mark.parametrize(
    'text, says',
    [
        ('', 'labels = None'),
        ('- angry', 'no names and values'),
        ('labels: {angry: [', 'not YAML'),
        ('label: {angry: anger}', 'unknown entry label'),
        ('from: file\nlabels: {a: anger}', "from = 'file'"),
        ('group: take\nlabels: {a: anger}', "group = 'take'"),
        ('labels: {}', 'labels = {}'),
        ('labels: [angry]', 'labels = '),
        ('labels: {angry: rage of gods}', 'rage of gods.*labels.angry'),
        ('labels: {angry: {anger: -1}}', '-1.*labels.angry'),
        ('labels: {angry: {anger: 0}}', 'sum to 0.*labels.angry'),
        ('labels: {angry: {anger: much}}', 'much.*labels.angry'),
        ('labels: {angry: [1, 0]}', 'labels.angry = '),
        ('labels: {no: anger}', 'quotes'),
        ('labels: {a: anger, a: fear}', "'a' a second time"),
        ('labels: {a: anger, A: fear}', "labels = 'A'.*each label once"),
        ('labels: {a: {anger: 0.5, Angry: 0.5}}', 'labels.a = .*each emotion once'),
        ('labels: {a: anger}\nignore: a', "ignore = 'a'"),
        ('labels: {a: anger}\nignore: [A]', 'ignore = '),
        ('labels: {a: anger}\npattern: "(?P<label>"', 'pattern = '),
        ('labels: {a: anger}\npattern: "take_.*"', 'pattern = '),
        ('labels: {a: anger}\nactor: "("', 'actor = '),
        ('labels: {a: anger}\nlicence: 4', 'licence = 4'),
        ('labels: {a: anger}\nvalence_arousal: perhaps', 'valence_arousal = '),
        ('labels: {a: anger}\ntable: {file: a.csv}', 'table = '),
        ('from: column\nlabels: {a: anger}\ntable: {file: a.csv, key: k, label: l}', 'a.csv'),
    ],
)
def test_a_bad_label_file_names_file_and_key(text, says, tmp_path):
    path = tmp_path / 'labels.yaml'
    path.write_text(text)
    with pytest.raises(ConfigError, match=says) as raised:
        LabelMap.load(path)
    assert str(tmp_path) in str(raised.value)
    with pytest.raises(ConfigError, match=r'none\.yaml.*config/labels'):
        LabelMap.load(tmp_path / 'none.yaml')


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_shipped_label_files_load_and_hold_one_line_of_licence(path):
    labels = LabelMap.load(path)
    assert labels.labels
    assert labels.file.licence or path.stem == 'meed', 'its licence is not known to us'


def test_bandai_styles_have_conditions_that_all_differ():
    labels = LabelMap.load(ROOT / 'config' / 'labels' / 'bandai_styles.yaml')
    weights = np.stack(list(labels.labels.values()))
    assert len(weights) == 15
    apart = np.abs(weights[:, None] - weights).sum(-1) + 9.0 * np.eye(15)
    assert apart.min() >= 0.2 - 1e-6


USED = [('bandai_styles', 'bandai', 144), ('bandai_emotions', 'bandai', 45)]


@pytest.mark.skipif(not SHARED.is_dir(), reason='needs ../shared/data')
@pytest.mark.parametrize('name, folder, used', [*USED, ('reactidle', 'reactidle', 19)])
def test_shipped_label_files_fit_the_real_names(name, folder, used):
    labels = LabelMap.load(ROOT / 'config' / 'labels' / f'{name}.yaml')
    clips = [clip(str(path)) for path in sorted((SHARED / folder).glob('*.bvh'))]
    kept = [labels.labelled(c) for c in clips if not labels.ignores(c)]
    assert len(kept) == used
    assert all(c.content or c.actor for c in kept)


@pytest.mark.skipif(not SHARED.is_dir(), reason='needs ../shared/data')
def test_every_animation_of_rebl_pepper_is_mapped():
    labels = LabelMap.load(ROOT / 'config' / 'labels' / 'rebl_pepper.yaml')
    rows = (SHARED / 'rebl_pepper' / 'labels_raw.csv').read_text().splitlines()[1:]
    names = [row.split(',')[1] for row in rows]
    assert len(names) == 36
    for name in names:
        labels.emotions(clip(f'data_raw.csv#{name}', label=name.rstrip('0123456789').rstrip('_')))
