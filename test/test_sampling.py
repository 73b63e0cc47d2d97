# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The sampler draws from the distribution that its docstring gives.

Many draws at once are one batch of equal rows. Generators are seeded, so no test is a gamble.
"""

import inspect
import itertools
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest
from support import chi_square_p, seeded
import torch
from torch import Tensor

from emotion_motion.exceptions import ModelError
from emotion_motion.sampling import (
    calculate_dynamic_emotion_scores_individual as scores_of,
    sample_dynamic_emotion_individual as sample,
)

DRAWS = 20_000
SIGNIFICANCE = 1e-3


def mixture(
    batch: int = 1,
    time: int = 2,
    components: int = 4,
    keypoints: int = 3,
    dims: int = 3,
    *,
    seed: int = 0,
    per_keypoint: bool = True,
    logits_sizes: int = 4,
) -> dict[str, Tensor]:
    """Return random arguments of the sampler; `logits_sizes` of B, T, G, K have emotion_logits."""
    random, o = seeded(seed), keypoints * dims
    sizes = (batch, time, components, keypoints)
    pi = torch.randn(sizes if per_keypoint else sizes[:3], generator=random).softmax(dim=2)
    return {
        'pi': pi,
        'sigma': torch.rand(*sizes[:3], o, generator=random) + 0.2,
        'mu': torch.randn(*sizes[:3], o, generator=random),
        'emotion_logits': torch.rand(*sizes[:logits_sizes], 7, generator=random),
        'last_frames': torch.randn(batch, time, o, generator=random),
    }


def repeated(arguments: dict[str, Any], draws: int = DRAWS) -> dict[str, Any]:
    """Return arguments of one sequence as a batch of `draws` equal ones."""
    return {
        name: value.expand(draws, *value.shape[1:])
        if isinstance(value, Tensor) and value.dim() > 1 and name != 'unit'
        else value
        for name, value in arguments.items()
    }


def separated(arguments: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return arguments whose components lie apart in every coordinate: `chosen` can tell them."""
    mu = arguments['mu']
    index = torch.arange(mu.shape[2], dtype=mu.dtype)[:, None]
    return {**arguments, 'mu': 0.1 * mu + index}


def chosen(frames: Tensor, arguments: dict[str, Tensor]) -> Tensor:
    """Return the component [N, O] that each coordinate of frames [N, O] came from."""
    distance = (frames.unsqueeze(1) - arguments['mu'][:1, -1]).abs()  # [N, G, O]
    assert float(distance.amin(dim=1).max()) < 0.1, 'a draw that is near no component'
    return distance.argmin(dim=1)


def score_by_loop(
    mu,
    sigma,
    emotion_logits,
    last_frames,
    *,
    keypoint_dims,
    k,
    emotion_weight,
    movement_weight,
    neutral_index,
    target,
    unit,
    expressive,
    groups,
):
    """Write the docstring's formula out, one number at a time."""
    batch, time, components, outputs = mu.shape
    keypoints = outputs // keypoint_dims
    scores = torch.zeros(batch, time, components, keypoints, dtype=mu.dtype)
    for b, t, g, j in itertools.product(*map(range, scores.shape)):
        movement = spread = 0.0
        for o in range(j * keypoint_dims, (j + 1) * keypoint_dims):
            scale = 1.0 if unit is None else float(unit[o])
            movement += (float(mu[b, t, g, o] - last_frames[b, t, o]) / scale) ** 2
            spread += (float(sigma[b, t, g, o]) / scale) ** 2
        logits = emotion_logits[b]
        for index in (t, g, j)[: emotion_logits.dim() - 2]:
            logits = logits[index]
        logits = logits.tolist()
        if target is None:
            shown = max(logits)
        else:
            shown = sum(w * x for w, x in zip(target[b].tolist(), logits, strict=True))
        if neutral_index is not None and (expressive is None or bool(expressive[b])):
            shown *= 1.0 - logits[neutral_index]
        scores[b, t, g, j] = (
            movement_weight * math.sqrt(movement) - k * math.sqrt(spread) + emotion_weight * shown
        )
    if groups is None:
        return scores
    members = [[i for i in range(keypoints) if groups[i] == groups[j]] for j in range(keypoints)]
    return torch.stack([scores[..., same].mean(dim=-1) for same in members], dim=-1)


