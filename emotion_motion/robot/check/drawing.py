# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a robot beside the person that it copies: limbs as lines, capsules around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.exceptions import RobotError
from emotion_motion.robot.collision.model import capsule_model, CapsuleModel
from emotion_motion.robot.description.pinocchio_module import load_pinocchio
from emotion_motion.robot.description.robot import Robot

__all__ = ['Comparison', 'draw_comparisons']

_LEFT, _RIGHT, _BODY = '#1f77b4', '#d1495b', '#3b3f46'
_LIMBS = {
    _LEFT: (('LShoulder', 'LElbow', 'LWrist'), ('LHip', 'LKnee', 'LAnkle')),
    _RIGHT: (('RShoulder', 'RElbow', 'RWrist'), ('RHip', 'RKnee', 'RAnkle')),
}
_SPACING = 0.75  # of figures, in body heights


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
    robot: Robot,
    comparisons: Sequence[Comparison],
    path: str | Path,
    *,
    figures: int = 10,
    azimuth_deg: float = 35.0,
) -> Path:
    """Draw two rows for each comparison: the person above, the robot at the same moments below.

    Args:
        robot: whose poses.
        comparisons: what to draw.
        path: picture to write.
        figures: how many moments, evenly spread.
        azimuth_deg: the camera's turn; 0 looks into the face.

    Raises:
        RobotError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RobotError(
            "got no matplotlib, which pictures need; pip install 'emotion_motion[train]'"
        ) from error
    rows = 2 * len(comparisons)
    figure = Figure(figsize=(1.5 * figures, 2.3 * rows))
    FigureCanvasAgg(figure)
    skeleton, capsules = load_skeleton('body_25'), capsule_model(robot)
    scale = _height(robot)
    for number, each in enumerate(comparisons):
        moments = np.linspace(0, len(each.poses) - 1, figures).round().astype(int)
        above = figure.add_subplot(rows, 1, 2 * number + 1)
        below = figure.add_subplot(rows, 1, 2 * number + 2)
        for place, moment in enumerate(moments):
            shift = place * _SPACING
            _draw_person(above, each.keypoints[moment], skeleton, shift, azimuth_deg)
            _draw_robot(below, capsules, each.poses[moment], scale, shift, azimuth_deg)
        for axes, what in ((above, each.title), (below, f'{each.title}: {robot.config.name}')):
            axes.set_title(what, fontsize=10, loc='left')
            axes.set_aspect('equal')
            axes.set_xlim(-0.5, (figures - 1) * _SPACING + 0.5)
            axes.set_axis_off()
    figure.tight_layout()
    path = Path(path)
    figure.savefig(path, dpi=90, facecolor='white')
    return path


def _draw_person(
    axes: Any, points: np.ndarray, skeleton: Skeleton, shift: float, azimuth_deg: float
) -> None:
    height = skeleton.bone_lengths.sum() / max(
        sum(float(np.linalg.norm(points[c] - points[p])) for p, c in skeleton.edges), 1e-9
    )
    flat = _seen(points * height, azimuth_deg) + np.array((shift, 0.0))
    for parent, child in skeleton.edges:
        name = skeleton.names[child]
        middle = skeleton.mirror[child] == child
        colour = _BODY if middle else _LEFT if name.startswith('L') else _RIGHT
        axes.plot(*flat[[parent, child]].T, color=colour, lw=2.0, solid_capstyle='round')


def _draw_robot(
    axes: Any,
    capsules: CapsuleModel,
    q: np.ndarray,
    scale: float,
    shift: float,
    azimuth_deg: float,
) -> None:
    robot, pin = capsules.robot, load_pinocchio()
    data = robot.model.createData()
    pin.framesForwardKinematics(robot.model, data, q)
    below = data.oMf[robot.frame(robot.base)].inverse()
    lift = _ground(robot)

    def seen(points: Any) -> np.ndarray:
        placed = np.array([below.act(np.asarray(point)) for point in points])
        return _seen((placed - [0.0, 0.0, lift]) / scale, azimuth_deg) + np.array((shift, 0.0))

    inches = axes.figure.get_figwidth() / (9.0 * _SPACING + 1.0)
    for shape in capsules.geometry.geometryObjects:
        half = np.array((0.0, 0.0, shape.geometry.halfLength))
        placed = data.oMi[shape.parentJoint] * shape.placement
        ends = seen([placed.act(half), placed.act(-half)])
        width = 2.0 * shape.geometry.radius / scale * inches * 72.0
        axes.plot(*ends.T, color='#b9c0ca', lw=width, alpha=0.35, solid_capstyle='round')
    for colour, line in _lines(robot, data, below):
        axes.plot(*seen(line).T, color=colour, lw=2.0, solid_capstyle='round', marker='o', ms=2)


def _lines(robot: Robot, data: Any, below: Any) -> list[tuple[str, list[np.ndarray]]]:
    """Return the lines of a robot's figure, in the world of `data`."""
    at: Mapping[str, np.ndarray] = {
        name: data.oMf[robot.frame(link)].act(np.array(offset))
        for name, (link, offset) in robot.config.keypoints.items()
    }
    found = [
        (colour, [at[name] for name in limb])
        for colour, limbs in _LIMBS.items()
        for limb in limbs
        if set(limb) <= set(at)
    ]
    neck = 0.5 * (at['LShoulder'] + at['RShoulder'])
    waist = 0.5 * (at['LHip'] + at['RHip']) if {'LHip', 'RHip'} <= set(at) else at['Neck']
    found.append((_BODY, [at['LShoulder'], neck, at['RShoulder']]))
    found.append((_BODY, [neck, waist]))
    if 'Nose' in at:
        found.append((_BODY, [neck, *_face(robot, data, below, neck)]))
    return found


def _face(robot: Robot, data: Any, below: Any, neck: np.ndarray) -> list[np.ndarray]:
    """Return the middle of the head and the tip of its nose, by how the head's link turned."""
    pin, rest = load_pinocchio(), robot.model.createData()
    pin.framesForwardKinematics(robot.model, rest, robot.rest)
    link = robot.frame(robot.config.keypoints['Nose'][0])
    base = rest.oMf[robot.frame(robot.base)].rotation
    turned = data.oMf[link].rotation @ rest.oMf[link].rotation.T @ base
    size = 0.09 * _height(robot)
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
    return min([*ankles, 0.0]) - (0.05 if ankles else 0.0)


def _seen(points: np.ndarray, azimuth_deg: float) -> np.ndarray:
    """Return picture coordinates [N, 2] of points [N, 3] from a little above."""
    turn, lift = np.radians(azimuth_deg), np.radians(7.0)
    across = -points[:, 0] * np.sin(turn) + points[:, 1] * np.cos(turn)
    near = points[:, 0] * np.cos(turn) + points[:, 1] * np.sin(turn)
    return np.stack((across, points[:, 2] * np.cos(lift) - near * np.sin(lift)), axis=1)
