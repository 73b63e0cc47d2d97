# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Loops over numbers, compiled by Numba: what a robot's every cycle waits for.

Compiled when a module is first imported, never in a cycle, and kept on the disk beside the module,
or in the user's cache folder where that may not be written. No fast-math: results are those of
plain Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba import types
import numpy as np

__all__ = [
    'compiled',
    'INDICES',
    'inlined',
    'MARKS',
    'MATRICES',
    'MATRIX',
    'NUMBER',
    'plain',
    'VECTOR',
]

_OPTIONS: dict[str, Any] = {'error_model': 'numpy', 'nogil': True}


def _array(dtype: types.Type, dims: int) -> types.Type:
    """Return the type of arrays row by row, as NumPy makes them, which are only read."""
    return types.Array(dtype, dims, 'C', readonly=True, aligned=True)


# What compiled functions take: arrays of 64 bit numbers or of truth, and a number.
VECTOR, MATRIX, MATRICES = (_array(types.float64, dims) for dims in (1, 2, 3))
INDICES, MARKS = _array(types.int64, 1), _array(types.boolean, 1)
NUMBER = types.float64


def compiled(*arguments: types.Type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that compiles a function of arguments of these types.

    Other types are a TypeError when it is called: nothing is compiled anew then.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            return numba.njit(arguments, cache=True, **_OPTIONS)(function)
        except RuntimeError:  # no folder to keep it in may be written: compiled each time
            return numba.njit(arguments, **_OPTIONS)(function)

    return decorate


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function as part of the compiled ones that call it, from the same module only.

    What is kept on the disk is compiled anew when its own module changes, not another one. Left
    to the compiler's later stages, each call would count references to its arrays, which took
    half of the time of measuring capsules.
    """
    return numba.njit(inline='always', **_OPTIONS)(function)


def plain(numbers: np.ndarray) -> np.ndarray:
    """Return numbers as compiled functions take them: 64 bits, row by row."""
    return np.ascontiguousarray(numbers, dtype=np.float64)
