# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What was proposed for a robot: its YAML file, and a picture of its joints by their roles."""

from __future__ import annotations

from collections.abc import Sequence
import importlib.util
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from emotion_motion.files import storage_errors, write_file, YamlDumper
from emotion_motion.robot.collision.model import capsule_model
from emotion_motion.robot.description.config import ARMS, LIMB_ENDS
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drawing import capsule_lines, LEFT, MIDDLE, new_figure, RIGHT
from emotion_motion.robot.init.propose import JointRole, Proposal
from emotion_motion.settings import plain, yaml_text

__all__ = [
    'capsule_notes',
    'draw_roles',
    'limit_notes',
    'proposal_text',
    'roles_text',
    'write_proposal',
]

# Of each chain its colour; from the front the robot's right limbs are on the left.
_COLOURS = {
    'trunk': MIDDLE,
    'head': '#8e24aa',
    'left_arm': LEFT,
    'right_arm': RIGHT,
    'left_leg': '#2e9e6b',
    'right_leg': '#ef8a00',
}
_COLUMNS = (('head', 'right_arm', 'right_leg'), ('trunk', 'left_arm', 'left_leg'))
_WAYS = (('back', 'forward'), ('right', 'left'), ('down', 'up'))
_MIRROR = np.array((-1.0, 1.0, -1.0))  # of an axis; left and right change places
_ALIKE, _SHARED = 0.9, 0.6  # cosine of axes that mirror each other, share of the ranges
_TWIST = 0.3  # sine of an angle between limb and axis below which a joint only twists the limb


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
        *(f'# {line}\n' for line in limit_notes(proposal.robot)),
        yaml_text({'limits': limits, 'clearance_m': config.clearance_m}),
        '# Around the links, in metres in the frame of each: two ends, radius.\n',
        _capsules_text(proposal),
    ]
    return ''.join(sections)


def roles_text(proposal: Proposal) -> str:
    """Return the section `chains`, a joint a line with its role, and what is left out."""
    lines, roles = ['chains:'], {role.joint: role for role in proposal.roles}
    for chain, joints in proposal.robot.config.chains.items():
        lines.append(f'  {chain}:' if joints else f'  {chain}: []')
        items = yaml.dump(list(joints), Dumper=YamlDumper).splitlines()
        for item, joint in zip(items, joints, strict=False):
            comment = f'{roles[joint].role}, confidence {roles[joint].confidence:.2f}'
            lines.append(f'    {item}  # {comment}')
    lines += [f'# Left out: {joint} ({why}).' for joint, why in proposal.left_out.items()]
    return '\n'.join(lines) + '\n'


def limit_notes(robot: Robot) -> list[str]:
    """Return a line for each two joints, left and right, whose limits do not mirror each other."""
    data, to_base = robot.placed(np.zeros(len(robot)))
    limits, notes = robot.limits, []

    def axis(name: str) -> np.ndarray:
        turned = to_base.rotation @ data.oMi[robot.model.getJointId(name)].rotation
        return np.asarray(turned @ np.array(robot.urdf.joints[name].axis))

    for left, right in zip(*(robot.config.chains.get(arm, ()) for arm in ARMS), strict=False):
        if not {left, right} <= set(limits.names):
            continue
        alike = float(_MIRROR * axis(left) @ axis(right))
        (low, high), (lower, upper) = (
            (limits.lower[row], limits.upper[row]) for row in map(limits.index, (left, right))
        )
        wanted = (low, high) if alike > 0.0 else (-high, -low)
        shared = min(upper, wanted[1]) - max(lower, wanted[0])
        if abs(alike) > _ALIKE and shared < _SHARED * max(high - low, upper - lower):
            notes.append(
                f'{right} goes from {lower:.2f} to {upper:.2f} rad; expected {wanted[0]:.2f} to '
                f'{wanted[1]:.2f}, which mirrors {left}. Are these limits of the URDF right?'
            )
    return notes


def capsule_notes(proposal: Proposal) -> list[str]:
    """Return a line for links whose capsules are guesses, and one for those that have none."""
    links, sources = proposal.robot.urdf.links, proposal.sources
    guessed = [link for link, source in sources.items() if source == 'inertia']
    bare = [
        link
        for link, source in sources.items()
        if source == 'none' and links[link].find('inertial') is not None
    ]
    return [
        f'{what}: {", ".join(names)}.'
        for what, names in (
            ('Without shapes, so by mass and inertia, no wider than the link is long', guessed),
            ('Without shapes and without length, so WITHOUT capsules', bare),
        )
        if names
    ]


def _capsules_text(proposal: Proposal) -> str:
    rows = proposal.robot.config.capsules
    notes = ''.join(f'# {line}\n' for line in capsule_notes(proposal))
    lists = {link: [list(row) for row in capsules] for link, capsules in rows.items()}
    return notes + yaml_text({'capsules': lists})


def draw_roles(proposal: Proposal, path: Path) -> Path:
    """Draw the rest pose from the front and from its left, with the joints' names and axes.

    Joints are numbered from the trunk outwards. A full dot is one of which the proposal is sure;
    the emptier, the less.

    Args:
        proposal: what was found.
        path: picture to write.
    """
    figure = new_figure(18.0, 9.0)
    joints = _drawn_joints(proposal)
    for place, title, front in (
        ((0.25, 0.02, 0.28, 0.9), 'from the front', True),
        ((0.77, 0.02, 0.22, 0.9), 'from its left', False),
    ):
        axes = figure.add_axes(place)
        _draw_view(axes, proposal, joints, front)
        axes.set_title(f'{proposal.name}, {title}', fontsize=11)
        axes.set_aspect('equal', adjustable='datalim')
        axes.set_axis_off()
    for x, chains in zip((0.01, 0.54), _COLUMNS, strict=True):
        _write_roles(figure, x, [(chain, joints[chain]) for chain in chains if joints[chain]])
    figure.text(
        0.01,
        0.01,
        'Arrow: axis of a joint; + turns as the fingers of a right hand around it, whose thumb is '
        'the arrow.  \u21ba \u21bb: + turns so, as seen here.',
        fontsize=8,
    )
    figure.savefig(path, dpi=100, facecolor='white')
    return path


