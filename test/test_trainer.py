# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A tiny training run: it learns, repeats, and its checkpoint lives."""

from collections.abc import Callable
import dataclasses

import numpy as np
import pytest
from support import malformed, TINY
import torch

from emotion_motion.checkpoint import save_pretrained
from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.generator import MotionGenerator
from emotion_motion.model import MotionModelConfig
from emotion_motion.skeleton import load_skeleton
from emotion_motion.training.clip import Clip
from emotion_motion.training.losses import LossParts
from emotion_motion.training.trainer import normaliser_of, Trainer, TrainingConfig

BODY = load_skeleton()
SIZES = MotionModelConfig(**{**TINY, 'keypoints': 25, 'motion_channels': 24, 'window': 8})
CONFIG = TrainingConfig(steps=40, batch_size=6, length=12, learning_rate=4e-3, ema=0.8)


def swaying(emotion: int, frames: int = 150) -> Clip:
    """Return a body that sways, faster and wider the higher the number of its emotion."""
    time_s = np.arange(frames)[:, None, None] / 30.0
    phases = np.arange(75).reshape(25, 3)
    sway = 0.01 * (1 + emotion) * np.sin(2.0 * np.pi * 0.3 * (1 + emotion) * time_s + phases)
    emotions = np.tile(np.eye(7, dtype=np.float32)[emotion], (frames, 1))
    return Clip(BODY.project(BODY.rest + sway), emotions, 30.0, source='sway')


@pytest.fixture(scope='module')
def clips() -> list[Clip]:
    return [swaying(emotion) for emotion in (0, 3, 5)]


@pytest.fixture
def make(clips) -> Callable[..., Trainer]:
    """Return a maker of quiet trainers; keywords change CONFIG."""

    def made(**changes) -> Trainer:
        config = dataclasses.replace(CONFIG, **changes)
        return Trainer(clips, config, SIZES, report=lambda line: None)

    return made


def measured(trainer: Trainer) -> LossParts:
    """Return the loss on windows and noise that are always the same."""
    state = trainer._random.get_state()
    trainer._random.manual_seed(99)
    frames, emotions = trainer._data.sample(40, trainer._frames, trainer._random)
    with torch.no_grad():
        parts = trainer.loss(frames, emotions, 1.0)
    trainer._random.set_state(state)
    return parts


# The run


@pytest.mark.usefixtures('keep_global_random_state')
def test_training_lowers_every_part_of_the_loss_and_its_checkpoint_lives(make, tmp_path):
    trainer = make()
    before = measured(trainer)
    checkpoint = trainer.run()
    after = measured(trainer)
    for name in LossParts._fields:
        assert float(getattr(after, name)) < 0.9 * float(getattr(before, name)), name
    assert not checkpoint.model.training
    saved = save_pretrained(tmp_path / 'trained', checkpoint)
    generator = MotionGenerator.from_pretrained(saved, seed=0)
    generator.set_emotion('joy')
    frames = np.stack([generator.step().keypoints[0] for _ in range(30)])
    assert BODY.bone_error(frames / 1.7) * 1.7 < 1e-5
    assert generator.rate == 30.0
    assert np.abs(frames - BODY.rest * 1.7).max() < 1.0


def test_the_seed_decides_everything(make):
    def weights(seed: int) -> list[torch.Tensor]:
        return list(make(seed=seed, steps=4).run().model.state_dict().values())

    first, again, other = weights(0), weights(0), weights(1)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    # The principal components of the plan are the data's.
    same = [torch.equal(a, b) for a, b in zip(first, other, strict=True)]
    assert same.count(True) == 1


def test_the_checkpoint_says_where_it_comes_from(make, clips):
    trainer = make(steps=1)
    checkpoint = trainer.run()
    training = checkpoint.training
    assert training['config']['steps'] == 1 and training['clips'] == 3
    assert training['sources'] == ['sway'] and training['minutes'] == pytest.approx(0.25, abs=0.1)
    assert checkpoint.skeleton is trainer.skeleton and checkpoint.rate_hz == 30.0
    assert checkpoint.model.config == SIZES
    np.testing.assert_array_equal(checkpoint.model.unit, normaliser_of(clips).unit)
    np.testing.assert_array_equal(checkpoint.model.pose_std, normaliser_of(clips).pose_std)
    np.testing.assert_allclose(checkpoint.rest_pose, BODY.rest, atol=1e-6)


def test_progress_is_told_and_checkpoints_come_on_the_way(clips):
    lines, saved = [], []
    config = dataclasses.replace(CONFIG, steps=7)
    Trainer(clips, config, SIZES, report=lines.append).run(
        report_every=3, save=saved.append, save_every=4
    )
    assert [line.split()[1] for line in lines] == ['3/7', '6/7', '7/7']
    assert all('loss' in line and 'left' in line for line in lines)
    assert len(saved) == 1


