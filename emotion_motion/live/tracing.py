# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Functions of tensors without the calling of a few hundred small operations from Python.

Half of the time of such a function is the calling. Tracing takes that away and gives the same
numbers. torch calls it deprecated but has nothing in its place that needs no compiler at run time,
so where it is gone the function runs as it is.
"""

from __future__ import annotations

from collections.abc import Callable
import io
from typing import Any
import warnings
import zlib

import torch
from torch import nn, Tensor

__all__ = ['as_traced']


_traces: dict[tuple[Any, ...], bytes] = {}


class _Plain(nn.Module):
    """A module whose inputs are plain tuples, as torch traces them."""

    def __init__(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        super().__init__()
        self.module, self._inputs = module, inputs

    def forward(self, *inputs: Any) -> Any:
        return self.module(*_typed(self._inputs, inputs))


@torch.no_grad()
def as_traced(module: nn.Module, inputs: tuple[Any, ...], constants: str) -> Callable[..., Any]:
    """Return what does the same as `module` for inputs of the same shapes, faster.

    Args:
        module: in evaluation mode; of tensors and named tuples of tensors alone, and it returns
            such; no branch of it depends on their values.
        inputs: such as it will be called with.
        constants: all that a module of this class depends on besides its parameters and buffers.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # the deprecation, and sizes that stay as they are
            fast = torch.jit.freeze(_traced(module, inputs, constants))
    except (AttributeError, RuntimeError):
        return module
    output = module(*inputs)

    def run(*given: Any) -> Any:
        # Without the profiling executor the first call runs as the millionth does.
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            return _typed(output, fast(*given))

    return run


def _traced(module: nn.Module, inputs: tuple[Any, ...], constants: str) -> torch.jit.ScriptModule:
    """Return a traced copy of `module`.

    torch keeps whatever it traces for ever, with the weights, 12 MB a generator; what it loads it
    frees. So modules that differ in their tensors alone are traced once and loaded each time.
    """
    key = (type(module), constants, *_kinds(inputs))
    if key not in _traces:
        traced = torch.jit.trace(_Plain(module, inputs).eval(), inputs, check_trace=False)
        blank = torch.jit.load(_saved(traced))
        for tensor in _tensors(blank).values():
            tensor.zero_()
        _traces[key] = zlib.compress(_saved(blank).getbuffer())
    loaded = torch.jit.load(io.BytesIO(zlib.decompress(_traces[key])))
    own = _tensors(module)
    for name, tensor in _tensors(loaded.module).items():
        tensor.copy_(own[name])
    return loaded


def _saved(module: torch.jit.ScriptModule) -> io.BytesIO:
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    buffer.seek(0)
    return buffer


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    parameters = module.named_parameters(remove_duplicate=False)
    return {**dict(parameters), **dict(module.named_buffers(remove_duplicate=False))}


def _kinds(values: Any) -> list[Any]:
    """Return shape, type and device of each tensor in nested tuples."""
    if isinstance(values, Tensor):
        return [(values.shape, values.dtype, values.device)]
    return [kind for value in values for kind in _kinds(value)]


def _typed(like: Any, values: Any) -> Any:
    """Return nested tuples of tensors as the named tuples that they are in `like`."""
    if isinstance(like, Tensor):
        return values
    parts = [_typed(*pair) for pair in zip(like, values, strict=True)]
    return type(like)(*parts) if hasattr(like, '_fields') else tuple(parts)
