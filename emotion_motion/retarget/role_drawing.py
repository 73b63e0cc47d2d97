# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A picture of what robot init told: the robot from front and side, its joints by their roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.retarget.collisions import capsule_model
from emotion_motion.retarget.pinocchio_module import load_pinocchio
from emotion_motion.retarget.robot import Robot
from emotion_motion.retarget.robot_init import Proposal

__all__ = ['draw_roles']

_COLOURS = {
    'trunk': '#3b3f46', 'head': '#8e24aa', 'left_arm': '#1f77b4', 'right_arm': '#d1495b',
    'left_leg': '#2e9e6b', 'right_leg': '#ef8a00',
}  # fmt: skip


def draw_roles(proposal: Proposal, path: str | Path) -> Path:
    """Draw the rest pose from the front with the joints' roles, and from its left side.

    A full dot is a joint of which the proposal is sure; the emptier, the less.

    Args:
        proposal: what was told.
        path: picture to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.0, 8.5))
    FigureCanvasAgg(figure)
    for number, (title, across, sign) in enumerate((
        ('from the front', 1, 1.0), ('from its left', 0, -1.0),
    )):  # fmt: skip
        axes = figure.add_axes((0.02 + 0.56 * number, 0.02, 0.54 if number == 0 else 0.4, 0.9))
        _draw_view(axes, proposal, across, sign, labelled=number == 0)
        axes.set_title(f'{proposal.name}, {title}', fontsize=11)
        axes.set_aspect('equal', adjustable='datalim')
        axes.set_axis_off()
    path = Path(path)
    figure.savefig(path, dpi=100, facecolor='white')
    return path


def _draw_view(axes: Any, proposal: Proposal, across: int, sign: float, labelled: bool) -> None:
    robot = proposal.robot
    places = _joint_places(robot)

    def seen(points: Any) -> np.ndarray:
        points = np.asarray(points, dtype=float)
        # From the front the robot's left is to the right of the picture.
        return np.stack((sign * points[..., across], points[..., 2]), axis=-1)

    for line in _capsule_lines(robot):
        axes.plot(*seen(line).T, color='#c9ced6', lw=5.0, alpha=0.7, solid_capstyle='round')
    for chain, colour in _COLOURS.items():
        roles = [role for role in proposal.roles if role.chain == chain]
        if not roles:
            continue
        flat = seen([places[role.joint] for role in roles])
        axes.plot(*flat.T, color=colour, lw=2.0, label=chain.replace('_', ' '))
        for role, at in zip(roles, flat, strict=True):
            axes.plot(*at, 'o', ms=7, mec=colour, mfc=(*_rgb(colour), role.confidence))
        if labelled:
            _label(axes, [(at, role.role, role.confidence) for role, at in
                          zip(roles, flat, strict=True)], colour, chain)  # fmt: skip
    for name, at in robot.keypoints(robot.rest).items():
        axes.plot(*seen(at), '+', color='black', ms=9)
        if not labelled and not name.startswith('R'):
            axes.annotate(name, seen(at), xytext=(5, 4), textcoords='offset points', fontsize=7)
    if labelled:
        axes.legend(loc='lower left', fontsize=8, frameon=False)


def _label(axes: Any, labels: list[Any], colour: str, chain: str) -> None:
    """Write the roles of a chain's joints in a column on its side of the picture."""
    left = chain in ('left_arm', 'left_leg', 'head')
    rows = sorted(labels, key=lambda each: -each[0][1])
    top = 1.0 if chain in ('left_arm', 'right_arm') else 0.45
    top = {'head': 0.99, 'trunk': 0.99}.get(chain, top - (0.1 if 'arm' in chain else 0.0))
    x = (0.98 if left else 0.02) if chain not in ('head', 'trunk') else (0.62 if left else 0.38)
    for number, (_, role, confidence) in enumerate(rows):
        axes.text(
            x, top - 0.03 * number, f'{role} {confidence:.2f}', color=colour, fontsize=8,
            ha='right' if left and x > 0.9 else 'left' if x < 0.1 or left else 'right',
            transform=axes.transAxes, va='top',
        )  # fmt: skip


def _joint_places(robot: Robot) -> dict[str, np.ndarray]:
    """Return where the origin of each joint is in the rest pose [3], in the base's frame."""
    pin, data = load_pinocchio(), robot.model.createData()
    pin.framesForwardKinematics(robot.model, data, robot.rest)
    below = data.oMf[robot.frame(robot.base)].inverse()
    return {
        joint.name: below.act(data.oMf[robot.frame(joint.child)].translation)
        for joint in robot.urdf.joints.values()
    }


def _capsule_lines(robot: Robot) -> list[list[np.ndarray]]:
    """Return the middle lines of all capsules in the rest pose, in the base's frame."""
    pin, data = load_pinocchio(), robot.model.createData()
    pin.framesForwardKinematics(robot.model, data, robot.rest)
    below = data.oMf[robot.frame(robot.base)].inverse()
    found = []
    for shape in capsule_model(robot).geometry.geometryObjects:
        half = np.array((0.0, 0.0, shape.geometry.halfLength))
        placed = below * data.oMi[shape.parentJoint] * shape.placement
        found.append([placed.act(half), placed.act(-half)])
    return found


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5))
    return red, green, blue