def test_what_is_kept_is_the_running_average(make):
    trainer = make(steps=3, ema=0.9)
    average = {name: p.clone() for name, p in trainer.model.named_parameters()}
    for step in range(3):
        trainer.step(step / 3)
        trainer._update_average(step)
        decay = min(0.9, (1 + step) / (10 + step))
        for name, parameter in trainer.model.named_parameters():
            average[name] = decay * average[name] + (1.0 - decay) * parameter.detach()
    kept = trainer.checkpoint().model.state_dict()
    for name, expected in average.items():
        torch.testing.assert_close(kept[name], expected, rtol=1e-4, atol=1e-6)


def test_the_learning_rate_warms_up_and_falls(make):
    trainer, rates = make(), []
    for progress in (0.0, 0.015, 0.03, 0.5, 0.999):
        trainer.step(progress)
        rates.append(trainer._optimiser.param_groups[0]['lr'] / CONFIG.learning_rate)
    assert rates[0] < rates[1] < rates[2] == pytest.approx(1.0)
    assert 1.0 > rates[3] > rates[4] > 0.009 and rates[4] < 0.02


def test_a_loss_that_is_not_finite_ends_the_run_by_name(make, monkeypatch):
    trainer = make(steps=5)
    nothing = torch.tensor(float('nan'), requires_grad=True)
    monkeypatch.setattr(trainer, 'loss', lambda *_: LossParts(*[nothing] * len(LossParts._fields)))
    with pytest.raises(TrainingError, match='step 0'):
        trainer.run()


# Noise and conditions


def test_noised_inputs_and_targets_are_bodies(make, clips):
    trainer = make(drift=(1.0, 2.0), white=(0.3, 0.5))
    frames, _ = trainer._data.sample(8, 13, trainer._random)
    inputs, target = trainer._noised(frames)
    assert inputs.shape == target.shape == (8, 12, 75)
    mean = torch.from_numpy(normaliser_of(clips).mean)
    for part, clean in ((inputs, frames[:, :-1]), (target, frames[:, 1:])):
        bodies = (part + mean).unflatten(-1, (25, 3))
        assert BODY.bone_error(bodies) * 1.7 < 1e-5
        # And they are off the path.
        assert float((part + mean - clean).abs().mean()) > 1e-4


def test_noise_is_a_slow_drift_of_which_the_target_keeps_its_share(make):
    """At the root, which no bone moves: inputs are off by n(t), targets by 0.9 n(t)."""
    trainer = make(drift=(1.0, 1.0), white=(1e-6, 1e-6), drift_memory=0.9)
    frames, _ = trainer._data.sample(400, 31, trainer._random)
    inputs, target = trainer._noised(frames)
    root = slice(3 * BODY.root, 3 * BODY.root + 3)
    unit, mean = trainer.model.unit[root], trainer._mean[root]
    drift = (inputs[..., root] + mean - frames[:, :-1, root]) / unit
    kept = (target[..., root] + mean - frames[:, 1:, root]) / unit
    torch.testing.assert_close(kept, 0.9 * drift, rtol=0.0, atol=1e-2)
    # An AR(1) process with a standard deviation of 1 at every frame.
    torch.testing.assert_close(drift.std(dim=(0, 2)), torch.ones(30), rtol=0.0, atol=0.15)
    for lag in (1, 3):
        product = (drift[:, lag:] * drift[:, :-lag]).mean()
        assert float(product) == pytest.approx(0.9**lag, abs=0.06)


def test_white_noise_is_to_be_undone_at_once(make):
    trainer = make(drift=(1e-6, 1e-6), white=(0.5, 0.5))
    frames, _ = trainer._data.sample(200, 13, trainer._random)
    inputs, target = trainer._noised(frames)
    root = slice(3 * BODY.root, 3 * BODY.root + 3)
    unit, mean = trainer.model.unit[root], trainer._mean[root]
    white = (inputs[..., root] + mean - frames[:, :-1, root]) / unit
    assert float(white.std()) == pytest.approx(0.5, rel=0.05)
    assert abs(float((white[:, 1:] * white[:, :-1]).mean())) < 0.01
    torch.testing.assert_close(target[..., root] + mean, frames[:, 1:, root], rtol=0, atol=1e-5)


