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

__all__ = ['as_traced']


@torch.no_grad()
def as_traced(function: Callable[..., Any], inputs: tuple[Any, ...]) -> Callable[..., Any]:
    """Return what does the same as `function` for inputs of the same shapes, faster.

    Args:
        function: a module in evaluation mode, or anything else that can be called, of tensors
            alone; no branch of it depends on their values.
        inputs: such as it will be called with.
    """

    def plain(*args: Any) -> Any:  # torch traces modules and functions, but no other callable
        return function(*args)

    traceable = function if isinstance(function, torch.nn.Module) else plain
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # the deprecation, and sizes that stay as they are
            fast = torch.jit.trace(traceable, inputs, check_trace=False)
            if isinstance(function, torch.nn.Module):
                fast = torch.jit.freeze(fast)
    except (AttributeError, RuntimeError):
        return function

    def run(*args: Any) -> Any:
        # Without the profiling executor the first call runs as the millionth does.
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            return fast(*args)

    return run
