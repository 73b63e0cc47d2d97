# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Targets: when they are chosen, and which components the sampler is given to choose from."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import numpy as np
import pytest
from support import chi_square_p, one_hot, random_checkpoint, seeded, stepped
import torch
from torch import Tensor

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.generator import MotionGenerator
from emotion_motion.live.target import (
    COMPONENTS,
    limbs_of,
    Noise,
    pose_metric,
    ProposalInput,
    ProposalSettings,
    TargetChooser,
    TargetProposals,
)
from emotion_motion.live.watchdog import Release
from emotion_motion.model.network import StreamStep
from emotion_motion.sampling import sample_dynamic_emotion_individual
from emotion_motion.settings import SamplerConfig

EVERY, HORIZON = 10, 14
ROWS = 320  # streams that are all the same: 20 480 components


@pytest.fixture(scope='module')
def proposals(checkpoint: Checkpoint) -> TargetProposals:
    return TargetProposals(checkpoint.model, limbs_of(checkpoint.skeleton))


def seen_by(checkpoint: Checkpoint, streams: int, *, alike: bool = False) -> ProposalInput:
    """Return inputs of TargetProposals for random streams."""
    model, random, rows = checkpoint.model, seeded(3), 1 if alike else streams
    width = model.config.channels + model.config.emotions
    conditioned, without = torch.randn(2, rows, 1, width, generator=random)
    frame, moved = 0.05 * torch.randn(2, rows, model.config.outputs, generator=random)
    frame, logits = (part.expand(rows, -1) for part in (frame, frame + 0.1 * moved))
    one = (conditioned, without, model.in_axes(frame).unsqueeze(1), logits.unsqueeze(1), frame)
    if alike:
        one = tuple(part.expand(streams, *part.shape[1:]) for part in one)
    return ProposalInput(torch.cat(one[:2]), *one[2:])


def settings(
    streams: int,
    guidance: float = 0.0,
    individual: float = 0.0,
    gain: float = 1.0,
    radius: float = 0.0,
    temperature: float = 1.0,
) -> ProposalSettings:
    """Return settings of TargetProposals: components as the mixture has them."""
    each = (torch.full((streams, 1), value) for value in (guidance, gain, temperature))
    return ProposalSettings(torch.tensor(individual), torch.tensor(radius), *each)


# What is asked for


