# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The network: causal, with a bounded memory, streaming as whole, an honest emotion head."""

import dataclasses
import math

from hypothesis import given, strategies as st
import pytest
from support import malformed, random_inputs, random_model, seeded, TINY
import torch

from emotion_motion.exceptions import ConfigError, ModelError
from emotion_motion.model import MotionModel, MotionModelConfig, MotionOutput, StreamCache

PERIOD = 4096  # frames after which rotary positions are re-based
VARIANTS = [
    {},
    {'mixture_per_keypoint': False},
    {'mdn_reads_logits': True},
    {'displacements': False},
    {'emotion_reads_features': True},
    {'pool_speeds': False},
    {'attention_pooling': False},
    {'keypoint_dims': 1, 'layers': 1, 'heads': 1},
    {'window': 1, 'gaussians': 1},
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
            getattr(one, name), getattr(other, name), rtol=0.0, atol=tolerance,
            msg=lambda text, name=name: f'{name}: {text}',
        )  # fmt: skip


@torch.inference_mode()
def streamed(
    model: MotionModel, frames: torch.Tensor, emotions: torch.Tensor, cache: StreamCache
) -> MotionOutput:
    """Step through frames [B, T, O] and join the outputs along time."""
    steps = [
        model.step(frames[:, t], emotions[:, t], cache) for t in range(frames.shape[1])
    ]
    return MotionOutput(*(torch.cat(part, dim=1) for part in zip(*steps, strict=True)))


# The outputs


@pytest.mark.parametrize('sizes', VARIANTS)
def test_shapes_are_the_contract_s(sizes):
    model = random_model(**sizes)
    c = model.config
    frames, emotions = random_inputs(model, 2, 6)
    output = model(frames, emotions)
    o, k, g = c.outputs, c.keypoints, c.gaussians
    assert output.pi.shape == ((2, 6, g, k) if c.mixture_per_keypoint else (2, 6, g))
    assert output.sigma.shape == output.mu.shape == (2, 6, g, o)
    assert output.logits.shape == (2, 6, o)
    assert output.emotion_logits.shape == (2, 6, 7)
    torch.testing.assert_close(output.pi.sum(dim=2), torch.ones_like(output.pi.sum(dim=2)))
    assert bool((output.pi >= 0.0).all())
    assert bool((output.sigma >= 0.999 * c.sigma_floor * model.unit).all())


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


def test_without_displacements_the_pose_itself_is_predicted():
    model = random_model(0, displacements=False)
    with torch.no_grad():
        model.displacement.weight.zero_()
        model.displacement.bias.zero_()
    frames, emotions = random_inputs(model, 2, 6)
    logits = model(frames, emotions).logits
    torch.testing.assert_close(logits, torch.zeros_like(logits))  # the mean pose, wherever it was


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
    torch.testing.assert_close(near.sigma, farther.sigma, rtol=0.0, atol=1e-3)
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
    field = model.config.receptive_field
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


def test_positions_are_relative():
    model = random_model(layers=3)
    field = model.config.receptive_field
    frames, emotions = random_inputs(model, 2, field + 30)
    whole = model(frames, emotions)
    for start in (1, 7, 30):
        part = model(frames[:, start:], emotions[:, start:])
        for name in MotionOutput._fields:
            torch.testing.assert_close(
                getattr(part, name)[:, -1], getattr(whole, name)[:, -1], rtol=0.0, atol=1e-4
            )


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
    with torch.inference_mode():
        whole = model(frames, emotions)
    assert_close(streamed(model, frames, emotions, model.stream(batch)), whole, 1e-4)