# The scores


@given(
    sizes=st.tuples(*[st.integers(1, 3)] * 4),
    dims=st.integers(1, 3),
    logits_sizes=st.integers(1, 4),
    weights=st.tuples(*[st.floats(-3.0, 5.0)] * 3),
    neutral_index=st.sampled_from([None, 0, 4]),
    has=st.tuples(*[st.booleans()] * 4),
    seed=st.integers(0, 1000),
)
def test_scores_are_the_formula(sizes, dims, logits_sizes, weights, neutral_index, has, seed):
    arguments = mixture(*sizes, dims, seed=seed, logits_sizes=logits_sizes)
    del arguments['pi']
    random, with_target, with_unit, with_expressive, with_groups = seeded(seed + 1), *has
    settings = {
        'keypoint_dims': dims,
        **dict(zip(('k', 'emotion_weight', 'movement_weight'), weights, strict=True)),
        'neutral_index': neutral_index,
        'target': torch.rand(sizes[0], 7, generator=random) if with_target else None,
        'unit': torch.rand(sizes[3] * dims, generator=random) + 0.1 if with_unit else None,
        'expressive': torch.rand(sizes[0], generator=random) < 0.5 if with_expressive else None,
        'groups': torch.randint(2, sizes[3:], generator=random) if with_groups else None,
    }
    scores = scores_of(**arguments, **settings)
    assert scores.shape == sizes
    expected = score_by_loop(**arguments, **settings)
    torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-4)


def test_defaults_are_the_contract_s():
    scores = {
        'keypoint_dims': 3,
        'k': 2.0,
        'emotion_weight': 2.0,
        'movement_weight': 1.0,
        'neutral_index': 4,
        **dict.fromkeys(('target', 'unit', 'expressive', 'groups')),
    }
    draw = {'variance_div': 1000.0, 'temperature': 1.0, 'coupled': False, 'generator': None}
    for function, expected in ((scores_of, scores), (sample, {**scores, **draw})):
        named = inspect.signature(function).parameters.values()
        optional = {p.name: p.default for p in named if p.kind is inspect.Parameter.KEYWORD_ONLY}
        assert optional == expected


# The distribution of the choice


@pytest.mark.parametrize('per_keypoint', [True, False])
@pytest.mark.parametrize('temperature', [1.0, 0.6, 2.0])
@pytest.mark.parametrize('dims', [3, 1])
def test_components_come_as_softmax_of_score_and_log_pi(per_keypoint, temperature, dims):
    arguments = separated(mixture(per_keypoint=per_keypoint, dims=dims, seed=5))
    settings = {
        'keypoint_dims': dims,
        'k': 0.7,
        'emotion_weight': 1.5,
        'movement_weight': 0.4,
        'target': torch.tensor([[0.0, 0.0, 0.0, 0.8, 0.2, 0.0, 0.0]]),
        'unit': torch.full((3 * dims,), 1.3),
    }
    pi = arguments.pop('pi')
    scores = scores_of(**arguments, **settings)[0, -1]  # [G, K]
    weights = pi[0, -1] if per_keypoint else pi[0, -1, :, None]
    expected = ((scores + weights.log()) / temperature).softmax(dim=0)
    many = repeated({'pi': pi, **arguments, **settings})
    frames = sample(**many, temperature=temperature, generator=seeded(1))
    components = chosen(frames, arguments)[:, ::dims]
    for keypoint in range(3):
        counts = components[:, keypoint].bincount(minlength=4)
        assert chi_square_p(counts, expected[:, keypoint]) > SIGNIFICANCE
        # The test can tell: the mixture without the scores is another distribution.
        other = weights[:, min(keypoint, weights.shape[1] - 1)]
        assert chi_square_p(counts, other) < 1e-9


def test_a_component_of_no_weight_is_never_drawn():
    arguments = separated(mixture())
    arguments['pi'][:, -1, 1] = 0.0
    arguments['pi'] /= arguments['pi'].sum(dim=2, keepdim=True)
    frames = sample(**repeated(arguments), generator=seeded(2))
    assert not bool((chosen(frames, arguments) == 1).any())