def components_of(
    checkpoint: Checkpoint, proposals: TargetProposals, **changes: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return which components were asked for [n], places [n, Z], and log pi with and without."""
    model, seen = checkpoint.model, seen_by(checkpoint, ROWS, alike=True)
    uniform, normal = proposals.noise(ROWS, seeded(4))
    still = Noise(uniform, torch.zeros_like(normal))
    mu, _, _, _ = proposals(seen, settings(ROWS, **changes), still)
    places = model.in_axes(mu).flatten(0, 2)
    features, here = seen[0], seen[1][:1]
    conditioned, without = (
        model.mdn(features[:1], here),
        model.mdn(features[ROWS : ROWS + 1], here),
    )
    anchors = torch.arange(model.config.anchors).view(1, 1, -1)
    means = model.mdn.components(conditioned, anchors)[0][0, 0]
    distance = torch.cdist(places, means)
    assert float(distance.amin(dim=1).max()) < 1e-3, 'without a spread a place is a mean'
    return distance.argmin(dim=1), conditioned.log_pi.flatten(), without.log_pi.flatten()


@pytest.mark.parametrize('guidance', [0.0, 1.0, 5.0])
@pytest.mark.parametrize('temperature', [1.0, 2.5])
def test_components_are_drawn_from_the_guided_mixture(
    checkpoint, proposals, guidance, temperature
):
    drawn, conditioned, without = components_of(
        checkpoint, proposals, guidance=guidance, temperature=temperature
    )
    expected = ((conditioned + guidance * (conditioned - without)) / temperature).softmax(dim=0)
    counts, likely = drawn.bincount(minlength=len(conditioned)), expected * len(drawn) >= 5.0
    assert int(counts[~likely].sum()) < 30
    assert chi_square_p(counts[likely], expected[likely] / expected[likely].sum()) > 1e-3
    if guidance == 0.0 and temperature == 1.0:  # the model's own
        torch.testing.assert_close(expected, conditioned.exp())


def test_a_place_is_drawn_from_its_component_s_gaussian(checkpoint, proposals):
    seen = seen_by(checkpoint, ROWS, alike=True)
    uniform, normal = proposals.noise(ROWS, seeded(4))
    for temperature in (1.0, 0.25):
        asked = settings(ROWS, temperature=temperature)
        mean, _, _, _ = proposals(seen, asked, Noise(uniform, torch.zeros_like(normal)))
        place, _, _, _ = proposals(seen, asked, Noise(uniform, normal))
        drawn = checkpoint.model.in_axes(place - mean).squeeze(1)
        chosen, _, _ = components_of(checkpoint, proposals, temperature=temperature)
        mixture = checkpoint.model.mdn(seen[0][:1], seen[1][:1])
        _, sigma = checkpoint.model.mdn.components(mixture, chosen.view(1, 1, -1))
        expected = normal * sigma.view(normal.shape) * temperature**0.5
        torch.testing.assert_close(drawn, expected, rtol=0.0, atol=1e-4)
    assert float(normal.std()) == pytest.approx(1.0, abs=0.01)


def test_the_gain_stretches_the_way_from_where_the_body_is(checkpoint, proposals):
    seen, noise = seen_by(checkpoint, 3), proposals.noise(3, seeded(5))
    here = seen[1].unsqueeze(2)
    way = {
        gain: checkpoint.model.in_axes(proposals(seen, settings(3, gain=gain), noise)[0]) - here
        for gain in (0.0, 1.0, 1.5)
    }
    torch.testing.assert_close(way[0.0], torch.zeros_like(way[0.0]), rtol=0.0, atol=1e-4)
    torch.testing.assert_close(way[1.5], 1.5 * way[1.0], rtol=0.0, atol=1e-4)


def test_sigma_is_the_components_own_in_frames(checkpoint, proposals):
    seen = seen_by(checkpoint, 2)
    uniform, normal = proposals.noise(2, seeded(5))
    mu, sigma, emotions, _ = proposals(seen, settings(2), Noise(uniform, normal))
    assert mu.shape == sigma.shape == (2, 1, COMPONENTS, 75)
    assert emotions.shape == (2, 1, COMPONENTS, 25, 7)
    mixture = checkpoint.model.mdn(seen[0][:2], seen[1])
    cumulated = mixture.log_pi.exp().cumsum(dim=-1).squeeze(1)
    for b in range(2):
        for n in (0, 17, 63):
            number = min(int((cumulated[b] <= uniform[b, n]).sum()), 5)
            _, around = checkpoint.model.mdn.components(mixture, torch.full((2, 1, 1), number))
            expected = (around[b, 0, 0].square() @ proposals.axes.square()).sqrt()
            torch.testing.assert_close(sigma[b, 0, n], expected)


# Drawn back


def apart(checkpoint: Checkpoint, one: Tensor, other: Tensor) -> float:
    """Return how far two poses in principal axes are apart, keypoint by keypoint."""
    points = ((one - other) @ checkpoint.model.axes()).view(25, 3)
    return float(points.square().sum(dim=-1).mean().sqrt())


def test_the_metric_is_a_root_mean_square_over_keypoints(checkpoint):
    metric = pose_metric(checkpoint.model)
    one, other = torch.randn(2, 10, generator=seeded())
    distance = float(((one - other) @ metric).norm())
    assert distance == pytest.approx(apart(checkpoint, one, other), rel=1e-4)


@pytest.mark.parametrize('radius', [0.5, 1.0, 3.0])
def test_poses_too_far_from_anchors_are_pulled_to_the_radius(radius):
    checkpoint = random_checkpoint()
    model = checkpoint.model
    model.mdn.radius.fill_(0.02)
    proposals = TargetProposals(model, limbs_of(checkpoint.skeleton))
    seen, noise = seen_by(checkpoint, 4), proposals.noise(4, seeded(6))
    free, _, _, none = proposals(seen, settings(4, radius=0.0), noise)
    kept, _, _, share = proposals(seen, settings(4, radius=radius), noise)
    assert not none.any()
    before, after = (model.in_axes(part).squeeze(1) for part in (free, kept))
    far = torch.zeros(4, COMPONENTS, dtype=torch.bool)
    for b in range(4):
        for n in range(COMPONENTS):
            distances = [apart(checkpoint, before[b, n], anchor) for anchor in model.mdn.anchors]
            least = min(distances)
            anchor = model.mdn.anchors[distances.index(least)]
            far[b, n] = least > radius * 0.02
            allowed = min(1.0, radius * 0.02 / least)  # of the way from the anchor
            expected = anchor + allowed * (before[b, n] - anchor)
            torch.testing.assert_close(after[b, n], expected, rtol=0.0, atol=2e-4)
    torch.testing.assert_close(share, far.float().mean(dim=1))
    assert 0.0 < float(share.mean()) <= 1.0, 'this test shall have something to draw back'
    if radius == 3.0:
        assert float(share.mean()) < 1.0, 'and something to leave alone'


# What they would show


def without_speed(values: Tensor, speed: Tensor) -> Tensor:
    """Return values [N] less their straight line over speed [N], by numpy's least squares."""
    slope = np.polyfit(speed.double().numpy(), values.double().numpy(), 1)[0]
    return values - float(slope) * (speed - speed.mean())


@pytest.mark.parametrize('individual', [0.0, 0.5, 3.0])
def test_emotions_are_the_body_s_and_what_a_limb_alone_would_add(
    checkpoint, proposals, individual
):
    model, limbs = checkpoint.model, limbs_of(checkpoint.skeleton)
    seen, noise = seen_by(checkpoint, 2), proposals.noise(2, seeded(7))
    mu, _, emotions, _ = proposals(seen, settings(2, individual=individual), noise)
    mu, emotions, frame = mu.squeeze(1), emotions.squeeze(1), seen[3]
    for b in range(2):
        before = frame[b]
        whole = model.shown(mu[b], before, HORIZON)
        speed = whole[:, 75:].mean(dim=1)
        stays = model.emotion_fc2(model.shown(before, before))
        for keypoint in (0, 4, 7, 8, 12, 20):
            expected = model.emotion_fc2(whole)
            if limbs[keypoint]:
                alone = before.repeat(COMPONENTS, 1)
                for j in range(25):
                    if limbs[j] == limbs[keypoint]:
                        alone[:, 3 * j : 3 * j + 3] = mu[b, :, 3 * j : 3 * j + 3]
                gained = model.emotion_fc2(model.shown(alone, before, HORIZON)) - stays
                expected = expected + individual * gained
            for emotion in range(7):
                torch.testing.assert_close(
                    emotions[b, :, keypoint, emotion],
                    without_speed(expected[:, emotion], speed),
                    rtol=0.0,
                    atol=1e-4,
                )


def test_head_and_arms_choose_alone_and_feet_with_the_trunk(checkpoint):
    limbs, body = limbs_of(checkpoint.skeleton), checkpoint.skeleton
    apart = (('Nose', 'LEar'), ('RElbow', 'RWrist'), ('LElbow', 'LWrist'))
    assert {limbs[body.index(name)] for part in apart for name in part} == {1, 2, 3}
    assert all(limbs[body.index(one)] == limbs[body.index(other)] for one, other in apart)
    together = ('Neck', 'RShoulder', 'MidHip', 'LHip', 'RKnee', 'LAnkle', 'LBigToe', 'RHeel')
    assert {limbs[body.index(name)] for name in together} == {0}
    assert set(limbs_of(dataclasses.replace(body, groups={}))) == {0}


# What the sampler is asked


class Recorder:
    """The published sampler, which keeps what it was given and what it drew."""

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[Tensor, ...], dict[str, Any], Tensor]] = []

    def __call__(self, *tensors: Tensor, **given: Any) -> Tensor:
        drawn = sample_dynamic_emotion_individual(*tensors, **given)
        self.calls.append((tensors, given, drawn))
        return drawn


