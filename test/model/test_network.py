# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The network: causal, with a bounded memory, streaming as whole, an honest emotion head."""

import math

from hypothesis import given, strategies as st
import pytest
from support import malformed, random_inputs, random_model, seeded, stepped, TINY
import torch

from emotion_motion.exceptions import ConfigError, ModelError
from emotion_motion.model import MotionModel, MotionModelConfig
from emotion_motion.model.cache import StreamCache
from emotion_motion.model.mixture import Target
from emotion_motion.model.network import MotionOutput

PERIOD = 4096  # frames after which rotary positions are re-based
VARIANTS = [
    {},
    {'keypoint_dims': 1, 'layers': 1, 'heads': 1},
    {'window': 1, 'anchors': 1},
    {'horizon': 1, 'target_every': 1},
]


def same(one: MotionOutput, other: MotionOutput, part: object) -> dict[str, bool]:
    """Return for each of the five outputs whether `part` is bit for bit the same."""
    return {
        name: torch.equal(getattr(one, name)[part], getattr(other, name)[part])
        for name in MotionOutput._fields
    }


def assert_close(one: MotionOutput, other: MotionOutput, tolerance: float) -> None:
    for name in MotionOutput._fields:
        torch.testing.assert_close(
            getattr(one, name),
            getattr(other, name),
            rtol=0.0,
            atol=tolerance,
            msg=lambda text, name=name: f'{name}: {text}',
        )


def every(model: MotionModel, batch: int, length: int) -> torch.Tensor:
    """Return all components, [B, T, G]: the most probable may be others in the last bit."""
    return torch.arange(model.config.anchors).expand(batch, length, -1)


def random_target(model: MotionModel, batch: int, length: int) -> Target:
    random = seeded(2)
    place = torch.randn(batch, length, model.config.pose_axes, generator=random)
    return Target(place, torch.rand(batch, length, 1, generator=random) + 0.1)


def receptive_field(model: MotionModel) -> int:
    """Return the number of last frames that an output can depend on.

    Each block and the pooling reach W - 1 frames back, a change of displacement two more.
    """
    return (model.config.layers + 1) * (model.config.window - 1) + 3


@torch.inference_mode()
def streamed(
    model: MotionModel,
    frames: torch.Tensor,
    emotions: torch.Tensor,
    cache: StreamCache,
    target: Target | None = None,
) -> MotionOutput:
    """Step through frames [B, T, O] and join the outputs along time."""
    asked, steps = every(model, len(frames), 1), []
    for t in range(frames.shape[1]):
        now = target and Target(*(part[:, t : t + 1] for part in target))
        steps.append(stepped(model, frames[:, t], emotions[:, t], cache, now, asked))
    return MotionOutput(*(torch.cat(part, dim=1) for part in zip(*steps, strict=True)))


# The outputs


@pytest.mark.parametrize('sizes', VARIANTS)
def test_shapes_are_the_contract_s(sizes):
    model = random_model(**sizes)
    c = model.config
    frames, emotions = random_inputs(model, 2, 6)
    output = model(frames, emotions, components=every(model, 2, 6))
    assert output.pi.shape == (2, 6, c.anchors)
    assert output.sigma.shape == output.mu.shape == (2, 6, c.anchors, c.outputs)
    assert output.logits.shape == (2, 6, c.outputs)
    assert output.emotion_logits.shape == (2, 6, 7)
    torch.testing.assert_close(output.pi.sum(dim=2), torch.ones(2, 6))
    assert bool((output.pi >= 0.0).all()) and bool((output.sigma > 0.0).all())


def test_by_default_the_four_likeliest_components_are_returned():
    model = random_model()
    frames, emotions = random_inputs(model, 2, 6)
    output = model(frames, emotions)
    best = output.pi.argsort(dim=-1, descending=True)[..., :4]
    asked = model(frames, emotions, components=best)
    assert torch.equal(output.mu, asked.mu) and torch.equal(output.sigma, asked.sigma)
    assert random_model(anchors=2)(frames, emotions).mu.shape == (2, 6, 2, 12)


