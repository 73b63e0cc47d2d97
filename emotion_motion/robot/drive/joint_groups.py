# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Groups of joints, and how much of the motion each of them shows: lent, shared or in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import itertools
import math

import numpy as np

from emotion_motion.exceptions import RobotError

__all__ = ['GroupWeights', 'JointGroups', 'parse_controllers', 'parse_order', 'parse_weights']


class JointGroups:
    """Named groups of a robot's joints; a joint is in one group at most.

    Attributes:
        members: names of each group's joints.
        rows: their numbers, in the same order.

    Args:
        joints: names of all J joints, in their order.
        members: names of each group's joints.

    Raises:
        RobotError: a group is empty, has a joint that does not exist or that another one has.
    """

    def __init__(self, joints: Sequence[str], members: Mapping[str, Sequence[str]]) -> None:
        self.joints = tuple(joints)
        self.members = {name: tuple(names) for name, names in members.items()}
        owner: dict[str, str] = {}
        for group, names in self.members.items():
            if not names:
                raise RobotError(f'group {group!r}: got no joints; expected at least one')
            for name in names:
                if name not in self.joints:
                    raise RobotError(
                        f'group {group!r}: got the joint {name!r}; expected some of '
                        f'{", ".join(self.joints)}'
                    )
                if name in owner:
                    raise RobotError(
                        f'joint {name!r}: got it in {owner[name]!r} and in {group!r}; expected '
                        f'each joint in one group'
                    )
                owner[name] = group
        self.rows = {
            group: np.array([self.joints.index(name) for name in names])
            for group, names in self.members.items()
        }


class GroupWeights:
    """Weight of each group, from 0 (lent to somebody else) to 1 (all of the motion), with fades.

    Args:
        groups: of the joints; a joint in none has weight 1.
        hand_back_s: a group that is lent fades out over no less than this [s], for whoever holds
            the balance must not find the arms gone from one cycle to the next.

    Attributes:
        of_joints: the weights of the joints now [J].
        faded_out: the groups that have faded out altogether.
    """

    def __init__(self, groups: JointGroups, hand_back_s: float = 2.0) -> None:
        self.groups, self.hand_back_s = groups, hand_back_s
        self._names = tuple(groups.members)
        count = len(self._names)
        self._begin, self._goal = np.ones(count), np.ones(count)
        self._fade_s, self._since_s = np.zeros(count), np.zeros(count)
        # Of each joint the number of its group, of one in none a number beyond.
        self._group_of = np.full(len(groups.joints), count)
        for row, group in enumerate(self._names):
            self._group_of[groups.rows[group]] = row
        self._settle()

    def begin(self, weights: Mapping[str, float]) -> None:
        """Have weights from the start, without a fade; before any motion.

        Raises:
            RobotError: a group or a weight is not one; then nothing is changed.
        """
        self.check(weights, 0.0)
        for group, weight in weights.items():
            row = self._names.index(group)
            self._begin[row] = self._goal[row] = weight
        self._settle()

    def fade(self, weights: Mapping[str, float], fade_s: float) -> None:
        """Fade groups to weights; the groups that are not named go on as they were.

        Args:
            weights: by the name of the group, from 0 to 1.
            fade_s: time that it takes [s]; to a weight of 0, `hand_back_s` at least.

        Raises:
            RobotError: a group, a weight or the time is not one; then nothing is changed.
        """
        self.check(weights, fade_s)
        now = self._weights
        for group, weight in weights.items():
            row = self._names.index(group)
            if weight == self._goal[row]:
                continue  # a publisher may repeat itself
            least_s = self.hand_back_s if weight == 0.0 else 0.0
            self._begin[row], self._goal[row] = now[row], weight
            self._fade_s[row], self._since_s[row] = max(fade_s, least_s), 0.0
        self._settle()

    def check(self, weights: Mapping[str, float], fade_s: float) -> None:
        """Raise where `fade` would.

        Raises:
            RobotError: a group, a weight or the time is not one; the message names it.
        """
        if not (math.isfinite(fade_s) and fade_s >= 0.0):
            raise RobotError(f'fade: got a time of {fade_s!r} s; expected 0 or more')
        for group, weight in weights.items():
            _check_group(group, self.groups.members)
            if not 0.0 <= weight <= 1.0:
                raise RobotError(f'group {group!r}: got the weight {weight!r}; expected 0 to 1')

    def step(self, period_s: float) -> None:
        """Go on by a cycle [s]."""
        if not self._settled:
            self._since_s += period_s
            self._settle()

    def _settle(self) -> None:
        """Work out the weights of the groups [G] now: smooth at both ends of a fade."""
        done = np.minimum(self._since_s / np.maximum(self._fade_s, 1e-9), 1.0)
        done = np.where(self._fade_s > 0.0, done, 1.0)
        now = self._begin + done * done * (3.0 - 2.0 * done) * (self._goal - self._begin)
        self._settled = bool((done >= 1.0).all())
        self._weights = np.where(done >= 1.0, self._goal, now)
        self.of_joints = np.append(self._weights, 1.0)[self._group_of]
        out = (self._weights == 0.0) & (self._goal == 0.0)
        self.faded_out = tuple(itertools.compress(self._names, out))