def step_of(checkpoint: Checkpoint, streams: int) -> tuple[StreamStep, Tensor]:
    """Return a StreamStep of random streams, with the emotion and without, and their frame."""
    features, here, logits, frame = seen_by(checkpoint, streams)
    twice = [torch.cat((part, part)) for part in (logits, here)]
    nothing = torch.zeros(2 * streams, 1, 7)
    return StreamStep(twice[0], nothing, twice[0], features, twice[1]), frame


def test_a_sampler_of_the_published_signature_is_called_coupled(checkpoint):
    sampler, config = Recorder(), checkpoint.model.config
    chooser = TargetChooser(checkpoint, 2, sampler, traced=False)
    step, frame = step_of(checkpoint, 2)
    emotion = torch.eye(7)[[3, 4]]
    asked = SamplerConfig(k=1.5, emotion_weight=7.0, movement_weight=0.3, temperature=0.8)
    drawn = chooser(step, frame, emotion, asked, 5)
    ((tensors, given, made),) = sampler.calls
    assert torch.equal(drawn, made)
    inspect.signature(sample_dynamic_emotion_individual).bind(*tensors, **given)
    pi, sigma, mu, emotions, last = tensors
    assert torch.equal(pi, torch.full((2, 1, COMPONENTS), 1.0 / COMPONENTS))
    assert sigma.shape == mu.shape == (2, 1, COMPONENTS, config.outputs)
    assert emotions.shape == (2, 1, COMPONENTS, 25, 7)
    assert torch.equal(last, frame.unsqueeze(1))
    assert given['coupled'] is True and given['keypoint_dims'] == 3
    assert given['k'] == 1.5
    assert given['neutral_index'] == 4 and torch.equal(given['target'], emotion)
    assert given['expressive'].tolist() == [True, False]
    assert given['groups'].tolist() == list(limbs_of(checkpoint.skeleton))
    for name in ('emotion_weight', 'movement_weight', 'temperature', 'variance_div'):
        expected = getattr(asked, name)
        assert given[name].shape == (2, 1, 1, 1)
        assert given[name].flatten().tolist() == pytest.approx([expected, expected])
    # Movement and spread are measured in the way that a frame goes in `horizon` frames.
    axes, way = checkpoint.model.axes(), checkpoint.model.mdn.horizon_unit
    for o in (0, 40, 74):
        expected = sum(float(way[z] * axes[z, o]) ** 2 for z in range(10)) ** 0.5
        assert float(given['unit'][o]) == pytest.approx(expected, rel=1e-4)


