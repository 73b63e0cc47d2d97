# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled distances of capsules are Coal's, in every pose, and their slopes are true."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from robot_support import capsules, followed, motion, robot

from emotion_motion.robot.collision import capsule_loops
from emotion_motion.robot.collision.clearance import Clearance, WATCHED_M
from emotion_motion.robot.collision.distances import CapsuleKinematics

ROBOTS = ('humanoid', 'g1', 'talos')
COAL_M = 3e-6  # what Coal's distances of capsules are exact to


@functools.cache
def kinematics(name: str) -> CapsuleKinematics:
    return CapsuleKinematics(capsules(name))


def poses(name: str, count: int) -> np.ndarray:
    """Return random poses [count, J]: arms are anywhere, also inside of the body."""
    limits = robot(name).limits
    return np.random.default_rng(5).uniform(limits.lower, limits.upper, (count, len(limits)))


@pytest.mark.parametrize('name', ROBOTS)
def test_distances_are_those_that_coal_measures(name):
    for q in poses(name, 150):
        true = capsules(name).distances(q) - capsules(name).margins
        np.testing.assert_allclose(kinematics(name).left(q, np.inf), true, atol=COAL_M)
        # Far pairs need not be exact, but none that is near is taken for a far one.
        left = kinematics(name).left(q, WATCHED_M)
        near = true < WATCHED_M - COAL_M
        np.testing.assert_allclose(left[near], true[near], atol=COAL_M)
        assert (left[~near] >= WATCHED_M - 2.0 * COAL_M).all() and (~near).any() and near.any()


@pytest.mark.parametrize('name', ROBOTS)
def test_the_least_along_a_path_is_that_of_its_nearest_pose(name):
    first, last = poses(name, 2)
    path = first + np.linspace(0.0, 1.0, 60)[:, None] * (last - first)
    left = np.array([kinematics(name).left(q, np.inf) for q in path])
    begin, least = kinematics(name).along(path, np.inf, 0.0)
    np.testing.assert_array_equal(begin, left[0])
    np.testing.assert_array_equal(least, left.min(axis=0))
    # Pairs that cannot have come so near are not measured anew; those that have, are.
    _, some = kinematics(name).along(path, 0.05, 0.0)
    near = least < 0.05
    np.testing.assert_array_equal(some[near], least[near])
    assert (some[~near] >= 0.05).all() and near.any() and (~near).any()
    # With poses left out it is of those that were looked at, and not far from the least of all.
    _, fewer = kinematics(name).along(path, np.inf, 0.04)
    assert (fewer >= least).all() and (fewer - least).max() < 0.04
    # The first and the last are always looked at.
    _, ends = kinematics(name).along(path, np.inf, 1e9)
    np.testing.assert_array_equal(ends, np.minimum(left[0], left[-1]))


@pytest.mark.parametrize('name', ROBOTS)
def test_which_pairs_come_nearer_also_where_the_first_is_enough(name):
    counts = []
    for first, last in poses(name, 40).reshape(20, 2, -1):
        path = first + np.linspace(0.0, 1.0, 15)[:, None] * 0.2 * (last - first)
        begin, least = kinematics(name).along(path, -0.01, 0.0)
        expected = least < np.minimum(-0.01, begin - 1e-3)
        found, count = kinematics(name).nearer(path, -0.01, more_m=1e-3)
        np.testing.assert_array_equal(found, expected)
        some, least_count = kinematics(name).nearer(path, -0.01, more_m=1e-3, hasty=True)
        assert count == expected.sum() and least_count == some.sum() and (expected | ~some).all()
        assert (least_count > 0) == (count > 0)
        counts.append((count, least_count))
    assert any(count > some for count, some in counts) and any(count == 0 for count, _ in counts)


def test_a_pose_that_is_not_a_number_is_not_clear():
    q = np.full(len(robot()), np.nan)
    assert (kinematics('humanoid').left(q, WATCHED_M) == -np.inf).all()
    path = np.stack((robot().rest, q))
    assert kinematics('humanoid').nearer(path, -0.01)[0].all()


def test_other_arrays_are_refused_and_not_compiled_for():
    with pytest.raises(TypeError):
        kinematics('humanoid').left(robot().rest.astype(np.float32), WATCHED_M)


@pytest.mark.parametrize('name', ROBOTS)
def test_rows_are_the_derivative_of_distances(name):
    model, clearance, step = capsules(name), Clearance(robot(name)), 1e-5
    checked = 0
    for q in followed(name, motion('fear'), clearance=False)[::20]:
        rows, bounds = clearance.rows(kinematics(name).chain.frames(q[None])[0])
        near = np.flatnonzero(kinematics(name).left(q, WATCHED_M) < WATCHED_M)
        left = model.distances(q) - model.margins
        np.testing.assert_allclose(bounds, 0.5 * left[near], atol=COAL_M)
        before = kinematics(name).left(q, np.inf)[near]
        for joint in range(len(q)):
            there = q.copy()
            there[joint] += step
            slope = (kinematics(name).left(there, np.inf)[near] - before) / step
            fine = model.distances(q)[near] > 0.005  # where axes nearly cross, slopes turn fast
            np.testing.assert_allclose(-rows[fine, joint], slope[fine], atol=5e-3)
            checked += int(fine.sum())
    assert checked > 100


def crossing(turned: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what is left between two axes of 2 m, one on a joint, and how fast it gets less.

    The joint turns about x and is 1 m beside the middle of the other axis, along which it points
    when it is not turned; turned by 90 degrees its capsule reaches into the other's middle.
    """
    c, s = np.cos(turned), np.sin(turned)
    base, joint = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], [1, 0, 0, 0, c, -s, 0, s, c, 0, 1, 0]
    frames = np.array([base, joint])
    parents, axes = np.array([0, 0]), np.array([[0, 0, 0], [1, 0, 0]], float)
    owners = np.array([1, 0])
    ends = np.array([[0, 0, 0, 0, 0, 1], [0, 0, -1, 0, 0, 1]], float)
    pair = np.array([0]), np.array([1]), np.array([0.0]), np.array([9.0])
    return capsule_loops.nearing(frames, np.inf, parents, axes, owners, ends, *pair)


def test_slopes_where_axes_are_next_to_parallel_and_where_they_cross():
    left, rows = crossing(1e-7)
    np.testing.assert_allclose((left[0], rows[0, 0]), (1.0, 1.0), atol=1e-6)
    left, rows = crossing(0.25 * np.pi)
    np.testing.assert_allclose((left[0], rows[0, 0]), (1.0 - 0.5**0.5, 0.5**0.5))
    left, rows = crossing(-0.25 * np.pi)  # away, the other end is nearest
    np.testing.assert_allclose((left[0], rows[0, 0]), (1.0, 0.0), atol=1e-12)
    left, rows = crossing(0.5 * np.pi)
    assert left[0] == pytest.approx(0.0, abs=1e-12) and np.isfinite(rows).all()
