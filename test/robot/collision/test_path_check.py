# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a path check says is what Coal measures in every pose, and slopes of distances are true."""

from __future__ import annotations

import numpy as np
import pytest
from robot_support import capsules, followed, motion, robot

from emotion_motion.robot.collision.clearance import Clearance, WATCHED_M
from emotion_motion.robot.collision.path_check import PathCheck
from emotion_motion.robot.retarget.bones import Bones

ROBOTS = ('humanoid', 'g1', 'talos')


def paths(name: str, count: int) -> np.ndarray:
    """Return straight paths [count, 15, J] from random poses: arms may be in the body."""
    limits = robot(name).limits
    ends = np.random.default_rng(5).uniform(limits.lower, limits.upper, (2, count, len(limits)))
    return ends[0, :, None] + np.linspace(0.0, 0.2, 15)[:, None] * (ends[1] - ends[0])[:, None]


@pytest.mark.parametrize('name', ROBOTS)
def test_pairs_that_come_near_are_those_that_coal_measures(name):
    model, check, counts = capsules(name), PathCheck(capsules(name), 0.01, 1e-3), []
    for path in paths(name, 30):
        distances = np.array([model.distances(q) for q in path])
        least = np.minimum(model.margins - 0.01, distances[0] - 1e-3)
        expected = (distances < least).any(axis=0)
        np.testing.assert_array_equal(check.near(path), expected)
        assert check.clear(path) == (not expected.any())
        np.testing.assert_array_equal(check.near(path), expected)  # nothing is left from before
        counts.append(expected.sum())
    assert max(counts) > 1 and min(counts) == 0


@pytest.mark.parametrize('name', ROBOTS)
def test_no_pair_comes_nearer_than_its_bound(name):
    """The bound by which poses and pairs are passed over holds for steps of any size."""
    model, check = capsules(name), PathCheck(capsules(name), 0.0)
    for path in paths(name, 30):
        distances = np.array([model.distances(q) for q in path])
        bounds = distances[0] - np.abs(path - path[0]) @ check._nearing
        assert (distances >= bounds - 1e-6).all()


def test_a_pose_that_is_not_a_number_is_not_clear():
    check = PathCheck(capsules(), 0.01)
    path = np.stack((robot().rest, np.full(len(robot()), np.nan)))
    assert check.near(path).all() and not check.clear(path)


@pytest.mark.parametrize('name', ROBOTS)
def test_rows_are_the_derivative_of_distances(name):
    model, clearance, step = capsules(name), Clearance(robot(name)), 1e-5
    bones, checked = Bones(robot(name)), 0
    for q in followed(name, motion('fear'), clearance=False)[::20]:
        rows, bounds = clearance.rows(bones.configuration(q).data)
        before = model.distances(q)
        left = before - model.margins
        near = np.flatnonzero(left < WATCHED_M)
        np.testing.assert_allclose(bounds, 0.5 * left[near], atol=1e-6)
        fine = before[near] > 0.005  # where axes nearly cross, slopes turn fast
        for joint in range(len(q)):
            there = q.copy()
            there[joint] += step
            slope = (model.distances(there) - before)[near] / step
            np.testing.assert_allclose(-rows[fine, joint], slope[fine], atol=5e-3)
            checked += int(fine.sum())
    assert checked > 100