def test_what_the_watchdog_releases_is_added(checkpoint):
    sampler = Recorder()
    chooser = TargetChooser(checkpoint, 2, sampler, traced=False)
    step, frame = step_of(checkpoint, 2)
    release = Release(
        np.array([0.0, 3.0]), np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([False, True])
    )
    asked = SamplerConfig(mixture_temperature=0.05, movement_weight=0.5, temperature=1.0)
    plain, freed = (
        chooser._drawn(step, frame, torch.eye(7)[[0, 0]], asked, 5, part)
        for part in (None, release)
    )
    torch.testing.assert_close(plain[0], freed[0])
    assert not torch.allclose(plain[1], freed[1])
    given = sampler.calls[1][1]
    assert given['movement_weight'].flatten().tolist() == pytest.approx([0.5, 3.5])
    assert given['temperature'].flatten().tolist() == pytest.approx([1.0, 2.0])
    assert given['variance_div'].flatten().tolist() == pytest.approx([16.0, 8.0])


def test_a_new_emotion_weighs_more_for_a_while(checkpoint):
    """Three times as much, falling evenly to once in a second and a half."""
    sampler = Recorder()
    generator = MotionGenerator(checkpoint, batch_size=2, seed=0, frame_sampler=sampler)
    generator.sampler = SamplerConfig(emotion_weight=2.0)
    for number in range(61):
        if number == 20:
            generator.set_emotion('joy', index=1)
        generator.step()
    weights = [given['emotion_weight'].flatten().tolist() for _, given, _ in sampler.calls]
    ages = [0, 10, 20, 30, 40]  # frames since the change at every call from the third on
    expected = [2.0 + 4.0 * max(0.0, 1.0 - age / 45.0) for age in ages]
    assert [one for one, _ in weights] == pytest.approx([2.0] * 7)
    assert [other for _, other in weights] == pytest.approx([2.0, 2.0, *expected], abs=1e-5)


