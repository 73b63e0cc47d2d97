# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A tiny training: it learns, repeats, follows a clip, and stops when it goes wrong."""

from collections.abc import Callable
import dataclasses

import numpy as np
import pytest
import torch
from training_support import BODY, config_of, flattened, SIZES, swaying

from emotion_motion.checkpoint import Normaliser, save_pretrained
from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.generator import MotionGenerator
from emotion_motion.io.clip import Clip
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.objective import LossGuard, LossParts
from emotion_motion.training.statistics import measure
from emotion_motion.training.trainer import average_decay, make_accelerator, rate_share, Trainer


@pytest.fixture(scope='module')
def data() -> MotionDataset:
    clips = [swaying(emotion) for emotion in (0, 3, 5)] + [swaying(3, source='held out')]
    return MotionDataset.from_clips(clips, splits=['train'] * 3 + ['val'])


@pytest.fixture
def make(data) -> Callable[..., Trainer]:
    """Return a maker of trainers; keywords are settings."""
    return lambda **changes: Trainer(data, config_of(**changes))


def run(trainer: Trainer, steps: int | None = None) -> list[dict[str, float]]:
    """Take the steps that are left, or some of them; returns what each gave."""
    batches, values = trainer.batches(), []
    while trainer.done < trainer.config.run.steps and len(values) != steps:
        values.append(trainer.step(next(batches))[0])
    return values


# The run


@pytest.mark.usefixtures('keep_global_random_state')
@pytest.mark.parametrize(
    'form', [{}, pytest.param({'horizon': 1, 'target_every': 1}, marks=pytest.mark.soak)]
)
def test_training_lowers_every_part_of_the_loss_and_lives(make, tmp_path, form):
    """At horizon 1 the mixture is over the next frame, and that is drawn from it."""
    trainer = make(steps=60, batch_size=6, **form)
    before = trainer.validate()
    run(trainer)
    after = trainer.validate()
    for name in LossParts._fields:
        assert after[name] < 0.9 * before[name], name
    checkpoint = trainer.checkpoint()
    assert not checkpoint.model.training
    saved = save_pretrained(tmp_path / 'trained', checkpoint)
    generator = MotionGenerator.from_pretrained(saved, seed=0)
    generator.set_emotion('joy')
    frames = np.stack([generator.step().keypoints[0] for _ in range(60)])
    assert generator.rate == 30.0 and BODY.bone_error(frames / 1.7) * 1.7 < 1e-5
    assert np.abs(frames - BODY.rest * 1.7).max() < 1.0
    assert (np.diff(frames, axis=0) != 0.0).any(axis=(1, 2)).all()


def test_the_seed_decides_everything(make):
    def weights(seed: int) -> list[torch.Tensor]:
        trainer = make(seed=seed, steps=4)
        run(trainer)
        return list(trainer.checkpoint().model.state_dict().values())

    first, again, other = weights(0), weights(0), weights(1)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    # The principal axes are the data's.
    assert [torch.equal(a, b) for a, b in zip(first, other, strict=True)].count(True) == 1


def test_windows_from_another_process_are_the_same(make):
    here, there = make(workers=0, steps=3), make(workers=2, steps=3)
    assert run(here) == run(there)


def test_half_precision_learns_the_same_within_a_few_percent(make):
    exact, half = (run(make(steps=8, mixed_precision=name)) for name in ('no', 'bf16'))
    for one, two in zip(exact, half, strict=True):
        assert two['total'] == pytest.approx(one['total'], rel=0.05)
    assert exact[0]['total'] != half[0]['total'], 'it ran in full precision'
    assert run(make(steps=1))[0] == exact[0], 'half precision stayed on'


