# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""robot init finds the joints of humanoids it never saw, and refuses what is none."""

from __future__ import annotations

import dataclasses
from pathlib import Path
import re

import numpy as np
import pytest
from robot_support import (
    changed,
    damaged_urdf,
    example_urdf,
    HUMANOID_URDF,
    PEPPER_URDF,
    robot,
    RobotError,
    ROOT,
)

from emotion_motion.robot.check.report import near_at_rest
from emotion_motion.robot.description.config import CHAINS, NEEDED
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.description.urdf import read_urdf
from emotion_motion.robot.init.propose import propose, settle
from emotion_motion.robot.init.roles import mentions, read_body, side_of, turn_name
from emotion_motion.robot.init.write import (
    _drawn_joints,
    _way,
    limit_notes,
    proposal_text,
    write_proposal,
)

# Humanoids that were looked at by nobody while it was written: their elbows and heads.
UNSEEN = {
    'romeo_description/urdf/romeo_small.urdf': ('LElbowYaw', 'HeadRoll', 'TrunkYaw'),
    'alex_description/urdf/alex_nub_hands.urdf': ('LeftElbowPitch', 'NeckPitch', 'SpinePitch'),
    'simple_humanoid_description/urdf/simple_humanoid.urdf': ('LARM_ELBOW', None, 'CHEST'),
}
NO_HUMANOIDS = {
    'go2_description/urdf/go2.urdf': 'with 4 legs',
    'a1_description/urdf/a1.urdf': 'with 4 legs',  # RR_hip and RL_hip are partners
    'solo_description/robots/solo.urdf': 'with 4 legs',
    'anymal_c_simple_description/urdf/anymal.urdf': 'with 4 legs',
    'centauro_description/urdf/centauro.urdf': 'with 4 legs',
    'bolt_description/robots/bolt.urdf': r'two legs .* no arms',
    'panda_description/urdf/panda.urdf': 'no two arms .* panda_joint1 to panda_joint7',
    'tiago_description/robots/tiago.urdf': 'no two arms',
    'allegro_hand_description/urdf/allegro_left_hand.urdf': 'no two arms',
    'icub_description/robots/icub_reduced.urdf': '-x points forward and z up',
    'human_description/robots/human.urdf': 'x points forward and y up',
}


SMALL = ROOT / 'test' / 'data' / 'robots' / 'dummy_inertia.urdf'  # trunk, head and two arms
LEFT_ELBOW = r'(<joint name="left_elbow_pitch" type=")revolute(".*?<axis xyz=")0.0 1.0 0.0'


def small(folder: Path, *changes: tuple[str, str]) -> Path:
    """Return the file of a small robot, patterns replaced."""
    text = SMALL.read_text()
    for pattern, by in changes:
        text, count = re.subn(pattern, by, text)
        assert count, pattern
    (folder / 'small.urdf').write_text(text)
    return folder / 'small.urdf'


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
    assert proposal.left_out['l_y_wrist'] == 'turns without end (continuous)'
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
    proposal = settle(propose(HUMANOID_URDF if place is None else example_urdf(place)))
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
    at = (proposed := settle(propose(HUMANOID_URDF)).robot).keypoints(proposed.rest)
    assert at['LWrist'][2] < at['LElbow'][2] < at['LShoulder'][2]
    assert abs(at['LWrist'][0]) < 0.15


def test_names_and_axes_are_read():
    left, middle, right = (
        'left_elbow l_knee LLEG_KNEE LeftHipYaw',
        'waist_yaw roll',
        ('RShoulderPitch arm_right_1_joint r_r_shoulder'),
    )
    assert side_of('RL_hip_joint') == 1 and side_of('RLEG_HIP_R') == -1 == -side_of('LARM_WRIST_R')
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


@pytest.mark.parametrize(
    ('pattern', 'by', 'says'),
    [
        (LEFT_ELBOW, r'\1revolute\g<2>0 0 0', 'left_elbow_pitch .*no direction'),
        (LEFT_ELBOW, r'\1continuous\g<2>0 1 0', 'left_elbow_pitch .*without end'),
        (LEFT_ELBOW, r'\1fixed\g<2>0 1 0', 'left_wrist_yaw where the other has right_elbow_pitch'),
        ('lower="-2.4" upper="0.0"', 'lower="1" upper="-2"', 'left_elbow_pitch .*no room'),
        (
            '(<joint name="right_shoulder_yaw".*?)</joint>',
            r'\1<mimic joint="left_shoulder_yaw"/></joint>',
            'left_shoulder_yaw .right_shoulder_yaw of the other side mimics it',
        ),
        ('(name="(?:left|right)_elbow_pitch" type=")revolute', r'\1fixed', 'no elbow'),
    ],
)
def test_an_arm_that_lost_a_joint_is_refused_by_name(pattern, by, says, tmp_path):
    with pytest.raises(RobotError, match=says):
        propose(small(tmp_path, (pattern, by)))


