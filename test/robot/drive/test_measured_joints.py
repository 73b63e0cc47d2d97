# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Measured joints come in any order and in parts, and what is old is not known."""

from __future__ import annotations

import math

import pytest

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.drive.measured_joints import MeasuredJoints


def test_parts_in_any_order_make_a_whole():
    found = MeasuredJoints(['neck', 'elbow', 'waist'])
    found.hear(['elbow', 'wheel', 'neck'], [1.0, 9.0, 2.0], [0.1, 0.2, 0.3], 5.0)
    found.hear(['waist'], [3.0], [], 5.2)
    assert found.positions(5.3) == {'elbow': 1.0, 'neck': 2.0, 'waist': 3.0}
    assert found.velocities(5.3) == {'elbow': 0.1, 'neck': 0.3, 'waist': 0.0}


def test_what_is_old_or_from_a_clock_that_was_set_back_is_not_known():
    found = MeasuredJoints(['neck', 'elbow'])
    found.hear(['neck'], [1.0], [], 5.0)
    found.hear(['elbow'], [2.0], [], 5.4)
    assert found.positions(5.6) == {'elbow': 2.0}
    assert found.positions(4.0) == {}
    found.forget()
    assert found.positions(5.4) == {}


def test_what_is_no_number_is_for_the_start_to_refuse():
    found = MeasuredJoints(['neck'])
    found.hear(['neck'], [math.nan], [], 0.0)
    assert math.isnan(found.positions(0.0)['neck'])


@pytest.mark.parametrize(
    ('names', 'positions', 'velocities'),
    [
        (['neck', 'elbow'], [1.0], []),
        (['neck'], [], []),
        (['neck', 'elbow'], [1.0, 2.0], [0.0]),
        (['neck', 'neck'], [1.0, 2.0], []),
    ],
)
def test_a_message_that_does_not_add_up_is_refused_as_a_whole(names, positions, velocities):
    found = MeasuredJoints(['neck', 'elbow'])
    with pytest.raises(RobotError, match='measured joints: got'):
        found.hear(names, positions, velocities, 0.0)
    assert found.positions(0.0) == {}
