# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""One small tree of errors, so that a caller can catch all of them or one kind."""

import inspect
import pickle

import pytest

from emotion_motion import exceptions
from emotion_motion.exceptions import EmotionMotionError

KINDS = [kind for _, kind in inspect.getmembers(exceptions, inspect.isclass)]


def test_every_error_is_listed_and_has_one_root():
    assert {kind.__name__ for kind in KINDS} == set(exceptions.__all__)
    assert all(issubclass(kind, EmotionMotionError) for kind in KINDS)
    assert issubclass(EmotionMotionError, Exception)


@pytest.mark.parametrize('kind', KINDS)
def test_an_error_keeps_its_message_and_crosses_processes(kind):
    error = kind('got 3; expected 4')
    assert str(error) == 'got 3; expected 4'
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind and str(again) == str(error)


@pytest.mark.parametrize('name', ['EmotionError', 'SkeletonError', 'ConfigError', 'ModelError'])
def test_errors_of_values_are_value_errors(name):
    assert issubclass(getattr(exceptions, name), ValueError)
