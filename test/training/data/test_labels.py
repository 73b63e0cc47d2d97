# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Label files: what they find, what they refuse, and the ones that come with the package."""

from pathlib import Path

import numpy as np
import pytest

from emotion_motion.emotion import dominant, emotion_weights
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.training.data.labels import LabelMap

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted((ROOT / 'config' / 'labels').glob('*.yaml'))
SHARED = ROOT.parent / 'shared' / 'data'


def clip(source='', **fields):
    return Clip(keypoints=np.zeros((2, 25, 3)), rate_hz=30.0, source=source, **fields)


def mapping(**keys):
    return LabelMap.from_dict({'labels': {'angry': 'anger', 'sad': 'sadness'}, **keys}, 'my.yaml')


def named(labels, source, **fields):
    return dominant(labels.emotions(clip(source, **fields)))


# ---- where labels stand ---------------------------------------------------------------------


def test_a_name_pattern_gives_label_actor_and_content():
    pattern = r'(?P<actor>\w+)-(?P<content>.+)_(?P<label>.+)'
    labels = mapping(**{'from': 'name', 'pattern': pattern})
    found = labels.labelled(clip('/data/ann-wave-twice_sad.bvh'))
    assert (found.actor, found.content, found.label) == ('ann', 'wave-twice', 'sad')
    assert dominant(found.emotions[0]) == 'sadness'


def test_a_glob_works_like_a_pattern():
    labels = mapping(**{'from': 'name', 'glob': 'take?_{label}_*'})
    assert named(labels, 'take7_angry_final.bvh') == 'anger'
    with pytest.raises(TrainingError, match='without a match'):
        labels.emotions(clip('take12_angry_final.bvh'))


def test_folders_are_searched_from_the_nearest_up():
    labels = mapping(**{'from': 'folder', 'pattern': '(?P<label>angry|sad)'})
    assert named(labels, '/data/sad/angry/ann/1.bvh') == 'anger'
    assert named(labels, '/data/sad/ann/1.bvh') == 'sadness'
    with pytest.raises(TrainingError, match='folders'):
        labels.emotions(clip('/sad/a/b/c/d/1.bvh'))


def test_the_readers_label_is_taken_by_default_whatever_its_case():
    assert named(mapping(), 'x.npz', label='Angry') == 'anger'
    assert named(mapping(**{'from': 'column'}), 'x.csv#7', label='SAD') == 'sadness'


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


def test_actor_and_content_are_found_in_the_path():
    labels = mapping(actor=r'/(actor\d+)/', content=r'bow|wave', licence='MIT')
    found = labels.labelled(clip('/data/actor07/wave.bvh', label='sad'))
    assert (found.actor, found.content, found.licence) == ('actor07', 'wave', 'MIT')


def test_a_clip_that_brings_its_emotions_keeps_them():
    found = mapping().labelled(clip('x.npz', label='unheard of', emotions=np.eye(7)[2]))
    assert dominant(found.emotions[0]) == 'fear'


# ---- what they mean -------------------------------------------------------------------------


def test_soft_labels_are_weights_and_the_rest_is_neutral():
    labels = LabelMap.from_dict(
        {
            'labels': {
                'annoyed': {'anger': 0.5, 'disgust': 0.5},
                'cross': {'angry': 0.25},
                'glad': 'joy:0.7',
                'both': {'fear': 2, 'surprise': 2},
            }
        }
    )
    for label, wanted in (
        ('annoyed', 'anger:0.5,disgust:0.5'),
        ('cross', 'anger:0.25,neutral:0.75'),
        ('glad', 'happiness:0.7,neutral:0.3'),
        ('both', 'fear:0.5,surprise:0.5'),
    ):
        np.testing.assert_allclose(
            labels.emotions(clip(label=label)), emotion_weights(wanted), atol=1e-6
        )


def test_an_unmapped_label_lists_what_is_mapped():
    with pytest.raises(TrainingError, match=r'angry, sad') as raised:
        mapping().emotions(clip('x.bvh', label='chimpira'))
    assert "'chimpira'" in str(raised.value)
    assert 'my.yaml' in str(raised.value)


def test_ignored_labels_are_told_apart_from_unmapped_ones():
    labels = mapping(ignore=['Proud', 7])
    assert labels.ignores(clip(label='proud'))
    assert labels.ignores(clip(label='7'))
    assert not labels.ignores(clip(label='sad'))
    assert not labels.ignores(clip(label='chimpira'))


