# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters that name controllers, joints and weights: what they mean and what is refused."""

from __future__ import annotations

import pytest

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.drive.joint_groups import parse_controllers, parse_order, parse_weights

GROUPS = {'trunk': ('waist',), 'head': ('neck', 'nod'), 'left_arm': ('elbow', 'wrist')}


def test_one_topic_has_all_joints_where_none_is_named():
    found = parse_controllers(' ', GROUPS, 'joint_trajectory')
    assert found == {'joint_trajectory': ('waist', 'neck', 'nod', 'elbow', 'wrist')}


def test_each_topic_has_its_groups_joints():
    text = '/head/joint_trajectory: head; arms/commands : left_arm,trunk'
    assert parse_controllers(text, GROUPS, 'x') == {
        '/head/joint_trajectory': ('neck', 'nod'),
        'arms/commands': ('elbow', 'wrist', 'waist'),
    }


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('head', "got 'head'"),
        ('head:', "got 'head:'"),
        (': head', "got ': head'"),
        ('a: head;', "got ''"),
        ('a: head; a: trunk', "got 'a: trunk'"),
        ('a: tail', "the group 'tail'; expected one of trunk, head, left_arm"),
    ],
)
def test_controllers_that_cannot_be_are_refused(text, words):
    with pytest.raises(RobotError) as caught:
        parse_controllers(text, GROUPS, 'x')
    assert words in str(caught.value)


def test_an_order_is_the_robot_s_own_unless_given():
    joints = ('waist', 'neck', 'nod')
    assert parse_order('', joints) == joints
    assert parse_order('nod, waist', joints) == ('nod', 'waist')
    for text in ('nod, tail', 'nod, nod', 'nod,,waist'):
        with pytest.raises(RobotError, match='joint_order: got'):
            parse_order(text, joints)


def test_weights_are_numbers_of_groups():
    assert parse_weights('', GROUPS) == {}
    assert parse_weights('head: 0.5, trunk:0', GROUPS) == {'head': 0.5, 'trunk': 0.0}
    for text in (
        'head',
        'head: a lot',
        'head: 1.1',
        'head: -1',
        'head: nan',
        'tail: 1',
        'head: 1, head: 1',
    ):
        with pytest.raises(RobotError, match='joint_group_weights: got'):
            parse_weights(text, GROUPS)
