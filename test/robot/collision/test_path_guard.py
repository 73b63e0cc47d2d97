# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Arms keep clear on the whole path that a robot is commanded, and find their way round."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip('pinocchio')
pytest.importorskip('pink')

from robot_support import capsules, motion, robot

from emotion_motion.robot.collision.clearance import PathGuard
from emotion_motion.robot.drive.driver import RobotDriver
from emotion_motion.robot.retarget.retargeter import Retargeter
from emotion_motion.robot.safety.jerk_phases import JerkPhases
from emotion_motion.robot.safety.limiter import SafetyLimiter
from emotion_motion.robot.safety.settings import LimiterSettings

PERIOD_S = 1.0 / 60.0
# What may be lost between two looks at a path, of the 12 mm that it may miss a margin by.
ALLOWED_M = -0.012 - 0.003


def clear_poses(random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield poses [J] of our humanoid whose arms are clear, but near to something."""
    while True:
        pose = random_pose(random)
        if 0.0 < capsules().nearest(pose)[1] < 0.03:
            yield pose


def random_pose(random: np.random.Generator) -> np.ndarray:
    return random.uniform(robot().limits.lower, robot().limits.upper)


def started(
    guard: PathGuard | None, pose: np.ndarray | None = None, velocity: float = 10.0
) -> SafetyLimiter:
    """Return a limiter that starts from a pose [J], the rest pose by default."""
    settings = LimiterSettings(approach_velocity=velocity)
    limiter = SafetyLimiter(robot().limits, PERIOD_S, settings, guard)
    pose = robot().rest if pose is None else pose
    limiter.start(dict(zip(robot().names, pose.tolist(), strict=True)))
    return limiter


def driven() -> RobotDriver:
    retargeter = Retargeter(robot(), 60.0)
    return RobotDriver(retargeter, display=True, controllers={'all': robot().names})


def followed(guard: PathGuard | None, seed: int, steps: int) -> tuple[list[JerkPhases], float]:
    """Return the paths of a limiter led from clear pose to clear pose, and how far it got."""
    random, limiter = np.random.default_rng(seed), started(guard)
    poses, paths = clear_poses(random), []
    for step in range(steps):
        if step % 25 == 0:
            target = next(poses)
        limiter.step(target)
        paths.append(limiter.path)
    way = np.array([path.start.position for path in paths])
    return paths, float(np.abs(np.diff(way, axis=0)).sum())


def nearest(path: JerkPhases) -> float:
    """Return how much farther than its margin the nearest pair is anywhere on a path [m]."""
    times = np.arange(0.0, float(path.ends_s.max()) + 0.006, 0.006)
    return min(capsules().nearest(q)[1] for q in path.sample(times).position)


def test_every_path_between_clear_poses_is_clear_to_its_end() -> None:
    seed = 5  # arms would go through the body
    paths, moved = followed(PathGuard(robot()), seed, 300)
    assert min(nearest(path) for path in paths[::9]) >= ALLOWED_M
    free, free_moved = followed(None, seed, 300)
    assert min(nearest(path) for path in free[::9]) < 2.0 * ALLOWED_M, 'this test cannot fail'
    assert moved > 0.3 * free_moved, 'it holds still instead'


def test_a_stop_is_clear_too_and_ends_at_rest() -> None:
    limiter = started(PathGuard(robot()))
    poses = clear_poses(np.random.default_rng(4))
    for step in range(160):
        if step % 40 == 0:
            target = next(poses)
        if step % 40 == 15:
            limiter.stop('user')
        elif step % 40 == 39:
            assert limiter.at_rest
            limiter.release('user')
        limiter.step(target)
        if step % 4 == 3:
            assert nearest(limiter.path) >= ALLOWED_M
        assert limiter.path.ends_at_rest.all()


def test_arms_that_start_too_near_come_no_nearer_and_get_away() -> None:
    model, random = capsules(), np.random.default_rng(2)
    bad = random_pose(random)
    while not -0.06 < model.nearest(bad)[1] < -0.03:
        bad = random_pose(random)
    limiter = started(PathGuard(robot()), bad, velocity=3.0)
    least = model.nearest(bad)[1]
    for _ in range(150):
        assert model.nearest(limiter.step(robot().rest).position)[1] >= least - 1e-3
    assert model.nearest(limiter.path.start.position)[1] > least + 0.01


@pytest.mark.parametrize('emotion', ['anger', 'fear'])
def test_jumps_between_gestures_keep_clear_and_keep_moving(emotion: str) -> None:
    """Every second another place in the motion: targets far from where the arms are."""
    keypoints, driver = motion(emotion), driven()
    commanded = []
    for cycle in range(360):
        frame = (37 * (cycle // 60) + cycle // 2) % len(keypoints)
        state = driver.advance(keypoints[frame], elapsed_s=None, now_s=cycle * PERIOD_S)
        assert state is not None
        commanded.append(state.position)
    assert min(capsules().nearest(q)[1] for q in commanded) >= ALLOWED_M
    late = np.array(commanded[60:])
    assert np.abs(np.diff(late, axis=0)).sum() > 3.0, 'it stands still'


def test_an_arm_whose_way_leads_through_the_body_finds_another() -> None:
    """The target rests, and no straight way to it is clear: the arm goes round all the same."""
    driver = driven()
    random, keypoints = np.random.default_rng(0), motion('fear')
    stuck = 0
    for _ in range(6):
        frame = keypoints[random.integers(len(keypoints))]
        for cycle in range(240):
            driver.advance(frame, elapsed_s=None, now_s=cycle * PERIOD_S)
        wanted = driver._retargeter(frame)
        stuck += np.abs(driver.commands.position - wanted).max() > 0.1
    assert stuck == 0