def test_one_emotion_a_sequence_is_that_emotion_at_every_frame():
    model = random_model()
    frames, emotions = random_inputs(model, 3, 7)
    expanded = emotions[:, :1].expand(-1, 7, -1)
    assert_close(model(frames, emotions[:, 0]), model(frames, expanded), 0.0)


def test_displacements_are_in_units():
    model, doubled = random_model(), random_model()
    # All of a frame's inputs scaled with the unit: the same features, twice the displacement.
    doubled.unit.mul_(2.0)
    doubled.pose_std.mul_(2.0)
    frames, emotions = random_inputs(model, 2, 6)
    output, larger = model(frames, emotions), doubled(2.0 * frames, emotions)
    torch.testing.assert_close(larger.logits, 2.0 * output.logits)
    torch.testing.assert_close(larger.mu, 2.0 * output.mu)
    torch.testing.assert_close(larger.sigma, 2.0 * output.sigma)
    torch.testing.assert_close(larger.emotion_logits, output.emotion_logits)


def test_a_fall_off_the_body_does_not_drown_the_rest():
    """Displacements are seen up to a bound: a hundred units look like ten thousand."""
    model = random_model()
    model.pose_std.fill_(1e9)  # so that only displacements are seen
    frames, emotions = random_inputs(model, 1, 6)
    outputs = []
    for units in (1e2, 1e4):
        far = frames.clone()
        far[:, 3:] += units * model.unit
        outputs.append((model(far, emotions), far))
    (near, one), (farther, other) = outputs
    torch.testing.assert_close(near.pi, farther.pi, rtol=0.0, atol=1e-3)
    torch.testing.assert_close(near.logits - one, farther.logits - other, rtol=0.0, atol=1e-2)


def test_motion_goes_on_where_the_network_says_nothing():
    model = random_model()
    for layer in (model.displacement, model.gates):
        layer.weight.zero_()
        layer.bias.zero_()
    frames, emotions = random_inputs(model, 2, 6)
    frames = 0.3 * frames
    moved = torch.diff(frames, dim=1, prepend=frames[:, :1])
    expected = frames + torch.sigmoid(torch.tensor(2.0)) * moved
    torch.testing.assert_close(model(frames, emotions).logits, expected)


@pytest.mark.parametrize(
    ('frames', 'emotions'),
    [
        ((2, 6, 11), (2, 7)),
        ((2, 12), (2, 7)),
        ((2, 0, 12), (2, 7)),
        ((2, 6, 12), (2, 6)),
        ((2, 6, 12), (3, 7)),
        ((2, 6, 12), (2, 5, 7)),
        ((2, 6, 12), (7,)),
    ],
)
def test_wrong_shapes_are_named(frames, emotions):
    model = random_model()
    with pytest.raises(ModelError) as error:
        model(torch.zeros(frames), torch.zeros(emotions))
    assert str(frames) in str(error.value) or str(emotions) in str(error.value)


# Causality and memory


@pytest.mark.parametrize('sizes', VARIANTS)
@pytest.mark.parametrize('what', ['frames', 'emotions'])
def test_the_future_changes_nothing(sizes, what):
    model = random_model(**sizes)
    frames, emotions = random_inputs(model, 2, 12)
    before = model(frames, emotions)
    for t in range(11):
        other = {'frames': frames.clone(), 'emotions': emotions.clone()}
        other[what][:, t + 1 :] += 1.0 + other[what][:, t + 1 :].flip(-1)
        after = model(**other)
        past = (slice(None), slice(0, t + 1))
        assert all(same(before, after, past).values()), f'{what} {t + 1} shows at or before {t}'
        # And the change is one that can be seen, where the variant has a way to show it.
        seen = same(before, after, (slice(None), t + 1))
        assert not seen['logits'] and not seen['emotion_logits'] and not seen['sigma']


