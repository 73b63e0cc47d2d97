# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loss against plain loops; the likelihood itself is test_mixture.py's."""

from typing import NamedTuple

from hypothesis import given, strategies as st
import pytest
from support import random_inputs, random_model, seeded
import torch
from torch import Tensor

from emotion_motion.model.mixture import Target
from emotion_motion.training.losses import (
    emotion_targets,
    LossParts,
    mdn_weight,
    motion_loss,
    window_losses,
)


class Prediction(NamedTuple):
    """The first arguments of the loss."""

    logits: Tensor  # [B, T, O]
    emotion_logits: Tensor  # [B, T, E]
    nll: Tensor  # [B, T]


def prediction(
    batch: int, time: int, keypoints: int, dims: int, seed: int = 0
) -> tuple[Prediction, Tensor, Tensor]:
    """Return a random prediction, next frames [B, T, O] and unit [O], in double precision."""
    random, o = seeded(seed), keypoints * dims

    def normal(*sizes: int) -> Tensor:
        return torch.randn(*sizes, generator=random, dtype=torch.float64)

    said = Prediction(normal(batch, time, o), normal(batch, time, 7), normal(batch, time))
    return said, normal(batch, time, o), normal(o).exp()


def test_weight_of_the_likelihood_ramps_from_a_tenth_to_one():
    assert mdn_weight(0.0) == pytest.approx(0.1)
    assert mdn_weight(0.15) == pytest.approx(0.55)
    assert mdn_weight(0.3) == mdn_weight(0.9) == mdn_weight(1.0) == 1.0
    assert mdn_weight(0.5, ramp=1.0, first=0.0) == pytest.approx(0.5)
    assert mdn_weight(0.0, ramp=0.0) == 1.0 and mdn_weight(0.9, last=0.4) == pytest.approx(0.4)
    ramp = [mdn_weight(step / 100) for step in range(101)]
    assert ramp == sorted(ramp)


@given(st.integers(1, 3), st.integers(1, 20), st.integers(1, 25), st.integers(0, 1000))
def test_emotion_targets_are_the_mean_label_of_the_window(batch, length, window, seed):
    emotions = torch.rand(batch, length, 7, generator=seeded(seed))
    found = emotion_targets(emotions, window)
    for b in range(batch):
        for t in range(length):
            expected = emotions[b, max(0, t + 1 - window) : t + 1].mean(dim=0)
            torch.testing.assert_close(found[b, t], expected, rtol=1e-4, atol=1e-5)


@given(st.floats(0.0, 1.0), st.floats(0.0, 20.0), st.integers(0, 1000))
def test_loss_is_the_formula(likelihood_weight, emotion_weight, seed):
    said, target, unit = prediction(3, 4, 2, 3, seed=seed)
    truth = torch.rand(3, 4, 7, generator=seeded(seed), dtype=torch.float64)
    parts = motion_loss(
        *said,
        target,
        truth,
        unit,
        keypoint_dims=3,
        likelihood_weight=likelihood_weight,
        emotion_weight=emotion_weight,
    )
    mse = (
        sum(
            (float(said.logits[b, t, o] - target[b, t, o]) / float(unit[o])) ** 2
            for b in range(3)
            for t in range(4)
            for o in range(6)
        )
        / 72
    )
    emotion = float((said.emotion_logits - truth).square().mean())
    nll = sum(float(value) for row in said.nll for value in row) / 12
    assert float(parts.mse) == pytest.approx(mse)
    assert float(parts.emotion) == pytest.approx(emotion)
    assert float(parts.nll) == pytest.approx(nll)
    expected = mse + emotion_weight * emotion + likelihood_weight * nll
    assert float(parts.total) == pytest.approx(expected)