@pytest.mark.parametrize('start', [1000, PERIOD - 20, 10_000_000, 10_002_432 - 20])
def test_a_stream_at_any_age_is_the_one_that_began_at_zero(start):
    """Only the distance of frames counts; 10,002,432 is a multiple of the period."""
    model = random_model(window=8)
    warm = model.config.receptive_field
    frames, emotions = random_inputs(model, 2, 8 + warm + 200)
    young, old = model.stream(2), model.stream(2)
    expected = streamed(model, frames, emotions, young)
    # Fill the rings, make the stream old, and let it forget the ring's younger positions.
    first = streamed(model, frames[:, :8], emotions[:, :8], old)
    assert all(same(first, expected, (slice(None), slice(0, 8))).values())
    old.frames = start
    found = streamed(model, frames[:, 8:], emotions[:, 8:], old)
    assert old.frames == start + warm + 200
    for name in MotionOutput._fields:
        torch.testing.assert_close(
            getattr(found, name)[:, warm:], getattr(expected, name)[:, 8 + warm :],
            rtol=0.0, atol=1e-4,
        )  # fmt: skip


def test_ages_a_period_apart_are_the_same_bit_for_bit():
    model = random_model(window=8)
    frames, emotions = random_inputs(model, 1, 60)
    young, old = model.stream(1), model.stream(1)
    streamed(model, frames[:, :20], emotions[:, :20], young)
    streamed(model, frames[:, :20], emotions[:, :20], old)
    old.frames += 2442 * PERIOD
    assert_close(
        streamed(model, frames[:, 20:], emotions[:, 20:], old),
        streamed(model, frames[:, 20:], emotions[:, 20:], young),
        0.0,
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
    def tensors(cache: StreamCache) -> dict[str, torch.Tensor]:
        parts = {f.name: getattr(cache, f.name) for f in dataclasses.fields(cache)}
        return {name: part for name, part in parts.items() if isinstance(part, torch.Tensor)}

    model = random_model()
    cache = model.stream(2)
    rings = {name: part.untyped_storage().data_ptr() for name, part in tensors(cache).items()}
    frames, emotions = random_inputs(model, 2, 50)
    streamed(model, frames[:, :1], emotions[:, :1], cache)
    sizes = {name: part.untyped_storage().nbytes() for name, part in tensors(cache).items()}
    streamed(model, frames[:, 1:], emotions[:, 1:], cache)
    after = tensors(cache)
    assert {name: part.untyped_storage().nbytes() for name, part in after.items()} == sizes
    assert {name: after[name].untyped_storage().data_ptr() for name in rings} == rings
    assert len(rings) >= 3


# The emotion head


def test_features_that_leave_logits_alone_leave_emotion_logits_alone():
    """With the displacement held constant, the features change everything but the emotion."""
    model, other = random_model(0), random_model(0)
    for net in (model, other):
        net.displacement.weight.zero_()
        net.gates.weight.zero_()
    changed = random_model(1)
    for name in ('frame_in', 'emotion_in', 'blocks', 'norm'):
        getattr(other, name).load_state_dict(getattr(changed, name).state_dict())
    frames, emotions = random_inputs(model, 2, 12)
    before = model(frames, emotions)
    for after in (other(frames, emotions), model(frames, emotions.flip(-1))):
        kept = same(before, after, slice(None))
        assert kept['logits'] and kept['emotion_logits']
        assert not kept['pi'] and not kept['sigma'] and not kept['mu']
    stream = streamed(other, frames, emotions, other.stream(2))
    torch.testing.assert_close(stream.emotion_logits, before.emotion_logits, rtol=0, atol=1e-5)


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


@pytest.mark.parametrize('sizes', [{}, {'pool_speeds': False}, {'attention_pooling': False}])
def test_emotion_logits_are_the_head_of_pooled_logits_and_speeds(sizes):
    """Written out once more from nothing but frames and logits."""
    model = random_model(**sizes).double()
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
            if not c.pool_speeds:
                window = window[..., : c.outputs]
            pooled = model.pooling(window) if c.attention_pooling else window.mean(dim=1)
            expected = model.emotion_fc2(pooled)[0]
            torch.testing.assert_close(output.emotion_logits[b, t], expected)


def test_emotion_that_reads_features_is_more_than_logits_show():
    """The honest head's test turned round: the same logits, and another emotion."""
    model, other = (random_model(0, emotion_reads_features=True) for _ in range(2))
    for net in (model, other):
        net.displacement.weight.zero_()
        net.gates.weight.zero_()
    other.blocks.load_state_dict(random_model(1).blocks.state_dict())
    frames, emotions = random_inputs(model, 2, 12)
    found = same(model(frames, emotions), other(frames, emotions), slice(None))
    assert found['logits'] and not found['emotion_logits']
    # And what logits show is not looked at: another bias moves them, and no feature.
    before = model(frames, emotions)
    model.displacement.bias.add_(1.0)
    found = same(before, model(frames, emotions), slice(None))
    assert found['emotion_logits'] and not found['logits']


@pytest.mark.parametrize(('sizes', 'tells'), [
    ({}, True), ({'pool_speeds': False}, True), ({'attention_pooling': False}, True),
    ({'component_emotions': False}, False), ({'emotion_reads_features': True}, False),
])  # fmt: skip
def test_it_says_whether_it_tells_what_components_show(sizes, tells):
    assert random_model(**sizes).tells_components == tells


@pytest.mark.parametrize('sizes', [
    {'draws': False}, {'most_probable': True}, {'component_emotions': False}, {'plan_known': 4}
])  # fmt: skip
def test_choices_of_the_live_loop_leave_the_network_alone(sizes):
    model, other = random_model(), random_model(**sizes)
    frames, emotions = random_inputs(model, 2, 12)
    assert_close(model(frames, emotions), other(frames, emotions), 0.0)


def test_mixture_that_reads_logits_sees_no_features():
    model, other = random_model(0, mdn_reads_logits=True), random_model(0, mdn_reads_logits=True)
    for net in (model, other):
        net.displacement.weight.zero_()
        net.gates.weight.zero_()
    other.blocks.load_state_dict(random_model(1).blocks.state_dict())
    frames, emotions = random_inputs(model, 2, 8)
    assert_close(model(frames, emotions), other(frames, emotions.flip(-1)), 0.0)


@pytest.mark.parametrize('sizes', [
    {}, {'mixture_per_keypoint': False}, {'keypoint_dims': 1}, {'pool_speeds': False},
    {'attention_pooling': False},
])  # fmt: skip
def test_component_emotions_are_the_gain_of_an_exchange(sizes):
    """Against the derivative of the recognised emotion by the exchange, from autograd.

    The last frame's keypoint k goes from `logits` toward component g's mean, in place and speed;
    divided by the frame's weight in the pooling, that is the gain if it held for the window.
    """
    model = random_model(**sizes).double()
    c = model.config
    frames, emotions = (part.double() for part in random_inputs(model, 2, 9))
    cache = model.stream(2)
    for t in range(9):
        output = model.step(frames[:, t], emotions[:, t], cache)
    found = model.component_emotions(output, cache)
    assert found.shape == (2, 1, c.gaussians, c.keypoints, c.emotions)

    def shown(places: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        speed = ((places - last) / model.unit).unflatten(-1, (c.keypoints, -1)).norm(dim=-1)
        both = torch.cat((places / model.pose_std, speed), dim=-1)
        return both if c.pool_speeds else both[..., : c.outputs]

    window = shown(model(frames, emotions).logits, frames)[:, -c.window :]  # [B, W, dim]
    share = model.pooling.score(window).softmax(dim=1)[:, -1]  # [B, 1]
    before = model.emotion_fc2(model.pooling(window))
    torch.testing.assert_close(before, output.emotion_logits[:, 0])
    for g in range(c.gaussians):
        there = shown(output.mu[:, 0, g], frames[:, -1])
        for k in range(c.keypoints):
            dims = c.keypoint_dims
            moved = torch.zeros(c.outputs + c.keypoints, dtype=torch.float64)
            moved[k * dims : (k + 1) * dims] = moved[c.outputs + k] = 1.0
            way = torch.zeros_like(window)
            way[:, -1] = moved[: c.shown_size] * (there - window[:, -1])
            _, gain = torch.autograd.functional.jvp(
                lambda x: model.emotion_fc2(model.pooling(x)), window, way
            )
            torch.testing.assert_close(found[:, 0, g, k], before + gain / share)


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
    assert output.mu.shape == (1, 3, 3, 4 * dims)


def test_the_config_cannot_change_under_the_model():
    with pytest.raises(dataclasses.FrozenInstanceError):
        MotionModelConfig().window = 3
