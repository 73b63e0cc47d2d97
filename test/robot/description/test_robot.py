# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot is a URDF and a YAML file that fit each other; what does not is refused in words."""

from __future__ import annotations

from pathlib import Path
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

from emotion_motion.robot.description.file import available_robots
from emotion_motion.robot.description.robot import Robot

ROBOTS = ('humanoid', 'g1', 'talos', 'pepper')
JOINTS = {'humanoid': 16, 'g1': 17, 'talos': 18, 'pepper': 14}


@pytest.mark.parametrize('name', ROBOTS)
def test_given_robots_load_with_their_upper_body(name):
    found = robot(name)
    assert len(found) == JOINTS[name]
    assert set(found.groups()) >= {'trunk', 'left_arm', 'right_arm'}
    assert sorted(i for rows in found.groups().values() for i in rows) == list(range(len(found)))


@pytest.mark.parametrize('name', ROBOTS)
def test_rest_pose_is_within_the_limits_and_those_are_not_beyond_the_urdf_s(name):
    found = robot(name)
    assert (found.rest >= found.limits.lower).all() and (found.rest <= found.limits.upper).all()
    for joint, low, high, speed in zip(
        found.names, found.limits.lower, found.limits.upper, found.limits.velocity, strict=True
    ):
        described = found.urdf.joints[joint]
        assert described.lower <= low < high <= described.upper
        assert 0.0 < speed <= described.velocity


@pytest.mark.parametrize('name', ROBOTS)
def test_arms_hang_beside_an_upright_trunk_in_the_rest_pose(name):
    at = robot(name).keypoints(robot(name).rest)
    for side, sign in (('L', 1.0), ('R', -1.0)):
        assert sign * at[f'{side}Shoulder'][1] > 0.0
        assert at[f'{side}Elbow'][2] < at[f'{side}Shoulder'][2] - 0.08
        assert at[f'{side}Wrist'][2] < at[f'{side}Shoulder'][2]


def test_every_yaml_file_that_ships_is_read():
    for name, path in available_robots().items():
        assert name in ROBOTS, f'{path} is in no test'


def test_the_urdf_of_another_robot_may_be_given():
    found = Robot.load('g1', example_urdf('g1_description/urdf/g1_29dof_with_hand_rev_1_0.urdf'))
    assert len(found) == 17
    assert found.urdf.path.name == 'g1_29dof_with_hand_rev_1_0.urdf'


def test_meshes_are_not_needed(tmp_path):
    urdf = tmp_path / 'alone.urdf'
    urdf.write_text(robot('g1').urdf.text.replace('package://example-robot-data', 'package://no'))
    found = Robot.load('g1', urdf)
    np.testing.assert_array_equal(found.rest, robot('g1').rest)


def test_joints_not_controlled_are_held_where_they_rest():
    data = settings()
    data['rest']['l_knee'] = 0.4
    found = Robot.build(_config(data), robot().urdf)
    assert found.held['l_knee'] == pytest.approx(0.4)
    assert 'l_knee' not in found.names
    data['rest']['l_knee'] = 99.0
    found = Robot.build(_config(data), robot().urdf)
    assert found.held['l_knee'] == pytest.approx(found.urdf.joints['l_knee'].upper)


def test_legs_can_be_controlled_too():
    data = settings()
    data['controlled'] = ['trunk', 'head', 'left_arm', 'right_arm', 'left_leg', 'right_leg']
    assert len(Robot.build(_config(data), robot().urdf)) == 28


def _config(data: dict[str, Any]) -> Any:
    from emotion_motion.robot.description.file import parse_robot_config

    return parse_robot_config(data, ROOT / 'config' / 'robots' / 'humanoid.yaml')


# What is refused


def without(key: str, *path: str) -> dict[str, Any]:
    data = settings()
    place = data
    for part in path:
        place = place[part]
    del place[key]
    return data


def changed(value: Any, *path: str) -> dict[str, Any]:
    data = settings()
    place = data
    for part in path[:-1]:
        place = place.setdefault(part, {})
    place[path[-1]] = value
    return data


BAD_YAML = {
    'joints that do not exist': (
        changed(['y_waist', 'no_such'], 'chains', 'trunk'),
        'no_such.*does not have',
    ),
    'links that do not exist': (changed('no_link', 'keypoints', 'Nose'), 'no_link'),
    'a rest pose of unknown joints': (changed(0.1, 'rest', 'knee'), 'knee'),
    'limits of unknown joints': (
        changed({'velocity_rad_s': 1.0}, 'limits', 'joints', 'knee'),
        'knee',
    ),
    'no arms': (changed([], 'chains', 'left_arm'), 'without arms'),
    'a chain that is none': (changed(['l_knee'], 'chains', 'tail'), "'tail'"),
    'a chain that branches': (
        changed(['l_p_shoulder', 'r_p_shoulder'], 'chains', 'left_arm'),
        'twice|neither',
    ),
    'a joint in two chains': (changed(['y_waist', 'y_head'], 'chains', 'trunk'), 'twice'),
    'a keypoint that no link can play': (changed('head', 'keypoints', 'LEye'), 'LEye'),
    'a shoulder without a link': (without('LShoulder', 'keypoints'), 'LShoulder'),
    'a wrist on the other arm': (changed('r_wrist', 'keypoints', 'LWrist'), 'LWrist'),
    'a setting that is none': (changed(1, 'colour'), "'colour'"),
    'a weight below 0': (changed(-1.0, 'weights', 'trunk'), 'weights.trunk'),
    'a weight that is no number': (changed('much', 'weights', 'trunk'), 'weights.trunk'),
    'a weight that is not finite': (changed(float('nan'), 'weights', 'trunk'), 'finite'),
    'an arm without a length': (changed('l_forearm', 'keypoints', 'LShoulder'), 'LShoulder'),
    'nothing that keeps joints still': (
        changed({'posture': 0.0, 'damping': 0.0}, 'weights'),
        'posture',
    ),
    'limits that leave no room': (
        changed({'lower_rad': 5.0, 'upper_rad': 6.0}, 'limits', 'joints', 'l_elbow'),
        'nothing in common',
    ),
    'a speed of 0': (changed(0.0, 'limits', 'velocity_rad_s'), 'velocity_rad_s'),
    'a capsule of 6 numbers': (changed([[0, 0, 0, 0, 0, 1]], 'capsules', 'torso'), '7 numbers'),
    'a list': ([1, 2], 'table'),
}


