# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion capture from BVH files of any hierarchy, units and axes, as BODY_25 clips.

What a file means is found from its names, its tree and the posture of its body;
`describe_bvh` says what was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.io.bvh.axes import BvhAxes, find_axes
from emotion_motion.io.bvh.body import build_body, BUILT, BvhBody
from emotion_motion.io.bvh.file import BvhFile, load_bvh
from emotion_motion.io.bvh.roles import BvhRoles, find_roles
from emotion_motion.io.bvh.writer import write_bvh
from emotion_motion.io.clip import Clip

__all__ = ['BvhReport', 'describe_bvh', 'read_bvh', 'write_bvh']

# Frames from which names, units and axes are found; all frames are read.
_SAMPLE = 400


@dataclass(frozen=True)
class BvhReport:
    """What was found in a BVH file.

    Attributes:
        path: the file.
        joints: number of joints, and how many of them move.
        end_sites: number of end sites.
        frames: number of frames.
        rate_hz: frames a second.
        roles: part of the body -> name of its joint.
        how: how the parts were found: by names of which convention, or by structure and how sure.
        measured: keypoints that are joints, or lie between joints.
        built: keypoints built from the orientation of a joint, with confidence 0.5.
        basis: what the orientation of the neck, the head and each foot rests on.
        unit: unit of length of the file; '' where none fits and the body was scaled to 1.7 m.
        scale: metres in a unit of the file.
        height_m: estimated standing height of the body in metres.
        up: the file's axis that is up.
        facing: where the body faces on average, in the file's axes, and how steadily.
        head_pitch_deg: mean pitch of the head, above 0 where it looks down.
        ground_m: height of the ground along the file's up axis, in metres.
        moved: joints below the root with position channels.
        positions_replace: whether those stand for the offset, or are added to it.
        warnings: what is odd.
    """

    path: str
    joints: int
    end_sites: int
    frames: int
    rate_hz: float
    roles: dict[str, str]
    how: str
    measured: tuple[str, ...]
    built: tuple[str, ...]
    basis: dict[str, str]
    unit: str
    scale: float
    height_m: float
    up: str
    facing: str
    head_pitch_deg: float
    ground_m: float
    moved: tuple[str, ...]
    positions_replace: bool
    warnings: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate_hz

    def lines(self) -> list[str]:
        """Return the report as lines of text."""
        unit = self.unit or 'none that fits'
        mode = 'stand for the offset' if self.positions_replace else 'are added to the offset'
        positions = f'{len(self.moved)} joints; honoured: they {mode}' if self.moved else 'none'
        rows = [
            ('file', self.path),
            ('format', f'BVH, {self.joints} joints, {self.end_sites} end sites'),
            ('motion', f'{self.frames} frames at {self.rate_hz:g} Hz, {self.duration_s:.2f} s'),
            ('body found by', self.how),
            *((f'  {role.replace("_", " ")}', name) for role, name in self.roles.items()),
            (
                'units',
                f'{unit}; 1 unit = {self.scale:.4g} m, the body is {self.height_m:.2f} m high',
            ),
            ('up', f'{self.up}; the ground lies at {self.ground_m:.2f} m, moved to 0'),
            ('facing', self.facing),
            (
                'head',
                f'{abs(self.head_pitch_deg):.0f} degrees '
                f'{"down" if self.head_pitch_deg > 0.0 else "up"} on average',
            ),
            ('positions below the root', positions),
            ('keypoints measured', ', '.join(self.measured)),
            ('keypoints built', ', '.join(self.built)),
            *((f'  {part} by', text) for part, text in self.basis.items()),
            *(('warning', text) for text in self.warnings),
        ]
        return [f'{name:<26}{text}' for name, text in rows]


@dataclass(frozen=True, eq=False)
class _Reading:
    """Everything found in a file."""

    file: BvhFile
    roles: BvhRoles
    axes: BvhAxes
    body: BvhBody