# Controllers, orders and weights as parameters write them: one line of text each.


def parse_controllers(
    text: str, groups: Mapping[str, Sequence[str]], default: str
) -> dict[str, tuple[str, ...]]:
    """Return the joints of each controller, by the name of its topic.

    Args:
        text: `TOPIC: GROUP, GROUP; TOPIC: GROUP`; '' for one topic with all groups.
        groups: joints of each group.
        default: that one topic.

    Raises:
        RobotError: it is not such a text, or names a group that does not exist.
    """
    if not text.strip():
        return {default: tuple(joint for joints in groups.values() for joint in joints)}
    controllers: dict[str, tuple[str, ...]] = {}
    for part in text.split(';'):
        topic, _, names = (piece.strip() for piece in part.partition(':'))
        members = [name.strip() for name in names.split(',') if name.strip()]
        if not (topic and members) or topic in controllers:
            raise RobotError(
                f'controllers: got {part.strip()!r} in {text!r}; expected '
                f"'TOPIC: GROUP, GROUP; TOPIC: GROUP' with each topic once"
            )
        for name in members:
            _check_group(name, groups, 'controllers: ')
        controllers[topic] = tuple(joint for name in members for joint in groups[name])
    return controllers


def parse_order(text: str, joints: Sequence[str]) -> tuple[str, ...]:
    """Return names of joints in the order of a controller's parameter `joints`.

    Args:
        text: `JOINT, JOINT`; '' for all joints in the robot's order.
        joints: those of the robot.

    Raises:
        RobotError: a joint does not exist, or comes twice.
    """
    names = tuple(name.strip() for name in text.split(',')) if text.strip() else tuple(joints)
    for name in names:
        if name not in joints or names.count(name) > 1:
            raise RobotError(
                f'joint_order: got {name!r} in {text!r}; expected each of these at most once: '
                f'{", ".join(joints)}'
            )
    return names


def parse_weights(text: str, groups: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return weights by the name of the group.

    Args:
        text: `GROUP: WEIGHT, GROUP: WEIGHT`; '' for none.
        groups: joints of each group.

    Raises:
        RobotError: it is not such a text, or a group or weight is none.
    """
    weights: dict[str, float] = {}
    for part in text.split(',') if text.strip() else ():
        group, _, number = (piece.strip() for piece in part.partition(':'))
        _check_group(group, groups, 'joint_group_weights: ')
        try:
            weight = float(number)
        except ValueError:
            weight = math.nan
        if not 0.0 <= weight <= 1.0 or group in weights:
            raise RobotError(
                f'joint_group_weights: got {part.strip()!r} in {text!r}; expected '
                f"'GROUP: WEIGHT, GROUP: WEIGHT' with each group once and weights from 0 to 1"
            )
        weights[group] = weight
    return weights


def _check_group(name: str, groups: Mapping[str, Sequence[str]], where: str = '') -> None:
    if name not in groups:
        raise RobotError(f'{where}got the group {name!r}; expected one of {", ".join(groups)}')
