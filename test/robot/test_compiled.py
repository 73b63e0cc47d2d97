# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled loops are what is written, for one kind of arguments, with or without a cache."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('numba')

from emotion_motion.robot.compiled import compiled, NUMBER, plain, VECTOR
from emotion_motion.robot.safety import jerk_loops


def test_compiled_numbers_are_those_of_plain_python_to_the_last_bit():
    random = np.random.default_rng(1)
    state, phases = random.normal(size=(3, 5)), np.abs(random.normal(size=(2, 7, 5)))
    for one, other in zip(
        jerk_loops.integrated(*state, phases),
        jerk_loops.integrated.py_func(*state, phases),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_other_types_are_an_error_not_another_compilation():
    @compiled(VECTOR, NUMBER)
    def scaled(vector, number):
        return vector * number

    np.testing.assert_array_equal(scaled(np.arange(3.0), 2), (0.0, 2.0, 4.0))
    for wrong in (np.arange(3), np.arange(6.0)[::2], np.ones((2, 2)), [1.0]):
        with pytest.raises(TypeError):
            scaled(wrong, 2.0)
    taken = plain(np.arange(6, dtype=np.float32)[::2])
    np.testing.assert_array_equal(scaled(taken, 1.0), (0.0, 2.0, 4.0))


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same():
    """A function without a file stands for a folder that may not be written: no cache is found."""
    here: dict = {}
    exec('def doubled(number):\n    return number + number', here)
    found = compiled(NUMBER)(here['doubled'])
    assert found(1.5) == 3.0 and not found.stats.cache_path