def read_bvh(path: str | Path) -> Clip:
    """Read a BVH file as BODY_25 keypoints in metres, z up, standing on z = 0.

    Heading and place stay as in the file. Built keypoints have confidence 0.5.

    Raises:
        MotionFileError: the file is missing, damaged, without motion or no human body.
    """
    reading = _read(path)
    points = reading.body.keypoints
    return Clip(
        keypoints=points,
        rate_hz=reading.file.rate_hz,
        confidence=np.tile(reading.body.confidence, (len(points), 1)),
        source=str(path),
        content=Path(path).stem,
    )


def describe_bvh(path: str | Path) -> BvhReport:
    """Read a BVH file and return what was found in it.

    Raises:
        MotionFileError: as `read_bvh`.
    """
    reading = _read(path)
    file, roles, axes, body = reading.file, reading.roles, reading.axes, reading.body
    names = load_skeleton('body_25').names
    order = [role for role in roles.nodes if '_' not in role]
    order += [role for side in ('left', 'right') for role in roles.nodes if role.startswith(side)]
    return BvhReport(
        path=str(path),
        joints=sum(not node.end for node in file.nodes),
        end_sites=sum(node.end for node in file.nodes),
        frames=len(file.numbers),
        rate_hz=file.rate_hz,
        roles={role: file.nodes[roles.nodes[role]].name for role in order},
        how=roles.how,
        measured=tuple(name for name in names if name not in BUILT),
        built=tuple(name for name in names if name in BUILT),
        basis=body.basis,
        unit=axes.unit,
        scale=axes.scale,
        height_m=axes.height_m,
        up=axes.up,
        facing=_facing(axes, body),
        head_pitch_deg=body.pitch_deg,
        ground_m=body.ground_m,
        moved=tuple(file.nodes[i].name for i in file.moved),
        positions_replace=file.positions_replace,
        warnings=(*roles.warnings, *axes.warnings, *_oddities(reading)),
    )


def _read(path: str | Path) -> _Reading:
    file = load_bvh(path)
    count = len(file.numbers)
    sample = np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).round().astype(int))
    places, _ = file.place(frames=sample)
    roles = find_roles(file, places)
    axes = find_axes(file, roles.nodes, places)
    return _Reading(file, roles, axes, build_body(file, roles.nodes, axes))


def _facing(axes: BvhAxes, body: BvhBody) -> str:
    turning = f'turning (steadiness {body.steadiness:.2f})'
    steady = 'steadily' if body.steadiness > 0.95 else turning
    return (
        f'{body.heading_deg:.0f} degrees from {axes.axis_name(0)} towards {axes.axis_name(1)}, '
        f'{steady}'
    )


def _oddities(reading: _Reading) -> list[str]:
    """Return what looks wrong with the motion itself."""
    points, height = reading.body.keypoints, reading.axes.height_m
    found = []
    if reading.file.surplus:
        found.append(f'{reading.file.surplus} rows beyond the announced frames are left out')
    skeleton = load_skeleton('body_25')
    limbs = [
        (skeleton.index(f'{side}{a}'), skeleton.index(f'{side}{b}'))
        for side in 'LR'
        for a, b in (('Hip', 'Knee'), ('Knee', 'Ankle'), ('Shoulder', 'Elbow'), ('Elbow', 'Wrist'))
    ]
    first, second = np.array(limbs).T
    lengths = np.linalg.norm(points[:, first] - points[:, second], axis=-1)
    spread = float((np.ptp(lengths, axis=0) / lengths.mean(axis=0)).max())
    if spread > 0.05:
        found.append(f'bones change their length by up to {spread:.0%}')
    if len(points) > 3:
        local = points - points[:, [skeleton.root]]
        steps = np.linalg.norm(np.diff(local, axis=0), axis=-1).max(axis=-1)
        if steps[0] > max(0.1 * height, 3.0 * float(steps[1:].max())):
            found.append(
                f'frame 1 jumps by {steps[0]:.2f} m to frame 2: a rest pose put in front?'
            )
    return found