def test_a_new_emotion_sends_the_body_farther(checkpoint):
    sampler = Recorder()
    chooser = TargetChooser(checkpoint, 1, sampler, traced=False)
    step, frame = step_of(checkpoint, 1)
    asked = SamplerConfig(guidance=0.0, pose_radius=0.0, target_gain=0.9)
    for emotion in ('sadness', 'happiness'):
        chooser(step, frame, torch.from_numpy(one_hot(emotion))[None], asked, 5)
    ways = [checkpoint.model.in_axes(call[0][2]) - step.pose[:1, None] for call in sampler.calls]
    torch.testing.assert_close(ways[1], (0.9 + 0.6) / 0.9 * ways[0], rtol=0.0, atol=1e-4)


def test_the_target_is_the_drawn_pose_on_the_body(checkpoint):
    sampler = Recorder()
    chooser = TargetChooser(checkpoint, 2, sampler, traced=False)
    step, frame = step_of(checkpoint, 2)
    drawn = chooser(step, frame, torch.eye(7)[[0, 1]], SamplerConfig(), 5)
    mean, model = torch.from_numpy(checkpoint.normaliser.mean), checkpoint.model
    body = checkpoint.skeleton.project((drawn + mean).numpy().reshape(2, 25, 3))
    place = model.in_axes(torch.from_numpy(body).flatten(1) - mean)
    torch.testing.assert_close(chooser.target.place[:, 0], place)
    torch.testing.assert_close(
        chooser.target.remaining, torch.full((2, 1, 1), 1.0 - 1.0 / HORIZON)
    )


# When


def targets(generator: MotionGenerator, steps: int) -> list[tuple[Tensor, Tensor]]:
    """Return place [B, Z] and left [B] that the frame after each step is conditioned on."""
    made = []
    for _ in range(steps):
        generator.step()
        place, left = generator._live_step.chooser.target
        made.append((place[:, 0].clone(), left[:, 0, 0].clone()))
    return made


