# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The safety limiter where planning fails: no limit breaks and every path ends at rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_limiter import AT_START, awake, LIMITS, moving, run
from torture import PERIOD_S, Robot

from emotion_motion.robot.safety.jerk_phases import MotionState
from emotion_motion.robot.safety.limiter import SafetyLimiter
from emotion_motion.robot.safety.planner import RuckigPlanner


class FailingPlanner:
    """Ruckig, but now and then it fails, or says what must not be believed."""

    def __init__(self, limiter: SafetyLimiter, random: np.random.Generator) -> None:
        self._planner, self._random = limiter._planner, random
        self.errors = self.lies = 0

    def plan(self, state: MotionState, target: np.ndarray, velocity: Any = None) -> Any:
        durations, jerks, planned = self._planner.plan(state, target, velocity)
        durations, jerks, planned = durations.copy(), jerks.copy(), planned.copy()
        joint, kind = self._random.integers(len(target)), self._random.integers(10)
        self.lies += kind < 7
        if kind == 0:
            planned[:] = False
        elif kind == 1:
            planned[joint] = False
        elif kind == 2:
            durations[self._random.integers(9), joint] = self._random.choice([np.nan, np.inf])
        elif kind == 3:
            durations[self._random.integers(9), joint] += self._random.uniform(-0.1, 0.3)
        elif kind == 4:
            jerks[:, joint] *= self._random.choice([-1.0, 2.0, 1e9, np.nan])
        elif kind == 5:
            durations[:, joint] *= 3.0
        elif kind == 6:
            jerks[2:, joint] = jerks[2:, joint][::-1]
        return durations, jerks, planned


@pytest.mark.filterwarnings('ignore::RuntimeWarning')
@pytest.mark.parametrize('seed', range(4))
def test_whatever_the_planner_says_no_limit_breaks(seed):
    random = np.random.default_rng(seed)
    limiter = awake()
    limiter._planner = planner = FailingPlanner(limiter, random)  # type: ignore[assignment]
    robot = Robot(limiter, random)
    for k in range(400):
        target = AT_START + (1.0 if k % 40 < 20 else -1.0) * np.array([0.8, 1.3, 0.9])
        robot.step(target, PERIOD_S)
    assert planner.lies > 200
    robot.end()


def test_a_joint_without_a_plan_brakes_and_the_others_go_on():
    limiter = moving()
    before = limiter.path.start

    class NoNeck(RuckigPlanner):
        def plan(self, *args: Any) -> Any:
            durations, jerks, planned = super().plan(*args)
            return durations, jerks, planned & np.array([False, True, True])

    share = 1.0 - 1e-4
    limits = (LIMITS.velocity, LIMITS.acceleration, LIMITS.jerk)
    limiter._planner = NoNeck(*(share * each for each in limits))
    states = run(limiter, np.array([-0.9, 1.8, 2.4]), 80)
    assert limiter.state == 'following'
    last = states[-1]
    assert last.velocity[0] == 0.0
    assert last.position[0] - before.position[0] > -0.4, 'it went on instead of braking'
    np.testing.assert_allclose(last.position[1:], [1.8, 2.4], atol=1e-6)


def test_without_a_valid_new_path_the_current_one_is_completed():
    limiter = moving()
    limiter._paths.within_limits = lambda path: np.zeros(3, dtype=bool)  # type: ignore[method-assign]
    robot = Robot(limiter, np.random.default_rng(5))
    expected = limiter.path.last.position
    for _ in range(60):
        robot.step(np.array([1.0, -1.0, 0.0]), PERIOD_S)
    assert limiter.at_rest and limiter.kept_paths > 0
    np.testing.assert_allclose(limiter.path.start.position, expected, atol=1e-9)
