# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Verdicts in words: whether a robot can show an emotion, and what keeps it from it."""

from __future__ import annotations

from collections.abc import Sequence

from emotion_motion.robot.check.check import EmotionCheck
from emotion_motion.robot.collision.model import capsule_model
from emotion_motion.robot.description.robot import Robot

__all__ = ['reachable', 'report', 'verdict']

# Of a body's motion, arms within so many degrees and dynamics so alike are readable: people tell
# arm directions apart by about 10 degrees; the rest is ours to set.
_WELL_DEG, _READABLE_DEG = 10.0, 20.0
_WELL_ALIKE, _READABLE_ALIKE = 0.85, 0.6
_OFTEN = 0.2


def reachable(check: EmotionCheck) -> str:
    """Return yes, partly or no: whether the robot can show this emotion's motion."""
    alike = sum(check.correlations.values()) / len(check.correlations)
    if check.arm_error_deg <= _WELL_DEG and alike >= _WELL_ALIKE:
        return 'yes'
    if check.arm_error_deg <= _READABLE_DEG and alike >= _READABLE_ALIKE:
        return 'partly'
    return 'no'


def verdict(check: EmotionCheck) -> str:
    """Return a sentence: how well it goes, what comes short, and which limit is met most."""
    how = {'yes': '', 'partly': 'partly ', 'no': 'not '}[reachable(check)]
    parts = [f'{how}reachable, arms {check.arm_error_deg:.0f} degrees off']
    parts += [str(reach) for reach in check.reaches if reach.short]
    weakest = min(check.correlations, key=lambda name: check.correlations[name])
    if check.correlations[weakest] < _WELL_ALIKE:
        parts.append(f'{weakest} follows only by {check.correlations[weakest]:.2f}')
    joint, share = check.busiest
    if share > _OFTEN:
        parts.append(f'{joint} is at a limit in {share:.0%} of frames')
    if check.at_clearance > _OFTEN:
        parts.append(f'arms are kept clear of the body in {check.at_clearance:.0%}')
    return f'{check.emotion}: {"; ".join(parts)}'


def report(robot: Robot, checks: Sequence[EmotionCheck]) -> list[str]:
    """Return the lines to print: a table of figures, then the verdicts."""
    lines = [
        f'{robot.config.name}: {robot.config.description or robot.urdf.name}, {len(robot)} '
        f'controlled joints',
        '',
        f'{"":10s} {"direction error [degrees]":^31s} {"correlation":^25s} '
        f'{"share of frames at a limit":^28s}',
        f'{"emotion":10s} {"upper arm":>9s} {"forearm":>7s} {"trunk":>6s} {"head":>6s} '
        f'{"speed":>7s} {"extent":>7s} {"contraction":>11s} {"position":>9s} {"speed":>6s} '
        f'{"clearance":>9s}',
        *(_row(check) for check in checks),
    ]
    nearest = min((check.nearest_m for check in checks), default=float('inf'))
    lines += [
        '',
        f'Arms came as near as {1e3 * (robot.config.clearance_m + nearest):.0f} mm to the body '
        f'and each other (wanted: {1e3 * robot.config.clearance_m:.0f} mm between capsules).',
        *near_at_rest(robot),
        '',
        *(verdict(check) for check in checks),
    ]
    return lines


def near_at_rest(robot: Robot) -> list[str]:
    """Return a line for each two links whose capsules overlap in the rest pose."""
    pairs = [pair for pair in capsule_model(robot).pairs if pair.margin_m < 0.0]
    return [
        f'In the rest pose the capsules of {pair.first} and {pair.second} overlap by '
        f'{-1e3 * pair.margin_m:.0f} mm, and may do so in motion: the robot may touch itself. '
        f'Give it another rest pose, or better capsules.'
        for pair in pairs
    ]


def _row(check: EmotionCheck) -> str:
    error, alike = check.errors_deg, check.correlations

    def mean(*names: str) -> float:
        return sum(error[name] for name in names) / len(names)

    return (
        f'{check.emotion:10s} {mean("left_upper_arm", "right_upper_arm"):9.1f} '
        f'{mean("left_forearm", "right_forearm"):7.1f} {mean("trunk_up", "trunk_left"):6.1f} '
        f'{mean("head_forward", "head_left"):6.1f} {alike["speed"]:7.2f} {alike["extent"]:7.2f} '
        f'{alike["contraction"]:11.2f} {check.at_position_limit:9.0%} '
        f'{check.at_speed_limit:6.0%} {check.at_clearance:9.0%}'
    )