def test_x_y_and_z_of_a_keypoint_come_from_one_component():
    arguments = separated(mixture())
    frames = sample(**repeated(arguments), generator=seeded(4))
    components = chosen(frames, arguments).unflatten(-1, (3, 3))  # [N, K, D]
    assert torch.equal(components, components[..., :1].expand_as(components))
    assert len(components.unique()) == 4


@pytest.mark.parametrize('per_keypoint', [True, False])
def test_keypoints_choose_independently(per_keypoint):
    """The joint frequencies of two keypoints are the products of what each has alone."""
    arguments = separated(mixture(components=3, per_keypoint=per_keypoint, seed=2))
    pi = arguments.pop('pi')
    scores = scores_of(**arguments)[0, -1]
    weights = pi[0, -1] if per_keypoint else pi[0, -1, :, None]
    alone = (scores + weights.log()).softmax(dim=0)  # [G, K]
    frames = sample(**repeated({'pi': pi, **arguments}), generator=seeded(6))
    components = chosen(frames, arguments)[:, ::3]
    for one, other in itertools.combinations(range(3), 2):
        counts = (3 * components[:, one] + components[:, other]).bincount(minlength=9)
        joint = torch.outer(alone[:, one], alone[:, other]).flatten()
        assert chi_square_p(counts, joint) > SIGNIFICANCE


# Coupled, and in groups


def arguments_of(scores: Tensor) -> dict[str, Any]:
    """Return arguments of one sequence whose scores are those, [G, K], with equal pi."""
    components, keypoints = scores.shape
    logits = torch.zeros(1, 1, components, keypoints, 7)
    logits[0, 0, ..., 3] = scores
    index = torch.arange(components, dtype=scores.dtype).view(1, 1, -1, 1)
    mu = index.expand(1, 1, -1, 3 * keypoints)
    return {
        'pi': torch.full((1, 1, components), 1.0 / components),
        'sigma': torch.full_like(mu, 0.1),
        'mu': mu,
        'emotion_logits': logits,
        'last_frames': torch.zeros(1, 1, 3 * keypoints),
        'target': torch.eye(7)[[3]],
        'k': 0.0,
        'movement_weight': 0.0,
        'emotion_weight': 1.0,
        'neutral_index': None,
    }


def choices(scores: Tensor, seed: int, **settings: Any) -> Tensor:
    """Return what each keypoint chose in many draws, [N, K]."""
    arguments = arguments_of(scores)
    frames = sample(**repeated(arguments), **settings, generator=seeded(seed))
    return chosen(frames, arguments)[:, ::3]


# Keypoints 0 and 1 score alike, and so do 3 and 4; 2 has other favourites.
SCORES = torch.tensor(
    [
        [1.0, 1.0, -1.0, 0.3, 0.3],
        [0.2, 0.2, 1.5, -0.5, -0.5],
        [-0.7, -0.7, 0.4, 0.9, 0.9],
        [0.0, 0.0, -2.0, 0.1, 0.1],
    ]
)


@pytest.mark.parametrize('coupled', [True, False])
@pytest.mark.parametrize('temperature', [1.0, 0.5])
def test_coupled_or_not_each_keypoint_has_its_own_softmax(coupled, temperature):
    chosen = choices(SCORES, 12, coupled=coupled, temperature=temperature)
    expected = (SCORES / temperature).softmax(dim=0)
    for keypoint in range(5):
        counts = chosen[:, keypoint].bincount(minlength=4)
        assert chi_square_p(counts, expected[:, keypoint]) > SIGNIFICANCE
    assert chi_square_p(chosen[:, 0].bincount(minlength=4), expected[:, 2]) < 1e-9


def test_coupled_keypoints_of_equal_scores_choose_alike():
    together, apart = (choices(SCORES, 13, coupled=coupled) for coupled in (True, False))
    for one, other in ((0, 1), (3, 4)):
        assert torch.equal(together[:, one], together[:, other])
        # Of their own they agree as often as two draws of one distribution.
        share = float((apart[:, one] == apart[:, other]).float().mean())
        expected = float(SCORES[:, one].softmax(dim=0).square().sum())
        assert share == pytest.approx(expected, abs=0.02)