def test_the_emotion_weighs_ten_unless_told():
    said, target, unit = prediction(2, 3, 2, 3)
    truth = torch.zeros(2, 3, 7, dtype=torch.float64)
    parts = motion_loss(*said, target, truth, unit, keypoint_dims=3, likelihood_weight=0.0)
    torch.testing.assert_close(parts.total, parts.mse + 10.0 * parts.emotion)


def test_windows_with_a_wrong_emotion_teach_the_head_only():
    said, target, unit = prediction(4, 3, 2, 3)
    said = Prediction(*(part.requires_grad_() for part in said))
    truth = torch.rand(4, 3, 7, generator=seeded(), dtype=torch.float64)
    right = torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64)
    settings = {'keypoint_dims': 3, 'likelihood_weight': 1.0}
    parts = motion_loss(*said, target, truth, unit, **settings, predictable=right)
    parts.total.backward()
    for name, part in said._asdict().items():
        taught = (part.grad != 0.0).flatten(1).any(dim=1)
        expected = torch.ones(4) if name == 'emotion_logits' else right
        assert taught.tolist() == expected.bool().tolist(), name
    # All are means over the batch, whoever counts: so is the mean over processes.
    kept = Prediction(*(part.detach()[::2] for part in said))
    alone = motion_loss(*kept, target[::2], truth[::2], unit, **settings)
    torch.testing.assert_close(2.0 * parts.mse, alone.mse)
    torch.testing.assert_close(2.0 * parts.nll, alone.nll)


def test_the_loss_of_a_batch_is_the_mean_of_those_of_its_parts():
    said, target, unit = prediction(4, 3, 2, 3)
    truth = torch.rand(4, 3, 7, generator=seeded(), dtype=torch.float64)
    mask = torch.rand(4, 3, 2, generator=seeded()) < 0.7
    right = torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.float64)

    def loss(part: slice) -> LossParts:
        return motion_loss(
            *(value[part] for value in said),
            target[part],
            truth[part],
            unit,
            keypoint_dims=3,
            likelihood_weight=0.7,
            mask=mask[part],
            predictable=right[part],
            ahead=mask[part, :, 0],
        )

    for whole, first, second in zip(
        loss(slice(4)), loss(slice(2)), loss(slice(2, 4)), strict=True
    ):
        torch.testing.assert_close(whole, (first + second) / 2.0)


# What was not measured


@given(seed=st.integers(0, 1000))
def test_masked_keypoints_change_no_loss_and_teach_nothing(seed):
    said, target, unit = prediction(2, 4, 3, 2, seed=seed)
    truth = torch.zeros(2, 4, 7, dtype=torch.float64)
    mask = torch.rand(2, 4, 3, generator=seeded(seed)) < 0.5
    hidden = ~mask.repeat_interleave(2, dim=-1)
    settings = {'keypoint_dims': 2, 'likelihood_weight': 1.0, 'mask': mask}
    said = Prediction(*(part.requires_grad_() for part in said))
    target.requires_grad_()
    parts = motion_loss(*said, target, truth, unit, **settings)
    parts.total.backward()
    assert bool((target.grad[hidden] == 0.0).all()) and bool((target.grad[~hidden] != 0.0).all())
    assert bool((said.logits.grad[hidden] == 0.0).all())
    with torch.no_grad():
        for value in (1e3, float('nan')):
            other = target.masked_fill(hidden, value)
            changed = motion_loss(*said, other, truth, unit, **settings)
            for name in LossParts._fields:
                torch.testing.assert_close(getattr(changed, name), getattr(parts, name))


