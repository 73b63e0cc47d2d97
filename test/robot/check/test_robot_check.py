# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The check tells a robot that follows from one that cannot, and says what keeps it from it."""

from __future__ import annotations

import numpy as np
import pytest
from robot_support import changed, motion, robot, RobotError, settings

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.robot.check.check import _PARTS, check_motion, EmotionCheck, Reach, reaches
from emotion_motion.robot.check.report import draw_checks, near_at_rest, reachable, report, verdict
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.retarget.directions import BodyDirections

RATE_HZ = 30.0


def stiff(*joints: str, most_rad: float = 0.7) -> Robot:
    """Return our humanoid with joints that hardly turn."""
    limits = settings()['limits']
    for joint in joints:
        bounds = {'lower_rad': -most_rad, 'upper_rad': most_rad}
        limits['joints'][joint] = limits['joints'].get(joint, {}) | bounds
    return changed(limits=limits)


@pytest.fixture(scope='module')
def good() -> EmotionCheck:
    return check_motion(robot(), 'fear', motion('fear', 8.0), RATE_HZ)


@pytest.fixture(scope='module')
def poor() -> EmotionCheck:
    return check_motion(stiff('l_elbow', 'r_elbow'), 'fear', motion('fear', 8.0), RATE_HZ)


def test_our_humanoid_shows_fear(good):
    assert reachable(good) == 'yes'
    assert good.arm_error_deg < 8.0
    assert set(good.errors_deg) == set(_PARTS)
    assert min(good.correlations.values()) > 0.6
    assert not any(reach.short for reach in good.reaches)
    assert 0.5 < good.speed_ratio < 1.5
    assert 'reachable' in verdict(good) and 'elbows' not in verdict(good)


def test_stiff_elbows_are_found_and_named_in_degrees(poor, good):
    assert poor.arm_error_deg > good.arm_error_deg + 5.0
    elbows = next(reach for reach in poor.reaches if reach.what == 'elbows bend')
    assert elbows.short
    assert elbows.reached_deg == pytest.approx(np.degrees(0.7), abs=8.0)
    assert elbows.asked_deg > 90.0
    assert str(elbows) in verdict(poor)
    assert poor.at_position_limit > 0.5 > good.at_position_limit
    assert poor.busiest[1] in ('l_elbow', 'r_elbow')


def test_a_stiff_neck_is_named_and_nothing_else():
    stiff_neck = stiff('y_head', 'p_head', 'r_head', most_rad=0.05)
    checked = check_motion(stiff_neck, 'disgust', motion('disgust', 8.0), RATE_HZ)
    short = {reach.what for reach in checked.reaches if reach.short}
    assert short and short <= {'head nods', 'head turns'}
    assert checked.errors_deg['head_forward'] > 5.0 > checked.errors_deg['trunk_up']


def test_slow_joints_are_at_their_speed_limit_and_correlate_less():
    slow = changed(limits={'velocity_rad_s': 0.3})
    keypoints = motion('anger', 8.0)
    checked = check_motion(slow, 'anger', keypoints, RATE_HZ)
    free = check_motion(robot(), 'anger', keypoints, RATE_HZ)
    assert checked.at_speed_limit > 0.8 > free.at_speed_limit
    assert checked.speed_ratio < 0.6 * free.speed_ratio
    assert checked.correlations['extent'] < free.correlations['extent']
    assert reachable(checked) != 'yes'
    assert checked.fast_arm_error_deg < free.arm_error_deg + 1.0 < checked.arm_error_deg - 5.0
    assert f'{checked.fast_arm_error_deg:.0f} degrees with the speeds' in verdict(checked)


def test_report_has_a_line_for_each_emotion(good, poor):
    lines = report(robot(), [good, poor])
    assert sum(line.startswith('fear ') for line in lines) == 2
    assert sum(line.startswith('fear: ') for line in lines) == 2


def test_a_motion_too_short_is_refused():
    with pytest.raises(RobotError, match='2 s'):
        check_motion(robot(), 'fear', motion('fear', 8.0)[:59], RATE_HZ)


def test_what_is_short_is_short_by_much():
    assert Reach('elbows bend', 90.0, 40.0).short
    for asked, reached in ((90.0, 88.0), (12.0, 5.0), (100.0, 86.0)):
        assert not Reach('elbows bend', asked, reached).short


def test_a_person_reaches_all_and_a_statue_nothing():
    read = BodyDirections(_PARTS)
    asked = np.stack([read(frame) for frame in motion('happiness', 8.0)])
    for reach in reaches(_PARTS, asked, asked):
        assert reach.reached_deg >= 0.95 * reach.asked_deg
    still = np.tile(read(load_skeleton('body_25').rest), (len(asked), 1, 1))
    statue = {reach.what: reach for reach in reaches(_PARTS, asked, still)}
    assert statue['elbows bend'].short and statue['arms rise'].short
    assert statue['head turns'].reached_deg == pytest.approx(0.0, abs=1e-6)


def test_person_and_robot_are_drawn_side_by_side(tmp_path, good):
    pytest.importorskip('matplotlib')
    drawn = draw_checks(robot(), [good], tmp_path / 'fear.png')
    from matplotlib.image import imread

    picture = imread(drawn)[..., :3]
    half = len(picture) // 2
    for part in (picture[:half], picture[half:]):
        assert (part < 0.9).any(axis=2).mean() > 0.01, 'there is something in both rows'


@pytest.mark.parametrize('name', ['humanoid', 'g1', 'talos'])
def test_no_capsules_of_a_robot_of_ours_overlap_at_rest(name):
    assert not near_at_rest(robot(name))


def test_a_rest_pose_with_hands_in_the_hips_is_reported():
    rest = {**settings()['rest'], 'l_r_shoulder': -0.2, 'l_elbow': 0.0}
    lines = near_at_rest(changed(rest=rest))
    assert lines and all('rest pose' in line and 'mm' in line for line in lines)
    assert any('l_wrist' in line or 'l_forearm' in line for line in lines)
