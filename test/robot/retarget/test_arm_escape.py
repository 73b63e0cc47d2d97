# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""An arm that turned the wrong way round finds the other way, and none that points well moves."""

from __future__ import annotations

import numpy as np
from robot_support import motion, robot

from emotion_motion.robot.retarget.directions import BodyDirections
from emotion_motion.robot.retarget.inverse_kinematics import InverseKinematics

PERIOD_S = 1.0 / 30.0


def worst_deg(escape: bool, start: np.ndarray, wanted: np.ndarray, seconds: float) -> float:
    """Return how far the left forearm is off after following a pose for a while."""
    kinematics = InverseKinematics(robot(), PERIOD_S, clearance=False, escape=escape)
    bones, limits = kinematics.bones, robot().limits
    kinematics.start(start)
    directions = bones.directions(wanted)
    before = start
    for _ in range(round(seconds / PERIOD_S)):
        q = kinematics(directions)
        assert (q >= limits.lower).all() and (q <= limits.upper).all()
        assert (np.abs(q - before) <= limits.velocity * PERIOD_S * (1 + 1e-9)).all()
        before = q
    row = bones.names.index('left_forearm')
    return float(np.degrees(kinematics._bone_task.angles[row]))


def posed(**angles: float) -> np.ndarray:
    q = robot().rest.copy()
    for name, angle in angles.items():
        q[robot().names.index(name)] = angle
    return np.clip(q, robot().limits.lower, robot().limits.upper)


def test_dead_ends_are_left_and_without_escape_are_not():
    rng = np.random.default_rng(4)
    freed = stuck = 0
    for _ in range(30):
        arm = {'l_p_shoulder': rng.uniform(-1.5, 0.3), 'l_r_shoulder': rng.uniform(0.2, 1.2)}
        wanted = posed(**arm, l_y_shoulder=rng.uniform(0.9, 1.5), l_elbow=rng.uniform(-2.2, -1.2))
        start = posed(**arm, l_y_shoulder=-1.7, l_elbow=0.1)
        if worst_deg(False, start, wanted, 3.0) > 40.0:
            stuck += 1
            freed += worst_deg(True, start, wanted, 3.0) < 10.0
    assert stuck >= 3, 'this test shall have dead ends'
    assert freed >= 0.8 * stuck


def test_where_no_arm_is_stuck_nothing_is_different():
    keypoints = motion('neutral')
    found = []
    for escape in (False, True):
        kinematics = InverseKinematics(robot(), PERIOD_S, escape=escape)
        read = BodyDirections(kinematics.bones.names)
        found.append(np.stack([kinematics(read(frame)) for frame in keypoints]))
    assert np.array_equal(*found)
