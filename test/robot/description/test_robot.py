# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot is a URDF and a YAML file that fit each other; what does not is refused in words."""

from __future__ import annotations

from pathlib import Path
import re
from typing import Any

import numpy as np
import pytest
from robot_support import (
    damaged_urdf,
    example_urdf,
    HUMANOID_URDF,
    robot,
    RobotError,
    ROOT,
    settings,
    written,
)
from support import damaged, malformed

from emotion_motion.robot.description.config import available_robots, CHAINS, parse_robot_config
from emotion_motion.robot.description.robot import Robot

ROBOTS = ('humanoid', 'g1', 'talos', 'pepper')
JOINTS = {'humanoid': 16, 'g1': 17, 'talos': 18, 'pepper': 14}


@pytest.mark.parametrize('name', ROBOTS)
def test_given_robots_load_with_their_upper_body(name):
    """Limits are not beyond the URDF's, the rest pose is within them, and arms hang in it."""
    given = robot(name)
    assert len(given) == JOINTS[name]
    assert set(given.groups()) >= {'trunk', 'left_arm', 'right_arm'}
    assert sorted(i for rows in given.groups().values() for i in rows) == list(range(len(given)))
    limits = given.limits
    assert (given.rest >= limits.lower).all() and (given.rest <= limits.upper).all()
    for row, joint in enumerate(given.urdf.joints[name] for name in given.names):
        assert joint.lower <= limits.lower[row] < limits.upper[row] <= joint.upper
        assert 0.0 < limits.velocity[row] <= joint.velocity
    at = given.keypoints(given.rest)
    for side, sign in (('L', 1.0), ('R', -1.0)):
        assert sign * at[f'{side}Shoulder'][1] > 0.0
        assert at[f'{side}Elbow'][2] < at[f'{side}Shoulder'][2] - 0.08
        assert at[f'{side}Wrist'][2] < at[f'{side}Shoulder'][2]


def test_every_yaml_file_that_ships_is_read():
    for name, path in available_robots().items():
        assert name in ROBOTS, f'{path} is in no test'


def test_the_urdf_of_another_robot_may_be_given():
    loaded = Robot.load('g1', example_urdf('g1_description/urdf/g1_29dof_with_hand_rev_1_0.urdf'))
    assert len(loaded) == 17
    assert loaded.urdf.path.name == 'g1_29dof_with_hand_rev_1_0.urdf'


def test_meshes_are_not_needed(tmp_path):
    urdf = tmp_path / 'alone.urdf'
    urdf.write_text(robot('g1').urdf.text.replace('package://example-robot-data', 'package://no'))
    loaded = Robot.load('g1', urdf)
    np.testing.assert_array_equal(loaded.rest, robot('g1').rest)


@pytest.mark.parametrize(('rest_rad', 'held_rad'), [(0.4, 0.4), (99.0, None)])
def test_joints_not_controlled_are_held_where_they_rest(rest_rad, held_rad):
    built = Robot.build(_config(settings_with(rest_rad, 'rest', 'l_knee')), robot().urdf)
    expected = built.urdf.joints['l_knee'].upper if held_rad is None else held_rad
    assert built.held['l_knee'] == pytest.approx(expected)
    assert 'l_knee' not in built.names


def test_legs_can_be_controlled_too():
    data = settings_with([*CHAINS], 'controlled')
    assert len(Robot.build(_config(data), robot().urdf)) == 28


def test_a_keypoint_may_be_off_the_origin_of_its_link():
    data = settings_with({'link': 'head', 'offset_m': [0.1, 0, 0]}, 'keypoints', 'Nose')
    data['rest'] = None  # an entry without a value is as none
    config = _config(data)
    assert config.keypoints['Nose'] == ('head', (0.1, 0, 0)) and config.rest == {}


def settings_with(value: Any, *path: str) -> dict[str, Any]:
    return damaged(settings(), {'set': [[*path], value]})


def _config(data: dict[str, Any]) -> Any:
    return parse_robot_config(data, ROOT / 'config' / 'robots' / 'humanoid.yaml')


# What is refused


@pytest.mark.parametrize('case', malformed('robots'))
def test_a_yaml_file_that_cannot_be_is_refused(case, tmp_path):
    with pytest.raises(RobotError, match=re.escape(case['says'])):
        Robot.load(written(tmp_path, damaged(settings(), case)))


def test_a_yaml_file_without_names_is_refused(tmp_path):
    with pytest.raises(RobotError, match='names and values'):
        Robot.load(written(tmp_path, [1, 2]))