def test_conditions_are_dropped_and_exchanged_as_often_as_configured(make):
    trainer = make(drop_emotion=0.2, wrong_emotion=0.3)
    labels = torch.rand(4000, 3, 7) + 0.1
    condition, right = trainer._condition(labels)
    dropped = (condition == 0.0).flatten(1).all(dim=1)
    own = (condition == labels).flatten(1).all(dim=1)
    assert float(dropped.float().mean()) == pytest.approx(0.2, abs=0.03)
    assert float((~dropped & ~own).float().mean()) == pytest.approx(0.3, abs=0.03)
    # Wrong ones are another window's, and are told apart from the dropped.
    assert torch.equal(right.bool(), dropped | own)
    others = condition[~right.bool()]
    assert all(bool((labels == other).flatten(1).all(dim=1).any()) for other in others[:50])


def test_the_condition_is_the_emotion_of_the_frame_to_come(make, monkeypatch):
    trainer = make(drop_emotion=0.0, wrong_emotion=0.0)
    frames, _ = trainer._data.sample(2, trainer._frames, trainer._random)
    emotions = torch.rand(2, trainer._frames, 7)
    seen = []
    forward = trainer.model.forward_with_plan
    monkeypatch.setattr(
        trainer.model, 'forward_with_plan', lambda *args: seen.append(args) or forward(*args)
    )
    trainer.loss(frames, emotions, 1.0)
    assert torch.equal(seen[0][1], emotions[:, 1 : CONFIG.length + 1])


def test_plans_are_of_the_clean_motion_in_model_space(make, monkeypatch):
    monkeypatch.setattr('emotion_motion.training.plans._LOOSE', 0.0)
    monkeypatch.setattr('emotion_motion.training.plans._NO_PLAN', 0.0)
    trainer = make()
    frames, emotions = trainer._data.sample(3, trainer._frames, trainer._random)
    seen = []
    forward = trainer.model.forward_with_plan
    monkeypatch.setattr(
        trainer.model, 'forward_with_plan', lambda *args: seen.append(args) or forward(*args)
    )
    trainer.loss(frames, emotions, 1.0)
    plan = seen[0][2]
    places = trainer.model.plan_place(frames - trainer._mean)  # [B, T + 1 + horizon, Z]
    ahead = trainer.model.config.plan_horizon
    for t in range(CONFIG.length):
        due = t + (plan.left[:, t, 0] * ahead).round().long()
        torch.testing.assert_close(plan.target[:, t], places[torch.arange(3), due])


# The data


def test_normaliser_is_measured(clips):
    normaliser = normaliser_of(clips)
    parts = [clip.keypoints.reshape(len(clip), 75) for clip in clips]
    frames = np.concatenate(parts)
    steps = np.concatenate([np.diff(part, axis=0) for part in parts])
    np.testing.assert_allclose(normaliser.mean, frames.mean(axis=0), atol=1e-6)
    for found, part in ((normaliser.pose_std, frames), (normaliser.unit, steps)):
        spread = part.astype(np.float64).std(axis=0)
        floor = 0.1 * np.sqrt(np.mean(spread**2))
        np.testing.assert_allclose(found, np.maximum(spread, floor), rtol=1e-4)
    space = frames - normaliser.mean
    for end, margin in (
        (space.min(axis=0), space.min(axis=0) - normaliser.low),
        (space.max(axis=0), normaliser.high - space.max(axis=0)),
    ):
        assert (margin > 0.0).all() and (margin < 0.1).all(), end


def test_a_coordinate_that_stands_still_has_a_unit():
    clip = swaying(3)
    clip.keypoints[:, BODY.index('LHeel')] = 0.1
    normaliser = normaliser_of([clip])
    assert (normaliser.unit > 0.0).all() and (normaliser.pose_std > 0.0).all()


def test_clips_that_cannot_be_trained_on_are_refused(clips):
    with pytest.raises(TrainingError, match='no clips'):
        normaliser_of([])
    with pytest.raises(TrainingError):
        Trainer([], CONFIG, SIZES)
    with pytest.raises(TrainingError, match='26 frames'):
        Trainer([swaying(0, frames=CONFIG.length + SIZES.plan_horizon)], CONFIG, SIZES)
    Trainer([swaying(0, frames=CONFIG.length + SIZES.plan_horizon + 1)], CONFIG, SIZES).step(0.0)
    other_rate = dataclasses.replace(clips[0], rate_hz=25.0)
    with pytest.raises(TrainingError, match='25'):
        Trainer([*clips, other_rate], CONFIG, SIZES)
    still = Clip(np.repeat(BODY.rest[None], 50, axis=0), np.tile(np.eye(7)[4], (50, 1)), 30.0)
    with pytest.raises(TrainingError, match='move'):
        Trainer([still], CONFIG, SIZES)


@pytest.mark.parametrize('case', malformed('training_config'))
def test_bad_setting_is_refused_by_name(case):
    with pytest.raises(ConfigError) as error:
        TrainingConfig(**case['value'])
    assert case['says'] in str(error.value)