@pytest.mark.parametrize('sizes', [{}, {'layers': 1, 'window': 3}, {'window': 1}])
def test_a_frame_outside_the_receptive_field_changes_nothing(sizes):
    model = random_model(**sizes)
    field = receptive_field(model)
    length = field + 5
    frames, emotions = random_inputs(model, 2, length)
    before = model(frames, emotions)
    last = (slice(None), length - 1)
    for age in range(field, length):  # age 0 is the last frame itself
        other = frames.clone()
        other[:, length - 1 - age] += 1.0
        assert all(same(before, model(other, emotions), last).values()), age
    for age in range(field):
        other = frames.clone()
        other[:, length - 1 - age] += 1.0
        changed = same(before, model(other, emotions), last)
        assert not changed['emotion_logits'], age
        # The pooling makes the last W - 1 of them; logits are made before it.
        assert changed['logits'] == (age > field - model.config.window), age


def test_rotations_are_exactly_periodic_and_tell_ages_apart():
    table = random_model(window=64).rotary  # [2, period, 3, 1, C/H]
    assert table.shape[1] == PERIOD
    cosine, sine = table[:, :, 0, 0, : table.shape[-1] // 2].double()
    angle = torch.atan2(-sine, cosine)  # [period, frequencies]
    turns = angle[1] * PERIOD / (2.0 * math.pi)
    # A whole number of turns a period, so that position t + period is position t.
    torch.testing.assert_close(turns, turns.round(), rtol=0.0, atol=1e-3)
    assert float(turns.round().min()) >= 1.0 and len(turns.round().unique()) == len(turns)
    steps = torch.arange(PERIOD, dtype=torch.float64)[:, None]
    expected = steps * turns.round() * (2.0 * math.pi / PERIOD)
    torch.testing.assert_close(cosine, expected.cos(), rtol=0.0, atol=1e-6)
    torch.testing.assert_close(-sine, expected.sin(), rtol=0.0, atol=1e-6)
    # Queries and keys turn alike, values stay.
    assert torch.equal(table[:, :, 0], table[:, :, 1])
    assert bool((table[0, :, 2] == 1.0).all()) and bool((table[1, :, 2] == 0.0).all())


# Streaming


@pytest.mark.parametrize(
    ('sizes', 'batch', 'length'),
    [
        ({'window': 64, 'layers': 3}, 1, 1000),
        ({'window': 64, 'layers': 3}, 3, 1000),
        *((sizes, 2, 60) for sizes in VARIANTS),
    ],
)
def test_streaming_is_the_whole_pass(sizes, batch, length):
    model = random_model(**sizes)
    frames, emotions = random_inputs(model, batch, length)
    frames = 0.3 * frames.cumsum(dim=1) / torch.arange(1, length + 1)[:, None].sqrt()
    target = random_target(model, batch, length)
    with torch.inference_mode():
        asked = every(model, batch, length)
        whole = model(frames, emotions, target=target, components=asked)
    assert_close(streamed(model, frames, emotions, model.stream(batch), target), whole, 1e-4)


@pytest.mark.parametrize('start', [1000, PERIOD - 20, 10_000_000, 10_002_432 - 20])
def test_a_stream_at_any_age_is_the_one_that_began_at_zero(start):
    """Only the distance of frames counts; 10,002,432 is a multiple of the period."""
    model = random_model(window=8)
    warm = receptive_field(model)
    frames, emotions = random_inputs(model, 2, 8 + warm + 200)
    young, old = model.stream(2), model.stream(2)
    expected = streamed(model, frames, emotions, young)
    # Fill the rings, make the stream old, and let it forget the ring's younger positions.
    first = streamed(model, frames[:, :8], emotions[:, :8], old)
    assert all(same(first, expected, (slice(None), slice(0, 8))).values())
    old.frames = start
    output = streamed(model, frames[:, 8:], emotions[:, 8:], old)
    assert old.frames == start + warm + 200
    for name in MotionOutput._fields:
        torch.testing.assert_close(
            getattr(output, name)[:, warm:],
            getattr(expected, name)[:, 8 + warm :],
            rtol=0.0,
            atol=1e-4,
        )


def test_streams_of_a_batch_are_independent():
    model = random_model()
    frames, emotions = random_inputs(model, 3, 20)
    before = streamed(model, frames, emotions, model.stream(3))
    frames[1] += 1.0
    emotions[1] = emotions[1].flip(-1)
    after = streamed(model, frames, emotions, model.stream(3))
    for stream in (0, 2):
        assert all(same(before, after, stream).values())
    assert not any(same(before, after, 1).values())


def test_a_stream_s_memory_stays_as_it_is():
    model = random_model()
    cache = model.stream(2)
    storages = [part.untyped_storage() for part in cache.rings]
    before = [(storage.data_ptr(), storage.nbytes()) for storage in storages]
    streamed(model, *random_inputs(model, 2, 50), cache)
    storages = [part.untyped_storage() for part in cache.rings]
    assert [(storage.data_ptr(), storage.nbytes()) for storage in storages] == before


# The emotion head


def test_gradient_reaches_the_features_only_through_logits():
    model = random_model().requires_grad_(True)
    frames, emotions = random_inputs(model, 2, 12)
    emotions.requires_grad_(True)
    head = {'pooling.score.weight', 'emotion_fc2.0.weight', 'emotion_fc2.2.weight'}

    def reached() -> set[str]:
        model.zero_grad()
        emotions.grad = None
        model(frames, emotions).emotion_logits.square().sum().backward()
        named = [*model.named_parameters(), ('emotions', emotions)]
        return {name for name, p in named if p.grad is not None and bool((p.grad != 0).any())}

    through = reached()
    assert {'displacement.weight', 'emotion_in.weight', 'frame_in.weight', 'emotions'} <= through
    for layer in (model.displacement, model.gates):
        layer.register_forward_hook(lambda _, __, output: output.detach())
    cut = reached()
    assert head <= cut
    assert {name.split('.')[0] for name in cut} == {'pooling', 'emotion_fc2'}


def test_emotion_logits_are_the_head_of_pooled_logits_and_speeds():
    """Written out once more from nothing but frames and logits."""
    model = random_model().double()
    c = model.config
    frames, emotions = (part.double() for part in random_inputs(model, 2, 10))
    output = model(frames, emotions)
    for b in range(2):
        for t in range(10):
            shown = []
            for s in range(max(0, t + 1 - c.window), t + 1):
                logits, last = output.logits[b, s], frames[b, s]
                speed = ((logits - last) / model.unit).view(c.keypoints, -1).norm(dim=-1)
                shown.append(torch.cat((logits / model.pose_std, speed)))
            window = torch.stack(shown)[None]
            pooled = model.pooling(window)
            expected = model.emotion_fc2(pooled)[0]
            torch.testing.assert_close(output.emotion_logits[b, t], expected)


# The target


def test_a_target_shows_from_its_frame_on_and_not_before():
    model = random_model()
    frames, emotions = random_inputs(model, 2, 10)
    target, asked = random_target(model, 2, 10), every(model, 2, 10)
    before = model(frames, emotions, target=target, components=asked)
    for t in range(9):
        for part in range(2):
            other = Target(*(values.clone() for values in target))
            other[part][:, t + 1 :] += 0.5
            after = model(frames, emotions, target=other, components=asked)
            assert all(same(before, after, (slice(None), slice(0, t + 1))).values())
            assert not any(same(before, after, (slice(None), t + 1)).values())


def test_no_target_is_one_with_nothing_left():
    model = random_model()
    frames, emotions = random_inputs(model, 2, 6)
    place = random_target(model, 2, 6).place
    none = Target(place, torch.zeros(2, 6, 1))
    assert_close(model(frames, emotions), model(frames, emotions, target=none), 0.0)


def test_a_target_is_seen_as_the_way_to_it():
    """A body and its target moved together: where the target is shows in nothing but the way."""
    model = random_model()
    model.frame_in.weight[:, : model.config.outputs] = 0.0  # places of keypoints are not seen
    frames, emotions = random_inputs(model, 2, 6)
    target = random_target(model, 2, 6)
    away = torch.randn(model.config.outputs, generator=seeded(3))
    moved = target._replace(place=target.place + model.in_axes(away))
    one = model(frames, emotions, target=target).logits
    other = model(frames + away, emotions, target=moved).logits
    torch.testing.assert_close(other - away, one, rtol=0.0, atol=1e-4)
    assert float((model(frames, emotions, target=moved).logits - one).abs().max()) > 0.01


# A history that is forgotten


def test_from_a_frame_on_attention_sees_nothing_before_it():
    model = random_model(layers=1, window=20)
    frames, emotions = random_inputs(model, 3, 16)
    since = torch.tensor([0, 5, 9])
    step = model.whole(frames, emotions, None, since)
    plain = model.whole(frames, emotions, None)
    for b, begin in enumerate(since.tolist()):
        # Those before it see all that they saw, those after it something else.
        torch.testing.assert_close(step.logits[b, :begin], plain.logits[b, :begin])
        forgets = not torch.isclose(step.logits[b, begin:], plain.logits[b, begin:]).all()
        assert forgets == (begin > 0)
        other = frames.clone()
        other[b, : max(begin - 2, 0)] += 1.0  # two more are seen in displacement and its change
        after = model.whole(other, emotions, None, since)
        torch.testing.assert_close(after.logits[b, begin:], step.logits[b, begin:])
        # What is recognised pools over all of the window all the same.
        assert (begin > 0) != torch.equal(after.emotion_logits[b], step.emotion_logits[b])
    torch.testing.assert_close(step.logits[0], plain.logits[0])


# Poses in principal axes


def test_axes_turn_poses_into_frames_and_back():
    model = random_model()
    places = torch.randn(5, model.config.pose_axes, generator=seeded())
    torch.testing.assert_close(model.in_axes(places @ model.axes()), places)
    frames = torch.randn(5, model.config.outputs, generator=seeded(1))
    expected = (frames / model.pose_std) @ model.pose_basis.T
    torch.testing.assert_close(model.in_axes(frames), expected)


def test_a_component_differs_from_the_next_frame_in_its_axes():
    model = random_model().double()
    random = seeded()
    logits = torch.randn(2, 3, 12, generator=random, dtype=torch.float64)
    mean = torch.randn(2, 3, 4, 10, generator=random, dtype=torch.float64)
    sigma = torch.rand(2, 3, 4, 10, generator=random, dtype=torch.float64)
    mu, spread = model.in_frames(mean, sigma, logits)
    torch.testing.assert_close(model.in_axes(mu), mean)
    rest = torch.eye(12, dtype=torch.float64) - (
        torch.diag(1.0 / model.pose_std) @ model.pose_basis.T @ model.axes()
    )
    torch.testing.assert_close(mu @ rest, (logits @ rest).unsqueeze(2).expand_as(mu))
    # Independent Gaussians along the axes: variances add up in every coordinate.
    for o in range(12):
        variance = sum((sigma[..., z] * float(model.axes()[z, o])) ** 2 for z in range(10))
        torch.testing.assert_close(spread[..., o], variance.sqrt())


def test_a_pose_shows_its_place_and_each_keypoint_s_speed():
    model = random_model()
    before, after = torch.randn(2, 12, generator=seeded())
    shown = model.shown(after, before, 5)
    torch.testing.assert_close(shown[:12], after / model.pose_std)
    for k in range(4):
        part = slice(3 * k, 3 * k + 3)
        speed = ((after - before)[part] / model.unit[part]).norm() / 5
        torch.testing.assert_close(shown[12 + k], speed)


# The configuration


@pytest.mark.parametrize('case', malformed('model_config'))
def test_bad_size_is_refused_by_name(case):
    with pytest.raises(ConfigError) as error:
        MotionModelConfig(**case['value'])
    assert case['says'] in str(error.value)


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
def test_any_size_runs(layers, window, heads, dims):
    sizes = {**TINY, 'layers': layers, 'window': window, 'heads': heads, 'keypoint_dims': dims}
    config = MotionModelConfig(**{**sizes, 'motion_channels': 8 * heads - 4})
    assert config.channels == 8 * heads and config.outputs == 4 * dims
    model = MotionModel(config).eval()
    output = model(torch.randn(1, 3, 4 * dims, generator=seeded()), torch.ones(1, 7))
    assert output.mu.shape == (1, 3, 4, 4 * dims)
