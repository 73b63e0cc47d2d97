# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""AttentionPooling is the softmax-weighted mean, over all frames or over a causal window."""

import math

from hypothesis import given, strategies as st
from support import seeded
import torch

from emotion_motion.model.network import AttentionPooling

SIZES = st.tuples(st.integers(1, 3), st.integers(1, 12), st.integers(1, 5))  # B, T, dim


def made(sizes: tuple[int, int, int], seed: int) -> tuple[AttentionPooling, torch.Tensor]:
    """Return a pooling layer with strong scores and an input [B, T, dim], in double precision."""
    layer = AttentionPooling(sizes[-1]).double().requires_grad_(False)
    layer.score.weight.normal_(generator=seeded(seed)).mul_(2.0)
    return layer, torch.randn(sizes, generator=seeded(seed + 1), dtype=torch.float64)


def mean_by_loop(layer: AttentionPooling, rows: torch.Tensor) -> torch.Tensor:
    """Average rows [n, dim] by exp(score) / sum of exp(score), one at a time."""
    weight, bias = layer.score.weight[0].tolist(), float(layer.score.bias)
    powers = [
        math.exp(sum(w * float(x) for w, x in zip(weight, row, strict=True)) + bias)
        for row in rows
    ]
    pooled = torch.zeros_like(rows[0])
    for power, row in zip(powers, rows, strict=True):
        pooled += power / sum(powers) * row
    return pooled


@given(SIZES, st.integers(0, 1000))
def test_forward_is_the_softmax_weighted_mean_over_all_frames(sizes, seed):
    layer, x = made(sizes, seed)
    expected = torch.stack([mean_by_loop(layer, rows) for rows in x])
    torch.testing.assert_close(layer(x), expected)


@given(SIZES, st.integers(1, 14), st.integers(0, 1000))
def test_windowed_is_the_same_mean_over_each_frame_s_last_frames(sizes, window, seed):
    layer, x = made(sizes, seed)
    pooled = layer.windowed(x, window)
    assert pooled.shape == x.shape
    for b in range(sizes[0]):
        for t in range(sizes[1]):
            expected = mean_by_loop(layer, x[b, max(0, t + 1 - window) : t + 1])
            torch.testing.assert_close(pooled[b, t], expected)


def test_it_is_one_linear_score():
    layer = AttentionPooling(5)
    assert [tuple(p.shape) for p in layer.parameters()] == [(1, 5), (1,)]
