# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A traced module does what it did, and where torch cannot trace it runs as it is."""

from typing import NamedTuple

import pytest
import torch

from emotion_motion.live.tracing import as_traced


class Pair(NamedTuple):
    first: torch.Tensor
    second: torch.Tensor


class Doubled(torch.nn.Module):
    """Takes a named tuple beside a tensor, and gives one."""

    def forward(self, pair: Pair, z: torch.Tensor) -> Pair:
        return pair._replace(first=2.0 * pair.first + pair.second - z)


def test_a_traced_module_gives_the_same_numbers_and_named_tuples():
    module = Doubled().eval()
    fast = as_traced(module, (Pair(torch.zeros(4, 3), torch.zeros(4, 3)), torch.zeros(4, 3)))
    assert fast is not module
    with torch.inference_mode():
        for seed in range(3):
            random = torch.Generator().manual_seed(seed)
            x, y, z = (torch.randn(4, 3, generator=random) for _ in range(3))
            made, expected = fast(Pair(x, y), z), module(Pair(x, y), z)
            assert isinstance(made, Pair)
            torch.testing.assert_close(made, expected, rtol=0.0, atol=1e-6)


@pytest.mark.parametrize('error', [RuntimeError, AttributeError])
def test_where_torch_cannot_trace_the_module_runs_as_it_is(monkeypatch, error):
    def refuse(*_, **__):
        raise error('no tracing in this torch')

    monkeypatch.setattr(torch.jit, 'trace', refuse)
    module = Doubled().eval()
    pair = Pair(torch.zeros(1), torch.zeros(1))
    assert as_traced(module, (pair, torch.zeros(1))) is module
