# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A model goes on from motion that it is shown, and is held against how that motion went on."""

import sys

import numpy as np
import pytest
from training_support import config_of, stored

from emotion_motion.checkpoint import from_pretrained
from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.generator import MotionGenerator
from emotion_motion.training.continued import continue_held_out, held_out_clips, main
from emotion_motion.training.store import MotionDataset
from emotion_motion.training.train_command import train


def test_a_stream_goes_on_from_its_own_past_as_if_nothing_had_happened(packaged_model):
    """Up to the plan, which a primed stream draws anew."""
    generator = MotionGenerator.from_pretrained(packaged_model, batch_size=3, seed=3)
    generator.set_emotion('happiness')
    past = np.stack([generator.step().keypoints for _ in range(120)], axis=1)
    other = MotionGenerator.from_pretrained(packaged_model, batch_size=3, seed=9)
    other.set_emotion('happiness')
    other.prime(past)
    first = other.step().keypoints
    assert np.linalg.norm(first - past[:, -1], axis=-1).max() < 0.1
    assert np.linalg.norm(first - past[:, 0], axis=-1).max() > 0.2


@pytest.mark.parametrize('shape', [(2, 5, 25, 3), (3, 25, 3), (3, 0, 25, 3), (3, 5, 24, 3)])
def test_motion_of_another_shape_or_without_end_is_refused(packaged_model, shape):
    generator = MotionGenerator.from_pretrained(packaged_model, batch_size=3, seed=3)
    before = generator.step().keypoints
    with pytest.raises(ConfigError, match='shape'):
        generator.prime(np.zeros(shape))
    with pytest.raises(ConfigError, match='finite'):
        generator.prime(np.full((3, 2, 25, 3), np.nan))
    assert np.abs(generator.step().keypoints - before).max() < 0.1, 'a refusal changes nothing'


def test_held_out_clips_are_cut_into_past_and_what_followed(tmp_path):
    data = stored(tmp_path / 'set')
    clips = held_out_clips([data], seconds=2.0)
    assert clips.names == ['held out'] and clips.past.shape[1] == 30
    whole = data.frames(3)[0]
    np.testing.assert_array_equal(clips.past[0], whole[:30])
    np.testing.assert_array_equal(clips.real[0], whole[30:90])
    with pytest.raises(TrainingError, match='no held-out clip of 7 s'):
        held_out_clips([data], seconds=6.0)


def test_a_run_is_drawn_and_measured(tmp_path, monkeypatch, capsys):
    data = stored(tmp_path / 'set').path
    train(tmp_path / 'run', config_of(data=(str(data),)))
    for more in ([], ['--last']):
        out = tmp_path / f'picture{len(more)}.png'
        line = ['continued', str(tmp_path / 'run'), '--seconds', '1', '--out', str(out), *more]
        monkeypatch.setattr(sys, 'argv', line)
        main()
        assert out.stat().st_size > 1000
        printed = capsys.readouterr().out
        assert 'held out: ' in printed and '1 clips: median of the ratios' in printed
    checkpoint = from_pretrained(tmp_path / 'run' / 'best')
    clips = held_out_clips([MotionDataset.open(data)], seconds=1.0)
    made = continue_held_out(checkpoint, clips, seed=1)
    assert made.shape == clips.real.shape and np.isfinite(made).all()