def test_a_lost_wrist_leaves_its_neighbours_what_they_are(tmp_path):
    mimic = r'\1<mimic joint="left_wrist_yaw"/></joint>'
    path = small(tmp_path, ('(<joint name="right_wrist_yaw".*?)</joint>', mimic))
    lost, whole = propose(path), propose(SMALL)
    assert lost.left_out['right_wrist_yaw'] == 'mimics left_wrist_yaw'
    assert lost.left_out['left_wrist_yaw'] == 'right_wrist_yaw of the other side mimics it'
    assert lost.roles == tuple(role for role in whole.roles if 'wrist' not in role.joint)
    assert lost.robot.config.keypoints == whole.robot.config.keypoints


def test_arms_without_arm_in_their_names_and_no_legs_are_read():
    config = propose(example_urdf('baxter_description/urdf/baxter.urdf')).robot.config
    joints = ('s0', 's1', 'e0', 'e1', 'w0', 'w1', 'w2')
    assert config.chains['left_arm'] == tuple(f'left_{joint}' for joint in joints)
    assert config.keypoints['RElbow'][0] == 'right_lower_elbow'


def test_a_lidar_on_a_neck_is_no_head(tmp_path):
    proposal = propose(small(tmp_path, ('"head"', '"lidar_link"')))
    assert proposal.robot.config.chains['head'] == ()
    assert proposal.left_out['neck_pitch'] == 'turns a lidar, no head'


@pytest.mark.parametrize('origin', ['0 0 0.1" rpy="0 0 3.14159', '0 0.1 0" rpy="-1.5708 0 0'])
def test_the_advice_for_a_robot_that_faces_another_way_works(origin, tmp_path):
    """Its pelvis is turned; with the link of the message it is the robot that it was."""
    path = small(
        tmp_path, ('(child link="chest"/><origin xyz=")0 0 0.1" rpy="0 0 0', rf'\g<1>{origin}')
    )
    with pytest.raises(RobotError, match='--base upright') as refusal:
        propose(path)
    advice = re.search('(<link name="upright"/>.*</joint>)', str(refusal.value))[1]
    path.write_text(path.read_text().replace('</robot>', advice + '</robot>'))
    for turned in (propose(path), propose(path, base='upright')):
        assert turned.robot.base == 'upright'
        assert turned.robot.config.chains == propose(SMALL).robot.config.chains
        at = turned.robot.keypoints(turned.robot.rest)
        assert at['LShoulder'][1] > 0.1 and at['LShoulder'][2] - at['LWrist'][2] > 0.3


def test_the_rest_pose_is_free_of_contact_and_named(tmp_path):
    wide = '<collision><geometry><box size="0.3 0.36 0.5"/></geometry></collision>'
    path = small(tmp_path, ('<link name="pelvis">', f'<link name="pelvis">{wide}'))
    proposal = settle(propose(path))
    assert not near_at_rest(proposal.robot)
    text = proposal_text(proposal, tmp_path)
    assert 'WITHOUT capsules: head, left_hand, right_hand, laser.' in text
    assert not {'laser', 'left_hand'} & set(proposal.robot.config.capsules)


def test_limits_that_do_not_mirror_the_other_side_are_named():
    assert not any(limit_notes(robot(name)) for name in ('humanoid', 'g1', 'talos'))
    low, high = robot().limits.lower, robot().limits.upper
    left, right = map(robot().limits.index, ('l_r_shoulder', 'r_r_shoulder'))
    assert (low[right], high[right]) == (-high[left], -low[left])
    uneven = changed(limits={'joints': {'r_r_shoulder': {'lower_rad': -0.2}}})
    (note,) = limit_notes(uneven)
    assert f'expected {-high[left]:.2f} to {-low[left]:.2f}, which mirrors l_r_shoulder' in note


def test_shapes_larger_than_the_robot_are_refused_by_name(tmp_path):
    huge = '<link name="chest"><collision><geometry><sphere radius="2"/></geometry></collision>'
    path = small(tmp_path, ('<link name="chest">', huge))
    with pytest.raises(RobotError, match=r'chest are .* mm in each other'):
        settle(propose(path))


def test_the_picture_says_which_way_joints_turn():
    arm = np.array((0.0, 0.0, -1.0))
    ways = [_way(np.eye(3)[axis], arm) for axis in range(3)]
    assert ways == ['left', 'back', 'turns left']
    drawn = _drawn_joints(propose(SMALL))
    assert [joint.role.joint for joint in drawn['right_arm']][:2] == [
        'right_shoulder_pitch',
        'right_shoulder_roll',
    ]
    assert [joint.way for joint in drawn['left_arm']][3:] == ['back', 'turns left']


def test_a_link_that_stands_upright_is_found_below_a_turned_root(tmp_path):
    hips = '<link name="hips"/><joint name="hip" type="fixed"><parent link="hips"/>'
    hips += '<child link="pelvis"/><origin rpy="0 0 3.14159"/></joint></robot>'
    assert propose(small(tmp_path, ('</robot>', hips))).robot.base == 'pelvis'