@pytest.mark.parametrize(
    'change',
    [
        *({name: False} for name in ('noise', 'project', 'chain', 'balance')),
        *({name: 0.7} for name in ('mse_weight', 'emotion_weight', 'wander_memory')),
        *({name: 0.7} for name in ('drop_emotion', 'decoys', 'forget', 'untold', 'loose')),
        {'rollout': 2, 'rollout_after': 0.0},
        {'wander': (1e-6, 1e-6)},
        {'warp': (0.8, 1.2)},
        {'horizon': 5, 'target_every': 3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_choice_is_a_switch_that_changes_the_training(make, change):
    plain, changed = (run(make(steps=3, **settings)) for settings in ({}, change))
    assert all(np.isfinite(list(values.values())).all() for values in changed)
    assert plain[-1]['total'] != changed[-1]['total']


def test_the_checkpoint_says_where_it_comes_from(make, data):
    trainer = make(steps=1)
    run(trainer)
    checkpoint = trainer.checkpoint()
    training = checkpoint.training
    assert training['config']['run']['steps'] == training['steps'] == 1
    assert training['clips'] == 3 and training['sources'] == ['sway 0', 'sway 3', 'sway 5']
    assert training['licence'] == 'Apache-2.0'
    assert checkpoint.skeleton is trainer.skeleton and checkpoint.rate_hz == 30.0
    assert checkpoint.model.config == SIZES
    normaliser, _ = measure([data], trainer.config)
    np.testing.assert_array_equal(checkpoint.model.unit, normaliser.unit)
    np.testing.assert_array_equal(checkpoint.model.pose_std, normaliser.pose_std)
    np.testing.assert_allclose(checkpoint.rest_pose, BODY.rest, atol=1e-6)


def test_a_training_can_begin_with_a_model(make, data):
    before = make(steps=2, layers=1)
    run(before)
    start = dataclasses.replace(before.checkpoint(), name='before')
    trainer = Trainer(data, config_of(), start=start)
    assert trainer.config.model == start.model.config
    for name, part in trainer.checkpoint().model.state_dict().items():
        assert torch.equal(part, start.model.state_dict()[name])
    assert trainer.checkpoint().training['start'] == 'before'
    other = MotionDataset.from_clips([flattened(swaying(0))])
    with pytest.raises(TrainingError, match='in 3D to begin with; the data has 25 in 2D'):
        Trainer(other, config_of(), start=start)


def test_what_is_kept_is_the_running_average(make):
    trainer = make(steps=3, ema=0.9)
    average = {name: part.clone() for name, part in trainer.model.named_parameters()}
    batches = trainer.batches()
    for step in range(3):
        trainer.step(next(batches))
        decay = min(0.9, (1 + step) / (10 + step))
        for name, parameter in trainer.model.named_parameters():
            average[name] = decay * average[name] + (1.0 - decay) * parameter.detach()
    kept = trainer.checkpoint().model.state_dict()
    for name, expected in average.items():
        torch.testing.assert_close(kept[name], expected, rtol=1e-4, atol=1e-6)


def test_the_learning_rate_warms_up_and_falls():
    config = config_of().optimiser
    rates = [rate_share(config, progress) for progress in (0.0, 0.015, 0.03, 0.5, 0.999)]
    assert rates[0] < rates[1] < rates[2] == pytest.approx(1.0)
    assert 1.0 > rates[3] > rates[4] > 0.009 and rates[4] < 0.02
    assert average_decay(config, 0) == 0.1 and average_decay(config, 10**6) == config.ema


# Going wrong


def spoilt(trainer: Trainer, monkeypatch, factor: float) -> None:
    """Make the loss of window 1 of every batch something else."""
    forward = trainer._objective.forward

    def other(*arguments):
        parts = forward(*arguments)
        weights = torch.ones_like(parts.total)
        weights[1] = factor
        return LossParts(parts.total * weights, *parts[1:])

    monkeypatch.setattr(trainer._objective, 'forward', other)


@pytest.mark.parametrize('factor', [float('nan'), float('inf')])
def test_a_loss_that_is_not_finite_leaves_the_weights(make, monkeypatch, factor):
    trainer = make(steps=5, switch=0.0, cut=0.0)
    batches = trainer.batches()
    trainer.step(next(batches))
    weights = [part.clone() for part in trainer.model.parameters()]
    spoilt(trainer, monkeypatch, factor)
    source = trainer.sampler.window(1, 1).sources[0]
    with pytest.raises(TrainingError) as error:
        trainer.step(next(batches))
    text = str(error.value)
    assert 'at step 1' in text and f'without a finite loss come from {source}.' in text
    assert all(torch.equal(a, b) for a, b in zip(weights, trainer.model.parameters(), strict=True))


def test_a_loss_that_explodes_stops_and_names_the_worst_windows(make, monkeypatch):
    trainer = make(steps=40)
    batches = trainer.batches()
    for _ in range(25):
        trainer.step(next(batches))
    spoilt(trainer, monkeypatch, 1e5)
    with pytest.raises(TrainingError, match=r'at step 25; its worst windows come from .*sway'):
        trainer.step(next(batches))


def test_the_guard_knows_an_explosion_from_a_hard_batch():
    guard = LossGuard(explode=10.0)
    assert not guard.complaint(1e9, 1.0), 'nothing to compare with yet'
    for loss in np.linspace(5.0, -3.0, 60):
        assert not guard.complaint(float(loss), 1.0)
    assert not guard.complaint(8.0, 1.0)
    assert 'running median' in guard.complaint(80.0, 1.0)
    assert 'gradient' in guard.complaint(0.0, float('nan'))
    assert not guard.complaint(0.0, 1e6), 'a large gradient is clipped'


def test_data_that_cannot_be_trained_on_is_refused(data):
    with pytest.raises(TrainingError, match='no data set'):
        Trainer([], config_of())
    fast = MotionDataset.from_clips([dataclasses.replace(swaying(0), rate_hz=25.0)])
    with pytest.raises(TrainingError, match='25 Hz'):
        Trainer([data, fast], config_of())
    still = swaying(4, 50, keypoints=np.repeat(BODY.rest[None], 50, axis=0))
    with pytest.raises(TrainingError, match='move'):
        Trainer(MotionDataset.from_clips([still]), config_of())


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(ConfigError, match='no GPU'):
        make_accelerator(config_of(device='cuda').run)


# What is measured of the data


def normaliser_of(clip: Clip) -> Normaliser:
    return measure([MotionDataset.from_clips([clip])], config_of())[0]


def test_normaliser_is_measured(data):
    normaliser, basis = measure([data], config_of())
    parts = [data.frames(i)[0].reshape(-1, 75) for i in range(3)]
    frames = np.concatenate(parts)
    steps = np.concatenate([np.diff(part, axis=0) for part in parts])
    np.testing.assert_allclose(normaliser.mean, frames.mean(axis=0), atol=1e-6)
    for measured, part in ((normaliser.pose_std, frames), (normaliser.unit, steps)):
        spread = part.astype(np.float64).std(axis=0)
        floor = 0.1 * np.sqrt(np.mean(spread**2))
        np.testing.assert_allclose(measured, np.maximum(spread, floor), rtol=1e-3)
    space = frames - normaliser.mean
    for end, margin in (
        (space.min(axis=0), space.min(axis=0) - normaliser.low),
        (space.max(axis=0), normaliser.high - space.max(axis=0)),
    ):
        assert (margin > 0.0).all() and (margin < 0.1).all(), end
    assert basis.shape == (SIZES.pose_axes, 75)


def test_a_sample_of_many_frames_gives_nearly_the_same(data, monkeypatch):
    whole, _ = measure([data], config_of())
    monkeypatch.setattr('emotion_motion.training.statistics._MOST_FRAMES', 300)
    monkeypatch.setattr('emotion_motion.training.statistics._SLICE', 20)
    sample, _ = measure([data], config_of())
    np.testing.assert_allclose(sample.mean, whole.mean, atol=0.01)
    np.testing.assert_allclose(sample.unit, whole.unit, rtol=0.4)
    assert not np.array_equal(sample.mean, whole.mean)


def test_data_sets_weigh_by_their_shares_or_their_length(data):
    far = MotionDataset.from_clips(
        [swaying(3, 50, keypoints=swaying(3, 50).keypoints + np.float32(1.0))]
    )
    one, other = (measure([part], config_of())[0].mean for part in (data, far))
    even = measure([data, far], config_of(data=('a', 'b'), shares=(1.0, 1.0)))[0].mean
    np.testing.assert_allclose(even, (one + other) / 2.0, atol=1e-5)
    long = measure([data, far], config_of(data=('a', 'b')))[0].mean
    np.testing.assert_allclose(long, 0.9 * one + 0.1 * other, atol=1e-5)


def test_what_was_not_measured_does_not_count():
    hidden = [BODY.index('LHeel'), BODY.index('LBigToe')]
    confidence = np.ones((150, 25))
    confidence[::2, hidden] = 0.0
    wild = swaying(3).keypoints.copy()
    wild[::2, hidden] += 5.0
    clip = swaying(3, keypoints=wild, confidence=confidence)
    noisy, clean = normaliser_of(clip), normaliser_of(swaying(3))
    heel = slice(3 * hidden[0], 3 * hidden[0] + 3)
    np.testing.assert_allclose(noisy.mean[heel], clean.mean[heel], atol=0.01)
    assert (noisy.pose_std[heel] < 0.2).all()
    never = np.ones((150, 25))
    never[:, hidden] = 0.0
    built = normaliser_of(swaying(3, confidence=never))
    np.testing.assert_allclose(built.mean[heel], clean.mean[heel], atol=1e-5)
