# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Limits of joints: what leaves no room for motion is refused, by the name of the joint."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.limits import JointLimits

GOOD: dict[str, Any] = {
    'names': ('neck', 'elbow'),
    'lower': [-1.0, 0],
    'upper': [1.0, 2.5],
    'velocity': [2.0, 3.0],
    'acceleration': [10.0, 20.0],
    'jerk': [100.0, 300.0],
}


def test_limits_are_arrays_of_float64_that_nobody_can_change():
    given = np.array([-1.0, 0.0])
    limits = JointLimits(**{**GOOD, 'lower': given, 'names': ['neck', 'elbow']})
    assert limits.names == ('neck', 'elbow') and len(limits) == 2
    for name in ('lower', 'upper', 'velocity', 'acceleration', 'jerk'):
        values = getattr(limits, name)
        assert values.dtype == np.float64 and values.shape == (2,)
        with pytest.raises(ValueError, match='read-only'):
            values[0] = 7.0
    given[0] = 5.0
    assert limits.lower[0] == -1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        limits.lower = given


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'names': ()}, 'got no joints'),
        ({'names': ('neck', 'neck')}, 'neck twice'),
        ({'names': ('neck', 'elbow', 'wrist')}, 'each of the 3 joints'),
        ({'lower': [-1.0]}, 'lower: got shape (1,)'),
        ({'lower': [[-1.0, 0.0]]}, 'lower: got shape (1, 2)'),
        ({'lower': [1.0, 0.0]}, "'neck': got limits from 1 to 1 rad"),
        ({'lower': [-1.0, 2.6]}, "'elbow': got limits from 2.6 to 2.5 rad"),
        ({'lower': [-np.inf, 0.0]}, "'neck': got -inf as lower"),
        ({'upper': [1.0, np.nan]}, "'elbow': got nan as upper"),
        ({'velocity': [0.0, 1.0]}, "'neck': got 0 as limit of its velocity"),
        ({'velocity': [1.0, np.inf]}, "'elbow': got inf as velocity"),
        ({'acceleration': [1.0, -1.0]}, "'elbow': got -1 as limit of its acceleration"),
        ({'jerk': [np.nan, 1.0]}, "'neck': got nan as jerk"),
    ],
)
def test_limits_that_cannot_be_are_refused(changes, words):
    with pytest.raises(RobotError) as caught:
        JointLimits(**{**GOOD, **changes})
    assert words in str(caught.value)
    assert 'expected' in str(caught.value)


def test_a_subset_has_the_order_that_was_asked_for():
    limits = JointLimits(**GOOD)
    turned = limits.subset(['elbow', 'neck'])
    assert turned.names == ('elbow', 'neck')
    assert turned.upper.tolist() == [2.5, 1.0] and turned.jerk.tolist() == [300.0, 100.0]
    with pytest.raises(RobotError, match="'knee'; expected one of neck, elbow"):
        limits.subset(['knee'])