class _DrawnJoint(NamedTuple):
    """A joint in the rest pose, in the frame of the base: its place and axis [3], its way."""

    role: JointRole
    at: np.ndarray
    axis: np.ndarray
    way: str


def _drawn_joints(proposal: Proposal) -> dict[str, list[_DrawnJoint]]:
    """Return the joints of each chain from the trunk outwards."""
    robot, at = proposal.robot, proposal.robot.keypoints(proposal.robot.rest)
    data, to_base = robot.placed(robot.rest)
    drawn: dict[str, list[_DrawnJoint]] = {chain: [] for chain in _COLOURS}
    for role in proposal.roles:
        joint = robot.urdf.joints[role.joint]
        placed = to_base * data.oMf[robot.frame(joint.child)]
        axis = placed.rotation @ joint.axis
        axis = axis / np.linalg.norm(axis)
        end = placed.translation + np.array((0.0, 0.0, 1.0))  # trunk and head: what is above
        if role.chain in LIMB_ENDS:
            _, middle, end = (at[name] for name in LIMB_ENDS[role.chain])
            end = end + 0.3 * (end - middle)  # beyond the wrist
        way = _way(axis, end - placed.translation)
        drawn[role.chain].append(_DrawnJoint(role, placed.translation, axis, way))
    return drawn


def _way(axis: np.ndarray, lever: np.ndarray) -> str:
    """Return where the end of a lever [3] goes as a joint turns the positive way about an axis."""
    moved = np.cross(axis, lever) / max(float(np.linalg.norm(lever)), 1e-9)
    if float(np.linalg.norm(moved)) > _TWIST:
        strong = int(np.argmax(np.abs(moved)))
        return _WAYS[strong][int(moved[strong] > 0.0)]
    if abs(axis[2]) > _TWIST:
        return f'turns {_WAYS[1][int(axis[2] > 0.0)]}'
    return 'twists'


def _draw_view(
    axes: Any, proposal: Proposal, joints: dict[str, list[_DrawnJoint]], front: bool
) -> None:
    robot = proposal.robot

    def seen(points: Any) -> np.ndarray:
        # From the front the robot's left is to the right of the picture.
        points = np.asarray(points, dtype=float)
        return np.stack((points[..., 1] if front else -points[..., 0], points[..., 2]), axis=-1)

    for ends, _ in capsule_lines(capsule_model(robot), robot.rest):
        axes.plot(*seen(ends).T, color='#c9ced6', lw=5.0, alpha=0.7, solid_capstyle='round')
    places = np.array([joint.at for chain in joints.values() for joint in chain])
    height = float(np.ptp(places[:, 2]))
    for chain, drawn in joints.items():
        if not front and chain.startswith('right'):
            continue
        colour, near, last = _COLOURS[chain], 0, np.full(2, np.inf)
        if drawn:
            axes.plot(*seen([joint.at for joint in drawn]).T, color=colour, lw=2.0)
        for number, (role, at, axis, _) in enumerate(drawn, 1):
            dot, turn = seen(at), seen(axis)
            near = near + 1 if float(np.linalg.norm(dot - last)) < 0.03 * height else 0
            last = dot
            axes.plot(*dot, 'o', ms=7, mec=colour, mfc=(colour, role.confidence))
            label = f'{number}'
            if float(np.linalg.norm(turn)) > 0.5:
                arrow = {'arrowstyle': '->', 'color': colour, 'lw': 1.2}
                axes.annotate('', dot + 0.09 * height * turn, dot, arrowprops=arrow)
            else:
                label += '\u21ba' if axis[0 if front else 1] > 0.0 else '\u21bb'
            side = -1 if chain.startswith('right') else 1
            offset = {'xytext': (side * (12 + 16 * near), -11), 'textcoords': 'offset points'}
            axes.annotate(label, dot, color=colour, fontsize=8, ha='center', **offset)
    for name, at in robot.keypoints(robot.rest).items():
        axes.plot(*seen(at), '+', color='black', ms=9)
        if not front and not name.startswith('R'):
            axes.annotate(
                name, seen(at), xytext=(-5, 6), textcoords='offset points', fontsize=7, ha='right'
            )


def _write_roles(
    figure: Any, x: float, chains: Sequence[tuple[str, Sequence[_DrawnJoint]]]
) -> None:
    """Write the joints of some chains under each other, from a place of the page to the right."""
    y = 0.95
    for chain, drawn in chains:
        heading = chain.replace('_', ' ')
        figure.text(x, y, heading, color=_COLOURS[chain], fontsize=9, fontweight='bold')
        for number, (role, _, _, way) in enumerate(drawn, 1):
            text = f'{number}  {role.joint}: {role.role}, + {way} ({role.confidence:.2f})'
            figure.text(x, y - 0.024 * number, text, color=_COLOURS[chain], fontsize=8)
        y -= 0.024 * (len(drawn) + 2)
