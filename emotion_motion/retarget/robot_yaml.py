# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Writing robots' YAML files: what was proposed for a robot, and capsules fitted to its meshes."""

from __future__ import annotations

import importlib.util
import json
import math
import os
from pathlib import Path

from emotion_motion.retarget.collisions import fitted_capsules
from emotion_motion.retarget.robot import Robot
from emotion_motion.retarget.robot_config import CHAINS
from emotion_motion.retarget.robot_init import Proposal

__all__ = ['capsule_lines', 'proposal_lines', 'write_proposal']


def write_proposal(proposal: Proposal, path: Path) -> Path | None:
    """Write a robot's YAML file, and a picture of it beside the file.

    Returns:
        The picture, None where matplotlib is not installed.
    """
    path.write_text('\n'.join(proposal_lines(proposal, path.parent)) + '\n', encoding='utf-8')
    if importlib.util.find_spec('matplotlib') is None:
        return None
    from emotion_motion.retarget.role_drawing import draw_roles

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
