# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The model card: where a model comes from, its licence, how its free run went."""

import dataclasses
import json

import numpy as np
import pytest
from support import one_hot, random_checkpoint

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import Checkpoint, from_pretrained, save_pretrained
from emotion_motion.io.clip import Clip
from emotion_motion.training.card import licence_of, model_card, origin_of, spdx_names
from emotion_motion.training.config import DataConfig, OptimiserConfig, TrainConfig
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.selection import FreeRunScore, WEIGHTS

BODY = load_skeleton()
CONFIG = TrainConfig(
    optimiser=OptimiserConfig(learning_rate=0.002), data=DataConfig(data=('a', 'b'), balance=False)
)


def data_set(name: str, *licences: str, splits=None, attribution: str = '') -> MotionDataset:
    clips = [
        Clip(
            keypoints=np.repeat(BODY.rest[None], 900, axis=0),
            rate_hz=30.0,
            licence=licence,
            emotions=one_hot('fear'),
            source=f'{name}/{i}.bvh',
            prepared=True,
        )
        for i, licence in enumerate(licences)
    ]
    manifest = {'name': name, 'attribution': attribution}
    return MotionDataset.from_clips(clips, splits=splits, manifest=manifest)


def trained(*datasets: MotionDataset, start: Checkpoint | None = None, **more) -> Checkpoint:
    training = {**origin_of(datasets, CONFIG, start), **more}
    return dataclasses.replace(random_checkpoint(), training=training)


def test_the_origin_counts_training_clips_and_survives_saving(tmp_path):
    splits = ['train', 'train', 'val']
    checkpoint = trained(data_set('takes', 'MIT', 'MIT', 'CC BY-NC 4.0', splits=splits))
    training = from_pretrained(save_pretrained(tmp_path / 'model', checkpoint)).training
    assert training == json.loads(json.dumps(checkpoint.training))
    assert training['clips'] == 2 and training['minutes'] == pytest.approx(1.0)
    assert training['sources'] == ['takes/0.bvh', 'takes/1.bvh'] and training['source_count'] == 2
    assert training['licence'] == 'Apache-2.0' and training['licences'] == ['MIT']


def test_the_card_says_what_may_be_done_with_it():
    free = model_card(trained(data_set('idle', 'MIT')), 'mine')
    assert '# mine' in free and '| licence | Apache-2.0 |' in free and 'Credits' not in free
    paid = trained(data_set('idle', 'MIT'), data_set('bandai', 'CC BY-NC 4.0'))
    card = model_card(paid, 'mine')
    assert paid.training['licence'] == 'CC-BY-NC-4.0'
    assert '| licence | CC-BY-NC-4.0, not for commercial use, with the credits below |' in card
    assert '| idle | 1 | 0.5 | MIT |' in card and '| bandai | 1 | 0.5 | CC-BY-NC-4.0 |' in card
    assert '- bandai, CC-BY-NC-4.0; changed' in card and '- idle' not in card


def test_the_authors_are_named_as_the_data_set_asks():
    data = data_set('pepper', 'CC BY 4.0', attribution='REBL-Pepper, Marmpena et al. 2018')
    card = model_card(trained(data), 'mine')
    assert '- REBL-Pepper, Marmpena et al. 2018, CC-BY-4.0; changed' in card


def test_a_data_set_without_a_licence_makes_the_model_unclear():
    checkpoint = trained(data_set('found', '', 'MIT'))
    assert checkpoint.training['licence'] == 'unclear'
    assert "unclear: the data says 'unknown'" in model_card(checkpoint, 'mine')


