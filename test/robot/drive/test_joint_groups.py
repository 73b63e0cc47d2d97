# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Groups of joints and their weights: fades are smooth, and a hand-back takes its time."""

from __future__ import annotations

import numpy as np
import pytest

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.drive.joint_groups import (
    GroupWeights,
    JointGroups,
    parse_controllers,
    parse_order,
    parse_weights,
)

JOINTS = ('neck', 'left_elbow', 'right_elbow', 'waist')
MEMBERS = {'head': ['neck'], 'arms': ['right_elbow', 'left_elbow']}
PERIOD_S = 0.02


def groups() -> JointGroups:
    return JointGroups(JOINTS, MEMBERS)


def faded(weights: GroupWeights, time_s: float) -> np.ndarray:
    """Return the weights of the arms over a time [T]."""
    path = []
    for _ in range(round(time_s / PERIOD_S)):
        weights.step(PERIOD_S)
        path.append(weights.of_joints[1])
    return np.array(path)


@pytest.mark.parametrize(
    ('members', 'words'),
    [
        ({'head': []}, "group 'head': got no joints"),
        ({'head': ['nose']}, "group 'head': got the joint 'nose'; expected some of neck"),
        (
            {'head': ['neck'], 'all': ['waist', 'neck']},
            "joint 'neck': got it in 'head' and in 'all'",
        ),
        ({'head': ['neck', 'neck']}, "joint 'neck': got it in 'head' and in 'head'"),
    ],
)
def test_groups_that_cannot_be_are_refused(members, words):
    with pytest.raises(RobotError) as caught:
        JointGroups(JOINTS, members)
    assert words in str(caught.value)


def test_all_joints_move_in_full_to_begin_with():
    weights = GroupWeights(groups())
    assert list(groups().members) == ['head', 'arms'] and groups().rows['arms'].tolist() == [2, 1]
    assert weights.of_joints.tolist() == [1.0] * 4 and weights.faded_out == ()


def test_a_fade_takes_its_time_and_is_smooth():
    weights = GroupWeights(groups())
    weights.fade({'arms': 0.4}, 1.0)
    path = np.concatenate([[1.0], faded(weights, 1.0)])
    assert path[-1] == 0.4 and (np.diff(path) <= 0.0).all()
    # Smooth: at half time half way, and slow at both ends.
    assert path[25] == pytest.approx(0.7)
    assert max(-np.diff(path)[[0, -1]]) < 0.1 * -np.diff(path).min()
    assert weights.of_joints.tolist() == [1.0, 0.4, 0.4, 1.0]


def test_a_fade_goes_on_from_where_another_was():
    weights = GroupWeights(groups())
    weights.fade({'arms': 0.2}, 1.0)
    half = faded(weights, 0.5)[-1]
    weights.fade({'arms': 1.0}, 1.0)
    path = faded(weights, 1.0)
    assert abs(path[0] - half) < 0.01 and path[-1] == 1.0


def test_a_repeated_fade_does_not_begin_again():
    weights = GroupWeights(groups())
    for _ in range(50):
        weights.fade({'arms': 0.5}, 1.0)
        faded(weights, PERIOD_S)
    assert weights.of_joints[1] == 0.5


def test_a_hand_back_is_never_quicker_than_its_time():
    weights = GroupWeights(groups(), hand_back_s=2.0)
    weights.fade({'arms': 0.0}, 0.0)
    path = faded(weights, 1.9)
    assert path[0] > 0.99 and path[-1] > 0.0 and weights.faded_out == ()
    faded(weights, 0.2)
    assert weights.faded_out == ('arms',)
    weights.fade({'arms': 1.0}, 0.5)
    assert weights.faded_out == (), 'it is wanted back'
    assert faded(weights, 0.5)[-1] == 1.0
    longer = GroupWeights(groups(), hand_back_s=0.5)
    longer.fade({'arms': 0.0}, 3.0)
    assert faded(longer, 2.9)[-1] > 0.0


@pytest.mark.parametrize(
    ('weights', 'fade_s', 'words'),
    [
        ({'legs': 1.0}, 1.0, "got the group 'legs'; expected one of head, arms"),
        ({'arms': 1.1}, 1.0, "group 'arms': got the weight 1.1; expected 0 to 1"),
        ({'arms': np.nan}, 1.0, "group 'arms': got the weight nan"),
        ({'arms': -0.1}, 1.0, 'expected 0 to 1'),
        ({'head': 0.5, 'legs': 0.5}, 1.0, "'legs'"),
        ({'arms': 0.5}, -1.0, 'got a time of -1.0 s'),
        ({'arms': 0.5}, np.inf, 'got a time of inf s'),
    ],
)
def test_weights_that_cannot_be_are_refused_and_change_nothing(weights, fade_s, words):
    unchanged = GroupWeights(groups())
    with pytest.raises(RobotError) as caught:
        unchanged.fade(weights, fade_s)
    assert words in str(caught.value)
    unchanged.step(10.0)
    assert unchanged.of_joints.tolist() == [1.0] * 4


# Controllers, orders and weights as parameters write them

GROUPS = {'trunk': ('waist',), 'head': ('neck', 'nod'), 'left_arm': ('elbow', 'wrist')}


def test_one_topic_has_all_joints_where_none_is_named():
    assert parse_controllers(' ', GROUPS, 'joint_trajectory') == {
        'joint_trajectory': ('waist', 'neck', 'nod', 'elbow', 'wrist')
    }


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
    for weights in (
        'head',
        'head:x',
        'head:1.1',
        'head:-1',
        'head:nan',
        'tail:1',
        'head:1, head:1',
    ):
        with pytest.raises(RobotError, match='joint_group_weights: got'):
            parse_weights(weights, GROUPS)