def test_targets_are_due_every_few_frames_and_approach_between(checkpoint):
    sampler = Recorder()
    generator = MotionGenerator(checkpoint, batch_size=2, seed=0, frame_sampler=sampler)
    assert not generator._live_step.chooser.target.remaining.any(), 'it begins without one'
    made = targets(generator, 3 * EVERY)
    assert len(sampler.calls) == 3
    for number, (place, left) in enumerate(made):
        first = made[number // EVERY * EVERY][0]
        assert torch.equal(place, first)
        expected = 1.0 - (number % EVERY + 1) / HORIZON
        torch.testing.assert_close(left, torch.full((2,), expected))
    assert not torch.equal(made[0][0], made[EVERY][0])
    generator.reset()
    assert not generator._live_step.chooser.target.remaining.any()
    again = targets(generator, 1)
    assert torch.equal(again[0][0], made[0][0])


def test_a_new_emotion_draws_a_target_at_once_in_its_stream_only(checkpoint):
    sampler = Recorder()
    generator = MotionGenerator(checkpoint, batch_size=3, seed=0, frame_sampler=sampler)
    place, left = targets(generator, 4)[-1]
    generator.set_emotion('anger', index=1)
    after, fresh = targets(generator, 1)[0]
    assert len(sampler.calls) == 2
    for stream in (0, 2):
        assert torch.equal(after[stream], place[stream])
        assert float(fresh[stream]) == pytest.approx(float(left[stream]) - 1.0 / HORIZON)
    assert not torch.equal(after[1], place[1])
    assert float(fresh[1]) == pytest.approx(1.0 - 1.0 / HORIZON)
    # The others' turn comes when it would have come.
    made = targets(generator, EVERY)
    calls = [i for i, (p, _) in enumerate(made[1:], 1) if not torch.equal(p[0], made[i - 1][0][0])]
    assert calls == [EVERY - 5]


def test_fading_between_emotions_keeps_the_target(checkpoint):
    checkpoint = random_checkpoint(horizon=40, target_every=40)
    sampler = Recorder()
    generator = MotionGenerator(checkpoint, seed=0, frame_sampler=sampler)
    generator.set_emotion('anger')
    generator.step()
    for share in np.linspace(0.0, 1.0, 15):
        generator.set_emotion({'anger': 1.0 - share, 'fear': share})
        generator.step()
    assert len(sampler.calls) == 1


def test_a_target_that_is_passed_is_none(checkpoint):
    """Where the sampler chooses seldom, nothing is left of a target after its time."""
    checkpoint = random_checkpoint(horizon=3, target_every=3)
    generator = MotionGenerator(checkpoint, seed=0)
    left = [float(part[0]) for _, part in targets(generator, 6)]
    expected = [2 / 3, 1 / 3, 0.0, 2 / 3, 1 / 3, 0.0]
    assert left == pytest.approx(expected, abs=1e-6)


# Settings of a run


def test_the_share_that_was_drawn_back_is_reported(checkpoint):
    generator = MotionGenerator(random_checkpoint(), batch_size=2, seed=0)
    assert np.isnan(generator.drawn_back).all()
    generator.step()
    assert not generator.drawn_back.any(), 'this radius reaches every place'
    generator.checkpoint.model.mdn.radius.fill_(1e-3)
    narrow = MotionGenerator(generator.checkpoint, batch_size=2, seed=0)
    narrow.step()
    assert (narrow.drawn_back > 0.9).all()
    narrow.drawn_back.fill(7.0)
    assert (narrow.drawn_back <= 1.0).all()
    narrow.sampler = dataclasses.replace(narrow.sampler, pose_radius=0.0)
    narrow.set_emotion('anger')
    narrow.step()
    assert not narrow.drawn_back.any()


@pytest.mark.parametrize(
    'change',
    [
        {'guidance': 0.0},
        {'individual': 3.0},
        {'mixture_temperature': 3.0},
        {'target_gain': 0.5},
        {'pose_radius': 0.02},
        {'emotion_weight': 0.0},
        {'k': 10.0},
        {'movement_weight': 5.0},
        {'variance_div': 1.0},
        {'temperature': 0.1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_setting_moves_targets(checkpoint, change):
    drawn = []
    for sampler in (SamplerConfig(), SamplerConfig(**change)):
        generator = MotionGenerator(checkpoint, batch_size=8, seed=1)
        generator.sampler = sampler
        generator.set_emotion(np.concatenate((np.eye(7), one_hot('fear')[None])))
        drawn.append(targets(generator, 1)[0][0])
    assert not torch.equal(*drawn)


# The first published form


@pytest.mark.parametrize('batch_size', [1, 3])
def test_at_horizon_1_the_drawn_pose_is_the_next_frame(batch_size):
    checkpoint, sampler = random_checkpoint(horizon=1, target_every=1), Recorder()
    generator = MotionGenerator(checkpoint, batch_size=batch_size, seed=0, frame_sampler=sampler)
    generator.sampler = SamplerConfig(decay=0.0)
    generator.set_emotion('joy')
    limits = checkpoint.normaliser
    for step in range(30):
        generator.step()
        assert len(sampler.calls) == step + 1
        drawn = np.clip(sampler.calls[-1][2].numpy(), limits.low, limits.high) + limits.mean
        loose = drawn.reshape(batch_size, 25, 3)
        np.testing.assert_allclose(generator.unprojected, loose, atol=1e-5)
        assert not generator._live_step.chooser.target.remaining.any(), 'no target is given'
    assert np.isfinite(generator._frame.numpy()).all()


@pytest.mark.parametrize('decay', [0.0, 0.3])
def test_beyond_horizon_1_the_next_frame_is_the_network_s_output(checkpoint, decay):
    generator = MotionGenerator(checkpoint, batch_size=2, seed=0)
    generator.sampler = SamplerConfig(decay=decay)
    cache, limits, model = checkpoint.model.stream(2), checkpoint.normaliser, checkpoint.model
    for _ in range(2 * EVERY + 2):
        target = generator._live_step.chooser.target
        emotion = torch.from_numpy(generator.emotion)
        said = stepped(model, generator._frame, emotion, cache, target).logits[:, 0]
        said = torch.lerp(said, model.in_axes(said) @ model.axes(), decay)
        generator.step()
        bounded = np.clip(said.numpy(), limits.low, limits.high) + limits.mean
        np.testing.assert_allclose(generator.unprojected, bounded.reshape(2, 25, 3), atol=1e-4)
