# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A traced function does what it did, and where torch cannot trace it runs as it is."""

import pytest
import torch

from emotion_motion.live.tracing import as_traced


def doubled(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return 2.0 * x + y, x - y


class Shifted:
    """Something that is called and is no function."""

    def __init__(self, by: float) -> None:
        self.by = by

    def __call__(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x * y + self.by


@pytest.mark.parametrize('function', [doubled, torch.nn.Bilinear(3, 3, 2).eval(), Shifted(0.5)])
def test_a_traced_function_gives_the_same_numbers(function):
    fast = as_traced(function, (torch.zeros(4, 3), torch.zeros(4, 3)))
    assert fast is not function
    with torch.inference_mode():
        for seed in range(3):
            random = torch.Generator().manual_seed(seed)
            x, y = (torch.randn(4, 3, generator=random) for _ in range(2))
            torch.testing.assert_close(fast(x, y), function(x, y), rtol=0.0, atol=1e-6)


@pytest.mark.parametrize('error', [RuntimeError, AttributeError])
def test_where_torch_cannot_trace_the_function_is_used_as_it_is(monkeypatch, error):
    def refuse(*_, **__):
        raise error('no tracing in this torch')

    monkeypatch.setattr(torch.jit, 'trace', refuse)
    assert as_traced(doubled, (torch.zeros(1), torch.zeros(1))) is doubled
