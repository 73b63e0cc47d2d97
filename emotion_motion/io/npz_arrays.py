# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The arrays of an .npz file by key, with errors that name path, key, shape and expectation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
import zipfile
import zlib

import numpy as np

from emotion_motion.exceptions import MotionFileError

__all__ = ['NpzArrays']


class NpzArrays:
    """Arrays of one file; `key in arrays` tells what it has."""

    def __init__(self, path: Path, arrays: Mapping[str, np.ndarray]) -> None:
        self.path = path
        self._arrays = dict(arrays)

    @classmethod
    def open(cls, path: Path, known: Sequence[str]) -> NpzArrays:
        """Read all arrays.

        Raises:
            MotionFileError: no .npz, a damaged one, pickled objects, or keys that are not `known`.
        """
        try:
            file = np.load(path, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise MotionFileError(
                    f'got {path}, a single array; expected an .npz with the keys keypoints and '
                    f'rate_hz: write it with numpy.savez'
                )
            with file:
                unknown = [key for key in file.files if key not in known]
                if unknown:
                    raise MotionFileError(
                        f'got {path} with the keys {", ".join(unknown)}; expected keypoints, '
                        f'rate_hz and, as needed, {", ".join(known[2:])}'
                    )
                return cls(path, {key: np.asarray(file[key]) for key in file.files})
        except FileNotFoundError as error:
            raise MotionFileError(f'could not read {path} ({error.strerror})') from error
        except (
            OSError, ValueError, KeyError, EOFError, MemoryError, NotImplementedError,
            RuntimeError, zipfile.BadZipFile, zlib.error,
        ) as error:  # fmt: skip
            raise MotionFileError(
                f'got {path}, which is no .npz of plain numbers and text ({error}); it may be '
                f'truncated, or hold Python objects such as None'
            ) from error

    def __contains__(self, key: str) -> bool:
        return key in self._arrays

    def renamed(self, key: str, other: str) -> NpzArrays:
        """Return the same with one key under another name."""
        arrays = {(other if name == key else name): a for name, a in self._arrays.items()}
        return NpzArrays(self.path, arrays)

    def without(self, key: str) -> NpzArrays:
        """Return the same less a key, if it is there."""
        return NpzArrays(self.path, {name: a for name, a in self._arrays.items() if name != key})

    def error(self, key: str, got: str, expected: Any) -> MotionFileError:
        """Return an error to raise about a key."""
        return MotionFileError(f'got {self.path}, where {key} {got}; expected {expected}')

    def numbers(self, key: str) -> np.ndarray:
        """Return an array of numbers; floats as float64, since float16 would pass its range."""
        if key not in self._arrays:
            raise MotionFileError(
                f'got {self.path} without the key {key}; it has '
                f'{", ".join(self._arrays) or "none"}'
            )
        array = self._arrays[key]
        if array.dtype.kind not in 'fiub':
            raise self.error(key, f'has dtype {array.dtype}', 'numbers')
        return array.astype(np.float64) if array.dtype.kind == 'f' else array

    def each(self, key: str, count: int, shape: tuple[int, ...]) -> list[Any]:
        """Return `count` values of `shape`, from one for all or one for each."""
        array = self.numbers(key)
        if array.shape == shape:
            array = np.broadcast_to(array, (count, *shape))
        if array.shape != (count, *shape):
            raise self.error(key, f'has shape {array.shape}', f'{shape} or {(count, *shape)}')
        return list(array) if shape else array.tolist()

    def texts(self, key: str, count: int, default: str | None = None) -> list[str]:
        """Return `count` texts, from one for all or one for each; `default` where missing."""
        if key not in self._arrays and default is not None:
            return [default] * count
        array = self._arrays[key]
        if array.dtype.kind != 'U' or array.shape not in ((), (count,)):
            raise self.error(
                key, f'has shape {array.shape} and dtype {array.dtype}',
                f'text of shape {"() or " if default is not None else ""}({count},)',
            )  # fmt: skip
        return [str(text) for text in np.broadcast_to(array, (count,))]