def test_keypoints_choose_alike_as_often_as_in_one_race():
    """With one Gumbel number a component, the race itself: what two keypoints choose together."""
    gumbel = -torch.empty(DRAWS, 4, 1).exponential_(generator=seeded(1)).log()

    def shares(choice: Tensor) -> Tensor:
        return (4 * choice[:, 0] + choice[:, 1]).bincount(minlength=16) / DRAWS

    race = shares((SCORES[:, [0, 2]] + gumbel).argmax(dim=1))
    together, apart = (
        shares(choices(SCORES, 14, coupled=coupled)[:, [0, 2]]) for coupled in (True, False)
    )
    torch.testing.assert_close(together, race, rtol=0.0, atol=0.015)
    assert float((apart - race).abs().max()) > 0.04


@pytest.mark.parametrize('coupled', [True, False])
def test_keypoints_of_a_group_choose_together_by_mean_score(coupled):
    groups = torch.tensor([0, 1, 0, 1, 2])
    chosen = choices(SCORES, 15, coupled=coupled, groups=groups)
    for one, other in ((0, 2), (1, 3)):
        assert torch.equal(chosen[:, one], chosen[:, other])
    for keypoint, members in ((0, [0, 2]), (1, [1, 3]), (4, [4])):
        expected = SCORES[:, members].mean(dim=1).softmax(dim=0)
        counts = chosen[:, keypoint].bincount(minlength=4)
        assert chi_square_p(counts, expected) > SIGNIFICANCE
    assert not torch.equal(chosen[:, 0], chosen[:, 1])


def test_groups_that_are_not_coupled_choose_independently():
    groups = torch.tensor([0, 0, 0, 1, 1])
    chosen = choices(SCORES[:3], 16, groups=groups)
    alone = [SCORES[:3, part].mean(dim=1).softmax(dim=0) for part in (slice(3), slice(3, 5))]
    counts = (3 * chosen[:, 0] + chosen[:, 4]).bincount(minlength=9)
    assert chi_square_p(counts, torch.outer(*alone).flatten()) > SIGNIFICANCE


@pytest.mark.parametrize('coupled', [True, False])
def test_sequences_of_a_batch_choose_independently(coupled):
    chosen = choices(SCORES[:3], 17, coupled=coupled)[:, 0]
    alone = SCORES[:3, 0].softmax(dim=0)
    pairs = (3 * chosen[0::2] + chosen[1::2]).bincount(minlength=9)
    assert chi_square_p(pairs, torch.outer(alone, alone).flatten()) > SIGNIFICANCE


def test_streams_may_have_weights_and_temperatures_of_their_own():
    arguments = mixture(batch=3, time=1)
    each = {
        'movement_weight': torch.tensor([0.0, 1.0, 3.0]).view(-1, 1, 1, 1),
        'temperature': torch.tensor([0.3, 1.0, 2.0]).view(-1, 1, 1, 1),
        'variance_div': torch.tensor([1.0, 5.0, 1000.0]).view(-1, 1, 1, 1),
    }
    frames = sample(**arguments, **each, coupled=True, generator=seeded(1))
    for b in range(3):
        one = {name: float(value.flatten()[b]) for name, value in each.items()}
        alone = sample(**arguments, **one, coupled=True, generator=seeded(1))
        torch.testing.assert_close(frames[b], alone[b])


# The place


@pytest.mark.parametrize(
    ('variance_div', 'temperature'), [(1.0, 1.0), (1.5, 1.0), (1000.0, 1.0), (2.0, 0.25)]
)
def test_spread_is_sigma_over_variance_div(variance_div, temperature):
    arguments = mixture(components=1)
    frames = sample(
        **repeated(arguments),
        variance_div=variance_div,
        temperature=temperature,
        generator=seeded(8),
    )
    mu, sigma = arguments['mu'][0, -1, 0], arguments['sigma'][0, -1, 0]
    normal = (frames - mu) / (sigma / variance_div * temperature**0.5)  # [N, O], N(0, 1) each
    # In eight boxes that each have the same share of a standard normal distribution.
    share = 0.5 * (1.0 + torch.erf(normal / 2.0**0.5))
    for coordinate in range(9):
        counts = (share[:, coordinate] * 8).long().clamp_max(7).bincount(minlength=8)
        assert chi_square_p(counts, torch.full((8,), 1 / 8)) > SIGNIFICANCE
    covariance = normal.T @ normal / DRAWS
    torch.testing.assert_close(covariance, torch.eye(9), rtol=0.0, atol=0.05)


