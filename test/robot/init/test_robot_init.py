# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""robot init finds the joints of humanoids it never saw, and refuses what is none."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from robot_support import damaged_urdf, example_urdf, HUMANOID_URDF, PEPPER_URDF, robot, RobotError

from emotion_motion.robot.description.config import CHAINS, NEEDED
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.description.urdf import read_urdf
from emotion_motion.robot.init.propose import propose
from emotion_motion.robot.init.roles import mentions, read_body, side_of, turn_name
from emotion_motion.robot.init.write import proposal_text, write_proposal

# Humanoids that were looked at by nobody while it was written: their elbows and heads.
UNSEEN = {
    'romeo_description/urdf/romeo_small.urdf': ('LElbowYaw', 'HeadRoll', 'TrunkYaw'),
    'alex_description/urdf/alex_nub_hands.urdf': ('LeftElbowPitch', 'NeckPitch', 'SpinePitch'),
    'simple_humanoid_description/urdf/simple_humanoid.urdf': ('LARM_ELBOW', None, 'CHEST'),
}
NO_HUMANOIDS = {
    'go2_description/urdf/go2.urdf': 'quadruped',
    'anymal_c_simple_description/urdf/anymal.urdf': '2 pairs of legs',
    'bolt_description/robots/bolt.urdf': '1 pairs of legs',
    'panda_description/urdf/panda.urdf': 'no arms',
    'icub_description/robots/icub_reduced.urdf': 'x forward',  # it faces backwards
}


def joints_of(proposal, part: str) -> set[str]:
    return {role.joint for role in proposal.roles if role.role.startswith(part)}


@pytest.mark.parametrize('name', ['humanoid', 'g1', 'talos', 'pepper'])
def test_it_finds_the_chains_that_people_wrote(name):
    given = robot(name)
    proposed = propose(given.urdf.path).robot.config
    for chain in CHAINS:
        assert proposed.chains.get(chain, ()) == given.config.chains.get(chain, ()), chain
    config = dataclasses.replace(given.config, keypoints=proposed.keypoints)
    expected = given.keypoints(given.rest)
    places = Robot.build(config, given.urdf).keypoints(given.rest)
    for end in NEEDED:
        np.testing.assert_allclose(places[end], expected[end], atol=1e-6, err_msg=end)


@pytest.mark.parametrize('place', UNSEEN)
def test_it_finds_elbow_head_and_waist_of_unseen_humanoids(place):
    proposal = propose(example_urdf(place))
    elbow, head, waist = UNSEEN[place]
    assert elbow in joints_of(proposal, 'elbow')
    assert len(joints_of(proposal, 'elbow')) == 2
    assert head in joints_of(proposal, 'neck') or head is None
    assert waist in joints_of(proposal, 'waist')
    assert min(role.confidence for role in proposal.roles) >= 0.5


@pytest.mark.parametrize('place', NO_HUMANOIDS)
def test_it_refuses(place):
    with pytest.raises(RobotError, match=NO_HUMANOIDS[place]):
        propose(example_urdf(place))


def test_it_needs_no_names(tmp_path):
    """With all joints renamed the tree, the axes and the symmetry say the same, less surely."""
    text = HUMANOID_URDF.read_text()
    names = re.findall(r'<joint name="(\w+)" type="revolute"', text)
    shuffled = np.random.default_rng(0).permutation(len(names))
    renamed = dict(zip(names, (f'joint_{number:02d}' for number in shuffled), strict=True))
    for pattern in (r'(<joint name=")(\w+)(")', r'(joint=")(\w+)(")'):
        text = re.sub(pattern, lambda m: m[1] + renamed.get(m[2], m[2]) + m[3], text)
    (tmp_path / 'nameless.urdf').write_text(text)
    proposal, named = propose(tmp_path / 'nameless.urdf'), propose(HUMANOID_URDF)
    for chain, joints in named.robot.config.chains.items():
        expected = tuple(renamed[joint] for joint in joints)
        assert proposal.robot.config.chains[chain] == expected, chain
    sure = {role.joint: role.confidence for role in proposal.roles}
    assert all(sure[renamed[role.joint]] <= role.confidence for role in named.roles)
    assert np.mean(list(sure.values())) < np.mean([role.confidence for role in named.roles]) - 0.1