@pytest.mark.parametrize('case', malformed('damaged_urdfs'))
def test_a_urdf_that_cannot_be_driven_is_refused(case, tmp_path):
    with pytest.raises(RobotError, match=re.escape(case['says'])):
        Robot.load('humanoid', damaged_urdf(tmp_path, **case['value']))


@pytest.mark.parametrize('case', malformed('urdfs'))
def test_what_is_no_urdf_is_refused(case, tmp_path):
    path = tmp_path / 'some.urdf'
    path.write_text(case['value'])
    with pytest.raises(RobotError, match=re.escape(case['says'])):
        Robot.load('humanoid', path)


def test_a_chain_that_branches_is_refused(tmp_path):
    data = settings_with(['l_p_shoulder', 'r_r_shoulder'], 'chains', 'left_arm')
    data['chains']['right_arm'].remove('r_r_shoulder')
    with pytest.raises(RobotError, match='neither moves the other'):
        Robot.load(written(tmp_path, data))


def test_sides_exchanged_are_refused(tmp_path):
    data = settings()
    for a, b in (('left_arm', 'right_arm'), ('left_leg', 'right_leg')):
        data['chains'][a], data['chains'][b] = data['chains'][b], data['chains'][a]
    for part in ('Shoulder', 'Elbow', 'Wrist', 'Hip', 'Knee', 'Ankle'):
        keys = data['keypoints']
        keys[f'L{part}'], keys[f'R{part}'] = keys[f'R{part}'], keys[f'L{part}']
    with pytest.raises(RobotError, match='greater y'):
        Robot.load(written(tmp_path, data))


def test_a_continuous_joint_can_be_given_limits(tmp_path):
    urdf = damaged_urdf(tmp_path, joint='l_elbow', type='continuous')
    data = settings_with({'lower_rad': -2.0, 'upper_rad': 0.5}, 'limits', 'joints', 'l_elbow')
    loaded = Robot.load(written(tmp_path, data), urdf)
    row = loaded.names.index('l_elbow')
    assert (loaded.limits.lower[row], loaded.limits.upper[row]) == (-2.0, 0.5)
    assert loaded.model.nq == loaded.model.nv == 16


def test_a_speed_of_0_can_be_given_another(tmp_path):
    urdf = damaged_urdf(tmp_path, joint='l_elbow', limit={'velocity': '0'})
    data = settings_with({'velocity_rad_s': 1.25}, 'limits', 'joints', 'l_elbow')
    loaded = Robot.load(written(tmp_path, data), urdf)
    assert loaded.limits.velocity[loaded.names.index('l_elbow')] == 1.25


def test_a_quadruped_is_no_humanoid(tmp_path):
    urdf = example_urdf('go2_description/urdf/go2.urdf')
    legs = {'left_arm': 'FL', 'right_arm': 'FR', 'left_leg': 'RL', 'right_leg': 'RR'}
    parts = {'left_arm': 'L{}', 'right_arm': 'R{}'}
    data: dict[str, Any] = {'urdf': str(urdf), 'chains': {}, 'keypoints': {'Neck': 'base'}}
    data['controlled'] = ['left_arm', 'right_arm']
    for chain, leg in legs.items():
        data['chains'][chain] = [f'{leg}_hip_joint', f'{leg}_thigh_joint', f'{leg}_calf_joint']
    for chain, name in parts.items():
        leg = legs[chain]
        for part, link in (('Shoulder', 'thigh'), ('Elbow', 'calf'), ('Wrist', 'foot')):
            data['keypoints'][name.format(part)] = f'{leg}_{link}'
    with pytest.raises(RobotError, match='quadruped'):
        Robot.load(written(tmp_path, data))


@pytest.mark.parametrize(
    ('name', 'says'),
    [('pepper', '--urdf'), ('nobody', 'humanoid'), ('nowhere.yaml', 'nowhere.yaml')],
)
def test_a_robot_that_is_not_there_says_what_to_do(name, says):
    with pytest.raises(RobotError, match=says):
        Robot.load(name)
    with pytest.raises(RobotError, match='expected a file'):
        Robot.load('humanoid', f'{name}.urdf')


def test_a_file_beside_the_yaml_file_is_found(tmp_path):
    data = settings() | {'urdf': 'mine.urdf'}
    (tmp_path / 'mine.urdf').write_text(HUMANOID_URDF.read_text())
    assert Robot.load(written(tmp_path, data)).urdf.path == Path(tmp_path / 'mine.urdf')