@pytest.mark.parametrize('case', BAD_YAML)
def test_a_yaml_file_is_refused_with(case, tmp_path):
    data, says = BAD_YAML[case]
    with pytest.raises(RobotError, match=says):
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


BAD_URDF = {
    'a continuous joint': (
        {'joint': 'l_elbow', 'type': 'continuous'},
        "'l_elbow'.*without position limits",
    ),
    'a mimic joint': ({'joint': 'l_elbow', 'mimic': 'r_elbow'}, "'l_elbow'.*mimics 'r_elbow'"),
    'a sliding joint': ({'joint': 'y_waist', 'type': 'prismatic'}, "'y_waist'.*prismatic"),
    'a fixed joint': ({'joint': 'p_head', 'type': 'fixed'}, "'p_head'.*fixed"),
    'position limits of 0': (
        {'joint': 'l_elbow', 'limit': {'lower': '0', 'upper': '0'}},
        "'l_elbow'.*no room",
    ),
    'a speed limit of 0': (
        {'joint': 'l_elbow', 'limit': {'velocity': '0'}},
        "'l_elbow'.*speed limit of 0",
    ),
    'no limits': ({'joint': 'l_elbow', 'limit': None}, "'l_elbow'"),
    'limits that are no numbers': (
        {'joint': 'l_elbow', 'limit': {'lower': 'much'}},
        "'l_elbow'.*'much'",
    ),
    'no arms': ({'drop': ['l_p_shoulder', 'r_p_shoulder']}, 'l_p_shoulder.*does not have'),
}


@pytest.mark.parametrize('case', BAD_URDF)
def test_a_urdf_is_refused_with(case, tmp_path):
    changes, says = BAD_URDF[case]
    with pytest.raises(RobotError, match=says):
        Robot.load('humanoid', damaged_urdf(tmp_path, **changes))


def test_a_continuous_joint_can_be_given_limits(tmp_path):
    urdf = damaged_urdf(tmp_path, joint='l_elbow', type='continuous')
    data = changed({'lower_rad': -2.0, 'upper_rad': 0.5}, 'limits', 'joints', 'l_elbow')
    found = Robot.load(written(tmp_path, data), urdf)
    row = found.names.index('l_elbow')
    assert (found.limits.lower[row], found.limits.upper[row]) == (-2.0, 0.5)
    assert found.model.nq == found.model.nv == 16


def test_a_speed_of_0_can_be_given_another(tmp_path):
    urdf = damaged_urdf(tmp_path, joint='l_elbow', limit={'velocity': '0'})
    data = changed({'velocity_rad_s': 1.25}, 'limits', 'joints', 'l_elbow')
    found = Robot.load(written(tmp_path, data), urdf)
    assert found.limits.velocity[found.names.index('l_elbow')] == 1.25


@pytest.mark.parametrize(
    ('text', 'says'),
    [
        (None, 'expected a file'),
        ('', 'no XML'),
        ('{"a": 1}', 'no XML'),
        ('<sdf/>', '<sdf>'),
        ('<robot name="r"/>', '0 links'),
        ('<robot name="r"><link name="a"/><link name="b"/></robot>', '2 links'),
        ('<robot name="r"><link/></robot>', 'without a name'),
        (
            '<robot name="r"><link name="a"/><joint name="j" type="fixed"><parent link="a"/>'
            '<child link="b"/></joint></robot>',
            'which it lacks',
        ),
        (
            '<robot name="r"><link name="a"/><joint name="j" type="fixed"><parent link="a"/>'
            '</joint></robot>',
            'lacks its parent or child',
        ),
    ],
)
def test_what_is_no_urdf_is_refused(text, says, tmp_path):
    path = tmp_path / 'some.urdf'
    if text is not None:
        path.write_text(text)
    with pytest.raises(RobotError, match=says):
        Robot.load('humanoid', path)


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


def test_a_robot_without_a_urdf_and_an_unknown_one_say_what_to_do():
    with pytest.raises(RobotError, match='--urdf'):
        Robot.load('pepper')
    with pytest.raises(RobotError, match='humanoid'):
        Robot.load('nobody')
    with pytest.raises(RobotError, match=r'nowhere\.yaml'):
        Robot.load('nowhere.yaml')


def test_a_urdf_that_is_not_installed_says_so(tmp_path):
    data = changed('package://not_installed/robot.urdf', 'urdf')
    with pytest.raises(RobotError, match='package://not_installed'):
        Robot.load(written(tmp_path, data))


def test_a_file_beside_the_yaml_file_is_found(tmp_path):
    data = changed('mine.urdf', 'urdf')
    (tmp_path / 'mine.urdf').write_text(HUMANOID_URDF.read_text())
    assert Robot.load(written(tmp_path, data)).urdf.path == Path(tmp_path / 'mine.urdf')
