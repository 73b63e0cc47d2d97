# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a robot's YAML file says: roles of joints and links, weights, rest pose, lower limits."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

from emotion_motion.exceptions import RobotError

__all__ = ['ARMS', 'CHAINS', 'KEYPOINTS', 'LEGS', 'JointBounds', 'RobotConfig', 'TaskWeights']

ARMS, LEGS = ('left_arm', 'right_arm'), ('left_leg', 'right_leg')
CHAINS = ('trunk', 'head', *ARMS, *LEGS)
# Keypoints that a link may play. Neck is the trunk and Nose the head, which turn; the others are
# places: the origin of the link that plays them.
NEEDED = ('Neck', 'LShoulder', 'LElbow', 'LWrist', 'RShoulder', 'RElbow', 'RWrist')
KEYPOINTS = (*NEEDED, 'Nose', 'LHip', 'LKnee', 'LAnkle', 'RHip', 'RKnee', 'RAnkle')


@dataclass(frozen=True)
class TaskWeights:
    """How much each task counts in the inverse kinematics; 0 leaves it out.

    Attributes:
        trunk: orientation of the trunk.
        head: orientation of the head.
        upper_arm: direction from shoulder to elbow.
        forearm: direction from elbow to wrist.
        thigh: direction from hip to knee.
        shin: direction from knee to ankle.
        posture: nearness to the rest pose [1/rad].
        damping: stillness [1/rad per step].
    """

    trunk: float = 3.0
    head: float = 1.0
    upper_arm: float = 1.0
    forearm: float = 1.0
    thigh: float = 1.0
    shin: float = 1.0
    posture: float = 0.05
    damping: float = 0.05

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            _check_number(f'weights.{each.name}', getattr(self, each.name), 0.0, 100.0)
        if not (self.posture > 0.0 or self.damping > 0.0):
            raise RobotError(
                'weights: got 0 for posture and damping; expected one of them above 0, which '
                'keeps joints still that no keypoint moves'
            )


@dataclass(frozen=True)
class JointBounds:
    """Limits of joints as the file gives them; None: what else applies.

    Attributes:
        lower_rad: smallest position.
        upper_rad: largest position.
        velocity_rad_s: largest speed.
        acceleration_rad_s2: largest acceleration.
        jerk_rad_s3: largest jerk.
    """

    lower_rad: float | None = None
    upper_rad: float | None = None
    velocity_rad_s: float | None = None
    acceleration_rad_s2: float | None = None
    jerk_rad_s3: float | None = None

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if value is None:
                continue
            low = -100.0 if each.name in ('lower_rad', 'upper_rad') else 1e-6
            _check_number(f'limits: {each.name}', value, low, 1e6)


@dataclass(frozen=True)
class RobotConfig:
    """What a robot's YAML file says, checked as far as that goes without the URDF.

    Attributes:
        name: of the robot.
        description: a line for people.
        urdf: where its URDF is: a place relative to the file, or package://PACKAGE/PLACE. None:
            the user brings it.
        base: link that stands still in the world, x forward and z up in the rest pose; None: the
            URDF's root.
        chains: joints of each of `CHAINS`, from the trunk outwards.
        controlled: chains whose joints are driven.
        keypoints: link that plays each keypoint, and where in it [m].
        weights: of the tasks.
        rest: positions in the rest pose [rad]; a joint that is not named rests at 0, or at the
            limit nearest to it.
        limits: of all controlled joints.
        joint_limits: of single joints, which win.
        clearance_m: distance that arms keep from the rest of the body and from each other.
        capsules: (from, to, radius) of the capsules around links, in metres in the frame of the
            link. Where any are given, these are all; else they are fitted to meshes and shapes.
        contacts: pairs of links that may come as near as they like.
        folder: what a relative `urdf` is relative to.
    """

    name: str
    chains: Mapping[str, tuple[str, ...]]
    keypoints: Mapping[str, tuple[str, tuple[float, float, float]]]
    urdf: str | None = None
    description: str = ''
    base: str | None = None
    controlled: tuple[str, ...] = ('trunk', 'head', *ARMS)
    weights: TaskWeights = field(default_factory=TaskWeights)
    rest: Mapping[str, float] = field(default_factory=dict)
    limits: JointBounds = field(default_factory=JointBounds)
    joint_limits: Mapping[str, JointBounds] = field(default_factory=dict)
    clearance_m: float = 0.02
    capsules: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    contacts: tuple[tuple[str, str], ...] = ()
    folder: Path = Path()

    def __post_init__(self) -> None:
        _check_number('clearance_m', self.clearance_m, 0.0, 1.0)
        unknown = [name for name in (*self.chains, *self.controlled) if name not in CHAINS]
        if unknown:
            raise RobotError(f'got the chain {unknown[0]!r}; expected one of {", ".join(CHAINS)}')
        for arm in ARMS:
            if not self.chains.get(arm):
                raise RobotError(
                    f'got no joints for the chain {arm!r}; expected both arms: a robot without '
                    f'arms cannot make these gestures'
                )
        self._check_keypoints()
        owner: dict[str, str] = {}
        for chain, joints in self.chains.items():
            for joint in joints:
                if owner.setdefault(joint, chain) != chain or joints.count(joint) > 1:
                    raise RobotError(
                        f'got the joint {joint!r} twice, in {owner[joint]} and {chain}; expected '
                        f'each joint in one chain'
                    )
        for link, rows in self.capsules.items():
            for row in rows:
                if len(row) != 7 or not row[6] > 0.0:
                    raise RobotError(
                        f'capsules: got {list(row)} for the link {link!r}; expected 7 numbers: '
                        f'two ends x, y, z, x, y, z and a radius above 0, in metres'
                    )

    def _check_keypoints(self) -> None:
        unknown = [name for name in self.keypoints if name not in KEYPOINTS]
        if unknown:
            raise RobotError(
                f'got the keypoint {unknown[0]!r}; expected some of {", ".join(KEYPOINTS)}'
            )
        missing = [name for name in NEEDED if name not in self.keypoints]
        if missing:
            raise RobotError(
                f'got no link for the keypoints {", ".join(missing)}; expected at least '
                f'{", ".join(NEEDED)}'
            )

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the controlled joints, chain by chain."""
        return tuple(
            joint
            for chain in CHAINS
            if chain in self.controlled
            for joint in self.chains.get(chain, ())
        )


def _check_number(key: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise RobotError(f'{key}: got {value}; expected {low:g} to {high:g}')