def test_a_loss_with_a_mask_is_that_of_the_measured_keypoints():
    said, target, unit = prediction(2, 4, 3, 2)
    truth = torch.zeros(2, 4, 7, dtype=torch.float64)
    settings = {'keypoint_dims': 2, 'likelihood_weight': 1.0}
    mask = torch.tensor([True, False, True]).expand(2, 4, 3)
    seen = [0, 1, 4, 5]
    alone = said._replace(logits=said.logits[..., seen])
    found = motion_loss(*said, target, truth, unit, **settings, mask=mask)
    expected = motion_loss(*alone, target[..., seen], truth, unit[seen], **settings)
    everything = motion_loss(*said, target, truth, unit, **settings)
    with_all = motion_loss(*said, target, truth, unit, **settings, mask=torch.ones_like(mask))
    for name in LossParts._fields:
        torch.testing.assert_close(getattr(found, name), getattr(expected, name))
        torch.testing.assert_close(getattr(with_all, name), getattr(everything, name))
    assert not torch.isclose(found.mse, everything.mse)


def test_a_window_without_anything_measured_has_no_loss_but_the_emotion():
    said, target, unit = prediction(2, 3, 2, 3)
    mask = torch.ones(2, 3, 2, dtype=torch.bool)
    mask[1] = False
    parts = window_losses(
        *said,
        target,
        torch.zeros(2, 3, 7),
        unit,
        keypoint_dims=3,
        likelihood_weight=1.0,
        mask=mask,
        ahead=mask.any(dim=-1),
    )
    assert float(parts.mse[1]) == float(parts.nll[1]) == 0.0
    assert float(parts.mse[0]) > 0.0 and float(parts.emotion[1]) > 0.0


def test_likelihood_counts_only_where_the_pose_ahead_was_measured():
    said, target, unit = prediction(1, 4, 2, 3)
    said = said._replace(nll=torch.tensor([[1.0, 2.0, 30.0, 40.0]], dtype=torch.float64))
    ahead = torch.tensor([[True, True, False, False]])
    settings = {'keypoint_dims': 3, 'likelihood_weight': 1.0}
    truth = torch.zeros(1, 4, 7)
    parts = motion_loss(*said, target, truth, unit, **settings, ahead=ahead)
    assert float(parts.nll) == pytest.approx(1.5)
    nothing = motion_loss(*said, target, truth, unit, **settings, ahead=ahead & False)
    assert float(nothing.nll) == 0.0


def test_every_weight_is_its_own():
    said, target, unit = prediction(2, 3, 2, 3)
    weights = {'mse_weight': 2.0, 'emotion_weight': 3.0, 'likelihood_weight': 5.0}
    parts = motion_loss(*said, target, torch.zeros(2, 3, 7), unit, keypoint_dims=3, **weights)
    expected = 2.0 * parts.mse + 3.0 * parts.emotion + 5.0 * parts.nll
    torch.testing.assert_close(parts.total, expected)


def test_a_batch_of_wrong_emotions_has_a_loss():
    said, target, unit = prediction(2, 3, 2, 3)
    parts = motion_loss(
        *said,
        target,
        torch.zeros(2, 3, 7),
        unit,
        keypoint_dims=3,
        likelihood_weight=1.0,
        predictable=torch.zeros(2),
    )
    assert float(parts.mse) == float(parts.nll) == 0.0
    torch.testing.assert_close(parts.total, 10.0 * parts.emotion)


def test_gradients_reach_every_weight_of_the_model():
    model = random_model().requires_grad_(True)
    frames, emotions = random_inputs(model, 2, 9)
    places = model.in_axes(frames)[:, 1:]
    told = Target(places, torch.full_like(places[..., :1], 0.5))
    step = model.whole(frames[:, :-1], emotions[:, 1:], told)
    mixture = model.mdn(step.features, step.here)
    nearest = torch.zeros(places.shape[:2], dtype=torch.int64)
    parts = motion_loss(
        step.logits,
        step.emotion_logits,
        model.mdn.nll(mixture, places, nearest),
        frames[:, 1:],
        emotions[:, 1:],
        model.unit,
        keypoint_dims=3,
        likelihood_weight=1.0,
    )
    parts.total.backward()
    for name, parameter in model.named_parameters():
        # A constant added to every score changes no softmax.
        if name != 'pooling.score.bias':
            assert parameter.grad is not None and bool((parameter.grad != 0.0).any()), name
