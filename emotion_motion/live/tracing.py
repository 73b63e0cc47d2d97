# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Functions of tensors without the calling of a few hundred small operations from Python.

Half of the time of such a function is the calling. Tracing takes that away and gives the same
numbers. torch calls it deprecated but has nothing in its place that needs no compiler at run time,
so where it is gone the function runs as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
import warnings

import torch
from torch import nn, Tensor

__all__ = ['as_traced']


class _Plain(nn.Module):
    """A module whose inputs are plain tuples, as torch traces them."""

    def __init__(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        super().__init__()
        self.module, self._inputs = module, inputs

    def forward(self, *inputs: Any) -> Any:
        return self.module(*_typed(self._inputs, inputs))


@torch.no_grad()
def as_traced(module: nn.Module, inputs: tuple[Any, ...]) -> Callable[..., Any]:
    """Return what does the same as `module` for inputs of the same shapes, faster.

    Args:
        module: in evaluation mode; of tensors and named tuples of tensors alone, and it returns
            such; no branch of it depends on their values.
        inputs: such as it will be called with.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # the deprecation, and sizes that stay as they are
            traced = torch.jit.trace(_Plain(module, inputs).eval(), inputs, check_trace=False)
            fast = torch.jit.freeze(traced)
    except (AttributeError, RuntimeError):
        return module
    output = module(*inputs)

    def run(*given: Any) -> Any:
        # Without the profiling executor the first call runs as the millionth does.
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            return _typed(output, fast(*given))

    return run


def _typed(like: Any, values: Any) -> Any:
    """Return nested tuples of tensors as the named tuples that they are in `like`."""
    if isinstance(like, Tensor):
        return values
    parts = [_typed(*pair) for pair in zip(like, values, strict=True)]
    return type(like)(*parts) if hasattr(like, '_fields') else tuple(parts)
