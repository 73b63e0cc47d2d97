# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A traced module does what it did, and where torch cannot trace it runs as it is."""

import subprocess
import sys
from typing import NamedTuple

import pytest
import torch
from torch import nn

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
    zeros = torch.zeros(4, 3)
    fast = as_traced(module, (Pair(zeros, zeros), zeros), '')
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
    assert as_traced(module, (pair, torch.zeros(1)), 'other') is module


@pytest.mark.parametrize('size', [2, 3])
def test_each_module_of_a_kind_keeps_its_own_tensors(size):
    """A class is traced once; shapes, tensors and what else it depends on are each module's."""
    modules = [nn.Linear(size, size).eval().requires_grad_(False) for _ in range(2)]
    fast = [as_traced(module, (torch.zeros(1, size),), '') for module in modules]
    given = torch.randn(1, size)
    for module, traced in zip(modules, fast, strict=True):
        assert traced is not module
        torch.testing.assert_close(traced(given), module(given))
    modules[0].weight.zero_()  # what was traced first has its own copy as well
    assert traced(given).abs().max() > 0.0


_GROWTH = """
import gc, pathlib, sys
from emotion_motion.checkpoint import from_pretrained
from emotion_motion.generator import MotionGenerator

def resident_mb():
    text = pathlib.Path('/proc/self/status').read_text()
    return int(text.split('VmRSS:')[1].split()[0]) / 1e3

for number in range(14):
    if number == 8:
        before = resident_mb()
    MotionGenerator(from_pretrained('default'), seed=1).step()
    gc.collect()
print(resident_mb() - before)
"""


@pytest.mark.soak  # the node's cycles are there too
def test_generators_that_have_gone_leave_no_memory():
    done = subprocess.run([sys.executable, '-c', _GROWTH], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 5.0, f'6 generators left {done.stdout.strip()} MB'
