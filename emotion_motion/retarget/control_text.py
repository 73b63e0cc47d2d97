# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Controllers, orders and weights as parameters write them: one line of text each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math

from emotion_motion.exceptions import RobotError

__all__ = ['parse_controllers', 'parse_order', 'parse_weights']


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
    found: dict[str, tuple[str, ...]] = {}
    for part in text.split(';'):
        topic, colon, names = (piece.strip() for piece in part.partition(':'))
        chosen = [name.strip() for name in names.split(',') if name.strip()]
        if not (topic and colon and chosen) or topic in found:
            raise RobotError(
                f'controllers: got {part.strip()!r} in {text!r}; expected '
                f"'TOPIC: GROUP, GROUP; TOPIC: GROUP' with each topic once"
            )
        for name in chosen:
            _check_group('controllers', name, groups)
        found[topic] = tuple(joint for name in chosen for joint in groups[name])
    return found


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
    found: dict[str, float] = {}
    for part in text.split(',') if text.strip() else ():
        group, _, number = (piece.strip() for piece in part.partition(':'))
        _check_group('joint_group_weights', group, groups)
        try:
            weight = float(number)
        except ValueError:
            weight = math.nan
        if not 0.0 <= weight <= 1.0 or group in found:
            raise RobotError(
                f'joint_group_weights: got {part.strip()!r} in {text!r}; expected '
                f"'GROUP: WEIGHT, GROUP: WEIGHT' with each group once and weights from 0 to 1"
            )
        found[group] = weight
    return found


def _check_group(what: str, name: str, groups: Mapping[str, Sequence[str]]) -> None:
    if name not in groups:
        raise RobotError(
            f'{what}: got the group {name!r}; expected one of {", ".join(groups)}'
        )