def test_what_cannot_be_driven_is_left_out_with_a_reason(tmp_path):
    proposal = propose(damaged_urdf(tmp_path, joint='l_y_wrist', type='continuous'))
    assert proposal.left_out['l_y_wrist'] == 'continuous'
    assert 'l_y_wrist' not in {role.joint for role in proposal.roles}
    config = proposal.robot.config
    assert config.keypoints['LElbow'][0] == 'l_forearm', 'an arm without a wrist has an elbow'
    length = proposal.robot.keypoints(proposal.robot.rest)
    assert np.linalg.norm(length['LWrist'] - length['LElbow']) > 0.15


@pytest.mark.parametrize(
    'place',
    [None, pytest.param('romeo_description/urdf/romeo_small.urdf', marks=pytest.mark.soak)],
)
def test_what_it_writes_is_the_robot_that_it_proposes(place, tmp_path):
    proposal = propose(HUMANOID_URDF if place is None else example_urdf(place))
    picture = write_proposal(proposal, tmp_path / 'mine.yaml')
    loaded = Robot.load(tmp_path / 'mine.yaml')
    assert loaded.names == proposal.robot.names
    assert loaded.config.keypoints == proposal.robot.config.keypoints
    np.testing.assert_allclose(loaded.rest, proposal.robot.rest)
    assert loaded.config.capsules
    if picture is not None:
        assert picture.read_bytes().startswith(b'\x89PNG')


def test_names_that_yaml_would_misread_are_quoted(tmp_path):
    text = HUMANOID_URDF.read_text()
    for old, new in (('l_elbow', 'on'), ('r_elbow', '7: #'), ('y_head', "a 'b'")):
        text = text.replace(f'"{old}"', f'"{new}"')
    (tmp_path / 'odd.urdf').write_text(text)
    proposal = propose(tmp_path / 'odd.urdf')
    write_proposal(proposal, tmp_path / 'odd.yaml')
    assert Robot.load(tmp_path / 'odd.yaml').config.chains == proposal.robot.config.chains


def test_every_joint_in_the_file_has_its_role_and_confidence(tmp_path):
    lines = proposal_text(propose(HUMANOID_URDF), tmp_path).splitlines()
    joints = [line for line in lines if line.startswith('    - ')]
    assert len(joints) == 28
    assert all(re.search(r'# [a-z ]+, confidence \d\.\d\d$', line) for line in joints)


def test_the_rest_pose_is_that_of_a_standing_person():
    at = (proposed := propose(HUMANOID_URDF).robot).keypoints(proposed.rest)
    assert at['LWrist'][2] < at['LElbow'][2] < at['LShoulder'][2]
    assert abs(at['LWrist'][0]) < 0.15


def test_names_and_axes_are_read():
    left, middle, right = (
        'left_elbow l_knee LLEG_KNEE LeftHipYaw',
        'waist_yaw roll',
        ('RShoulderPitch arm_right_1_joint r_r_shoulder'),
    )
    for names, side in ((left, 1), (middle, 0), (right, -1)):
        assert {side_of(name) for name in names.split()} == {side}
    assert mentions('LeftShoulderPitch', ('shoulder',))
    assert mentions('upper_arm_joint', ('arm',))
    assert not mentions('left_knee', ('arm', 'head'))
    assert [turn_name(axis) for axis in np.eye(3)] == ['roll', 'pitch', 'yaw']
    assert turn_name(np.array([0.0, 0.8, 0.6])) == 'mostly pitch'


def test_partners_are_mutual():
    nodes = read_body(read_urdf(HUMANOID_URDF)).nodes
    assert sum(node.twin is not None for node in nodes.values()) == 22
    for node in nodes.values():
        assert node.twin is None or nodes[node.twin].twin == node.name


def test_pepper_hangs_its_trunk_upside_down():
    if not PEPPER_URDF.is_file():
        pytest.skip(f'{PEPPER_URDF} is absent')
    proposal = propose(PEPPER_URDF)
    assert proposal.robot.config.chains['trunk'] == ('HipPitch', 'HipRoll')
    assert proposal.robot.base == 'Pelvis'
    assert {'LHand', 'RFinger41'} <= set(proposal.left_out)
