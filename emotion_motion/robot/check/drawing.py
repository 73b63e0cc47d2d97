# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a robot beside the person that it copies: limbs as lines, capsules around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.robot.collision.model import capsule_model, CapsuleModel
from emotion_motion.robot.description.config import LIMB_ENDS
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drawing import capsule_lines, LEFT, MIDDLE, new_figure, RIGHT

__all__ = ['Comparison', 'draw_comparisons']

_SPACING = 0.75  # of figures, in body heights
_AZIMUTH, _ELEVATION = np.radians(35.0), np.radians(7.0)  # of the camera; 0 looks into the face


@dataclass(frozen=True, eq=False)
class Comparison:
    """A motion of a person and what a robot makes of it.

    Attributes:
        title: what it is.
        keypoints: [T, K, 3] of BODY_25.
        poses: of the robot [T, J] [rad].
    """

    title: str
    keypoints: np.ndarray
    poses: np.ndarray


def draw_comparisons(
    robot: Robot, comparisons: Sequence[Comparison], path: Path, *, figures: int = 10
) -> Path:
    """Draw two rows for each comparison: the person above, the robot at the same moments below.

    Args:
        robot: whose poses.
        comparisons: what to draw.
        path: picture to write.
        figures: how many moments, evenly spread.

    Raises:
        RobotError: matplotlib is not installed.
    """
    rows = 2 * len(comparisons)
    page = new_figure(1.5 * figures, 2.3 * rows)
    skeleton, capsules = load_skeleton('body_25'), capsule_model(robot)
    for number, comparison in enumerate(comparisons):
        moments = np.linspace(0, len(comparison.poses) - 1, figures).round().astype(int)
        above, below = (page.add_subplot(rows, 1, 2 * number + row) for row in (1, 2))
        for column, moment in enumerate(moments):
            shift = np.array((column * _SPACING, 0.0))
            _draw_person(above, comparison.keypoints[moment], skeleton, shift)
            _draw_robot(below, capsules, comparison.poses[moment], shift)
        for axes, title in (
            (above, comparison.title),
            (below, f'{comparison.title}: {robot.config.name}'),
        ):
            axes.set_title(title, fontsize=10, loc='left')
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
