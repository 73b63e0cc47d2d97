# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion capture from BVH files of any hierarchy, units and axes, as BODY_25 clips.

Names, tree and posture of the body say what the joints are; `describe_bvh` reports it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.io.bvh.axes import axis_name, BvhAxes, find_axes
from emotion_motion.io.bvh.body import build_body, BUILT, BvhBody
from emotion_motion.io.bvh.file import BvhFile, load_bvh
from emotion_motion.io.bvh.roles import BvhRoles, find_roles, SIDES
from emotion_motion.io.clip import Clip

# Frames that joints, units and axes are worked out from; all frames are read.
_SAMPLE = 400


@dataclass(frozen=True, eq=False)
class BvhReport:
    """What a BVH file holds, and the body that was made of it."""

    file: BvhFile
    roles: BvhRoles
    axes: BvhAxes
    body: BvhBody

    @property
    def joint_names(self) -> dict[str, str]:
        """Part of the body -> name of its joint; the middle first, then left, then right."""
        nodes = self.roles.nodes
        middle = [role for role in nodes if '_' not in role]
        order = [*middle, *(r for side in SIDES for r in nodes if r.startswith(side))]
        return {role: self.file.nodes[nodes[role]].name for role in order}

    @property
    def facing(self) -> str:
        """Where the body faces on average, in the file's axes, and how steadily."""
        steadiness = self.body.steadiness
        steady = 'steadily' if steadiness > 0.95 else f'turning (steadiness {steadiness:.2f})'
        return (
            f'{self.body.heading_deg:.0f} degrees from {axis_name(self.axes.to_rep[0])} towards '
            f'{axis_name(self.axes.to_rep[1])}, {steady}'
        )

    def clip(self) -> Clip:
        """Return the motion; built keypoints have confidence 0.5."""
        points, surplus = self.body.keypoints, self.file.surplus
        beyond = (f'{surplus} rows beyond the announced frames are left out',) if surplus else ()
        return Clip(
            keypoints=points,
            rate_hz=self.file.rate_hz,
            confidence=np.tile(self.body.confidence, (len(points), 1)),
            source=str(self.file.path),
            content=self.file.path.stem,
            remarks=(*self.roles.warnings, *self.axes.warnings, *beyond),
        )

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        file, axes, body = self.file, self.axes, self.body
        ends, frames = sum(node.end for node in file.nodes), len(file.numbers)
        names = load_skeleton('body_25').names
        mode = 'stand for the offset' if file.positions_replace else 'are added to the offset'
        positions = f'{len(file.moved)} joints; honoured: they {mode}' if file.moved else 'none'
        height = f'1 unit = {axes.scale:.4g} m, the body is {axes.height_m:.2f} m high'
        pitch = f'{abs(body.pitch_deg):.0f} degrees {"down" if body.pitch_deg > 0.0 else "up"}'
        duration = f'{frames} frames at {file.rate_hz:g} Hz, {frames / file.rate_hz:.2f} s'
        rows = [
            ('file', file.path),
            ('format', f'BVH, {len(file.nodes) - ends} joints, {ends} end sites'),
            ('motion', duration),
            ('body found by', self.roles.how),
            *((f'  {role.replace("_", " ")}', name) for role, name in self.joint_names.items()),
            ('units', f'{axes.unit or "none that fits"}; {height}'),
            ('up', f'{axes.up}; the ground lies at {body.ground_m:.2f} m, moved to 0'),
            ('facing', self.facing),
            ('head', f'{pitch} on average'),
            ('positions below the root', positions),
            ('keypoints measured', ', '.join(name for name in names if name not in BUILT)),
            ('keypoints built', ', '.join(name for name in names if name in BUILT)),
            *((f'  {part} by', text) for part, text in body.basis.items()),
        ]
        return [f'{name:<26}{text}' for name, text in rows]


def read_bvh(path: str | Path, rate_hz: float | None = None) -> Clip:
    """Read a BVH file as BODY_25 keypoints in metres, z up, standing on z = 0.

    Heading and place stay as in the file. Built keypoints have confidence 0.5. `rate_hz` stands
    for the file's own rate.

    Raises:
        MotionFileError: the file is missing, damaged, without motion or no human body.
    """
    return describe_bvh(path, rate_hz).clip()


def describe_bvh(path: str | Path, rate_hz: float | None = None) -> BvhReport:
    """Read a BVH file and return what it holds; arguments and errors are those of `read_bvh`."""
    file = load_bvh(path, rate_hz)
    count = len(file.numbers)
    sample = np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).round().astype(int))
    places, _ = file.place(frames=sample)
    roles = find_roles(file, places)
    axes = find_axes(file, roles.nodes, places)
    return BvhReport(file, roles, axes, build_body(file, roles.nodes, axes))