def test_every_component_spreads_with_its_own_sigma():
    arguments = separated(mixture())
    frames = sample(**repeated(arguments), variance_div=100.0, generator=seeded(9))
    components = chosen(frames, arguments)
    for g, o in itertools.product(range(4), range(9)):
        drawn = frames[components[:, o] == g, o]
        if len(drawn) > 1000:
            expected = float(arguments['sigma'][0, -1, g, o]) / 100.0
            assert float(drawn.std()) == pytest.approx(expected, rel=0.1)
            assert float(drawn.mean()) == pytest.approx(
                float(arguments['mu'][0, -1, g, o]), abs=5 * expected / len(drawn) ** 0.5
            )


@pytest.mark.parametrize('logits_sizes', [1, 2, 3, 4])
@pytest.mark.parametrize('per_keypoint', [True, False])
def test_only_the_last_timestep_is_used(logits_sizes, per_keypoint):
    sizes = {'batch': 3, 'time': 5, 'logits_sizes': logits_sizes, 'per_keypoint': per_keypoint}
    arguments, other = mixture(**sizes), mixture(**sizes, seed=1)
    for name, value in arguments.items():
        if name != 'emotion_logits' or logits_sizes > 1:
            other[name][:, -1] = value[:, -1]
        else:
            other[name] = value
    expected = sample(**arguments, generator=seeded(1))
    assert torch.equal(sample(**other, generator=seeded(1)), expected)
    for name, value in arguments.items():
        if name != 'emotion_logits' or logits_sizes > 1:
            arguments[name] = value[:, -1:]
    assert torch.equal(sample(**arguments, generator=seeded(1)), expected)


# Random draws


@pytest.mark.usefixtures('keep_global_random_state')
def test_the_same_generator_state_gives_the_same_frame():
    arguments = mixture(batch=4)
    one, other = seeded(11), seeded(11)
    frames = [sample(**arguments, generator=one) for _ in range(3)]
    for frame in frames:
        assert torch.equal(sample(**arguments, generator=other), frame)
    assert not torch.equal(frames[0], frames[1])


def test_the_global_random_state_shows_only_without_a_generator():
    arguments = mixture(batch=4)
    with torch.random.fork_rng():
        made = []
        for seed in (1, 2, 1):
            torch.manual_seed(seed)
            made.append((sample(**arguments, generator=seeded(1)), sample(**arguments)))
    (given, free), (same, other), (_, again) = made
    assert torch.equal(same, given) and torch.equal(again, free)
    assert not torch.equal(other, free)


# The emotion


@pytest.mark.parametrize('logits_sizes', [1, 2])
@pytest.mark.parametrize('target', [None, 3])
def test_an_emotion_per_sequence_cannot_change_a_choice(logits_sizes, target):
    arguments = mixture(batch=500, logits_sizes=logits_sizes)
    settings = {'target': None if target is None else torch.eye(7)[[target] * 500]}
    pi = arguments.pop('pi')
    logits = {
        'calm': torch.zeros_like(arguments['emotion_logits']),
        'given': arguments['emotion_logits'],
        'other': arguments['emotion_logits'].flip(-1) * 3.0,
    }
    frames = {}
    for name, emotion_logits in logits.items():
        arguments['emotion_logits'] = emotion_logits
        shift = scores_of(**arguments, **settings, emotion_weight=5.0) - scores_of(
            **arguments, **settings, emotion_weight=0.0
        )
        # Every component of a sequence gains the same ...
        torch.testing.assert_close(shift, shift[:, :, :1, :1].expand_as(shift), rtol=0, atol=1e-5)
        assert (name == 'calm') == bool((shift.abs() < 1e-6).all())
        frames[name] = sample(pi, **arguments, **settings, emotion_weight=5.0, generator=seeded(1))
    # ... so the draws are the same.
    assert torch.equal(frames['given'], frames['calm'])
    assert torch.equal(frames['other'], frames['calm'])


