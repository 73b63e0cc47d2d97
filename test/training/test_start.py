# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A training that begins with a model: how far the data is, what is kept, what became worse."""

import numpy as np
import pytest
from support import random_checkpoint
from training_support import BODY, config_of, stored, swaying, without_pictures
import yaml

from emotion_motion.checkpoint import from_pretrained, save_pretrained
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ConfigError
from emotion_motion.training.card import beside_start
from emotion_motion.training.config import DataConfig
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.free_run import foot_slide
from emotion_motion.training.session import train
from emotion_motion.training.start import corpus_clips, Distance, worse
from emotion_motion.training.windows.windows import WindowSampler

SHOWN = {'named': dict.fromkeys(EMOTIONS, 0.9), 'slide_m_s': 0.0, 'still': 0.1, 'jerk_m': 3e-4}


def test_the_windows_that_keep_what_was_known_have_their_share():
    corpus = swaying(4, 3000, source='corpus')
    sets = [MotionDataset.from_clips([clip]) for clip in (swaying(0), swaying(3), corpus)]
    config = config_of(keep=0.25, data=('a', 'b'), shares=(1.0, 2.0), cut=0.0)
    sources = WindowSampler(sets, config)
    drawn = [sources.window(step, 0).sources[0] for step in range(400)]
    shares = [drawn.count(name) / 400 for name in ('sway 0', 'sway 3', 'corpus')]
    np.testing.assert_allclose(shares, (0.25, 0.5, 0.25), atol=0.07)
    assert DataConfig(keep=0.5).mix([30.0, 10.0, 7.0]) == [0.375, 0.125, 0.5]
    assert DataConfig(keep=0.5).mix([0.0, 7.0]) == [0.0, 0.5], 'a split that only the corpus has'
    assert DataConfig(keep=0.0).mix([30.0, 10.0]) == [30.0, 10.0]


@pytest.mark.parametrize(
    ('keep', 'share'), [(None, 0.5), pytest.param(0.0, 0.0, marks=pytest.mark.soak)]
)
def test_a_run_says_how_far_its_data_is_and_what_became_worse(tmp_path, capsys, keep, share):
    start = save_pretrained(tmp_path / 'start', random_checkpoint())
    data, out = stored(tmp_path / 'set').path, tmp_path / 'run'
    config = config_of(data=(str(data),), start=str(start), keep=keep, minutes=0.2, steps=2)
    with without_pictures():
        train(out, config)
    said = capsys.readouterr().err
    assert said.index('of the poses are out of its reach') < said.index('step 1/2')
    assert f'{share:.0%} of the windows are of the corpus' in said and 'warning: this data' in said
    assert yaml.safe_load((out / 'config.yaml').read_text())['data']['keep'] == share
    training = from_pretrained(out / 'best').training
    assert ('procedural corpus' in training['data']) == (share > 0.0)
    lines = beside_start(training)
    card = (out / 'best' / 'README.md').read_text()
    assert all(line in said and line in card for line in lines)
    assert len(training['beside_start']['start']['named']) == len(EMOTIONS)


def test_keep_without_a_model_to_begin_with_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r'keep = 0.5 .*--start'):
        train(tmp_path / 'run', config_of(data=('x',), keep=0.5))


@pytest.mark.parametrize('dims', [2, 3])
def test_the_corpus_is_made_for_the_body_of_the_data(dims):
    body = BODY if dims == 3 else BODY.flat()
    data = MotionDataset.from_clips(corpus_clips(0.1, 0, body, 20.0), skeleton=body)
    assert (data.dims, data.rate_hz, data.info(0).licence) == (dims, 20.0, 'Apache-2.0')


@pytest.mark.parametrize(
    ('far', 'warns'),
    [(Distance(0.2, 0.14, 0.12, 0.1), False), (Distance(0.9, 0.14, 0.12, 0.1), True),
     (Distance(0.2, 0.14, 24.0, 0.1), True)],
)  # fmt: skip
def test_data_far_from_what_a_model_knows_is_warned_of(far, warns):
    text = '\n'.join(far.lines('default', 0.2))
    assert f'{far.beyond:.0%} of the poses' in text
    assert f'{far.error / 0.1:.1f} times' in text
    assert ('warning' in text) == ('--keep 0.5' in text) == warns


@pytest.mark.parametrize(
    ('change', 'says'),
    [
        ({}, None),
        ({'named': {**SHOWN['named'], 'fear': 0.7}}, 'shows fear less'),
        ({'slide_m_s': 0.3}, 'feet slide'),
        ({'still': 0.5}, 'stands still'),
        ({'jerk_m': 2e-3}, 'trembles'),
        (None, 'breaks off'),
    ],
)
def test_what_became_worse_is_said_with_what_to_do(change, says):
    model = {} if change is None else {**SHOWN, **change}
    bad = worse(SHOWN, model)
    config = {'data': {'keep': 0.25}}
    both = {'start': SHOWN, 'model': model, 'worse': bad}
    text = '\n'.join(beside_start({'start': 'first', 'config': config, 'beside_start': both}))
    assert len(bad) == (says is not None)
    assert ('worse than `first`' in text) == ('here 0.25' in text) == bool(bad)
    assert not bad or says in text


def test_a_foot_that_glides_slides_and_one_that_rolls_does_not():
    time = np.arange(60)[:, None] / 30.0
    glide = np.repeat(BODY.rest[None].astype(float), 60, axis=0)
    glide[..., 0] += 0.4 * time
    assert foot_slide(glide[None], 30.0, BODY) == pytest.approx(0.4, rel=1e-6)
    roll = np.repeat(BODY.rest[None].astype(float), 60, axis=0)
    for heel in ('LHeel', 'RHeel'):
        roll[:, BODY.index(heel), 0] += 0.1 * time[:, 0]
    assert foot_slide(roll[None], 30.0, BODY) == 0.0