def test_ratings_win_where_a_clip_has_them():
    labels = mapping(valence_arousal=True)
    assert named(labels, 'x', label='angry', valence_arousal=(0.8, 0.5)) == 'happiness'
    assert named(labels, 'x', label='angry') == 'anger'
    only = LabelMap.from_dict({'valence_arousal': True})
    found = only.labelled(clip('x', valence_arousal=(-0.6, -0.3), label='Lonely'))
    assert dominant(found.emotions[0]) == 'sadness'
    assert found.label == 'Lonely'
    with pytest.raises(TrainingError, match='maps none'):
        only.emotions(clip('x', label='angry'))


# ---- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    'text, says',
    [
        ('', 'keys such as'),
        ('- angry', 'keys such as'),
        ('labels: {angry: [', 'no YAML'),
        ('label: {angry: anger}', "key 'label'"),
        ('from: file\nlabels: {a: anger}', "key 'from'"),
        ('group: take\nlabels: {a: anger}', "key 'group'"),
        ('labels: {}', "key 'labels'"),
        ('labels: [angry]', "key 'labels'"),
        ('labels: {angry: rage of gods}', "'labels.angry'.*rage of gods"),
        ('labels: {angry: {anger: -1}}', "'labels.angry'.*-1"),
        ('labels: {angry: {anger: 0}}', "'labels.angry'.*sum to 0"),
        ('labels: {angry: {anger: much}}', "'labels.angry'.*much"),
        ('labels: {angry: [1, 0]}', "'labels.angry'"),
        ('labels: {no: anger}', 'quotes'),
        ('labels: {a: anger}\nignore: a', "key 'ignore'"),
        ('labels: {a: anger}\nignore: [A]', "key 'ignore'"),
        ('labels: {a: anger}\npattern: "(?P<label>"', "key 'pattern'"),
        ('labels: {a: anger}\npattern: "take_.*"', "key 'pattern'"),
        ('labels: {a: anger}\nglob: "take_*"', "key 'glob'.*label"),
        ('labels: {a: anger}\nglob: "{label}"\npattern: "(?P<label>.)"', 'either'),
        ('labels: {a: anger}\nactor: "("', "key 'actor'"),
        ('labels: {a: anger}\nlicence: 4', "key 'licence'"),
        ('labels: {a: anger}\nvalence_arousal: perhaps', "key 'valence_arousal'"),
        ('labels: {a: anger}\ntable: {file: a.csv}', "key 'table'"),
        ('from: column\nlabels: {a: anger}\ntable: {file: a.csv, key: k, label: l}', 'a.csv'),
    ],
)
def test_a_bad_label_file_names_file_and_key(text, says, tmp_path):
    path = tmp_path / 'labels.yaml'
    path.write_text(text)
    with pytest.raises(TrainingError, match=says) as raised:
        LabelMap.load(path)
    assert 'labels.yaml' in str(raised.value) or str(tmp_path) in str(raised.value)


def test_a_missing_label_file_says_where_examples_are(tmp_path):
    with pytest.raises(TrainingError, match='config/labels'):
        LabelMap.load(tmp_path / 'none.yaml')


# ---- the ones that come with the package ------------------------------------------------------


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_shipped_label_files_load_and_hold_one_line_of_licence(path):
    labels = LabelMap.load(path)
    assert labels.labels
    assert labels.licence or path.stem == 'meed', 'its licence is not known to us'


def test_bandai_styles_have_conditions_that_all_differ():
    labels = LabelMap.load(ROOT / 'config' / 'labels' / 'bandai_styles.yaml')
    weights = np.stack(list(labels.labels.values()))
    assert len(weights) == 15
    apart = np.abs(weights[:, None] - weights).sum(-1) + 9.0 * np.eye(15)
    assert apart.min() >= 0.2 - 1e-6


@pytest.mark.skipif(not SHARED.is_dir(), reason='needs ../shared/data')
@pytest.mark.parametrize(
    'name, folder, used',
    [
        ('bandai_styles', 'bandai', 144),
        ('bandai_emotions', 'bandai', 45),
        ('reactidle', 'reactidle', 19),
    ],
)
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