def test_a_model_inherits_from_the_one_it_began_with():
    first = trained(data_set('bandai', 'CC BY-NC 4.0', attribution='Kobayashi et al.'))
    second = trained(data_set('idle', 'MIT'), start=dataclasses.replace(first, name='stage1'))
    assert second.training['licence'] == 'CC-BY-NC-4.0'
    card = model_card(second, 'mine')
    assert 'not for commercial use' in card and 'what `stage1` was trained on' in card
    assert '- Kobayashi et al., CC-BY-NC-4.0' in card and '--start stage1' in card
    # A model of an earlier release says only its licence.
    old = dataclasses.replace(first, training={'licence': 'Apache-2.0', 'data': 'corpus'})
    third = trained(data_set('idle', 'MIT'), start=old)
    assert third.training['licences'] == ['Apache-2.0', 'MIT']
    assert 'corpus' in model_card(third, 'mine')


def test_the_command_has_what_differs_from_the_defaults():
    card = model_card(trained(data_set('idle', 'MIT')), 'mine')
    for flag in ('--learning-rate 0.002', '--data a b', '--no-balance', 'train --out mine'):
        assert flag in card
    assert '--steps' not in card


def test_the_figures_of_the_free_run_are_given():
    score = FreeRunScore(1.25, dict.fromkeys(WEIGHTS, 0.125), {'fear': 0.91}, {'fear': 0.77})
    data = data_set('idle', 'MIT')
    card = model_card(trained(data, free_run=score.to_dict()), 'mine')
    assert '1.250' in card and card.count('| 0.125 |') == len(WEIGHTS)
    assert 'fear 0.91' in card and 'fear 0.77' in card
    assert 'Free run' not in model_card(trained(data), 'mine')


# The licence is the strictest of the data's, and doubt is said


@pytest.mark.parametrize(
    ('data', 'licence'),
    [
        (['Apache-2.0'], 'Apache-2.0'),
        (['Apache-2.0', 'MIT', 'CC0-1.0'], 'Apache-2.0'),
        (['Apache-2.0 AND MIT AND CC-BY-4.0'], 'CC-BY-4.0'),
        (['MIT', 'CC BY 4.0'], 'CC-BY-4.0'),
        (['CC-BY-3.0', 'CC-BY-4.0'], 'CC-BY-4.0'),
        (['Apache-2.0', 'CC BY-NC 4.0'], 'CC-BY-NC-4.0'),
        (['cc-by-4.0', 'CC_BY-NC 4.0'], 'CC-BY-NC-4.0'),
        (['CC-BY-SA-4.0', 'CC-BY-4.0'], 'CC-BY-SA-4.0'),
        (['CC-BY-NC-SA-4.0', 'CC-BY-NC-4.0'], 'CC-BY-NC-SA-4.0'),
        (['CC-BY-NC-ND-4.0', 'MIT'], 'CC-BY-NC-ND-4.0'),
        (['CC-BY-SA-4.0', 'CC-BY-NC-4.0'], 'conflicting'),
        (['CC-BY-SA-4.0', 'CC-BY-NC-SA-4.0'], 'conflicting'),
        (['MIT', ''], 'unclear'),
        (['MIT', 'research only'], 'unclear'),
        ([], 'unclear'),
    ],
)
def test_the_strictest_licence_decides(data, licence):
    terms = licence_of(data)
    assert terms.licence == licence and licence in terms.text
    assert ('not for commercial use' in terms.text) == ('-NC' in licence)
    assert ('not to be shared' in terms.text) == ('-ND' in licence)


def test_licences_that_ask_for_credit_or_are_unclear_are_named():
    terms = licence_of(['MIT', 'CC BY 4.0', 'CC BY-NC 4.0'])
    assert terms.credited == ('CC-BY-4.0', 'CC-BY-NC-4.0') and 'credits' in terms.text
    assert licence_of(['MIT']).credited == ()
    assert "'research only'" in licence_of(['research only', 'MIT']).text


def test_a_licence_is_read_however_people_write_it():
    assert spdx_names('CC BY-NC 4.0') == spdx_names('cc-by-nc-4.0') == ['CC-BY-NC-4.0']
    assert spdx_names('Apache-2.0 AND mit') == ['Apache-2.0', 'MIT']
    assert spdx_names(' ') == ['unknown']