@pytest.mark.parametrize('logits_sizes', [3, 4])
def test_component_emotions_move_draws_to_the_requested_one(logits_sizes):
    arguments = separated(mixture(logits_sizes=logits_sizes, seed=3))
    many = repeated(arguments, 5000)
    logits = arguments['emotion_logits'][0, -1]  # [G, (K,) E]
    by_keypoint = logits if logits_sizes == 4 else logits[:, None].expand(-1, 3, -1)
    for emotion in range(7):
        target = torch.eye(7)[emotion].expand(5000, 7)
        shown = []
        for weight in (0.0, 1.0, 30.0, 1000.0):
            frames = sample(
                **many,
                target=target,
                neutral_index=None,
                emotion_weight=weight,
                generator=seeded(1),
            )
            components = chosen(frames, arguments)[:, ::3]  # [N, K]
            shown.append(float(by_keypoint[components, torch.arange(3), emotion].mean()))
        assert shown == sorted(shown) and shown[-1] > shown[0]
        best = by_keypoint[..., emotion].amax(dim=0).mean()
        assert shown[-1] - shown[0] > 0.9 * (float(best) - shown[0])


def test_neutral_is_penalised_where_it_is_not_what_is_asked_for():
    arguments = separated(mixture(batch=2, components=2, keypoints=1))
    # Both components show the requested happiness alike; component 1 looks neutral as well.
    arguments['emotion_logits'] = torch.zeros(2, 2, 2, 1, 7)
    arguments['emotion_logits'][..., 3] = 1.0
    arguments['emotion_logits'][:, :, 1, :, 4] = 0.5
    del arguments['pi']
    target = torch.eye(7)[[3, 3]]
    plain = {'target': target, 'k': 0.0, 'movement_weight': 0.0, 'emotion_weight': 2.0}
    everywhere = scores_of(**arguments, **plain)
    torch.testing.assert_close(everywhere[..., 0, :], torch.full((2, 2, 1), 2.0))
    torch.testing.assert_close(everywhere[..., 1, :], torch.full((2, 2, 1), 1.0))
    first_only = scores_of(**arguments, **plain, expressive=torch.tensor([True, False]))
    torch.testing.assert_close(first_only[0], everywhere[0])
    torch.testing.assert_close(first_only[1], torch.full((2, 2, 1), 2.0))
    off = scores_of(**arguments, **plain, neutral_index=None)
    torch.testing.assert_close(off, torch.full((2, 2, 2, 1), 2.0))


# Shapes


@pytest.mark.parametrize('name', ['pi', 'sigma', 'mu', 'emotion_logits', 'last_frames'])
@pytest.mark.parametrize('change', [lambda x: x[0], lambda x: x[..., :-1], lambda x: x[:1]])
def test_shapes_that_do_not_fit_are_named(name, change):
    arguments = mixture(batch=2)
    arguments[name] = change(arguments[name])
    settings = {'target': torch.zeros(2, 7)}
    with pytest.raises(ModelError) as error:
        sample(**arguments, **settings)
    named = [str(tuple(value.shape)) for value in {**arguments, **settings}.values()]
    assert any(shape in str(error.value) for shape in named)
    if name != 'pi':
        del arguments['pi']
        with pytest.raises(ModelError):
            scores_of(**arguments, **settings)


@pytest.mark.parametrize(
    'settings',
    [
        {'target': torch.zeros(7)},
        {'target': torch.zeros(1, 7)},
        {'target': torch.zeros(2, 6)},
        {'unit': torch.ones(3)},
        {'unit': torch.ones(1, 9)},
        {'expressive': torch.ones(3, dtype=torch.bool)},
        {'groups': torch.zeros(9, dtype=torch.int64)},
        {'groups': torch.zeros(2, 3, dtype=torch.int64)},
        {'keypoint_dims': 2},
        {'keypoint_dims': 0},
        {'neutral_index': 7},
        {'neutral_index': -1},
    ],
)
def test_settings_that_do_not_fit_are_named(settings):
    with pytest.raises(ModelError, match=next(iter(settings))):
        sample(**mixture(batch=2), **settings)
