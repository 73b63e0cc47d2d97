# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a check found: verdicts in words, a table, pictures of the robot beside the person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.robot.check.check import EmotionCheck
from emotion_motion.robot.collision.model import capsule_model, CapsuleModel
from emotion_motion.robot.description.config import LIMB_ENDS
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drawing import capsule_lines, LEFT, MIDDLE, new_figure, RIGHT

__all__ = ['draw_checks', 'near_at_rest', 'reachable', 'report', 'verdict']

# Of a body's motion, arms within so many degrees and dynamics so alike are readable: people tell
# arm directions apart by about 10 degrees; the rest is ours to set.
_WELL_DEG, _READABLE_DEG = 10.0, 20.0
_WELL_ALIKE, _READABLE_ALIKE = 0.85, 0.6
_OFTEN = 0.2
_SLOW_DEG = 2.0  # that slow joints cost, and which is worth a word
_SPACING = 0.75  # of figures in pictures, in body heights
_AZIMUTH, _ELEVATION = np.radians(35.0), np.radians(7.0)  # of the camera; 0 looks into the face


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
    kind, joint, share = check.busiest
    if share > _OFTEN:
        parts.append(f'{joint} is at its {kind} limit in {share:.0%} of frames')
    fast = check.fast_arm_error_deg
    if fast is not None and fast < check.arm_error_deg - _SLOW_DEG:
        parts.append(f'{fast:.0f} degrees with the speeds of the URDF in place of `limits`')
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


def draw_checks(
    robot: Robot, checks: Sequence[EmotionCheck], path: Path, *, figures: int = 10
) -> Path:
    """Draw two rows for each check: the person above, the robot at the same moments below.

    Args:
        robot: that was checked.
        checks: of it.
        path: picture to write.
        figures: how many moments, evenly spread.

    Raises:
        RobotError: matplotlib is not installed.
    """
    rows = 2 * len(checks)
    page = new_figure(1.5 * figures, 2.3 * rows)
    skeleton, capsules = load_skeleton('body_25'), capsule_model(robot)
    for number, check in enumerate(checks):
        moments = np.linspace(0, len(check.poses) - 1, figures).round().astype(int)
        above, below = (page.add_subplot(rows, 1, 2 * number + row) for row in (1, 2))
        for column, moment in enumerate(moments):
            shift = np.array((column * _SPACING, 0.0))
            _draw_person(above, check.keypoints[moment], skeleton, shift)
            _draw_robot(below, capsules, check.poses[moment], shift)
        for axes, who in ((above, ''), (below, f': {robot.config.name}')):
            axes.set_title(check.emotion + who, fontsize=10, loc='left')
            axes.set_aspect('equal')
            axes.set_xlim(-0.5, (figures - 1) * _SPACING + 0.5)
            axes.set_axis_off()
    page.tight_layout()
    page.savefig(path, dpi=90, facecolor='white')
    return path


def _draw_person(axes: Any, points: np.ndarray, skeleton: Skeleton, shift: np.ndarray) -> None:
    bones = sum(float(np.linalg.norm(points[c] - points[p])) for p, c in skeleton.edges)
    flat = _seen(points * skeleton.bone_lengths.sum() / max(bones, 1e-9)) + shift
    for parent, child in skeleton.edges:
        middle, left = skeleton.mirror[child] == child, skeleton.names[child].startswith('L')
        colour = MIDDLE if middle else LEFT if left else RIGHT
        axes.plot(*flat[[parent, child]].T, color=colour, lw=2.0, solid_capstyle='round')


def _draw_robot(axes: Any, capsules: CapsuleModel, q: np.ndarray, shift: np.ndarray) -> None:
    robot = capsules.robot
    scale, ground = _height(robot), np.array((0.0, 0.0, _ground(robot)))
    inches = axes.figure.get_figwidth() / (9.0 * _SPACING + 1.0)
    for ends, radius in capsule_lines(capsules, q):
        flat, width = _seen((ends - ground) / scale) + shift, 2.0 * radius / scale * inches * 72.0
        axes.plot(*flat.T, color='#b9c0ca', lw=width, alpha=0.35, solid_capstyle='round')
    for colour, line in _lines(robot, q):
        flat = _seen((np.array(line) - ground) / scale) + shift
        axes.plot(*flat.T, color=colour, lw=2.0, solid_capstyle='round', marker='o', ms=2)


def _lines(robot: Robot, q: np.ndarray) -> list[tuple[str, list[np.ndarray]]]:
    """Return the colours and places of a robot's limbs, trunk and head, in the base's frame."""
    at = robot.keypoints(q)
    lines = [
        (LEFT if chain.startswith('left') else RIGHT, [at[name] for name in limb])
        for chain, limb in LIMB_ENDS.items()
        if set(limb) <= set(at)
    ]
    neck = 0.5 * (at['LShoulder'] + at['RShoulder'])
    waist = 0.5 * (at['LHip'] + at['RHip']) if {'LHip', 'RHip'} <= set(at) else at['Neck']
    lines += [(MIDDLE, [at['LShoulder'], neck, at['RShoulder']]), (MIDDLE, [neck, waist])]
    if 'Nose' in at:
        lines.append((MIDDLE, [neck, *_face(robot, q, neck)]))
    return lines


def _face(robot: Robot, q: np.ndarray, neck: np.ndarray) -> list[np.ndarray]:
    """Return the middle of the head and the tip of its nose, by how the head's link turned."""
    link = robot.frame(robot.config.keypoints['Nose'][0])
    now, at_rest = (
        to_base.rotation @ data.oMf[link].rotation
        for data, to_base in (robot.placed(q), robot.placed(robot.rest))
    )
    turned, size = now @ at_rest.T, 0.09 * _height(robot)
    middle = neck + turned @ np.array((0.0, 0.0, 1.3 * size))
    return [middle, middle + turned @ np.array((size, 0.0, 0.0))]


def _height(robot: Robot) -> float:
    """Return about how tall the robot is [m]: from the ground to a head above its shoulders."""
    at = robot.keypoints(robot.rest)
    return 1.22 * (0.5 * (at['LShoulder'] + at['RShoulder'])[2] - _ground(robot))


def _ground(robot: Robot) -> float:
    """Return the height of the ground in the frame of the base [m]."""
    at = robot.keypoints(robot.rest)
    ankles = [at[name][2] for name in ('LAnkle', 'RAnkle') if name in at]
    return float(min([*ankles, 0.0])) - (0.05 if ankles else 0.0)


def _seen(points: np.ndarray) -> np.ndarray:
    """Return picture coordinates [N, 2] of points [N, 3] from a little above."""
    across = -points[:, 0] * np.sin(_AZIMUTH) + points[:, 1] * np.cos(_AZIMUTH)
    near = points[:, 0] * np.cos(_AZIMUTH) + points[:, 1] * np.sin(_AZIMUTH)
    up = points[:, 2] * np.cos(_ELEVATION) - near * np.sin(_ELEVATION)
    return np.stack((across, up), axis=1)
