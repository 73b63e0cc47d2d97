# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What was proposed for a robot: its YAML file, and a picture of its joints by their roles."""

from __future__ import annotations

import importlib.util
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from emotion_motion.files import storage_errors, write_file
from emotion_motion.robot.collision.model import capsule_model, fitted_capsules
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drawing import capsule_lines, LEFT, MIDDLE, new_figure, RIGHT
from emotion_motion.robot.init.propose import JointRole, Proposal
from emotion_motion.settings import plain, yaml_text

__all__ = ['capsules_text', 'draw_roles', 'proposal_text', 'roles_text', 'write_proposal']

# Of each chain: its colour, and where in the picture its roles are written (x, top, alignment).
_CHAINS = {
    'trunk': (MIDDLE, 0.38, 0.99, 'right'),
    'head': ('#8e24aa', 0.62, 0.99, 'left'),
    'left_arm': (LEFT, 0.98, 0.9, 'right'),
    'right_arm': (RIGHT, 0.02, 0.9, 'left'),
    'left_leg': ('#2e9e6b', 0.98, 0.45, 'right'),
    'right_leg': ('#ef8a00', 0.02, 0.45, 'left'),
}


def write_proposal(proposal: Proposal, path: Path) -> Path | None:
    """Write a robot's YAML file, and a picture of it beside the file.

    Returns:
        The picture, None where matplotlib is not installed.

    Raises:
        StorageError: it cannot be written.
    """
    with storage_errors(path):
        write_file(path, proposal_text(proposal, path.parent).encode())
        if importlib.util.find_spec('matplotlib') is None:
            return None
        return draw_roles(proposal, path.with_suffix('.png'))


def proposal_text(proposal: Proposal, folder: Path) -> str:
    """Return a robot's YAML file, with the reasons as comments.

    Args:
        proposal: what was found.
        folder: where the file will be; the URDF is named relative to it.
    """
    config, urdf = proposal.robot.config, proposal.robot.urdf.path
    limits = {name: value for name, value in plain(config.limits).items() if value}
    sections = [
        f'# Proposed by `emotion-motion robot init {urdf.name}`. Look at the\n'
        f'# picture beside this file and at `emotion-motion robot check` before a robot moves.\n',
        yaml_text({'name': config.name, 'description': config.description}),
        yaml_text({'urdf': os.path.relpath(urdf.resolve(), folder.resolve())}),
        '# The link that stands still: x forward, y left, z up.\n',
        yaml_text({'base': proposal.robot.base}),
        roles_text(proposal),
        yaml_text({'controlled': list(config.controlled)}),
        yaml_text({'keypoints': {name: link for name, (link, _) in config.keypoints.items()}}),
        '# As near as the robot comes to a standing person; all else is 0.\n',
        yaml_text({'rest': dict(config.rest)}),
        '# Slow, for a first try; never above the limits of the URDF.\n',
        yaml_text({'limits': limits, 'clearance_m': config.clearance_m}),
        '# Around the links, in metres in the frame of each: two ends, radius.\n',
        capsules_text(proposal.robot),
    ]
    return ''.join(sections)


def roles_text(proposal: Proposal) -> str:
    """Return the section `chains`, a joint a line with its role, and what is left out."""
    lines, roles = ['chains:'], {role.joint: role for role in proposal.roles}
    for chain, joints in proposal.robot.config.chains.items():
        lines.append(f'  {chain}:' if joints else f'  {chain}: []')
        items = yaml.safe_dump(list(joints)).splitlines()
        for item, joint in zip(items, joints, strict=False):
            comment = f'{roles[joint].role}, confidence {roles[joint].confidence:.2f}'
            lines.append(f'    {item}  # {comment}')
    lines += [f'# Left out: {joint} ({why}).' for joint, why in proposal.left_out.items()]
    return '\n'.join(lines) + '\n'


def capsules_text(robot: Robot) -> str:
    """Return the section `capsules` of a robot's YAML file, so that its meshes are not needed.

    Numbers are rounded to millimetres, radii up.
    """
    rows = {}
    for link, capsules, _ in fitted_capsules(robot):
        rows[link] = [
            [
                *(round(float(value), 3) + 0.0 for value in (*capsule.start, *capsule.end)),
                math.ceil(1e3 * capsule.radius + 0.5) / 1e3,  # the ends are rounded too
            ]
            for capsule in capsules
        ]
    return yaml_text({'capsules': {link: row for link, row in rows.items() if row}})


def draw_roles(proposal: Proposal, path: Path) -> Path:
    """Draw the rest pose from the front with the joints' roles, and from its left side.

    A full dot is a joint of which the proposal is sure; the emptier, the less.

    Args:
        proposal: what was found.
        path: picture to write.
    """
    figure = new_figure(13.0, 8.5)
    for place, title, front in (
        ((0.02, 0.02, 0.54, 0.9), 'from the front', True),
        ((0.58, 0.02, 0.4, 0.9), 'from its left', False),
    ):
        axes = figure.add_axes(place)
        _draw_view(axes, proposal, front)
        axes.set_title(f'{proposal.name}, {title}', fontsize=11)
        axes.set_aspect('equal', adjustable='datalim')
        axes.set_axis_off()
    figure.savefig(path, dpi=100, facecolor='white')
    return path


def _draw_view(axes: Any, proposal: Proposal, front: bool) -> None:
    robot = proposal.robot
    data, to_base = robot.placed(robot.rest)

    def seen(points: Any) -> np.ndarray:
        # From the front the robot's left is to the right of the picture.
        points = np.asarray(points, dtype=float)
        return np.stack((points[..., 1] if front else -points[..., 0], points[..., 2]), axis=-1)

    for ends, _ in capsule_lines(capsule_model(robot), robot.rest):
        axes.plot(*seen(ends).T, color='#c9ced6', lw=5.0, alpha=0.7, solid_capstyle='round')
    for chain, (colour, *_) in _CHAINS.items():
        roles = [role for role in proposal.roles if role.chain == chain]
        if not roles:
            continue
        links = [robot.urdf.joints[role.joint].child for role in roles]
        dots = seen([to_base.act(data.oMf[robot.frame(link)].translation) for link in links])
        axes.plot(*dots.T, color=colour, lw=2.0, label=chain.replace('_', ' '))
        for role, dot in zip(roles, dots, strict=True):
            axes.plot(*dot, 'o', ms=7, mec=colour, mfc=(colour, role.confidence))
        if front:
            _write_roles(axes, chain, [roles[row] for row in np.argsort(-dots[:, 1])])
    for name, at in robot.keypoints(robot.rest).items():
        axes.plot(*seen(at), '+', color='black', ms=9)
        if not front and not name.startswith('R'):
            axes.annotate(name, seen(at), xytext=(5, 4), textcoords='offset points', fontsize=7)
    if front:
        axes.legend(loc='lower left', fontsize=8, frameon=False)


def _write_roles(axes: Any, chain: str, roles: list[JointRole]) -> None:
    """Write the roles of a chain's joints in a column on its side of the picture."""
    colour, x, top, alignment = _CHAINS[chain]
    for number, role in enumerate(roles):
        axes.text(
            x,
            top - 0.03 * number,
            f'{role.role} {role.confidence:.2f}',
            color=colour,
            fontsize=8,
            ha=alignment,
            va='top',
            transform=axes.transAxes,
        )
