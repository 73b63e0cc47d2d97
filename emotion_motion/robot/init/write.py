# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Writing robots' YAML files: what was proposed for a robot, and capsules fitted to its meshes."""

from __future__ import annotations

import importlib.util
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.robot.collision.model import capsule_model, fitted_capsules
from emotion_motion.robot.description.config import CHAINS
from emotion_motion.robot.description.pinocchio_module import load_pinocchio
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.init.propose import Proposal

__all__ = ['capsule_lines', 'proposal_lines', 'write_proposal', 'draw_roles']

# A picture of what robot init told: the robot from front and side, its joints by their roles.

_COLOURS = {
    'trunk': '#3b3f46',
    'head': '#8e24aa',
    'left_arm': '#1f77b4',
    'right_arm': '#d1495b',
    'left_leg': '#2e9e6b',
    'right_leg': '#ef8a00',
}


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
    for number, (title, across, sign) in enumerate(
        (('from the front', 1, 1.0), ('from its left', 0, -1.0))
    ):
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
            _label(
                axes,
                [(at, role.role, role.confidence) for role, at in zip(roles, flat, strict=True)],
                colour,
                chain,
            )
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
            x,
            top - 0.03 * number,
            f'{role} {confidence:.2f}',
            color=colour,
            fontsize=8,
            ha='right' if left and x > 0.9 else 'left' if x < 0.1 or left else 'right',
            transform=axes.transAxes,
            va='top',
        )


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


def write_proposal(proposal: Proposal, path: Path) -> Path | None:
    """Write a robot's YAML file, and a picture of it beside the file.

    Returns:
        The picture, None where matplotlib is not installed.
    """
    path.write_text('\n'.join(proposal_lines(proposal, path.parent)) + '\n', encoding='utf-8')
    if importlib.util.find_spec('matplotlib') is None:
        return None
    from emotion_motion.robot.init.write import draw_roles

    return draw_roles(proposal, path.with_suffix('.png'))


def proposal_lines(proposal: Proposal, folder: Path) -> list[str]:
    """Return the lines of a robot's YAML file, with the reasons as comments.

    Args:
        proposal: what was told.
        folder: where the file will be; the URDF is named relative to it.
    """
    config, roles = proposal.robot.config, {role.joint: role for role in proposal.roles}
    urdf = os.path.relpath(proposal.robot.urdf.path.resolve(), folder.resolve())
    lines = [
        f'# Proposed by `emotion-motion robot init {proposal.robot.urdf.path.name}`. Look at the',
        '# picture beside this file and at `emotion-motion robot check` before a robot moves.',
        f'name: {_text(config.name)}',
        f'description: {_text(config.description)}',
        f'urdf: {_text(urdf)}',
        '# The link that stands still: x forward, y left, z up.',
        f'base: {_text(proposal.robot.base)}',
        'chains:',
    ]
    for chain in CHAINS:
        joints = config.chains.get(chain, ())
        lines.append(f'  {chain}:' if joints else f'  {chain}: []')
        for joint in joints:
            role = roles[joint]
            lines.append(f'    - {_text(joint)}  # {role.role}, confidence {role.confidence:.2f}')
    lines += [f'# Left out: {joint} ({why}).' for joint, why in proposal.left_out.items()]
    lines.append(f'controlled: [{", ".join(config.controlled)}]')
    lines.append('keypoints:')
    lines += [f'  {name}: {_text(link)}' for name, (link, _) in config.keypoints.items()]
    lines.append('# As near as the robot comes to a standing person; all else is 0.')
    lines.append('rest:' if config.rest else 'rest: {}')
    lines += [f'  {_text(joint)}: {value:g}' for joint, value in config.rest.items()]
    limits = config.limits
    lines += [
        '# Slow, for a first try; never above the limits of the URDF.',
        'limits:',
        f'  velocity_rad_s: {limits.velocity_rad_s:g}',
        f'  acceleration_rad_s2: {limits.acceleration_rad_s2:g}',
        f'  jerk_rad_s3: {limits.jerk_rad_s3:g}',
        f'clearance_m: {config.clearance_m:g}',
        '# Around the links, in metres in the frame of each: two ends, radius.',
    ]
    return lines + capsule_lines(proposal.robot)


def capsule_lines(robot: Robot) -> list[str]:
    """Return the section `capsules` of a robot's YAML file, so that its meshes are not needed.

    Numbers are rounded to millimetres, radii up.
    """
    lines = []
    for link, capsules, _ in fitted_capsules(robot):
        rows = []
        for each in capsules:
            numbers = [f'{value + 0.0:.3f}' for value in (*each.start, *each.end)]
            radius = math.ceil(1e3 * each.radius + 0.5) / 1e3  # the ends are rounded too
            rows.append(f'[{", ".join(numbers)}, {radius:.3f}]')
        if rows:
            lines.append(f'  {_text(link)}: [{rows[0]}{"," if len(rows) > 1 else "]"}')
            lines += [f'    {row}{"," if row is not rows[-1] else "]"}' for row in rows[1:]]
    return ['capsules:', *lines] if lines else ['capsules: {}']


def _text(text: str) -> str:
    """Return a text as YAML: as it is where that is plain, quoted else."""
    plain = all(c.isalnum() or c in '_-./ ' for c in text) and text[:1].isalpha()
    reserved = text.lower() in ('yes', 'no', 'on', 'off', 'true', 'false', 'null', 'y', 'n')
    return text if plain and not reserved and text == text.strip() else json.dumps(text)
